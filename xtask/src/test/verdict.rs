//! What came of a part of the checks, and the report at the end of a run.

use std::process::ExitCode;
use std::time::Duration;

use super::part::Part;
use super::results::{Count, Failed, Results};
use crate::run::{heading, seconds};

/// What came of a part.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) count: Count,
    pub(super) failures: Vec<Failure>,
    /// Checks that could not be made on this machine, each with the reason.
    pub(super) skipped: Vec<String>,
}

/// Something that failed.
#[derive(Debug, PartialEq)]
pub(super) enum Failure {
    /// A test.
    Test(Failed),
    /// A command: a sentence that says what to run to see it again.
    Command(String),
}

impl Verdict {
    /// That of a command that counts no tests.
    pub(super) fn of(failure: Option<String>) -> Self {
        Self { failures: failure.into_iter().map(Failure::Command).collect(), ..Self::default() }
    }

    /// That of a runner of tests. A run without a single test is a failure, so that no part is empty unnoticed.
    pub(super) fn of_tests(purpose: &str, failure: Option<String>, results: Results) -> Self {
        let Results { count, failed } = results;
        let mut failures: Vec<Failure> = failed.into_iter().map(Failure::Test).collect();
        // Tests that failed say more than that their runner did.
        if failures.is_empty() {
            failures.extend(failure.map(Failure::Command));
        }
        if failures.is_empty() && count == Count::default() {
            failures.push(Failure::Command(format!("could not {purpose}: there are none")));
        }
        Self { count, failures, skipped: Vec::new() }
    }

    pub(super) fn and(mut self, other: Self) -> Self {
        self.count = self.count + other.count;
        self.failures.extend(other.failures);
        self.skipped.extend(other.skipped);
        self
    }

    pub(super) fn passed(&self) -> bool {
        self.failures.is_empty() && self.count.failed == 0
    }

    /// Its tests; a failure that no test counts is one.
    fn counted(&self) -> Count {
        let unseen = u64::from(self.count.failed == 0 && !self.passed());
        Count { failed: self.count.failed + unseen, ..self.count }
    }
}

/// Prints a table of the parts, what failed and how to see it again, and the last line, `N passed, M failed`.
pub(super) fn report(rows: &[(Part, Duration, Verdict)], whole: Duration) -> ExitCode {
    println!();
    heading(&format!("{:10}{:>14}  result", "part", "time"));
    for (part, took, verdict) in rows {
        let result = if verdict.passed() { "ok" } else { "FAILED" };
        println!("{part:10}{:>14}  {result}{}", seconds(*took), tests_in(verdict.count));
    }
    println!("{:10}{:>14}", "all", seconds(whole));
    let skipped = rows.iter().flat_map(|(part, _, verdict)| verdict.skipped.iter().map(move |what| (part, what)));
    for (index, (part, what)) in skipped.enumerate() {
        if index == 0 {
            println!("\nnot looked at:");
        }
        println!("  {part}: {what}");
    }
    let failures = rows.iter().flat_map(|(part, _, verdict)| verdict.failures.iter().map(move |what| (part, what)));
    for (index, (part, failure)) in failures.enumerate() {
        if index == 0 {
            println!("\nwhat failed, and the command that shows it again:");
        }
        match failure {
            Failure::Test(Failed { what, again }) => println!("  {part}: {what}\n      {again}"),
            Failure::Command(sentence) => println!("  {part}: {sentence}"),
        }
    }
    println!();
    let count: Count = rows.iter().map(|(_, _, verdict)| verdict.counted()).sum();
    println!("{} passed, {} failed", count.passed, count.failed);
    if count.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tests_in(Count { passed, failed, skipped }: Count) -> String {
    match (passed + failed, skipped) {
        (0, _) => String::new(),
        (_, 0) => format!(" ({passed} passed, {failed} failed)"),
        _ => format!(" ({passed} passed, {failed} failed, {skipped} left out, which their files explain)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed() -> Failed {
        Failed { what: "a::b".into(), again: "cargo test a::b".into() }
    }

    #[test]
    fn a_failure_that_no_test_counts_is_one() {
        let verdict = Verdict::of(Some("it is not formatted".into()));
        assert_eq!(verdict.counted(), Count { failed: 1, ..Count::default() });
        let count = Count { passed: 3, failed: 1, skipped: 0 };
        let tests = Verdict::of_tests("test", Some("cargo failed".into()), Results { count, failed: vec![failed()] });
        assert_eq!(tests.counted(), count);
        assert_eq!(tests.failures, [Failure::Test(failed())]);
    }

    #[test]
    fn a_test_that_failed_is_a_failure_whatever_the_runner_s_status() {
        let count = Count { passed: 3, failed: 1, skipped: 0 };
        assert!(!Verdict::of_tests("test", None, Results { count, failed: vec![failed()] }).passed());
        assert!(!Verdict { count, ..Verdict::default() }.passed());
    }

    #[test]
    fn a_runner_that_fails_after_tests_that_passed_is_a_failure() {
        let count = Count { passed: 3, ..Count::default() };
        let verdict = Verdict::of_tests("test", Some("the browser died".into()), Results { count, failed: Vec::new() });
        assert!(!verdict.passed());
        assert_eq!(verdict.counted(), Count { failed: 1, ..count });
    }

    #[test]
    fn a_part_without_a_test_is_a_failure() {
        assert!(!Verdict::of_tests("test", None, Results::default()).passed());
        let count = Count { passed: 1, ..Count::default() };
        assert!(Verdict::of_tests("test", None, Results { count, failed: Vec::new() }).passed());
    }
}
