//! Schedules and readers without the ceremony, for tests of something else.

use panoh::domain::accounts::Actor;
use panoh::domain::id::{RecipientId, ScheduleId};
use panoh::domain::readers::{Recipient, RecipientState};
use panoh::services::Services;
use panoh::services::once::Once;
use panoh::services::schedules::{ScheduleDraft, ScheduleView};
use panoh::store::readers;
use uuid::Uuid;

pub async fn add_schedule(services: &Services, actor: &Actor, draft: ScheduleDraft) -> ScheduleId {
    let once = Once {
        key: None,
        print: |view: &ScheduleView| view.row.id.to_string(),
    };
    let answer = services.add_schedule(actor, draft, once).await.unwrap();
    ScheduleId(answer.parse::<Uuid>().unwrap())
}

/// One that was approved and has confirmed.
pub async fn active_reader(services: &Services, row: Recipient) -> Recipient {
    let now = services.now();
    let row = Recipient {
        id: RecipientId(services.ids.uuid(now)),
        state: RecipientState::Active,
        confirmed_at: Some(now),
        created_at: now,
        ..row
    };
    let tx = services.store.begin().await.unwrap();
    readers::insert(&tx, &row).await.unwrap();
    tx.commit().await.unwrap();
    row
}
