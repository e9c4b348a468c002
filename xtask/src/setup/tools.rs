//! Programs that `cargo install` builds into cargo's own folder, where they outlive `cargo clean`.

use std::borrow::Cow;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::place;
use crate::run::{Run, ask};

/// A program and the versions of it that serve.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tool {
    /// The crate's name on crates.io.
    package: &'static str,
    /// The program that tells its version.
    program: &'static str,
    /// A version, or a line of versions: `0.15` is any 0.15.x. `None` is any.
    wanted: Option<Cow<'static, str>>,
    /// Whether the crate's own lock file is followed.
    locked: bool,
}

impl Tool {
    /// Any version drives any Firefox of its time.
    pub(crate) const GECKODRIVER: Self =
        Self { package: "geckodriver", program: "geckodriver", wanted: None, locked: false };
    /// The line of versions that deny.toml was written for.
    pub(crate) const CARGO_DENY: Self =
        Self { package: "cargo-deny", program: "cargo-deny", wanted: Some(Cow::Borrowed("0.20")), locked: true };

    /// The one version that fits the `wasm-bindgen` crate in Cargo.lock: glue and program must match exactly.
    pub(crate) fn wasm_bindgen() -> Result<Self> {
        let path = place::root().join("Cargo.lock");
        let lock = fs::read_to_string(&path).context("cannot read Cargo.lock")?;
        let version = locked_version(&lock, "wasm-bindgen").context("Cargo.lock names no wasm-bindgen")?;
        Ok(Self {
            package: "wasm-bindgen-cli",
            program: "wasm-bindgen",
            wanted: Some(Cow::Owned(version)),
            // Its own lock file names crates that a registry's mirror may not have yet.
            locked: false,
        })
    }

    fn is_met(&self) -> bool {
        let answer = ask(self.program, &["--version"], &[]);
        answer.and_then(|answer| version_in(&answer)).is_some_and(|found| self.accepts(&found))
    }

    fn accepts(&self, found: &str) -> bool {
        let after =
            |wanted: &str| found.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        self.wanted.as_deref().is_none_or(after)
    }
}

/// Each of them as the registry is asked for it: `cargo-deny@0.20`.
pub(crate) fn all() -> Result<Vec<String>> {
    let tools = [Tool::wasm_bindgen()?, Tool::GECKODRIVER, Tool::CARGO_DENY];
    let name = |Tool { package, wanted, .. }: &Tool| match wanted {
        Some(version) => format!("{package}@{version}"),
        None => (*package).to_owned(),
    };
    Ok(tools.iter().map(name).collect())
}

/// Installs those that are missing or of another version.
pub(super) fn ensure(tools: &[Tool]) -> Result<()> {
    let missing: Vec<&Tool> = tools.iter().filter(|tool| !tool.is_met()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    // They share many crates: one folder for all saves compiling those again.
    let work = place::scratch().join("tools");
    for tool in missing {
        let mut run = Run::new(format!("install {}", tool.package), "cargo")
            .note("compiles for some minutes")
            .args(["install", tool.package, "--force"])
            .env("CARGO_TARGET_DIR", &work);
        if let Some(wanted) = &tool.wanted {
            run = run.args(["--version", &format!("={wanted}")]);
        }
        if tool.locked {
            run = run.arg("--locked");
        }
        run.run()?;
        if !tool.is_met() {
            bail!("{} was installed, but `{} --version` does not answer for it", tool.package, tool.program);
        }
    }
    // Only time is lost when it stays.
    let _ = fs::remove_dir_all(work);
    Ok(())
}

/// The version of a package in the text of a Cargo.lock.
fn locked_version(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1)?.strip_prefix("version = \"")?;
    Some(version.trim_end_matches('"').to_owned())
}

/// The first thing that looks like a version in a program's answer.
fn version_in(answer: &str) -> Option<String> {
    let looks = |word: &&str| word.starts_with(|first: char| first.is_ascii_digit()) && word.contains('.');
    answer.split_whitespace().find(looks).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_version_of_a_package_is_read_from_the_lock_file() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"9.9.9\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"registry\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(locked_version(lock, "bindgen"), None);
    }

    #[test]
    fn a_version_is_found_in_what_programs_answer() {
        assert_eq!(version_in("wasm-bindgen 0.2.130\n").as_deref(), Some("0.2.130"));
        assert_eq!(
            version_in("geckodriver 0.37.0 (a31 2026-02-01 10:00 +0000)\n\nThe source …").as_deref(),
            Some("0.37.0")
        );
        assert_eq!(version_in("no version"), None);
    }

    #[test]
    fn glue_of_a_neighbouring_version_is_not_accepted() {
        let exactly = |version| Tool { wanted: Some(Cow::Borrowed(version)), ..Tool::CARGO_DENY };
        assert!(exactly("0.2.130").accepts("0.2.130"));
        assert!(!exactly("0.2.130").accepts("0.2.13"));
        assert!(!exactly("0.2.13").accepts("0.2.130"));
    }

    #[test]
    fn a_line_of_versions_accepts_each_of_its_releases() {
        assert!(Tool::CARGO_DENY.accepts("0.20.1"));
        assert!(!Tool::CARGO_DENY.accepts("0.200.0"));
        assert!(Tool::GECKODRIVER.accepts("0.1.0"));
    }
}
