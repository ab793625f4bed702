//! A household's shape and needs: what a referral may say about people, and no more.
//! No name, phone, birth date or story has a place here.

mod search;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, EnumString, IntoStaticStr};

use super::errors::FieldError;
pub use search::{Search, Urgency};

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr, Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AgeBand {
    /// A girl or young mother who comes without a grown-up.
    Under18,
    #[serde(rename = "18_59")]
    #[strum(serialize = "18_59")]
    From18To59,
    #[serde(rename = "60_plus")]
    #[strum(serialize = "60_plus")]
    Over60,
}

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr, Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Sex {
    Female,
    Male,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// Whole years, 0..=17.
    pub age: u8,
    pub sex: Sex,
}

/// What she or her children need. Admission needs decide whether a shelter may take her; the services are
/// wishes that weigh in the ranking.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr,
    Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Need {
    // Admission needs: a shelter either admits them or does not.
    StepFree,
    Pregnancy,
    Newborn,
    Trafficking,
    OlderWoman,
    MentalHealth,
    SubstanceUse,
    NoDocuments,
    Pets,
    // Services: matched where possible.
    Medical,
    Psychosocial,
    Legal,
    Childcare,
    Interpreter,
    Education,
}

impl Need {
    /// Whether this is a service (a wish that weighs in the ranking) and not an admission need (which decides).
    pub fn is_service(self) -> bool {
        matches!(
            self,
            Self::Medical | Self::Psychosocial | Self::Legal | Self::Childcare | Self::Interpreter | Self::Education
        )
    }
}

/// Most grown-ups in one household.
pub const MAX_ADULTS: usize = 6;
/// Most children in one household.
pub const MAX_CHILDREN: usize = 12;
/// Highest age, in whole years, of a child.
pub const MAX_CHILD_AGE: u8 = 17;
/// Children below this age, in whole years, are infants: a cot or the mother's bed.
pub const INFANT_BELOW: u8 = 2;

impl Child {
    pub fn is_infant(self) -> bool {
        self.age < INFANT_BELOW
    }
}

/// Who comes: 1..=6 grown-ups and 0..=12 children of 0..=17 years. A girl under 18 who comes by herself, or as a
/// mother, is a grown-up of the band `under_18`: she heads her household, so there is always at least one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WireHousehold", into = "WireHousehold")]
pub struct Household {
    adults: Vec<AgeBand>,
    children: Vec<Child>,
}

impl Household {
    /// # Errors
    /// Every fault found, by its field: `household.adults`, `household.children`, `household.children[0].age`.
    pub fn new(adults: Vec<AgeBand>, children: Vec<Child>) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        if adults.is_empty() {
            errors.push(FieldError::new(
                "household.adults",
                "required",
                "at least one grown-up (or girl on her own)",
            ));
        }
        if adults.len() > MAX_ADULTS {
            errors.push(FieldError::new(
                "household.adults",
                "too_many",
                format!("at most {MAX_ADULTS}"),
            ));
        }
        if children.len() > MAX_CHILDREN {
            errors.push(FieldError::new(
                "household.children",
                "too_many",
                format!("at most {MAX_CHILDREN}"),
            ));
        }
        for (at, child) in children.iter().enumerate() {
            if child.age > MAX_CHILD_AGE {
                let field = format!("household.children[{at}].age");
                errors.push(FieldError::new(
                    field,
                    "out_of_range",
                    format!("0 to {MAX_CHILD_AGE} whole years"),
                ));
            }
        }
        if errors.is_empty() {
            Ok(Self { adults, children })
        } else {
            Err(errors)
        }
    }

    pub fn adults(&self) -> &[AgeBand] {
        &self.adults
    }

    pub fn children(&self) -> &[Child] {
        &self.children
    }

    /// Everybody, infants included: 1..=18.
    pub fn persons(&self) -> u32 {
        // Both lengths are bounded by `new`.
        u32::try_from(self.adults.len() + self.children.len()).unwrap_or(u32::MAX)
    }

    /// Children under two.
    pub fn infants(&self) -> u32 {
        self.children.iter().map(|child| u32::from(child.is_infant())).sum()
    }

    /// Admission needs that the ages themselves imply: a child in its first year is a newborn, a woman of sixty or
    /// more an older woman.
    pub fn implied_needs(&self) -> BTreeSet<Need> {
        self.implied().collect()
    }

    fn implied(&self) -> impl Iterator<Item = Need> + use<> {
        let newborn = self
            .children
            .iter()
            .any(|child| child.age == 0)
            .then_some(Need::Newborn);
        let older = self.adults.contains(&AgeBand::Over60).then_some(Need::OlderWoman);
        newborn.into_iter().chain(older)
    }
}

/// The stored and the wire shape: `{"adults": [{"age_band": "18_59"}], "children": [{"age": 7, "sex": "male"}]}`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireHousehold {
    adults: Vec<WireAdult>,
    #[serde(default)]
    children: Vec<Child>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireAdult {
    age_band: AgeBand,
}

impl TryFrom<WireHousehold> for Household {
    type Error = String;

    fn try_from(wire: WireHousehold) -> Result<Self, String> {
        let adults = wire.adults.into_iter().map(|adult| adult.age_band).collect();
        Self::new(adults, wire.children)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    }
}

impl From<Household> for WireHousehold {
    fn from(household: Household) -> Self {
        let adults = household
            .adults
            .into_iter()
            .map(|age_band| WireAdult { age_band })
            .collect();
        Self {
            adults,
            children: household.children,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn child(age: u8) -> Child {
        Child { age, sex: Sex::Female }
    }

    #[test]
    fn every_fault_is_named_by_its_field() {
        let errors = Household::new(vec![], vec![child(18), child(3), child(200)]).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| (error.field.as_str(), error.code)).collect();
        assert_eq!(
            fields,
            [
                ("household.adults", "required"),
                ("household.children[0].age", "out_of_range"),
                ("household.children[2].age", "out_of_range"),
            ]
        );
        let crowd = Household::new(vec![AgeBand::From18To59; 7], vec![child(5); 13]).unwrap_err();
        assert_eq!(crowd.len(), 2);
        assert!(crowd.iter().all(|error| error.code == "too_many"));
    }

    #[test]
    fn a_girl_alone_is_a_household() {
        let girl = Household::new(vec![AgeBand::Under18], vec![]).unwrap();
        assert_eq!((girl.persons(), girl.infants()), (1, 0));
        assert!(girl.implied_needs().is_empty());
    }

    #[test]
    fn ages_imply_needs() {
        let three = Household::new(vec![AgeBand::Over60, AgeBand::From18To59], vec![child(0), child(1)]).unwrap();
        assert_eq!(three.infants(), 2);
        assert_eq!(three.implied_needs(), BTreeSet::from([Need::Newborn, Need::OlderWoman]));
        let older_infant = Household::new(vec![AgeBand::From18To59], vec![child(1)]).unwrap();
        assert!(older_infant.implied_needs().is_empty());
    }

    #[test]
    fn the_stored_shape_is_the_wire_shape_and_is_checked_when_read() {
        let text = r#"{"adults":[{"age_band":"18_59"}],"children":[{"age":7,"sex":"male"}]}"#;
        let household: Household = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&household).unwrap(), text);
        for bad in [
            r#"{"adults":[]}"#,
            r#"{"adults":[{"age_band":"18_59","name":"x"}]}"#,
            r#"{"adults":[{"age_band":"18_59"}],"children":[{"age":18,"sex":"male"}]}"#,
            r#"{"adults":[{"age_band":"18_59"}],"story":""}"#,
        ] {
            assert!(serde_json::from_str::<Household>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn services_are_wishes_and_the_rest_decides() {
        use strum::IntoEnumIterator;
        assert_eq!(Need::iter().filter(|need| need.is_service()).count(), 6);
        assert!(!Need::StepFree.is_service() && Need::Medical.is_service());
        assert_eq!(Need::OlderWoman.to_string(), "older_woman");
        assert_eq!(Urgency::ThisWeek.to_string(), "this_week");
    }
}
