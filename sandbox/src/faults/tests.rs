//! The schedule, on a simulated clock.
#![allow(clippy::unwrap_used, clippy::panic)]

use serde_json::json;

use super::*;

#[test]
fn upgrades_are_refused_for_so_long_after_the_first() {
    let mut faults = Faults::default();
    let Value::Object(body) = json!({ "upgrade": 503, "refuseForSeconds": 8 }) else { panic!() };
    assert!(faults.add(body).is_ok());
    let first = Instant::now();
    let mut is_refused =
        |milliseconds| faults.take(Uuid::nil(), first + Duration::from_millis(milliseconds)).upgrade.is_some();
    assert!(is_refused(0) && is_refused(0) && is_refused(8_000));
    assert!(!is_refused(8_001));
    assert!(!is_refused(8_002), "it is over for good");
}
