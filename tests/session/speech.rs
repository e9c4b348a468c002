//! Who says what when: a conversation that is made up from a seed. A word is said every 200 ms and is named by its speaker and by
//! the slot in which it begins, so that what becomes of it shows.

/// SplitMix64: a schedule is its seed.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }

    pub(crate) fn pick<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize].clone()
    }
}

/// Slots of a word.
pub(crate) const WORD: u32 = 20;

/// Somebody who speaks, on a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Voice {
    pub(crate) channel: u32,
    pub(crate) person: u8,
}

impl Voice {
    /// What a voice says in a slot.
    pub(crate) fn word(self, slot: u32) -> String {
        format!("{}{}{slot}", char::from(b'a' + self.channel as u8), char::from(b'p' + self.person))
    }

    /// Whose word that is, and of which slot.
    pub(crate) fn of(word: &str) -> (Self, u32) {
        let bytes = word.as_bytes();
        let voice = Self { channel: u32::from(bytes[0] - b'a'), person: bytes[1] - b'p' };
        (voice, word[2..].parse().unwrap())
    }
}

/// Unbroken speech of one voice: slots, both multiples of a word's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Utterance {
    pub(crate) voice: Voice,
    pub(crate) from: u32,
    pub(crate) to: u32,
}

/// A conversation, as far as it is made up.
#[derive(Debug)]
pub(crate) struct Speech {
    pub(crate) voices: Vec<Voice>,
    pub(crate) utterances: Vec<Utterance>,
    /// Pauses in which nobody speaks, of 2 s at least: where 1.5 s of them are over, in slots.
    pub(crate) lulls: Vec<u32>,
    random: Random,
    until: u32,
    /// One in so many turns is followed by a pause; none if it is 0.
    pauses: u64,
}

impl Speech {
    /// So many people on each of the channels.
    pub(crate) fn new(channels: u32, people: u8, pauses: u64, seed: u64) -> Self {
        let voices =
            (0..channels).flat_map(|channel| (0..people).map(move |person| Voice { channel, person })).collect();
        Self { voices, utterances: Vec::new(), lulls: Vec::new(), random: Random(seed), until: 0, pauses }
    }

    /// Makes it up until that slot.
    pub(crate) fn extend(&mut self, until: u32) {
        while self.until < until + 2_000 {
            let words = 2 + self.random.below(60) as u32;
            let voice = self.random.pick(&self.voices);
            let utterance = Utterance { voice, from: self.until, to: self.until + words * WORD };
            // Now and then somebody else talks across it.
            let other = self.random.pick(&self.voices);
            if other != voice && words > 8 && self.random.below(4) == 0 {
                let from = utterance.from + WORD * (1 + self.random.below(u64::from(words) / 2) as u32);
                let to = (from + WORD * (1 + self.random.below(6) as u32)).min(utterance.to);
                self.utterances.push(Utterance { voice: other, from, to });
            }
            self.utterances.push(utterance);
            self.until = utterance.to;
            if self.pauses > 0 && self.random.below(self.pauses) == 0 {
                self.lulls.push(self.until + 150);
                self.until += 200 + WORD * self.random.below(20) as u32;
            } else {
                self.until += WORD * self.random.below(3) as u32;
            }
        }
    }

    /// Who begins a word in that slot, and in which of the utterances.
    pub(crate) fn begins(&self, slot: u32) -> impl Iterator<Item = (usize, &Utterance)> {
        let speaks =
            move |(_, one): &(usize, &Utterance)| one.from <= slot && slot < one.to && slot.is_multiple_of(WORD);
        // An utterance is no longer than 62 words, and few lie within as much.
        let near = self.utterances.partition_point(|one| one.to + 64 * WORD < slot);
        let late = self.utterances[near..].iter().take_while(move |one| one.from <= slot + 64 * WORD);
        late.enumerate().map(move |(index, one)| (near + index, one)).filter(speaks)
    }
}
