//! `cargo xtask test`: every check of the project, part by part; the first that fails ends the run.
//!
//! The last line is `N passed, M failed`: the tests that the runners report. Parts without tests (formatting, lints, the
//! repository's rules) add nothing to N; one that fails is one failure.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::build::{self, Profile};
use crate::count::Count;
use crate::run::{Run, heading, seconds};
use crate::serve;
use crate::setup::{self, Need, apt, wasm_target};
use crate::{fuzz, pack, place, tidy};

/// A part of the checks, in the order in which they run: what fails soonest and tells most comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Formatting.
    Fmt,
    /// The repository's own rules.
    Tidy,
    /// Licences and versions of the crates that all stands on.
    Deny,
    /// Lints, natively and for wasm.
    Clippy,
    /// Unit and property tests on this machine.
    Native,
    /// The built package in headless Chromium and Firefox, its streams on the page and in workers.
    Browser,
    /// The sandbox against the service's official client.
    Sdk,
    /// A visit through the page, and all that can go wrong with one.
    E2e,
    /// The package as a user gets it, its types included.
    Package,
    /// The package in projects that are built with other people's tools.
    Bundlers,
}

impl Part {
    const ALL: [Self; 10] = [
        Self::Fmt,
        Self::Tidy,
        Self::Deny,
        Self::Clippy,
        Self::Native,
        Self::Browser,
        Self::Sdk,
        Self::E2e,
        Self::Package,
        Self::Bundlers,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Tidy => "tidy",
            Self::Deny => "deny",
            Self::Clippy => "clippy",
            Self::Native => "native",
            Self::Browser => "browser",
            Self::Sdk => "sdk",
            Self::E2e => "e2e",
            Self::Package => "package",
            Self::Bundlers => "bundlers",
        }
    }

    const fn needs(self) -> &'static [Need] {
        match self {
            Self::Fmt => &[Need::Rustfmt],
            Self::Tidy => &[],
            Self::Deny => &[Need::CargoDeny],
            // What is encoded is judged by other people's decoders.
            Self::Native => &[Need::AudioTools, Need::Cxx],
            Self::Clippy => &[Need::Clippy, Need::WasmTarget],
            Self::Browser => {
                &[Need::WasmTarget, Need::Npm, Need::WasmBindgen, Need::Chromium, Need::Firefox, Need::Geckodriver]
            }
            Self::Sdk => &[Need::Npm],
            Self::E2e => &[
                Need::WasmTarget,
                Need::Npm,
                Need::WasmBindgen,
                Need::Chromium,
                Need::Chromedriver,
                Need::Firefox,
                Need::Geckodriver,
                Need::AudioTools,
                Need::SoundCard,
            ],
            Self::Package => &[
                Need::WasmTarget,
                Need::Npm,
                Need::WasmBindgen,
                Need::Chromium,
                Need::Firefox,
                Need::Geckodriver,
                Need::AudioTools,
            ],
            Self::Bundlers => &[Need::WasmTarget, Need::Npm, Need::WasmBindgen, Need::Chromium],
        }
    }

    /// Whether it tests the built package.
    const fn takes_package(self) -> bool {
        matches!(self, Self::Browser | Self::E2e | Self::Package | Self::Bundlers)
    }

    /// Whether it starts the sandbox.
    const fn takes_sandbox(self) -> bool {
        matches!(self, Self::Browser | Self::Sdk | Self::E2e | Self::Package | Self::Bundlers)
    }

    fn check(self) -> Result<Verdict> {
        match self {
            Self::Fmt => lint("look at the formatting", &["fmt", "--all", "--check"]),
            Self::Tidy => tidy(),
            Self::Deny => deny(),
            Self::Clippy => clippy(),
            Self::Native => native(),
            Self::Browser => node_tests("browser"),
            Self::Sdk => node_tests("sdk"),
            Self::E2e => node_tests("e2e"),
            Self::Package => Ok(types()?.and(node_tests("package")?)),
            Self::Bundlers => node_tests("package/bundlers"),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Part {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|part| part.name() == name);
        found.with_context(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("there is no part {name:?}: say one of {names}")
        })
    }
}

/// What came of a part.
#[derive(Debug, Default)]
struct Verdict {
    count: Count,
    /// What to say about each failure.
    failures: Vec<String>,
}

impl Verdict {
    fn and(mut self, other: Self) -> Self {
        self.count = self.count + other.count;
        self.failures.extend(other.failures);
        self
    }

    fn passed(&self) -> bool {
        self.failures.is_empty() && self.count.failed == 0
    }

    /// Its tests; a failure that no test counts is one.
    fn counted(&self) -> Count {
        let unseen = u64::from(self.count.failed == 0 && !self.passed());
        Count { failed: self.count.failed + unseen, ..self.count }
    }
}

/// Runs `only`, or every part when it is empty.
pub(crate) fn run(only: &[Part]) -> Result<ExitCode> {
    let parts: Vec<Part> = Part::ALL.into_iter().filter(|part| only.is_empty() || only.contains(part)).collect();
    let mut needs: Vec<Need> = Vec::new();
    for need in Need::ALL {
        if parts.iter().any(|part| part.needs().contains(&need)) {
            needs.push(need);
        }
    }
    if !needs.is_empty() {
        setup::ensure(&needs)?;
    }

    let mut rows: Vec<(Part, Duration, Verdict)> = Vec::new();
    let (mut sandbox_built, mut package_built) = (false, false);
    for part in parts {
        heading(part.name());
        let started = Instant::now();
        let mut verdict = || -> Result<Verdict> {
            if part.takes_sandbox() && !sandbox_built {
                serve::build()?;
                sandbox_built = true;
            }
            if part.takes_package() && !package_built {
                build::make(Profile::Release)?;
                package_built = true;
            }
            part.check()
        };
        // A part that cannot be run has failed: the table and the last line still tell of the others.
        let verdict = match verdict() {
            Err(error) if crate::children::interrupted() => return Err(error),
            Err(error) => Verdict { failures: vec![format!("{error:#}")], ..Verdict::default() },
            Ok(verdict) => verdict,
        };
        let passed = verdict.passed();
        rows.push((part, started.elapsed(), verdict));
        if !passed {
            break;
        }
    }
    Ok(report(&rows))
}

fn report(rows: &[(Part, Duration, Verdict)]) -> ExitCode {
    println!();
    heading(&format!("{:10}{:>14}  result", "part", "time"));
    for (part, took, verdict) in rows {
        let Count { passed, failed } = verdict.count;
        let tests = if passed + failed > 0 { format!(" ({passed} passed, {failed} failed)") } else { String::new() };
        let result = if verdict.passed() { "ok" } else { "FAILED" };
        println!("{part:10}{:>14}  {result}{tests}", seconds(*took));
    }
    println!();
    for failure in rows.iter().flat_map(|(_, _, verdict)| &verdict.failures) {
        println!("{failure}");
    }
    let whole: Count = rows.iter().map(|(_, _, verdict)| verdict.counted()).sum();
    println!("{} passed, {} failed", whole.passed, whole.failed);
    if whole.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a check that counts no tests.
fn lint(purpose: &str, arguments: &[&str]) -> Result<Verdict> {
    let failure = Run::new(purpose, "cargo").args(arguments).outcome()?.failure;
    Ok(Verdict { failures: failure.into_iter().collect(), ..Verdict::default() })
}

/// Runs tests and counts them; a run without a single one is a failure, so that no part is empty unnoticed.
fn tests(run: Run) -> Result<Verdict> {
    let purpose = run.purpose().to_owned();
    let outcome = run.outcome()?;
    let count = Count::in_output(&outcome.output);
    let mut failures: Vec<String> = outcome.failure.into_iter().collect();
    if failures.is_empty() && count == Count::default() {
        failures.push(format!("could not {purpose}: there are none"));
    }
    Ok(Verdict { count, failures })
}

/// The tests of this machine, and a short run of the fuzzer.
fn native() -> Result<Verdict> {
    let mut verdict = tests(Run::new("run the native tests", "cargo").args(["test", "--workspace", "--no-fail-fast"]))?;
    if let Err(failure) = fuzz::run(fuzz::SHORT) {
        verdict.failures.push(format!("{failure:#}"));
    }
    Ok(verdict)
}

fn tidy() -> Result<Verdict> {
    let broken = tidy::broken_rules(place::root())?;
    broken.iter().for_each(|rule| println!("  {rule}"));
    let failures = match broken.len() {
        0 => Vec::new(),
        count => vec![format!("{count} of the repository's rules are broken: xtask/src/tidy.rs has them")],
    };
    Ok(Verdict { failures, ..Verdict::default() })
}

/// Looks at the crates of Cargo.lock, by the rules of deny.toml.
fn deny() -> Result<Verdict> {
    let mut checks = vec!["deny", "--locked", "check", "bans", "licenses", "sources"];
    // Advisories are in a repository of their own, to which not every machine has a way: the rest holds without them.
    let fetched =
        Run::new("fetch what is known of the crates' faults", "cargo").args(["deny", "fetch", "db"]).outcome()?;
    match fetched.failure {
        None => checks.push("advisories"),
        Some(_) => println!("  advisories are not looked at: their database is out of reach"),
    }
    lint("look at the crates' licences and versions", &checks)
}

fn clippy() -> Result<Verdict> {
    let native = lint("lint natively", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    let wasm = wasm_target::run("lint for wasm", "cargo")
        .args(["clippy", "--package", "ossicle", "--package", "ossicle-opus", "--package", "ossicle-flac"])
        .args(["--package", "ossicle-resampler", "--package", "ossicle-bench-audio"])
        .args(["--all-targets", "--target", wasm_target::name()])
        .args(["--", "-D", "warnings"])
        .outcome()?;
    let mut verdict = native.and(Verdict { failures: wasm.failure.into_iter().collect(), ..Verdict::default() });
    // Each half as the package has it: it must be whole without the other.
    for half in build::HALVES {
        let outcome = wasm_target::run(format!("lint the half {half}"), "cargo")
            .args(["clippy", "--package", "ossicle", "--lib", "--target", wasm_target::name()])
            .args(["--no-default-features", "--features", half, "--", "-D", "warnings"])
            .outcome()?;
        verdict.failures.extend(outcome.failure);
    }
    Ok(verdict)
}

/// Runs `tests/{folder}/*.test.mjs`, named one by one: what a folder means differs between versions of Node.
fn node_tests(folder: &str) -> Result<Verdict> {
    let folder = PathBuf::from("tests").join(folder);
    let mut files = Vec::new();
    let entries =
        fs::read_dir(place::root().join(&folder)).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let name = entry?.file_name();
        if name.to_string_lossy().ends_with(".test.mjs") {
            files.push(folder.join(name));
        }
    }
    if files.is_empty() {
        bail!("{} holds no *.test.mjs", folder.display());
    }
    files.sort();
    let mut run = Run::new(format!("run the tests of {}", folder.display()), "node")
        .args(["--test", "--test-reporter=spec"])
        .args(files)
        .env("OSSICLE_SANDBOX_BIN", serve::program())
        .env("OSSICLE_BUNDLERS", place::scratch().join("bundlers"));
    if folder.starts_with("tests/package") {
        run = run.env("OSSICLE_TARBALL", pack::make()?);
    }
    // What is here, for the tests that need it; those say what is missing.
    let programs = [
        ("CHROMIUM", apt::CHROMIUM[0].program().ok()),
        ("FIREFOX", apt::FIREFOX[0].program().ok()),
        ("GECKODRIVER", place::program(&["geckodriver"])),
    ];
    for (name, program) in programs {
        if let Some(program) = program {
            run = run.env(name, program);
        }
    }
    tests(run)
}

/// Compiles users of the package against its types.
fn types() -> Result<Verdict> {
    let run = Run::new("compile users of the types", place::npm_program("tsc")).args(["--project", "tests/package"]);
    Ok(Verdict { failures: run.outcome()?.failure.into_iter().collect(), ..Verdict::default() })
}

#[cfg(test)]
mod unit {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_part_is_called_by_its_name() {
        for part in Part::ALL {
            assert_eq!(part.to_string().parse::<Part>().unwrap(), part);
        }
    }

    #[test]
    fn a_failure_that_no_test_counts_is_one() {
        let failed = Verdict { failures: vec!["it is not formatted".into()], ..Verdict::default() };
        assert_eq!(failed.counted(), Count { passed: 0, failed: 1 });
        let tests = Verdict { count: Count { passed: 3, failed: 2 }, failures: vec!["cargo failed".into()] };
        assert_eq!(tests.counted(), Count { passed: 3, failed: 2 });
    }

    #[test]
    fn tests_that_fail_are_a_failure_whatever_the_runner_s_status() {
        let verdict = Verdict { count: Count { passed: 3, failed: 1 }, failures: Vec::new() };
        assert!(!verdict.passed());
    }

    #[test]
    fn a_runner_that_fails_after_tests_that_passed_is_a_failure() {
        let verdict = Verdict { count: Count { passed: 3, failed: 0 }, failures: vec!["the browser died".into()] };
        assert!(!verdict.passed());
        assert_eq!(verdict.counted(), Count { passed: 3, failed: 1 });
    }
}
