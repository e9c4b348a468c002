//! A service, a network and an app around one session.

use ossicle::time::Duration;
use std::collections::{BTreeSet, VecDeque};

use ossicle::json::Json;
use ossicle::protocol::client::Configuration;
use ossicle::session::{
    Event, Input, MOST_SEGMENTS, Options, Output, Past, RequestId, Session, SocketId, State, Transcript,
};
use ossicle::{Code, Error};
use serde_json::{Value, json};

use crate::service::{Frame, Link};
use crate::speech::Speech;

/// Length of a slot, which is a packet.
pub(crate) const SLOT: Duration = Duration::from_millis(10);

/// How often captured slots reach the session, as from a worklet.
const CAPTURE: Duration = Duration::from_millis(20);

/// The request of the app's end.
pub(crate) const END: RequestId = 1_000;

pub(crate) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(crate) const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn options() -> Options {
    let configuration = json!({
        "transcription": { "primaryLanguage": "en", "participants": [{ "channel": 0, "role": "multiple" }] },
        "mode": { "type": "facts", "outputLocale": "en" },
        "audioFormat": "audio/pcm; rate=16000; channels=1; bits=16",
    });
    Options::new(Configuration::read(Json::read(&configuration.to_string()).unwrap()).unwrap())
}

/// What a fault does to the world, from its time on.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The socket is gone, and what was on its way with it; the client hears this code.
    Drop(u16),
    /// No socket opens for so long.
    Refuse(Duration),
    /// Sockets open for so long, but nothing is answered on them.
    Silent(Duration),
    /// For so long nothing leaves the client's socket and nothing arrives; nobody is told.
    Stall(Duration),
    /// Half open: from now on nothing arrives on either side, and what is sent leaves the client all the same.
    Lose,
    /// The machine sleeps for so long: nothing happens, and nothing is captured.
    Sleep(Duration),
    /// The service says its last words again, on this socket.
    Repeat,
    /// The browser says that the network is there.
    Online,
    /// The service ends the stream of its own accord.
    Ended,
    /// The service says something: garbage, an unknown type, anything.
    Say(String),
    /// The token provider fails for so long.
    NoToken(Duration),
}

pub(crate) struct World {
    pub(crate) now: Duration,
    pub(crate) session: Session,
    pub(crate) latency: Duration,
    pub(crate) faults: VecDeque<(Duration, Fault)>,
    /// No audio is captured from then on.
    pub(crate) capture_until: Duration,
    captured: u32,
    next_capture: Duration,
    pub(crate) link: Option<Link>,
    pub(crate) closed_links: Vec<Link>,
    refuse_until: Duration,
    silent_until: Duration,
    stall_until: Duration,
    no_token_until: Duration,
    /// What the REST API would say of the token.
    pub(crate) diagnosis: Result<(), Error>,
    /// How the service answers a configuration.
    pub(crate) verdict: Value,
    pub(crate) connected: Option<Result<(), Error>>,
    pub(crate) asked: BTreeSet<RequestId>,
    pub(crate) answered: Vec<(RequestId, Result<(), Error>)>,
    pub(crate) events: Vec<Event>,
    pub(crate) segments_made: u32,
    /// The conversation, and what becomes of it on the screen.
    pub(crate) speech: Speech,
    pub(crate) screen: Transcript,
    /// Whether people are told apart; else there is one on each channel.
    pub(crate) is_diarized: bool,
    /// Whether somebody tells when nobody speaks.
    pub(crate) hears_lulls: bool,
    /// Whether the service counts on from earlier sockets.
    pub(crate) counts_on: bool,
    /// How long a flush takes to be answered, if it is.
    pub(crate) answers_after: Duration,
    pub(crate) answers_no_flush: bool,
    /// Of the service's own choices.
    pub(crate) seed: u64,
    /// The service hears no words in what it hears.
    pub(crate) is_deaf: bool,
    /// The service answers no end.
    pub(crate) is_mute: bool,
    /// Whether the service tells what it has understood so far before it is sure.
    pub(crate) interim: bool,
    /// The most audio that may wait; and the most that may be in flight.
    bound: Duration,
    most_in_flight: Duration,
    diagnosing: Option<(Duration, SocketId)>,
}

impl World {
    pub(crate) fn new(options: Options) -> Self {
        let bound = options.buffer * 2 + options.acknowledge_after * 2 + (options.buffer / 10).min(ms(1_000));
        Self {
            bound,
            most_in_flight: options.acknowledge_after * 4 + s(60),
            speech: Speech::new(1, 2, 0, 7),
            screen: Transcript::new(MOST_SEGMENTS),
            is_diarized: true,
            hears_lulls: false,
            counts_on: false,
            answers_after: ms(300),
            answers_no_flush: false,
            seed: 1,
            is_deaf: false,
            is_mute: false,
            interim: false,
            now: Duration::ZERO,
            session: Session::new(options, Duration::ZERO),
            latency: ms(30),
            faults: VecDeque::new(),
            capture_until: Duration::MAX,
            captured: 0,
            next_capture: CAPTURE,
            link: None,
            closed_links: Vec::new(),
            refuse_until: Duration::ZERO,
            silent_until: Duration::ZERO,
            stall_until: Duration::ZERO,
            no_token_until: Duration::ZERO,
            diagnosis: Ok(()),
            verdict: json!({ "type": "CONFIG_ACCEPTED" }),
            connected: None,
            asked: BTreeSet::new(),
            answered: Vec::new(),
            events: Vec::new(),
            segments_made: 0,
            diagnosing: None,
        }
    }

    pub(crate) fn flush(&mut self, id: RequestId) {
        self.asked.insert(id);
        self.input(Input::Flush(id));
    }

    pub(crate) fn end(&mut self) {
        self.end_as(END);
    }

    pub(crate) fn end_as(&mut self, id: RequestId) {
        self.capture_until = self.now;
        if let Some(link) = &mut self.link {
            // See `Fault::Ended`: none may be on its way.
            link.down.retain(|(_, frame)| !matches!(frame, Frame::Text(text) if text.contains("ENDED")));
        }
        self.asked.insert(id);
        self.input(Input::End(id));
    }

    pub(crate) fn begin(&mut self) {
        self.input(Input::Begin);
    }

    pub(crate) fn pause(&mut self, paused: bool) {
        self.input(Input::Paused(paused));
    }

    /// Captures again, as if no time had passed since the last frame.
    pub(crate) fn capture_on(&mut self) {
        self.capture_until = Duration::MAX;
        self.next_capture = self.now + CAPTURE;
    }

    /// The machine sleeps: nothing happens, and nothing is captured.
    pub(crate) fn sleep(&mut self, duration: Duration) {
        self.now += duration;
        self.next_capture = self.now + CAPTURE;
    }

    pub(crate) fn close(&mut self) {
        self.input(Input::Close);
    }

    /// Whoever held the session is gone, and its socket with it: nothing happens any more, and nothing is captured.
    pub(crate) fn lose_session(&mut self) -> Past {
        let (ledger, usage) = (self.session.ledger(), self.session.usage());
        self.closed_links.extend(self.link.take());
        Past {
            ledger,
            position: ledger.captured,
            was_connected: self.connected.is_some(),
            speakers: self.screen.next_speaker(),
            usage,
            bytes_sent: self.session.bytes_sent(),
            reconnects: self.session.reconnects(),
            reason: "it is gone",
        }
    }

    /// Another session goes on after so long. What was captured meanwhile is lost, too.
    pub(crate) fn go_on(&mut self, mut options: Options, mut past: Past, after: Duration) {
        self.sleep(after);
        past.position += after;
        self.captured = (past.position.as_millis() / SLOT.as_millis()) as u32;
        options.past = Some(past);
        self.session = Session::new(options, self.now);
        self.check_ledger();
        while let Some(output) = self.session.poll_output() {
            self.perform(output);
        }
    }

    /// Lets time pass.
    pub(crate) fn run_for(&mut self, duration: Duration) {
        self.run_until(self.now + duration, |_| false);
    }

    /// Lets time pass until something holds; panics if it does not within `limit`.
    pub(crate) fn run_until_it(&mut self, what: &str, limit: Duration, holds: impl Fn(&Self) -> bool) {
        self.run_until(self.now + limit, &holds);
        assert!(holds(self), "{what}: not within {limit:?}; the state is {:?}", self.session.state());
    }

    pub(crate) fn answer(&self, id: RequestId) -> Option<&Result<(), Error>> {
        self.answered.iter().find(|(answered, _)| *answered == id).map(|(_, result)| result)
    }

    /// Slots that were captured.
    pub(crate) const fn captured(&self) -> u32 {
        self.captured
    }

    /// Slots that the service heard on any socket.
    pub(crate) fn heard(&self) -> BTreeSet<u32> {
        self.links().flat_map(|link| link.heard.iter().copied()).collect()
    }

    /// What each socket was sent: kinds of messages, repeats left out.
    pub(crate) fn orders(&self) -> Vec<Vec<&'static str>> {
        self.links()
            .map(|link| {
                let mut order = link.log.clone();
                order.dedup();
                order
            })
            .collect()
    }

    pub(crate) fn links(&self) -> impl Iterator<Item = &Link> {
        self.closed_links.iter().chain(&self.link)
    }

    fn run_until(&mut self, until: Duration, stop: impl Fn(&Self) -> bool) {
        while self.now < until && !stop(self) {
            let due = self.next_due().min(until);
            self.now = self.now.max(due);
            self.happen();
        }
    }

    fn next_due(&self) -> Duration {
        let is_stalled = self.now < self.stall_until;
        let frames = self
            .link
            .as_ref()
            .filter(|_| !is_stalled)
            .map(|link| [link.up.front(), link.down.front()].into_iter().flatten().map(|(due, _)| *due).min());
        let capture = (self.next_capture < self.capture_until).then_some(self.next_capture);
        let fault = self.faults.front().map(|(due, _)| *due);
        let stall = is_stalled.then_some(self.stall_until);
        let diagnosis = self.diagnosing.map(|(due, _)| due);
        [frames.flatten(), capture, fault, stall, diagnosis, self.session.poll_timeout()]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(Duration::MAX)
    }

    /// Everything that is due now.
    fn happen(&mut self) {
        while let Some((_, fault)) = self.faults.pop_front_if(|(due, _)| *due <= self.now) {
            self.strike(fault);
        }
        if self.next_capture <= self.now && self.next_capture < self.capture_until {
            self.next_capture += CAPTURE;
            self.capture();
        }
        if let Some((_, id)) = self.diagnosing.take_if(|(due, _)| *due <= self.now) {
            self.input(Input::Diagnosed(id, self.diagnosis.clone()));
        }
        if self.now >= self.stall_until {
            self.deliver();
        }
        if self.session.poll_timeout().is_some_and(|due| due <= self.now) {
            let buffered_bytes = self.link.as_ref().map_or(0, |link| link.buffered.iter().sum());
            self.input(Input::Tick { buffered_bytes });
        }
    }

    fn capture(&mut self) {
        for _ in 0..CAPTURE.as_millis() / SLOT.as_millis() {
            let slot = self.captured;
            self.captured += 1;
            self.input(Input::Packet(SLOT * slot, SLOT, &slot.to_le_bytes()));
            self.speech.extend(self.captured);
            if self.hears_lulls && self.speech.lulls.binary_search(&self.captured).is_ok() {
                self.input(Input::Lull);
            }
        }
    }

    fn strike(&mut self, fault: Fault) {
        match fault {
            Fault::Drop(code) => {
                if let Some(link) = &mut self.link {
                    link.is_dead = true;
                    link.up.clear();
                    link.down.clear();
                    link.down.push_back((self.now, Frame::Close(code)));
                }
            }
            Fault::Lose => self.link.iter_mut().for_each(|link| link.loses = true),
            Fault::Sleep(duration) => self.sleep(duration),
            Fault::Repeat => {
                if let Some(words) = self.link.as_ref().and_then(|link| link.last_words.clone()) {
                    self.say(words);
                }
            }
            Fault::Online => self.input(Input::Online),
            Fault::Refuse(duration) => self.refuse_until = self.now + duration,
            Fault::Silent(duration) => self.silent_until = self.now + duration,
            Fault::Stall(duration) => self.stall_until = self.now + duration,
            // One that crosses the client's own `end` cannot be told from its answer, by any client.
            Fault::Ended if !self.asked.contains(&END) => self.say(json!({ "type": "ENDED" }).to_string()),
            Fault::Ended => {}
            Fault::Say(text) => self.say(text),
            Fault::NoToken(duration) => self.no_token_until = self.now + duration,
        }
    }

    fn input(&mut self, input: Input<'_>) {
        self.session.handle(input, self.now);
        self.check_ledger();
        while let Some(output) = self.session.poll_output() {
            self.perform(output);
        }
    }

    fn check_ledger(&self) {
        let ledger = self.session.ledger();
        let places = ledger.acknowledged + ledger.in_flight + ledger.buffered + ledger.dropped;
        assert_eq!(ledger.captured, places, "the ledger does not add up at {:?}: {ledger:?}", self.now);
        let (waiting, in_flight) = (ledger.buffered, ledger.in_flight);
        assert!(waiting <= self.bound, "{waiting:?} wait, and {:?} is the bound", self.bound);
        assert!(in_flight <= self.most_in_flight, "{in_flight:?} are in flight at {:?}", self.now);
    }

    /// As an app takes it.
    fn told(&mut self, event: Event) {
        if let Event::Transcript { segments, replaced } = &event {
            for key in replaced {
                self.screen.remove(key);
            }
            for segment in segments {
                let is_known = self.screen.segments().iter().any(|held| held.key == segment.key);
                assert!(!is_known && !segment.key.is_empty(), "{} is there and not replaced", segment.key);
                self.screen.put(segment.clone());
            }
        }
        self.events.push(event);
    }

    fn perform(&mut self, output: Output) {
        let due = self.now + self.latency;
        match output {
            Output::Open(id) => {
                assert!(self.link.is_none(), "a second socket while one is open");
                if self.now < self.no_token_until {
                    let mut error = Error::new(Code::Unauthorized, "the token provider failed");
                    error.retryable = true;
                    return self.input(Input::OpenFailed(id, error));
                }
                let base = if self.counts_on { self.closed_links.iter().map(|link| link.heard.len()).sum() } else { 0 };
                let (refused, silent) = (self.now < self.refuse_until, self.now < self.silent_until);
                self.link = Some(Link::new(id, due + self.latency, refused, silent, base, self.seed));
            }
            Output::SendText(text) => {
                let length = text.len();
                self.send(due, Frame::Text(text), length);
            }
            Output::SendAudio(bytes) => {
                let length = bytes.len();
                self.send(due, Frame::Audio(bytes), length);
            }
            Output::CloseSocket => self.closed_links.extend(self.link.take()),
            Output::Diagnose(id) => {
                self.closed_links.extend(self.link.take());
                self.diagnosing = Some((due, id));
            }
            Output::Connected(result) => assert!(self.connected.replace(result).is_none(), "connect settled twice"),
            Output::Answered(id, result) => {
                assert!(self.answer(id).is_none(), "request {id} settled twice");
                assert!(self.asked.contains(&id), "request {id} was never made");
                self.answered.push((id, result));
            }
            Output::Event(event) => self.told(event),
        }
    }

    fn send(&mut self, due: Duration, frame: Frame, length: usize) {
        let link = self.link.as_mut().expect("nothing is sent without a socket");
        if !link.is_dead {
            link.up.push_back((due, frame));
            link.buffered.push_back(length);
        }
    }

    fn deliver(&mut self) {
        while let Some((_, frame)) =
            self.link.as_mut().and_then(|link| link.up.pop_front_if(|(due, _)| *due <= self.now))
        {
            if let Some(link) = &mut self.link {
                link.buffered.pop_front();
            }
            self.serve(frame);
        }
        while let Some((_, frame)) =
            self.link.as_mut().and_then(|link| link.down.pop_front_if(|(due, _)| *due <= self.now))
        {
            let Some(id) = self.link.as_ref().map(|link| link.id) else { return };
            match frame {
                Frame::Open => self.input(Input::SocketOpened(id)),
                Frame::Text(text) => self.input(Input::Text(id, &text)),
                Frame::Close(code) => {
                    self.closed_links.extend(self.link.take());
                    self.input(Input::SocketClosed(id, code));
                }
                Frame::Audio(_) => {}
            }
        }
    }

    pub(crate) fn states(&self) -> Vec<State> {
        let states = self.events.iter().filter_map(|event| match event {
            Event::State { state, .. } => Some(*state),
            _ => None,
        });
        states.collect()
    }

    /// Codes of the errors that the app was told of.
    pub(crate) fn errors(&self) -> Vec<Code> {
        let errors = self.events.iter().filter_map(|event| match event {
            Event::Error(error) => Some(error.code),
            _ => None,
        });
        errors.collect()
    }
}
