//! Marks by which audio is known again when it comes a second time, on another socket and cut otherwise.
//!
//! Of encoded audio each packet is a mark, by its bytes: a client that keeps packets sends the same ones again in a new
//! container. Of samples (PCM, WAV, FLAC) the marks are places that the samples themselves choose, so that they are the
//! same wherever messages cut: upward crossings of zero, those whose last samples have a print that is a multiple of
//! [`ONE_OF`].

/// Samples that make a mark's print, and which part of all crossings is kept.
const SAMPLES: usize = 16;
const ONE_OF: u64 = 8;
/// Marks that wait to be taken.
const MAX_WAITING: usize = 100_000;

/// A place in the audio that can be found again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mark {
    pub(crate) print: u64,
    /// Seconds since the socket's first audio.
    pub(crate) at: f64,
}

/// A print of bytes: FNV-1a.
pub(super) fn print(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |print, byte| mix(print, u64::from(*byte)))
}

fn mix(print: u64, value: u64) -> u64 {
    (print ^ value).wrapping_mul(0x0000_0100_0000_01b3)
}

/// Finds the marks of one socket's audio.
#[derive(Default)]
pub(super) struct Marks {
    found: Vec<Mark>,
    /// Packets are the marks: the samples that they decode to need not be the same twice.
    has_packets: bool,
    /// The last samples, of all channels together, in a ring.
    last: [i32; SAMPLES],
    seen: usize,
}

impl Marks {
    pub(super) fn take(&mut self) -> Vec<Mark> {
        std::mem::take(&mut self.found)
    }

    pub(super) fn packet(&mut self, print: u64, at: f64) {
        self.has_packets = true;
        self.add(print, at);
    }

    /// One frame of samples, which ends at `at`.
    pub(super) fn frame(&mut self, frame: &[i16], at: impl FnOnce() -> f64) {
        if self.has_packets {
            return;
        }
        let now: i32 = frame.iter().map(|sample| i32::from(*sample)).sum();
        let before = self.last[(self.seen + SAMPLES - 1) % SAMPLES];
        self.last[self.seen % SAMPLES] = now;
        self.seen += 1;
        if before < 0 && now >= 0 && self.seen >= SAMPLES {
            let oldest_first = (self.seen..self.seen + SAMPLES).map(|index| self.last[index % SAMPLES]);
            let print = oldest_first.fold(0xcbf2_9ce4_8422_2325, |print, sample| mix(print, sample as u32 as u64));
            // The low bits of such a print are those of its last samples; the high ones are of all.
            if (print >> 32) % ONE_OF == 0 {
                self.add(print, at());
            }
        }
    }

    fn add(&mut self, print: u64, at: f64) {
        if self.found.len() < MAX_WAITING {
            self.found.push(Mark { print, at });
        }
    }
}
