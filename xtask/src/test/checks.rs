//! What each part of the checks does.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::part::Part;
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

/// Runs the part's `*.test.mjs`, named one by one: what a folder means differs between versions of Node.
fn node_tests(part: Part, options: &Options) -> Result<Verdict> {
    let folder = PathBuf::from(part.folder().context("this part has no tests for Node")?);
    let files = test_files(&folder, options.file.as_deref())?;
    let written = place::scratch().join(format!("results-{part}.json"));
    // What an earlier run has left is not this one's.
    if written.exists() {
        fs::remove_file(&written).with_context(|| format!("cannot remove {}", written.display()))?;
    }
    let mut run = Run::new(format!("run the tests of {}", folder.display()), "node")
        .args(["--test", "--test-reporter=spec", "--test-reporter-destination=stdout"])
        .args(["--test-reporter=./tests/support/results.mjs".into(), joined("--test-reporter-destination=", &written)])
        .args(options.name.iter().map(|name| joined("--test-name-pattern=", literal(name))))
        .args(files)
        .env("OSSICLE_SANDBOX_BIN", serve::program())
        .env("OSSICLE_BUNDLERS", install::bundlers())
        // What the tests install comes from nowhere but the tarball, or from where a user gets it.
        .env("npm_config_cache", install::empty_cache()?);
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
