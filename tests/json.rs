//! Our reader and writer of JSON, held against serde's.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use ossicle::json::{Json, Raw, ToJson, amended, object};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A tree of what is read, made by the reader's own means.
fn tree(json: Json<'_>) -> Value {
    match () {
        () if json.is_null() => Value::Null,
        () if json.is_list() => json.items().map(tree).collect(),
        () if json.is_object() => json.entries().map(|(name, value)| (name.text().unwrap(), tree(value))).collect(),
        () => None
            .or_else(|| json.bool().map(Value::Bool))
            .or_else(|| json.text().map(Value::String))
            .unwrap_or_else(|| json!(json.number().unwrap())),
    }
}

/// JSON does not tell 4 from 4.0, and we do not tell numbers that differ in the last places.
fn is_same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(ours), Value::Number(theirs)) => {
            let (ours, theirs) = (ours.as_f64().unwrap(), theirs.as_f64().unwrap());
            (ours - theirs).abs() <= theirs.abs() * 8.0 * f64::EPSILON + f64::MIN_POSITIVE
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| is_same(ours, theirs))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().all(|(key, ours)| theirs.get(key).is_some_and(|it| is_same(ours, it)))
        }
        _ => ours == theirs,
    }
}

/// Both read a text alike, or neither does.
fn agree(text: &str) -> Result<(), TestCaseError> {
    let theirs = serde_json::from_str::<Value>(text).ok();
    let ours = Json::read(text).map(tree);
    match (&ours, &theirs) {
        (Some(ours), Some(theirs)) => prop_assert!(is_same(ours, theirs), "{text}: {ours} is not {theirs}"),
        _ => prop_assert_eq!(ours.is_some(), theirs.is_some(), "{}", text),
    }
    Ok(())
}

fn values() -> impl Strategy<Value = Value> {
    let leaves = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaves.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::from),
            btree_map(any::<String>(), inner, 0..8).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Pieces of which texts that are nearly JSON are made.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[\\[\\]{},:\" \\t\\n\\r]",
        "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{0,3})?([eE][+-]?[0-9]{0,3})?",
        "(true|false|null|nul|TRUE|NaN|Infinity)",
        "\"(\\\\[\"\\\\/bfnrtux]|[a-z]|\\\\u[0-9a-fA-F]{3,4})*\"",
        "\\PC",
        any::<char>().prop_map(String::from),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Half a surrogate pair: serde's reader refuses it, JavaScript writes it.
fn has_half_a_pair(text: &str) -> bool {
    Json::read(text).is_some() && text.to_ascii_lowercase().contains("\\ud")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_serde_writes_is_read_as_it_was(value in values()) {
        agree(&value.to_string())?;
        agree(&serde_json::to_string_pretty(&value).unwrap())?;
        prop_assert!(is_same(&tree(Json::read(&value.to_string()).unwrap()), &value));
    }

    #[test]
    fn a_text_is_json_for_us_if_it_is_for_serde(text in pieces()) {
        if !has_half_a_pair(&text) {
            agree(&text)?;
        }
    }

    #[test]
    fn a_text_of_which_a_piece_is_missing_or_doubled_is_judged_alike(
        value in values(), at in any::<proptest::sample::Index>(), doubled in any::<bool>(),
    ) {
        let mut chars: Vec<char> = value.to_string().chars().collect();
        let at = at.index(chars.len());
        if doubled {
            chars.insert(at, chars[at]);
        } else {
            chars.remove(at);
        }
        let text: String = chars.into_iter().collect();
        if !has_half_a_pair(&text) {
            agree(&text)?;
        }
    }

    #[test]
    fn a_text_is_written_so_that_serde_reads_it(text in any::<String>(), control in "[\0-\u{1f}\"\\\\/]*") {
        for text in [text, control] {
            prop_assert_eq!(serde_json::from_str::<String>(&text.to_json()).unwrap(), text);
        }
    }

    #[test]
    fn a_number_is_written_to_the_nearest_billionth(nanos in 0..4_000_000_000_000_000_u64, whole in any::<u64>()) {
        let seconds = nanos as f64 / 1e9;
        prop_assert_eq!(Json::read(&seconds.to_json()).unwrap().number(), Some(seconds));
        prop_assert_eq!(serde_json::from_str::<f64>(&(-seconds).to_json()).unwrap(), -seconds);
        prop_assert_eq!(whole.to_json(), whole.to_string());
    }

    #[test]
    fn any_number_is_written_as_json(number in any::<f64>()) {
        let written: Option<f64> = serde_json::from_str(&number.to_json()).unwrap();
        prop_assert_eq!(written.is_some(), number.is_finite());
        let error = (written.unwrap_or(number) - number).abs();
        prop_assert!(!number.is_finite() || error <= number.abs() * 32.0 * f64::EPSILON + 5.1e-10, "{} {}", number, number.to_json());
    }

    #[test]
    fn short_numbers_are_read_exactly(digits in 0..=1_u64 << 53, power in -22..=22_i32, negative in any::<bool>()) {
        let text = format!("{}{digits}e{power}", if negative { "-" } else { "" });
        prop_assert_eq!(Json::read(&text).unwrap().number(), text.parse().ok());
    }
}

#[test]
fn what_is_nested_deeper_than_serde_reads_is_refused_without_using_the_stack_for_it() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for depth in [1, 126, 127, 128, 129, 1_000_000] {
            let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let theirs = depth < 1_000 && serde_json::from_str::<Value>(&text).is_ok();
            assert_eq!(Json::read(&text).is_some(), theirs, "{depth}");
        }
        assert!(Json::read(&open.repeat(1_000_000)).is_none());
    }
}

#[test]
fn numbers_at_the_edges_are_judged_as_serde_does() {
    for text in
        ["1e308", "1e309", "-1e400", "0e999999999999", "1e-999999999999", "1e99999999999999999999", "5e-324", "1e-400"]
    {
        agree(text).unwrap();
    }
    let (zeros, ones) = ("0".repeat(400), "1".repeat(400));
    for text in
        [format!("0.{zeros}1"), format!("1{zeros}e-400"), format!("0.{zeros}1e400"), ones.clone(), format!("1.{ones}")]
    {
        agree(&text).unwrap();
    }
}

#[test]
fn half_a_surrogate_pair_is_replaced_and_takes_nothing_with_it() {
    let read = |text| Json::read(text).unwrap().text().unwrap();
    assert_eq!(read(r#""\ud83d\ude00""#), "😀");
    assert_eq!(read(r#""a\ud83d""#), "a\u{fffd}");
    assert_eq!(read(r#""\ude00b""#), "\u{fffd}b");
    assert_eq!(read(r#""\ud83d\ud83d\ude00\n""#), "\u{fffd}😀\n");
    assert_eq!(read(r#""\ud83d\u0041""#), "\u{fffd}A");
}

#[test]
fn of_several_values_of_one_name_the_last_counts_however_the_name_is_written() {
    let json = Json::read(r#"{ "a": 1, "\u0061" : [ 2 ], "b\n": 3 }"#).unwrap();
    assert_eq!((json.get("a").as_str(), json.get("b\n").as_str(), json.get("c")), ("[ 2 ]", "3", Json::NULL));
    let mut amend = String::new();
    amended(&mut amend, json, &[("b\n", &None::<u32>), ("d", &Some(4_u32))]);
    assert_eq!(amend, r#"{"a":1,"\u0061":[ 2 ],"d":4}"#);
}

#[test]
fn what_is_asked_for_what_it_is_not_is_nothing() {
    let json = Json::read(r#"["a", -1, 1.5, 9007199254740993, 256, {}]"#).unwrap();
    let items: Vec<_> = json.items().collect();
    assert!(items.iter().all(|item| item.whole::<u8>().is_none() && item.bool().is_none() && item.get("x").is_null()));
    assert_eq!(
        (items[0].number(), items[1].text(), items[3].whole::<u64>(), items[4].whole::<u16>()),
        (None, None, None, Some(256))
    );
    assert_eq!((json.entries().count(), items[5].items().count(), Json::NULL.text()), (0, 0, None));
    assert!(items[0].is("a") && !items[0].is("b") && !items[1].is("-1"));
}

#[test]
fn an_object_without_members_is_one_and_nothing_that_is_read_is_printed() {
    let mut empty = String::new();
    object(&mut empty, &[]);
    assert_eq!(empty, "{}");
    let raw = Raw::read(" \"penicillin\" ".to_owned()).unwrap();
    assert_eq!(format!("{raw:?} {:?}", raw.json()), "<JSON> <JSON>");
    assert!(raw.json().is("penicillin") && Raw::read("penicillin".to_owned()).is_none());
}
