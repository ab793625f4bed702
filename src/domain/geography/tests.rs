//! An invented country of two regions: the reader is tied to no real one. What packs are refused for is in `faults`.

mod faults;

use super::*;

/// The text of a pack, to be changed by a test before it is read.
#[derive(Clone)]
struct Invented {
    pack_toml: String,
    areas: String,
    regions_geojson: String,
    roads: String,
    items: String,
    kits: String,
    old_names: String,
}

impl Invented {
    fn new() -> Self {
        Self {
            pack_toml: r#"format = 1
country = "XQ"
languages = ["eo", "la"]
default_language = "la"
time_zone = "Pacific/Chatham"
attribution = ["Invented"]
[family_place]
adults = ["18_59"]
children = [{ age = 3, sex = "male" }]
inhabitants = 5000
source = "invented"
[supplies]
critical_below_days = 2
low_below_days = 5
surplus_above_days = 60
currency = "XTS"
[supplies.residents_per_mille]
infant = 250
[reminders]
from = "09:00"
to = "12:00"
second_after_minutes = 60
tell_operators_after_minutes = 120
[holidays]
weekend = ["friday"]
made_up_for = false
source = "a law"
fixed = [{ on = "02-29", name = "Leap" }]
moving = [{ on = "2026-04-05", name = "Feast" }]
[travel]
longest_leg_km = 60
[[travel.terrain]]
code = "flat"
ratio = 1.5
speed_kmh = 60
within_km = 4
within_minutes = 10
basis = "invented"
[[travel.terrain]]
code = "steep"
ratio = 3
speed_kmh = 20
within_km = 9
within_minutes = 30
basis = "invented"
"#
            .to_owned(),
            areas: "level,code,parent,name_eo,name_la,lat,lon,population,basin,terrain,note\n\
                0,XQ,,Insuloj,Insulae,,,900,,,\n\
                1,W,XQ,Okcidento,Occidens,0,10.2,600,,,\n\
                1,E,XQ,Oriento,Oriens,0,12,300,,,\n\
                2,W1,W,Unua,Prima,0,10,400,left,flat,\n\
                2,W2,W,Dua,Secunda,0,10.5,,left,flat,statistics do not split it\n\
                2,E1,E,Tria,Tertia,,,300,right,steep,takes the centre of its region\n"
                .to_owned(),
            regions_geojson: r#"{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"code":"W"},"geometry":{"type":"Polygon","coordinates":[[[9,-1],[11,-1],[11,1],[9,1],[9,-1]]]}},
{"type":"Feature","properties":{"code":"E"},"geometry":{"type":"MultiPolygon","coordinates":[
 [[[11,-1],[13,-1],[13,1],[11,1],[11,-1]],[[11.5,-0.5],[11.5,0.5],[12.5,0.5],[12.5,-0.5],[11.5,-0.5]]],
 [[[13.4,0],[13.4001,0],[13.4001,0.0001],[13.4,0]]]]}}]}"#
                .to_owned(),
            roads: "from,to,km,hours,closed_months,terrain,basis,source,note\n\
                W2,E,200,3,11-2,steep,stated,a traveller,snow\n\
                W1,E1,400,,,flat,derived,a map,\n"
                .to_owned(),
            items: "code,name_eo,name_la,unit,pack_size,category,weight_grams,weight_basis,ifrc_code,quantity_milli,days,for_whom,\
                critical_below_days,low_below_days,surplus_above_days,basis,source,url,how_seen\n\
                bread,Pano,Panis,kg,1,food,1000,by unit,FCERBREA,400,1,resident,,,,,,,invented\n\
                wool,Lano,Lana,piece,6,clothing,90,assumption,,2000,30,infant,1,,,,,,invented\n\
                drum,Tamburo,Tympanum,set,1,other,700,assumption,,,,,,,,,,,invented\n"
                .to_owned(),
            kits: "kit,item,quantity,source,note\ndrum,wool,2,a drummer,\ndrum,bread,1,a drummer,for the way\n".to_owned(),
            old_names: "code,name,note\nW2,Ottobad,to 1900\nE1,Ost-Dorf,\nW2,Drittstadt,\n".to_owned(),
        }
    }

    fn read(&self) -> Result<Pack, PackError> {
        Pack::parse(&PackFiles {
            pack_toml: &self.pack_toml,
            areas: &self.areas,
            regions_geojson: &self.regions_geojson,
            roads: &self.roads,
            items: &self.items,
            kits: &self.kits,
            old_names: &self.old_names,
        })
    }
}

fn pack() -> Pack {
    Invented::new().read().unwrap()
}

#[test]
fn an_invented_country_is_read() {
    let pack = pack();
    assert_eq!(pack.country.code, "XQ");
    assert_eq!(pack.time_zone, chrono_tz::Pacific::Chatham);
    assert_eq!(pack.languages, ["eo", "la"]);
    assert_eq!(pack.default_language, "la");
    assert_eq!((pack.regions.len(), pack.districts.len(), pack.items.len()), (2, 3, 3));
    assert_eq!(pack.region_of("E1").unwrap().code, "E");
    assert_eq!(pack.region_of("nowhere").map(|r| &r.code), None);
    assert_eq!(
        pack.districts_of("W").map(|d| d.code.as_str()).collect::<Vec<_>>(),
        ["W1", "W2"]
    );
    assert_eq!(pack.currency, "XTS");
    let bill = vec![("wool".to_owned(), 2), ("bread".to_owned(), 1)];
    assert_eq!((pack.kits.len(), &pack.kits[0].lines), (1, &bill));
    let bread = pack.item("bread").unwrap();
    assert_eq!(
        (bread.weight_grams, bread.ifrc_code.as_deref()),
        (1000, Some("FCERBREA"))
    );
    assert_eq!(pack.item("wool").unwrap().ifrc_code, None);
    assert_eq!(pack.family_place.children[0].age, 3);
    assert_eq!(
        (pack.reminders.second_after, pack.reminders.tell_operators_after),
        (60, 120)
    );
    let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
    let off = ["2026-04-05", "2026-04-10", "2028-02-29"];
    assert!(off.iter().all(|off| !pack.holidays.is_working(day(off))));
    assert!(pack.holidays.is_working(day("2026-04-11")) && pack.holidays.is_working(day("2027-04-05")));
    let third = pack.district("E1").unwrap();
    assert_eq!((third.centre, third.own_centre), (Point { lat: 0.0, lon: 12.0 }, false));
    assert_eq!(pack.district("W2").unwrap().population, None);
}

#[test]
fn districts_keep_their_old_names_in_the_order_of_the_table() {
    let pack = pack();
    assert_eq!(pack.district("W2").unwrap().old_names, ["Ottobad", "Drittstadt"]);
    assert_eq!(pack.district("E1").unwrap().old_names, ["Ost-Dorf"]);
    assert!(pack.district("W1").unwrap().old_names.is_empty());
}

#[test]
fn names_fall_back_to_the_default_language() {
    let pack = pack();
    let names = &pack.district("W1").unwrap().names;
    assert_eq!(names.in_language("eo"), "Unua");
    assert_eq!(names.in_language("tlh"), "Prima");
    assert_eq!(serde_json::to_string(names).unwrap(), r#"{"la":"Prima","eo":"Unua"}"#);
}

#[test]
fn ways_follow_roads_estimates_and_the_month() {
    let pack = pack();
    let way = |from, to, month| pack.travel(from, to, month).unwrap();
    // 55.6 km straight, by 1.5, at 60 km/h.
    assert_eq!(
        way("W1", "W2", 1),
        Travel {
            km: 83.4,
            minutes: 83.0,
            by_road: false
        }
    );
    assert_eq!(
        way("W2", "E1", 7),
        Travel {
            km: 200.0,
            minutes: 180.0,
            by_road: true
        }
    );
    // An estimate to the road, and the road.
    assert_eq!(
        way("W1", "E1", 7),
        Travel {
            km: 283.4,
            minutes: 263.0,
            by_road: false
        }
    );
    // From November to February only the long way is open; it is no source's word.
    for month in [11, 12, 1, 2] {
        assert_eq!(
            way("W1", "E1", month),
            Travel {
                km: 400.0,
                minutes: 400.0,
                by_road: false
            }
        );
        assert_eq!(
            way("E1", "W2", month),
            Travel {
                km: 483.4,
                minutes: 483.0,
                by_road: false
            }
        );
    }
    for month in [3, 10] {
        assert_eq!(way("E1", "W2", month).minutes, 180.0);
    }
    assert_eq!(
        way("E1", "E1", 5),
        Travel {
            km: 9.0,
            minutes: 30.0,
            by_road: false
        }
    );
    for (from, to, month) in [
        ("W1", "E1", 0),
        ("W1", "E1", 13),
        ("W1", "nowhere", 5),
        ("nowhere", "W1", 5),
    ] {
        assert_eq!(pack.travel(from, to, month), None);
    }
}

#[test]
fn a_guess_never_outruns_a_known_road() {
    let mut files = Invented::new();
    files.roads.push_str("W1,W2,60,9,,steep,stated,a tired traveller,\n");
    let way = files.read().unwrap().travel("W1", "W2", 6).unwrap();
    assert_eq!(
        way,
        Travel {
            km: 60.0,
            minutes: 540.0,
            by_road: true
        }
    );
}

#[test]
fn a_lonely_place_is_joined_to_its_nearest() {
    let mut files = Invented::new();
    files
        .areas
        .push_str("2,W3,W,Kvara,Quarta,0,7,,left,steep,far from all\n");
    files.regions_geojson = files.regions_geojson.replace("[9,", "[6,");
    let way = files.read().unwrap().travel("W3", "W2", 6).unwrap();
    // 333.6 km to W1, by 3, at 20 km/h; then on as before.
    assert_eq!(
        way,
        Travel {
            km: 1084.2,
            minutes: 3086.0,
            by_road: false
        }
    );
}

#[test]
fn planning_figures_are_exact() {
    let pack = pack();
    let rate = |code| pack.item(code).unwrap().per_person_per_day;
    assert_eq!(
        rate("bread"),
        Some(DailyRate {
            milli_units: 400,
            days: 1
        })
    );
    // Two in thirty days for one of four: a sixtieth.
    assert_eq!(
        rate("wool"),
        Some(DailyRate {
            milli_units: 50,
            days: 3
        })
    );
    assert!((rate("wool").unwrap().units_per_day() - 1.0 / 60.0).abs() < 1e-12);
    let use_of = |persons| rate("wool").unwrap().daily_use_milli(persons);
    assert_eq!([0, 1, 2, 3, 60].map(use_of), [0, 17, 33, 50, 1000]);
    assert_eq!(rate("drum"), None);
    let own = pack.item("wool").unwrap().thresholds;
    assert_eq!(
        (own.critical_below_days, own.low_below_days, own.surplus_above_days),
        (1, 5, 60)
    );
    assert_eq!(pack.item("bread").unwrap().thresholds, pack.supplies);
}

#[test]
fn shapes_keep_holes_and_the_smallest_exclave() {
    let pack = pack();
    assert_eq!(pack.view_box(), "0 0 1000 455");
    assert_eq!(pack.region("W").unwrap().shape, "M455 0l0 455-455 0 0-455Z");
    assert_eq!(
        pack.region("E").unwrap().shape,
        "M455 0l454 0 0 455-454 0ZM568 114l0 227 227 0 0-227ZM999 227l1 0 0 1-1 0Z"
    );
}

#[test]
fn a_shared_border_is_made_coarser_once_for_both() {
    use super::simplify::simplify;
    // Two squares whose common side is a zigzag; walked downwards by one and upwards by the other.
    let side: Vec<(i32, i32)> = (0..=100).map(|y| (100 + (y * 7) % 5, y * 2)).collect();
    let mut left = vec![(0, 200), (0, 0)];
    left.extend(&side);
    let mut right = vec![(300, 0), (300, 200)];
    right.extend(side.iter().rev());
    let coarse = simplify(&[left, right], 3.0);
    let on_side = |ring: &[(i32, i32)]| {
        let mut dots: Vec<_> = ring.iter().copied().filter(|d| (90..110).contains(&d.0)).collect();
        dots.sort_by_key(|d| d.1);
        dots
    };
    assert_eq!(on_side(&coarse[0]), on_side(&coarse[1]));
    assert!(coarse[0].len() < 60, "{} points", coarse[0].len());
}

#[test]
fn straight_lines_are_great_circles() {
    let quarter = straight_km(Point { lat: 0.0, lon: 0.0 }, Point { lat: 90.0, lon: 0.0 });
    assert!((quarter - 10_007.557).abs() < 0.01, "{quarter}");
    let half = straight_km(Point { lat: 0.0, lon: -90.0 }, Point { lat: 0.0, lon: 90.0 });
    assert!((half - 20_015.115).abs() < 0.01, "{half}");
}
