//! Links by which somebody chooses a password: for the first administrator, for who was invited, for who forgot. What a link
//! proves is derived from the key; the database has its hash, and a letter gets it when it is sent.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::Services;
use super::access::{actor_of, token_hash};
use super::errors::Refused;
use super::notices::{Note, To};
use super::once::{Once, Turn};
use super::people::taken;
use crate::domain::accounts::{AccountState, Actor, Role, User, shortest_password};
use crate::domain::id::{Moment, TicketId, UserId};
use crate::domain::outbox::{About, NoticeKind, Via};
use crate::domain::tickets::{MOST_RESETS, RESETS_WITHIN, Ticket, TicketKind};
use crate::store::{Tx, accounts, devices, letters as outbox, sessions, tickets};

/// What a link shows to who opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    pub kind: TicketKind,
    /// Empty for the first administrator, who tells it.
    pub email: String,
    pub name: String,
    pub role: Role,
    pub language: String,
    /// Whether a second factor is to be set up at the first sign-in.
    pub needs_factor: bool,
    /// Of the password, in characters.
    pub shortest_password: usize,
}

/// What somebody chose who followed a link.
pub struct Chosen {
    pub password: String,
    /// The first administrator's.
    pub email: Option<String>,
    pub name: Option<String>,
    /// The network address it comes from.
    pub origin: String,
}

/// An invitation that may still be used.
#[derive(Debug, Clone)]
pub struct Invitation {
    pub ticket: Ticket,
    pub user: User,
    pub made_by_name: Option<String>,
}

impl Services {
    /// The address of a link. Whoever has it may use it: it is for the one letter, or for the owner's terminal.
    pub fn welcome_url(&self, id: TicketId) -> String {
        format!("{}/welcome#{}", self.link_base, self.ticket_token(id))
    }

    /// What the link of a ticket carries: 256 bits that only who has the key can make.
    pub fn ticket_token(&self, id: TicketId) -> String {
        URL_SAFE_NO_PAD.encode(self.vault.derive("ticket", id.0.as_bytes()).as_slice())
    }

    /// Makes a ticket; older ones of its kind for the same person die.
    async fn issue(
        &self,
        tx: &Tx,
        kind: TicketKind,
        user_id: Option<UserId>,
        made_by: Option<UserId>,
        now: Moment,
    ) -> Result<Ticket, Refused> {
        let ticket = Ticket {
            id: TicketId(self.ids.uuid(now)),
            kind,
            user_id,
            made_by,
            created_at: now,
            expires_at: now + kind.lasts(),
            used_at: None,
        };
        tickets::end_older(tx, kind, user_id, now).await?;
        tickets::insert(tx, &ticket, &token_hash(&self.ticket_token(ticket.id))).await?;
        Ok(ticket)
    }

    /// Makes a ticket and queues the letter with its link.
    async fn issue_by_mail(
        &self,
        tx: &Tx,
        kind: TicketKind,
        user: &User,
        made_by: Option<UserId>,
        now: Moment,
    ) -> Result<Ticket, Refused> {
        let ticket = self.issue(tx, kind, Some(user.id), made_by, now).await?;
        let note = Note {
            about: About::Ticket(ticket.id),
            kind: match kind {
                TicketKind::Reset => NoticeKind::ResetAsked,
                TicketKind::First | TicketKind::Invitation => NoticeKind::Invited,
            },
            to: To::Person(user.id),
        };
        // The id stands for what is filled in when the letter is sent.
        let link = format!("{}/welcome#{}", self.link_base, ticket.id);
        let to = (user.name.as_str(), user.language.as_str());
        let letter = self.letter_of_notice(&note, to, Via::Mail, user.email.clone(), &link, now)?;
        outbox::insert_notices(tx, &[letter], now).await?;
        Ok(ticket)
    }

    /// The words of a letter with the link that they leave out.
    pub(super) fn with_link(&self, words: &str, id: TicketId) -> String {
        words.replace(&id.to_string(), &self.ticket_token(id))
    }

    /// Whether the link of a letter leads nowhere any more.
    pub(super) async fn is_ticket_over(&self, id: TicketId, now: Moment) -> Result<bool, Refused> {
        let ticket = tickets::with_token(&self.store, id, &token_hash(&self.ticket_token(id))).await?;
        Ok(ticket.is_none_or(|ticket| !ticket.is_open(now)))
    }

    /// Invites somebody whose account is new, as part of making it: by mail, or by a link that the caller hands over.
    pub(super) async fn invite_new(
        &self,
        tx: &Tx,
        user: &User,
        by: Option<UserId>,
        now: Moment,
    ) -> Result<Ticket, Refused> {
        match by {
            Some(_) => self.issue_by_mail(tx, TicketKind::Invitation, user, by, now).await,
            None => self.issue(tx, TicketKind::Invitation, Some(user.id), None, now).await,
        }
    }

    /// A password that was long enough beside a second factor is not in a role without one, and how long it is nobody knows
    /// any more: with the change of the role it ends, and a link to choose another goes out as at the beginning, so that
    /// it lasts three days and can be sent again. Whether it was so.
    pub(super) async fn end_short_password(
        &self,
        tx: &Tx,
        actor: &Actor,
        (before, after): (Role, &User),
        now: Moment,
    ) -> Result<bool, Refused> {
        if self.shortest_password(before) >= self.shortest_password(after.role) {
            return Ok(false);
        }
        accounts::set_password(tx, after.id, "").await?;
        if !after.disabled {
            let by = Some(actor.user_id);
            self.issue_by_mail(tx, TicketKind::Invitation, after, by, now).await?;
        }
        Ok(true)
    }

    /// Sends a new invitation; the older one dies.
    ///
    /// # Errors
    /// `Conflict` (`not_invited`) once a password is chosen, or while the account is disabled.
    pub async fn invite(&self, actor: &Actor, user: UserId, once: Once<Invitation>) -> Result<String, Refused> {
        let now = self.now();
        let tx = self.store.begin().await?;
        let claimed = match once.claim(&tx, actor, now).await? {
            Turn::Again(answer) => return Ok(answer),
            Turn::First(claimed) => claimed,
        };
        let user = accounts::user(&tx, user)
            .await?
            .ok_or_else(|| Refused::invalid("user_id", "unknown", "no such account"))?;
        let account = accounts::standing(&tx, vec![user])
            .await?
            .pop()
            .ok_or(Refused::NotFound)?;
        if account.state != AccountState::Invited {
            return Err(Refused::conflict(
                "not_invited",
                "this account is waiting for no invitation",
            ));
        }
        let user = account.user;
        let ticket = self
            .issue_by_mail(&tx, TicketKind::Invitation, &user, Some(actor.user_id), now)
            .await?;
        let invitation = Invitation {
            ticket,
            made_by_name: Some(actor.name.clone()),
            user,
        };
        let answer = claimed.keep(&tx, &invitation).await?;
        let mut telling = self.telling(now);
        let object = ("user", invitation.user.id.to_string());
        telling.entry(Some(actor), "user.invite", object, json!(null));
        self.finish(tx, telling).await?;
        Ok(answer)
    }

    /// Invitations that may still be used.
    pub async fn invitations(&self) -> Result<Vec<Invitation>, Refused> {
        let open = tickets::open(&self.store, TicketKind::Invitation, self.now()).await?;
        let people: HashMap<UserId, User> = accounts::users(&self.store)
            .await?
            .into_iter()
            .map(|user| (user.id, user))
            .collect();
        let invitation = |ticket: Ticket| {
            let user = people.get(&ticket.user_id?)?.clone();
            let by = ticket.made_by.and_then(|id| people.get(&id));
            Some(Invitation {
                made_by_name: by.map(|user| user.name.clone()),
                ticket,
                user,
            })
        };
        Ok(open.into_iter().filter_map(invitation).collect())
    }

    /// The link by which the first administrator is made; `None` once there is any account. An older one dies.
    pub async fn first_link(&self) -> Result<Option<String>, Refused> {
        if self.has_users().await? {
            return Ok(None);
        }
        let now = self.now();
        let tx = self.store.begin().await?;
        let ticket = self.issue(&tx, TicketKind::First, None, None, now).await?;
        let mut telling = self.telling(now);
        telling.entry(None, "user.first_link", ("ticket", ticket.id.to_string()), json!(null));
        self.finish(tx, telling).await?;
        Ok(Some(self.welcome_url(ticket.id)))
    }

    /// Writes to everybody who asked for a new password since the last turn and has an account; how many. Who asks is not
    /// told, and is answered before anything is looked up.
    pub async fn answer_resets(&self) -> Result<usize, Refused> {
        let emails = self.resets.drain();
        if emails.is_empty() {
            return Ok(0);
        }
        let now = self.now();
        let mut written = 0;
        for user in accounts::by_emails(&self.store, &emails).await? {
            let tx = self.store.begin().await?;
            let lately = tickets::count_since(&tx, TicketKind::Reset, user.id, now - RESETS_WITHIN).await?;
            if lately >= MOST_RESETS {
                continue;
            }
            self.issue_by_mail(&tx, TicketKind::Reset, &user, None, now).await?;
            let mut telling = self.telling(now);
            telling.entry(None, "user.reset_asked", ("user", user.id.to_string()), json!(null));
            self.finish(tx, telling).await?;
            written += 1;
        }
        Ok(written)
    }

    /// What the page of a link shows.
    ///
    /// # Errors
    /// `NoSuchLink` for one that was never made, was used, or is too old.
    pub async fn look_at_link(&self, token: &str) -> Result<Welcome, Refused> {
        let (ticket, user) = self.open_ticket(token, self.now()).await?;
        let Some(user) = user else {
            return Ok(Welcome {
                kind: ticket.kind,
                email: String::new(),
                name: String::new(),
                role: Role::Admin,
                language: self.pack.default_language.clone(),
                needs_factor: self.factor_is_required(Role::Admin),
                shortest_password: self.shortest_password(Role::Admin),
            });
        };
        let account = accounts::standing(&self.store, vec![user])
            .await?
            .pop()
            .ok_or(Refused::NoSuchLink)?;
        let user = account.user;
        Ok(Welcome {
            kind: ticket.kind,
            needs_factor: self.factor_is_required(user.role) && !account.has_factor,
            shortest_password: self.shortest_password(user.role),
            email: user.email,
            name: user.name,
            role: user.role,
            language: user.language,
        })
    }

    /// Whether who has this role signs in with a second factor.
    pub(super) fn factor_is_required(&self, role: Role) -> bool {
        self.second_factor.is_asked_of(role)
    }

    pub(super) fn shortest_password(&self, role: Role) -> usize {
        shortest_password(self.factor_is_required(role))
    }

    /// The ticket of a link that may still be used, with whose it is.
    async fn open_ticket(&self, token: &str, now: Moment) -> Result<(Ticket, Option<User>), Refused> {
        let ticket = tickets::by_token(&self.store, &token_hash(token)).await?;
        let ticket = ticket.filter(|ticket| ticket.is_open(now)).ok_or(Refused::NoSuchLink)?;
        let user = match ticket.user_id {
            None if self.has_users().await? => return Err(Refused::NoSuchLink),
            None => None,
            Some(id) => {
                let user = accounts::user(&self.store, id).await?.filter(|user| !user.disabled);
                Some(user.ok_or(Refused::NoSuchLink)?)
            }
        };
        Ok((ticket, user))
    }

    /// Takes the password that somebody chose who followed a link, and uses the link up. Sessions and known browsers of the
    /// account end; a second factor stays.
    ///
    /// # Errors
    /// `NoSuchLink`; `Invalid` of `password`, and of `email` and `name` for the first administrator.
    pub async fn use_link(&self, token: &str, chosen: Chosen) -> Result<(), Refused> {
        let now = self.now();
        let (ticket, user) = self.open_ticket(token, now).await?;
        let (user, is_new) = match user {
            Some(_) if chosen.email.is_some() => return Err(told_already("email")),
            Some(_) if chosen.name.is_some() => return Err(told_already("name")),
            Some(user) => (user, false),
            None => (self.first_admin(&chosen, now)?, true),
        };
        self.check_password(&chosen.password, &user)?;
        let hash = self.hash(chosen.password).await?;
        let tx = self.store.begin().await?;
        if !tickets::use_up(&tx, ticket.id, now).await? || (is_new && accounts::has_users(&tx).await?) {
            return Err(Refused::NoSuchLink);
        }
        let mut telling = self.telling(now);
        if is_new {
            accounts::insert_user(&tx, &user, &hash, now)
                .await
                .map_err(|e| taken(e, "email"))?;
        } else {
            accounts::set_password(&tx, user.id, &hash).await?;
            sessions::revoke_of(&tx, user.id, now).await?;
            devices::remove_all(&tx, user.id).await?;
            tickets::end_of(&tx, user.id, now).await?;
            self.forget_strangers(&tx, &user.email).await?;
        }
        if ticket.kind == TicketKind::Reset {
            telling.notice_to_person(user.id, NoticeKind::PasswordChanged);
        }
        let actor = Actor {
            origin: chosen.origin,
            ..actor_of(&user)
        };
        let object = ("user", user.id.to_string());
        telling.entry(Some(&actor), "user.password", object, json!({"by": ticket.kind}));
        self.finish(tx, telling).await?;
        self.rights_changed();
        Ok(())
    }

    /// The first administrator as she describes herself.
    fn first_admin(&self, chosen: &Chosen, now: Moment) -> Result<User, Refused> {
        let required = |field: &'static str, value: &Option<String>| {
            let missing = || Refused::invalid(field, "required", "the first administrator tells it");
            value.clone().ok_or_else(missing)
        };
        Ok(User {
            id: UserId(self.ids.uuid(now)),
            email: required("email", &chosen.email)?,
            name: required("name", &chosen.name)?,
            role: Role::Admin,
            organisation_id: None,
            language: self.pack.default_language.clone(),
            disabled: false,
            shelters: Vec::new(),
        })
    }

    /// Somebody asks for a new password; it is looked after in the next turn.
    pub fn ask_reset(&self, email: &str) {
        self.resets.push(email);
    }
}

fn told_already(field: &'static str) -> Refused {
    Refused::invalid(field, "not_allowed", "only the first administrator tells it")
}
