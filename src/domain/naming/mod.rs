//! Which item a typed name means. Names are compared without numbers and units, folded, by the threes of letters they
//! share; a spelling that somebody has confirmed is one more name of its item. It proposes: a person confirms.

pub mod evaluate;
mod strip;
pub mod table;

use std::collections::{BTreeMap, HashMap, HashSet};

pub use strip::{Quantity, Stripped, is_unit, key, strip};

/// Likeness in thousandths from which a name is proposed. Chosen on the country pack alone, as the tests show: of its
/// items' names with one letter mistyped nearly all are found, and hardly any name of a place is taken for an item.
pub const THRESHOLD: u16 = 500;
/// Most proposals for one name.
pub const PROPOSALS: usize = 3;

/// Three letters of a word, which begins with two blanks and ends with one.
type Three = [char; 3];

/// An item that a name may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    pub item: String,
    /// 0 to 1000; 1000 if the words are the same.
    pub score: u16,
}

/// Names of items, ready to be compared with.
#[derive(Debug, Clone, Default)]
pub struct Matcher {
    names: Vec<Known>,
    /// Where each three occurs: positions in `names`.
    at: HashMap<Three, Vec<usize>>,
}

#[derive(Debug, Clone)]
struct Known {
    item: String,
    /// Sum of the weights of its threes.
    weight: f64,
}

impl Matcher {
    /// From item codes and names of theirs, any number of each.
    pub fn new<'a>(names: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut seen = HashSet::new();
        let mut all = Self::default();
        for (item, name) in names {
            let key = key(&strip(name).text);
            if key.is_empty() || !seen.insert((item, key.clone())) {
                continue;
            }
            for three in threes(&key) {
                all.at.entry(three).or_default().push(all.names.len());
            }
            let item = item.to_owned();
            all.names.push(Known { item, weight: 0.0 });
        }
        let mut weights = vec![0.0; all.names.len()];
        for (three, names) in &all.at {
            let weight = all.weight(*three);
            for name in names {
                if let Some(sum) = weights.get_mut(*name) {
                    *sum += weight;
                }
            }
        }
        for (name, weight) in all.names.iter_mut().zip(weights) {
            name.weight = weight;
        }
        all
    }

    /// What few names have in common says more than what many have.
    #[expect(clippy::cast_precision_loss, reason = "names are few")]
    fn weight(&self, three: Three) -> f64 {
        let with = self.at.get(&three).map_or(1, Vec::len);
        (1.0 + self.names.len() as f64 / with as f64).ln()
    }

    /// The items a typed name may mean, the likeliest first, none below `least`. Of items that are alike the one with
    /// more such names goes first.
    pub fn guesses(&self, typed: &str, least: u16) -> Vec<Guess> {
        let threes = threes(&key(&strip(typed).text));
        let own: f64 = threes.iter().map(|three| self.weight(*three)).sum();
        let mut common: BTreeMap<usize, f64> = BTreeMap::new();
        for three in &threes {
            let weight = self.weight(*three);
            for name in self.at.get(three).into_iter().flatten() {
                *common.entry(*name).or_default() += weight;
            }
        }
        let mut by_item: BTreeMap<&str, (u16, usize)> = BTreeMap::new();
        for (name, shared) in common {
            let Some(known) = self.names.get(name) else { continue };
            let score = thousandths(2.0 * shared / (own + known.weight));
            if score < least {
                continue;
            }
            let (best, votes) = by_item.entry(&known.item).or_default();
            match score.cmp(best) {
                std::cmp::Ordering::Greater => (*best, *votes) = (score, 1),
                std::cmp::Ordering::Equal => *votes += 1,
                std::cmp::Ordering::Less => {}
            }
        }
        let mut ranked: Vec<(&str, (u16, usize))> = by_item.into_iter().collect();
        ranked.sort_by(|(a, by_a), (b, by_b)| by_b.cmp(by_a).then_with(|| a.cmp(b)));
        let guess = |(item, (score, _)): (&str, (u16, usize))| Guess {
            item: item.to_owned(),
            score,
        };
        ranked.into_iter().map(guess).collect()
    }

    /// What is proposed to the person who confirms.
    pub fn proposals(&self, typed: &str) -> Vec<Guess> {
        let mut best = self.guesses(typed, THRESHOLD);
        best.truncate(PROPOSALS);
        best
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
fn thousandths(likeness: f64) -> u16 {
    (likeness * 1000.0).round().clamp(0.0, 1000.0) as u16
}

/// The threes of every word, each once, in alphabetical order: sums come out the same each time.
fn threes(key: &str) -> Vec<Three> {
    let mut all = Vec::new();
    for word in key.split(' ').filter(|word| !word.is_empty()) {
        let letters: Vec<char> = "  ".chars().chain(word.chars()).chain(" ".chars()).collect();
        all.extend(letters.windows(3).filter_map(|three| Three::try_from(three).ok()));
    }
    all.sort_unstable();
    all.dedup();
    all
}
