//! What is said, and that the same audio says the same.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use super::*;

fn said() -> Said {
    Said::new(Arc::new(Script::load().unwrap()))
}

fn texts(said: &Said) -> Vec<String> {
    said.visit.words_from(0).map(|(_, word)| word.text.clone()).collect()
}

/// Marks that differ, 20 ms apart, of the visit's audio from this second on, in a socket's own time.
fn marks(from: f64, seconds: f64) -> Vec<Mark> {
    let first = (from * 50.0).round() as u64;
    let count = (seconds * 50.0).round() as u64;
    (0..count).map(|index| Mark { print: (first + index) * 7_919, at: index as f64 / 50.0 }).collect()
}

fn hear(said: &mut Said, from: f64, seconds: f64) -> Hearing {
    let mut hearing = Hearing::default();
    hearing.hear(said, vec![Span { start: 0.0, end: seconds }], &marks(from, seconds), seconds);
    hearing
}

#[test]
fn words_are_spoken_at_the_scripts_pace_in_the_order_of_their_ends() {
    let mut said = said();
    hear(&mut said, 0.0, 60.0);
    let words: Vec<&Word> = said.visit.words_from(0).map(|(_, word)| word).collect();
    assert!(words.len() >= 156, "60 s at 2.6 words a second, and more where two speak");
    assert!(words.windows(2).all(|pair| pair[0].end <= pair[1].end));
    let overlaps = words.iter().filter(|word| {
        words
            .iter()
            .any(|other| other.voice != word.voice && other.start < word.end - 0.01 && word.start < other.end - 0.01)
    });
    assert!(overlaps.count() > 4);
    for line in 0..8 {
        let of_line: Vec<&&Word> = words.iter().filter(|word| word.line == line).collect();
        assert!(
            of_line.windows(2).all(|pair| pair[1].number == pair[0].number + 1 && pair[0].end <= pair[1].start + 1e-6)
        );
        assert!(of_line.last().unwrap().is_last);
    }
}

#[test]
fn speech_says_the_same_in_one_piece_or_in_many() {
    let (mut whole, mut pieces) = (said(), said());
    hear(&mut whole, 0.0, 40.0);
    let mut hearing = Hearing::default();
    for index in 0..400 {
        let (start, end) = (f64::from(index) / 10.0, f64::from(index + 1) / 10.0);
        // The windows of speech are a little behind the audio.
        hearing.hear(&mut pieces, vec![Span { start, end }], &[], end + 0.01);
    }
    assert_eq!(texts(&whole), texts(&pieces));
}

#[test]
fn a_second_socket_finds_its_place_by_the_marks_and_says_nothing_twice() {
    let (mut once, mut twice) = (said(), said());
    hear(&mut once, 0.0, 60.0);
    hear(&mut twice, 0.0, 40.0);
    let second = hear(&mut twice, 25.0, 35.0);
    assert_eq!(second.offset(), Some(25.0));
    assert_eq!(texts(&once), texts(&twice));
}

#[test]
fn marks_that_nobody_knows_are_new_audio_and_so_is_audio_without_marks() {
    let mut said = said();
    hear(&mut said, 0.0, 40.0);
    assert_eq!(hear(&mut said, 1_000.0, 5.0).offset(), Some(40.0));
    let mut hearing = Hearing::default();
    hearing.hear(&mut said, vec![Span { start: 0.0, end: 3.0 }], &[], 3.0);
    assert_eq!(hearing.offset(), None, "marks may come yet");
    hearing.settle(&mut said);
    assert_eq!(hearing.offset(), Some(45.0));
}

#[test]
fn what_repeats_itself_is_not_decided_by_itself_and_speech_does_not_wait_for_long() {
    let mut said = said();
    let same = |count: usize| (0..count).map(|index| Mark { print: 5, at: index as f64 / 50.0 }).collect::<Vec<_>>();
    let mut first = Hearing::default();
    first.hear(&mut said, Vec::new(), &same(500), 10.0);
    let mut silent = Hearing::default();
    silent.hear(&mut said, Vec::new(), &same(400), 8.0);
    assert_eq!(silent.offset(), None, "silence says nothing");
    let mut spoken = Hearing::default();
    spoken.hear(&mut said, vec![Span { start: 0.0, end: 3.9 }], &same(195), 3.9);
    assert_eq!(spoken.offset(), None);
    spoken.hear(&mut said, vec![Span { start: 3.9, end: 4.2 }], &[], 4.2);
    assert!(spoken.offset().is_some());
}

#[test]
fn a_mark_of_a_replay_that_the_visit_knows_is_not_remembered_twice() {
    let mut said = said();
    hear(&mut said, 0.0, 10.0);
    hear(&mut said, 5.0, 10.0);
    // A third socket finds its place behind both.
    assert_eq!(hear(&mut said, 12.0, 5.0).offset(), Some(12.0));
}
