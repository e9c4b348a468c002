//! The parts of the checks: their names, and what each stands on.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Error, Result};

use crate::setup::Need;

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
    /// All that is installed, once more with empty caches.
    Install,
    /// The package in projects that are built with other people's tools.
    Bundlers,
}

impl Part {
    pub(super) const ALL: [Self; 11] = [
        Self::Fmt,
        Self::Tidy,
        Self::Deny,
        Self::Clippy,
        Self::Native,
        Self::Browser,
        Self::Sdk,
        Self::E2e,
        Self::Package,
        Self::Install,
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
            Self::Install => "install",
            Self::Bundlers => "bundlers",
        }
    }

    pub(super) const fn needs(self) -> &'static [Need] {
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
            Self::Sdk | Self::Install => &[Need::Npm],
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
    pub(super) const fn takes_package(self) -> bool {
        matches!(self, Self::Browser | Self::E2e | Self::Package | Self::Bundlers)
    }

    /// Whether it starts the sandbox.
    pub(super) const fn takes_sandbox(self) -> bool {
        matches!(self, Self::Browser | Self::Sdk | Self::E2e | Self::Package | Self::Bundlers)
    }

    /// Where its tests for Node are, if it has any.
    pub(super) const fn folder(self) -> Option<&'static str> {
        match self {
            Self::Browser => Some("tests/browser"),
            Self::Sdk => Some("tests/sdk"),
            Self::E2e => Some("tests/e2e"),
            Self::Package => Some("tests/package"),
            Self::Bundlers => Some("tests/package/bundlers"),
            _ => None,
        }
    }

    /// The names of all of them, for people.
    pub(crate) fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Part {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|part| part.name() == name);
        found.with_context(|| format!("there is no part {name:?}: say one of {}", Self::names()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_part_is_called_by_its_name() {
        for part in Part::ALL {
            assert_eq!(part.to_string().parse::<Part>().unwrap(), part);
        }
    }
}
