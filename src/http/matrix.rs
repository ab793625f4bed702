//! Which role may use which route: data, and the only gate. A route without a row lets nobody in.

use actix_web::http::Method;

use crate::domain::accounts::Role::{self, Admin, Committee, Manager, Officer};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Also without signing in.
    Anybody,
    Only(&'static [Role]),
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
    Row {
        method: &Method::GET,
        path,
        who,
    }
}
const fn post(path: &'static str, who: Who) -> Row {
    Row {
        method: &Method::POST,
        path,
        who,
    }
}
const fn put(path: &'static str, who: Who) -> Row {
    Row {
        method: &Method::PUT,
        path,
        who,
    }
}
const fn delete(path: &'static str, who: Who) -> Row {
    Row {
        method: &Method::DELETE,
        path,
        who,
    }
}

pub static MATRIX: &[Row] = &[
    post("/session", Who::Anybody),
    delete("/session", ALL),
    get("/me", ALL),
    put("/me/language", ALL),
    get("/me/push", MANAGER),
    post("/me/push", MANAGER),
    delete("/me/push/{id}", MANAGER),
    get("/me/phones", MANAGER),
    post("/me/phones", MANAGER),
    delete("/me/phones/{id}", MANAGER),
    get("/me/alerts", PICTURE),
    put("/me/alerts", PICTURE),
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
    get("/shelters/{id}/confidential", MANAGER),
    put("/shelters/{id}/confidential", MANAGER),
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
    get("/holds/{id}/handover", OFFICER),
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
    get("/users", ADMIN),
    post("/users", ADMIN),
    put("/users/{id}", ADMIN),
    get("/organisations", ADMIN),
    post("/organisations", ADMIN),
    get("/audit", Who::Only(&[Manager, Admin])),
];

/// The row of a route, by its full pattern.
pub fn row(method: &Method, pattern: &str) -> Option<&'static Row> {
    let path = pattern.strip_prefix(PREFIX)?;
    MATRIX.iter().find(|row| row.method == method && row.path == path)
}
