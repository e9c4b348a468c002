//! An engine in another thread, as the page sees it: orders and news pass as text, the engine dies, another goes on.

#![allow(clippy::panic, clippy::expect_used)]

use serde_json::json;

use super::*;
use crate::audio::container::Format;
use crate::audio::encode::pcm::PcmEncoder;
use crate::engine::Engine;
use crate::engine::wire::News;
use crate::session::{Input, Output};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Both ends, one clock, and a network on which everything is at once.
struct Pair {
    settings: Settings,
    shadow: Shadow,
    engine: Engine,
    now: Duration,
    /// Since when the engine's thread runs: its own clock.
    since: Duration,
    news: Vec<String>,
    /// How many bytes of audio were sent on each socket.
    sent: Vec<usize>,
}

impl Pair {
    fn new(format: Option<&str>) -> Result<Self, Error> {
        let settings = json!({
            "id": "7b6f1f3e-6b0c-4a53-9f0a-2f6c9a1f3f10",
            "configuration": {
                "transcription": { "primaryLanguage": "en", "participants": [{ "channel": 0, "role": "multiple" }] },
                "mode": { "type": "transcription" },
                "audioFormat": format,
            },
            "catchUpRate": 100,
        });
        let settings = Settings::read(&settings.to_string(), 0)?;
        let engine = born(&settings, None)?;
        let now = ms(1_700_000_000_000);
        let shadow = Shadow::new(&settings, view(&engine), now);
        let mut pair = Self { settings, shadow, engine, now, since: now, news: Vec::new(), sent: Vec::new() };
        pair.pump();
        Ok(pair)
    }

    fn order(&mut self, order: &Order) -> Result<(), Error> {
        self.shadow.order(order, self.now)?;
        self.carry_out(order)
    }

    fn command(&mut self, command: Command) -> Result<(), Error> {
        self.order(&Order::Command(command))
    }

    /// As a host does.
    fn carry_out(&mut self, order: &Order) -> Result<(), Error> {
        let at = self.now - self.since;
        match order {
            Order::Command(command) => self.engine.command(*command, at),
            Order::Attach(id, channel, _) => self.engine.attach(*id, *channel, at)?,
            Order::Detach(id, _) => self.engine.detach(*id, at),
            _ => {}
        }
        self.pump();
        Ok(())
    }

    /// What the app pushes, 16,000 frames a second.
    fn push(&mut self, frames: usize) -> Result<(), Error> {
        if self.shadow.frames(&[frames], 16_000)? {
            self.engine.frames(&[&vec![0.1; frames]], 16_000, self.now - self.since)?;
        }
        self.pump();
        Ok(())
    }

    /// So many seconds pass, 50 times in each of which 20 ms come from source 1 if there is one.
    fn live(&mut self, seconds: f64) -> Result<(), Error> {
        for _ in 0..(seconds * 50.0).round() as usize {
            self.now += ms(20);
            let at = self.now - self.since;
            if self.shadow.gate.sources().iter().any(|(id, _)| *id == 1) {
                self.engine.captured(1, &[&[0.1; 320]], 16_000, Duration::ZERO, at)?;
            }
            self.engine.input(Input::Tick { buffered_bytes: 0 }, at);
            self.pump();
        }
        Ok(())
    }

    fn pump(&mut self) {
        let at = self.now - self.since;
        while let Some(output) = self.engine.poll_output() {
            let news = match output {
                Output::Open(id) => {
                    self.sent.push(0);
                    self.engine.input(Input::SocketOpened(id), at);
                    self.engine.input(Input::Text(id, r#"{"type":"CONFIG_ACCEPTED"}"#), at);
                    continue;
                }
                Output::SendAudio(bytes) => {
                    *self.sent.last_mut().expect("a socket") += bytes.len();
                    continue;
                }
                Output::Answered(id, result) => News::Answered(id, result.map(|()| self.engine.summary())),
                Output::Connected(result) => News::Connected(result),
                Output::Event(Event::Error(error)) => News::Error(error),
                Output::Event(event) => News::Event(event),
                _ => continue,
            };
            self.news.push(news.to_json());
            self.shadow.hear(self.news.last().expect("one"));
        }
        self.shadow.see(view(&self.engine), self.now);
    }

    /// What the service says on the present socket.
    fn says(&mut self, text: &str) {
        self.engine.input(Input::Text(self.engine.stats().reconnects + 1, text), self.now - self.since);
        self.pump();
    }

    /// The engine dies, `silence` later that is noticed, and another goes on.
    fn die(&mut self, silence: Duration) -> Result<Loss, Error> {
        self.now += silence;
        let loss = self.shadow.lose(self.now).expect("another may go on");
        self.since = self.now;
        self.engine = born(&self.settings, Some(loss.resume.clone()))?;
        for (id, channel) in &loss.sources {
            self.carry_out(&Order::Attach(*id, *channel, 16_000))?;
        }
        for order in &loss.orders {
            self.carry_out(order)?;
        }
        self.pump();
        Ok(loss)
    }

    fn stats(&self) -> super::super::Stats {
        View::read(self.shadow.view()).expect("a view").stats
    }

    fn adds_up(&self) -> bool {
        let stats = self.stats();
        let places =
            stats.acknowledged_seconds + stats.in_flight_seconds + stats.buffered_seconds + stats.dropped_seconds;
        (stats.captured_seconds - places).abs() < 1e-6
    }
}

fn born(settings: &Settings, resume: Option<Resume>) -> Result<Engine, Error> {
    // As text, as it passes.
    let resume = resume.map(|resume| Resume::read(&resume.to_json()).expect("one"));
    let settings = Settings { resume, ..settings.clone() };
    let encoder = Box::new(PcmEncoder::new(settings.sample_rate, settings.channels));
    let format = if settings.declared.is_some() { Format::Given { header: Vec::new() } } else { Format::Raw };
    Engine::new(&settings, encoder, format, Duration::ZERO)
}

fn view(engine: &Engine) -> String {
    engine.view().to_json()
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-6
}

#[test]
fn the_time_of_what_a_microphone_said_meanwhile_is_lost_and_what_follows_is_where_it_belongs() -> Result<(), Error> {
    let mut pair = Pair::new(None)?;
    pair.order(&Order::Attach(1, None, 16_000))?;
    pair.live(10.0)?;
    let held = pair.stats().in_flight_seconds + pair.stats().buffered_seconds;
    let loss = pair.die(ms(1_500))?;
    assert!(near(loss.resume.position, 11.5), "{}", loss.resume.position);
    assert_eq!(loss.sources, [(1, None)]);
    let (state, previous) = (State::Reconnecting, State::Streaming);
    assert_eq!(loss.event, Some(Event::State { state, previous, reason: Some(LOST.to_owned()) }));
    assert!(near(pair.stats().dropped_seconds, held + 1.5) && pair.adds_up());
    let [lost] = pair.shadow.dropped[..] else { panic!("{:?}", pair.shadow.dropped) };
    assert!(near(lost.end, 11.5) && near(lost.start, 10.0 - held), "{lost:?}");
    pair.live(5.0)?;
    assert!((pair.stats().captured_seconds - 16.5).abs() < 0.05 && pair.adds_up(), "{:?}", pair.stats());
    assert!(pair.sent.len() == 2 && pair.sent[1] > 4 * 32_000, "{:?}", pair.sent);
    Ok(())
}

#[test]
fn of_frames_that_an_app_pushes_no_time_is_lost_that_it_did_not_push() -> Result<(), Error> {
    let mut pair = Pair::new(None)?;
    pair.push(160_000)?;
    // These the engine never had.
    assert!(pair.shadow.frames(&[8_000], 16_000)?);
    let loss = pair.die(ms(1_800))?;
    assert!(near(loss.resume.position, 10.5), "{}", loss.resume.position);
    pair.push(16_000)?;
    assert!(near(pair.stats().captured_seconds, 11.5) && pair.adds_up());
    let loss = pair.die(ms(500))?;
    assert!(near(loss.resume.position, 11.5), "{}", loss.resume.position);
    Ok(())
}

#[test]
fn a_machine_that_slept_leaves_no_hours_that_are_called_lost() -> Result<(), Error> {
    let mut pair = Pair::new(None)?;
    pair.order(&Order::Attach(1, None, 16_000))?;
    pair.live(1.0)?;
    assert!(near(pair.die(ms(3_600_000))?.resume.position, 6.0));
    Ok(())
}

#[test]
fn what_was_asked_and_not_answered_is_asked_again_and_what_was_answered_is_not() -> Result<(), Error> {
    let mut pair = Pair::new(None)?;
    pair.push(16_000)?;
    pair.command(Command::Flush(1))?;
    pair.says(r#"{"type":"flushed"}"#);
    pair.command(Command::Flush(2))?;
    pair.command(Command::End(3))?;
    let loss = pair.die(ms(100))?;
    assert_eq!(loss.orders, [Order::Command(Command::Flush(2)), Order::Command(Command::End(3))]);
    pair.says(r#"{"type":"flushed"}"#);
    pair.says(r#"{"type":"ENDED"}"#);
    let answers: Vec<&String> = pair.news.iter().filter(|news| news.contains("answered")).collect();
    assert_eq!(answers.len(), 3, "{answers:?}");
    assert!(answers.iter().zip(1..).all(|(news, id)| news.starts_with(&format!(r#"{{"answered":[{id},{{"Ok""#))));
    pair.shadow.hear("\"over\"");
    let late = pair.shadow.order(&Order::Command(Command::Flush(4)), pair.now);
    assert_eq!(late.map_err(|error| error.code), Err(Code::Conflict));
    assert!(pair.shadow.lose(pair.now).is_none(), "it has ended");
    assert_eq!(pair.shadow.fail(), []);
    Ok(())
}

#[test]
fn what_an_app_set_is_set_again() -> Result<(), Error> {
    let mut pair = Pair::new(None)?;
    let want = |levels| Order::Want { levels, messages: false };
    for order in [
        want(true),
        Order::Command(Command::Mute(Some(0))),
        want(false),
        Order::Command(Command::Mute(None)),
        Order::Command(Command::Unmute(Some(0))),
        Order::Command(Command::Begin),
        Order::Detach(7, 4),
    ] {
        pair.order(&order)?;
    }
    let mut expected = vec![want(false)];
    expected.extend([Command::Mute(None), Command::Unmute(Some(0)), Command::Begin].map(Order::Command));
    expected.push(Order::Detach(7, 4));
    assert_eq!(pair.die(ms(1))?.orders, expected);
    Ok(())
}

#[test]
fn a_pause_lasts_and_its_time_is_no_time_of_the_visit() -> Result<(), Error> {
    let mut pair = Pair::new(None)?;
    pair.order(&Order::Attach(1, None, 16_000))?;
    pair.live(2.0)?;
    pair.command(Command::Pause)?;
    pair.now += ms(60_000);
    let loss = pair.die(ms(1_000))?;
    assert!(near(loss.resume.position, 2.0) && near(loss.resume.paused_seconds, 61.0), "{:?}", loss.resume);
    assert!(pair.engine.is_paused() && pair.shadow.gate.is_paused());
    pair.now += ms(4_000);
    pair.command(Command::Resume)?;
    let [Pause { at, seconds }] = pair.shadow.pauses[..] else { panic!("{:?}", pair.shadow.pauses) };
    assert!(near(at, 2.0) && near(seconds, 65.0), "{at} {seconds}");
    pair.live(1.0)?;
    assert!((pair.stats().captured_seconds - 3.0).abs() < 0.05, "{:?}", pair.stats());
    Ok(())
}

#[test]
fn the_words_that_came_stay_and_come_no_second_time() -> Result<(), Error> {
    let mut pair = Pair::new(None)?;
    pair.push(160_000)?;
    let words = |id: &str, start: f64, end: f64| {
        json!({ "type": "transcript", "data": [{ "id": id, "transcript": "x", "final": true, "speakerId": 1,
            "time": { "start": start, "end": end } }] })
        .to_string()
    };
    pair.says(&words("a", 0.0, 4.0));
    pair.says(r#"{"type":"usage","credits":0.5}"#);
    let loss = pair.die(ms(100))?;
    assert_eq!((loss.resume.speakers, loss.resume.usage), (2, Some(0.5)));
    // The next socket's time begins where its audio does, at 10 s.
    pair.push(80_000)?;
    pair.says(&words("b", 0.25, 1.0));
    let times: Vec<_> = pair.shadow.transcript.segments().iter().map(|one| (one.start, one.end)).collect();
    assert_eq!(times, [(0.0, 4.0), (10.25, 11.0)]);
    // Nothing of it was heard twice: who spoke before cannot be told.
    let speakers: Vec<_> = pair.shadow.transcript.segments().iter().map(|one| one.speaker).collect();
    assert_eq!(speakers, [1, 2]);
    Ok(())
}

#[test]
fn bytes_go_on_with_the_headers_that_the_first_of_them_had() -> Result<(), Error> {
    let mut pair = Pair::new(Some("audio/webm"))?;
    let headers = [0x1A, 0x45, 0xDF, 0xA3, 7, 8, 0x1F, 0x43, 0xB6, 0x75, 1, 2, 3];
    assert!(pair.shadow.bytes(headers.len(), &headers)?);
    assert!(pair.shadow.bytes(4, b"only of the first")?);
    let loss = pair.die(ms(100))?;
    assert_eq!((loss.resume.given_bytes, loss.resume.given_headers.as_slice()), (17, &headers[..6]));
    assert_eq!(pair.shadow.frames(&[1], 16_000).map_err(|error| error.code), Err(Code::Conflict));
    Ok(())
}

#[test]
fn a_first_connection_that_does_not_stand_yet_is_no_reconnection() -> Result<(), Error> {
    let mut pair = Pair::new(None)?;
    pair.shadow.see(view(&born(&pair.settings, None)?), pair.now);
    let loss = pair.shadow.lose(pair.now).ok_or_else(|| Error::invalid("none"))?;
    assert_eq!((loss.resume.was_connected, loss.event), (false, None));
    Ok(())
}

#[test]
fn engines_that_die_one_after_another_are_given_up_and_the_figures_add_up() -> Result<(), Error> {
    let mut pair = Pair::new(None)?;
    pair.push(160_000)?;
    for _ in 0..MOST_DEATHS {
        pair.die(ms(10_000))?;
        pair.push(16_000)?;
    }
    assert_eq!(pair.shadow.lose(pair.now + ms(20_000)), None);
    let told = pair.shadow.fail();
    let [.., Event::State { state: State::Failed, previous: State::Streaming, .. }] = &told[..] else {
        panic!("{told:?}")
    };
    assert!(pair.adds_up() && pair.stats().buffered_seconds + pair.stats().in_flight_seconds == 0.0);
    assert!(!pair.shadow.gate.is_open());
    assert_eq!(pair.shadow.fail(), [], "it is told once");
    // A minute later it would be another matter.
    let mut pair = Pair::new(None)?;
    for _ in 0..=MOST_DEATHS {
        pair.die(ms(25_000))?;
    }
    Ok(())
}

#[test]
fn a_stream_that_the_app_closed_has_ended_though_its_engine_died_before_it_said_so() -> Result<(), Error> {
    let mut pair = Pair::new(None)?;
    pair.shadow.order(&Order::Command(Command::Close), pair.now)?;
    assert_eq!(pair.shadow.lose(pair.now), None);
    let (state, previous, reason) = (State::Ended, State::Streaming, Some("closed by the app".to_owned()));
    assert_eq!(pair.shadow.fail(), [Event::State { state, previous, reason }]);
    Ok(())
}
