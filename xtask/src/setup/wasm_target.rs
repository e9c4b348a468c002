//! The standard library for wasm32-unknown-unknown: `rustup target add`, and where rustup reaches no download server, on
//! Debian as root, the same library built from Debian's sources with Debian's newer Rust.
//!
//! The fallback ends here: it yields a rustup toolchain named `debian-web`, and [`run`] starts commands for wasm with
//! whichever toolchain has the target.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

use super::apt;
use crate::place;
use crate::run::{Run, ask};

const TARGET: &str = "wasm32-unknown-unknown";
/// The fallback's name among rustup's toolchains.
const FALLBACK: &str = "debian-web";
/// Debian's "web" Rust is the one that follows the browsers' needs, far newer than its stable one; clippy comes along
/// since lints for wasm need the same version.
const FALLBACK_PACKAGES: [&str; 5] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy", "lld-22"];
/// Where those packages live, and the linker that rustc's own name is given to.
const DEBIAN_SYSROOT: &str = "/usr";
const DEBIAN_LINKER: &str = "/usr/lib/llvm-22/bin/lld";

/// The toolchain that has the target: `None` is the one in use.
static CHOSEN: OnceLock<Option<&str>> = OnceLock::new();

/// A command that compiles for wasm, under the toolchain that can. [`ensure`] has been called before.
pub(crate) fn run(purpose: impl Into<String>, program: impl AsRef<OsStr>) -> Run {
    let run = Run::new(purpose, program);
    match CHOSEN.get().copied().flatten() {
        Some(toolchain) => run.env("RUSTUP_TOOLCHAIN", toolchain),
        None => run,
    }
}

/// The target's name, for `--target`.
pub(crate) const fn name() -> &'static str {
    TARGET
}

/// Finds or installs the target.
pub(super) fn ensure() -> Result<()> {
    let toolchain = if works(None)? {
        None
    } else if place::program(&["rustup"]).is_none() {
        bail!("the target {TARGET} is missing and there is no rustup to add it: see https://rustup.rs");
    } else if works(Some(FALLBACK))? {
        Some(FALLBACK)
    } else {
        let added = Run::new("add the wasm32 target", "rustup")
            .args(["target", "add", TARGET])
            // Where there is no way to the server, more tries only take longer.
            .env("RUSTUP_MAX_RETRIES", "1")
            .outcome()?;
        if added.failure.is_none() && works(None)? {
            None
        } else {
            from_debian()?;
            Some(FALLBACK)
        }
    };
    CHOSEN.get_or_init(|| toolchain);
    Ok(())
}

/// Whether an empty crate compiles: tells a missing library, and one that another compiler made.
fn works(toolchain: Option<&str>) -> Result<bool> {
    let scratch = place::scratch();
    fs::create_dir_all(&scratch).with_context(|| format!("cannot make {}", scratch.display()))?;
    let output = scratch.join("target-probe.rmeta");
    let output = output.display().to_string();
    let settings = toolchain.map(|name| ("RUSTUP_TOOLCHAIN", name));
    let arguments = ["-", "--crate-type=lib", "--emit=metadata", "--target", TARGET, "-o", &output];
    Ok(ask("rustc", &arguments, settings.as_slice()).is_some())
}

fn from_debian() -> Result<()> {
    if !apt::is_usable() {
        bail!(
            "the wasm32 target cannot be downloaded: run `rustup target add {TARGET}` where rustup reaches its server"
        );
    }
    println!("  rustup cannot add the target: Debian's Rust and its library sources stand in");
    apt::install("install Debian's Rust for the web", &FALLBACK_PACKAGES)?;
    Run::new("name it as a rustup toolchain", "rustup").args(["toolchain", "link", FALLBACK, DEBIAN_SYSROOT]).run()?;
    link_linker()?;
    build_library()?;
    if !works(Some(FALLBACK))? {
        bail!("the wasm32 library built from Debian's sources does not work: run `rustup target add {TARGET}` instead");
    }
    Ok(())
}

/// rustc looks for its linker in its own folder and under its own name; Debian's packages leave it elsewhere.
fn link_linker() -> Result<()> {
    let version = ask("rustc", &["-vV"], &[("RUSTUP_TOOLCHAIN", FALLBACK)]);
    let host = version.as_deref().and_then(host_of).context("Debian's rustc does not tell its host")?.to_owned();
    let folder = rustlib(&host).join("bin");
    let link = folder.join("rust-lld");
    if !link.exists() {
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::copy(DEBIAN_LINKER, &link).with_context(|| format!("cannot write {}", link.display()))?;
    }
    Ok(())
}

fn build_library() -> Result<()> {
    let work = place::scratch().join("wasm-std");
    let source = work.join("src");
    fs::create_dir_all(&source).with_context(|| format!("cannot make {}", source.display()))?;
    // A workspace of its own: this folder lies inside the project's.
    fs::write(work.join("Cargo.toml"), "[package]\nname = \"empty\"\nedition = \"2024\"\n\n[workspace]\n")?;
    fs::write(source.join("lib.rs"), "#![no_std]\n")?;
    Run::new("build the wasm32 library", "cargo")
        .note("a minute or two")
        .args(["build", "--release", "-Zbuild-std=std,panic_abort,test", "--target", TARGET])
        .env("RUSTUP_TOOLCHAIN", FALLBACK)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", work.join("target"))
        // As rustup's own library is built: a later build may optimise across it.
        .env("RUSTFLAGS", "-Cembed-bitcode=yes")
        .folder(&work)
        .run()?;

    let built = work.join("target").join(TARGET).join("release/deps");
    let library = rustlib(TARGET).join("lib");
    // Made aside and moved, so that a half-made folder is never taken for a whole one.
    let aside = library.with_extension("new");
    remove(&aside)?;
    fs::create_dir_all(&aside).with_context(|| format!("cannot make {}", aside.display()))?;
    for entry in fs::read_dir(&built).with_context(|| format!("cannot read {}", built.display()))? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(OsStr::to_str) else {
            continue;
        };
        if name.ends_with(".rlib") && !name.starts_with("libempty-") {
            fs::copy(&path, aside.join(name)).with_context(|| format!("cannot copy {name}"))?;
        }
    }
    remove(&library)?;
    fs::rename(&aside, &library).with_context(|| format!("cannot make {}", library.display()))?;
    remove(&work)
}

/// The folder of a target's libraries and tools in Debian's Rust.
fn rustlib(target: &str) -> PathBuf {
    Path::new(DEBIAN_SYSROOT).join("lib/rustlib").join(target)
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

/// The host triple in the answer of `rustc -vV`.
fn host_of(version: &str) -> Option<&str> {
    version.lines().find_map(|line| line.strip_prefix("host: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_read_from_rustc_s_answer() {
        let answer = "rustc 1.96.0 (Debian)\nbinary: rustc\nhost: aarch64-unknown-linux-gnu\nrelease: 1.96.0\n";
        assert_eq!(host_of(answer), Some("aarch64-unknown-linux-gnu"));
        assert_eq!(host_of("rustc 1.96.0"), None);
    }
}
