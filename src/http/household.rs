//! A household's shape, as it comes in and as it is shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::household::{AgeBand, Household, Sex};

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdultBody {
    /// `under_18`, `18_59` or `60_plus`.
    #[schema(value_type = String)]
    pub age_band: AgeBand,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChildBody {
    /// Whole years, 0 to 17.
    pub age: u8,
    /// `female` or `male`.
    #[schema(value_type = String)]
    pub sex: Sex,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HouseholdBody {
    /// 1 to 6 grown-ups, the woman herself among them.
    pub adults: Vec<AdultBody>,
    /// Up to 12 children.
    #[serde(default)]
    pub children: Vec<ChildBody>,
}

impl From<&Household> for HouseholdBody {
    fn from(household: &Household) -> Self {
        Self {
            adults: household
                .adults()
                .iter()
                .map(|age_band| AdultBody { age_band: *age_band })
                .collect(),
            children: household
                .children()
                .iter()
                .map(|c| ChildBody { age: c.age, sex: c.sex })
                .collect(),
        }
    }
}
