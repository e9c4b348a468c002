//! The sandbox as a program: arguments in, one line with the address out, until a signal comes.

use std::{io::Write, net::Ipv4Addr, process::ExitCode};

use lexopt::{Arg, Parser, ValueExt};
use ossicle_sandbox::{Options, Region, Service, serve};
use tokio::{io::AsyncReadExt, net::TcpListener};

const HELP: &str = "\
A local server that speaks the Corti service's side of the protocol, with scripted transcripts.

Usage: ossicle-sandbox [options]

  --port N                listen on port N of 127.0.0.1; 0, the default, takes a free one
  --www DIR               serve the pages of DIR at /
  --pkg DIR               serve the package of DIR at /pkg/
  --environment eu|us     serve pages for the real service: no sandbox, the token of OSSICLE_ACCESS_TOKEN,
                          the tenant of OSSICLE_TENANT (default base)
  --token-seconds N       life of an access token (default 300)
  --pace X                multiply the service's delays by X: 1, the default, is life, 0.1 ten times as fast; the times
                          in messages are never scaled
  --set KEY=VALUE         set another switch of the service's behaviour; README.md lists them
  --max-pace X            cut off audio that comes faster than X times real time (default: any pace is good)
  --exit-on-stdin-close   stop when standard input ends, so as never to outlive the program that started this one
  --help                  print this

The first line on standard output is `listening on http://127.0.0.1:PORT`.";

struct Arguments {
    port: u16,
    exit_on_stdin_close: bool,
    options: Options,
}

fn arguments() -> Result<Option<Arguments>, lexopt::Error> {
    let mut found = Arguments { port: 0, exit_on_stdin_close: false, options: Options::default() };
    let mut parser = Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("port") => found.port = parser.value()?.parse()?,
            Arg::Long("www") => found.options.www = Some(parser.value()?.into()),
            Arg::Long("pkg") => found.options.pkg = Some(parser.value()?.into()),
            Arg::Long("token-seconds") => found.options.token_seconds = parser.value()?.parse()?,
            Arg::Long(name @ ("pace" | "max-pace")) => {
                let key = if name == "pace" { "pace" } else { "maxPace" };
                let value = parser.value()?.string()?;
                found.options.behaviour.set(key, &value)?;
            }
            Arg::Long("set") => {
                let value = parser.value()?.string()?;
                let (key, value) = value.split_once('=').ok_or("--set needs KEY=VALUE")?;
                found.options.behaviour.set(key, value)?;
            }
            Arg::Long("exit-on-stdin-close") => found.exit_on_stdin_close = true,
            Arg::Long("environment") => {
                let region = parser.value()?.parse_with(|name| Region::parse(name).ok_or("must be eu or us"))?;
                let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
                found.options.service = Some(Service {
                    region,
                    tenant: variable("OSSICLE_TENANT").unwrap_or_else(|| "base".into()),
                    access_token: variable("OSSICLE_ACCESS_TOKEN"),
                });
            }
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(found))
}

/// Comes back when somebody wants the program to end.
async fn until_told_to_stop(exit_on_stdin_close: bool) {
    let stdin_closed = async {
        if !exit_on_stdin_close {
            std::future::pending::<()>().await;
        }
        let (mut input, mut buffer) = (tokio::io::stdin(), [0; 256]);
        while input.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
    };
    let terminated = async {
        #[cfg(unix)]
        if let Ok(mut signal) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            signal.recv().await;
            return;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        // An error means that Ctrl-C cannot be heard, and is no reason to stop at once.
        Ok(()) = tokio::signal::ctrl_c() => {}
        () = terminated => {}
        () = stdin_closed => {}
    }
}

async fn run(arguments: Arguments) -> std::io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port)).await.map_err(|error| {
        std::io::Error::new(error.kind(), format!("port {} cannot be listened on: {error}", arguments.port))
    })?;
    let server = serve(listener, arguments.options)?;
    let mut output = std::io::stdout();
    writeln!(output, "listening on {}", server.url())?;
    output.flush()?;
    until_told_to_stop(arguments.exit_on_stdin_close).await;
    server.stop().await
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("ossicle-sandbox: {error}; --help tells the options");
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("ossicle-sandbox: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(run(arguments));
    // Reading standard input may block a thread for ever; the program ends all the same.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ossicle-sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}
