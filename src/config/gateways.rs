//! `[[sms_gateways]]`: what can be declared of a gateway for text messages. What it means is not this room's business.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::Secret;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsGateway {
    /// What stands behind `?gateway=`.
    pub name: String,
    /// `kannel`, `rapidpro` or `twilio`: gives the five that follow `secret`, where they are left out.
    #[serde(default)]
    pub preset: Option<String>,
    /// What the gateway proves itself with; 16 characters or more.
    #[serde(default)]
    pub secret: Option<Secret>,
    #[serde(default)]
    pub message_id: Option<String>,
    #[serde(default)]
    pub from: Option<String>,
    #[serde(default)]
    pub text: Option<String>,
    #[serde(default)]
    pub proof: Option<String>,
    #[serde(default)]
    pub reply: Option<String>,
    /// Numbers people write to, shown when they connect a telephone.
    #[serde(default)]
    pub numbers: Vec<String>,
    #[serde(default)]
    pub send: Option<SmsSend>,
}

/// How the gateway is asked to send.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsSend {
    pub url: String,
    #[serde(default)]
    pub method: Option<String>,
    #[serde(default)]
    pub query: BTreeMap<String, Secret>,
    #[serde(default)]
    pub form: BTreeMap<String, Secret>,
    #[serde(default)]
    pub json: Option<serde_json::Value>,
    #[serde(default)]
    pub headers: BTreeMap<String, Secret>,
    #[serde(default)]
    pub user: Option<String>,
    #[serde(default)]
    pub password: Option<Secret>,
    #[serde(default)]
    pub bearer: Option<Secret>,
}

impl fmt::Debug for SmsSend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmsSend").finish_non_exhaustive()
    }
}
