//! The questions: a table. Each has its letter, its sentence, its steps or another's trail that it reads, and how its
//! finding is read from that.
//!
//! One file for each subject under here; steps and readers of a question stand together. Readers are pure.

mod closing;
mod configurations;
mod documents;
mod errors;
mod expiry;
mod facts;
mod reopening;
mod transcripts;

use crate::{
    finding::Finding,
    step::{Step, open},
    trail::Trail,
};

/// A question to the service.
pub struct Question {
    /// Its letter.
    pub letter: &'static str,
    /// What is asked.
    pub sentence: &'static str,
    /// Questions of one lane are asked one after another, lanes beside each other.
    pub lane: u8,
    /// Seconds of life after which it is left.
    pub limit: f64,
    /// Whether it is asked only where somebody has an hour.
    pub takes_an_hour: bool,
    /// What it reads.
    pub reads: Reads,
    /// Adds to the finding what the trail tells.
    pub read: fn(&Trail, &mut Finding),
}

/// Where a question's trail comes from.
pub enum Reads {
    /// From these steps.
    Steps(Vec<Step>),
    /// From the steps of another question.
    TrailOf(&'static str),
}

/// All of them, in the order in which they are asked when only one may be asked at a time: what outlasts a token is last.
pub fn all() -> Vec<Question> {
    let question = |letter, lane, limit, sentence, steps: Vec<Step>, read: fn(&Trail, &mut Finding)| Question {
        letter,
        sentence,
        lane,
        limit,
        takes_an_hour: false,
        reads: Reads::Steps(steps),
        read,
    };
    vec![
        question(
            "a",
            1,
            200.0,
            "A socket that is opened again in mid-visit: from where does it count time, what does it say again, what of the \
             audio before the cut is lost, how does it number speakers? Can one be opened after ENDED, and two at once?",
            reopening::steps(),
            reopening::read,
        ),
        question(
            "k",
            1,
            80.0,
            "Which participants are accepted: none, two on one channel, a role of one's own?",
            configurations::steps(),
            configurations::read,
        ),
        question(
            "b",
            2,
            280.0,
            "In which order do segments of several speakers and channels come, and does one come again corrected?",
            transcripts::order_steps(),
            transcripts::read_order,
        ),
        Question {
            reads: Reads::TrailOf("b"),
            ..question(
                "h",
                2,
                0.0,
                "How often does delta_usage come, and what does it count?",
                Vec::new(),
                transcripts::read_usage,
            )
        },
        question(
            "c",
            3,
            90.0,
            "Are there interims in the mode `transcription`?",
            transcripts::interim_steps(),
            transcripts::read_interims,
        ),
        question(
            "d",
            3,
            160.0,
            "Do facts come before or after `flushed`, and do facts that are made over REST come on the socket?",
            facts::stream_steps(),
            facts::read_stream,
        ),
        question("f", 4, 160.0, "Which close codes and messages end a socket?", closing::steps(), closing::read),
        question(
            "g",
            4,
            200.0,
            "What becomes of a message of 64,001 bytes, of audio at ten times its pace, of silence, of no audio at all?",
            closing::load_steps(),
            closing::read_load,
        ),
        Question {
            takes_an_hour: true,
            ..question("g-hour", 6, 4200.0, "Does a stream last an hour?", closing::hour_steps(), closing::read_hour)
        },
        question(
            "i",
            5,
            40.0,
            "What does the list of languages look like?",
            errors::language_steps(),
            errors::read_languages,
        ),
        question(
            "j",
            5,
            90.0,
            "What is each error's status and body, word by word, and is what is made answered with 200 or 201?",
            errors::steps(),
            errors::read,
        ),
        question(
            "l",
            5,
            60.0,
            "What is the `groupId` of a fact, and which fields has a fact in each answer?",
            facts::group_steps(),
            facts::read_groups,
        ),
        question(
            "m",
            5,
            240.0,
            "Guided documents: what is an empty section, what cannot be resolved, and what of both or neither of `context` \
             and `interactionId`?",
            documents::steps(),
            documents::read,
        ),
        question(
            "e",
            7,
            460.0,
            "What becomes of an open socket when its token expires?",
            expiry::steps(),
            expiry::read,
        ),
    ]
}

/// An interaction of its own and a socket of it: what one question does to a socket must not reach the next.
fn fresh(interaction: &'static str, socket: &'static str) -> [Step; 2] {
    [Step::Interaction(interaction), open(socket, interaction)]
}

/// Adds what an answer was: its status, and the keys of its body; the whole of it is in the trail.
fn read_answer(trail: &Trail, finding: &mut Finding, label: &str) {
    match trail.answer(label) {
        None => finding.is(format!("{label}: status"), "no answer"),
        Some((status, headers, body)) => {
            finding.is(format!("{label}: status"), status);
            finding.is(format!("{label}: keys"), crate::trail::keys(body));
            if status >= 400 {
                let kind = headers.get("content-type").cloned().unwrap_or_default();
                finding.is(format!("{label}: content-type"), kind);
                finding.is(format!("{label}: has WWW-Authenticate"), headers.contains_key("www-authenticate"));
                finding.note(format!("{label}: body"), body.clone());
            }
        }
    }
}

/// Adds how a socket was answered first and how it ended.
fn read_socket(trail: &Trail, finding: &mut Finding, name: &str, socket: &str) {
    finding.is(format!("{name}: upgrade"), trail.upgrade(socket));
    finding.is(format!("{name}: messages"), trail.kinds(socket));
    finding.is(format!("{name}: close code"), trail.end(socket));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_question_has_a_letter_of_its_own_and_reads_a_trail_that_is_there() {
        let questions = all();
        let letters: BTreeSet<&str> = questions.iter().map(|question| question.letter).collect();
        assert_eq!(letters.len(), questions.len());
        assert!("abcdefghijklm".chars().all(|letter| letters.contains(letter.to_string().as_str())));
        for question in &questions {
            if let Reads::TrailOf(other) = question.reads {
                assert!(
                    questions
                        .iter()
                        .any(|question| question.letter == other && matches!(question.reads, Reads::Steps(_)))
                );
            }
        }
    }

    #[test]
    fn a_question_without_any_event_has_a_finding_all_the_same() {
        for question in all() {
            let mut finding = Finding::default();
            (question.read)(&Trail::default(), &mut finding);
            assert!(finding.iter().next().is_some(), "{}", question.letter);
        }
    }

    #[test]
    fn no_question_lists_what_is_not_its_own() {
        for question in all() {
            let Reads::Steps(steps) = question.reads else { continue };
            for step in steps {
                if let Step::Call(call) = step {
                    let path = call.path.split('?').next().unwrap_or_default();
                    let is_list = call.method == "GET" && path.ends_with('/');
                    let of_service = ["/factgroups/", "/languages/"].contains(&path)
                        || call.path.contains("source=corti")
                        || call.path.contains("{visit}");
                    assert!(!is_list || of_service, "{} may hold other people's data", call.path);
                }
            }
        }
    }
}
