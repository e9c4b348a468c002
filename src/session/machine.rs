//! States, and what moves between them.

use std::collections::VecDeque;

use super::app::BETWEEN_LULLS;
use super::backlog::{Backlog, Ledger, Span};
use super::backoff::Backoff;
use super::live::Live;
use super::merge::Merge;
use super::requests::Requests;
use super::timeline::Timeline;
use super::{Event, Input, Options, Output, SocketId, State};
use crate::audio::container::{Format, Place};
use crate::error::{Code, Error};
use crate::json::ToJson;
use crate::protocol::CONFIGURATION_TIME_LIMIT;
use crate::protocol::client::ClientMessage;
use crate::protocol::server::Segment;
use crate::time::{Duration, earliest};

/// A chunk of that length is a single packet: chunks hold at least one, and none is shorter.
const A_PACKET: Duration = Duration::from_nanos(1);

/// A stream, from the first socket to the last message.
#[derive(Debug)]
pub struct Session {
    pub(super) options: Options,
    pub(super) state: State,
    pub(super) connection: Connection,
    /// Counts sockets; the present one bears the latest number.
    pub(super) socket: SocketId,
    pub(super) backlog: Backlog,
    pub(super) backoff: Backoff,
    pub(super) timeline: Timeline,
    pub(super) merge: Merge,
    /// Up to where in capture time words have come: see [`Session::untranscribed`].
    pub(super) words_until: Duration,
    /// Whether the app was told that times cannot be.
    pub(super) is_told_of_times: bool,
    /// When the first connection must stand, if somebody waits for it, and whether it ever did.
    pub(super) first_deadline: Option<Duration>,
    pub(super) was_connected: bool,
    /// Since when there has been no connection.
    pub(super) without_since: Duration,
    /// Why the latest attempt failed.
    pub(super) last_error: Option<Error>,
    /// Whether the latest attempt was refused for its token; a second refusal of a fresh one is final.
    pub(super) token_refused: bool,
    pub(super) requests: Requests,
    pub(super) usage: Option<f64>,
    /// Whether no packet follows for now.
    pub(super) is_paused: bool,
    /// Whether the app was warned of the buffer's bound.
    pub(super) buffer_is_high: bool,
    pub(super) bytes_sent: u64,
    /// Whether another session had the stream before.
    pub(super) has_past: bool,
    /// Capture time of the first packet.
    pub(super) origin: Duration,
    pub(super) outputs: VecDeque<Output>,
}

/// What there is of a connection.
#[derive(Debug)]
pub(super) enum Connection {
    /// None, and none will be sought.
    None,
    /// The driver is opening a socket; it must be open by then.
    Opening { until: Duration },
    /// The upgrade failed silently, and the driver asks why.
    Diagnosing { until: Duration },
    /// The configuration was sent; it must be answered by then.
    Configuring { until: Duration },
    /// Audio may flow.
    Live(Box<Live>),
    /// The next attempt is due then.
    Waiting { until: Duration },
}

impl Session {
    /// A session that starts to connect at `now`, or if it is held with [`Input::Begin`].
    #[must_use]
    pub fn new(options: Options, now: Duration) -> Self {
        let mut session = Self {
            state: State::Connecting,
            connection: Connection::None,
            socket: 0,
            backlog: Backlog::new(options.buffer, options.most_again()),
            backoff: Backoff::new(options.seed),
            timeline: Timeline::new(options.times_from),
            merge: Merge::new(options.seed, 0, true),
            words_until: Duration::ZERO,
            is_told_of_times: false,
            first_deadline: None,
            was_connected: false,
            without_since: now,
            last_error: None,
            token_refused: false,
            requests: Requests::default(),
            usage: None,
            is_paused: false,
            buffer_is_high: false,
            bytes_sent: 0,
            has_past: false,
            origin: Duration::ZERO,
            outputs: VecDeque::new(),
            options,
        };
        if let Some(past) = session.options.past.take() {
            session.follow(past);
        }
        if !session.options.is_held {
            session.begin(now);
        }
        session
    }

    /// Where the stream is.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Where all captured audio is.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.backlog.ledger()
    }

    /// The latest of the transcript, in time order, interim items included: what may still be corrected.
    #[must_use]
    pub fn transcript(&self) -> &[Segment] {
        self.merge.transcript().segments()
    }

    /// How much captured audio has not been transcribed, as far as is known: what lies behind the end of the latest final
    /// segment, or of what is acknowledged if that is later. What was given up is not among it.
    #[must_use]
    pub fn untranscribed(&self) -> Duration {
        self.backlog.held_after(self.words_until)
    }

    /// Where the audio begins that is not handed to the present socket, and how much of it goes into a message.
    #[must_use]
    pub fn next_chunk(&self) -> (Duration, Duration) {
        (self.backlog.in_flight_until(), self.options.chunk)
    }

    /// Audio that was given up, in order.
    #[must_use]
    pub fn dropped(&self) -> &[Span] {
        self.backlog.dropped()
    }

    /// All audio that the service has not acknowledged, as a file in the stream's own container.
    #[must_use]
    pub fn unsent_audio(&self) -> Vec<u8> {
        let mut file = Vec::new();
        let mut container = self.options.format.open_since(0, self.origin);
        self.backlog.each(|packet, is_last| {
            let place = if is_last { Place::EndOfStream } else { Place::Within };
            container.write(packet, place, &mut file);
        });
        file
    }

    /// From here on packets are those of another format, each a message of its own. To be called before the first of them.
    pub fn expect(&mut self, format: Format) {
        self.options.format = format;
        self.options.chunk = A_PACKET;
        if let Connection::Live(live) = &mut self.connection {
            live.container = self.options.format.open_since(self.socket, self.origin);
        }
    }

    /// Credits of the whole stream, where the service said so.
    #[must_use]
    pub const fn usage(&self) -> Option<f64> {
        self.usage
    }

    /// Bytes of audio handed to sockets, replays included.
    #[must_use]
    pub const fn bytes_sent(&self) -> u64 {
        self.bytes_sent
    }

    /// How many sockets were opened after the first.
    #[must_use]
    pub const fn reconnects(&self) -> u32 {
        self.socket.saturating_sub(1)
    }

    /// Takes one input. What follows from it is in [`Self::poll_output`] afterwards.
    pub fn handle(&mut self, input: Input<'_>, now: Duration) {
        if self.state.is_over() {
            return self.refuse_late(&input);
        }
        match input {
            Input::SocketOpened(id) if self.is_present(id) => self.opened(now),
            Input::Text(id, text) if self.is_present(id) => self.text(text, now),
            Input::SocketClosed(id, code) if self.is_present(id) => self.closed(code, now),
            Input::OpenFailed(id, error) if self.is_present(id) => {
                if error.retryable {
                    self.lost(error, now);
                } else {
                    self.fail(error);
                }
            }
            Input::Diagnosed(id, result) if self.is_present(id) => self.diagnosed(result, now),
            Input::SocketOpened(_)
            | Input::Text(..)
            | Input::SocketClosed(..)
            | Input::OpenFailed(..)
            | Input::Diagnosed(..) => {}
            Input::Tick { buffered_bytes } => self.looked(buffered_bytes, now),
            Input::Packet(start, duration, bytes) => self.packet(start, duration, bytes),
            Input::Flush(id) => self.flush(id, now),
            Input::End(id) => self.end(id, now),
            Input::Begin if matches!(self.connection, Connection::None) => self.begin(now),
            Input::Begin => {}
            Input::Close => self.close(),
            Input::Paused(paused) => {
                self.is_paused = paused;
                if paused {
                    self.lull(Duration::ZERO);
                }
            }
            Input::Lull => self.lull(BETWEEN_LULLS),
            Input::Online => {
                if let Connection::Waiting { until } = &mut self.connection {
                    *until = now;
                }
            }
        }
        self.time(now);
        self.transmit(now);
    }

    /// Passes on an event that does not concern the session, in order with its own.
    pub fn announce(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    /// The next thing to do, until there is none.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Tick`] is due if nothing happens before.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        if self.state.is_over() {
            return None;
        }
        let connection = match &self.connection {
            Connection::None => None,
            Connection::Opening { until }
            | Connection::Diagnosing { until }
            | Connection::Configuring { until }
            | Connection::Waiting { until } => Some(*until),
            Connection::Live(live) => live.wake_at(self.options.acknowledge_after),
        };
        let first = self.first_deadline.filter(|_| !self.was_connected);
        earliest(&[connection, first, self.requests.deadline()])
    }

    fn is_present(&self, id: SocketId) -> bool {
        id == self.socket && !matches!(self.connection, Connection::None | Connection::Waiting { .. })
    }

    pub(super) fn enter(&mut self, state: State, reason: Option<String>) {
        if self.state != state {
            let previous = std::mem::replace(&mut self.state, state);
            self.announce(Event::State { state, previous, reason });
        }
    }

    // Connecting

    fn begin(&mut self, now: Duration) {
        self.first_deadline = self.options.is_awaited.then_some(now + self.options.connection_time_limit);
        self.without_since = now;
        self.open(now);
    }

    pub(super) fn open(&mut self, now: Duration) {
        self.socket += 1;
        let limit = now + self.options.connection_time_limit;
        self.connection = Connection::Opening { until: limit };
        self.outputs.push_back(Output::Open(self.socket));
    }

    fn opened(&mut self, now: Duration) {
        if !matches!(self.connection, Connection::Opening { .. }) {
            return;
        }
        self.connection = Connection::Configuring { until: now + CONFIGURATION_TIME_LIMIT };
        let message = ClientMessage::Config { configuration: &self.options.configuration }.to_json();
        self.outputs.push_back(Output::SendText(message));
        if self.state == State::Connecting {
            self.enter(State::Configuring, None);
        }
    }

    pub(super) fn accepted(&mut self, now: Duration) {
        if !matches!(self.connection, Connection::Configuring { .. }) {
            return;
        }
        // A serial number tells one socket's logical stream from another's, should somebody join them.
        let container = self.options.format.open_since(self.socket, self.origin);
        let live = Live::new(container, self.options.catch_up_rate, self.options.chunk, now);
        self.connection = Connection::Live(Box::new(live));
        self.requests.extend(self.answer_deadline(now));
        self.timeline.restart();
        let heard_before = self.backlog.sent_until().as_secs_f64();
        self.merge.restart(self.socket, !self.has_past && heard_before == 0.0, heard_before);
        self.token_refused = false;
        self.last_error = None;
        if !self.was_connected {
            self.was_connected = true;
            self.outputs.push_back(Output::Connected(Ok(())));
        }
        self.enter(if self.requests.is_ending() { State::Ending } else { State::Streaming }, None);
    }

    fn closed(&mut self, code: u16, now: Duration) {
        match &self.connection {
            Connection::Opening { .. } => {
                self.connection = Connection::Diagnosing { until: now + self.options.connection_time_limit };
                self.outputs.push_back(Output::Diagnose(self.socket));
            }
            Connection::Configuring { .. } => {
                self.lost(connection_lost(format!("the socket closed ({code}) before it was configured")), now);
            }
            _ => self.lost(connection_lost(format!("the socket closed ({code})")), now),
        }
    }

    fn diagnosed(&mut self, result: Result<(), Error>, now: Duration) {
        if !matches!(self.connection, Connection::Diagnosing { .. }) {
            return;
        }
        match result {
            Err(error) if matches!(error.code, Code::NotFound | Code::Forbidden) => self.fail(error),
            Err(error) if error.code == Code::Unauthorized && self.token_refused => self.fail(error),
            Err(error) => {
                self.token_refused = error.code == Code::Unauthorized;
                self.lost(error, now);
            }
            Ok(()) => self.lost(connection_lost("the service did not open the socket".to_owned()), now),
        }
    }

    /// This attempt, or this connection, is over: plan the next.
    pub(super) fn lost(&mut self, error: Error, now: Duration) {
        if let Connection::Live(live) = &self.connection {
            self.backoff.connection_lasted(live.age(now));
            self.without_since = now;
        }
        self.backlog.rewind();
        self.requests.rewind();
        let wait = self.backoff.next_wait();
        let without = now.saturating_sub(self.without_since);
        if self.backoff.attempts() > self.options.reconnect_attempts && without >= self.options.reconnect_for {
            return self.fail(error);
        }
        self.connection = Connection::Waiting { until: now + wait };
        if self.was_connected {
            self.enter(State::Reconnecting, Some(error.message.clone()));
        } else {
            self.enter(State::Connecting, Some(error.message.clone()));
        }
        self.last_error = Some(error);
    }

    pub(super) fn fail(&mut self, error: Error) {
        self.announce(Event::Error(error.clone()));
        self.finish(State::Failed, Some(error.message.clone()), &error);
    }

    /// The stream is over before its time: every promise is settled with the same error.
    pub(super) fn finish(&mut self, state: State, reason: Option<String>, error: &Error) {
        self.backlog.rewind();
        if !matches!(self.connection, Connection::None | Connection::Waiting { .. }) {
            self.outputs.push_back(Output::CloseSocket);
        }
        self.connection = Connection::None;
        if !self.was_connected {
            self.was_connected = true;
            self.outputs.push_back(Output::Connected(Err(error.clone())));
        }
        for id in self.requests.take_all() {
            self.outputs.push_back(Output::Answered(id, Err(error.clone())));
        }
        self.enter(state, reason);
    }
}

pub(super) fn connection_lost(message: String) -> Error {
    Error::new(Code::ConnectionLost, message)
}
