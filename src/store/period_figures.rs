//! People counted over closed periods, and what of it is published: each period written once. What may be published is
//! not this room's business.

use std::collections::BTreeMap;

use entity::{hold, period_figures, referral, shelter};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, TryInsertResult};

use super::convert::{code, code_opt, json, millis, to_json};
use super::{Reads, StoreError, Tx};
use crate::domain::holds::{DeclineReason, HoldState, Outcome};
use crate::domain::id::{Moment, ReferralId, ShelterId};
use crate::domain::people::{Block, Counted, Published};

/// Which cases are counted.
#[derive(Debug, Clone, Copy)]
pub enum Cases<'a> {
    All,
    Of(&'a [ReferralId]),
}

impl Cases<'_> {
    /// The condition on the column that names the case.
    pub(super) fn only(self, column: impl ColumnTrait) -> Condition {
        match self {
            Self::All => Condition::all(),
            Self::Of(ids) => Condition::all().add(column.is_in(ids.iter().map(|id| id.0))),
        }
    }
}

/// What is kept of a closed period.
pub type Kept = (Counted, Published);

/// The periods of these that are closed.
pub async fn of(db: &impl Reads, blocks: &[Block]) -> Result<BTreeMap<Block, Kept>, StoreError> {
    let rows = period_figures::Entity::find()
        .filter(period_figures::Column::Period.is_in(blocks.iter().map(ToString::to_string)))
        .all(db.connection())
        .await?;
    rows.into_iter()
        .map(|row| {
            let block: Block = code("period_figures", "period", &row.period)?;
            let counted = json("period_figures", "counts", &row.counts)?;
            Ok((block, (counted, json("period_figures", "published", &row.published)?)))
        })
        .collect()
}

/// Writes a period down; `false` if somebody has closed it already. Another transaction that closes it waits for this one.
pub async fn close(tx: &Tx, block: Block, kept: &Kept, now: Moment) -> Result<bool, StoreError> {
    let row = period_figures::ActiveModel {
        period: Set(block.to_string()),
        counts: Set(to_json(&kept.0)),
        published: Set(to_json(&kept.1)),
        created_at: Set(millis(now)),
    };
    let once = OnConflict::column(period_figures::Column::Period)
        .do_nothing()
        .to_owned();
    let inserted = period_figures::Entity::insert(row)
        .on_conflict(once)
        .try_insert()
        .exec_without_returning(tx.connection())
        .await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(rows) if rows > 0))
}

/// The districts from which households set out whose referrals were opened within `from..to`.
pub async fn opened(db: &impl Reads, cases: Cases<'_>, from: Moment, to: Moment) -> Result<Vec<String>, StoreError> {
    let rows = referral::Entity::find()
        .filter(cases.only(referral::Column::Id))
        .select_only()
        .column(referral::Column::FromDistrict)
        .filter(referral::Column::CreatedAt.gte(millis(from)))
        .filter(referral::Column::CreatedAt.lt(millis(to)))
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows)
}

/// How the referrals closed within `from..to` ended.
pub async fn outcomes(db: &impl Reads, cases: Cases<'_>, from: Moment, to: Moment) -> Result<Vec<Outcome>, StoreError> {
    let rows: Vec<Option<String>> = referral::Entity::find()
        .filter(cases.only(referral::Column::Id))
        .select_only()
        .column(referral::Column::Outcome)
        .filter(referral::Column::ClosedAt.gte(millis(from)))
        .filter(referral::Column::ClosedAt.lt(millis(to)))
        .into_tuple()
        .all(db.connection())
        .await?;
    let outcome = |text: Option<String>| code_opt("referral", "outcome", text.as_deref()).transpose();
    rows.into_iter().filter_map(outcome).collect()
}

/// How a shelter's being asked ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// After so many minutes.
    Accepted(u32),
    Declined(u32, DeclineReason),
    RanOut,
}

/// The answers within `from..to`, and the questions that ran out then. One that was taken back first is none of them.
pub async fn answers(
    db: &impl Reads,
    cases: Cases<'_>,
    from: Moment,
    to: Moment,
) -> Result<Vec<(ShelterId, Answer)>, StoreError> {
    use hold::Column::{AcceptedAt, AskedAt, EndedAt, ExpiresAt, Reason, ShelterId as At, State};
    let within = |column: hold::Column| {
        Condition::all()
            .add(column.gte(millis(from)))
            .add(column.lt(millis(to)))
    };
    let declined = within(EndedAt).add(State.eq(HoldState::Declined.to_string()));
    // Whether or not anybody has written down yet that its time is over.
    let open = [HoldState::Asked.to_string(), HoldState::Expired.to_string()];
    let ran_out = within(ExpiresAt).add(AcceptedAt.is_null()).add(State.is_in(open));
    type Row = (uuid::Uuid, String, i64, Option<i64>, Option<i64>, Option<String>);
    let rows: Vec<Row> = hold::Entity::find()
        .select_only()
        .columns([At, State, AskedAt, AcceptedAt, EndedAt, Reason])
        .filter(cases.only(hold::Column::ReferralId))
        .filter(Condition::any().add(within(AcceptedAt)).add(declined).add(ran_out))
        .into_tuple()
        .all(db.connection())
        .await?;
    let minutes = |asked: i64, answered: i64| u32::try_from((answered - asked).max(0) / 60_000).unwrap_or(u32::MAX);
    rows.into_iter()
        .map(|(shelter, state, asked, accepted, ended, reason)| {
            let state: HoldState = code("hold", "state", &state)?;
            let answer = match (state, accepted, ended) {
                (_, Some(accepted), _) => Answer::Accepted(minutes(asked, accepted)),
                (HoldState::Declined, None, Some(ended)) => {
                    let reason = code("hold", "reason", reason.as_deref().unwrap_or_default())?;
                    Answer::Declined(minutes(asked, ended), reason)
                }
                _ => Answer::RanOut,
            };
            Ok((shelter.into(), answer))
        })
        .collect()
}

/// The region of each shelter.
pub async fn regions(db: &impl Reads) -> Result<BTreeMap<ShelterId, String>, StoreError> {
    let rows: Vec<(uuid::Uuid, String)> = shelter::Entity::find()
        .select_only()
        .columns([shelter::Column::Id, shelter::Column::Region])
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(|(id, region)| (id.into(), region)).collect())
}
