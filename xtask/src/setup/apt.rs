//! Programs that tests need and a machine's package manager has: browsers, their drivers, speech and audio tools.
//!
//! Installed by apt on Debian and Ubuntu as root; anywhere else what is missing is named. A program of another name that
//! serves as well is as good: Chrome for Chromium.

use anyhow::{Result, bail};

use crate::place;
use crate::run::Run;

/// A Debian package and the programs of which any one will do.
#[derive(Debug)]
pub(crate) struct Package {
    name: &'static str,
    programs: &'static [&'static str],
}

pub(crate) const CHROMIUM: [Package; 1] = [Package {
    name: "chromium",
    programs: &[
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ],
}];
pub(crate) const CHROMEDRIVER: [Package; 1] = [Package { name: "chromium-driver", programs: &["chromedriver"] }];
pub(crate) const FIREFOX: [Package; 1] = [Package {
    name: "firefox-esr",
    programs: &["firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"],
}];
pub(crate) const AUDIO_TOOLS: [Package; 5] = [
    Package { name: "espeak-ng", programs: &["espeak-ng"] },
    Package { name: "sox", programs: &["sox"] },
    Package { name: "ffmpeg", programs: &["ffmpeg"] },
    Package { name: "opus-tools", programs: &["opusinfo"] },
    Package { name: "flac", programs: &["flac"] },
];
/// A virtual sound card: its server, and what plays and plugs.
pub(crate) const SOUND_CARD: [Package; 2] = [
    Package { name: "pulseaudio", programs: &["pulseaudio"] },
    Package { name: "pulseaudio-utils", programs: &["pactl"] },
];
/// A C++ compiler under any name that the crate `cc` looks for.
pub(crate) const CXX: [Package; 1] = [Package { name: "g++", programs: &["c++", "g++", "clang++"] }];

impl Package {
    /// Whether one of its programs, or an equal, is on this machine.
    pub(crate) fn is_met(&self) -> bool {
        place::program(self.programs).is_some()
    }

    /// That program.
    pub(crate) fn program(&self) -> Result<std::path::PathBuf> {
        match place::program(self.programs) {
            Some(path) => Ok(path),
            None => bail!("{} is missing: run `cargo xtask setup`", self.programs.join(" or ")),
        }
    }
}

/// Installs `packages`, or says which are missing and what to run.
pub(super) fn ensure<'a>(packages: impl Iterator<Item = &'a Package>) -> Result<()> {
    let names: Vec<&str> = packages.map(|package| package.name).collect();
    if names.is_empty() {
        return Ok(());
    }
    if !is_usable() {
        let list = names.join(" ");
        bail!(
            "missing: {list}; on Debian or Ubuntu run `sudo apt-get install {list}`, elsewhere install them so that they are on the PATH"
        );
    }
    install(&format!("install {}", names.join(", ")), &names)
}

/// Whether apt can install here: Debian or a child of it, as root.
pub(super) fn is_usable() -> bool {
    is_root() && place::program(&["apt-get"]).is_some()
}

/// Installs Debian packages.
pub(super) fn install(purpose: &str, packages: &[&str]) -> Result<()> {
    // A source of packages that does not answer is no matter if the others have all; if not, the next step fails and tells.
    apt("read the lists of packages").arg("update").outcome()?;
    apt(purpose).args(["install", "-y", "--no-install-recommends"]).args(packages).run()?;
    Ok(())
}

fn apt(purpose: &str) -> Run {
    Run::new(purpose, "apt-get").args(["-q", "-o", "DPkg::Lock::Timeout=300"]).env("DEBIAN_FRONTEND", "noninteractive")
}

#[cfg(unix)]
fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}
#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
