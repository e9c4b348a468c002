//! `cargo xtask fuzz`: the session hears what libFuzzer makes up, for so many executions; `test` runs a short one.
//!
//! The fuzzer is the crate `libfuzzer-sys`, which needs a C++ compiler and no more: the instrumentation is the stable
//! compiler's own. `fuzz/` is laid out as `cargo fuzz` has it, for who prefers that.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::place;
use crate::run::Run;
use crate::setup::{self, Need};

/// What has the compiler count which edges are taken, and report what is compared: SanitizerCoverage, as `cargo fuzz` asks
/// for it, without a sanitizer.
const INSTRUMENTATION: &str = "--cfg fuzzing -Ccodegen-units=1 -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Executions of the run that is part of the tests: some ten seconds.
pub(crate) const SHORT: u64 = 50_000;

/// How many are made unless told.
pub(crate) const USUAL: u64 = 10_000_000;

/// The longest input, in bytes: some forty messages.
const LONGEST: u32 = 2_048;

/// Runs the fuzzer; what it finds interesting is kept in `target/fuzz` for the next run.
pub(crate) fn run(executions: u64) -> Result<()> {
    setup::ensure(&[Need::Cxx])?;
    let target = place::target().join("fuzz");
    let corpus = target.join("corpus");
    plant(&corpus)?;
    // A named target keeps the instrumentation from build scripts.
    let host = host()?;
    let build = ["build", "--release", "--manifest-path", "fuzz/Cargo.toml", "--target", &host];
    Run::new("compile the fuzzer", "cargo")
        .args(build)
        .env("RUSTFLAGS", INSTRUMENTATION)
        .env("CARGO_TARGET_DIR", &target)
        .run()?;
    let artifacts = format!("-artifact_prefix={}/", target.display());
    Run::new("fuzz the session", target.join(&host).join("release/messages"))
        .arg(format!("-runs={executions}"))
        .args([format!("-max_len={LONGEST}"), "-timeout=20".to_owned(), artifacts])
        .arg(&corpus)
        .note("the input that did it is in target/fuzz, named crash-… or timeout-…")
        .run()?;
    Ok(())
}

/// The target of this machine, as the compiler names it.
fn host() -> Result<String> {
    let version = Run::new("ask the compiler for its target", "rustc").arg("-vV").run()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV does not name its host")?.to_owned())
}

/// Seeds: every message of the wire's fixtures in a short life of a session, and a long life.
fn plant(corpus: &Path) -> Result<()> {
    fs::create_dir_all(corpus)?;
    let fixtures = fs::read_to_string(place::root().join("tests/wire/server.json"))?;
    let mut count = 0;
    for piece in fixtures.split("\"message\": ").skip(1) {
        let message =
            piece.split("\"means\"").next().unwrap_or_default().trim().trim_end_matches(',').replace('\n', " ");
        let life = format!("o\na\np0\n{message}\nt\x04\0\nf\n{message}\ne\n{message}\n");
        fs::write(corpus.join(format!("seed-{count}")), life)?;
        count += 1;
    }
    ensure!(count > 10, "only {count} messages were found in tests/wire/server.json: a message and what it means");
    let life = "o\na\np?\nt\x04\0\nc\x06\nt@\0\no\na\np?\nz1\nz\nf\n{\"type\":\"flushed\"}\ne\n{\"type\":\"ENDED\"}\n";
    fs::write(corpus.join("seed-life"), life)?;
    Ok(())
}
