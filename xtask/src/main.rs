//! Project tasks: `cargo xtask dev | build | pack | test | bench | fuzz | probe | setup | help`.
//!
//! This file reads the arguments and picks a room; what a task does lives there:
//! `setup` (what a fresh machine lacks), `build` (the package), `pack` (its tarball), `dev` (the demo on a local server), `test` (every check),
//! `bench` (how fast it is), `probe` (what only the live service can tell), `tidy` (the repository's own rules), and under them `run`, `children`, `serve` and `place`.
//! Nothing here is part of the product.

mod bench;
mod build;
mod children;
mod dev;
mod fuzz;
mod pack;
mod place;
mod probe;
mod run;
mod serve;
mod setup;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use lexopt::prelude::*;

const HELP: &str = "\
Project tasks. Each sets up what it needs first and says so.

  cargo xtask dev [--port N] [--release] [--pace X] [--environment eu|us]
      builds the package and serves the demo beside the sandbox (port 8080 unless told), whose delays are the service's
      times X: 0.1 unless told, 1 for the rhythm of the service;
      with --environment the demo talks to the real service, with the token in OSSICLE_ACCESS_TOKEN
      and the tenant in OSSICLE_TENANT (default base)
  cargo xtask build [--dev]
      builds the package into pkg/, optimised unless --dev
  cargo xtask pack [--twice]
      builds the package and makes the tarball for npm; --twice does so again from nothing and compares the bytes
  cargo xtask test [--only PART]... [--file FILE] [--name TEXT] [--fail-fast]
      runs every check, or the parts named: fmt, tidy, deny, clippy, native, browser, sdk, e2e, package, install, bundlers;
      of one part only a file (outages.test.mjs), or the tests with a text in their names;
      goes on after a part has failed, unless told to stop there
  cargo xtask bench [--only audio|page]
      measures how fast it is, and what it costs a page beside the official client; writes docs/benchmarks.md
  cargo xtask fuzz [--runs N]
      has libFuzzer make up what the service says to a session, 10,000,000 times unless told
  cargo xtask probe --environment eu|us|REGION [--tenant NAME] | --sandbox  [--hour] [--one-by-one]
      asks the real service some minutes long what only it can tell, compares it with the sandbox, and writes
      probe/DATE.json without tokens and addresses; the token is in OSSICLE_ACCESS_TOKEN, or a client's id and
      secret in OSSICLE_CLIENT_ID and OSSICLE_CLIENT_SECRET; --sandbox asks the sandbox itself (probe/README.md)
  cargo xtask setup
      installs all that the tasks above need
  cargo xtask help
";

/// What the command line asked for.
#[derive(Debug, PartialEq)]
enum Task {
    Dev(dev::Options),
    Build(build::Profile),
    /// Whether to build it twice.
    Pack(bool),
    Test(test::Options),
    Fuzz(u64),
    Bench(Vec<bench::Suite>),
    Probe(probe::Options),
    Setup,
    Help,
}

fn main() -> ExitCode {
    let task = parse(lexopt::Parser::from_env());
    let done = task.map_err(|error| anyhow!("{error}: run `cargo xtask help`")).and_then(|task| {
        children::end_with_us()?;
        perform(task)
    });
    match done {
        Ok(code) => code,
        Err(_) if children::interrupted() => ExitCode::from(130),
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<ExitCode> {
    match task {
        Task::Help => print!("{HELP}"),
        Task::Setup => setup::ensure(&setup::Need::ALL)?,
        Task::Build(profile) => build::package(profile)?,
        Task::Pack(twice) => pack::package(twice)?,
        Task::Dev(options) => dev::serve(&options)?,
        Task::Test(options) => return test::run(&options),
        Task::Fuzz(executions) => fuzz::run(executions)?,
        Task::Bench(suites) => bench::run(&suites)?,
        Task::Probe(options) => probe::run(&options)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn parse(mut arguments: lexopt::Parser) -> Result<Task> {
    let name = match arguments.next()? {
        None => return Ok(Task::Help),
        Some(Long("help") | Short('h')) => return Ok(Task::Help),
        Some(Value(name)) => name.string()?,
        Some(other) => return Err(other.unexpected().into()),
    };
    match name.as_str() {
        "help" => Ok(Task::Help),
        "setup" => none_left(arguments, Task::Setup),
        "build" => {
            let mut profile = build::Profile::Release;
            while let Some(argument) = arguments.next()? {
                match argument {
                    Long("dev") => profile = build::Profile::Dev,
                    Long("help") | Short('h') => return Ok(Task::Help),
                    other => return Err(other.unexpected().into()),
                }
            }
            Ok(Task::Build(profile))
        }
        "pack" => {
            let mut twice = false;
            while let Some(argument) = arguments.next()? {
                match argument {
                    Long("twice") => twice = true,
                    Long("help") | Short('h') => return Ok(Task::Help),
                    other => return Err(other.unexpected().into()),
                }
            }
            Ok(Task::Pack(twice))
        }
        "dev" => {
            let mut options = dev::Options::default();
            while let Some(argument) = arguments.next()? {
                match argument {
                    Long("port") => options.port = arguments.value()?.parse()?,
                    Long("release") => options.profile = build::Profile::Release,
                    Long("environment") => options.environment = Some(arguments.value()?.parse()?),
                    Long("pace") => options.pace = arguments.value()?.parse()?,
                    Long("help") | Short('h') => return Ok(Task::Help),
                    other => return Err(other.unexpected().into()),
                }
            }
            Ok(Task::Dev(options))
        }
        "test" => {
            let mut options = test::Options::default();
            while let Some(argument) = arguments.next()? {
                match argument {
                    Long("only") => options.only.push(arguments.value()?.parse()?),
                    Long("file") => options.file = Some(arguments.value()?.string()?),
                    Long("name") => options.name = Some(arguments.value()?.string()?),
                    Long("fail-fast") => options.fail_fast = true,
                    Long("help") | Short('h') => return Ok(Task::Help),
                    other => return Err(other.unexpected().into()),
                }
            }
            Ok(Task::Test(options))
        }
        "bench" => {
            let mut suites = Vec::new();
            while let Some(argument) = arguments.next()? {
                match argument {
                    Long("only") => suites.push(arguments.value()?.parse()?),
                    Long("help") | Short('h') => return Ok(Task::Help),
                    other => return Err(other.unexpected().into()),
                }
            }
            Ok(Task::Bench(suites))
        }
        "fuzz" => {
            let mut executions = fuzz::USUAL;
            while let Some(argument) = arguments.next()? {
                match argument {
                    Long("runs") => executions = arguments.value()?.parse()?,
                    Long("help") | Short('h') => return Ok(Task::Help),
                    other => return Err(other.unexpected().into()),
                }
            }
            Ok(Task::Fuzz(executions))
        }
        "probe" => {
            let mut options = probe::Options::default();
            while let Some(argument) = arguments.next()? {
                match argument {
                    Long("environment") => options.environment = Some(arguments.value()?.string()?),
                    Long("tenant") => options.tenant = Some(arguments.value()?.string()?),
                    Long("sandbox") => options.sandbox = true,
                    Long("hour") => options.hour = true,
                    Long("one-by-one") => options.one_by_one = true,
                    Long("help") | Short('h') => return Ok(Task::Help),
                    other => return Err(other.unexpected().into()),
                }
            }
            Ok(Task::Probe(options))
        }
        other => bail!("there is no task {other:?}"),
    }
}

fn none_left(mut arguments: lexopt::Parser, task: Task) -> Result<Task> {
    match arguments.next()? {
        None => Ok(task),
        Some(Long("help") | Short('h')) => Ok(Task::Help),
        Some(other) => Err(anyhow!(other.unexpected())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Task> {
        parse(lexopt::Parser::from_args(arguments))
    }

    #[test]
    fn no_argument_asks_for_help() {
        assert_eq!(parsed(&[]).unwrap(), Task::Help);
        assert_eq!(parsed(&["dev", "--help"]).unwrap(), Task::Help);
    }

    #[test]
    fn dev_serves_a_quick_build_on_port_8080_unless_told() {
        let Task::Dev(options) = parsed(&["dev"]).unwrap() else { unreachable!("dev is dev") };
        assert_eq!((options.port, options.profile, options.environment), (8080, build::Profile::Dev, None));
        let Task::Dev(options) = parsed(&["dev", "--port=9000", "--release", "--environment", "us"]).unwrap() else {
            unreachable!("dev is dev")
        };
        assert_eq!((options.port, options.profile), (9000, build::Profile::Release));
        assert_eq!(options.environment, Some(dev::Environment::Us));
    }

    #[test]
    fn a_package_is_packed_once_unless_told() {
        assert_eq!(parsed(&["pack"]).unwrap(), Task::Pack(false));
        assert_eq!(parsed(&["pack", "--twice"]).unwrap(), Task::Pack(true));
    }

    #[test]
    fn parts_of_the_tests_are_named_one_by_one() {
        let options = test::Options { only: vec![test::Part::Native, test::Part::E2e], ..test::Options::default() };
        assert_eq!(parsed(&["test", "--only", "native", "--only=e2e"]).unwrap(), Task::Test(options));
    }

    #[test]
    fn all_parts_are_run_whatever_fails_unless_told() {
        assert_eq!(parsed(&["test"]).unwrap(), Task::Test(test::Options::default()));
        let options = test::Options { fail_fast: true, ..test::Options::default() };
        assert_eq!(parsed(&["test", "--fail-fast"]).unwrap(), Task::Test(options));
    }

    #[test]
    fn one_test_is_named_by_its_file_and_its_name() {
        let options = test::Options {
            only: vec![test::Part::E2e],
            file: Some("outages.test.mjs".to_owned()),
            name: Some("the connection breaks".to_owned()),
            fail_fast: false,
        };
        let arguments = ["test", "--only", "e2e", "--file", "outages.test.mjs", "--name", "the connection breaks"];
        assert_eq!(parsed(&arguments).unwrap(), Task::Test(options));
    }

    #[test]
    fn a_benchmark_is_named_or_all_are_run() {
        assert_eq!(parsed(&["bench"]).unwrap(), Task::Bench(Vec::new()));
        let suites = vec![bench::Suite::Page, bench::Suite::Audio];
        assert_eq!(parsed(&["bench", "--only", "page", "--only", "audio"]).unwrap(), Task::Bench(suites));
    }

    #[test]
    fn ten_million_executions_are_fuzzed_unless_told() {
        assert_eq!(parsed(&["fuzz"]).unwrap(), Task::Fuzz(10_000_000));
        assert_eq!(parsed(&["fuzz", "--runs", "1000"]).unwrap(), Task::Fuzz(1_000));
    }

    #[test]
    fn the_probe_asks_a_region_of_any_name_or_the_sandbox() {
        let sandbox = probe::Options { sandbox: true, ..probe::Options::default() };
        assert_eq!(parsed(&["probe", "--sandbox"]).unwrap(), Task::Probe(sandbox));
        let service = probe::Options {
            environment: Some("beta-eu".to_owned()),
            tenant: Some("north".to_owned()),
            hour: true,
            one_by_one: true,
            sandbox: false,
        };
        let arguments = ["probe", "--environment=beta-eu", "--tenant", "north", "--hour", "--one-by-one"];
        assert_eq!(parsed(&arguments).unwrap(), Task::Probe(service));
    }

    #[test]
    fn what_is_not_known_is_refused_by_name() {
        for arguments in [
            &["deploy"][..],
            &["build", "--fast"],
            &["pack", "--thrice"],
            &["test", "--only", "everything"],
            &["bench", "--only", "video"],
            &["dev", "--environment", "mars"],
            &["dev", "--port", "70000"],
            &["probe", "--everything"],
            &["setup", "more"],
        ] {
            let refused = parsed(arguments).unwrap_err().to_string();
            let last = arguments.last().unwrap();
            assert!(refused.contains(last), "{refused} names {last}");
        }
    }
}
