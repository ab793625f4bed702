//! What a shelter needs of an item and what it can spare. Whole units, then whole packs: needs are rounded up, spares
//! down. It must not know who else needs or has it.

use chrono::{Days, NaiveDate};

use super::super::stock::Stock;
use super::super::supplies::Thresholds;

/// Days that a unit must still be good for when it is sent: it has to get there and be given out.
const LEAST_LIFE: u64 = 3;
/// Millionths in one.
const MICRO: i128 = 1_000_000;

/// How much is used in a day by everybody in the shelter, in millionths of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyUse {
    pub expected: u64,
    /// As much as it may well be; at least `expected`.
    pub high: u64,
}

/// An item on a shelter's shelf with all that decides what may leave and what must come. Quantities are whole units.
#[derive(Debug, Clone, Copy)]
pub struct Shelf<'a> {
    pub stock: &'a Stock,
    /// `None` where nobody knows.
    pub daily_use: Option<DailyUse>,
    pub pack_size: i64,
    pub thresholds: Thresholds,
    /// Sent to here or approved to be.
    pub coming: i64,
    /// Approved and not yet sent from here.
    pub promised: i64,
    /// What open requests ask for beyond what transfers have done for them; of urgent requests, and of all.
    pub asked_urgently: i64,
    pub asked: i64,
}

/// What a plan is to reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aim {
    pub today: NaiveDate,
    /// Days of cover that everybody is to have.
    pub target_days: u16,
    /// Days until shelters are supplied again: a donor keeps what it may use until then.
    pub next_delivery_days: u16,
}

/// In packs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What it takes to be no longer critical, and what was asked for urgently.
    pub critical: i64,
    /// Beyond that.
    pub low: i64,
}

/// In packs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offered {
    pub packs: i64,
    /// Of these, packs that would expire before the shelter could use them.
    pub expiring: i64,
}

/// What the dated units on a shelf come to, in units.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ageing {
    /// Past their day: of use to nobody.
    expired: i64,
    /// Will expire on this shelf, so soon that they are of use to nobody else either.
    lost: i64,
    /// Will expire on this shelf, and can still be used elsewhere.
    expiring: i64,
}

impl Shelf<'_> {
    /// Packs that it should get: up to the days of cover aimed at, or what was asked for if that is more.
    pub fn wanted(&self, aim: &Aim) -> Wanted {
        let expected = self.daily_use.map_or(0, |use_| use_.expected);
        let ageing = self.ageing(aim.today, expected);
        let usable = self.stock.on_hand - ageing.expired - ageing.lost - ageing.expiring - self.promised + self.coming;
        let short = |days: u16| (used(expected, days, Rounding::Up) - usable).max(0);
        let all = short(aim.target_days).max(self.asked);
        let critical = short(self.thresholds.critical_days.min(aim.target_days)).max(self.asked_urgently);
        let packs = |units: i64| (units + self.pack_size - 1) / self.pack_size;
        let critical = packs(critical.min(all));
        Wanted {
            critical,
            low: packs(all) - critical,
        }
    }

    /// Packs that it can give: never below its minimum, and nothing that it may use until the next delivery, unless
    /// that would expire first. Where nobody knows how much is used, only a minimum set by the shelter says what is
    /// spare. A shelter that needs an item gives none of it.
    pub fn offered(&self, aim: &Aim) -> Offered {
        let known = self.daily_use.is_some() || self.stock.minimum > 0;
        if !known || self.wanted(aim) != Wanted::default() {
            return Offered::default();
        }
        let high = self.daily_use.map_or(0, |use_| use_.high);
        let ageing = match self.daily_use {
            Some(_) => self.ageing(aim.today, high),
            None => Ageing {
                expiring: 0,
                ..self.ageing(aim.today, 0)
            },
        };
        let good = self.stock.on_hand - ageing.expired - ageing.lost;
        // What is promised leaves first expired first.
        let expiring = (ageing.expiring - self.promised).max(0);
        let promised = self.promised - (ageing.expiring - expiring);
        let kept = self.stock.minimum.max(used(high, aim.next_delivery_days, Rounding::Up));
        let fresh = (good - ageing.expiring - promised - kept).max(0);
        let units = (expiring + fresh).min(good - self.promised - self.stock.minimum).max(0);
        let packs = units / self.pack_size;
        Offered {
            packs,
            expiring: packs.min(expiring / self.pack_size),
        }
    }

    /// First expired, first used, at so many millionths a day: what will not have been used by its day.
    fn ageing(&self, today: NaiveDate, daily: u64) -> Ageing {
        let mut ageing = Ageing::default();
        let mut used_before = 0;
        for lot in self.stock.lots.iter() {
            let days = (lot.expires_on - today).num_days();
            if days < 0 {
                ageing.expired += lot.units;
                continue;
            }
            let days = u16::try_from(days + 1).unwrap_or(u16::MAX);
            let in_time = (used(daily, days, Rounding::Down) - used_before).clamp(0, lot.units);
            used_before += in_time;
            let rest = lot.units - in_time;
            if lot.expires_on < today + Days::new(LEAST_LIFE) {
                ageing.lost += rest;
            } else {
                ageing.expiring += rest;
            }
        }
        ageing
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rounding {
    Up,
    Down,
}

/// Units used in so many days.
fn used(daily: u64, days: u16, rounding: Rounding) -> i64 {
    let micro = i128::from(daily) * i128::from(days);
    let up = if rounding == Rounding::Up { MICRO - 1 } else { 0 };
    i64::try_from((micro + up) / MICRO).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::super::super::id::ShelterId;
    use super::super::super::stock::{Lot, Lots};
    use super::*;
    use proptest::prelude::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 23).unwrap()
    }

    const AIM: fn() -> Aim = || Aim {
        today: today(),
        target_days: 14,
        next_delivery_days: 30,
    };

    fn stock(on_hand: i64, lots: &[(i64, i64)], minimum: i64) -> Stock {
        let lot = |(days, units): &(i64, i64)| Lot {
            expires_on: today() + chrono::TimeDelta::days(*days),
            units: *units,
        };
        Stock {
            on_hand,
            lots: Lots::new(lots.iter().map(lot)),
            minimum,
            ..Stock::unknown(ShelterId(uuid::Uuid::nil()), "soap", chrono::DateTime::UNIX_EPOCH)
        }
    }

    /// Ten units a day, twelve at most; packs of twelve.
    fn shelf(stock: &Stock) -> Shelf<'_> {
        Shelf {
            stock,
            daily_use: Some(DailyUse {
                expected: 10_000_000,
                high: 12_000_000,
            }),
            pack_size: 12,
            thresholds: Thresholds::default(),
            coming: 0,
            promised: 0,
            asked_urgently: 0,
            asked: 0,
        }
    }

    fn wanted(critical: i64, low: i64) -> Wanted {
        Wanted { critical, low }
    }

    fn offered(packs: i64, expiring: i64) -> Offered {
        Offered { packs, expiring }
    }

    #[test]
    fn a_need_is_what_the_target_lacks_in_whole_packs() {
        // 140 wanted; 30 of them are critical.
        assert_eq!(shelf(&stock(0, &[], 0)).wanted(&AIM()), wanted(3, 9));
        assert_eq!(shelf(&stock(29, &[], 0)).wanted(&AIM()), wanted(1, 9));
        assert_eq!(shelf(&stock(30, &[], 0)).wanted(&AIM()), wanted(0, 10));
        assert_eq!(shelf(&stock(140, &[], 0)).wanted(&AIM()), wanted(0, 0));
        let row = stock(20, &[], 0);
        let coming = Shelf {
            coming: 115,
            ..shelf(&row)
        };
        assert_eq!(coming.wanted(&AIM()), wanted(0, 1));
    }

    #[test]
    fn what_expires_before_it_is_used_covers_nothing() {
        // Of 100 that expire tomorrow 20 are used; of 40 expired ones none.
        let row = stock(140, &[(-1, 40), (1, 100)], 0);
        assert_eq!(shelf(&row).wanted(&AIM()), wanted(1, 9));
        assert_eq!(shelf(&row).offered(&AIM()), offered(0, 0));
    }

    #[test]
    fn a_request_counts_even_where_nothing_is_used_up() {
        let row = stock(50, &[], 0);
        let asks = Shelf {
            daily_use: None,
            asked: 30,
            asked_urgently: 12,
            ..shelf(&row)
        };
        assert_eq!(asks.wanted(&AIM()), wanted(1, 2));
        assert_eq!(asks.offered(&AIM()), offered(0, 0));
        let more = Shelf {
            asked: 200,
            ..shelf(&row)
        };
        assert_eq!(more.wanted(&AIM()), wanted(0, 17));
    }

    #[test]
    fn a_donor_keeps_its_minimum_and_what_it_may_use() {
        // 360 may be used until the next delivery.
        assert_eq!(shelf(&stock(383, &[], 0)).offered(&AIM()), offered(1, 0));
        assert_eq!(shelf(&stock(371, &[], 0)).offered(&AIM()), offered(0, 0));
        assert_eq!(shelf(&stock(500, &[], 400)).offered(&AIM()), offered(8, 0));
        let row = stock(500, &[], 0);
        let promised = Shelf {
            promised: 100,
            ..shelf(&row)
        };
        assert_eq!(promised.offered(&AIM()), offered(3, 0));
    }

    #[test]
    fn what_would_expire_is_offered_first_and_too_late_never() {
        // 132 of 300 are used by their day, a part of the 360 that stay; 168 would expire.
        let row = stock(700, &[(10, 300)], 0);
        let got = shelf(&row).offered(&AIM());
        assert_eq!(got, offered(28, 14));
        // Of those that expire in two days nobody else has any use.
        assert_eq!(shelf(&stock(700, &[(2, 376)], 0)).offered(&AIM()), offered(0, 0));
        // The minimum stays, whatever becomes of it.
        assert_eq!(shelf(&stock(700, &[(10, 300)], 690)).offered(&AIM()), offered(0, 0));
    }

    #[test]
    fn without_a_known_use_only_a_minimum_says_what_is_spare() {
        let unknown = |minimum| {
            let row = stock(100, &[(5, 60)], minimum);
            let shelf = Shelf {
                daily_use: None,
                ..shelf(&row)
            };
            shelf.offered(&AIM())
        };
        assert_eq!(unknown(0), offered(0, 0));
        assert_eq!(unknown(40), offered(5, 0));
    }

    proptest! {
        #[test]
        fn what_is_offered_is_there_and_leaves_what_must_stay(
            on_hand in 0i64..2_000, lots in proptest::collection::vec((-3i64..60, 1i64..200), 0..5), minimum in 0i64..500,
            promised in 0i64..300, coming in 0i64..300, high in 0u64..40_000_000, pack_size in 1i64..50,
        ) {
            let mut row = stock(on_hand, &lots, minimum);
            row.lots.trim(on_hand);
            let shelf = Shelf {
                daily_use: Some(DailyUse { expected: high / 2, high }), pack_size, promised, coming, ..shelf(&row)
            };
            let (offered, wanted) = (shelf.offered(&AIM()), shelf.wanted(&AIM()));
            prop_assert!(offered.packs == 0 || on_hand - promised - offered.packs * pack_size >= minimum);
            prop_assert!(0 <= offered.expiring && offered.expiring <= offered.packs);
            prop_assert!(wanted.critical >= 0 && wanted.low >= 0);
            prop_assert!(offered.packs == 0 || wanted.critical + wanted.low == 0);
            let expired: i64 = row.lots.iter().filter(|lot| lot.expires_on < today()).map(|lot| lot.units).sum();
            prop_assert!(offered.packs * pack_size <= on_hand - expired);
        }
    }
}
