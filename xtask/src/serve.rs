//! The sandbox as a child process: built, started, its address learnt from its first line, ended with us.
//!
//! It is told to end when its standard input does, which this program holds open: so it ends even when this program is
//! killed without a chance to clean up.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use crate::children::Running;
use crate::place;
use crate::run::Run;

/// A server with its state in memory is up in milliseconds; past this something is wrong.
const START: Duration = Duration::from_secs(20);
/// What the sandbox's first line begins with.
const GREETING: &str = "listening on ";

/// A sandbox that runs until this is dropped.
#[derive(Debug)]
pub(crate) struct Sandbox {
    /// Such as `http://127.0.0.1:8080`.
    pub(crate) url: String,
    running: Running,
}

/// Where the sandbox's program is once it is built.
pub(crate) fn program() -> PathBuf {
    place::target().join("debug").join(format!("ossicle-sandbox{}", std::env::consts::EXE_SUFFIX))
}

/// Compiles the sandbox.
pub(crate) fn build() -> Result<()> {
    Run::new("compile the sandbox", "cargo").args(["build", "--package", "ossicle-sandbox"]).run()?;
    Ok(())
}

impl Sandbox {
    /// Starts the sandbox with `arguments`; what it prints after its first line goes to the terminal.
    pub(crate) fn start(arguments: &[String]) -> Result<Self> {
        let mut command = Command::new(program());
        command.current_dir(place::root()).arg("--exit-on-stdin-close").args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut running = Running::start(&mut command).context("cannot start the sandbox")?;
        let output = running.pipes().stdout.take().context("the sandbox has no output")?;
        let first = first_line(output).recv_timeout(START);
        let first = first.map_err(|_| anyhow!("the sandbox did not say where it listens"))?;
        match first.trim().strip_prefix(GREETING) {
            Some(url) => Ok(Self { url: url.to_owned(), running }),
            None => bail!("the sandbox did not start; what it printed stands above"),
        }
    }

    /// Waits until the sandbox ends.
    pub(crate) fn wait(mut self) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.running.wait(Duration::from_secs(3600)).context("cannot wait for the sandbox")? {
                return Ok(status);
            }
        }
    }
}

/// The first line of `output`, once it is there; the rest is passed on so that the writer never waits for a reader.
fn first_line(output: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut first = String::new();
        // An error reads as an empty line, which is no greeting.
        let _ = output.read_line(&mut first);
        if sender.send(first).is_ok() {
            let _ = std::io::copy(&mut output, &mut std::io::stdout());
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_first_line_is_there_before_the_output_ends() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        let first = first_line(reader);
        std::io::Write::write_all(&mut writer, b"listening on http://127.0.0.1:1\n").unwrap();
        assert_eq!(first.recv_timeout(START).unwrap(), "listening on http://127.0.0.1:1\n");
    }

    #[test]
    fn a_program_that_says_nothing_yields_an_empty_line() {
        assert_eq!(first_line(std::io::empty()).recv_timeout(START).unwrap(), "");
    }
}
