//! `cargo xtask pack`: the tarball that npm gets, from the package in `pkg/`.
//!
//! npm itself packs it, so that what is tested is what would be published. The bytes depend on the sources alone: npm writes no
//! times and no owners, and the build names no folder of this machine.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::build::{self, Profile};
use crate::place;
use crate::run::{Run, ask, heading};
use crate::setup::npm;

/// Prints the digest of a file as a lock file writes it.
const DIGEST: &str = "
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
console.log('sha512-' + createHash('sha512').update(readFileSync(process.argv[1])).digest('base64'));";

/// Builds the package and packs it; `twice` does so again from nothing, and refuses when there is a difference.
pub(crate) fn package(twice: bool) -> Result<()> {
    build::package(Profile::Release)?;
    heading("pack");
    let tarball = make()?;
    if twice {
        let again = place::scratch().join("again");
        // cargo makes the folder itself, and marks it as its own.
        if again.exists() {
            fs::remove_dir_all(&again).context("cannot remove an earlier second build")?;
        }
        Run::new("build and pack it again from nothing", "cargo")
            .note("compiles everything")
            .args(["xtask", "pack"])
            .env("CARGO_TARGET_DIR", &again)
            .run()?;
        let name = tarball.file_name().context("the tarball has no name")?;
        let [first, second] = [&tarball, &folder_in(&again).join(name)]
            .map(|path| fs::read(path).with_context(|| format!("cannot read {}", path.display())));
        ensure!(first? == second?, "two builds differ: compare {} with {}", tarball.display(), again.display());
        fs::remove_dir_all(&again).context("cannot remove the second build")?;
        println!("  two builds give the same bytes");
    }
    println!("  {}", tarball.display());
    println!("  {}", digest(&tarball)?);
    Ok(())
}

/// Packs what is in `pkg/`; the answer is the tarball.
pub(crate) fn make() -> Result<PathBuf> {
    let folder = folder_in(&place::target());
    build::fresh(&folder)?;
    let package = place::root().join("pkg");
    readable(&package)?;
    Run::new("pack the package", npm::program()?)
        .args(["pack", "--ignore-scripts", "--pack-destination"])
        .args([&folder, &package])
        .run()?;
    let mut made = fs::read_dir(&folder).context("cannot read what npm packed")?;
    Ok(made.next().context("npm packed nothing")??.path())
}

/// Where tarballs are, in a target folder.
fn folder_in(target: &Path) -> PathBuf {
    target.join("npm")
}

/// A tarball holds who may read a file, which is this machine's affair (its `umask`): everybody may.
fn readable(package: &Path) -> Result<()> {
    #[cfg(unix)]
    for entry in fs::read_dir(package).context("cannot read pkg")? {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(entry?.path(), fs::Permissions::from_mode(0o644)).context("cannot make pkg readable")?;
    }
    #[cfg(not(unix))]
    let _ = package;
    Ok(())
}

fn digest(tarball: &Path) -> Result<String> {
    let path = tarball.to_str().context("the tarball's path is no text")?;
    let digest = ask("node", &["--input-type=module", "-e", DIGEST, path], &[]).context("cannot read the tarball")?;
    Ok(digest.trim().to_owned())
}
