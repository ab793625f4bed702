//! JSON bodies: refused with a 400 or with a 422 that names a field, and what is taken has no key twice and no deep nesting.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use panoh::http::body::parse;
use panoh::http::problem::Problem;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let own = [
        parse::<panoh::http::reports::ReportBody>(bytes).err(),
        parse::<panoh::http::shelters::ShelterBody>(bytes).err(),
        parse::<panoh::http::schedules::ScheduleBody>(bytes).err(),
        parse::<panoh::http::transfers::TransferBody>(bytes).err(),
    ];
    own.iter().flatten().for_each(told);
    match parse::<BTreeMap<String, Value>>(bytes) {
        Err(problem) => {
            told(&problem);
            assert!(problem.status == 400 || own.iter().all(Option::is_some), "of no shape, and of one");
        }
        Ok(map) => {
            let value = Value::Object(map.clone().into_iter().collect());
            assert!(depth(&value) <= 32);
            let again = serde_json::to_vec(&value).expect("what was read can be written");
            let again: BTreeMap<String, Value> = parse(&again).expect("it was read before");
            assert!(is_same(&Value::Object(again.into_iter().collect()), &value), "{value}");
            // A field that is unknown everywhere, and a key twice.
            if let Ok(text) = std::str::from_utf8(bytes) {
                let twice = text.trim_end().strip_suffix('}').map(|open| format!("{open},\"~\":1,\"~\":2}}"));
                if let Some(twice) = twice.filter(|_| !value.as_object().is_some_and(serde_json::Map::is_empty)) {
                    assert!(parse::<BTreeMap<String, Value>>(twice.as_bytes()).is_err());
                }
            }
        }
    }
});

fn told(problem: &Problem) {
    match problem.status {
        400 => assert!(!problem.code.is_empty()),
        422 => assert!(problem.errors.iter().all(|error| !error.field.is_empty()) && !problem.errors.is_empty()),
        other => panic!("{other} for a body"),
    }
}

/// A number that is whole and fits is read exactly; of others, of which no body of ours has any, the last bit may differ.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|((key, one), (name, other))| key == name && is_same(one, other))
        }
        (Value::Number(one), Value::Number(other)) if one.is_f64() && other.is_f64() => {
            let (one, other) = (one.as_f64().unwrap_or(f64::NAN), other.as_f64().unwrap_or(f64::NAN));
            (one - other).abs() <= one.abs() * f64::EPSILON
        }
        _ => one == other,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
