//! What the page's half of a stream keeps of an engine in another thread: what it was last told, for whoever looks, and
//! what another engine must be told if that one dies.

use std::collections::VecDeque;

use super::resume::LOST;
use super::wire::{Order, View};
use super::{CaptureId, Command, Dropped, Gate, Pause, Resume, Settings, headers};
use crate::error::{Code, Error};
use crate::json::{Json, ToJson};
use crate::protocol::server::Segment;
use crate::session::{Event, MOST_SEGMENTS, RequestId, State, Transcript};
use crate::time::Duration;

/// So many engines in so short a time may die. More of them would die of the same.
const MOST_DEATHS: usize = 3;
const DEATHS_WITHIN: Duration = Duration::from_secs(60);

/// A thread that says nothing for longer than this was not only busy: the machine slept, and nothing was captured.
const LONGEST_SILENCE: Duration = Duration::from_secs(5);

/// Times are those of a clock which the page and the engine's thread both have.
pub struct Shadow {
    /// What the app may give.
    pub gate: Gate,
    /// The merged transcript.
    pub transcript: Transcript,
    /// Pauses that are over.
    pub pauses: Vec<Pause>,
    /// What was given up.
    pub dropped: Vec<Dropped>,
    /// State and figures, as they were told: most are never looked at.
    view: String,
    viewed: Duration,
    /// Seconds of the app's own frames.
    pushed: f64,
    given_bytes: u64,
    given_headers: Vec<u8>,
    usage: Option<f64>,
    paused_at: Option<Duration>,
    is_begun: bool,
    is_closed: bool,
    is_over: bool,
    wants: Option<Order>,
    /// What was last asked of each channel, and of all.
    muted: Vec<Order>,
    /// What is not answered yet.
    open: Vec<(RequestId, Order)>,
    deaths: VecDeque<Duration>,
}

/// An engine died, and another may go on.
#[derive(Debug, PartialEq)]
pub struct Loss {
    /// Where.
    pub resume: Resume,
    /// What to order of it before anything else, after its sources are attached.
    pub orders: Vec<Order>,
    /// The sources, each with its channel if it has one of its own.
    pub sources: Vec<(CaptureId, Option<usize>)>,
    /// What to tell the app.
    pub event: Option<Event>,
}

impl Shadow {
    /// Of an engine that begins, which told how it stands.
    #[must_use]
    pub fn new(settings: &Settings, view: String, now: Duration) -> Self {
        Self {
            gate: Gate::new(settings),
            transcript: Transcript::new(MOST_SEGMENTS),
            pauses: Vec::new(),
            dropped: Vec::new(),
            view,
            viewed: now,
            pushed: 0.0,
            given_bytes: 0,
            given_headers: Vec::new(),
            usage: None,
            paused_at: None,
            is_begun: false,
            is_closed: false,
            is_over: false,
            wants: None,
            muted: Vec::new(),
            open: Vec::new(),
            deaths: VecDeque::new(),
        }
    }

    /// State and figures as JSON: a [`View`].
    #[must_use]
    pub fn view(&self) -> &str {
        &self.view
    }

    /// Takes how the engine stood at `at`.
    pub fn see(&mut self, view: String, at: Duration) {
        (self.view, self.viewed) = (view, at);
    }

    /// Keeps what can be looked at later of a piece of news, as JSON.
    pub fn hear(&mut self, news: &str) {
        if news == "\"over\"" {
            self.gate.over();
            self.is_over = true;
        }
        let Some(news) = Json::read(news) else { return };
        if let Some(id) = news.get("answered").items().next().and_then(Json::whole::<RequestId>) {
            self.open.retain(|(open, _)| *open != id);
        }
        let event = news.get("event");
        let (kind, number) = (event.get("type"), |key: &str| event.get(key).number().unwrap_or(0.0));
        match () {
            () if kind.is("transcript") => {
                for key in event.get("replaced").items().filter_map(Json::text) {
                    self.transcript.remove(&key);
                }
                event.get("segments").items().filter_map(Segment::read).for_each(|one| self.transcript.put(one));
            }
            () if kind.is("resume") => self.pauses.push(Pause { at: number("at"), seconds: number("seconds") }),
            () if kind.is("audioDropped") => self.drop(Dropped { start: number("start"), end: number("end") }),
            () if kind.is("usage") && event.get("total").bool() == Some(true) => self.usage = Some(number("credits")),
            () => {}
        }
    }

    /// The app pushes frames: whether the engine is to have them.
    ///
    /// # Errors
    /// As [`Gate::frames`].
    pub fn frames(&mut self, planes: &[usize], rate: u32) -> Result<bool, Error> {
        self.gate.frames(planes.iter().copied(), rate)?;
        if self.gate.is_open() && rate > 0 {
            self.pushed += planes.first().map_or(0.0, |frames| *frames as f64 / f64::from(rate));
        }
        Ok(self.gate.is_open())
    }

    /// The app gives bytes that it encoded, of which `head` are the first: whether the engine is to have
    /// them.
    ///
    /// # Errors
    /// As [`Gate::bytes`].
    pub fn bytes(&mut self, length: usize, head: &[u8]) -> Result<bool, Error> {
        self.gate.bytes(length)?;
        if self.gate.is_open() {
            if self.given_bytes == 0 {
                self.given_headers = headers(head).to_vec();
            }
            self.given_bytes += length as u64;
        }
        Ok(self.gate.is_open())
    }

    /// Takes note of any other order that goes to the engine.
    ///
    /// # Errors
    /// As the engine would refuse it.
    pub fn order(&mut self, order: &Order, now: Duration) -> Result<(), Error> {
        let is_asked = matches!(order, Order::Detach(..) | Order::Command(Command::Flush(_) | Command::End(_)));
        if self.is_over && is_asked {
            return Err(Error::new(Code::Conflict, "the stream is over"));
        }
        match order {
            Order::Attach(id, channel, _) => self.gate.source(*id, *channel)?,
            Order::Detach(id, request) => {
                self.gate.source_gone(*id);
                self.open.push((*request, order.clone()));
            }
            Order::Want { .. } => self.wants = Some(order.clone()),
            Order::Command(command) => match command {
                Command::Pause if self.gate.is_open() => {
                    self.gate.paused(true);
                    self.paused_at = Some(now);
                }
                Command::Resume => {
                    self.gate.paused(false);
                    self.paused_at = None;
                }
                Command::Mute(channel) | Command::Unmute(channel) => {
                    // What was asked of one channel before counts no longer when all are asked the same.
                    let same = |other: &Order| match other {
                        Order::Command(Command::Mute(other) | Command::Unmute(other)) => other == channel,
                        _ => false,
                    };
                    self.muted.retain(|other| channel.is_some() && !same(other));
                    self.muted.push(order.clone());
                }
                Command::Flush(id) => self.open.push((*id, order.clone())),
                Command::End(id) => {
                    self.gate.over();
                    self.open.push((*id, order.clone()));
                }
                Command::Begin => self.is_begun = true,
                Command::Close => {
                    self.gate.over();
                    self.is_closed = true;
                }
                Command::Pause => {}
            },
            Order::Address(..)
            | Order::Diagnosed(..)
            | Order::Warn(_)
            | Order::Move(..)
            | Order::Frames(_)
            | Order::Bytes => {}
        }
        Ok(())
    }

    /// The engine died. Where and how another may go on, if there is anything to go on with, and they do not die one after
    /// another; what it held is given up.
    pub fn lose(&mut self, now: Duration) -> Option<Loss> {
        let view = View::read(&self.view)?;
        while self.deaths.front().is_some_and(|death| now.saturating_sub(*death) > DEATHS_WITHIN) {
            self.deaths.pop_front();
        }
        if self.is_closed || view.state.is_over() || self.deaths.len() >= MOST_DEATHS {
            return None;
        }
        self.deaths.push_back(now);
        let was_connected = !matches!(view.state, State::Connecting | State::Configuring);
        let resume = Resume {
            stats: view.stats,
            position: self.position(&view, now),
            was_connected,
            is_paused: self.paused_at.is_some(),
            paused_seconds: self.paused_at.map_or(0.0, |since| now.saturating_sub(since).as_secs_f64()),
            speakers: u32::try_from(self.transcript.next_speaker()).unwrap_or(u32::MAX),
            usage: self.usage,
            given_bytes: self.given_bytes,
            given_headers: self.given_headers.clone(),
        };
        // The next engine's count of them begins anew.
        self.pushed = 0.0;
        let mut orders = Vec::new();
        orders.extend(self.wants.clone());
        orders.extend_from_slice(&self.muted);
        if self.is_begun {
            orders.push(Order::Command(Command::Begin));
        }
        orders.extend(self.open.iter().map(|(_, order)| order.clone()));
        let (state, previous) = (State::Reconnecting, view.state);
        let reason = Some(LOST.to_owned());
        let event = (was_connected && previous != state).then_some(Event::State { state, previous, reason });
        let state = if was_connected { state } else { previous };
        self.see_lost(view, state);
        Some(Loss { resume, orders, sources: self.gate.sources().to_vec(), event })
    }

    /// The engine died, and none goes on. Answers what to tell the app; nothing if the stream was over.
    pub fn fail(&mut self) -> Vec<Event> {
        let Some(view) = View::read(&self.view) else { return Vec::new() };
        let previous = view.state;
        if previous.is_over() {
            return Vec::new();
        }
        self.gate.over();
        self.is_over = true;
        let state = if self.is_closed { State::Ended } else { State::Failed };
        let (start, end) = self.see_lost(view, state);
        let lost = (end > start).then(|| {
            self.drop(Dropped { start, end });
            Event::AudioDropped { start, end, reason: LOST }
        });
        let reason = if self.is_closed { "closed by the app" } else { LOST };
        let over = Event::State { state, previous, reason: Some(reason.to_owned()) };
        lost.into_iter().chain([over]).collect()
    }

    /// Whether the app closed the stream.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Where the next audio lies, in seconds of the visit: after what the engine had then, and what would have come since.
    fn position(&self, view: &View, now: Duration) -> f64 {
        let pushed = (self.pushed - view.pushed).max(0.0);
        let live = !self.gate.sources().is_empty() || self.given_bytes > 0;
        let until = self.paused_at.unwrap_or(now);
        let passed = until.saturating_sub(self.viewed).min(LONGEST_SILENCE);
        view.position + pushed + if live { passed.as_secs_f64() } else { 0.0 }
    }

    /// What the engine held is given up. Answers the span of that, in seconds of the visit.
    fn see_lost(&mut self, mut view: View, state: State) -> (f64, f64) {
        let span = view.lose(state);
        self.view = view.to_json();
        span
    }

    /// Neighbours are one.
    fn drop(&mut self, span: Dropped) {
        match self.dropped.last_mut() {
            Some(last) if (last.end - span.start).abs() < 1e-6 => last.end = span.end,
            _ => self.dropped.push(span),
        }
    }
}

#[cfg(test)]
mod tests;
