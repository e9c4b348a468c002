//! The probe as a program: arguments and credentials in, a table on standard output and a file out.
//!
//! `cargo xtask probe` starts it, with a sandbox and the spoken dialogue made ready.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use anyhow::{Context, Result, bail};
use lexopt::{Arg, Parser, ValueExt};
use ossicle_probe::{
    finding::table,
    questions::Question,
    redact::{Redactor, Secret},
    report::{About, write},
    run::{Options, Outcome, run},
    speech::Speech,
    subject::Subject,
    tokens::{Credentials, tenant},
    trail::Trail,
};

const HELP: &str = "\
Asks the live service what only it can tell, and compares its answers with the sandbox's.

Usage: ossicle-probe --sandbox URL --speech DIR --out DIR [options]

  --sandbox URL        the sandbox to compare with, such as http://127.0.0.1:8787
  --speech DIR         the spoken dialogue: a file for each line
  --out DIR            where the file goes; its name is the day
  --environment NAME   ask the service of this region (eu, us, …); without it the sandbox is asked itself
  --tenant NAME        its tenant (default: OSSICLE_TENANT, or what the token says, or base)
  --hour               ask also what takes an hour
  --one-by-one         ask one question at a time: takes longer than a token lives
  --pace X             multiply all waits by X: for a sandbox of that pace (default 1)
  --help               print this

The token is read from OSSICLE_ACCESS_TOKEN; or OSSICLE_CLIENT_ID and OSSICLE_CLIENT_SECRET are used to get
tokens as they are needed.";

/// A token lives this long; of a run without `--one-by-one` all but one question is over sooner.
const ENOUGH_SECONDS: u64 = 290;

static STOP: AtomicBool = AtomicBool::new(false);

#[derive(Default)]
struct Arguments {
    sandbox: String,
    speech: PathBuf,
    out: PathBuf,
    environment: Option<String>,
    tenant: Option<String>,
    options: Options,
}

fn arguments() -> Result<Option<Arguments>> {
    let mut found = Arguments::default();
    let mut parser = Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("sandbox") => found.sandbox = parser.value()?.string()?,
            Arg::Long("speech") => found.speech = parser.value()?.into(),
            Arg::Long("out") => found.out = parser.value()?.into(),
            Arg::Long("environment") => found.environment = Some(parser.value()?.string()?),
            Arg::Long("tenant") => found.tenant = Some(parser.value()?.string()?),
            Arg::Long("hour") => found.options.hour = true,
            Arg::Long("one-by-one") => found.options.one_by_one = true,
            Arg::Long("pace") => found.options.pace = parser.value()?.parse()?,
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    if found.sandbox.is_empty() || found.speech.as_os_str().is_empty() || found.out.as_os_str().is_empty() {
        bail!("--sandbox, --speech and --out are needed");
    }
    if !(0.001..=10.0).contains(&found.options.pace) {
        bail!("--pace must be 0.001 to 10");
    }
    Ok(Some(found))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// The service of a region, by the environment's credentials.
fn service(region: &str, asked: Option<&str>) -> Result<Subject> {
    let credentials = match (variable("OSSICLE_CLIENT_ID"), variable("OSSICLE_CLIENT_SECRET")) {
        (Some(id), Some(secret)) => Credentials::Client { id, secret },
        _ => {
            let token = variable("OSSICLE_ACCESS_TOKEN");
            Credentials::Token(
                token
                    .context("OSSICLE_ACCESS_TOKEN is not set, nor are OSSICLE_CLIENT_ID and OSSICLE_CLIENT_SECRET")?,
            )
        }
    };
    let of_token = match &credentials {
        Credentials::Token(token) => tenant(token),
        Credentials::Client { .. } => None,
    };
    let tenant = asked.map(str::to_owned).or_else(|| variable("OSSICLE_TENANT")).or(of_token);
    let is_given = matches!(credentials, Credentials::Token(_));
    let subject = Subject::service(region, tenant.as_deref().unwrap_or("base"), credentials)?;
    subject.check()?;
    let left = subject.tokens.token()?.left().map(|left| left.as_secs());
    match left.filter(|_| is_given) {
        Some(0) => bail!("the token has expired: get a new one"),
        Some(left) if left < ENOUGH_SECONDS => {
            println!("The token lives {left} s more: questions that are asked later will fail.");
        }
        _ => {}
    }
    Ok(subject)
}

/// What a sandbox takes for credentials.
fn anything() -> Credentials {
    Credentials::Client { id: "sandbox-client".to_owned(), secret: "any-secret-is-good".to_owned() }
}

fn perform(arguments: &Arguments) -> Result<()> {
    let speech = Speech::read(&arguments.speech)?;
    let sandbox = Subject::sandbox(&arguments.sandbox, "base", anything())?;
    let (subject, name) = match arguments.environment.as_deref() {
        None => (Subject::sandbox(&arguments.sandbox, "base", anything())?, "the sandbox".to_owned()),
        Some(region) => {
            // A region of one's own would tell who ran it.
            let shown = if ["eu", "us"].contains(&region) { region } else { "another region" };
            (service(region, arguments.tenant.as_deref())?, format!("the service, {shown}"))
        }
    };
    println!("Asking {name} and the sandbox beside it; this takes some minutes.");
    let told = |question: &Question, trail: &Trail| {
        println!("  {:<7} {} ({} events)", question.letter, trail.ending(), trail.0.len());
    };
    let quiet = |_: &Question, _: &Trail| {};
    let (ours, theirs) = thread::scope(|scope| {
        let beside = scope.spawn(|| run(&sandbox, &speech, arguments.options, &STOP, &quiet));
        let ours = run(&subject, &speech, arguments.options, &STOP, &told);
        (ours, beside.join().unwrap_or_default())
    });
    let secrets = [subject.secrets(), sandbox.secrets()].concat();
    save(arguments, &secrets, &name, &ours, &theirs)
}

fn save(arguments: &Arguments, secrets: &[Secret], name: &str, ours: &Outcome, theirs: &Outcome) -> Result<()> {
    let date = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let mut redactor = Redactor::new(secrets).context("a pattern is broken")?;
    let about = About { subject: name, date: &date, options: arguments.options };
    let (text, rows) = write(&about, ours, theirs, &mut redactor)?;
    println!("\n{}", table(&rows));
    for path in &ours.left {
        println!("Could not be deleted, please do: DELETE {path}");
    }
    fs::create_dir_all(&arguments.out).with_context(|| format!("cannot make {}", arguments.out.display()))?;
    let path = free(&arguments.out, &date);
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    println!("Written to {}", path.display());
    Ok(())
}

/// A name for the file that no earlier run of the day has.
fn free(folder: &Path, date: &str) -> PathBuf {
    let first = folder.join(format!("{date}.json"));
    let later = (2..).map(|number| folder.join(format!("{date}-{number}.json")));
    std::iter::once(first.clone()).chain(later).find(|path| !path.exists()).unwrap_or(first)
}

fn main() -> ExitCode {
    // What was made is deleted when somebody stops the run, too.
    let heard = ctrlc::set_handler(|| STOP.store(true, Ordering::Relaxed));
    let done = heard.context("cannot listen for Ctrl-C").and_then(|()| match arguments()? {
        Some(arguments) => perform(&arguments),
        None => {
            println!("{HELP}");
            Ok(())
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ossicle-probe: {error:#}");
            ExitCode::FAILURE
        }
    }
}
