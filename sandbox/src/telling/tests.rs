//! What waits and what is told of it, without a stream around it.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::said::Word;

fn piece(voice: Role, start: f64, end: f64) -> Piece {
    Piece { voice, text: format!("{start}"), start, end, words: Vec::new() }
}

fn at(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn starts(pieces: &[Piece]) -> Vec<f64> {
    pieces.iter().map(|piece| piece.start).collect()
}

#[test]
fn a_batch_holds_back_what_has_just_ended_and_a_flush_nothing() {
    let mut teller = Teller::new(Manner::Batches, Order::Interleaved, 1.0);
    teller.speech(at(0.0));
    for (voice, start, end) in
        [(Role::Doctor, 0.0, 4.0), (Role::Patient, 4.0, 9.0), (Role::Doctor, 9.0, 13.0), (Role::Patient, 13.0, 18.0)]
    {
        teller.ended(at(end), piece(voice, start, end));
    }
    assert_eq!(teller.due(), Some(at(rhythm::FIRST_BATCH)));
    assert!(teller.tell(at(21.0), None).is_empty());
    assert_eq!(starts(&teller.tell(at(21.4), None)), [0.0, 9.0, 4.0], "speaker by speaker");
    assert_eq!(teller.due(), Some(at(21.4 + rhythm::after_batch(1))), "what is left comes with the next");
    assert_eq!(teller.flush(at(22.0)).iter().map(|batch| starts(batch)).collect::<Vec<_>>(), [[13.0]]);
    assert_eq!(teller.due(), None);
    teller.speech(at(23.0));
    assert_eq!(teller.due(), Some(at(22.0) + rhythm::scaled(rhythm::after_batch(1), 1.0)));
}

#[test]
fn utterances_come_for_themselves_and_a_pace_makes_them_sooner() {
    for pace in [1.0, 0.1] {
        let mut teller = Teller::new(Manner::Utterances, Order::Interleaved, pace);
        teller.ended(at(4.0), piece(Role::Doctor, 0.0, 4.0));
        let due = teller.due().unwrap().as_secs_f64() - 4.0;
        assert!((2.0 * pace..=3.5 * pace).contains(&due), "{due}");
        assert!(teller.tell(at(4.0), None).is_empty());
        assert_eq!(starts(&teller.tell(at(4.0 + due + 1e-6), None)), [0.0]);
        assert_eq!(teller.due(), None);
    }
}

fn word(voice: Role, number: usize, is_last: bool) -> Word {
    let start = number as f64;
    Word { voice, line: 0, number, text: format!("w{number}"), start, end: start + 1.0, is_last }
}

#[test]
fn a_segment_is_a_line_at_most_thirteen_seconds_of_it_and_on_another_socket_something_else() {
    let cut = |socket| {
        let mut cutter = Cutter::new(socket);
        let pieces = (0..20).flat_map(|number| cutter.word(number, &word(Role::Doctor, number, number == 16), 0.0));
        let mut lengths: Vec<usize> = pieces.map(|piece| piece.words.len()).collect();
        lengths.extend(cutter.flush().iter().map(|piece| piece.words.len()));
        lengths
    };
    assert_eq!(cut(0), [13, 4, 3]);
    assert_eq!(cut(1), [5, 7, 5, 2, 1]);
    assert_eq!(cut(2), [2, 7, 7, 1, 3]);
}

#[test]
fn two_who_speak_at_once_have_a_segment_each() {
    let mut cutter = Cutter::new(0);
    let doctor = [word(Role::Doctor, 0, false), word(Role::Doctor, 2, true)];
    let patient = word(Role::Patient, 1, false);
    assert!(cutter.word(0, &doctor[0], 0.0).is_empty());
    assert!(cutter.word(1, &patient, 0.0).is_empty());
    let ended = cutter.word(2, &doctor[1], 0.0).remove(0);
    assert_eq!((ended.text.as_str(), ended.words.as_slice()), ("w0 w2", [0, 2].as_slice()));
    assert_eq!(cutter.flush()[0].text, "w1");
}

#[test]
fn a_pause_ends_a_segment_within_its_line() {
    let mut cutter = Cutter::new(0);
    assert!(cutter.word(0, &word(Role::Doctor, 0, false), 0.0).is_empty());
    assert!(cutter.pause(2.1).is_empty());
    assert_eq!(starts(&cutter.pause(2.3)), [0.0], "nothing was said for 1.2 s");
    assert!(cutter.word(1, &word(Role::Doctor, 5, false), 0.0).is_empty());
    assert_eq!(starts(&cutter.word(2, &word(Role::Doctor, 9, true), 0.0)), [5.0, 9.0], "heard in one go");
}
