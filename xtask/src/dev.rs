//! `cargo xtask dev`: the demo page and the package, served on this machine beside the sandbox or against the real service.

use std::fmt;
use std::net::{Ipv4Addr, TcpListener};
use std::str::FromStr;

use anyhow::{Result, bail};

use crate::build::{self, Profile};
use crate::children::interrupted;
use crate::run::heading;
use crate::serve::{self, Sandbox};
use crate::setup::{self, Need};

/// The variable that holds the token for the real service. Its value is never printed.
pub(crate) const TOKEN: &str = "OSSICLE_ACCESS_TOKEN";

/// How to serve the demo.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) profile: Profile,
    /// The real service in place of the sandbox.
    pub(crate) environment: Option<Environment>,
    /// The sandbox's delays are the service's times this.
    pub(crate) pace: f64,
}

/// Faster than life, where first words take twenty seconds: nobody who tries the page is to wait as long.
const PACE: f64 = 0.1;

impl Default for Options {
    fn default() -> Self {
        Self { port: 8080, profile: Profile::Dev, environment: None, pace: PACE }
    }
}

/// A region of the real service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Environment {
    Eu,
    Us,
}

impl FromStr for Environment {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "eu" => Ok(Self::Eu),
            "us" => Ok(Self::Us),
            other => bail!("there is no environment {other:?}: say eu or us"),
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Eu => "eu",
            Self::Us => "us",
        })
    }
}

/// Builds and serves until Ctrl-C.
pub(crate) fn serve(options: &Options) -> Result<()> {
    // What would fail at the end is found out at the start.
    if options.environment.is_some() && std::env::var_os(TOKEN).is_none_or(|token| token.is_empty()) {
        bail!("{TOKEN} is not set: put an access token for the service into it, such as your sign-in server gives");
    }
    let port = options.port;
    if let Err(error) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        bail!("port {port} cannot be used ({error}): run `cargo xtask dev --port N` with another, or 0 for any");
    }

    setup::ensure(&Need::BUILD)?;
    heading("build");
    build::make(options.profile)?;
    serve::build()?;

    let mut arguments = ["--port", &port.to_string(), "--www", "www", "--pkg", "pkg"].map(str::to_owned).to_vec();
    match options.environment {
        Some(environment) => arguments.extend(["--environment".to_owned(), environment.to_string()]),
        None => arguments.extend(["--pace".to_owned(), options.pace.to_string()]),
    }
    let sandbox = Sandbox::start(&arguments)?;
    println!("\n  {}/\n\nCtrl-C ends it.", sandbox.url);
    let status = sandbox.wait()?;
    if interrupted() {
        println!("\nended");
        return Ok(());
    }
    bail!("the server ended by itself ({status})")
}
