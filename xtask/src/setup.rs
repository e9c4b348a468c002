//! What a fresh machine lacks, installed: each need is checked quickly, met where it can be, and otherwise ends the task in
//! one sentence that says what to run.
//!
//! One room for each way of installing: `wasm_target` (rustup, or Debian's sources), `tools` (cargo install), `npm`, `apt`.

pub(crate) mod apt;
pub(crate) mod npm;
pub(crate) mod tools;
pub(crate) mod wasm_target;

use std::time::Instant;

use anyhow::{Result, bail};

use crate::run::{ask, heading, seconds};
use crate::setup::{apt::Package, tools::Tool};
use crate::{place, run::Run};

/// Something a task stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// `cargo fmt`.
    Rustfmt,
    /// `cargo clippy`, natively.
    Clippy,
    /// A standard library for wasm32-unknown-unknown.
    WasmTarget,
    /// The program that makes JavaScript glue, of the crate's own version.
    WasmBindgen,
    /// What drives Firefox.
    Geckodriver,
    /// The program that looks at the crates of Cargo.lock.
    CargoDeny,
    /// Node and the packages of package-lock.json.
    Npm,
    /// Chromium or Chrome.
    Chromium,
    /// What drives Chromium.
    Chromedriver,
    /// Firefox.
    Firefox,
    /// Programs that make speech and read audio files.
    AudioTools,
    /// A virtual sound card.
    SoundCard,
    /// A C++ compiler, for the fuzzer's engine.
    Cxx,
}

impl Need {
    /// All of them, in the order in which they are met.
    pub(crate) const ALL: [Self; 13] = [
        Self::Rustfmt,
        Self::Clippy,
        Self::WasmTarget,
        Self::Npm,
        Self::Chromium,
        Self::Chromedriver,
        Self::Firefox,
        Self::AudioTools,
        Self::SoundCard,
        Self::Cxx,
        Self::WasmBindgen,
        Self::Geckodriver,
        Self::CargoDeny,
    ];

    /// What building the package takes.
    pub(crate) const BUILD: [Self; 3] = [Self::WasmTarget, Self::Npm, Self::WasmBindgen];

    fn packages(self) -> &'static [Package] {
        match self {
            Self::Chromium => &apt::CHROMIUM,
            Self::Chromedriver => &apt::CHROMEDRIVER,
            Self::Firefox => &apt::FIREFOX,
            Self::AudioTools => &apt::AUDIO_TOOLS,
            Self::SoundCard => &apt::SOUND_CARD,
            Self::Cxx => &apt::CXX,
            _ => &[],
        }
    }

    fn tool(self) -> Result<Option<Tool>> {
        Ok(match self {
            Self::WasmBindgen => Some(Tool::wasm_bindgen()?),
            Self::Geckodriver => Some(Tool::GECKODRIVER),
            Self::CargoDeny => Some(Tool::CARGO_DENY),
            _ => None,
        })
    }
}

/// Meets every one of `needs` that is not met already.
pub(crate) fn ensure(needs: &[Need]) -> Result<()> {
    heading("set-up");
    let started = Instant::now();
    let wanted = |need| needs.contains(&need);
    if wanted(Need::Rustfmt) {
        component("fmt", "rustfmt")?;
    }
    if wanted(Need::Clippy) {
        component("clippy", "clippy")?;
    }
    if wanted(Need::WasmTarget) {
        wasm_target::ensure()?;
    }
    if wanted(Need::Npm) {
        npm::ensure()?;
    }
    let packages = needs.iter().flat_map(|need| need.packages());
    apt::ensure(packages.filter(|package| !package.is_met()))?;
    let tools = needs.iter().filter_map(|need| need.tool().transpose()).collect::<Result<Vec<_>>>()?;
    tools::ensure(&tools)?;
    println!("  all there ({})", seconds(started.elapsed()));
    Ok(())
}

/// A part of the Rust toolchain that rustup's smallest profile leaves out.
fn component(subcommand: &str, name: &str) -> Result<()> {
    if ask("cargo", &[subcommand, "--version"], &[]).is_some() {
        return Ok(());
    }
    if place::program(&["rustup"]).is_none() {
        bail!("`cargo {subcommand}` is missing and there is no rustup to add it: install {name} for your Rust");
    }
    Run::new(format!("add {name} to the toolchain"), "rustup").args(["component", "add", name]).run()?;
    Ok(())
}
