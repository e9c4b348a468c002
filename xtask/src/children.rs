//! Child processes that never outlive their purpose: each runs in a process group of its own, which is ended as a whole
//! when it is done with, when the task fails, and on Ctrl-C.
//!
//! What a SIGKILL of this very program leaves to itself is a command that ends by itself (a compiler, a test run); the
//! sandbox, which would not, also watches its standard input (see `serve`).

use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// How often a running child is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// How long a child may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(3);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// The leaders of the groups that run now. Held while one is started, so that none slips past an interrupt.
static LIVE: Mutex<Vec<u32>> = Mutex::new(Vec::new());

fn live() -> MutexGuard<'static, Vec<u32>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether Ctrl-C (or SIGTERM, SIGHUP) ended the task.
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// From here on Ctrl-C ends every child, then this program.
pub(crate) fn end_with_us() -> Result<()> {
    ctrlc::set_handler(|| {
        INTERRUPTED.store(true, Ordering::SeqCst);
        live().iter().for_each(|&leader| signal(leader, Signal::Ask));
        // The task sees its child end and returns; this is for one that does not.
        let asked = Instant::now();
        while asked.elapsed() < GRACE && !live().is_empty() {
            sleep(LOOK);
        }
        live().iter().for_each(|&leader| signal(leader, Signal::Force));
        sleep(GRACE);
        std::process::exit(130);
    })
    .context("cannot listen for Ctrl-C")
}

/// A child process and all that it starts.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
}

impl Running {
    /// Starts `command` in a process group of its own.
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        own_group(command);
        let mut live = live();
        if interrupted() {
            return Err(io::Error::from(io::ErrorKind::Interrupted));
        }
        let child = command.spawn()?;
        live.push(child.id());
        Ok(Self { child })
    }

    /// The child's pipes, for those who asked for them.
    pub(crate) fn pipes(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits for the child to end; `None` when it has not within `limit`.
    pub(crate) fn wait(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if started.elapsed() >= limit {
                return Ok(None);
            }
            sleep(LOOK);
        }
    }
}

impl Drop for Running {
    /// Ends the child if it still runs, and whatever is left of its group: a browser whose driver died, for one.
    fn drop(&mut self) {
        let leader = self.child.id();
        if let Ok(None) = self.child.try_wait() {
            drop(self.child.stdin.take());
            signal(leader, Signal::Ask);
            if !matches!(self.wait(GRACE), Ok(Some(_))) {
                signal(leader, Signal::Force);
                // The status of a killed child tells nothing; waiting only lets the system forget it.
                let _ = self.child.kill();
                let _ = self.child.wait();
            }
        }
        signal(leader, Signal::Force);
        live().retain(|&other| other != leader);
    }
}

#[derive(Clone, Copy)]
enum Signal {
    Ask,
    Force,
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(unix)]
fn signal(leader: u32, signal: Signal) {
    use nix::sys::signal::{Signal as Unix, killpg};
    let signal = match signal {
        Signal::Ask => Unix::SIGTERM,
        Signal::Force => Unix::SIGKILL,
    };
    if let Ok(leader) = i32::try_from(leader) {
        // A group that is gone already is what was wanted.
        let _ = killpg(nix::unistd::Pid::from_raw(leader), signal);
    }
}

// Elsewhere a child shares the console, whose Ctrl-C reaches it directly, and `Drop` kills the child itself.
#[cfg(not(unix))]
fn own_group(_: &mut Command) {}
#[cfg(not(unix))]
fn signal(_: u32, _: Signal) {}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    /// What only something that hangs takes.
    const HANG: Duration = Duration::from_secs(30);

    #[test]
    fn what_a_child_started_ends_with_it() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 300 & echo $!; wait"]).stdout(Stdio::piped());
        let mut running = Running::start(&mut command).unwrap();
        let mut line = String::new();
        BufReader::new(running.pipes().stdout.take().unwrap()).read_line(&mut line).unwrap();
        let grandchild = nix::unistd::Pid::from_raw(line.trim().parse().unwrap());
        assert!(nix::sys::signal::kill(grandchild, None).is_ok(), "it runs");

        drop(running);
        let dropped = Instant::now();
        let gone = || match std::fs::read_to_string(format!("/proc/{grandchild}/stat")) {
            Ok(stat) => stat.contains(") Z "),
            Err(_) => nix::sys::signal::kill(grandchild, None).is_err(),
        };
        while !gone() {
            assert!(dropped.elapsed() < HANG, "it ended with its parent");
            sleep(LOOK);
        }
    }

    #[test]
    fn a_child_past_its_limit_is_reported_and_ended() {
        // It ends when it is asked to, and says so: one that is killed cannot.
        let mut command = Command::new("sh");
        command.args(["-c", "trap 'echo asked; exit' TERM; echo ready; while :; do sleep 0.05; done"]);
        let mut running = Running::start(command.stdout(Stdio::piped())).unwrap();
        let mut said = BufReader::new(running.pipes().stdout.take().unwrap()).lines();
        assert_eq!(said.next().unwrap().unwrap(), "ready");
        assert!(running.wait(Duration::from_millis(50)).unwrap().is_none());
        drop(running);
        assert_eq!(said.next().unwrap().unwrap(), "asked");
    }
}
