//! `cargo xtask probe`: the questions that only the live service can answer, asked there or of the sandbox.
//!
//! Here everything is made ready: the dialogue is spoken, the sandbox and the probe are built, and a sandbox with the
//! service's own delays is started to compare with. What is asked, and what becomes of the answers, is the crate `probe`'s.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::children::Running;
use crate::dev::TOKEN;
use crate::place;
use crate::run::{Run, heading};
use crate::serve::{self, Sandbox};
use crate::setup::{self, Need};

/// The other way to a token: a client's id and secret.
const CLIENT: [&str; 2] = ["OSSICLE_CLIENT_ID", "OSSICLE_CLIENT_SECRET"];
/// espeak-ng's voices of the doctor and the patient.
const VOICES: [&str; 2] = ["en-gb", "en-us+f3"];
/// Words a minute: an unhurried conversation.
const WORDS_PER_MINUTE: &str = "160";
/// A run with the question of an hour takes longer than that; every question has its own limit.
const LIMIT: Duration = Duration::from_secs(3 * 3600);

/// Whom to ask, and how.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Options {
    /// The service's region; the sandbox itself where there is none.
    pub(crate) environment: Option<String>,
    /// Whether the sandbox is to be asked.
    pub(crate) sandbox: bool,
    pub(crate) tenant: Option<String>,
    /// Ask also what takes an hour.
    pub(crate) hour: bool,
    /// Ask one question at a time.
    pub(crate) one_by_one: bool,
}

/// Runs the probe.
pub(crate) fn run(options: &Options) -> Result<()> {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match (&options.environment, options.sandbox) {
        (None, false) => bail!("whom to ask? Say --environment eu (or us, …) for the service, or --sandbox"),
        (Some(_), true) => bail!("--environment and --sandbox exclude each other"),
        // What would fail at the end is found out at the start.
        (Some(_), false) if !is_set(TOKEN) && !CLIENT.iter().all(|name| is_set(name)) => {
            bail!("{TOKEN} is not set, nor are {}: see probe/README.md", CLIENT.join(" and "))
        }
        _ => {}
    }
    setup::ensure(&[Need::AudioTools])?;
    heading("build");
    serve::build()?;
    let build = ["build", "--package", "ossicle-probe", "--features", "tls"];
    Run::new("compile the probe", "cargo").args(build).run()?;
    let speech = speak()?;

    heading("probe");
    let sandbox = Sandbox::start(&["--port", "0", "--pace", "1"].map(str::to_owned))?;
    let program = place::target().join("debug").join(format!("ossicle-probe{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(program);
    command.current_dir(place::root()).args(["--sandbox", &sandbox.url]).arg("--speech").arg(speech);
    command.arg("--out").arg("probe").args(arguments(options));
    let mut running = Running::start(&mut command).context("cannot start the probe")?;
    match running.wait(LIMIT).context("cannot wait for the probe")? {
        Some(status) if status.success() => Ok(()),
        Some(status) => bail!("the probe failed ({status}); what it printed stands above"),
        None => bail!("the probe did not come to its end"),
    }
}

/// What of the options is the program's affair.
fn arguments(options: &Options) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut add = |name: &str, value: &Option<String>| {
        arguments.extend(value.iter().flat_map(|value| [name.to_owned(), value.clone()]));
    };
    add("--environment", &options.environment);
    add("--tenant", &options.tenant);
    let flags = [("--hour", options.hour), ("--one-by-one", options.one_by_one)];
    arguments.extend(flags.into_iter().filter(|(_, is_on)| *is_on).map(|(name, _)| name.to_owned()));
    arguments
}

/// Has the probe's dialogue spoken: a file for each line, raw samples of 16 bits at 16 kHz.
fn speak() -> Result<PathBuf> {
    let folder = place::scratch().join("probe");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = place::root().join("probe/script/dialogue.json");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines: Vec<Value> = serde_json::from_str(&text).context("the dialogue is no list")?;
    // Lines are spoken in no time; what is kept from an older dialogue would have to be found out.
    for (index, line) in lines.iter().enumerate() {
        let text = line["text"].as_str().context("a line of the dialogue has no text")?;
        let voice = usize::try_from(line["speaker"].as_u64().unwrap_or(0)).ok().and_then(|speaker| VOICES.get(speaker));
        speak_line(&folder, index, voice.context("a line of the dialogue has no speaker")?, text)?;
    }
    println!("  {} lines spoken", lines.len());
    Ok(folder)
}

fn speak_line(folder: &Path, index: usize, voice: &str, text: &str) -> Result<()> {
    let (wave, raw) = (folder.join(format!("{index:02}.wav")), folder.join(format!("{index:02}.raw")));
    quietly("espeak-ng", &["-v", voice, "-s", WORDS_PER_MINUTE, "-w"], &[&wave], &[text])?;
    let format = ["-t", "raw", "-r", "16000", "-c", "1", "-b", "16", "-e", "signed-integer", "-L"];
    let wave = wave.to_str().context("the target folder has a name that is no text")?;
    let raw_text = raw.to_str().context("the target folder has a name that is no text")?;
    quietly("sox", &[&[wave][..], &format, &[raw_text, "gain", "-n", "-4"]].concat(), &[], &[])
}

/// Runs a small program that says nothing when it succeeds.
fn quietly(program: &str, before: &[&str], paths: &[&Path], after: &[&str]) -> Result<()> {
    let mut command = Command::new(program);
    command.args(before).args(paths).args(after);
    let answer = command.output().with_context(|| format!("cannot run {program}"))?;
    if !answer.status.success() {
        bail!("{program} failed ({}): {}", answer.status, String::from_utf8_lossy(&answer.stderr).trim());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_told_what_was_asked_for() {
        assert_eq!(arguments(&Options { sandbox: true, ..Options::default() }), [""; 0]);
        let options = Options {
            environment: Some("eu".to_owned()),
            tenant: Some("north".to_owned()),
            hour: true,
            ..Options::default()
        };
        assert_eq!(arguments(&options), ["--environment", "eu", "--tenant", "north", "--hour"]);
    }

    #[test]
    fn one_of_service_and_sandbox_is_asked() {
        for options in
            [Options::default(), Options { sandbox: true, environment: Some("eu".to_owned()), ..Options::default() }]
        {
            let refused = run(&options).map_err(|error| error.to_string());
            assert!(refused.is_err_and(|error| error.contains("--sandbox")));
        }
    }
}
