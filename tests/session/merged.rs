//! What becomes of segments, by messages that are written out: identity, corrections, words that are heard twice, speakers, times.

use ossicle::session::{Event, Input, Options, Origin, Output, Session, Transcript};
use ossicle::time::Duration;
use ossicle::{Code, json::Json, protocol::server::Segment};
use serde_json::{Value, json};

use crate::world::{ms, options, s};

/// A segment as the service has it: channel, speaker, start, end, words.
pub(crate) type Said<'a> = (u32, i64, f64, f64, &'a str);

/// A session on a network on which everything is at once.
pub(crate) struct Line {
    pub(crate) session: Session,
    pub(crate) now: Duration,
    pub(crate) socket: u32,
    captured: Duration,
    pub(crate) screen: Transcript,
    pub(crate) events: Vec<Event>,
    pub(crate) texts: Vec<String>,
    pub(crate) answers: Vec<(u32, bool)>,
    /// What the service answers a configuration, if it does.
    verdict: Option<Value>,
}

impl Line {
    pub(crate) fn new(options: Options) -> Self {
        Self::answered(options, Some(&json!({ "type": "CONFIG_ACCEPTED" })))
    }

    pub(crate) fn answered(options: Options, verdict: Option<&Value>) -> Self {
        let mut line = Self {
            session: Session::new(options, Duration::ZERO),
            now: Duration::ZERO,
            socket: 0,
            captured: Duration::ZERO,
            screen: Transcript::new(1_000),
            events: Vec::new(),
            texts: Vec::new(),
            answers: Vec::new(),
            verdict: verdict.cloned(),
        };
        line.drain();
        line
    }

    pub(crate) fn input(&mut self, input: Input<'_>) {
        self.session.handle(input, self.now);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Open(id) => {
                    self.socket = id;
                    self.input(Input::SocketOpened(id));
                    if let Some(verdict) = self.verdict.clone() {
                        self.says(&verdict);
                    }
                }
                Output::SendText(text) => self.texts.push(text),
                Output::Answered(id, result) => self.answers.push((id, result.is_ok())),
                Output::Event(event) => {
                    if let Event::Transcript { segments, replaced } = &event {
                        replaced.iter().for_each(|key| _ = self.screen.remove(key));
                        segments.iter().for_each(|segment| self.screen.put(segment.clone()));
                    }
                    self.events.push(event);
                }
                _ => {}
            }
        }
    }

    /// So much time passes, in which audio is captured.
    pub(crate) fn talk(&mut self, seconds: u64) {
        for quarter in 0..seconds * 4 {
            // The service is there.
            if quarter % 40 == 39 {
                self.says(&json!({ "type": "facts", "fact": [] }));
            }
            self.now += ms(250);
            self.input(Input::Packet(self.captured, ms(250), &[1; 8]));
            self.captured += ms(250);
            self.input(Input::Tick { buffered_bytes: 0 });
        }
    }

    pub(crate) fn says(&mut self, message: &Value) {
        self.input(Input::Text(self.socket, &message.to_string()));
    }

    /// What the event that follows tells: texts, and keys that are replaced.
    pub(crate) fn hears(&mut self, said: &[Said<'_>]) -> (Vec<String>, Vec<String>) {
        self.hears_more(said, true)
    }

    fn hears_more(&mut self, said: &[Said<'_>], is_final: bool) -> (Vec<String>, Vec<String>) {
        let before = self.events.len();
        let data: Vec<Value> = said
            .iter()
            .map(|(channel, speaker, start, end, text)| {
                json!({ "id": "4b0c", "transcript": text, "final": is_final, "speakerId": speaker,
                    "participant": { "channel": channel }, "time": { "start": start, "end": end } })
            })
            .collect();
        self.says(&json!({ "type": "transcript", "data": data }));
        let told = self.events[before..].iter().find_map(|event| match event {
            Event::Transcript { segments, replaced } => Some((texts(segments), replaced.clone())),
            _ => None,
        });
        told.unwrap_or_default()
    }

    /// The socket is lost, and another is there a little later.
    pub(crate) fn drops(&mut self) {
        self.input(Input::SocketClosed(self.socket, 1006));
        self.now += s(1);
        self.input(Input::Tick { buffered_bytes: 0 });
    }

    fn texts(&self) -> Vec<String> {
        texts(self.screen.segments())
    }

    fn get(&self, text: &str) -> &Segment {
        self.screen.segments().iter().find(|segment| segment.words() == text).unwrap()
    }

    pub(crate) fn errors(&self) -> usize {
        let is_one = |event: &&Event| matches!(event, Event::Error(error) if error.code == Code::Protocol);
        self.events.iter().filter(is_one).count()
    }
}

fn texts(segments: &[Segment]) -> Vec<String> {
    segments.iter().map(Segment::words).collect()
}

/// 30 s on a first socket, of which nothing is acknowledged; on another they are sent again, and 20 s more.
fn reopened(said: &[Said<'_>]) -> Line {
    reopened_with(options(), said)
}

fn reopened_with(mut options: Options, said: &[Said<'_>]) -> Line {
    options.catch_up_rate = 100.0;
    let mut line = Line::new(options);
    line.talk(30);
    line.hears(said);
    line.drops();
    line.talk(20);
    assert_eq!(line.session.ledger().replayed, s(30));
    line
}

const LOW: Said<'_> = (0, 0, 2.0, 6.0, "Good afternoon, do sit down here.");
const HIGH: Said<'_> = (0, 1, 4.0, 12.0, "My left knee, it swells up after the stairs.");

#[test]
fn speakers_who_talk_across_each_other_are_both_kept_in_time_order_whatever_their_id() {
    let mut line = Line::new(options());
    line.talk(30);
    line.hears(&[(0, 0, 13.0, 15.0, "And since when?"), HIGH, (0, 1, 14.0, 14.6, "Well."), LOW]);
    line.hears(&[(1, 0, 2.0, 5.0, "Hello?"), (0, 1, 7.0, 7.4, "Ow.")]);
    let starts: Vec<f64> = line.screen.segments().iter().map(|segment| segment.start).collect();
    assert_eq!(starts, [2.0, 2.0, 4.0, 7.0, 13.0, 14.0]);
    let keys: std::collections::BTreeSet<&String> = line.screen.segments().iter().map(|one| &one.key).collect();
    assert_eq!((keys.len(), line.errors()), (6, 0));
    // Channels have speakers of their own: 0 on another channel is somebody else.
    assert_eq!((line.get("Hello?").speaker, line.get("Ow.").speaker, line.get("Well.").speaker), (2, 1, 1));
    let other = line.get("Hello?");
    assert_eq!(other.raw.json().get("id").text().as_deref(), Some("4b0c"));
    assert!(line.screen.segments().iter().all(|segment| !segment.overlaps));
}

#[test]
fn the_same_channel_speaker_and_start_again_is_a_correction_and_keeps_its_key() {
    let mut line = Line::new(options());
    line.talk(30);
    line.hears(&[LOW, HIGH]);
    let key = line.get(HIGH.4).key.clone();
    let (told, replaced) = line.hears(&[(0, 1, 4.0, 12.5, "My left knee. It swells after stairs.")]);
    assert_eq!((told.len(), &replaced), (1, &vec![key.clone()]));
    assert_eq!((line.texts().len(), &line.get("My left knee. It swells after stairs.").key), (2, &key));
    // Word for word again it is no news.
    assert_eq!(line.hears(&[LOW]), (vec![], vec![]));
    // However late it comes: the session itself has long forgotten it.
    for turn in 0..250 {
        line.talk(1);
        line.hears(&[(0, 0, 20.0 + f64::from(turn) / 10.0, 20.1 + f64::from(turn) / 10.0, "Yes.")]);
    }
    let (_, replaced) = line.hears(&[(0, 1, 4.0, 12.5, "My right knee.")]);
    assert_eq!((replaced, &line.get("My right knee.").key), (vec![key.clone()], &key));
}

#[test]
fn interims_give_way_to_finals_of_their_channel_and_speaker_and_to_no_others() {
    let mut line = Line::new(options());
    line.talk(30);
    let interim = |speaker: i64, text: &'static str| (0, speaker, 4.0, 7.0, text);
    line.hears_more(
        &[interim(0, "good"), interim(1, "my left"), interim(-1, "who knows"), (1, 0, 4.0, 7.0, "else")],
        false,
    );
    let (told, replaced) = line.hears(&[(0, 1, 4.5, 12.0, "My left knee.")]);
    assert_eq!((told.len(), replaced.len()), (1, 2), "its own, and that of nobody in particular");
    assert_eq!(line.texts(), ["good", "else", "My left knee."]);
    line.hears(&[(0, 0, 4.0, 6.0, "Good afternoon.")]);
    assert_eq!(line.texts(), ["else", "Good afternoon.", "My left knee."]);
    // What was said once and for all an interim does not take back.
    assert_eq!(line.hears_more(&[(0, 0, 4.0, 6.0, "good")], false), (vec![], vec![]));
}

#[test]
fn what_was_heard_twice_is_dropped_wherever_it_is_cut_and_what_straddles_keeps_its_new_words() {
    let mut line = reopened(&[LOW, HIGH]);
    let (told, replaced) = line.hears(&[
        (0, 0, 2.0, 4.0, "good afternoon do"),
        (0, 0, 4.0, 6.0, "sit down here"),
        (0, 1, 4.0, 16.0, "My left knee, it swells up after the stairs. And it throbs at night."),
        (0, 0, 17.0, 20.0, "I see."),
    ]);
    assert_eq!((told, replaced), (vec!["And it throbs at night.".to_owned(), "I see.".to_owned()], vec![]));
    assert_eq!(line.texts(), [LOW.4, HIGH.4, "And it throbs at night.", "I see."]);
    let part = line.get("And it throbs at night.");
    assert_eq!((part.start, part.end, part.overlaps), (12.0, 16.0, false));
    // A correction of it is trimmed again.
    let key = part.key.clone();
    let (told, replaced) =
        line.hears(&[(0, 1, 4.0, 16.0, "My left knee, it swells up after the stairs. And it throbs.")]);
    assert_eq!((told, replaced), (vec!["And it throbs.".to_owned()], vec![key]));
}

#[test]
fn where_words_cannot_be_aligned_both_are_kept_and_the_second_is_marked() {
    let mut line = reopened(&[LOW, HIGH]);
    line.hears(&[(0, 1, 4.2, 12.1, "Millet me it's well of the stares.")]);
    assert_eq!(line.texts(), [LOW.4, HIGH.4, "Millet me it's well of the stares."]);
    assert!(line.get("Millet me it's well of the stares.").overlaps && !line.get(HIGH.4).overlaps);
    let text = ossicle::json::ToJson::to_json(line.get("Millet me it's well of the stares."));
    assert_eq!(Json::read(&text).unwrap().get("overlaps").bool(), Some(true));
    // The same short word at another time is another word, and no repetition.
    let mut line = reopened(&[(0, 0, 14.0, 14.6, "Yes.")]);
    line.hears(&[(0, 0, 15.6, 16.2, "Yes.")]);
    assert_eq!((line.texts().len(), line.get("Yes.").overlaps), (2, false));
}

#[test]
fn words_that_were_lost_between_known_ones_come_in_two_pieces() {
    let mut line = reopened(&[(0, 0, 6.0, 8.0, "it swells up after")]);
    let said = (0, 0, 4.0, 10.0, "My left knee, now it swells up after all the stairs");
    line.hears(&[said]);
    assert_eq!(line.texts(), ["My left knee, now", "it swells up after", "all the stairs"]);
    let keys: Vec<&String> = line.screen.segments().iter().map(|segment| &segment.key).collect();
    assert!(keys[0] != keys[2] && keys[2].starts_with(keys[0].as_str()), "{keys:?}");
    assert_eq!(line.hears(&[said]), (vec![], vec![]));
}

#[test]
fn speakers_of_a_new_socket_are_those_whose_words_were_heard_twice_and_else_somebody_new() {
    let mut line = reopened(&[LOW, HIGH]);
    // The numbers are the other way round. What is new comes first, in the same message and in one before.
    line.hears(&[(0, 1, 21.0, 22.0, "I see.")]);
    let first = line.get("I see.").clone();
    assert_eq!((first.speaker_id, first.speaker), (1, 2), "nobody knows yet who that is");
    let (told, replaced) = line.hears(&[
        (0, 0, 17.0, 20.0, "And it throbs."),
        (0, 1, 2.0, 6.0, "Good afternoon, do sit down here."),
        (0, 0, 4.0, 12.0, "My left knee, it swells up after the stairs."),
        (0, 2, 23.0, 24.0, "Excuse me!"),
        (0, -1, 25.0, 26.0, "Hm."),
    ]);
    let speaker = |text: &str| line.get(text).speaker;
    assert_eq!((speaker("And it throbs."), speaker("I see."), speaker("Hm.")), (1, 0, -1));
    assert_eq!(speaker("Excuse me!"), 3, "a number that nobody had");
    assert!(told.contains(&"I see.".to_owned()) && replaced == [first.key], "it is told again as whose it is");
}

#[test]
fn where_nothing_was_heard_twice_the_speakers_are_new_and_keys_differ_from_socket_to_socket() {
    let mut line = Line::new(options());
    line.talk(30);
    line.hears(&[LOW, HIGH]);
    line.input(Input::Flush(1));
    line.says(&json!({ "type": "flushed" }));
    line.drops();
    line.talk(20);
    line.hears(&[(0, 0, 2.0, 6.0, "And since when?")]);
    assert_eq!(line.session.ledger().replayed, Duration::ZERO);
    assert_eq!((line.get("And since when?").speaker, line.get("And since when?").start), (2, 32.0));
    assert_ne!(line.get("And since when?").key, line.get(LOW.4).key);
}

#[test]
fn times_that_cannot_be_acknowledge_nothing_and_are_told_once() {
    let mut line = Line::new(options());
    line.talk(30);
    line.hears(&[(0, 0, 640.0, 5_120.0, "In milliseconds, it seems.")]);
    line.hears(&[(0, 0, 6_000.0, 7_120.0, "Again.")]);
    assert_eq!((line.errors(), line.texts().len()), (1, 2), "its words are kept");
    let ledger = line.session.ledger();
    assert_eq!((ledger.acknowledged, line.session.untranscribed()), (Duration::ZERO, s(30)));
}

#[test]
fn a_service_that_counts_on_is_found_out_by_its_times() {
    let mut line = reopened(&[LOW, HIGH]);
    line.hears(&[(0, 0, 32.0, 36.0, "Good afternoon, do sit down here."), (0, 1, 34.0, 42.0, HIGH.4)]);
    assert_eq!(line.texts(), [LOW.4, HIGH.4], "both are heard again");
    line.hears(&[(0, 0, 62.0, 66.0, "And since when?")]);
    assert_eq!((line.get("And since when?").start, line.errors()), (32.0, 0));
}

#[test]
fn segments_that_were_placed_before_it_was_found_out_are_told_again_where_they_belong() {
    let mut options = options();
    options.catch_up_rate = 100.0;
    let mut line = Line::new(options);
    line.talk(10);
    line.drops();
    line.talk(20);
    // By the socket's own count that is 11 s into it; the service means 1 s.
    line.hears(&[(0, 0, 11.0, 14.0, "My left knee.")]);
    let (key, start) = (line.get("My left knee.").key.clone(), line.get("My left knee.").start);
    let (told, replaced) = line.hears(&[(0, 0, 33.0, 38.0, "It swells.")]);
    assert_eq!((told.len(), &replaced), (2, &vec![key.clone()]));
    assert_eq!((start, line.get("My left knee.").start, line.get("It swells.").start), (11.0, 1.0, 23.0));
    assert_eq!(line.get("My left knee.").key, key);
}

#[test]
fn an_option_says_what_the_service_counts_from_and_then_nothing_else_does() {
    for (origin, errors, start) in [(Origin::Socket, 1, 62.0), (Origin::Interaction, 0, 32.0)] {
        let mut options = options();
        options.times_from = origin;
        let mut line = reopened_with(options, &[LOW]);
        line.hears(&[(0, 0, 62.0, 66.0, "And since when?")]);
        assert_eq!((line.errors(), line.get("And since when?").start), (errors, start));
    }
}
