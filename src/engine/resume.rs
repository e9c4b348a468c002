//! What a new engine is told of the one before it, which died with all that it held.

use super::Stats;
use crate::json::{Json, ToJson, object};
use crate::session::{Ledger, Past};
use crate::time::Duration;

/// No time here is longer: 30 years, in seconds. Sums of such times are far from where `Duration` ends.
const LONGEST: f64 = 1e9;

/// What is told of audio that was lost with an engine: engines live in workers.
pub(super) const LOST: &str = "the worker was lost";

/// No stream has sent more: up to here every number is one in JavaScript as well.
const MOST_BYTES: u64 = 1 << 53;

/// How a stream stood when it was last heard of. Whoever keeps this need not be exact: what is unknown, and what is in
/// flight or buffered by these figures, counts as dropped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resume {
    /// The figures.
    pub stats: Stats,
    /// Seconds of the visit at which the next audio lies: what was captured, and what time has passed since.
    pub position: f64,
    /// Whether there ever was a connection.
    pub was_connected: bool,
    /// Whether the app has paused the capture…
    pub is_paused: bool,
    /// …and for how many seconds already.
    pub paused_seconds: f64,
    /// A number that none of its speakers had: see
    /// [`Transcript::next_speaker`](crate::session::Transcript::next_speaker).
    pub speakers: u32,
    /// Credits of the whole stream, where the service said so.
    pub usage: Option<f64>,
    /// Bytes that `sendAudio` was given, the lost ones included; 0 if the audio is frames.
    pub given_bytes: u64,
    /// What the first of them began with: see [`headers`](super::headers).
    pub given_headers: Vec<u8>,
}

impl Resume {
    /// Reads what was written: see [`ToJson`]. What is not said is nothing. `None` if the text is not JSON.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let json = Json::read(text)?;
        let (number, flag) = (|key: &str| json.get(key).number(), |key: &str| json.get(key).bool().unwrap_or(false));
        Some(Self {
            stats: Stats::read(json.get("stats")),
            position: number("position").unwrap_or(0.0),
            was_connected: flag("wasConnected"),
            is_paused: flag("isPaused"),
            paused_seconds: number("pausedSeconds").unwrap_or(0.0),
            speakers: json.get("speakers").whole().unwrap_or(0),
            usage: number("usage"),
            given_bytes: number("givenBytes").unwrap_or(0.0) as u64,
            given_headers: json.get("givenHeaders").items().filter_map(Json::whole).collect(),
        })
    }

    /// Capture time of the first packet.
    pub(super) fn origin(&self) -> Duration {
        seconds(self.position)
    }

    /// For how long the app has paused the capture.
    pub(super) fn paused_for(&self) -> Duration {
        if self.is_paused { seconds(self.paused_seconds) } else { Duration::ZERO }
    }

    /// What concerns the session.
    pub(super) fn past(&self) -> Past {
        let stats = &self.stats;
        Past {
            ledger: Ledger {
                captured: seconds(stats.captured_seconds),
                acknowledged: seconds(stats.acknowledged_seconds),
                in_flight: seconds(stats.in_flight_seconds),
                buffered: seconds(stats.buffered_seconds),
                dropped: seconds(stats.dropped_seconds),
                sent: seconds(stats.sent_seconds),
                replayed: seconds(stats.replayed_seconds),
                held_bytes: stats.buffered_bytes,
            },
            position: self.origin(),
            was_connected: self.was_connected,
            speakers: i64::from(self.speakers),
            usage: self.usage,
            bytes_sent: stats.bytes_sent.min(MOST_BYTES),
            reconnects: stats.reconnects,
            reason: LOST,
        }
    }
}

impl ToJson for Resume {
    fn write(&self, json: &mut String) {
        object(
            json,
            &[
                ("stats", &self.stats),
                ("position", &self.position),
                ("wasConnected", &self.was_connected),
                ("isPaused", &self.is_paused),
                ("pausedSeconds", &self.paused_seconds),
                ("speakers", &self.speakers),
                ("usage", &self.usage),
                ("givenBytes", &self.given_bytes),
                ("givenHeaders", &self.given_headers),
            ],
        );
    }
}

/// A time that came from outside: to the nearest nanosecond, and none where there is no such time.
fn seconds(value: f64) -> Duration {
    Duration::from_secs_f64(value.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::container::Format;
    use crate::audio::encode::pcm::PcmEncoder;
    use crate::engine::{Command, Dropped, Engine, Settings};
    use crate::error::{Code, Error};
    use crate::session::{Event, Input, Output, State};
    use serde_json::{Value, json};

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    /// How a stream stood ten minutes into the visit, 4 s of it unheard and 20 s given up before.
    fn ten_minutes() -> Resume {
        let stats = Stats {
            captured_seconds: 600.0,
            sent_seconds: 577.0,
            acknowledged_seconds: 576.0,
            in_flight_seconds: 1.0,
            replayed_seconds: 12.0,
            dropped_seconds: 20.0,
            buffered_seconds: 3.0,
            untranscribed_seconds: 4.0,
            buffered_bytes: 128_000,
            bytes_sent: 18_848_000,
            reconnects: 2,
        };
        Resume { stats, position: 601.5, was_connected: true, speakers: 2, usage: Some(0.5), ..Resume::default() }
    }

    fn engine(resume: &Resume, options: Value) -> Result<Engine, Error> {
        let mut settings = json!({
            "id": "7b6f1f3e-6b0c-4a53-9f0a-2f6c9a1f3f10",
            "configuration": {
                "transcription": { "primaryLanguage": "en", "participants": [{ "channel": 0, "role": "multiple" }] },
                "mode": { "type": "transcription" },
            },
        });
        settings["configuration"]["audioFormat"] = options;
        let mut settings = Settings::read(&settings.to_string(), 0)?;
        settings.resume = Some(resume.clone());
        let encoder = Box::new(PcmEncoder::new(settings.sample_rate, settings.channels));
        Engine::new(&settings, encoder, Format::Raw, ms(0))
    }

    fn outputs(engine: &mut Engine) -> Vec<Output> {
        std::iter::from_fn(|| engine.poll_output()).collect()
    }

    fn connect(engine: &mut Engine, socket: u32, now: Duration) {
        engine.input(Input::SocketOpened(socket), now);
        engine.input(Input::Text(socket, r#"{"type":"CONFIG_ACCEPTED"}"#), now);
    }

    fn sent(outputs: Vec<Output>) -> Vec<u8> {
        let audio = |output| match output {
            Output::SendAudio(bytes) => Some(bytes),
            _ => None,
        };
        outputs.into_iter().filter_map(audio).flatten().collect()
    }

    fn adds_up(engine: &Engine) -> bool {
        let stats = engine.stats();
        let places =
            stats.acknowledged_seconds + stats.in_flight_seconds + stats.buffered_seconds + stats.dropped_seconds;
        (stats.captured_seconds - places).abs() < 1e-6
    }

    #[test]
    fn what_the_engine_before_held_is_dropped_and_named_and_everything_else_goes_on() -> Result<(), Error> {
        let mut engine = engine(&ten_minutes(), Value::Null)?;
        let stats = engine.stats();
        let expected = Stats {
            captured_seconds: 601.5,
            in_flight_seconds: 0.0,
            buffered_seconds: 0.0,
            dropped_seconds: 25.5,
            untranscribed_seconds: 0.0,
            buffered_bytes: 0,
            // The socket that it seeks at once.
            reconnects: 3,
            ..ten_minutes().stats
        };
        assert_eq!(stats, expected);
        assert_eq!(engine.dropped(), [Dropped { start: 596.0, end: 601.5 }]);
        let told = Event::AudioDropped { start: 596.0, end: 601.5, reason: LOST };
        assert_eq!(outputs(&mut engine), [Output::Event(told), Output::Open(4)]);
        assert_eq!((engine.state(), engine.summary().usage), (State::Reconnecting, Some(0.5)));
        assert!(adds_up(&engine));
        Ok(())
    }

    #[test]
    fn its_first_audio_lies_where_it_goes_on_and_so_do_the_words_of_its_sockets() -> Result<(), Error> {
        let mut engine = engine(&ten_minutes(), Value::Null)?;
        engine.frames(&[&[0.1; 16_000]], 16_000, ms(10))?;
        assert!((engine.stats().captured_seconds - 602.5).abs() < 1e-9 && adds_up(&engine));
        connect(&mut engine, 4, ms(100));
        assert!(!sent(outputs(&mut engine)).is_empty() && adds_up(&engine));
        let words = r#"{"type":"transcript","data":[{"id":"a","transcript":"x","final":true,
            "time":{"start":0.25,"end":0.75}}]}"#;
        engine.input(Input::Text(4, words), ms(200));
        let times: Vec<_> = engine.transcript().iter().map(|segment| (segment.start, segment.end)).collect();
        assert_eq!(times, [(601.75, 602.25)]);
        let stats = engine.stats();
        assert!(stats.sent_seconds > 577.5 && adds_up(&engine), "{stats:?}");
        assert!((stats.untranscribed_seconds - 0.25).abs() < 1e-6, "{stats:?}");
        engine.command(Command::Flush(1), ms(300));
        engine.input(Input::Text(4, r#"{"type":"flushed"}"#), ms(400));
        let stats = engine.stats();
        assert!((stats.acknowledged_seconds - 577.0).abs() < 1e-6 && adds_up(&engine), "{stats:?}");
        assert_eq!(stats.untranscribed_seconds, 0.0);
        assert_eq!((stats.replayed_seconds, stats.reconnects), (12.0, 3));
        Ok(())
    }

    #[test]
    fn a_connection_that_stood_before_is_sought_as_patiently_as_any_later_one_and_is_no_first() -> Result<(), Error> {
        for (was_connected, state) in [(true, State::Reconnecting), (false, State::Failed)] {
            let mut engine = engine(&Resume { was_connected, ..ten_minutes() }, Value::Null)?;
            for second in 1..60 {
                engine.input(Input::Tick { buffered_bytes: 0 }, ms(second * 1_000));
            }
            let connected = outputs(&mut engine).into_iter().filter(|output| matches!(output, Output::Connected(_)));
            assert_eq!((engine.state(), connected.count()), (state, usize::from(!was_connected)));
        }
        let mut engine = engine(&ten_minutes(), Value::Null)?;
        outputs(&mut engine);
        connect(&mut engine, 4, ms(100));
        let told = outputs(&mut engine);
        let (state, previous, reason) = (State::Streaming, State::Reconnecting, None);
        assert!(told.contains(&Output::Event(Event::State { state, previous, reason })));
        assert!(!told.contains(&Output::Connected(Ok(()))));
        Ok(())
    }

    #[test]
    fn a_pause_goes_on_and_is_as_long_as_both_engines_saw_it() -> Result<(), Error> {
        let resume = Resume { is_paused: true, paused_seconds: 7.0, ..ten_minutes() };
        let mut engine = engine(&resume, Value::Null)?;
        outputs(&mut engine);
        engine.frames(&[&[0.1; 16_000]], 16_000, ms(10))?;
        assert!(engine.is_paused() && engine.stats().captured_seconds < 601.6);
        engine.command(Command::Resume, ms(2_000));
        assert_eq!(outputs(&mut engine), [Output::Event(Event::Resume { at: 601.5, seconds: 9.0 })]);
        engine.frames(&[&[0.1; 16_000]], 16_000, ms(2_010))?;
        assert!(engine.stats().captured_seconds > 602.4);
        Ok(())
    }

    #[test]
    fn bytes_go_on_with_the_headers_that_the_first_of_them_had() -> Result<(), Error> {
        let given_headers = vec![0x1A, 0x45, 0xDF, 0xA3, 7];
        let resume = Resume { given_bytes: 1_000, given_headers: given_headers.clone(), ..ten_minutes() };
        let mut engine = engine(&resume, json!("audio/webm"))?;
        connect(&mut engine, 4, ms(0));
        engine.bytes(&[1, 2, 3], ms(250))?;
        assert_eq!(sent(outputs(&mut engine)), [&given_headers[..], &[1, 2, 3]].concat());
        assert!((engine.stats().captured_seconds - 601.75).abs() < 1e-9 && adds_up(&engine));
        assert_eq!(engine.attach(1, None, ms(251)).err().map(|error| error.code), Some(Code::Conflict));
        Ok(())
    }

    #[test]
    fn pcm_that_was_cut_within_a_frame_goes_on_with_the_next() -> Result<(), Error> {
        let resume = Resume { given_bytes: 1_001, ..ten_minutes() };
        let mut engine = engine(&resume, json!("audio/pcm; rate=16000; channels=2; bits=16"))?;
        connect(&mut engine, 4, ms(0));
        engine.bytes(&[9, 9], ms(10))?;
        engine.bytes(&[9, 1, 2, 3, 4, 5], ms(20))?;
        assert_eq!(sent(outputs(&mut engine)), [1, 2, 3, 4]);
        Ok(())
    }

    #[test]
    fn figures_that_cannot_be_are_made_to_add_up() -> Result<(), Error> {
        let stats = Stats {
            captured_seconds: f64::NAN,
            acknowledged_seconds: 1e300,
            dropped_seconds: -1.0,
            sent_seconds: f64::INFINITY,
            reconnects: u32::MAX,
            bytes_sent: u64::MAX,
            ..Stats::default()
        };
        for position in [0.0, -1.0, f64::NAN, f64::INFINITY, 5.0] {
            let resume = Resume { stats, position, is_paused: true, paused_seconds: -1.0, ..Resume::default() };
            let mut engine = engine(&resume, Value::Null)?;
            engine.command(Command::Resume, ms(1));
            engine.frames(&[&[0.1; 16_000]], 16_000, ms(10))?;
            engine.command(Command::End(1), ms(20));
            engine.input(Input::Tick { buffered_bytes: 0 }, ms(100_000));
            assert!(adds_up(&engine), "{position}: {:?}", engine.stats());
        }
        Ok(())
    }

    #[test]
    fn it_passes_between_threads_as_text_and_what_is_not_said_is_nothing() {
        let resume = Resume { given_headers: vec![1, 2], ..ten_minutes() };
        assert_eq!(Resume::read(&resume.to_json()), Some(resume));
        assert_eq!(Resume::read(r#"{"position":0.0}"#), Some(Resume::default()));
        assert_eq!(Resume::read("{"), None);
    }
}
