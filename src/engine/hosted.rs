//! An engine as its host drives it: orders of the page's half and what happens at the browser go in; what to carry out comes
//! out, one act at a time.
//!
//! The host (`web/engine` and `js/host.js`) has one socket at most, and hears nothing of one that it has hung up: so what it
//! tells of a socket is of the last one that it opened.

use crate::time::Duration;
use std::collections::VecDeque;

use super::codec::{Codec, Inbox, Outside};
use super::wire::{Address, News, Order, View};
use super::{CaptureId, Engine, Settings};
use crate::audio::path::MAX_CHANNELS;
use crate::error::Error;
use crate::session::{Event, Input, Output, RequestId, SocketId};

/// A thread that was suspended may find frames that are older than anybody waits for.
const OLDEST: Duration = Duration::from_secs(3_600);

/// How often what is captured is wanted: as often as levels are told, and the mixer looks from source to source.
const OFTEN: Duration = Duration::from_millis(100);

/// The same where one source is to be sent, and that is all: as often as figures are to be current.
const SELDOM: Duration = Duration::from_millis(250);

/// What the host has to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Open a socket there. An earlier one has been hung up.
    Open(Address),
    /// Send a text frame.
    Text(String),
    /// Send a binary frame.
    Bytes(Vec<u8>),
    /// Close the socket, if there is one, and hear no more of it.
    HangUp,
    /// Have a source hand out what it holds, then say [`Hosted::drained`].
    Drain(CaptureId),
    /// Tell the page's half.
    Tell(News),
    /// Let go of everything, then tell [`News::Over`]. It comes once.
    Over,
}

/// Captured frames: plane after plane in one piece, each of `stride` samples of which `count` are filled.
#[derive(Clone, Copy, Debug)]
pub struct Frames<'a> {
    /// All planes.
    pub samples: &'a [f32],
    /// Samples of a plane.
    pub stride: usize,
    /// Those of them that are frames.
    pub count: usize,
    /// In Hz, if it is another than the source was attached with.
    pub rate: Option<u32>,
    /// How long ago the last of them was captured.
    pub age: Duration,
}

/// An engine, what its host is yet to do, and what the page's half asked of both.
pub struct Hosted {
    engine: Engine,
    acts: VecDeque<Act>,
    /// A packet of an encoder that answers later.
    inbox: Inbox,
    /// The socket that is being opened, or was opened last.
    socket: SocketId,
    /// The sources, each with the rate of its frames in Hz.
    sources: Vec<(CaptureId, u32)>,
    /// The sources that hand out their last frames, and what is answered then.
    draining: Vec<(CaptureId, RequestId)>,
    /// Whether anybody wants to know of levels, and of the service's messages as they come: they come often, or are large.
    levels: bool,
    messages: bool,
    over_is_told: bool,
}

impl Hosted {
    /// An engine that connects when it is first polled; see [`Codec::encoder`] for what encodes.
    ///
    /// # Errors
    /// As [`Engine::new`].
    pub fn new(
        settings: &Settings, codec: Codec, header: Vec<u8>, outside: Box<dyn Outside>, now: Duration,
    ) -> Result<Self, Error> {
        let inbox = Inbox::default();
        let (encoder, format) = codec.encoder(settings, header, outside, inbox.clone());
        Ok(Self {
            engine: Engine::new(settings, encoder, format, now)?,
            acts: VecDeque::new(),
            inbox,
            socket: 0,
            sources: Vec::new(),
            draining: Vec::new(),
            levels: false,
            messages: false,
            over_is_told: false,
        })
    }

    /// Takes an order, with the bytes or the planes that go beside it. Answers the source whose frames' port goes beside,
    /// if that is to be listened to. What the engine refuses is told as an error.
    pub fn take(&mut self, order: Order, bytes: &[u8], planes: &[&[f32]], now: Duration) -> Option<CaptureId> {
        self.try_take(order, bytes, planes, now).unwrap_or_else(|error| {
            self.refuse(error);
            None
        })
    }

    fn try_take(
        &mut self, order: Order, bytes: &[u8], planes: &[&[f32]], now: Duration,
    ) -> Result<Option<CaptureId>, Error> {
        match order {
            Order::Command(command) => self.engine.command(command, now),
            Order::Address(id, address) => self.address(id, address, now),
            Order::Diagnosed(id, result) => self.engine.input(Input::Diagnosed(id, result), now),
            Order::Warn(warning) => self.engine.warn(warning),
            Order::Attach(id, channel, rate) => {
                self.engine.attach(id, channel, now)?;
                self.sources.push((id, rate));
                return Ok(Some(id));
            }
            Order::Move(id, rate) => {
                let Some(source) = self.sources.iter_mut().find(|(other, _)| *other == id) else { return Ok(None) };
                source.1 = rate;
                self.engine.interrupt(id);
                return Ok(Some(id));
            }
            Order::Detach(id, request) => {
                self.draining.push((id, request));
                self.act(Act::Drain(id));
            }
            Order::Frames(rate) => self.engine.frames(planes, rate, now)?,
            Order::Bytes => self.engine.bytes(bytes, now)?,
            Order::Want { levels, messages } => (self.levels, self.messages) = (levels, messages),
        }
        Ok(None)
    }

    /// Tells of an error that nobody waits for.
    pub fn refuse(&mut self, error: Error) {
        self.act(Act::Tell(News::Error(error)));
    }

    // The socket

    fn address(&mut self, id: SocketId, address: Result<Address, Error>, now: Duration) {
        // While the token was on its way the session may have given this attempt up.
        if id != self.socket || self.engine.state().is_over() {
            return;
        }
        match address {
            Ok(address) => self.act(Act::Open(address)),
            Err(error) => self.engine.input(Input::OpenFailed(id, error), now),
        }
    }

    /// The browser refused to open the socket, with an exception of that name. What it says would quote the address, which
    /// holds the token.
    pub fn refused(&mut self, name: &str, now: Duration) {
        let error = Error::invalid(format!("the socket's address or subprotocols are not valid ({name})"));
        self.engine.input(Input::OpenFailed(self.socket, error), now);
    }

    /// The socket is open.
    pub fn opened(&mut self, now: Duration) {
        self.engine.input(Input::SocketOpened(self.socket), now);
    }

    /// The socket closed, or could not be opened (1006).
    pub fn closed(&mut self, code: u16, now: Duration) {
        self.engine.input(Input::SocketClosed(self.socket, code), now);
    }

    /// A text frame came.
    pub fn message(&mut self, text: &str, now: Duration) {
        // As it came, before anything is made of it.
        if self.messages {
            self.act(Act::Tell(News::Message(text.to_owned())));
        }
        self.engine.input(Input::Text(self.socket, text), now);
    }

    // Audio

    /// Takes frames of a source. Answers how much more may be captured before it is wanted: nothing would come of it sooner.
    pub fn captured(&mut self, id: CaptureId, frames: Frames<'_>, now: Duration) -> Duration {
        let Frames { samples, stride, count, rate, age } = frames;
        // What hands out frames still when its source is gone is not listened to.
        let Some((_, attached)) = self.sources.iter().find(|(other, _)| *other == id) else { return SELDOM };
        let rate = rate.unwrap_or(*attached);
        let mut planes: [&[f32]; MAX_CHANNELS] = [&[]; MAX_CHANNELS];
        let mut filled = 0;
        for (plane, channel) in planes.iter_mut().zip(samples.chunks_exact(stride.max(1))) {
            *plane = &channel[..count.min(stride)];
            filled += 1;
        }
        let taken = self.engine.captured(id, &planes[..filled], rate, age.min(OLDEST), now);
        if let Err(error) = taken {
            self.refuse(error);
        }
        let most = if self.levels || self.sources.len() > 1 { OFTEN } else { SELDOM };
        self.engine.missing().min(most)
    }

    /// A source has handed out its last frames.
    pub fn drained(&mut self, id: CaptureId, now: Duration) {
        self.sources.retain(|(other, _)| *other != id);
        self.engine.detach(id, now);
        self.flow();
        let summary = self.engine.summary();
        while let Some(place) = self.draining.iter().position(|(other, _)| *other == id) {
            let (_, request) = self.draining.remove(place);
            self.acts.push_back(Act::Tell(News::Answered(request, Ok(summary))));
        }
    }

    /// A packet of an encoder that answers later.
    pub fn packet(&mut self, bytes: &[u8], now: Duration) {
        self.inbox.borrow_mut().extend_from_slice(bytes);
        self.engine.encoded(now);
    }

    // The rest of the world

    /// Time passed. `buffered_bytes` were handed to the socket and have not left it.
    pub fn tick(&mut self, buffered_bytes: usize, now: Duration) {
        self.engine.input(Input::Tick { buffered_bytes }, now);
    }

    /// The network came back.
    pub fn online(&mut self, now: Duration) {
        self.engine.input(Input::Online, now);
    }

    /// When [`Self::tick`] is due.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.engine.poll_timeout().filter(|_| !self.engine.state().is_over())
    }

    /// How things stand.
    #[must_use]
    pub fn view(&self) -> View {
        self.engine.view()
    }

    /// What the service has not acknowledged, as a file.
    #[must_use]
    pub fn unsent_audio(&self) -> Vec<u8> {
        self.engine.unsent_audio()
    }

    /// What `audioFormat` declares.
    #[must_use]
    pub fn audio_format(&self) -> &str {
        self.engine.audio_format()
    }

    // What comes out

    /// The next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Act> {
        self.flow();
        self.acts.pop_front().or_else(|| {
            let is_over = self.engine.state().is_over();
            (is_over && !std::mem::replace(&mut self.over_is_told, true)).then_some(Act::Over)
        })
    }

    /// Something to do after all that the engine wants by now.
    fn act(&mut self, act: Act) {
        self.flow();
        self.acts.push_back(act);
    }

    /// Makes acts of what the engine wants.
    fn flow(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            let act = match output {
                Output::Open(id) => {
                    self.socket = id;
                    self.acts.push_back(Act::HangUp);
                    Act::Tell(News::Address(id))
                }
                Output::SendText(text) => Act::Text(text),
                Output::SendAudio(bytes) => Act::Bytes(bytes),
                Output::CloseSocket => Act::HangUp,
                Output::Diagnose(id) => Act::Tell(News::Diagnose(id)),
                Output::Connected(result) => Act::Tell(News::Connected(result)),
                Output::Answered(id, result) => {
                    let summary = self.engine.summary();
                    Act::Tell(News::Answered(id, result.map(|()| summary)))
                }
                // Ten times a second and channel: not worth telling if nobody looks at it.
                Output::Event(Event::Level { .. }) if !self.levels => continue,
                Output::Event(Event::Error(error)) => Act::Tell(News::Error(error)),
                Output::Event(event) => Act::Tell(News::Event(event)),
            };
            self.acts.push_back(act);
        }
    }
}

#[cfg(test)]
mod tests;
