//! `cargo xtask bench`: how fast the product is, measured side by side in one run and written to `docs/benchmarks.md`.
//!
//! What is timed lives in `benches/`; here it is built, started, and its figures are collected. Nothing fails because it is
//! slow: a machine that others share says little in a single run.

mod figures;

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, Result, bail};

use crate::build::{self, Profile};
use crate::place;
use crate::run::{Run, heading};
use crate::serve;
use crate::setup::{self, Need, apt, wasm_target};
use figures::Figures;

/// Rounds of each measurement. The least of them is what the machine can do when it is left alone.
const ROUNDS: u32 = 7;

/// The crate of the stages.
const STAGES: &str = "ossicle-bench-audio";

/// Where the figures are written down: those of the audio suite first, and behind them the page's section.
const REPORT: &str = "docs/benchmarks.md";

/// What the page's section begins with, as `benches/page/section.mjs` writes it.
const PAGE_SECTION: &str = "## A page with a visit\n";

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suite {
    /// The audio path: each stage in wasm and natively, and streams of the shipped package.
    Audio,
    /// A page with a visit, beside the service's official client: what it costs, and how old audio is when it arrives.
    Page,
}

impl Suite {
    const ALL: [Self; 2] = [Self::Audio, Self::Page];

    const fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Page => "page",
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Suite {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|suite| suite.name() == name) {
            Some(suite) => Ok(suite),
            None => bail!("there is no benchmark {name:?}: say {}", Self::ALL.map(Self::name).join(" or ")),
        }
    }
}

/// Runs `only`, or everything when it is empty.
pub(crate) fn run(only: &[Suite]) -> Result<()> {
    for suite in Suite::ALL.into_iter().filter(|suite| only.is_empty() || only.contains(suite)) {
        match suite {
            Suite::Audio => audio()?,
            Suite::Page => page()?,
        }
    }
    Ok(())
}

fn audio() -> Result<()> {
    setup::ensure(&[Need::WasmTarget, Need::Npm, Need::WasmBindgen, Need::Chromium, Need::AudioTools])?;
    heading("build");
    build::make(Profile::Release)?;
    serve::build()?;
    let glue = wasm_stages()?;
    let native = native_stages()?;

    heading("measure");
    let rounds = ROUNDS.to_string();
    let compiler = wasm_target::run("ask for the compiler's version", "rustc").arg("--version").run()?;
    let native = Run::new("time the stages natively", native).arg(&rounds).run()?;
    let browser = Run::new("time the audio path in Chromium", "node")
        .note("some minutes")
        .arg("benches/audio/run.mjs")
        .arg(&rounds)
        .arg(&glue)
        .env("OSSICLE_SANDBOX_BIN", serve::program())
        .env("CHROMIUM", apt::CHROMIUM[0].program()?)
        .run()?;

    let figures = Figures::read(&[&native, &browser])?;
    println!();
    print!("{}", figures.tables()?);
    renew(Suite::Audio, &figures.report(compiler.trim(), ROUNDS)?)
}

fn page() -> Result<()> {
    setup::ensure(&[Need::WasmTarget, Need::Npm, Need::WasmBindgen, Need::Chromium, Need::AudioTools])?;
    heading("build");
    build::make(Profile::Release)?;
    serve::build()?;

    heading("measure");
    let folder = place::scratch().join("page");
    Run::new("measure pages with a visit in Chromium", "node")
        .note("some twelve minutes")
        .arg("benches/page/run.mjs")
        .arg(&folder)
        .env("OSSICLE_SANDBOX_BIN", serve::program())
        .env("CHROMIUM", apt::CHROMIUM[0].program()?)
        .run()?;
    let section = fs::read_to_string(folder.join("page.md")).context("the figures of the page are not there")?;
    println!("\n{section}");
    println!("all figures are in {}", place::shown(&folder.join("page.json")));
    renew(Suite::Page, &section)
}

/// Writes what a suite measured to the report, in place of what it had written there before.
fn renew(suite: Suite, part: &str) -> Result<()> {
    let report = place::root().join(REPORT);
    let before = fs::read_to_string(&report).unwrap_or_default();
    fs::write(&report, renewed(&before, suite, part)).with_context(|| format!("cannot write {REPORT}"))?;
    println!("\nwritten to {REPORT}");
    Ok(())
}

fn renewed(before: &str, suite: Suite, part: &str) -> String {
    let (audio, page) = before.split_at(before.find(PAGE_SECTION).unwrap_or(before.len()));
    let parts = match suite {
        Suite::Audio => [part, page],
        Suite::Page => [audio, part],
    };
    let parts: Vec<&str> = parts.map(str::trim).into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n\n") + "\n"
}

/// The stages compiled for wasm as the package is, beside their glue; the answer is that folder.
fn wasm_stages() -> Result<PathBuf> {
    let aside = place::scratch().join("bench");
    build::fresh(&aside)?;
    let module = build::add_crate(STAGES, "ossicle_bench_audio", &aside)?;
    let glue = module.parent().context("the glue has no folder")?.to_owned();
    let wasm = format!("{}_bg.wasm", STAGES.replace('-', "_"));
    // wasm-opt's output is aside; what wasm-bindgen left beside the glue is its input.
    fs::copy(aside.join(&wasm), glue.join(&wasm)).with_context(|| format!("cannot copy {wasm}"))?;
    Ok(glue)
}

/// The program that times the stages on this machine.
fn native_stages() -> Result<PathBuf> {
    Run::new(format!("compile {STAGES}, optimised"), "cargo")
        .args(["build", "--release", "--package", STAGES])
        .run()?;
    Ok(place::target().join("release").join(format!("{STAGES}{}", std::env::consts::EXE_SUFFIX)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_suite_renews_its_own_part_of_the_report_and_leaves_the_other() {
        let audio = "# Benchmarks\n\n## The stages\n\nslow\n";
        let page = format!("{PAGE_SECTION}\nslow\n");
        let both = renewed(audio, Suite::Page, &page);
        assert_eq!(both, format!("{audio}\n{page}"));
        let faster = page.replace("slow", "fast");
        assert_eq!(renewed(&both, Suite::Page, &faster), format!("{audio}\n{faster}"));
        let quick = audio.replace("slow", "fast");
        assert_eq!(renewed(&both, Suite::Audio, &quick), format!("{quick}\n{page}"));
        assert_eq!(renewed("", Suite::Page, &page), page, "where there was no report");
    }

    #[test]
    fn the_page_s_section_begins_as_it_is_looked_for() {
        let script = fs::read_to_string(place::root().join("benches/page/section.mjs")).unwrap();
        assert!(script.contains(PAGE_SECTION));
    }
}
