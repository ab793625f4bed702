//! From the map as written to the map as used: every text parsed, every contradiction named by its key.

use chrono::NaiveTime;

use super::super::rooms::RoomKind;
use super::super::shelters::{AdmissionRules, ShelterKind};
use super::expression::{Check, Sum};
use super::map::{ANY_SECTOR, Columns, Equals, Map, MapError, Night, RoomMap};
use super::needs::NeedsMap;
use super::raw::{BlankPolicy, RawEquals, RawMap, RawNight, RawRoom, RawRules, RawShelter};
use super::template::Template;

impl Map {
    pub(super) fn compile(raw: RawMap) -> Result<Self, MapError> {
        let mut columns = Columns::default();
        let c = &mut columns;
        let (night, observed_at) = night(&raw.night, c)?;
        let (kind, kinds) = kinds(&raw.shelter, c)?;
        let sector = raw
            .shelter
            .sector
            .as_deref()
            .map(|t| Template::parse(t, "shelter.sector", c))
            .transpose()?;
        let rooms = rooms(raw.rooms, c)?;
        let needs = raw.needs.map(NeedsMap::compile).transpose()?;
        let shelter = raw.shelter;
        let map = Self {
            night,
            observed_at,
            kind,
            kinds,
            sector,
            rooms,
            needs,
            operator_code: Template::parse(&raw.operator.code, "operator.code", c)?,
            operator_name: Template::parse(&raw.operator.name, "operator.name", c)?,
            code: Template::parse(&shelter.code, "shelter.code", c)?,
            shelter_name: Template::parse(&shelter.name, "shelter.name", c)?,
            region: Template::parse(&shelter.region, "shelter.region", c)?,
            district: Template::parse(&shelter.district, "shelter.district", c)?,
            disclosed_when: shelter.disclosed_when.as_deref().map(|name| c.slot(name)),
            closed_when: shelter.closed_when.as_ref().map(|equals| equals_of(equals, c)),
            admits_when: shelter
                .admits_when
                .iter()
                .map(|(need, equals)| (*need, equals_of(equals, c)))
                .collect(),
            languages: shelter.languages,
            report_due: shelter
                .report_due
                .unwrap_or_else(|| NaiveTime::from_hms_opt(9, 0, 0).unwrap_or_default()),
            report_interval_hours: shelter.report_interval_hours.unwrap_or(24),
            name: raw.name,
            source: raw.source,
            licence: raw.licence,
            attribution: raw.attribution,
            zone: raw.night.zone,
            complete_nights: raw.night.complete_nights,
            blanks: raw.blanks,
            decimal: raw.numbers.decimal,
            thousands: raw.numbers.thousands,
            rules: raw
                .rules
                .into_iter()
                .map(|(sector, rules)| (sector, rules_of(&rules)))
                .collect(),
            unusual: raw.unusual,
            columns: Columns::default(),
        };
        let map = Self { columns, ..map };
        map.agree()?;
        Ok(map)
    }

    /// What one key alone cannot show.
    fn agree(&self) -> Result<(), MapError> {
        if self.rooms.is_empty() {
            return Err(MapError::new("rooms", "a map without rooms reads nothing"));
        }
        for text in [
            &self.operator_code,
            &self.operator_name,
            &self.shelter_name,
            &self.region,
            &self.district,
        ] {
            if text.has_nth() {
                return Err(MapError::new("shelter", "{nth} has a meaning in shelter.code only"));
            }
        }
        let has_sectors = self.sector.is_some() || self.rooms.iter().any(|room| room.sector.is_some());
        if !has_sectors && self.rule(ANY_SECTOR).is_none() {
            return Err(MapError::new(
                "rules",
                "without a sector, rules.\"*\" must say whom the shelters admit",
            ));
        }
        for room in &self.rooms {
            if let Some(sector) = &room.sector
                && self.known_sector(sector).is_none()
            {
                return Err(MapError::new(
                    "rooms.sector",
                    format!("rules say nothing of sector {sector:?}"),
                ));
            }
        }
        if self.complete_nights && self.rooms.iter().any(|room| !room.left_out && room.occupied.is_none()) {
            return Err(MapError::new(
                "night.complete_nights",
                "an inventory without occupancy has no nights",
            ));
        }
        Ok(())
    }
}

fn night(raw: &RawNight, columns: &mut Columns) -> Result<(Night, NaiveTime), MapError> {
    let night = match (&raw.column, &raw.instant, raw.fixed) {
        (Some(column), None, None) => {
            if raw.formats.is_empty() {
                return Err(MapError::new(
                    "night.formats",
                    "a date column needs at least one format",
                ));
            }
            Night::Column {
                slot: columns.slot(column),
                formats: raw.formats.clone(),
            }
        }
        (None, Some(column), None) => {
            return Ok((
                Night::Instant {
                    slot: columns.slot(column),
                },
                NaiveTime::MIN,
            ));
        }
        (None, None, Some(date)) => Night::Fixed(date),
        _ => {
            return Err(MapError::new(
                "night",
                "exactly one of `column`, `instant` and `fixed` says when",
            ));
        }
    };
    let time = raw
        .observed_at
        .ok_or_else(|| MapError::new("night.observed_at", "a date needs a time of day"))?;
    Ok((night, time))
}

type Kinds = (ShelterKind, Option<(usize, Vec<(String, ShelterKind)>)>);

fn kinds(shelter: &RawShelter, columns: &mut Columns) -> Result<Kinds, MapError> {
    match (shelter.kind, &shelter.kinds) {
        (Some(kind), None) => Ok((kind, None)),
        (None, Some(kinds)) => {
            let values: Vec<_> = kinds
                .values
                .iter()
                .map(|(value, kind)| (value.clone(), *kind))
                .collect();
            let Some((_, first)) = values.first() else {
                return Err(MapError::new("shelter.kinds.values", "no kind is named"));
            };
            Ok((*first, Some((columns.slot(&kinds.column), values))))
        }
        _ => Err(MapError::new(
            "shelter.kind",
            "exactly one of `kind` and `kinds` says the kind",
        )),
    }
}

fn rooms(raw: Vec<RawRoom>, columns: &mut Columns) -> Result<Vec<RoomMap>, MapError> {
    raw.into_iter()
        .enumerate()
        .map(|(index, room)| room_of(room, &format!("rooms[{index}]"), columns))
        .collect()
}

fn room_of(raw: RawRoom, key: &str, columns: &mut Columns) -> Result<RoomMap, MapError> {
    let c = columns;
    if (raw.kind == RoomKind::Block) != raw.sleeps.is_some() {
        return Err(MapError::new(
            &format!("{key}.sleeps"),
            "rooms counted in rooms say how many sleep in one, others do not",
        ));
    }
    let capacity = Sum::parse(&raw.capacity, &format!("{key}.capacity"), c)?;
    if capacity.first_column().is_none() {
        return Err(MapError::new(&format!("{key}.capacity"), "names no column"));
    }
    if raw.occupied_blank != BlankPolicy::Refuse && raw.occupied.is_none() {
        return Err(MapError::new(
            &format!("{key}.occupied_blank"),
            "there is no `occupied`",
        ));
    }
    let occupied = raw
        .occupied
        .as_deref()
        .map(|text| Sum::parse(text, &format!("{key}.occupied"), c))
        .transpose()?;
    let unavailable = raw
        .unavailable
        .as_deref()
        .map(|text| Sum::parse(text, &format!("{key}.unavailable"), c))
        .transpose()?;
    let checks_key = format!("{key}.checks");
    Ok(RoomMap {
        label: raw.label,
        when: raw
            .when
            .into_iter()
            .map(|(column, value)| Equals {
                slot: c.slot(&column),
                value,
            })
            .collect(),
        kind: raw.kind,
        sleeps: raw.sleeps,
        sector: raw.sector,
        capacity,
        capacity_is: raw.capacity_is,
        occupied,
        occupied_blank: raw.occupied_blank,
        unavailable,
        checks: raw
            .checks
            .iter()
            .map(|text| Check::parse(text, &checks_key, c))
            .collect::<Result<_, _>>()?,
        empty: raw.empty.iter().map(|name| c.slot(name)).collect(),
        left_out: raw.left_out.is_some(),
    })
}

fn equals_of(raw: &RawEquals, columns: &mut Columns) -> Equals {
    Equals {
        slot: columns.slot(&raw.column),
        value: raw.value.clone(),
    }
}

/// What a map leaves unsaid: no limit by age or number, women with and without children, boys up to 12 in shared
/// rooms, no admission need promised.
fn rules_of(raw: &RawRules) -> AdmissionRules {
    AdmissionRules {
        boys_max_age: raw.boys_max_age,
        boys_shared_room_max_age: raw.boys_shared_room_max_age.unwrap_or(12),
        max_children: raw.max_children,
        infants_share_bed: raw.infants_share_bed.unwrap_or(false),
        admits_without_children: raw.admits_without_children.unwrap_or(true),
        admits_women: raw.admits_women.unwrap_or(true),
        admits: raw.admits.clone(),
    }
}
