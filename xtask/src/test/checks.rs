//! What each part of the checks does.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::part::Part;
use super::results::Count;
use super::verdict::{Failure, Verdict};
use super::{Options, install, results};
use crate::run::{Run, joined};
use crate::setup::{apt, wasm_target};
use crate::{build, fuzz, pack, place, serve, tidy};

/// Runs a part. What it needs is there.
pub(super) fn check(part: Part, options: &Options) -> Result<Verdict> {
    match part {
        Part::Fmt => lint("look at the formatting", &["fmt", "--all", "--check"]),
        Part::Tidy => tidy(),
        Part::Deny => deny(),
        Part::Clippy => clippy(),
        Part::Native => native(options),
        Part::Install => install::check(),
        Part::Package if options.file.is_none() => Ok(types()?.and(node_tests(part, options)?)),
        Part::Browser | Part::Sdk | Part::E2e | Part::Package | Part::Bundlers => node_tests(part, options),
    }
}

/// Runs a check that counts no tests.
fn lint(purpose: &str, arguments: &[&str]) -> Result<Verdict> {
    Ok(Verdict::of(Run::new(purpose, "cargo").args(arguments).outcome()?.failure))
}

fn tidy() -> Result<Verdict> {
    let broken = tidy::broken_rules(place::root())?;
    broken.iter().for_each(|rule| println!("  {rule}"));
    let failure = |count| format!("{count} of the repository's rules are broken: xtask/src/tidy.rs has them");
    Ok(Verdict::of((!broken.is_empty()).then(|| failure(broken.len()))))
}

/// Looks at the crates of Cargo.lock, those of the tools too, by the rules of deny.toml.
fn deny() -> Result<Verdict> {
    let mut checks = vec!["deny", "--locked", "--workspace", "check", "bans", "licenses", "sources"];
    // Advisories are in a repository of their own, to which not every machine has a way: the rest holds without them.
    let fetched =
        Run::new("fetch what is known of the crates' faults", "cargo").args(["deny", "fetch", "db"]).outcome()?;
    let mut skipped = Vec::new();
    match fetched.failure {
        None => checks.push("advisories"),
        Some(_) => skipped.push("advisories: their database is out of reach".to_owned()),
    }
    Ok(Verdict { skipped, ..lint("look at the crates' licences and versions", &checks)? })
}

fn clippy() -> Result<Verdict> {
    let mut verdict = lint("lint natively", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    let mut wasm = |purpose: String, arguments: &[&str]| -> Result<()> {
        let run = wasm_target::run(purpose, "cargo").arg("clippy").args(arguments);
        let outcome = run.args(["--target", wasm_target::name(), "--", "-D", "warnings"]).outcome()?;
        verdict.failures.extend(outcome.failure.map(Failure::Command));
        Ok(())
    };
    let packages = ["ossicle", "ossicle-opus", "ossicle-flac", "ossicle-resampler", "ossicle-bench-audio"];
    let packages: Vec<&str> = packages.iter().flat_map(|name| ["--package", name]).chain(["--all-targets"]).collect();
    wasm("lint for wasm".to_owned(), &packages)?;
    // Each half as the package has it: it must be whole without the other.
    for half in build::HALVES {
        let arguments = ["--package", "ossicle", "--lib", "--no-default-features", "--features", half];
        wasm(format!("lint the half {half}"), &arguments)?;
    }
    Ok(verdict)
}

/// The tests of this machine, and a short run of the fuzzer.
fn native(options: &Options) -> Result<Verdict> {
    let run = Run::new("run the native tests", "cargo").args(["test", "--workspace"]);
    let run = if options.fail_fast { run } else { run.arg("--no-fail-fast") };
    let run = if let Some(name) = &options.name { run.arg("--").arg(name) } else { run };
    let purpose = run.purpose().to_owned();
    let outcome = run.outcome()?;
    let mut verdict = Verdict::of_tests(&purpose, outcome.failure, results::of_cargo(&outcome.output));
    if options.name.is_none()
        && let Err(failure) = fuzz::run(fuzz::SHORT)
    {
        verdict.failures.push(Failure::Command(format!("{failure:#}")));
    }
    Ok(verdict)
}

/// Compiles users of the package against its types.
fn types() -> Result<Verdict> {
    let run = Run::new("compile users of the types", place::npm_program("tsc")).args(["--project", "tests/package"]);
    Ok(Verdict::of(run.outcome()?.failure))
}

/// How many files of a part run at the same time: most of what a test does is to wait for what takes its time in life.
const BESIDE: [(Part, &str); 2] = [(Part::E2e, "3"), (Part::Package, "2")];

/// Files whose tests listen to sound, which comes in real time: beside others a machine of two cores may not keep up with it.
const ALONE: [&str; 5] = [
    "handover.test.mjs",
    "microphone-channels.test.mjs",
    "microphone-swap.test.mjs",
    "microphone.test.mjs",
    "outages.test.mjs",
];

/// Runs the part's `*.test.mjs`, named one by one: what a folder means differs between versions of Node.
fn node_tests(part: Part, options: &Options) -> Result<Verdict> {
    let folder = PathBuf::from(part.folder().context("this part has no tests for Node")?);
    let files = test_files(&folder, options.file.as_deref())?;
    let is_alone = |file: &PathBuf| ALONE.iter().any(|name| file.ends_with(name));
    let (alone, beside): (Vec<PathBuf>, Vec<PathBuf>) = files.into_iter().partition(is_alone);
    let many = BESIDE.iter().find(|(other, _)| *other == part).map_or("1", |(_, many)| many);
    let tarball = folder.starts_with("tests/package").then(pack::make).transpose()?;
    let mut verdict = Verdict::default();
    for (files, many, how) in [(beside, many, ""), (alone, "1", ", one file at a time")] {
        if files.is_empty() {
            continue;
        }
        let mut run = node_run(format!("run the tests of {}{how}", folder.display()), options)?
            .arg(format!("--test-concurrency={many}"))
            .args(files);
        if let Some(tarball) = &tarball {
            run = run.env("OSSICLE_TARBALL", tarball);
        }
        let found = read(part, run)?;
        // A name that is asked for need not be in both.
        let is_elsewhere = options.name.is_some() && found.count == Count::default();
        verdict = if is_elsewhere { verdict } else { verdict.and(found) };
        if options.fail_fast && !verdict.passed() {
            break;
        }
    }
    if let (Some(name), true) = (&options.name, verdict.passed() && verdict.count == Count::default()) {
        bail!("no test of {part} has {name:?} in its name");
    }
    Ok(verdict)
}

/// Where Node writes what became of its tests.
fn written() -> PathBuf {
    place::scratch().join("results.json")
}

/// Node, with what the tests need to know of this machine.
fn node_run(purpose: String, options: &Options) -> Result<Run> {
    let mut run = Run::new(purpose, "node")
        .args(["--test", "--test-reporter=spec", "--test-reporter-destination=stdout"])
        .arg("--test-reporter=./tests/support/results.mjs")
        .arg(joined("--test-reporter-destination=", written()))
        .args(options.name.iter().map(|name| joined("--test-name-pattern=", literal(name))))
        .env("OSSICLE_SANDBOX_BIN", serve::program())
        .env("OSSICLE_BUNDLERS", install::bundlers())
        // What the tests install comes from nowhere but the tarball, or from where a user gets it.
        .env("npm_config_cache", install::empty_cache()?);
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
    Ok(run)
}

/// Runs Node and reads what became of the tests.
fn read(part: Part, run: Run) -> Result<Verdict> {
    let written = written();
    // What an earlier run has left is not this one's.
    if written.exists() {
        fs::remove_file(&written).with_context(|| format!("cannot remove {}", written.display()))?;
    }
    let purpose = run.purpose().to_owned();
    let outcome = run.outcome()?;
    let text = fs::read_to_string(&written).unwrap_or_default();
    match results::of_node(&part.to_string(), &text) {
        Ok(results) => Ok(Verdict::of_tests(&purpose, outcome.failure, results)),
        // The runner died: what it said last is all there is.
        Err(error) => Ok(Verdict::of(Some(outcome.failure.unwrap_or_else(|| format!("could not {purpose}: {error}"))))),
    }
}

/// The files of a folder of tests, or the one that is asked for.
fn test_files(folder: &Path, only: Option<&str>) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries =
        fs::read_dir(place::root().join(folder)).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(".test.mjs") && only.is_none_or(|only| only == name) {
            files.push(folder.join(&*name));
        }
    }
    if files.is_empty() {
        bail!("{} holds no {}", folder.display(), only.unwrap_or("*.test.mjs"));
    }
    files.sort();
    Ok(files)
}

/// A regular expression that means a text and nothing else.
fn literal(text: &str) -> OsString {
    let mut pattern = String::new();
    for letter in text.chars() {
        if r"\^$.|?*+()[]{}/".contains(letter) {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_for_as_it_is_written() {
        assert_eq!(literal("closed with 1000, without `ENDED`"), "closed with 1000, without `ENDED`");
        assert_eq!(literal("a (b) c.js"), r"a \(b\) c\.js");
    }
}
