//! A local server that speaks the Corti service's side of the protocol: REST, OAuth and the streams socket.
//!
//! It exists so that the SDK, and applications made with it, can be developed and tested without the service. What it
//! hears is real (audio is decoded, measured and reported), what it says is scripted: transcripts come from an invented
//! consultation that goes on with the speech in the audio, facts from those transcripts by simple rules, documents from
//! facts by template. State is in memory and bounded.
//!
//! Where things are:
//! - [`serve`], here: the routes put together, start and stop. `main.rs`: the same as a program.
//! - `auth` tokens · `oauth` how they are come by · `error` the protocol's errors and how requests are read · `model`
//!   the resources' shapes · `library` guided templates and sections · `rest/` the resources · `transcription` what a recording says · `state` the memory.
//! - `socket` the stream's IO · `stream` its state machine, pure · `configuration` what it is asked for · `audio` what
//!   it hears · `said` which words that is · `telling` how the service tells them: segments, order, rhythm · `facts`,
//!   `documents` what it makes of them.
//! - `behaviour` the switches between the forms that the service may have.
//! - `control`, `report` and `requests` what `/sandbox` offers to tests · `faults` the schedule of what is to go wrong ·
//!   `line` and `gate` where it goes wrong, on sockets and requests · `pages` static files and what a page needs beside
//!   the service.

mod audio;
mod auth;
mod behaviour;
mod configuration;
mod control;
mod documents;
mod error;
mod facts;
mod faults;
mod form;
mod gate;
mod library;
mod line;
mod model;
mod oauth;
mod pages;
mod report;
mod requests;
mod rest;
mod said;
mod socket;
mod state;
mod stream;
mod telling;
mod transcription;

use std::{io, net::SocketAddr, path::PathBuf, time::Duration};

use axum::{
    Router,
    http::{HeaderValue, header},
    middleware::{from_fn_with_state, map_response},
    routing::{any, get, post},
};
use socket2::SockRef;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};
use tower_http::{
    cors::{AllowHeaders, CorsLayer},
    set_header::SetResponseHeaderLayer,
};

pub use crate::behaviour::{
    Acceptance, AudioEventName, Behaviour, CloseCode, EmptySection, Ended, ErrorBody, ErrorFields, Order, Pace,
    TimesFrom, Transcripts,
};
use crate::{said::Script, state::App};

/// How long requests that are under way may take once the server stops.
const STOP_LIMIT: Duration = Duration::from_secs(3);

/// Bytes that the kernel holds for a server that does not read; it doubles the number for its own needs.
const RECEIVE_BUFFER: usize = 4 << 10;
/// Bytes of a TCP segment: Ethernet's.
#[cfg(unix)]
const SEGMENT: u32 = 1460;

/// How a server is to be.
pub struct Options {
    /// The folder that is served at `/`.
    pub www: Option<PathBuf>,
    /// The built package, served at `/pkg/`.
    pub pkg: Option<PathBuf>,
    /// Life of an access token in seconds; the service's is 300, the default.
    pub token_seconds: u64,
    /// In which ways the service differs from the default, the pace of its delays among them.
    pub behaviour: Behaviour,
    /// Serve pages for the real service in place of speaking its side.
    pub service: Option<Service>,
}

impl Default for Options {
    fn default() -> Self {
        Self { www: None, pkg: None, token_seconds: 300, behaviour: Behaviour::default(), service: None }
    }
}

/// The real service, for a page that is to talk to it.
pub struct Service {
    /// Where it runs.
    pub region: Region,
    /// The tenant that the token is for.
    pub tenant: String,
    /// The token that `POST /token` answers; without one it answers 503.
    pub access_token: Option<String>,
}

/// A region of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// Europe.
    Eu,
    /// United States.
    Us,
}

impl Region {
    /// The region by its name in URLs, `eu` or `us`.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "eu" => Some(Self::Eu),
            "us" => Some(Self::Us),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Eu => "eu",
            Self::Us => "us",
        }
    }
}

/// A running server. Dropping it stops it too, without waiting.
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<io::Result<()>>,
}

impl Server {
    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://` and the address, without a last slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes every socket (1001, going away), lets requests end, at most 3 seconds long, and stops.
    ///
    /// # Errors
    /// What the listener failed with while it ran.
    pub async fn stop(mut self) -> io::Result<()> {
        // No receiver left: it has stopped by itself.
        let _ = self.stop.send(true);
        match timeout(STOP_LIMIT, &mut self.task).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Ok(()),
            Err(_) => {
                self.task.abort();
                Ok(())
            }
        }
    }
}

/// Serves on a listener that is bound already (port 0 in tests) until [`Server::stop`]. To be called within a tokio
/// runtime.
///
/// # Errors
/// Where the listener has no address, or the script that is built in cannot be read.
pub fn serve(listener: TcpListener, options: Options) -> io::Result<Server> {
    let address = listener.local_addr()?;
    narrow(&listener);
    let script = Script::load().map_err(io::Error::other)?;
    let (stop, stopping) = watch::channel(false);
    let mut until = stopping.clone();
    let router = router(App::new(options, script, stopping));
    let task = tokio::spawn(async move {
        axum::serve(listener, router)
            .with_graceful_shutdown(async move {
                // An error means that the server was dropped, which stops it as well.
                let _ = until.wait_for(|stop| *stop).await;
            })
            .await
    });
    Ok(Server { address, stop, task })
}

/// Makes connections as narrow as a real network's. On the loopback interface the kernels of both ends hold megabytes
/// between them, minutes of speech: a client would hardly notice a server that has stopped reading. Accepted sockets
/// inherit this; where it cannot be set, nothing but that is lost.
fn narrow(listener: &TcpListener) {
    let socket = SockRef::from(listener);
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    // The client's kernel sizes its buffer by the size of a segment: 64 kB on the loopback interface, unless told.
    #[cfg(unix)]
    let _ = socket.set_tcp_mss(SEGMENT);
}

fn router(app: App) -> Router {
    // Headers are mirrored, not `*`: that would not cover Authorization (Fetch standard, section 3.3.3).
    let cors = CorsLayer::permissive().allow_headers(AllowHeaders::mirror_request());
    let mut router = pages::router(&app.options);
    if app.options.service.is_none() {
        router = router
            .nest("/v2", rest::router(app.clone()))
            .nest("/sandbox", control::router())
            .route("/audio-bridge/v2/interactions/{id}/streams", any(socket::upgrade));
        // The official client's `login` ends in `/realms`; the others serve one that was given the bare host.
        for realm in ["/realms/{tenant}", "/{tenant}"] {
            let path = |end| format!("{realm}/protocol/openid-connect/{end}");
            router = router.route(&path("token"), post(oauth::token)).route(&path("auth"), get(oauth::authorize));
        }
        router = router.layer(from_fn_with_state(app.clone(), gate::pass));
    }
    // A page under development must never be an old one.
    let fresh = SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    router.layer(fresh).layer(cors).layer(map_response(gate::close)).with_state(app)
}
