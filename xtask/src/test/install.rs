//! The part `install`: everything that the tests install from registries, once more as on a new machine, in an empty folder and
//! with caches of its own. So nothing passes because somebody installed it here before.
//!
//! The projects of the bundlers' tests are what it installs; those tests then run in them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::results::{Count, Failed, Results};
use super::verdict::Verdict;
use crate::build::fresh;
use crate::place;
use crate::run::Run;
use crate::setup::{npm, tools};

/// The folder that is empty when the part begins.
fn folder() -> PathBuf {
    place::scratch().join("install")
}

/// Where the projects of the bundlers' tests are.
pub(super) fn bundlers() -> PathBuf {
    folder().join("bundlers")
}

/// A cache of npm's for one run of tests, empty.
pub(super) fn empty_cache() -> Result<PathBuf> {
    let cache = place::scratch().join("npm-of-tests");
    fresh(&cache)?;
    Ok(cache)
}

/// Installs all of it. Each step counts as a test.
pub(super) fn check() -> Result<Verdict> {
    let folder = folder();
    fresh(&folder)?;
    let (cargo, cache) = (folder.join("cargo"), folder.join("npm"));
    // Where a machine says where its registries are, that holds here too.
    fs::create_dir_all(&cargo).context("cannot make a home for cargo")?;
    let home = place::cargo_bin().and_then(|bin| bin.parent().map(Path::to_owned));
    if let Some(settings) = home.map(|home| home.join("config.toml")).filter(|path| path.is_file()) {
        fs::copy(settings, cargo.join("config.toml")).context("cannot copy cargo's settings")?;
    }

    let mut runs = Vec::new();
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        let run = Run::new(format!("fetch the crates of {manifest}"), "cargo");
        runs.push(run.args(["fetch", "--locked", "--manifest-path", manifest]).env("CARGO_HOME", &cargo));
    }
    for tool in tools::all()? {
        let run = Run::new(format!("find {tool} at the registry"), "cargo");
        runs.push(run.args(["info", "--registry", "crates-io", &tool]).env("CARGO_HOME", &cargo));
    }
    for (name, project) in [("the tools", place::root().to_owned()), ("the bundlers", projects())] {
        let place = if name == "the tools" { folder.join("tools") } else { bundlers() };
        copy_project(&project, &place)?;
        let run = Run::new(format!("install the npm packages of {name}"), npm::program()?).args(npm::INSTALL);
        runs.push(run.folder(&place).env("npm_config_cache", &cache));
    }

    let mut results = Results::default();
    for run in runs {
        let what = run.purpose().to_owned();
        match run.outcome()?.failure {
            None => results.count = results.count + Count { passed: 1, ..Count::default() },
            Some(again) => {
                results.count = results.count + Count { failed: 1, ..Count::default() };
                results.failed.push(Failed { what, again });
            }
        }
    }
    // Only what the bundlers' tests use stays.
    for done in [cargo, cache, folder.join("tools")] {
        fs::remove_dir_all(&done).with_context(|| format!("cannot remove {}", done.display()))?;
    }
    Ok(Verdict::of_tests("install", None, results))
}

/// The bundlers' projects in the repository.
fn projects() -> PathBuf {
    place::root().join("tests/package/bundlers")
}

/// Copies what npm reads of a project: its own description, those of its workspaces, and the lock file.
fn copy_project(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    let description = fs::read_to_string(from.join("package.json")).context("cannot read a package.json")?;
    let description: serde_json::Value = serde_json::from_str(&description).context("a package.json is no JSON")?;
    let workspaces = description["workspaces"].as_array().into_iter().flatten();
    let workspaces = workspaces.filter_map(|name| name.as_str()).map(|name| format!("{name}/package.json"));
    for name in ["package.json".to_owned(), "package-lock.json".to_owned()].into_iter().chain(workspaces) {
        let copy = to.join(&name);
        let parent = copy.parent().unwrap_or(to);
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        fs::copy(from.join(&name), &copy).with_context(|| format!("cannot copy {name}"))?;
    }
    Ok(())
}
