//! The part `wasm`: the crate's own tests, compiled to wasm, in headless Chromium and Firefox, against a real sandbox.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::{Verdict, tests};
use crate::place;
use crate::serve::Sandbox;
use crate::setup::{apt, wasm_target};

/// How the browsers are to be started. The file is also what `wasm-pack test` finds when it is run by hand.
const WEBDRIVER: &str = include_str!("../../../webdriver.json");
/// The browsers' places in that file, where Debian has them.
const CHROMIUM: &str = "/usr/bin/chromium";
const FIREFOX: &str = "/usr/bin/firefox-esr";

/// Runs the tests in one browser after the other.
pub(super) fn check() -> Result<Verdict> {
    let settings = place::scratch().join("webdriver.json");
    let chromium = apt::CHROMIUM[0].program()?.display().to_string();
    let firefox = apt::FIREFOX[0].program()?.display().to_string();
    fs::write(&settings, webdriver(&chromium, &firefox)).context("cannot write webdriver.json")?;

    let sandbox = Sandbox::start(&["--port".to_owned(), "0".to_owned()])?;
    let drivers = [("chrome", apt::CHROMEDRIVER[0].program()?), ("firefox", geckodriver()?)];
    let mut verdict = Verdict::default();
    for (browser, driver) in drivers {
        let run = wasm_target::run(format!("run the browser tests in {browser}"), "wasm-pack")
            .args(["test", "--headless", &format!("--{browser}")])
            .arg(match browser {
                "chrome" => "--chromedriver",
                _ => "--geckodriver",
            })
            .arg(driver)
            .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", &settings)
            // Seconds for all tests of one file; the runner's own 20 are few for tests that stream.
            .env("WASM_BINDGEN_TEST_TIMEOUT", "180")
            // Read when the tests are compiled: a page has no environment.
            .env("OSSICLE_SANDBOX_URL", &sandbox.url);
        verdict = verdict.and(tests(run)?);
        if !verdict.passed() {
            break;
        }
    }
    Ok(verdict)
}

fn geckodriver() -> Result<PathBuf> {
    place::program(&["geckodriver"]).context("geckodriver is missing: run `cargo xtask setup`")
}

/// The settings with the browsers that are here.
fn webdriver(chromium: &str, firefox: &str) -> String {
    // A path is written as in JSON.
    let quoted = |path: &str| path.replace('\\', "\\\\").replace('"', "\\\"");
    WEBDRIVER.replace(CHROMIUM, &quoted(chromium)).replace(FIREFOX, &quoted(firefox))
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn the_browsers_that_are_here_are_the_ones_started() {
        let settings = webdriver("/opt/google/chrome", "C:\\Firefox\\firefox.exe");
        assert!(settings.contains("\"binary\": \"/opt/google/chrome\""), "{settings}");
        assert!(settings.contains("\"binary\": \"C:\\\\Firefox\\\\firefox.exe\""), "{settings}");
        assert!(!settings.contains(CHROMIUM) && !settings.contains(FIREFOX));
    }
}
