//! The figures of the country by plain SQL on the tables, written from the definitions and not from the service's code.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveTime, Timelike};
use panoh::domain::id::Moment;
use panoh::services::Services;

use super::stage::Stage;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Beds {
    pub beds: u64,
    pub occupied: u64,
    pub held: u64,
    pub enclosed: u64,
    pub out_of_service: u64,
    pub free: u64,
    pub over_capacity: u64,
    pub family_places: u64,
}

/// A room's free beds, from the identity of every bed; a family place is room for a woman with a girl of 7 and a boy of
/// 4 in one room: three beds, or a private room or unit that nobody has. Claims that start later are on full rooms here,
/// and keep nothing from anybody yet.
const BEDS: &str = "
WITH claimed AS (
  SELECT l.room_id, SUM(l.beds) AS beds, SUM(l.cots) AS cots FROM hold_line l JOIN hold h ON h.id = l.hold_id
  WHERE h.state IN ('asked', 'accepted') AND h.expires_at > NOW AND COALESCE(h.starts_at, 0) <= NOW GROUP BY l.room_id
), room_now AS (
  SELECT s.region, r.kind, COALESCE(r.sleeps, 0) AS sleeps, r.beds,
    COALESCE(n.occupied_beds, 0) AS occupied, COALESCE(n.out_of_service_beds, 0) AS out_beds,
    COALESCE(c.beds, 0) AS held,
    COALESCE(n.occupied_beds, 0) + COALESCE(n.occupied_cots, 0) + COALESCE(c.beds, 0) + COALESCE(c.cots, 0) AS taken,
    CASE WHEN COALESCE({rules.max_children}, 2) >= 2 AND COALESCE({rules.boys_max_age}, 17) >= 4 THEN 1 ELSE 0 END AS admits,
    {rules.boys_shared_room_max_age} AS boys_shared
  FROM room r JOIN shelter s ON s.id = r.shelter_id JOIN shelter_state h ON h.shelter_id = s.id
  LEFT JOIN room_state n ON n.room_id = r.id LEFT JOIN claimed c ON c.room_id = r.id
  WHERE r.retired_at IS NULL AND h.observed_at IS NOT NULL
), base AS (
  SELECT room_now.*, beds - out_beds - occupied - held AS left_over FROM room_now
), counted AS (
  SELECT base.*,
    CASE WHEN left_over > 0 AND kind = 'private' AND taken > 0 THEN left_over ELSE 0 END AS enclosed,
    CASE WHEN left_over > 0 AND NOT (kind = 'private' AND taken > 0) THEN left_over ELSE 0 END AS free,
    CASE WHEN left_over < 0 THEN -left_over ELSE 0 END AS over
  FROM base
)
SELECT region, CAST(SUM(beds) AS text), CAST(SUM(occupied) AS text), CAST(SUM(held) AS text), CAST(SUM(enclosed) AS text),
  CAST(SUM(out_beds) AS text), CAST(SUM(free) AS text), CAST(SUM(over) AS text),
  CAST(SUM(admits * CASE kind WHEN 'private' THEN CASE WHEN free >= 3 THEN 1 ELSE 0 END
    WHEN 'block' THEN CASE WHEN sleeps >= 3 THEN free ELSE 0 END
    ELSE CASE WHEN boys_shared >= 4 THEN free / 3 ELSE 0 END END) AS text)
FROM counted GROUP BY region";

/// By region code, and of the country under the empty code.
pub async fn beds(stage: &Stage, now: Moment) -> BTreeMap<String, Beds> {
    let closed = "SELECT CAST(COUNT(*) AS text) FROM shelter_state WHERE NOT operating";
    assert_eq!(stage.number(closed).await, 0, "a closed shelter is counted otherwise");
    let rows = stage
        .sql(&BEDS.replace("NOW", &now.timestamp_millis().to_string()))
        .await;
    let mut regions = BTreeMap::new();
    let mut country = Beds::default();
    for row in rows {
        let n: Vec<u64> = row[1..].iter().map(|cell| cell.parse().unwrap()).collect();
        let region = Beds {
            beds: n[0],
            occupied: n[1],
            held: n[2],
            enclosed: n[3],
            out_of_service: n[4],
            free: n[5],
            over_capacity: n[6],
            family_places: n[7],
        };
        country.beds += region.beds;
        country.occupied += region.occupied;
        country.held += region.held;
        country.enclosed += region.enclosed;
        country.out_of_service += region.out_of_service;
        country.free += region.free;
        country.over_capacity += region.over_capacity;
        country.family_places += region.family_places;
        regions.insert(row[0].clone(), region);
    }
    regions.insert(String::new(), country);
    regions
}

/// Codes of the shelters that did not report yesterday or today, and how many shelters there are. Of a country that is due to
/// report by nine, before the operators are told of today's reports.
pub async fn missing(stage: &Stage, now: Moment) -> (BTreeSet<String>, u64) {
    let wall = now.with_timezone(&chrono_tz::Asia::Dushanbe);
    assert!(wall.hour() < 15);
    let yesterday = (wall.date_naive() - Days::new(1))
        .and_time(NaiveTime::MIN)
        .and_local_timezone(wall.timezone());
    let rows = stage
        .sql(
            "SELECT s.code, CAST(COALESCE(h.observed_at, 0) AS text), CAST(s.report_due AS text),
               CAST(s.report_interval_hours AS text)
             FROM shelter s LEFT JOIN shelter_state h ON h.shelter_id = s.id",
        )
        .await;
    assert!(rows.iter().all(|row| row[2] == "540" && row[3] == "24"));
    let from = yesterday.unwrap().timestamp_millis();
    let missing = rows.iter().filter(|row| row[1].parse::<i64>().unwrap() < from);
    (missing.map(|row| row[0].clone()).collect(), rows.len() as u64)
}

/// Shelters that reported within their own rhythm, and all, by region code and of the country.
pub async fn reported(stage: &Stage, now: Moment) -> BTreeMap<String, (u64, u64)> {
    let sql = format!(
        "SELECT s.region, CAST(SUM(CASE WHEN {} - h.observed_at <= s.report_interval_hours * 3600000 THEN 1 ELSE 0 END) AS text),
           CAST(COUNT(*) AS text)
         FROM shelter s LEFT JOIN shelter_state h ON h.shelter_id = s.id GROUP BY s.region",
        now.timestamp_millis()
    );
    let mut regions = BTreeMap::new();
    let mut country = (0, 0);
    for row in stage.sql(&sql).await {
        let (fresh, all) = (row[1].parse().unwrap(), row[2].parse().unwrap());
        country = (country.0 + fresh, country.1 + all);
        regions.insert(row[0].clone(), (fresh, all));
    }
    regions.insert(String::new(), country);
    regions
}

/// Shelters with under three and under seven days of an item, by item, where anybody is short.
pub async fn shortages(stage: &Stage, services: &Services) -> BTreeMap<String, (u64, u64)> {
    let rows = stage
        .sql(
            "SELECT k.item, CAST(k.on_hand AS text), CAST(SUM(n.occupied_beds + n.occupied_cots) AS text)
             FROM stock k JOIN room r ON r.shelter_id = k.shelter_id AND r.retired_at IS NULL
             JOIN room_state n ON n.room_id = r.id GROUP BY k.shelter_id, k.item, k.on_hand",
        )
        .await;
    let mut short: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for row in rows {
        let item = services.pack.item(&row[0]).unwrap();
        let (on_hand, people): (f64, f64) = (row[1].parse().unwrap(), row[2].parse().unwrap());
        let a_day = item.per_person_per_day.map_or(0.0, |rate| rate.units_per_day()) * people;
        // The service counts use in whole thousandths; on the very edge of a threshold the two may differ.
        let days = on_hand / ((a_day * 1000.0).round() / 1000.0);
        if a_day > 0.0 && days < f64::from(item.thresholds.low_below_days) {
            let line = short.entry(row[0].clone()).or_default();
            if days < f64::from(item.thresholds.critical_below_days) {
                line.0 += 1;
            } else {
                line.1 += 1;
            }
        }
    }
    short
}

/// Referrals closed unmet in October 2026 as they were counted, and how often each reason was given.
pub async fn unmet_in_october(stage: &Stage) -> (u64, BTreeMap<String, u64>) {
    let rows = stage
        .sql("SELECT counts FROM period_figures WHERE period = '2026-10'")
        .await;
    let counted: serde_json::Value = serde_json::from_str(&rows[0][0]).unwrap();
    let figures: BTreeMap<String, u64> = serde_json::from_value(counted["figures"].clone()).unwrap();
    let reason = |(code, count): (&String, &u64)| Some((code.strip_prefix("reason:")?.to_owned(), *count));
    (figures["unmet"], figures.iter().filter_map(reason).collect())
}
