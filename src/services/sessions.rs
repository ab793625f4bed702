//! One's own safety: where one is signed in, ending it elsewhere, and another password.

use serde_json::json;

use super::Services;
use super::access::{Opening, SignedIn};
use super::audit::entry;
use super::errors::Refused;
use crate::domain::accounts::{Actor, Bearer, Session, session_minutes};
use crate::domain::id::SessionId;
use crate::domain::outbox::NoticeKind;
use crate::store::{accounts, audit, sessions};

/// A session of one's own, as one sees it.
pub struct SessionView {
    pub session: Session,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Another password, with the one of today.
pub struct NewPassword {
    pub current: String,
    pub password: String,
    /// Which browser on which system, in coarse words.
    pub client: String,
}

/// The session an actor came in by.
fn own_session(actor: &Actor) -> Option<SessionId> {
    match actor.by {
        Bearer::Session { id, .. } => Some(id),
        _ => None,
    }
}

impl Services {
    /// Where the actor is signed in, newest first; what has idled too long is no session any more.
    pub async fn sessions(&self, actor: &Actor) -> Result<Vec<SessionView>, Refused> {
        let now = self.now();
        let (idle, _) = session_minutes(actor.role);
        let rows = sessions::of_user(&self.store, actor.user_id, now).await?;
        let live = rows
            .into_iter()
            .filter(|session| now < session.last_seen_at + chrono::Duration::minutes(idle));
        let view = |session: Session| SessionView {
            current: own_session(actor) == Some(session.id),
            session,
        };
        Ok(live.map(view).collect())
    }

    /// Ends one of the actor's sessions.
    pub async fn end_session(&self, actor: &Actor, id: SessionId) -> Result<(), Refused> {
        let now = self.now();
        let tx = self.store.begin().await?;
        if !sessions::revoke(&tx, actor.user_id, id, now).await? {
            return Err(Refused::NotFound);
        }
        let object = ("session", id.to_string());
        let told = entry(Some(actor), now, "session.close", object, json!(null));
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        self.rights_changed();
        Ok(())
    }

    /// Ends the session that asks; one that has ended already is no trouble.
    pub async fn sign_out(&self, actor: &Actor) -> Result<(), Refused> {
        let Some(own) = own_session(actor) else { return Ok(()) };
        match self.end_session(actor, own).await {
            Err(Refused::NotFound) => Ok(()),
            ended => ended,
        }
    }

    /// Ends all sessions of the actor but the one that asks.
    pub async fn end_other_sessions(&self, actor: &Actor) -> Result<(), Refused> {
        let now = self.now();
        let tx = self.store.begin().await?;
        let ended = match own_session(actor) {
            Some(own) => sessions::revoke_others(&tx, actor.user_id, own, now).await?,
            None => sessions::revoke_of(&tx, actor.user_id, now).await?,
        };
        let object = ("user", actor.user_id.to_string());
        let told = entry(
            Some(actor),
            now,
            "session.close_others",
            object,
            json!({"count": ended}),
        );
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        self.rights_changed();
        Ok(())
    }

    /// Another password. All sessions end; the actor goes on in a new one, with the factor that was proved in the old.
    ///
    /// # Errors
    /// `Invalid` of `current` (`wrong`) and of `password`; `Wait` after too many wrong ones.
    pub async fn change_password(&self, actor: &Actor, new: NewPassword) -> Result<SignedIn, Refused> {
        let now = self.now();
        let credentials = accounts::credentials_of(&self.store, actor.user_id)
            .await?
            .ok_or(Refused::Unauthenticated)?;
        let user = credentials.user;
        self.check_password(&new.password, &user)?;
        let counted = self.count_own(user.id, now).await?;
        if !self
            .password_matches(&new.current, Some(&credentials.password_hash))
            .await?
        {
            return Err(Refused::invalid("current", "wrong", "not the password of today"));
        }
        let hash = self.hash(new.password).await?;
        let tx = self.store.begin().await?;
        self.forget_attempts(&tx, &counted).await?;
        let before = match own_session(actor) {
            Some(id) => sessions::find(&tx, id).await?,
            None => None,
        };
        accounts::set_password(&tx, user.id, &hash).await?;
        sessions::revoke_of(&tx, user.id, now).await?;
        let how = Opening {
            factor_at: before.and_then(|session| session.factor_at),
            client: new.client,
            origin: actor.origin.clone(),
        };
        let user_id = user.id;
        let (opened, told) = self.insert_session(&tx, user, &how, now).await?;
        let mut telling = self.telling(now);
        telling.notice_to_person(user_id, NoticeKind::PasswordChanged);
        let object = ("user", user_id.to_string());
        telling.entry(Some(actor), "user.password", object, json!({"by": "owner"}));
        telling.add(told);
        self.finish(tx, telling).await?;
        self.rights_changed();
        Ok(opened)
    }
}
