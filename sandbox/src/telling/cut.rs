//! Words into segments.
//!
//! A segment is what one speaker says in one go: a line of the script or what is said of it up to a pause, at most 13 seconds. On a socket that was
//! opened again the same audio need not be cut where it was cut first: there segments end within lines too, at other
//! words on each socket.

use crate::{
    said::{Role, Word},
    telling::rhythm,
};

/// Seconds without a word after which a speaker's segment has ended. Guess.
const PAUSE: f64 = 1.2;
/// On a reopened socket, each seventh word may end a segment; by how many words the cuts of one socket and the next differ.
const CUT_EVERY: usize = 7;
const CUT_SHIFT: usize = 3;

/// A segment, or what there is of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Piece {
    pub(crate) voice: Role,
    pub(crate) text: String,
    /// In seconds of the socket's audio.
    pub(crate) start: f64,
    pub(crate) end: f64,
    /// The words' places in the visit.
    pub(crate) words: Vec<usize>,
}

pub(crate) struct Cutter {
    /// The number of the socket in its visit, from 0.
    socket: usize,
    open: Vec<Piece>,
}

impl Cutter {
    pub(crate) fn new(socket: usize) -> Self {
        Self { socket, open: Vec::new() }
    }

    /// Takes the next word; the socket's audio begins at `offset` of the visit's. Gives the segments that end with it, or
    /// that had ended before it.
    pub(crate) fn word(&mut self, place: usize, word: &Word, offset: f64) -> Vec<Piece> {
        let (start, end) = (word.start - offset, word.end - offset);
        let mut ended = self.pause(start);
        let index = self.open.iter().position(|piece| piece.voice == word.voice).unwrap_or_else(|| {
            self.open.push(Piece { voice: word.voice, text: String::new(), start, end, words: Vec::new() });
            self.open.len() - 1
        });
        let piece = &mut self.open[index];
        if !piece.text.is_empty() {
            piece.text.push(' ');
        }
        piece.text.push_str(&word.text);
        piece.end = end;
        piece.words.push(place);
        let is_cut = self.socket > 0 && (word.number + CUT_SHIFT * self.socket).is_multiple_of(CUT_EVERY);
        let is_over = word.is_last || is_cut || piece.end - piece.start >= rhythm::LONGEST;
        if is_over {
            ended.push(self.open.remove(index));
        }
        ended
    }

    /// Ends what has not gone on until now, in the socket's seconds.
    pub(crate) fn pause(&mut self, now: f64) -> Vec<Piece> {
        let (ended, open) = std::mem::take(&mut self.open).into_iter().partition(|piece| piece.end + PAUSE <= now);
        self.open = open;
        ended
    }

    /// Ends what is open.
    pub(crate) fn flush(&mut self) -> Vec<Piece> {
        std::mem::take(&mut self.open)
    }

    /// What goes on.
    pub(crate) fn open(&self) -> &[Piece] {
        &self.open
    }
}
