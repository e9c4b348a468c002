//! States, and what moves between them.

use std::collections::VecDeque;
use std::time::Duration;

use super::backlog::{Backlog, Ledger};
use super::backoff::Backoff;
use super::pace::Pace;
use super::timeline::Timeline;
use super::transcript::Transcript;
use super::{Event, Input, Options, Output, RequestId, SocketId, State};
use crate::error::{Code, Error};
use crate::protocol::client::ClientMessage;
use crate::protocol::server::{Segment, ServerMessage, ServiceError};
use crate::protocol::{CONFIGURATION_TIME_LIMIT, MAX_AUDIO_MESSAGE_BYTES};

/// No more audio is handed to a socket that holds this many bytes: two seconds of PCM. More would only hide in the
/// browser what the ledger should show.
const HIGH_WATER_BYTES: usize = 64_000;

/// How often to look whether the socket's buffer has drained.
const DRAIN_CHECK: Duration = Duration::from_millis(250);

/// A stream, from the first socket to the last message.
#[derive(Debug)]
pub struct Session {
    options: Options,
    state: State,
    connection: Connection,
    /// Counts sockets; the present one bears the latest number.
    socket: SocketId,
    backlog: Backlog,
    backoff: Backoff,
    timeline: Timeline,
    transcript: Transcript,
    /// When the first connection must stand, and whether it ever did.
    first_deadline: Duration,
    was_connected: bool,
    /// Why the latest attempt failed.
    last_error: Option<Error>,
    /// Whether the latest attempt was refused for its token; a second refusal of a fresh one is final.
    token_refused: bool,
    flushes: VecDeque<Flush>,
    end: Option<End>,
    usage: Option<f64>,
    bytes_sent: u64,
    outputs: VecDeque<Output>,
}

/// What there is of a connection.
#[derive(Debug)]
enum Connection {
    /// None, and none will be sought.
    None,
    /// The driver is opening a socket; it must be open by then.
    Opening { until: Duration },
    /// The upgrade failed silently, and the driver asks why.
    Diagnosing { until: Duration },
    /// The configuration was sent; it must be answered by then.
    Configuring { until: Duration },
    /// Audio may flow.
    Live(Live),
    /// The next attempt is due then.
    Waiting { until: Duration },
}

#[derive(Debug)]
struct Live {
    since: Duration,
    pace: Pace,
    /// When the pace allows the next chunk, if there is one that waits for it.
    resume_at: Option<Duration>,
    /// Bytes in the socket's buffer when last looked, those handed over since included.
    buffered_bytes: usize,
    check_at: Option<Duration>,
    /// Capture time that had left the socket, and when that was seen.
    drained: VecDeque<(Duration, Duration)>,
}

#[derive(Debug)]
struct Flush {
    id: RequestId,
    /// Capture time that must have been sent before.
    at: Duration,
    deadline: Duration,
    sent: bool,
}

#[derive(Debug)]
struct End {
    id: RequestId,
    deadline: Duration,
    sent: bool,
}

impl Session {
    /// A session that starts to connect at `now`.
    #[must_use]
    pub fn new(options: Options, now: Duration) -> Self {
        let mut session = Self {
            state: State::Connecting,
            connection: Connection::None,
            socket: 0,
            backlog: Backlog::new(options.buffer),
            backoff: Backoff::new(options.seed),
            timeline: Timeline::default(),
            transcript: Transcript::default(),
            first_deadline: now + options.connection_time_limit,
            was_connected: false,
            last_error: None,
            token_refused: false,
            flushes: VecDeque::new(),
            end: None,
            usage: None,
            bytes_sent: 0,
            outputs: VecDeque::new(),
            options,
        };
        session.open(now);
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

    /// The transcript so far, in time order, interim items included.
    #[must_use]
    pub fn transcript(&self) -> &[Segment] {
        self.transcript.segments()
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
            Input::Tick { buffered_bytes } => self.drained(buffered_bytes, now),
            Input::Packet(start, duration, bytes) => self.packet(start, duration, bytes),
            Input::Flush(id) => self.flush(id, now),
            Input::End(id) => self.end(id, now),
            Input::Close => self.close(),
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
            Connection::Live(live) => {
                let acknowledge = live.drained.front().map(|(seen, _)| *seen + self.options.acknowledge_after);
                [live.resume_at, live.check_at, acknowledge].into_iter().flatten().min()
            }
        };
        let first = (!self.was_connected).then_some(self.first_deadline);
        let requests = self.flushes.iter().map(|flush| flush.deadline).chain(self.end.as_ref().map(|end| end.deadline));
        requests.chain(connection).chain(first).min()
    }

    fn is_present(&self, id: SocketId) -> bool {
        id == self.socket && !matches!(self.connection, Connection::None | Connection::Waiting { .. })
    }

    fn enter(&mut self, state: State, reason: Option<String>) {
        if self.state != state {
            let previous = std::mem::replace(&mut self.state, state);
            self.announce(Event::State { state, previous, reason });
        }
    }

    // Connecting

    fn open(&mut self, now: Duration) {
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

    fn accepted(&mut self, now: Duration) {
        if !matches!(self.connection, Connection::Configuring { .. }) {
            return;
        }
        self.connection = Connection::Live(Live {
            since: now,
            pace: Pace::new(self.options.catch_up_rate, self.options.chunk, now),
            resume_at: None,
            buffered_bytes: 0,
            check_at: None,
            drained: VecDeque::new(),
        });
        self.timeline.restart();
        self.transcript.restart();
        self.token_refused = false;
        self.last_error = None;
        if !self.was_connected {
            self.was_connected = true;
            self.outputs.push_back(Output::Connected(Ok(())));
        }
        self.enter(if self.end.is_some() { State::Ending } else { State::Streaming }, None);
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
            Err(error) if error.code == Code::NotFound => self.fail(error),
            Err(error) if error.code == Code::Unauthorized && self.token_refused => self.fail(error),
            Err(error) => {
                self.token_refused = error.code == Code::Unauthorized;
                self.lost(error, now);
            }
            Ok(()) => self.lost(connection_lost("the service did not open the socket".to_owned()), now),
        }
    }

    /// This attempt, or this connection, is over: plan the next.
    fn lost(&mut self, error: Error, now: Duration) {
        if let Connection::Live(live) = &self.connection {
            self.backoff.connection_lasted(now.saturating_sub(live.since));
        }
        self.backlog.rewind();
        self.flushes.iter_mut().for_each(|flush| flush.sent = false);
        if let Some(end) = &mut self.end {
            end.sent = false;
        }
        let wait = self.backoff.next_wait();
        if self.backoff.attempts() > self.options.reconnect_attempts {
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

    // What the service says

    fn text(&mut self, text: &str, now: Duration) {
        let Ok(parsed) = ServerMessage::parse(text) else {
            let message = format!("the service sent a message of {} bytes that cannot be read", text.len());
            return self.announce(Event::Error(Error::new(Code::Protocol, message)));
        };
        if parsed.unreadable_items > 0 {
            let message = format!("the service sent {} items that cannot be read", parsed.unreadable_items);
            self.announce(Event::Error(Error::new(Code::Protocol, message)));
        }
        match parsed.message {
            ServerMessage::ConfigAccepted => self.accepted(now),
            ServerMessage::ConfigRefused { status, reason } => {
                let reason = reason.unwrap_or_else(|| "no reason was given".to_owned());
                let message = format!("the service refused the configuration ({status}): {reason}");
                self.fail(Error::new(Code::ConfigRejected, message));
            }
            ServerMessage::Transcript(segments) => self.segments(segments),
            ServerMessage::Facts(facts) if !facts.is_empty() => self.announce(Event::Facts { facts }),
            ServerMessage::Flushed => self.flushed(),
            ServerMessage::Usage { credits, total } => {
                if total {
                    self.usage = Some(credits);
                }
                self.announce(Event::Usage { credits, total });
            }
            ServerMessage::AudioEvent(data) => self.announce(Event::AudioEvent { data }),
            ServerMessage::Error(error) => {
                let error = service_error(error);
                self.last_error = Some(error.clone());
                self.announce(Event::Error(error));
            }
            ServerMessage::Ended => self.ended(now),
            ServerMessage::ConfigAlreadyReceived | ServerMessage::Facts(_) | ServerMessage::Unknown => {}
        }
    }

    fn segments(&mut self, segments: Vec<Segment>) {
        let mut kept = Vec::with_capacity(segments.len());
        let mut replaced = Vec::new();
        for mut segment in segments {
            segment.time.start = self.timeline.to_visit(segment.time.start);
            segment.time.end = self.timeline.to_visit(segment.time.end);
            if self.transcript.take(&segment, &mut replaced) {
                kept.push(segment);
            }
        }
        if kept.is_empty() {
            return;
        }
        self.announce(Event::Transcript { segments: kept, replaced });
        let channels = self.options.configuration.transcription.participants.len();
        let until = self.transcript.final_until(u32::try_from(channels).unwrap_or(1));
        if let Ok(until) = Duration::try_from_secs_f64(until) {
            self.backlog.acknowledge(until);
        }
    }

    fn flushed(&mut self) {
        self.announce(Event::Flushed);
        if self.flushes.front().is_some_and(|flush| flush.sent)
            && let Some(flush) = self.flushes.pop_front()
        {
            self.backlog.acknowledge(flush.at);
            self.outputs.push_back(Output::Answered(flush.id, Ok(())));
        }
    }

    fn ended(&mut self, now: Duration) {
        if self.end.as_ref().is_some_and(|end| end.sent) {
            self.backlog.acknowledge(Duration::MAX);
            // What the service answered with the end was asked for by the flushes before it as well.
            for flush in self.flushes.drain(..) {
                self.outputs.push_back(Output::Answered(flush.id, Ok(())));
            }
            if let Some(end) = self.end.take() {
                self.outputs.push_back(Output::Answered(end.id, Ok(())));
            }
            self.connection = Connection::None;
            self.outputs.push_back(Output::CloseSocket);
            self.enter(State::Ended, None);
            return self.announce(Event::Ended { usage: self.usage });
        }
        // Nobody asked for it: the service gave this socket up. An error that cannot heal says so; else go on.
        match self.last_error.take() {
            Some(error) if !error.retryable => self.fail(error),
            error => {
                self.outputs.push_back(Output::CloseSocket);
                self.lost(error.unwrap_or_else(|| connection_lost("the service ended the stream".to_owned())), now);
            }
        }
    }

    // What the app does

    fn packet(&mut self, start: Duration, duration: Duration, bytes: &[u8]) {
        if self.end.is_none()
            && let Some(span) = self.backlog.push(start, duration, bytes)
        {
            let (start, end) = (span.start.as_secs_f64(), span.end.as_secs_f64());
            self.announce(Event::AudioDropped { start, end, reason: "the buffer is full" });
        }
    }

    /// How long the service may take to answer something that is asked for now.
    fn answer_deadline(&self, now: Duration) -> Duration {
        let ledger = self.backlog.ledger();
        let drain = (ledger.buffered + ledger.in_flight).div_f64(self.options.catch_up_rate);
        now + drain + self.options.answer_time_limit
    }

    fn flush(&mut self, id: RequestId, now: Duration) {
        let (at, deadline) = (self.backlog.captured_until(), self.answer_deadline(now));
        self.flushes.push_back(Flush { id, at, deadline, sent: false });
    }

    fn end(&mut self, id: RequestId, now: Duration) {
        if self.end.is_some() {
            let error = Error::new(Code::Conflict, "the stream is ending already");
            return self.outputs.push_back(Output::Answered(id, Err(error)));
        }
        self.end = Some(End { id, deadline: self.answer_deadline(now), sent: false });
        if matches!(self.connection, Connection::Live(_)) {
            self.enter(State::Ending, None);
        }
    }

    fn close(&mut self) {
        self.finish(State::Ended, Some("closed by the app".to_owned()), &closed());
    }

    fn fail(&mut self, error: Error) {
        self.announce(Event::Error(error.clone()));
        self.finish(State::Failed, Some(error.message.clone()), &error);
    }

    /// The stream is over before its time: every promise is settled with the same error.
    fn finish(&mut self, state: State, reason: Option<String>, error: &Error) {
        self.backlog.rewind();
        if !matches!(self.connection, Connection::None | Connection::Waiting { .. }) {
            self.outputs.push_back(Output::CloseSocket);
        }
        self.connection = Connection::None;
        if !self.was_connected {
            self.was_connected = true;
            self.outputs.push_back(Output::Connected(Err(error.clone())));
        }
        for flush in std::mem::take(&mut self.flushes) {
            self.outputs.push_back(Output::Answered(flush.id, Err(error.clone())));
        }
        if let Some(end) = self.end.take() {
            self.outputs.push_back(Output::Answered(end.id, Err(error.clone())));
        }
        self.enter(state, reason);
    }

    /// What still comes after the end must be settled too.
    fn refuse_late(&mut self, input: &Input<'_>) {
        if let Input::Flush(id) | Input::End(id) = input {
            let message = format!("the stream is over ({:?})", self.state).to_lowercase();
            self.outputs.push_back(Output::Answered(*id, Err(Error::new(Code::Conflict, message))));
        }
    }

    // Time

    fn time(&mut self, now: Duration) {
        if self.state.is_over() {
            return;
        }
        if !self.was_connected && now >= self.first_deadline {
            let limit = self.options.connection_time_limit.as_secs_f64();
            let message = format!("the stream was not ready within {limit} s");
            let error = self.last_error.take().unwrap_or_else(|| Error::new(Code::Timeout, message));
            return self.fail(error);
        }
        match &self.connection {
            Connection::Opening { until } if now >= *until => {
                self.outputs.push_back(Output::CloseSocket);
                self.lost(Error::new(Code::Timeout, "the socket did not open in time"), now);
            }
            Connection::Diagnosing { until } if now >= *until => {
                self.lost(connection_lost("the service cannot be reached".to_owned()), now);
            }
            Connection::Configuring { until } if now >= *until => {
                self.outputs.push_back(Output::CloseSocket);
                self.lost(Error::new(Code::Timeout, "the service did not answer the configuration in time"), now);
            }
            Connection::Waiting { until } if now >= *until => self.open(now),
            _ => {}
        }
        self.acknowledge_by_time(now);
        self.expire_requests(now);
    }

    fn acknowledge_by_time(&mut self, now: Duration) {
        let Connection::Live(live) = &mut self.connection else { return };
        while let Some((_, until)) =
            live.drained.pop_front_if(|(seen, _)| now >= *seen + self.options.acknowledge_after)
        {
            self.backlog.acknowledge(until);
        }
    }

    fn expire_requests(&mut self, now: Duration) {
        while let Some(flush) = self.flushes.pop_front_if(|flush| now >= flush.deadline) {
            let error = Error::new(Code::Timeout, "the service did not answer the flush in time");
            self.outputs.push_back(Output::Answered(flush.id, Err(error)));
        }
        if self.end.as_ref().is_some_and(|end| now >= end.deadline) {
            let ledger = self.backlog.ledger();
            let unsent = ledger.buffered.as_secs_f64();
            let message = format!("the stream could not be ended in time; {unsent:.1} s of audio are unsent");
            self.fail(Error::new(Code::Timeout, message));
        }
    }

    // Audio to the socket

    fn drained(&mut self, bytes: usize, now: Duration) {
        let Connection::Live(live) = &mut self.connection else { return };
        live.buffered_bytes = bytes;
        live.check_at = None;
        let sent = self.backlog.in_flight_until();
        if bytes == 0 {
            if live.drained.back().is_none_or(|(_, until)| *until < sent) {
                live.drained.push_back((now, sent));
            }
        } else {
            live.check_at = Some(now + DRAIN_CHECK);
        }
    }

    fn transmit(&mut self, now: Duration) {
        let Connection::Live(live) = &mut self.connection else { return };
        live.resume_at = None;
        loop {
            let sent_until = self.backlog.in_flight_until();
            let ledger = self.backlog.ledger();
            let flush = self.flushes.iter_mut().find(|flush| !flush.sent);
            let due = flush.as_ref().is_some_and(|flush| flush.at <= sent_until);
            if due && let Some(flush) = flush {
                flush.sent = true;
                self.outputs.push_back(Output::SendText(ClientMessage::Flush.to_json()));
                continue;
            }
            if let Some(end) = &mut self.end
                && ledger.buffered.is_zero()
            {
                if !end.sent {
                    end.sent = true;
                    self.outputs.push_back(Output::SendText(ClientMessage::End.to_json()));
                }
                return;
            }
            let partial = self.end.is_some() || self.flushes.iter().any(|flush| !flush.sent);
            if ledger.buffered.is_zero() || (ledger.buffered < self.options.chunk && !partial) {
                return;
            }
            if live.buffered_bytes >= HIGH_WATER_BYTES {
                live.check_at = Some(now + DRAIN_CHECK);
                return;
            }
            let wait = live.pace.wait(self.backlog.next_chunk_duration(self.options.chunk), now);
            if !wait.is_zero() {
                live.resume_at = Some(now + wait);
                return;
            }
            let mut chunk = Vec::new();
            let target = self.options.chunk;
            let Some(span) = self.backlog.take_chunk(target, MAX_AUDIO_MESSAGE_BYTES, partial, &mut chunk) else {
                return;
            };
            self.timeline.sent(span.start, span.end);
            live.pace.spend(span.end - span.start);
            live.buffered_bytes += chunk.len();
            self.bytes_sent += chunk.len() as u64;
            live.check_at.get_or_insert(now + DRAIN_CHECK);
            self.outputs.push_back(Output::SendAudio(chunk));
        }
    }
}

fn connection_lost(message: String) -> Error {
    Error::new(Code::ConnectionLost, message)
}

fn closed() -> Error {
    Error::new(Code::Aborted, "the stream was closed")
}

fn service_error(error: ServiceError) -> Error {
    let code = error.status.map_or(Code::ServerError, Code::of_status);
    let parts = [error.title, error.details].into_iter().flatten().collect::<Vec<_>>().join(": ");
    let parts = if parts.is_empty() { "no details were given".to_owned() } else { parts };
    let mut result = Error::new(code, format!("the service reports an error: {parts}"));
    result.status = error.status;
    result.request_id = error.request_id;
    result
}
