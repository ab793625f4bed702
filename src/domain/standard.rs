//! How far the country is from the standard of one family place for so many inhabitants. It must not know how a place is
//! counted, nor what the figure of the standard is or where it comes from: both are the country pack's.

/// What a population should have, and has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub population: u64,
    /// Family places that the standard asks for, part of one counting as one.
    pub required: u64,
    /// Family places that there are, free or taken.
    pub places: u64,
    /// How many are missing; 0 where there are enough.
    pub gap: u64,
}

/// `None` of a population of nobody or not known, or of a standard of nobody.
pub fn standing(population: Option<u64>, inhabitants_per_place: u64, places: u64) -> Option<Standing> {
    let population = population.filter(|population| *population > 0)?;
    if inhabitants_per_place == 0 {
        return None;
    }
    let required = population.div_ceil(inhabitants_per_place);
    Some(Standing {
        population,
        required,
        places,
        gap: required.saturating_sub(places),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_of_a_place_is_a_place_and_enough_is_no_debt() {
        let gap = |population, places| standing(Some(population), 10_000, places).map(|it| (it.required, it.gap));
        assert_eq!(gap(10_000, 0), Some((1, 1)));
        assert_eq!(gap(10_001, 1), Some((2, 1)));
        assert_eq!(gap(10_001, 9), Some((2, 0)));
        assert_eq!(standing(None, 10_000, 3), None);
        assert_eq!(standing(Some(0), 10_000, 3), None);
        assert_eq!(standing(Some(5), 0, 3), None);
    }
}
