//! Accounts and organisations: kept by an administrator.

use serde_json::{Value, json};

use super::Services;
use super::approvals::Accepted;
use super::audit::entry;
use super::errors::Refused;
use super::once::{Once, Turn};
use super::telling::Telling;
use crate::domain::accounts::{Account, AccountState, Actor, Bearer, Organisation, Role, User};
use crate::domain::approvals::unmakes_admin;
use crate::domain::errors::FieldError;
use crate::domain::id::{ApprovalId, Moment, OrganisationId, ShelterId, UserId};
use crate::domain::tickets::Ticket;
use crate::store::shelters::{self, Which};
use crate::store::{StoreError, Tx, accounts, approvals, audit, sessions};

/// An account as an administrator writes it.
#[derive(Debug, Clone)]
pub struct UserDraft {
    pub email: String,
    pub name: String,
    pub role: Role,
    pub organisation_id: Option<OrganisationId>,
    pub shelters: Vec<ShelterId>,
    pub language: String,
    pub disabled: bool,
}

/// How a change of an account met the rule that it takes two people to make an administrator.
#[derive(Debug, Clone, Copy)]
pub(super) enum Second {
    NotNeeded,
    /// There was nobody else to ask.
    Alone,
    Approved(ApprovalId),
}

impl Second {
    fn noted_in(self, mut detail: Value) -> Value {
        let note = match self {
            Self::NotNeeded => None,
            Self::Alone => Some(("alone", json!(true))),
            Self::Approved(id) => Some(("approval", json!(id))),
        };
        if let (Some((name, value)), Some(fields)) = (note, detail.as_object_mut()) {
            fields.insert(name.to_owned(), value);
        }
        detail
    }
}

/// The signed-in person, with what the screens show of her or his place.
pub struct Me {
    pub user: User,
    pub organisation: Option<Organisation>,
    pub shelters: Vec<(ShelterId, String)>,
    /// The country's, in which times are shown.
    pub time_zone: &'static str,
    /// Whether a second factor must be set up before anything else can be done.
    pub must_set_up_factor: bool,
}

impl Services {
    pub async fn me(&self, actor: &Actor) -> Result<Me, Refused> {
        let user = accounts::user(&self.store, actor.user_id)
            .await?
            .ok_or(Refused::Unauthenticated)?;
        let organisation = match user.organisation_id {
            Some(id) => accounts::organisation(&self.store, id).await?,
            None => None,
        };
        let shelters = accounts::shelter_codes(&self.store, &user.shelters).await?;
        Ok(Me {
            user,
            organisation,
            shelters,
            time_zone: self.pack.time_zone.name(),
            must_set_up_factor: matches!(actor.by, Bearer::Session { enrolling: true, .. }),
        })
    }

    pub async fn set_language(&self, actor: &Actor, language: &str) -> Result<(), Refused> {
        if !self.pack.languages.iter().any(|known| known == language) {
            return Err(Refused::invalid(
                "language",
                "unknown",
                "not a language of this country pack",
            ));
        }
        let tx = self.store.begin().await?;
        accounts::set_language(&tx, actor.user_id, language).await?;
        let told = entry(
            Some(actor),
            self.now(),
            "user.language",
            ("user", actor.user_id.to_string()),
            json!(null),
        );
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(())
    }

    pub async fn users(&self) -> Result<Vec<Account>, Refused> {
        let users = accounts::users(&self.store).await?;
        Ok(accounts::standing(&self.store, users).await?)
    }

    pub async fn organisations(&self) -> Result<Vec<Organisation>, Refused> {
        Ok(accounts::organisations(&self.store).await?)
    }

    pub async fn has_users(&self) -> Result<bool, Refused> {
        Ok(accounts::has_users(&self.store).await?)
    }

    pub async fn add_organisation(&self, actor: &Actor, mut row: Organisation) -> Result<Organisation, Refused> {
        let now = self.now();
        row.id = OrganisationId(self.ids.uuid(now));
        let tx = self.store.begin().await?;
        accounts::insert_organisation(&tx, &row, now)
            .await
            .map_err(|e| taken(e, "code"))?;
        let told = entry(
            Some(actor),
            now,
            "organisation.create",
            ("organisation", row.id.to_string()),
            json!({"code": row.code}),
        );
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Makes an account and invites its owner by mail, or asks another administrator whether it may be one.
    ///
    /// # Errors
    /// `Conflict` (`already_asked`).
    pub async fn add_user(&self, actor: &Actor, draft: UserDraft, once: Once<Accepted>) -> Result<String, Refused> {
        self.check_user(&draft).await?;
        let now = self.now();
        let user = user_of(UserId(self.ids.uuid(now)), draft);
        let tx = self.store.begin().await?;
        let claimed = match once.claim(&tx, actor, now).await? {
            Turn::Again(answer) => return Ok(answer),
            Turn::First(claimed) => claimed,
        };
        let mut telling = self.telling(now);
        let second = self.second_for(&tx, actor, (None, &user), &mut telling).await?;
        let accepted = match second {
            Ok(second) => {
                self.make_account(&tx, Some(actor), &user, now).await?;
                telling.entry(
                    Some(actor),
                    "user.create",
                    object(user.id),
                    second.noted_in(given(&user)),
                );
                Accepted::Done(Account {
                    state: AccountState::Invited,
                    has_factor: false,
                    last_sign_in_at: None,
                    user,
                })
            }
            Err(_) if accounts::credentials(&tx, &user.email).await?.is_some() => {
                return Err(Refused::invalid("email", "taken", "already in use"));
            }
            Err(approval) => Accepted::Waits(approval),
        };
        let answer = claimed.keep(&tx, &accepted).await?;
        self.finish(tx, telling).await?;
        Ok(answer)
    }

    /// Makes an account from the command line; the link by which its owner chooses a password, which no letter carries.
    pub async fn add_user_by_hand(&self, draft: UserDraft) -> Result<(User, String), Refused> {
        self.check_user(&draft).await?;
        let now = self.now();
        let user = user_of(UserId(self.ids.uuid(now)), draft);
        let tx = self.store.begin().await?;
        let ticket = self.make_account(&tx, None, &user, now).await?;
        let told = entry(None, now, "user.create", object(user.id), given(&user));
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok((user, self.welcome_url(ticket.id)))
    }

    /// An account that nobody can sign in to before its owner has used the invitation.
    async fn make_account(&self, tx: &Tx, actor: Option<&Actor>, user: &User, now: Moment) -> Result<Ticket, Refused> {
        accounts::insert_user(tx, user, "", now)
            .await
            .map_err(|e| taken(e, "email"))?;
        let by = actor.map(|actor| actor.user_id);
        self.invite_new(tx, user, by, now).await
    }

    /// Changes an account, or asks another administrator whether it may be one; its sessions end at once, so that new
    /// rights hold from the next request.
    ///
    /// # Errors
    /// `NotFound`; `Conflict`: `last_admin`, `already_asked`.
    pub async fn change_user(&self, actor: &Actor, id: UserId, mut draft: UserDraft) -> Result<Accepted, Refused> {
        let known = accounts::user(&self.store, id).await?;
        let known = known.filter(|user| !user.is_program()).ok_or(Refused::NotFound)?;
        draft.email.clone_from(&known.email);
        self.check_user(&draft).await?;
        let now = self.now();
        let row = user_of(id, draft);
        let tx = self.store.begin().await?;
        let administrators = approvals::lock_administrators(&tx).await?;
        // Read under the locks: of two who take each other's role away at once the second is the last one left.
        let before = accounts::user(&tx, id).await?.ok_or(Refused::NotFound)?;
        if unmakes_admin(&before, &row) && administrators.iter().all(|other| *other == id) {
            return Err(Refused::conflict("last_admin", "the last administrator stays one"));
        }
        let mut telling = self.telling(now);
        match self.second_for(&tx, actor, (Some(&before), &row), &mut telling).await? {
            Ok(second) => {
                let ended = self.end_short_password(&tx, actor, (before.role, &row), now).await?;
                self.write_user(&tx, (actor, second), (&row, ended), &mut telling)
                    .await?;
            }
            Err(approval) => {
                self.finish(tx, telling).await?;
                return Ok(Accepted::Waits(approval));
            }
        }
        self.finish(tx, telling).await?;
        self.rights_changed();
        let account = accounts::standing(&self.store, vec![row]).await?.pop();
        account.map(Accepted::Done).ok_or(Refused::NotFound)
    }

    async fn write_user(
        &self,
        tx: &Tx,
        (actor, second): (&Actor, Second),
        (row, password_ended): (&User, bool),
        telling: &mut Telling,
    ) -> Result<(), Refused> {
        accounts::update_user(tx, row, telling.now).await?;
        sessions::revoke_of(tx, row.id, telling.now).await?;
        let mut detail = json!({"role": row.role, "disabled": row.disabled, "shelters": row.shelters});
        if let (true, Some(fields)) = (password_ended, detail.as_object_mut()) {
            fields.insert("password_ended".to_owned(), json!(true));
        }
        telling.entry(Some(actor), "user.change", object(row.id), second.noted_in(detail));
        Ok(())
    }

    /// Somebody becomes an administrator by another's word, with an account that is new or as it stands; `before` is what
    /// it was when this was asked for.
    pub(super) async fn write_admin(
        &self,
        tx: &Tx,
        (actor, approval): (&Actor, ApprovalId),
        (before, row): (Option<User>, &User),
        telling: &mut Telling,
    ) -> Result<(), Refused> {
        let second = Second::Approved(approval);
        if before.is_some() {
            return self.write_user(tx, (actor, second), (row, false), telling).await;
        }
        self.make_account(tx, Some(actor), row, telling.now).await?;
        telling.entry(Some(actor), "user.create", object(row.id), second.noted_in(given(row)));
        Ok(())
    }

    pub(super) async fn check_user(&self, draft: &UserDraft) -> Result<(), Refused> {
        let mut errors = Vec::new();
        if !self.pack.languages.contains(&draft.language) {
            errors.push(FieldError::new(
                "language",
                "unknown",
                "not a language of this country pack",
            ));
        }
        match (draft.role, draft.organisation_id) {
            (Role::Officer, None) => {
                errors.push(FieldError::new(
                    "organisation_id",
                    "required",
                    "an officer works for an organisation",
                ));
            }
            (_, Some(id)) if accounts::organisation(&self.store, id).await?.is_none() => {
                errors.push(FieldError::new("organisation_id", "unknown", "no such organisation"));
            }
            _ => {}
        }
        if draft.role == Role::Manager {
            let all = crate::domain::accounts::ShelterScope::All;
            let known = shelters::list(&self.store, &all, Which::Ids(&draft.shelters)).await?;
            if draft.shelters.is_empty() {
                errors.push(FieldError::new(
                    "shelter_ids",
                    "required",
                    "a manager runs at least one shelter",
                ));
            }
            for (at, id) in draft.shelters.iter().enumerate() {
                if draft.shelters.iter().take(at).any(|other| other == id) {
                    errors.push(FieldError::new(
                        format!("shelter_ids[{at}]"),
                        "duplicate",
                        "named twice",
                    ));
                }
                if !known.iter().any(|shelter| shelter.id == *id) {
                    errors.push(FieldError::new(
                        format!("shelter_ids[{at}]"),
                        "unknown",
                        "no such shelter",
                    ));
                }
            }
        } else if !draft.shelters.is_empty() {
            errors.push(FieldError::new(
                "shelter_ids",
                "not_allowed",
                "only managers run shelters",
            ));
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Refused::Invalid(errors))
        }
    }
}

pub(super) fn user_of(id: UserId, draft: UserDraft) -> User {
    User {
        id,
        email: draft.email,
        name: draft.name,
        role: draft.role,
        organisation_id: draft.organisation_id,
        language: draft.language,
        disabled: draft.disabled,
        shelters: draft.shelters,
    }
}

fn object(id: UserId) -> (&'static str, String) {
    ("user", id.to_string())
}

/// What the audit says of a new account.
fn given(row: &User) -> Value {
    json!({"role": row.role, "organisation": row.organisation_id, "shelters": row.shelters})
}

/// A unique column's refusal, told of the field.
pub(super) fn taken(error: StoreError, field: &'static str) -> Refused {
    match error {
        StoreError::Conflict(_) => Refused::invalid(field, "taken", "already in use"),
        other => other.into(),
    }
}
