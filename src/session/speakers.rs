//! Who speaks: from the numbers of a socket, which begin anew with each [guess], to those of the visit.
//!
//! Audio that two sockets heard shows who is who: words that are the same were said by the same person. Where it shows
//! nothing, a speaker of a new socket is somebody new: one person under two numbers can be put together by a person who
//! reads it, two under one cannot be told apart again.

use crate::protocol::server::NOBODY;

/// So many words must be the same.
const LEAST: usize = 3;

/// The most speakers that are told apart on a socket: beyond them they are nobody in particular.
const MOST: usize = 256;

#[derive(Debug)]
pub(super) struct Speakers {
    /// Those of the present socket.
    known: Vec<Speaker>,
    /// A number that nobody in the visit has, nor any higher.
    next: i64,
    /// Whether the present socket is the first of the visit: then its numbers are the visit's, as far as there is a choice.
    is_first: bool,
}

#[derive(Debug)]
struct Speaker {
    channel: u32,
    /// The socket's number…
    wire: i64,
    /// …and the visit's, once something of it was told.
    visit: Option<i64>,
    /// Who of the visit said how many words that this one said, too.
    votes: Vec<(i64, usize)>,
    is_settled: bool,
}

impl Speakers {
    /// `next`: how many an earlier session numbered.
    pub(super) const fn new(next: i64, is_first: bool) -> Self {
        Self { known: Vec::new(), next, is_first }
    }

    /// A new socket.
    pub(super) fn restart(&mut self, is_first: bool) {
        self.known.clear();
        self.is_first = is_first;
    }

    fn find(&mut self, channel: u32, wire: i64) -> Option<&mut Speaker> {
        let at = self.known.iter().position(|one| (one.channel, one.wire) == (channel, wire));
        if at.is_none() && self.known.len() < MOST && wire != NOBODY {
            self.known.push(Speaker { channel, wire, visit: None, votes: Vec::new(), is_settled: false });
            return self.known.last_mut();
        }
        self.known.get_mut(at?)
    }

    /// The visit's number of a speaker of the present socket.
    pub(super) fn number(&mut self, channel: u32, wire: i64) -> i64 {
        let is_free = self.is_first && self.known.iter().all(|one| one.visit != Some(wire));
        let (own, next) = (if is_free { wire } else { self.next }, self.next);
        let Some(speaker) = self.find(channel, wire) else { return NOBODY };
        let number = *speaker.visit.get_or_insert(own);
        self.next = next.max(number.saturating_add(1));
        number
    }

    /// Of the words that a speaker of the present socket said so many were said by `visit` when an earlier socket heard them.
    /// Whether that changes who it is.
    pub(super) fn said_before(&mut self, channel: u32, wire: i64, visit: i64, words: usize) -> bool {
        let is_taken = |one: &Speaker| one.is_settled && one.visit == Some(visit) && one.wire != wire;
        if visit == NOBODY || self.known.iter().any(is_taken) {
            return false;
        }
        let Some(speaker) = self.find(channel, wire).filter(|speaker| !speaker.is_settled) else { return false };
        match speaker.votes.iter().position(|(who, _)| *who == visit) {
            Some(at) => speaker.votes[at].1 = speaker.votes[at].1.saturating_add(words),
            None if speaker.votes.len() < MOST => speaker.votes.push((visit, words)),
            None => {}
        }
        let own = speaker.votes.iter().find(|(who, _)| *who == visit).map_or(0, |(_, votes)| *votes);
        let all = speaker.votes.iter().fold(0, |all: usize, (_, votes)| all.saturating_add(*votes));
        if own < LEAST || own < all.div_ceil(3) * 2 {
            return false;
        }
        speaker.is_settled = true;
        speaker.visit.replace(visit) != Some(visit)
    }

    /// Whether it is known who a speaker of the present socket is.
    pub(super) fn is_settled(&self, channel: u32, wire: i64) -> bool {
        self.known.iter().any(|one| (one.channel, one.wire) == (channel, wire) && one.is_settled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_the_first_socket_speakers_keep_their_numbers_and_each_channel_has_its_own() {
        let mut speakers = Speakers::new(0, true);
        assert_eq!([(0, 1), (0, 0), (0, 1)].map(|(channel, wire)| speakers.number(channel, wire)), [1, 0, 1]);
        assert_eq!([(1, 0), (1, 7), (0, 2)].map(|(channel, wire)| speakers.number(channel, wire)), [2, 7, 8]);
        assert_eq!(speakers.number(1, NOBODY), NOBODY);
    }

    #[test]
    fn on_another_socket_words_tell_who_is_who_and_else_it_is_somebody_new() {
        let mut speakers = Speakers::new(0, true);
        assert_eq!([speakers.number(0, 0), speakers.number(0, 1)], [0, 1]);
        speakers.restart(false);
        assert!(!speakers.said_before(0, 0, 1, 2), "two words are too few");
        assert!(speakers.said_before(0, 0, 1, 2));
        assert!(!speakers.said_before(0, 1, 1, 9), "that one is found already");
        assert_eq!([(0, 0), (0, 1), (0, 2)].map(|(channel, wire)| speakers.number(channel, wire)), [1, 2, 3]);
        assert!(speakers.said_before(0, 1, 0, 3), "who was thought to be new is not");
        assert_eq!((speakers.number(0, 1), speakers.number(0, 3)), (0, 4));
    }

    #[test]
    fn who_said_what_two_said_before_is_neither() {
        let mut speakers = Speakers::new(2, false);
        assert!(!speakers.said_before(0, 0, 0, 2) && !speakers.said_before(0, 0, 1, 3));
        assert_eq!(speakers.number(0, 0), 2);
    }
}
