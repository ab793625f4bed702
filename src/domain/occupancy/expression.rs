//! Sums of columns and identities between them, as a map writes them: `A + B`, `A + B = C`, `A + B >= C`.
//! Signs stand between spaces, because column names may hold spaces and signs of their own. Knows no file.

use super::map::{Columns, MapError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Term {
    /// A column, by its slot in the map.
    Column(usize),
    Constant(i64),
}

/// Terms with their signs (+1 or −1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) terms: Vec<(i64, Term)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Equal,
    AtLeast,
    AtMost,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Check {
    pub(super) text: String,
    pub(super) left: Sum,
    relation: Relation,
    pub(super) right: Sum,
}

impl Check {
    pub(super) fn holds(&self, left: i64, right: i64) -> bool {
        match self.relation {
            Relation::Equal => left == right,
            Relation::AtLeast => left >= right,
            Relation::AtMost => left <= right,
        }
    }

    pub(super) fn parse(text: &str, key: &str, columns: &mut Columns) -> Result<Self, MapError> {
        let signs = [
            (" >= ", Relation::AtLeast),
            (" <= ", Relation::AtMost),
            (" = ", Relation::Equal),
        ];
        for (sign, relation) in signs {
            if let Some((left, right)) = text.split_once(sign) {
                return Ok(Self {
                    text: text.to_owned(),
                    left: Sum::parse(left, key, columns)?,
                    relation,
                    right: Sum::parse(right, key, columns)?,
                });
            }
        }
        Err(MapError::new(
            key,
            "a check needs one of ` = `, ` >= `, ` <= ` between spaces",
        ))
    }
}

impl Sum {
    pub(super) fn parse(text: &str, key: &str, columns: &mut Columns) -> Result<Self, MapError> {
        let mut terms = Vec::new();
        let mut sign = 1;
        let mut rest = text.trim();
        loop {
            let plus = rest.find(" + ");
            let minus = rest.find(" - ");
            let cut = match (plus, minus) {
                (Some(p), Some(m)) => Some((p.min(m), if p < m { 1 } else { -1 })),
                (Some(p), None) => Some((p, 1)),
                (None, Some(m)) => Some((m, -1)),
                (None, None) => None,
            };
            let (term, next) = match cut {
                Some((at, next_sign)) => {
                    let (term, after) = rest.split_at(at);
                    (term, Some((after.get(3..).unwrap_or_default(), next_sign)))
                }
                None => (rest, None),
            };
            terms.push((sign, Self::term(term.trim(), key, columns)?));
            let Some((after, next_sign)) = next else { break };
            sign = next_sign;
            rest = after;
        }
        Ok(Self { terms })
    }

    fn term(text: &str, key: &str, columns: &mut Columns) -> Result<Term, MapError> {
        if text.is_empty() {
            return Err(MapError::new(key, "a sum has an empty term"));
        }
        Ok(text
            .parse()
            .map_or_else(|_| Term::Column(columns.slot(text)), Term::Constant))
    }

    /// The first column of the sum: the one a refusal points at.
    pub(super) fn first_column(&self) -> Option<usize> {
        self.terms.iter().find_map(|(_, term)| match term {
            Term::Column(slot) => Some(*slot),
            Term::Constant(_) => None,
        })
    }
}
