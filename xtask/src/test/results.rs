//! What became of single tests, read from what their runners say: cargo's text, and the lines that
//! `tests/support/results.mjs` writes for Node.

use std::iter::Sum;
use std::ops::Add;

use anyhow::{Context, Result};
use serde_json::Value;

/// How many tests there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) skipped: u64,
}

impl Add for Count {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl Sum for Count {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), Self::add)
    }
}

/// A test that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failed {
    /// Its names, from the outermost, and what it says of itself, for people.
    pub(super) what: String,
    /// What to run to see it again.
    pub(super) again: String,
}

/// What a runner said of its tests.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Results {
    pub(super) count: Count,
    pub(super) failed: Vec<Failed>,
}

/// Reads the output of `cargo test --no-fail-fast`.
pub(super) fn of_cargo(output: &str) -> Results {
    let lines = || output.lines();
    let count: Count = lines().filter_map(summary).sum();
    // The programs with a test that failed are named at the end, in the order in which they ran.
    let mut targets = lines().filter_map(|line| line.strip_prefix("    `-p ")?.strip_suffix('`'));
    let (mut failed, mut names) = (Vec::new(), Vec::<String>::new());
    let mut is_listed = false;
    for line in lines() {
        if line == "failures:" {
            // It stands there twice: above what the tests printed, and above their names.
            names.clear();
            is_listed = true;
        } else if line.starts_with("test result: FAILED") {
            let target = targets.next();
            let command = target.map_or_else(|| "cargo test".to_owned(), |target| format!("cargo test -p {target}"));
            let again = |name: &str| format!("{command} {}", quoted(name));
            failed.extend(names.drain(..).map(|name| Failed { again: again(&name), what: name }));
            is_listed = false;
        } else if let Some(name) = line.strip_prefix("    ").filter(|name| is_listed && !name.starts_with(' ')) {
            names.push(name.to_owned());
        }
    }
    Results { count, failed }
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
fn summary(line: &str) -> Option<Count> {
    let (_, numbers) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let number = |what: &str| {
        let mut fields = numbers.split(';').map(str::trim);
        fields.find_map(|field| field.strip_suffix(what)?.trim().parse().ok())
    };
    Some(Count { passed: number(" passed")?, failed: number(" failed")?, skipped: number(" ignored").unwrap_or(0) })
}

/// Reads what `tests/support/results.mjs` wrote about the part of this name.
pub(super) fn of_node(part: &str, text: &str) -> Result<Results> {
    let written: Value = serde_json::from_str(text).context("the results of Node's tests cannot be read")?;
    let number = |name: &str| written[name].as_u64().unwrap_or(0);
    let list = written["failed"].as_array().context("the results of Node's tests have no list of failures")?;
    let failed: Vec<Failed> = list.iter().map(|one| node_failure(part, one)).collect();
    let count = Count { passed: number("passed"), failed: failed.len() as u64, skipped: number("skipped") };
    Ok(Results { count, failed })
}

fn node_failure(part: &str, one: &Value) -> Failed {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let path = text(&one["file"]);
    let file = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let names: Vec<String> = one["names"].as_array().into_iter().flatten().map(text).collect();
    let names = names.iter().filter(|name| **name != path).map(String::as_str);
    let what = std::iter::once(file).chain(names).collect::<Vec<_>>().join(" › ");
    let mut again = format!("cargo xtask test --only {part} --file {file}");
    let run = text(&one["run"]);
    // A file that failed as a whole goes by its path.
    if run != path {
        again = format!("{again} --name {}", quoted(&run));
    }
    let kept = one["kept"].as_str().map(|folder| format!("\n      kept in {folder}")).unwrap_or_default();
    Failed { what: format!("{what}: {}{kept}", text(&one["message"])), again }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./:".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const CARGO: &str = "     Running unittests src/lib.rs (target/debug/deps/ossicle-0a)

running 2 tests
test audio::a ... ok
test audio::b ... FAILED

failures:

---- audio::b stdout ----
thread 'audio::b' panicked at src/audio/mod.rs:3:5:
    indented text of a test


failures:
    audio::b

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s

error: test failed, to rerun pass `-p ossicle --lib`
     Running tests/session/main.rs (target/debug/deps/session-0b)

test result: ok. 40 passed; 0 failed; 3 ignored; 0 measured; 0 filtered out; finished in 2.50s

failures:
    a_case
    storms::another

test result: FAILED. 0 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s

error: 2 targets failed:
    `-p ossicle --lib`
    `-p ossicle-sandbox --test server`
";

    #[test]
    fn every_summary_of_cargo_counts() {
        assert_eq!(of_cargo(CARGO).count, Count { passed: 41, failed: 3, skipped: 3 });
    }

    #[test]
    fn every_failure_of_cargo_has_the_command_that_shows_it_again() {
        let commands: Vec<String> = of_cargo(CARGO).failed.into_iter().map(|failed| failed.again).collect();
        assert_eq!(
            commands,
            [
                "cargo test -p ossicle --lib audio::b",
                "cargo test -p ossicle-sandbox --test server a_case",
                "cargo test -p ossicle-sandbox --test server storms::another",
            ]
        );
    }

    #[test]
    fn what_a_test_prints_does_not_count() {
        let output = "  # pass 100\ntest passes 3 passed ... ok\ntest result: unknown\n    a line\n";
        assert_eq!(of_cargo(output), Results::default());
    }

    #[test]
    fn every_failure_of_node_has_the_command_that_shows_it_again() {
        let text = r#"{ "passed": 7, "skipped": 2, "failed": [
            { "file": "/home/me/tests/browser/run.test.mjs", "names": ["Chromium", "in a worker: rest.js", "it's refused"],
              "message": "1 is not 2", "run": "in a worker: rest.js" },
            { "file": "/home/me/tests/browser/run.test.mjs", "names": ["/home/me/tests/browser/run.test.mjs"],
              "message": "test failed", "run": "/home/me/tests/browser/run.test.mjs", "kept": "target/kept/run" }
        ] }"#;
        let results = of_node("browser", text).unwrap();
        assert_eq!(results.count, Count { passed: 7, failed: 2, skipped: 2 });
        assert_eq!(results.failed[0].what, "run.test.mjs › Chromium › in a worker: rest.js › it's refused: 1 is not 2");
        let command = "cargo xtask test --only browser --file run.test.mjs";
        assert_eq!(results.failed[0].again, format!("{command} --name 'in a worker: rest.js'"));
        assert_eq!(
            (results.failed[1].what.as_str(), &*results.failed[1].again),
            ("run.test.mjs: test failed\n      kept in target/kept/run", command)
        );
    }

    #[test]
    fn a_name_is_one_word_to_a_shell() {
        assert_eq!(quoted("session::cases"), "session::cases");
        assert_eq!(quoted("it's here"), r"'it'\''s here'");
    }

    #[test]
    fn results_that_are_not_there_are_an_error_and_not_none() {
        assert!(of_node("sdk", "").is_err());
        assert!(of_node("sdk", "{}").is_err());
    }
}
