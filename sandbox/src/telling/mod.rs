//! How the service tells what is said: into which segments it cuts the words, and when and in which order these come.
//! Pure; time is an argument.
//!
//! `cut` makes segments of words, `rhythm` has the service's times, [`Teller`] keeps what is not told yet. What a message
//! looks like is `stream.rs`'s.

mod cut;
pub(crate) mod rhythm;

use std::time::Duration;

use crate::{behaviour::Order, said::Role};
pub(crate) use cut::{Cutter, Piece};

/// In which manner a stream's transcript comes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Manner {
    /// With diarization: all at once every quarter of a minute, each speaker finalized for himself.
    Batches,
    /// Without: each segment a little after it has ended.
    Utterances,
}

/// What waits to be told.
pub(crate) struct Teller {
    manner: Manner,
    order: Order,
    /// Of the service's times, this much.
    pace: f64,
    /// With the time when it ended, and when it is due where it comes for itself.
    waiting: Vec<Waiting>,
    /// When the next batch is due.
    batch: Option<Duration>,
    /// When the last one was, and how many there were.
    last: Option<Duration>,
    told: usize,
}

struct Waiting {
    piece: Piece,
    ended: Duration,
    due: Duration,
}

impl Teller {
    pub(crate) fn new(manner: Manner, order: Order, pace: f64) -> Self {
        Self { manner, order, pace, waiting: Vec::new(), batch: None, last: None, told: 0 }
    }

    pub(crate) fn manner(&self) -> Manner {
        self.manner
    }

    fn after(&self, now: Duration, seconds: f64) -> Duration {
        now + rhythm::scaled(seconds, self.pace)
    }

    /// Somebody speaks.
    pub(crate) fn speech(&mut self, now: Duration) {
        if self.manner == Manner::Batches && self.batch.is_none() {
            let earliest = self.after(now, rhythm::BATCH_LAG);
            self.batch = Some(match self.last {
                None => self.after(now, rhythm::FIRST_BATCH),
                Some(last) => self.after(last, rhythm::after_batch(self.told)).max(earliest),
            });
        }
    }

    /// A segment has ended.
    pub(crate) fn ended(&mut self, now: Duration, piece: Piece) {
        let due = self.after(now, rhythm::after_utterance(self.told + self.waiting.len()));
        self.waiting.push(Waiting { piece, ended: now, due });
        self.speech(now);
    }

    /// When [`Self::tell`] has something to do.
    pub(crate) fn due(&self) -> Option<Duration> {
        match self.manner {
            Manner::Batches => self.batch,
            Manner::Utterances => self.waiting.iter().map(|waiting| waiting.due).min(),
        }
    }

    /// The segments of the message that is due now; none where nothing is. `open` is the earliest start of a segment that
    /// still goes on.
    pub(crate) fn tell(&mut self, now: Duration, open: Option<f64>) -> Vec<Piece> {
        if self.due().is_none_or(|due| due > now) {
            return Vec::new();
        }
        match self.manner {
            Manner::Batches => self.tell_batch(now, open),
            Manner::Utterances => {
                let next = (0..self.waiting.len()).min_by_key(|index| self.waiting[*index].due);
                self.told += 1;
                next.map(|index| self.waiting.remove(index).piece).into_iter().collect()
            }
        }
    }

    fn tell_batch(&mut self, now: Duration, open: Option<f64>) -> Vec<Piece> {
        let batch = self.told;
        self.told += 1;
        self.last = Some(now);
        let ready: Vec<bool> = match self.order {
            // Each speaker is late in turn; or the other, where only that has his earlier words come after later ones.
            Order::Interleaved => {
                let mut voices = [Role::Patient, Role::Doctor];
                voices.rotate_left(batch % 2);
                let late = voices.into_iter().find(|late| self.interleaves(*late, now)).unwrap_or(voices[0]);
                self.waiting.iter().map(|waiting| self.is_ready(waiting, late, now)).collect()
            }
            Order::Time => {
                let is_ready = |waiting: &Waiting| {
                    let is_settled = waiting.ended + rhythm::scaled(rhythm::BATCH_LAG, self.pace) <= now;
                    let unsettled = self.waiting.iter().filter(|other| other.ended > waiting.ended);
                    let starts = unsettled.map(|other| other.piece.start).chain(open);
                    is_settled && starts.into_iter().all(|start| start >= waiting.piece.start)
                };
                self.waiting.iter().map(is_ready).collect()
            }
        };
        let mut ready = ready.into_iter();
        let (mut pieces, rest): (Vec<Waiting>, Vec<Waiting>) =
            std::mem::take(&mut self.waiting).into_iter().partition(|_| ready.next().unwrap_or(true));
        self.waiting = rest;
        let goes_on = !self.waiting.is_empty() || open.is_some();
        self.batch = goes_on.then(|| self.after(now, rhythm::after_batch(self.told)));
        sort(&mut pieces, self.order);
        pieces.into_iter().map(|waiting| waiting.piece).collect()
    }

    /// Whether a batch has a segment, where this speaker is late.
    fn is_ready(&self, waiting: &Waiting, late: Role, now: Duration) -> bool {
        let lag = if waiting.piece.voice == late { rhythm::LATE_LAG } else { rhythm::BATCH_LAG };
        waiting.ended + rhythm::scaled(lag, self.pace) <= now
    }

    /// Whether this speaker, if late, is left with words from before the other's that are told.
    fn interleaves(&self, late: Role, now: Duration) -> bool {
        let (ready, held): (Vec<&Waiting>, Vec<&Waiting>) =
            self.waiting.iter().partition(|waiting| self.is_ready(waiting, late, now));
        let later =
            |held: &&Waiting| ready.iter().any(|it| it.piece.voice != late && it.piece.start > held.piece.start);
        held.iter().filter(|held| held.piece.voice == late).any(later)
    }

    /// All that waits, as the messages that tell it, in the order of time.
    pub(crate) fn flush(&mut self, now: Duration) -> Vec<Vec<Piece>> {
        let mut pieces: Vec<Piece> = self.waiting.drain(..).map(|waiting| waiting.piece).collect();
        pieces.sort_by(|a, b| a.start.total_cmp(&b.start));
        if self.batch.take().is_some() {
            self.last = Some(now);
        }
        if pieces.is_empty() {
            return Vec::new();
        }
        match self.manner {
            Manner::Batches => vec![pieces],
            Manner::Utterances => pieces.into_iter().map(|piece| vec![piece]).collect(),
        }
    }
}

fn sort(pieces: &mut [Waiting], order: Order) {
    pieces.sort_by(|a, b| {
        let [one, other] = [a, b].map(|waiting| (waiting.piece.voice as u8, waiting.piece.start));
        match order {
            Order::Interleaved => one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)),
            Order::Time => one.1.total_cmp(&other.1),
        }
    });
}

#[cfg(test)]
mod tests;
