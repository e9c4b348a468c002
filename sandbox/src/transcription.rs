//! What the transcript of a recording says: the script, word by word, where the audio has speech. Pure.

use std::sync::Arc;

use crate::{
    audio::{Format, Span, listen},
    configuration::{Participant, speaker},
    model::Phrase,
    said::{Role, Script, Visit},
    telling::{Cutter, Piece},
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
pub(crate) fn transcribe(script: Arc<Script>, request: &Request, bytes: &[u8]) -> Option<(f64, Vec<Phrase>)> {
    let (seconds, speech) = listen(request.format, bytes).filter(|(seconds, _)| *seconds <= MAX_SECONDS)?;
    let phrase = |piece: Piece| {
        let speaker_id = match piece.voice {
            _ if !request.diarize => -1,
            Role::Doctor => 0,
            Role::Patient => 1,
        };
        let place = speaker(&request.participants, piece.voice);
        Phrase {
            channel: request.participants.get(place).map_or(0, |participant| participant.channel),
            // Live: the same as the speaker, where there is one.
            participant: if request.diarize { speaker_id } else { i32::try_from(place).unwrap_or_default() },
            speaker_id,
            text: piece.text,
            start: milliseconds(piece.start),
            end: milliseconds(piece.end),
        }
    };
    Some((seconds, pieces(script, &speech).into_iter().map(phrase).collect()))
}

/// The lines of the script, the last one as far as it was heard.
fn pieces(script: Arc<Script>, speech: &[Span]) -> Vec<Piece> {
    let (mut visit, mut cutter) = (Visit::new(script), Cutter::new(0));
    speech.iter().for_each(|span| visit.speech(*span));
    let mut pieces: Vec<Piece> = visit.words_from(0).flat_map(|(place, word)| cutter.word(place, word, 0.0)).collect();
    pieces.extend(cutter.flush());
    pieces.sort_by(|a, b| a.start.total_cmp(&b.start));
    pieces
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
        let script = Arc::new(Script::load().unwrap());
        let whole = pieces(script.clone(), &[Span { start: 0.0, end: 20.0 }]);
        let parted = pieces(script, &[Span { start: 0.0, end: 3.0 }, Span { start: 13.0, end: 30.0 }]);
        let words = |pieces: &[Piece]| {
            let words = pieces.iter().flat_map(|piece| piece.text.split(' ').map(str::to_owned));
            words.collect::<Vec<_>>()
        };
        assert_eq!(words(&whole).len(), 54, "20 s at 2.6 words a second, and two at once");
        assert_eq!(words(&whole), words(&parted));
        assert_eq!((parted[0].start, whole[0].start), (0.0, 0.0));
        assert!(
            parted.iter().all(|piece| piece.start < 3.0 || piece.end > 13.0),
            "nobody speaks in the pause: {parted:?}"
        );
        assert!(whole.last().unwrap().end <= 20.0);
    }

    #[test]
    fn what_is_no_audio_has_no_transcript_and_silence_an_empty_one() {
        let script = Arc::new(Script::load().unwrap());
        let request = |format| Request { format, diarize: false, participants: Vec::new() };
        let pcm = Format::Pcm { rate: 8_000, channels: 1 };
        assert!(transcribe(script.clone(), &request(Format::Container), b"ID3 and so on").is_none());
        assert!(transcribe(script.clone(), &request(pcm), &[]).is_none());
        let (seconds, phrases) = transcribe(script.clone(), &request(pcm), &[0; 16_000]).unwrap();
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
        let script = Arc::new(Script::load().unwrap());
        let request = Request { format: Format::Container, diarize: false, participants: Vec::new() };
        let seconds = |recording: &[u8]| transcribe(script.clone(), &request, recording).map(|(seconds, _)| seconds);
        assert_eq!(seconds(&ogg(7_200)), Some(7_200.0));
        assert_eq!(seconds(&ogg(7_201)), None);
    }
}
