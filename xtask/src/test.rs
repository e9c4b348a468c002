//! `cargo xtask test`: every check of the project, part by part. A part that fails does not keep the others from running; the
//! end of the output has all that failed, each with the command that shows it again.
//!
//! The last line is `N passed, M failed`: the tests that the runners report. Parts without tests (formatting, lints, the
//! repository's rules) add nothing to N; one that fails is one failure.
//!
//! - `part`: the parts, and what each stands on; `checks`: what each does; `install`: the part that installs with empty caches.
//! - `results`: what the runners say of single tests; `verdict`: what came of a part, and the report.

mod checks;
mod install;
mod part;
mod results;
mod verdict;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::build::{self, Profile};
use crate::children::interrupted;
use crate::run::heading;
use crate::serve;
use crate::setup::{self, Need};

pub(crate) use part::Part;
use verdict::{Failure, Verdict, report};

/// What to run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// These parts; all when it is empty.
    pub(crate) only: Vec<Part>,
    /// Of a part with tests for Node only this file, `outages.test.mjs`.
    pub(crate) file: Option<String>,
    /// Only the tests with this in their names.
    pub(crate) name: Option<String>,
    /// Whether the first part that fails ends the run.
    pub(crate) fail_fast: bool,
}

/// What the tests run against, each built once, when the first part asks for it. One that could not be built is not tried again.
#[derive(Default)]
struct Built {
    sandbox: Option<Result<(), String>>,
    package: Option<Result<(), String>>,
}

impl Built {
    fn for_part(&mut self, part: Part) -> Result<(), String> {
        let text = |error| format!("{error:#}");
        if part.takes_sandbox() {
            self.sandbox.get_or_insert_with(|| serve::build().map_err(text)).clone()?;
        }
        if part.takes_package() {
            self.package.get_or_insert_with(|| build::make(Profile::Release).map_err(text)).clone()?;
        }
        Ok(())
    }
}

/// Runs what is asked for.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let Options { only, file, .. } = options;
    let is_one_part = matches!(only.as_slice(), [part] if part.folder().is_some());
    if file.is_some() && !is_one_part {
        bail!("--file names a file of one part: say which, such as `--only e2e`");
    }
    let began = Instant::now();
    let parts: Vec<Part> = Part::ALL.into_iter().filter(|part| only.is_empty() || only.contains(part)).collect();
    let is_needed = |need: &Need| parts.iter().any(|part| part.needs().contains(need));
    let needs: Vec<Need> = Need::ALL.into_iter().filter(is_needed).collect();
    if !needs.is_empty() {
        setup::ensure(&needs)?;
    }

    let mut rows: Vec<(Part, Duration, Verdict)> = Vec::new();
    let mut built = Built::default();
    for part in parts {
        heading(&part.to_string());
        let started = Instant::now();
        // A part that cannot be run has failed: the report still tells of the others.
        let verdict = match built.for_part(part) {
            Ok(()) => checks::check(part, options).unwrap_or_else(|error| Verdict::of(Some(format!("{error:#}")))),
            Err(failure) => Verdict { failures: vec![Failure::Command(failure)], ..Verdict::default() },
        };
        if interrupted() {
            bail!("interrupted");
        }
        let passed = verdict.passed();
        rows.push((part, started.elapsed(), verdict));
        if !passed && options.fail_fast {
            break;
        }
    }
    Ok(report(&rows, began.elapsed()))
}
