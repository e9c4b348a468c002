//! Where things are: the repository, cargo's target folder, and programs on this machine.

use std::env;
use std::path::{Path, PathBuf};

/// The repository's root: the folder above this crate.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// Cargo's target folder: the one this program was built into, whether the environment or a configuration file chose it.
/// Cargo marks it with a `CACHEDIR.TAG`.
pub(crate) fn target() -> PathBuf {
    env::current_exe()
        .ok()
        .and_then(|program| {
            program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file()).map(Path::to_owned)
        })
        .unwrap_or_else(|| root().join("target"))
}

/// The tasks' own corner of the target folder: logs and half-made things.
pub(crate) fn scratch() -> PathBuf {
    target().join("xtask")
}

/// Where `cargo install` puts programs.
pub(crate) fn cargo_bin() -> Option<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    home.or_else(|| env::home_dir().map(|home| home.join(".cargo"))).map(|home| home.join("bin"))
}

/// The search path for programs, cargo's own folder first: what the set-up installs there must win, and must be found even
/// where a shell's profile does not name it.
pub(crate) fn search_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    cargo_bin().into_iter().chain(env::split_paths(&path)).collect()
}

/// The first of `names` that is a program on the search path; a name that is itself a path is taken as it is.
pub(crate) fn program(names: &[&str]) -> Option<PathBuf> {
    let folders = search_path();
    names.iter().find_map(|name| {
        if Path::new(name).is_absolute() {
            return Some(PathBuf::from(name)).filter(|path| path.is_file());
        }
        let file = format!("{name}{}", env::consts::EXE_SUFFIX);
        folders.iter().map(|folder| folder.join(&file)).find(|path| path.is_file())
    })
}

/// A program that npm installed into the repository.
pub(crate) fn npm_program(name: &str) -> PathBuf {
    let suffix = if cfg!(windows) { ".cmd" } else { "" };
    root().join("node_modules/.bin").join(format!("{name}{suffix}"))
}

/// `path` as a person would write it: relative to the repository where it lies inside.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
