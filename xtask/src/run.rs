//! Running a command to its end: one line with what it is for and how long it took; of its output nothing when it succeeds,
//! the end of it when it fails. The whole output is kept in a log.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::children::{Running, interrupted};
use crate::place;

/// Lines of a failed command's output that are shown.
const TAIL: usize = 60;
/// No command of this project takes as long; one that hangs must not hang the caller's machine.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// A command with a purpose.
#[derive(Debug)]
pub(crate) struct Run {
    purpose: String,
    note: Option<&'static str>,
    command: Command,
}

/// What came of a command that was run.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Both of its streams, in the order they were written.
    pub(crate) output: String,
    /// `None` when it succeeded, else what to say about it.
    pub(crate) failure: Option<String>,
}

impl Run {
    /// `purpose` is what a person reads while it runs: "compile the sandbox".
    pub(crate) fn new(purpose: impl Into<String>, program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.current_dir(place::root()).stdin(Stdio::null());
        // Compilations that we start share the folder we were compiled into.
        command.env("CARGO_TARGET_DIR", place::target()).env("NO_COLOR", "1");
        if let Ok(path) = std::env::join_paths(place::search_path()) {
            command.env("PATH", path);
        }
        Self { purpose: purpose.into(), note: None, command }
    }

    /// What it is for.
    pub(crate) fn purpose(&self) -> &str {
        &self.purpose
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Something to know while it runs, such as that it takes long.
    pub(crate) fn note(mut self, note: &'static str) -> Self {
        self.note = Some(note);
        self
    }

    /// Runs it; a failure is an error that says what to run to see it again. The output otherwise.
    pub(crate) fn run(self) -> Result<String> {
        let outcome = self.outcome()?;
        match outcome.failure {
            None => Ok(outcome.output),
            Some(failure) => bail!(failure),
        }
    }

    /// Runs it and lets the caller judge: for commands that may fail, and tests, whose output counts either way.
    /// An error only when it could not be run at all.
    pub(crate) fn outcome(mut self) -> Result<Outcome> {
        let log = self.log()?;
        let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let errors = output.try_clone().context("cannot share a log")?;
        self.command.stdout(output).stderr(errors);

        let note = self.note.map(|note| format!(" ({note})"));
        print!("  {}{} … ", self.purpose, note.unwrap_or_default());
        // A terminal that cannot be written to is no reason to stop.
        let _ = std::io::stdout().flush();
        let started = Instant::now();
        let shown = self.shown();
        let mut running = match Running::start(&mut self.command) {
            Ok(running) => running,
            Err(error) => {
                println!("cannot start");
                return Err(error).with_context(|| format!("cannot run `{shown}`"));
            }
        };
        let status = running.wait(LIMIT).with_context(|| format!("cannot wait for `{shown}`"))?;
        drop(running);
        if interrupted() {
            println!("interrupted");
            bail!("interrupted");
        }
        let took = seconds(started.elapsed());
        let output = String::from_utf8_lossy(&fs::read(&log).unwrap_or_default()).into_owned();
        let how = match status {
            Some(status) if status.success() => {
                println!("{took}");
                return Ok(Outcome { output, failure: None });
            }
            Some(status) => status.to_string(),
            None => format!("not done after {} minutes", LIMIT.as_secs() / 60),
        };
        println!("failed after {took}");
        show_tail(&output);
        let log = place::shown(&log);
        let failure = format!("could not {} ({how}): run `{shown}` to see it again, or read {log}", self.purpose);
        Ok(Outcome { output, failure: Some(failure) })
    }

    /// The command as one would type it.
    fn shown(&self) -> String {
        let told = ["RUSTUP_TOOLCHAIN", "RUSTC_BOOTSTRAP"];
        let folder = self.command.get_current_dir();
        let folder = folder.filter(|folder| *folder != place::root());
        let folder = folder.map(|folder| format!("cd {} &&", place::shown(folder)));
        let settings = self.command.get_envs();
        let settings = settings
            .filter(|(name, _)| told.iter().any(|told| name == told))
            .filter_map(|(name, value)| Some(format!("{}={}", name.display(), value?.display())));
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        let words = words.map(|word| place::shown(Path::new(word)));
        let whole: Vec<String> = folder.into_iter().chain(settings).chain(words).collect();
        whole.join(" ")
    }

    fn log(&self) -> Result<PathBuf> {
        let folder = place::scratch().join("logs");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let name: String =
            self.purpose.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
        Ok(folder.join(format!("{}.log", name.trim_matches('-'))))
    }
}

/// Shows the end of a failed command's output, and of what came before the lines that tell of a failure: a test that
/// failed is often named long before the end.
fn show_tail(output: &str) {
    let lines: Vec<&str> = output.trim_end().lines().collect();
    let (before, tail) = lines.split_at(lines.len().saturating_sub(TAIL));
    if !before.is_empty() {
        println!("    [{} lines before]", before.len());
        telling(before).for_each(|line| println!("    {line}"));
        println!("    […]");
    }
    tail.iter().for_each(|line| println!("    {line}"));
}

/// The lines that tell of a failure, in the words of cargo, wasm-bindgen and Node.
fn telling<'a>(lines: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    let words = ["... FAIL", "panicked at", "Error: ", "✖ ", "not ok "];
    lines.iter().copied().filter(move |line| words.iter().any(|word| line.contains(word))).take(TAIL)
}

/// What a small command prints, `None` when it fails or is not there: for questions such as `--version`.
pub(crate) fn ask(program: impl AsRef<OsStr>, arguments: &[&str], settings: &[(&str, &str)]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).envs(settings.iter().copied()).current_dir(place::root()).stdin(Stdio::null());
    if let Ok(path) = std::env::join_paths(place::search_path()) {
        command.env("PATH", path);
    }
    let answer = command.output().ok().filter(|answer| answer.status.success())?;
    String::from_utf8(answer.stdout).ok()
}

/// A time as a person reads it.
pub(crate) fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        whole => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}

/// A heading of what follows.
pub(crate) fn heading(text: &str) {
    if std::io::stdout().is_terminal() {
        println!("\x1b[1m{text}\x1b[0m");
    } else {
        println!("{text}");
    }
}

/// `first` with `second` after it, as a program's argument such as `--alias:#glue=PATH`.
pub(crate) fn joined(first: &str, second: impl AsRef<OsStr>) -> OsString {
    let mut whole = OsString::from(first);
    whole.push(second);
    whole
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn shell(purpose: &str, script: &str) -> Run {
        Run::new(purpose, "sh").args(["-c", script])
    }

    #[test]
    fn both_streams_are_kept_in_the_order_they_were_written() {
        let output = shell("talk in a test", "echo one; echo two >&2; echo three").run().unwrap();
        assert_eq!(output, "one\ntwo\nthree\n");
    }

    #[test]
    fn a_failure_says_what_was_wanted_and_what_to_run() {
        let run = shell("fail in a test", "exit 3").env("RUSTUP_TOOLCHAIN", "some");
        let error = run.folder(Path::new("/")).run().unwrap_err().to_string();
        assert!(error.starts_with("could not fail in a test (exit status: 3)"), "{error}");
        assert!(error.contains("run `cd / && RUSTUP_TOOLCHAIN=some sh -c exit 3`"), "{error}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = Run::new("look for nothing in a test", "no-such-program").run().unwrap_err().to_string();
        assert_eq!(error, "cannot run `no-such-program`");
        assert_eq!(ask("no-such-program", &[], &[]), None);
    }

    #[test]
    fn of_what_is_not_shown_the_failures_are() {
        let lines = ["test rest::one ... ok", "test rest::two ... FAIL", "  ✖ a visit (3 ms)", "compiling"];
        assert_eq!(telling(&lines).collect::<Vec<_>>(), ["test rest::two ... FAIL", "  ✖ a visit (3 ms)"]);
    }

    #[test]
    fn times_are_written_for_people() {
        assert_eq!(seconds(Duration::from_millis(1250)), "1.2 s");
        assert_eq!(seconds(Duration::from_secs(125)), "2 min 05 s");
    }
}
