//! Which role may use which route: data, and the only gate. A route without a row lets nobody in.

use std::collections::BTreeSet;

use actix_web::http::Method;

use crate::domain::accounts::Role::{self, Admin, Committee, Manager, Officer};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Also without signing in.
    Anybody,
    Only(&'static [Role]),
}

impl Row {
    /// Whether the read is put on record.
    pub fn is_on_record(&self) -> bool {
        self.method == Method::GET && ON_RECORD.contains(&self.path)
    }
}

impl Who {
    pub fn admits(self, role: Role) -> bool {
        match self {
            Self::Anybody => true,
            Self::Only(roles) => roles.contains(&role),
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub method: &'static Method,
    /// The pattern below the prefix.
    pub path: &'static str,
    pub who: Who,
    /// Open to a session that must still set up its second factor.
    pub early: bool,
    /// Wants a proof of identity that is not older than a quarter of an hour.
    pub fresh: bool,
    /// Never by a program's token.
    pub people: bool,
}

impl Row {
    const fn of(method: &'static Method, path: &'static str, who: Who) -> Self {
        Self {
            method,
            path,
            who,
            early: false,
            fresh: false,
            people: false,
        }
    }

    const fn early(self) -> Self {
        Self { early: true, ..self }
    }

    const fn fresh(self) -> Self {
        Self { fresh: true, ..self }
    }

    const fn people(self) -> Self {
        Self { people: true, ..self }
    }

    /// What a program's token must be allowed to come in here: `read:` or `write:` and the first word of the path. `None`
    /// where no program comes in, or everybody does. Who must prove who they are is a person.
    pub fn scope(&self) -> Option<String> {
        if self.people || self.fresh || self.who == Who::Anybody {
            return None;
        }
        let verb = if self.method == Method::GET { "read" } else { "write" };
        let room = self.path.split('/').nth(1)?;
        Some(format!("{verb}:{room}"))
    }
}

/// Every scope that some route asks for from one of these roles, in order.
pub fn scopes(role: Role) -> BTreeSet<String> {
    let open = MATRIX.iter().filter(|row| row.who.admits(role));
    open.filter_map(Row::scope).collect()
}

pub const PREFIX: &str = "/api/v1";

const ALL: Who = Who::Only(&[Manager, Officer, Committee, Admin]);
const MANAGER: Who = Who::Only(&[Manager]);
const OFFICER: Who = Who::Only(&[Officer]);
const ADMIN: Who = Who::Only(&[Admin]);
const SHELTERS: Who = Who::Only(&[Manager, Admin]);
const CASES: Who = Who::Only(&[Manager, Officer]);
const PICTURE: Who = Who::Only(&[Committee, Admin]);
const SUPPLIES: Who = Who::Only(&[Manager, Committee, Admin]);

const fn get(path: &'static str, who: Who) -> Row {
    Row::of(&Method::GET, path, who)
}
const fn post(path: &'static str, who: Who) -> Row {
    Row::of(&Method::POST, path, who)
}
const fn put(path: &'static str, who: Who) -> Row {
    Row::of(&Method::PUT, path, who)
}
const fn delete(path: &'static str, who: Who) -> Row {
    Row::of(&Method::DELETE, path, who)
}

pub static MATRIX: &[Row] = &[
    post("/session", Who::Anybody),
    delete("/session", ALL).early().people(),
    post("/session/proof/passkey", ALL).people(),
    post("/session/proof", ALL).people(),
    get("/me", ALL).early(),
    put("/me/language", ALL).early().people(),
    get("/me/factors", ALL).early().people(),
    post("/me/factors/totp", ALL).early().fresh().people(),
    post("/me/factors/{id}/confirm", ALL).early().fresh().people(),
    post("/me/factors/passkey", ALL).early().fresh().people(),
    post("/me/factors/passkey/{id}/confirm", ALL).early().fresh().people(),
    delete("/me/factors/{id}", ALL).fresh().people(),
    post("/me/recovery-codes", ALL).fresh().people(),
    get("/me/sessions", ALL).people(),
    delete("/me/sessions", ALL).people(),
    delete("/me/sessions/{id}", ALL).people(),
    get("/me/devices", ALL).people(),
    delete("/me/devices/{id}", ALL).people(),
    post("/resets", Who::Anybody),
    // The link proves itself.
    post("/tickets/look", Who::Anybody),
    post("/tickets/use", Who::Anybody),
    get("/me/push", MANAGER).people(),
    post("/me/push", MANAGER).people(),
    delete("/me/push/{id}", MANAGER).people(),
    get("/me/phones", MANAGER).people(),
    post("/me/phones", MANAGER).people(),
    delete("/me/phones/{id}", MANAGER).people(),
    get("/me/alerts", PICTURE).people(),
    put("/me/alerts", PICTURE).people(),
    // The gateway proves itself.
    post("/channels/sms", Who::Anybody),
    get("/geography", Who::Anybody),
    get("/glossary", Who::Anybody),
    get("/items", ALL),
    post("/items", ADMIN),
    post("/items/match", SHELTERS),
    post("/items/names", SHELTERS),
    put("/items/{id}", ADMIN),
    get("/kits", ALL),
    get("/shelters", SHELTERS),
    post("/shelters", ADMIN),
    get("/shelters/{id}", SHELTERS),
    put("/shelters/{id}", ADMIN),
    get("/shelters/{id}/confidential", MANAGER).fresh().people(),
    put("/shelters/{id}/confidential", MANAGER).fresh().people(),
    post("/shelters/{id}/reports", MANAGER),
    get("/shelters/{id}/reports", MANAGER),
    get("/shelters/{id}/state", MANAGER),
    get("/shelters/{id}/stock", SHELTERS),
    put("/shelters/{id}/stock", MANAGER),
    get("/shelters/{id}/stock/export", SHELTERS),
    post("/shelters/{id}/stock/read", MANAGER),
    post("/shelters/{id}/movements", MANAGER),
    get("/shelters/{id}/movements", SHELTERS),
    get("/availability", ALL),
    get("/availability/stream", ALL),
    post("/suggestions", OFFICER),
    get("/referrals", OFFICER),
    post("/referrals", OFFICER),
    get("/referrals/{id}", OFFICER),
    get("/referrals/{id}/suggestions", OFFICER),
    post("/referrals/{id}/holds", OFFICER),
    post("/referrals/{id}/wait", OFFICER),
    delete("/referrals/{id}/wait", OFFICER),
    post("/referrals/{id}/close", OFFICER),
    get("/referrals/{id}/timeline", OFFICER),
    get("/holds", CASES),
    get("/holds/{id}", CASES),
    post("/holds/{id}/accept", MANAGER),
    post("/holds/{id}/decline", MANAGER),
    post("/holds/{id}/arrive", MANAGER),
    post("/holds/{id}/no_show", MANAGER),
    post("/holds/{id}/release", CASES),
    post("/holds/{id}/extend", OFFICER),
    get("/holds/{id}/timeline", CASES),
    get("/holds/{id}/handover", OFFICER).fresh().people(),
    post("/plans/placement", ADMIN),
    get("/plans/transfers", PICTURE),
    post("/plans/transfers", PICTURE),
    get("/plans/transfers/{id}", PICTURE),
    put("/plans/transfers/{id}", ADMIN),
    post("/plans/transfers/{id}/apply", ADMIN),
    get("/plans", ADMIN),
    get("/plans/{id}", ADMIN),
    put("/plans/{id}", ADMIN),
    post("/plans/{id}/apply", ADMIN),
    get("/supply-requests", SUPPLIES),
    post("/supply-requests", MANAGER),
    post("/supply-requests/{id}/withdraw", MANAGER),
    post("/supply-requests/{id}/refuse", ADMIN),
    get("/transfers", SUPPLIES),
    post("/transfers", SHELTERS),
    get("/transfers/{id}", SUPPLIES),
    post("/transfers/{id}/approve", ADMIN),
    post("/transfers/{id}/dispatch", MANAGER),
    post("/transfers/{id}/receive", MANAGER),
    post("/transfers/{id}/cancel", SHELTERS),
    get("/supplies", PICTURE),
    get("/statistics/supplies", PICTURE),
    get("/statistics/supplies/balance", PICTURE),
    get("/statistics/demand", PICTURE),
    get("/statistics/unmet", PICTURE),
    get("/statistics/occupancy", PICTURE),
    get("/statistics/compare", PICTURE),
    get("/statistics/forecast", PICTURE),
    get("/statistics/standard", PICTURE),
    get("/statistics/response", PICTURE),
    get("/digest-schedules", ADMIN),
    post("/digest-schedules", ADMIN),
    get("/digest-schedules/{id}", ADMIN),
    put("/digest-schedules/{id}", ADMIN),
    get("/digest-schedules/{id}/recipients", ADMIN),
    post("/digest-schedules/{id}/recipients", ADMIN),
    delete("/digest-schedules/{id}/recipients/{recipient}", ADMIN),
    post("/digest-schedules/{id}/recipients/{recipient}/approve", ADMIN),
    post("/digest-schedules/next", ADMIN),
    post("/digest-schedules/{id}/test", ADMIN),
    post("/digest-schedules/{id}/send", ADMIN),
    // The link proves itself.
    get("/readers/{id}/confirm", Who::Anybody),
    post("/readers/{id}/confirm", Who::Anybody),
    get("/letters/{id}/unsubscribe", Who::Anybody),
    post("/letters/{id}/unsubscribe", Who::Anybody),
    get("/digests", PICTURE),
    get("/digests/{id}", PICTURE),
    get("/digests/{id}/export", PICTURE),
    post("/digests/preview", PICTURE),
    post("/digests/{id}/resend", ADMIN),
    get("/troubles", ADMIN),
    get("/invitations", ADMIN).people(),
    post("/invitations", ADMIN).people(),
    get("/users", ADMIN).people(),
    post("/users", ADMIN).fresh().people(),
    put("/users/{id}", ADMIN).fresh().people(),
    post("/users/{id}/factors/reset", ADMIN).fresh().people(),
    get("/approvals", PICTURE).people(),
    post("/approvals", PICTURE).people(),
    post("/approvals/{id}/approve", ADMIN).fresh().people(),
    post("/approvals/{id}/refuse", ADMIN).fresh().people(),
    get("/tokens", ADMIN).people(),
    post("/tokens", ADMIN).fresh().people(),
    delete("/tokens/{id}", ADMIN).people(),
    get("/organisations", Who::Only(&[Officer, Admin])),
    post("/organisations", ADMIN),
    get("/audit", Who::Only(&[Manager, Admin])).people(),
    get("/audit/anchors", ADMIN).people(),
    post("/audit/verify", ADMIN).people(),
    // It ends every session of who asks.
    put("/me/password", ALL).fresh().people(),
];

/// Reads that show people's names and addresses, exports, and the log itself: each is on record before it is answered.
/// What shows one shelter's contact is recorded with the shelter, by its own service.
pub static ON_RECORD: &[&str] = &[
    "/users",
    "/approvals",
    "/audit",
    "/digest-schedules/{id}/recipients",
    "/digests/{id}/export",
    "/shelters/{id}/stock/export",
];

/// The row of a route, by its full pattern.
pub fn row(method: &Method, pattern: &str) -> Option<&'static Row> {
    let path = pattern.strip_prefix(PREFIX)?;
    MATRIX.iter().find(|row| row.method == method && row.path == path)
}

/// The methods a path is there for, as `Allow` names them.
pub fn methods(pattern: &str) -> String {
    let path = pattern.strip_prefix(PREFIX).unwrap_or_default();
    let rows = MATRIX.iter().filter(|row| row.path == path);
    let mut methods: Vec<&str> = rows.map(|row| row.method.as_str()).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.join(", ")
}
