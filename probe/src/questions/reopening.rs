//! (a) A socket that is opened again in mid-visit, beside another, and after the end.

use serde_json::Value;

use crate::{
    finding::Finding,
    questions::{fresh, read_socket},
    speech::Layout,
    step::{Step, configuration, configure, end, flush, open, speak},
    trail::{Segment, Trail},
};

/// Seconds by which the end of a segment may be past the audio, and be rounding.
const ROUNDING: f64 = 2.0;

/// The doctor begins the first socket, the patient the second one: so it is seen whether speakers are numbered anew. The
/// second begins with silence and a flush: what is said up to then belongs to the audio before the cut.
pub(super) fn steps() -> Vec<Step> {
    let configuration = || configuration("facts", Layout::One);
    let mut steps = Vec::from(fresh("visit", "first"));
    steps.extend(configure("first", configuration()));
    steps.extend([speak("first", 0..9), Step::Cut("first"), Step::Mark("cut"), open("second", "visit")]);
    steps.extend(configure("second", configuration()));
    steps.push(Step::Silence("second", 6.0));
    steps.extend(flush("second"));
    steps.extend([Step::Mark("spoken on"), speak("second", 9..15)]);
    steps.extend(flush("second"));
    steps.extend([Step::Mark("beside"), open("third", "visit")]);
    steps.extend(configure("third", configuration()));
    steps.extend([Step::Listen(2.0), Step::Mark("both")]);
    steps.extend(flush("second"));
    steps.extend(end("third"));
    steps.push(Step::Mark("one again"));
    steps.extend(flush("second"));
    steps.extend(end("second"));
    steps.push(open("fourth", "visit"));
    steps.extend(configure("fourth", configuration()));
    steps.extend(end("fourth"));
    steps
}

pub(super) fn read(trail: &Trail, finding: &mut Finding) {
    let (first, second) = (trail.segments("first"), trail.segments("second"));
    let (silent, spoken) = (trail.before("spoken on"), trail.after("spoken on"));
    finding.is("opened again: upgrade", trail.upgrade("second"));
    finding.is("opened again: first message", trail.first_kind("second"));
    finding.is("words of the audio before the cut come on the next socket", !silent.segments("second").is_empty());
    let is_again = |segment: &Segment<'_>| {
        first.iter().any(|other| other.text() == segment.text() && other.speaker() == segment.speaker())
    };
    finding.is("a segment of the first socket is said again on the next", second.iter().any(is_again));
    let new = spoken.segments("second");
    let last = new.iter().map(|segment| segment.end).fold(0.0, f64::max);
    let base = match last - trail.audio_seconds("second") {
        _ if new.is_empty() => Value::Null,
        past if past > ROUNDING => "the interaction".into(),
        _ => "the socket".into(),
    };
    finding.is("time on the next socket counts from the start of", base);
    finding.note("number of who began the first socket (the doctor)", beginner(&first));
    finding.note("number of who begins the next socket (the patient)", beginner(&new));
    let heard = first.iter().map(|segment| segment.end).fold(0.0, f64::max);
    let untold = trail.audio_seconds("first") - heard;
    finding.note("seconds of audio before the cut, after the last segment that came", (untold * 10.0).round() / 10.0);

    finding.is("two at once: upgrade of the second", trail.upgrade("third"));
    finding.is("two at once: first message of the second", trail.first_kind("third"));
    finding.is("two at once: the first meanwhile", trail.before("both").end("second"));
    let both = trail.after("both");
    finding.is("two at once: the first answers a flush", both.before("one again").first("second", "flushed").is_some());
    finding.is(
        "two at once: the first answers a flush after the second's end",
        trail.after("one again").first("second", "flushed").is_some(),
    );
    finding.is("two at once: close code of the second", trail.end("third"));
    read_socket(trail, finding, "after ENDED", "fourth");
}

fn beginner(segments: &[Segment<'_>]) -> Value {
    let first = segments.iter().min_by(|one, other| one.start.total_cmp(&other.start));
    first.map_or(Value::Null, |segment| segment.field("/speakerId"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        finding::Found,
        trail::{
            What,
            build::{add, transcript},
        },
    };

    fn trail(second: &[(i64, f64, f64, &str)], silent: &[(i64, f64, f64, &str)]) -> Finding {
        let mut trail = Trail::default();
        let audio = |until| What::Audio { bytes: 8000, until };
        add(&mut trail, 0.0, "first", audio(36.0));
        add(&mut trail, 21.0, "first", transcript(&[(0, 0.5, 4.0, "Hello."), (1, 4.5, 20.0, "It is my knee.")]));
        if !silent.is_empty() {
            add(&mut trail, 45.0, "second", transcript(silent));
        }
        add(&mut trail, 50.0, "", What::Mark("spoken on"));
        add(&mut trail, 60.0, "second", audio(30.0));
        add(&mut trail, 70.0, "second", transcript(second));
        let mut finding = Finding::default();
        read(&trail, &mut finding);
        finding
    }

    fn is(finding: &Finding, name: &str) -> Value {
        match finding.get(name) {
            Some(Found::Is(value) | Found::Note(value)) => value.clone(),
            other => unreachable!("{name} is {other:?}"),
        }
    }

    #[test]
    fn time_that_runs_past_the_sockets_own_audio_counts_from_the_interaction() {
        let of =
            |start, end| is(&trail(&[(0, start, end, "No.")], &[]), "time on the next socket counts from the start of");
        assert_eq!(of(9.0, 29.0), "the socket");
        assert_eq!(of(45.0, 58.0), "the interaction");
    }

    #[test]
    fn what_is_said_in_the_silence_is_of_the_audio_before_the_cut() {
        let name = "words of the audio before the cut come on the next socket";
        assert_eq!(is(&trail(&[(0, 9.0, 12.0, "No.")], &[]), name), false);
        assert_eq!(is(&trail(&[(0, 9.0, 12.0, "No.")], &[(0, 1.0, 2.0, "Late words.")]), name), true);
    }

    #[test]
    fn a_segment_is_said_again_where_its_words_and_its_speaker_are_the_same() {
        let name = "a segment of the first socket is said again on the next";
        assert_eq!(is(&trail(&[(0, 9.0, 12.0, "Hello.")], &[]), name), true);
        assert_eq!(is(&trail(&[(1, 9.0, 12.0, "Hello.")], &[]), name), false);
    }

    #[test]
    fn numbers_and_the_untold_end_are_told() {
        let finding = trail(&[(1, 20.0, 24.0, "No."), (0, 9.0, 12.0, "Ibuprofen.")], &[]);
        assert_eq!(is(&finding, "number of who began the first socket (the doctor)"), 0);
        assert_eq!(is(&finding, "number of who begins the next socket (the patient)"), 0);
        assert_eq!(is(&finding, "seconds of audio before the cut, after the last segment that came"), 16.0);
    }
}
