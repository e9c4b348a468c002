//! One socket of the service: opened, sent to, looked at for what has come. It never waits longer than it is told.

use std::{
    io::ErrorKind,
    net::{Shutdown, TcpStream, ToSocketAddrs},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Map, Value};
use tungstenite::{
    ClientHandshake, HandshakeError, Message, WebSocket,
    client::{IntoClientRequest, uri_mode},
    handshake::client::Request,
    stream::{MaybeTlsStream, Mode},
};

use crate::subject::{body_of, headers};

/// How long one look lasts: short, since several sockets take turns.
const LOOK: Duration = Duration::from_millis(3);
/// Whoever takes no bytes for this long takes none any more.
const WRITE_LIMIT: Duration = Duration::from_secs(10);
/// Close codes that no close frame has (RFC 6455, section 7.4.1).
const NO_CODE: u16 = 1005;
const ABNORMAL: u16 = 1006;

type Stream = MaybeTlsStream<TcpStream>;
type Handshake =
    Result<(WebSocket<Stream>, tungstenite::handshake::client::Response), HandshakeError<ClientHandshake<Stream>>>;

/// An open socket.
pub(crate) struct Socket {
    socket: WebSocket<Stream>,
    tcp: TcpStream,
}

/// What a look has found.
#[derive(Debug)]
pub(crate) enum Came {
    /// A text: JSON, or as it was.
    Text(Value),
    /// A binary message of so many bytes.
    Binary(usize),
    /// A ping of so many bytes.
    Ping(usize),
    /// The end: its code and the reason.
    Close(u16, String),
}

/// What an upgrade was answered with.
pub(crate) enum Opened {
    /// A socket.
    Open(Box<Socket>),
    /// A status, some headers, and a body.
    Refused(u16, Map<String, Value>, Value),
}

impl Socket {
    /// Asks for a socket, and waits for the answer at most so long.
    ///
    /// # Errors
    /// Where there is no answer. The error names no address: it goes into the file.
    pub(crate) fn open(url: &str, limit: Duration) -> Result<Opened> {
        let request = url.into_client_request().map_err(|_| anyhow!("the socket's address has no right form"))?;
        let mode = uri_mode(request.uri()).map_err(|_| anyhow!("the socket's address has no right form"))?;
        let host = request.uri().host().context("the socket's address has no host")?;
        let port = request.uri().port_u16().unwrap_or(if matches!(mode, Mode::Tls) { 443 } else { 80 });
        let mut addresses = (host, port).to_socket_addrs().map_err(|_| anyhow!("no answer: the host is unknown"))?;
        let address = addresses.next().context("no answer: the host is unknown")?;
        let tcp =
            TcpStream::connect_timeout(&address, limit).map_err(|_| anyhow!("no answer: there is no connection"))?;
        // A fault of these settings would be one of the machine; without them a wait might have no end.
        tcp.set_read_timeout(Some(limit)).context("cannot limit a wait")?;
        tcp.set_write_timeout(Some(WRITE_LIMIT)).context("cannot limit a wait")?;
        let _ = tcp.set_nodelay(true);
        let own = tcp.try_clone().context("cannot share a connection")?;
        match shake_hands(request, tcp, mode)? {
            Ok((socket, _)) => {
                own.set_read_timeout(Some(LOOK)).context("cannot limit a wait")?;
                Ok(Opened::Open(Box::new(Self { socket, tcp: own })))
            }
            Err(HandshakeError::Failure(tungstenite::Error::Http(answer))) => {
                let headers = headers(answer.headers());
                let body = body_of(&headers, answer.body().as_deref().unwrap_or_default());
                Ok(Opened::Refused(answer.status().as_u16(), headers, body))
            }
            Err(HandshakeError::Interrupted(_)) => bail!("no answer: it took too long"),
            Err(HandshakeError::Failure(error)) => bail!("no answer: {}", kind(&error)),
        }
    }

    /// Looks for the next message, a few milliseconds long.
    pub(crate) fn look(&mut self) -> Option<Came> {
        let came = match self.socket.read() {
            Ok(Message::Text(text)) => {
                Came::Text(serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.as_str().to_owned())))
            }
            Ok(Message::Binary(bytes)) => Came::Binary(bytes.len()),
            Ok(Message::Ping(bytes)) => Came::Ping(bytes.len()),
            Ok(Message::Pong(_) | Message::Frame(_)) => return None,
            Ok(Message::Close(frame)) => {
                // Lets the library answer the close frame.
                let _ = self.socket.flush();
                let (code, reason) = frame
                    .map_or((NO_CODE, String::new()), |frame| (frame.code.into(), frame.reason.as_str().to_owned()));
                Came::Close(code, reason)
            }
            Err(tungstenite::Error::Io(error))
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
            {
                return None;
            }
            Err(_) => Came::Close(ABNORMAL, String::new()),
        };
        Some(came)
    }

    /// Sends a text.
    ///
    /// # Errors
    /// Where the connection takes nothing any more.
    pub(crate) fn say(&mut self, message: &Value) -> Result<()> {
        self.send(Message::text(message.to_string()))
    }

    /// Sends a binary message.
    ///
    /// # Errors
    /// Where the connection takes nothing any more.
    pub(crate) fn audio(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.send(Message::binary(bytes))
    }

    fn send(&mut self, message: Message) -> Result<()> {
        self.socket.send(message).map_err(|error| anyhow!("could not be sent: {}", kind(&error)))
    }

    /// Breaks the connection, without a word.
    pub(crate) fn cut(&self) {
        // One that is broken already is what was wanted.
        let _ = self.tcp.shutdown(Shutdown::Both);
    }
}

fn kind(error: &tungstenite::Error) -> &'static str {
    match error {
        tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => "the connection is closed",
        tungstenite::Error::Io(_) => "the connection failed",
        tungstenite::Error::Tls(_) => "the connection is not secure",
        tungstenite::Error::Capacity(_) => "it is too long",
        tungstenite::Error::Protocol(_) => "it is not a WebSocket",
        _ => "it has no right form",
    }
}

#[cfg(feature = "tls")]
fn shake_hands(request: Request, tcp: TcpStream, _: Mode) -> Result<Handshake> {
    Ok(tungstenite::client_tls(request, tcp))
}

#[cfg(not(feature = "tls"))]
fn shake_hands(request: Request, tcp: TcpStream, mode: Mode) -> Result<Handshake> {
    anyhow::ensure!(matches!(mode, Mode::Plain), "this probe was built without TLS: build it with `--features tls`");
    Ok(tungstenite::client(request, MaybeTlsStream::Plain(tcp)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_server_that_does_not_answer_is_not_waited_for_longer_than_told() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}/x", listener.local_addr().unwrap());
        let error = Socket::open(&url, Duration::from_millis(50)).err().unwrap();
        assert_eq!(error.to_string(), "no answer: it took too long");
    }

    #[test]
    fn a_server_that_is_not_there_is_said_so_without_its_address() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}/x", listener.local_addr().unwrap());
        drop(listener);
        let error = Socket::open(&url, Duration::from_secs(5)).err().unwrap();
        assert_eq!(error.to_string(), "no answer: there is no connection");
    }
}
