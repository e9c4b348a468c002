//! Node, and the npm packages that build and test the package.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};

use crate::place;
use crate::run::{Run, ask};

/// The oldest Node whose test runner has all that the tests use.
const OLDEST_NODE: u32 = 20;

/// What installs all that a lock file names.
pub(crate) const INSTALL: [&str; 3] = ["ci", "--no-audit", "--no-fund"];

/// Runs `npm ci` unless what package-lock.json names is there.
pub(super) fn ensure() -> Result<()> {
    let version = ask("node", &["--version"], &[]);
    match version.as_deref().map(major) {
        None => {
            bail!("Node is missing: install Node {OLDEST_NODE} or newer from https://nodejs.org")
        }
        Some(Some(found)) if found < OLDEST_NODE => {
            bail!("this is Node {found}: install Node {OLDEST_NODE} or newer from https://nodejs.org")
        }
        Some(_) => {}
    }
    let root = place::root();
    let lock = written(&root.join("package-lock.json")).context("package-lock.json is missing")?;
    // npm writes this file last.
    if written(&root.join("node_modules/.package-lock.json")).is_some_and(|installed| installed >= lock) {
        return Ok(());
    }
    Run::new("install the npm packages", program()?).args(INSTALL).run()?;
    Ok(())
}

/// npm itself.
pub(crate) fn program() -> Result<PathBuf> {
    place::program(&["npm", "npm.cmd"]).context("npm is missing: it comes with Node, https://nodejs.org")
}

fn written(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|file| file.modified()).ok()
}

/// `20` of `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_of_node_is_read() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("v8.1.0"), Some(8));
        assert_eq!(major("twenty"), None);
    }
}
