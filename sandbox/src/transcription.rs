//! What the transcript of a recording says: the script, word by word, where the audio has speech. Pure.

use crate::{
    audio::{Format, Span, listen},
    configuration::{Participant, speaker},
    model::Phrase,
    script::{Position, Role, Script, WORDS_PER_SECOND},
};

/// The longest recording that the protocol takes, in seconds: 120 minutes.
const MAX_SECONDS: f64 = 7_200.0;

/// How a recording is to be transcribed.
pub(crate) struct Request {
    /// What the upload was declared as.
    pub(crate) format: Format,
    pub(crate) diarize: bool,
    pub(crate) participants: Vec<Participant>,
}

/// The length of a recording in seconds, and what is said in it from the script's beginning. `None` where the audio is
/// not decoded, or too long.
pub(crate) fn transcribe(script: &Script, request: &Request, bytes: &[u8]) -> Option<(f64, Vec<Phrase>)> {
    let (seconds, speech) = listen(request.format, bytes).filter(|(seconds, _)| *seconds <= MAX_SECONDS)?;
    let phrase = |turn: Turn| {
        let place = speaker(&request.participants, turn.role);
        Phrase {
            channel: request.participants.get(place).map_or(0, |participant| participant.channel),
            participant: place,
            speaker_id: match turn.role {
                _ if !request.diarize => -1,
                Role::Doctor => 0,
                Role::Patient => 1,
            },
            text: turn.text,
            start: milliseconds(turn.start),
            end: milliseconds(turn.end),
        }
    };
    Some((seconds, turns(script, &speech).into_iter().map(phrase).collect()))
}

/// One line of the script, or as much of it as was heard; times in seconds.
struct Turn {
    role: Role,
    text: String,
    start: f64,
    end: f64,
}

fn turns(script: &Script, speech: &[Span]) -> Vec<Turn> {
    let (mut at, mut said) = (Position::default(), Vec::new());
    // The line that is being spoken: its start, its end so far, and the seconds of speech that belong to it.
    let mut open: Option<(f64, f64, f64)> = None;
    for span in speech {
        let mut from = span.start;
        while from < span.end {
            let (role, words) = script.rest(at);
            let (start, _, heard) = open.unwrap_or((from, from, 0.0));
            let left = words.len() as f64 / WORDS_PER_SECOND - heard;
            if span.end - from < left {
                open = Some((start, span.end, heard + span.end - from));
                break;
            }
            from += left;
            said.push(Turn { role, text: words.join(" "), start, end: from });
            at = script.after(at, words.len());
            open = None;
        }
    }
    if let Some((start, end, heard)) = open {
        let (role, words) = script.rest(at);
        let count = ((heard * WORDS_PER_SECOND).round() as usize).min(words.len());
        if count > 0 {
            said.push(Turn { role, text: words[..count].join(" "), start, end });
        }
    }
    said
}

fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1000.0).round() as u64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ogg::{PacketWriteEndInfo, PacketWriter};

    #[test]
    fn the_words_are_those_of_the_speech_at_the_scripts_pace_and_stand_still_in_silence() {
        let script = Script::load().unwrap();
        let whole = turns(&script, &[Span { start: 0.0, end: 20.0 }]);
        let parted = turns(&script, &[Span { start: 0.0, end: 3.0 }, Span { start: 13.0, end: 30.0 }]);
        let words = |turns: &[Turn]| {
            let words = turns.iter().flat_map(|turn| turn.text.split(' ').map(str::to_owned));
            words.collect::<Vec<_>>()
        };
        assert_eq!(words(&whole).len(), 52, "20 s at 2.6 words a second");
        assert_eq!(words(&whole), words(&parted));
        assert_eq!((parted[0].start, whole[0].start), (0.0, 0.0));
        assert!(parted[0].end > whole[0].end + 9.9, "the pause is within the first line");
        assert!(whole.windows(2).all(|pair| pair[0].end <= pair[1].start));
        assert_eq!(whole.last().unwrap().end, 20.0);
    }

    #[test]
    fn what_is_no_audio_has_no_transcript_and_silence_an_empty_one() {
        let script = Script::load().unwrap();
        let request = |format| Request { format, diarize: false, participants: Vec::new() };
        let pcm = Format::Pcm { rate: 8_000, channels: 1 };
        assert!(transcribe(&script, &request(Format::Container), b"ID3 and so on").is_none());
        assert!(transcribe(&script, &request(pcm), &[]).is_none());
        let (seconds, phrases) = transcribe(&script, &request(pcm), &[0; 16_000]).unwrap();
        assert_eq!((seconds, phrases.len()), (1.0, 0));
    }

    /// Opus in Ogg that says to be so long, of which nearly all is lost.
    fn ogg(seconds: u64) -> Vec<u8> {
        let mut writer = PacketWriter::new(Vec::new());
        let silence = &[0xf8, 0xff, 0xfe][..];
        for (packet, granule) in [
            (&b"OpusHead\x01\x01\0\0\x80\xbb\0\0\0\0\0"[..], 0),
            (&b"OpusTags\0\0\0\0\0\0\0\0"[..], 0),
            (silence, 960),
            (silence, seconds * 48_000),
        ] {
            writer.write_packet(packet, 1, PacketWriteEndInfo::EndPage, granule).unwrap();
        }
        writer.into_inner()
    }

    #[test]
    fn a_recording_of_more_than_two_hours_is_not_transcribed() {
        let script = Script::load().unwrap();
        let request = Request { format: Format::Container, diarize: false, participants: Vec::new() };
        let seconds = |recording: &[u8]| transcribe(&script, &request, recording).map(|(seconds, _)| seconds);
        assert_eq!(seconds(&ogg(7_200)), Some(7_200.0));
        assert_eq!(seconds(&ogg(7_201)), None);
    }
}
