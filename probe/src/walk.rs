//! A question's steps, taken one after another against a subject; all that happens goes into the trail.
//!
//! Nothing here ends a run: what cannot be done is written down and the next step is taken; past the question's time, or
//! when the run is stopped, the rest is left. At the end sockets are cut and what was made is deleted.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicBool, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    kept::Kept,
    socket::{Came, Opened, Socket},
    speech::{Layout, RATE, Speech, bytes},
    step::{Call, Step, Who, encounter},
    subject::{Request, Subject},
    tokens::Token,
    trail::{Event, Trail, What},
};

/// Seconds of audio in one message, as the package sends it.
const CHUNK: f64 = 0.25;
/// An answer is not waited for longer.
const ANSWER: Duration = Duration::from_secs(30);
/// Deleting what was made may take so long after the question's time.
const DELETION: Duration = Duration::from_secs(15);
/// Seconds more than those of life, at the quickest pace, for a question and for a message that will come: what a machine
/// takes does not get less with the pace.
const QUESTION_GRACE: f64 = 90.0;
const AWAIT_GRACE: f64 = 10.0;
/// And for what is done with a token that is about to expire.
const TOKEN_GRACE: f64 = 1.5;
/// How long nothing is looked at while no socket is open.
const NAP: Duration = Duration::from_millis(5);

/// What all walks of a run have in common.
pub(crate) struct Setting<'a> {
    /// Whom is asked.
    pub(crate) subject: &'a Subject,
    /// What is spoken.
    pub(crate) speech: &'a Speech,
    /// All waits are multiplied by this: 1 is life.
    pub(crate) pace: f64,
    /// When the run began.
    pub(crate) started: Instant,
    /// Whether it is to stop.
    pub(crate) stop: &'a AtomicBool,
}

impl Setting<'_> {
    /// The part of so many seconds that this pace is given; of life's none.
    fn grace(&self, seconds: f64) -> f64 {
        seconds * (1.0 - self.pace).max(0.0)
    }
}

/// What a walk has left behind.
pub(crate) struct Walked {
    /// All that happened.
    pub(crate) trail: Trail,
    /// Paths of what could not be deleted.
    pub(crate) left: Vec<String>,
}

/// Why a walk ends before its last step.
struct Over(&'static str);

struct Open {
    socket: Socket,
    /// Seconds of audio that were sent.
    until: f64,
    layout: Layout,
}

struct Walk<'a> {
    setting: &'a Setting<'a>,
    deadline: Instant,
    held: Token,
    trail: Trail,
    kept: Kept,
    sockets: BTreeMap<&'static str, Open>,
    litter: Vec<String>,
}

/// Takes all steps within `seconds`.
pub(crate) fn walk(setting: &Setting<'_>, steps: &[Step], seconds: f64) -> Walked {
    let mut trail = Trail::default();
    let held = match setting.subject.tokens.token() {
        Ok(token) => token,
        Err(error) => {
            let at = setting.started.elapsed().as_secs_f64() / setting.pace;
            trail.0.push(Event { at, socket: None, what: What::Failed(error.to_string()) });
            trail.0.push(Event { at, socket: None, what: What::Ended("there is no token") });
            return Walked { trail, left: Vec::new() };
        }
    };
    let mut walk = Walk {
        setting,
        deadline: Instant::now() + Duration::from_secs_f64(seconds * setting.pace + setting.grace(QUESTION_GRACE)),
        held,
        trail,
        kept: Kept::default(),
        sockets: BTreeMap::new(),
        litter: Vec::new(),
    };
    walk.keep_random();
    if let Some(Over(why)) = steps.iter().find_map(|step| walk.take(step).err()) {
        walk.note(None, What::Ended(why));
    }
    let left = walk.clean_up();
    Walked { trail: walk.trail, left }
}

impl Walk<'_> {
    /// A name that nobody else has given to an encounter.
    fn keep_random(&mut self) {
        self.kept.keep("random", format!("probe-{:016x}", RandomState::new().hash_one(self.setting.started)));
    }

    fn note(&mut self, socket: Option<&'static str>, what: What) {
        let at = self.setting.started.elapsed().as_secs_f64() / self.setting.pace;
        self.trail.0.push(Event { at: (at * 1000.0).round() / 1000.0, socket, what });
    }

    fn check(&self) -> Result<(), Over> {
        if self.setting.stop.load(Ordering::Relaxed) {
            Err(Over("the run was stopped"))
        } else if Instant::now() >= self.deadline {
            Err(Over("its time was up"))
        } else {
            Ok(())
        }
    }

    /// So many seconds of life from now, but not past the question's time.
    fn after(&self, seconds: f64) -> Instant {
        (Instant::now() + Duration::from_secs_f64(seconds * self.setting.pace)).min(self.deadline)
    }

    fn answer_limit(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now()).clamp(Duration::from_millis(1), ANSWER)
    }

    fn take(&mut self, step: &Step) -> Result<(), Over> {
        self.check()?;
        match step {
            Step::Mark(name) => self.note(None, What::Mark(name)),
            Step::Interaction(name) => {
                self.keep_random();
                let call = Call::post("interaction", "/interactions/", encounter()).keep(name, "/interactionId");
                self.call(&call);
                if let Some(id) = self.kept.get(name) {
                    self.litter.push(format!("/interactions/{id}"));
                }
            }
            Step::Call(call) => self.call(call),
            Step::Open { socket, interaction, who } => self.open(socket, interaction, *who),
            Step::Say(socket, message) => {
                let Some(message) = self.filled(message) else { return Ok(()) };
                if let Some(open) = self.sockets.get_mut(socket) {
                    match open.socket.say(&message) {
                        Ok(()) => self.note(Some(socket), What::Sent(message)),
                        Err(error) => self.note(Some(socket), What::Failed(error.to_string())),
                    }
                } else {
                    self.leave_out(socket);
                }
            }
            Step::Speak { socket, lines, layout, times } => {
                let samples = self.setting.speech.samples(lines.clone(), *layout);
                return self.send(socket, &samples, *layout, *times);
            }
            Step::Silence(socket, seconds) => {
                let Some(open) = self.sockets.get(socket) else {
                    self.leave_out(socket);
                    return Ok(());
                };
                let layout = open.layout;
                let samples = vec![0; (seconds * RATE as f64) as usize * layout.channels()];
                return self.send(socket, &samples, layout, 1.0);
            }
            Step::Binary(socket, bytes) => self.binary(socket, vec![0; *bytes]),
            Step::Await(socket, kind, seconds) => {
                let until = self.after(*seconds) + Duration::from_secs_f64(self.setting.grace(AWAIT_GRACE));
                return self.hear(until.min(self.deadline), Some((socket, kind)));
            }
            Step::Listen(seconds) => return self.hear(self.after(*seconds), None),
            Step::Cut(socket) => {
                if let Some(open) = self.sockets.remove(socket) {
                    open.socket.cut();
                    self.note(Some(socket), What::Closed { code: 1006, reason: String::new(), by_us: true });
                } else {
                    self.leave_out(socket);
                }
            }
            Step::UntilTokenHas(seconds) => return self.wait_for_token(*seconds),
        }
        Ok(())
    }

    fn leave_out(&mut self, socket: &'static str) {
        self.note(Some(socket), What::LeftOut("the socket is not open".to_owned()));
    }

    /// A text with what was kept; `None`, and a note, where something was not.
    fn text(&mut self, text: &str) -> Option<String> {
        let filled = self.kept.text(text);
        self.known(filled)
    }

    /// The same of a whole value.
    fn filled(&mut self, value: &Value) -> Option<Value> {
        let filled = self.kept.value(value);
        self.known(filled)
    }

    fn known<T>(&mut self, filled: Result<T, String>) -> Option<T> {
        filled.map_err(|text| self.note(None, What::LeftOut(format!("not everything is known of {text}")))).ok()
    }

    fn call(&mut self, call: &Call) {
        let (Some(path), Some(body)) = (self.text(&call.path), self.filled(&call.body)) else { return };
        let label = call.label.to_owned();
        self.note(
            None,
            What::Request { label: label.clone(), method: call.method, path: path.clone(), body: body.clone() },
        );
        let subject = self.setting.subject;
        let answer = subject.token(call.who, &self.held).and_then(|token| {
            let limit = self.answer_limit();
            let (token, tenant, unretained) = (token.as_deref(), call.tenant, !call.retain);
            subject.send(limit, &Request { token, tenant, unretained, method: call.method, path: &path, body: &body })
        });
        match answer {
            Ok((status, headers, body)) => {
                for (name, pointer) in &call.keep {
                    if let Some(value) = body.pointer(pointer).and_then(Value::as_str) {
                        self.kept.keep(name, value.to_owned());
                    }
                }
                self.note(None, What::Answer { label, status, headers, body });
            }
            Err(error) => self.note(None, What::Failed(format!("{label}: {error}"))),
        }
        let all_kept = call.keep.iter().all(|(name, _)| self.kept.get(name).is_some());
        if let Some(path) = call.litter.filter(|_| all_kept)
            && let Some(path) = self.text(path)
        {
            self.litter.push(path);
        }
    }

    fn open(&mut self, socket: &'static str, interaction: &'static str, who: Who) {
        let id = self.kept.get(interaction).unwrap_or(interaction).to_owned();
        let subject = self.setting.subject;
        let opened = subject
            .token(who, &self.held)
            .and_then(|token| Socket::open(&subject.stream(&id, token.as_deref()), self.answer_limit()));
        match opened {
            Ok(Opened::Open(open)) => {
                self.sockets.insert(socket, Open { socket: *open, until: 0.0, layout: Layout::One });
                let headers = serde_json::Map::new();
                self.note(Some(socket), What::Upgrade { status: 101, headers, body: Value::Null });
            }
            Ok(Opened::Refused(status, headers, body)) => {
                self.note(Some(socket), What::Upgrade { status, headers, body });
            }
            Err(error) => self.note(Some(socket), What::Failed(error.to_string())),
        }
    }

    fn binary(&mut self, socket: &'static str, bytes: Vec<u8>) {
        let Some(open) = self.sockets.get_mut(socket) else {
            self.leave_out(socket);
            return;
        };
        let length = bytes.len();
        open.until += length as f64 / (2 * RATE * open.layout.channels()) as f64;
        let until = (open.until * 1000.0).round() / 1000.0;
        match open.socket.audio(bytes) {
            Ok(()) => self.note(Some(socket), What::Audio { bytes: length, until }),
            Err(error) => self.note(Some(socket), What::Failed(error.to_string())),
        }
    }

    /// Sends samples piece by piece, each when its time has come, and hears meanwhile.
    fn send(&mut self, socket: &'static str, samples: &[i16], layout: Layout, times: f64) -> Result<(), Over> {
        if let Some(open) = self.sockets.get_mut(socket) {
            open.layout = layout;
        }
        let began = Instant::now();
        let piece = (CHUNK * RATE as f64) as usize * layout.channels();
        for (index, samples) in samples.chunks(piece).enumerate() {
            if !self.sockets.contains_key(socket) {
                self.leave_out(socket);
                return Ok(());
            }
            self.binary(socket, bytes(samples));
            let due = (index + 1) as f64 * CHUNK / times * self.setting.pace;
            self.hear((began + Duration::from_secs_f64(due)).min(self.deadline), None)?;
        }
        Ok(())
    }

    /// Hears what comes on all sockets until a time, or until a message of a type (`*`: any, `close`: the close alone) has
    /// come on one, or it is closed.
    fn hear(&mut self, until: Instant, wanted: Option<(&'static str, &'static str)>) -> Result<(), Over> {
        loop {
            self.check()?;
            if wanted.is_some_and(|(socket, _)| !self.sockets.contains_key(socket)) {
                return Ok(());
            }
            let names: Vec<&'static str> = self.sockets.keys().copied().collect();
            if names.is_empty() {
                if wanted.is_none() && self.trail.0.iter().any(|event| event.socket.is_some()) {
                    return Ok(());
                }
                sleep(NAP.min(until.saturating_duration_since(Instant::now())));
            }
            let mut came_at_all = false;
            for name in names {
                let Some(came) = self.sockets.get_mut(name).and_then(|open| open.socket.look()) else { continue };
                came_at_all = true;
                let kind = match &came {
                    Came::Text(message) => message["type"].as_str().unwrap_or_default().to_owned(),
                    _ => String::new(),
                };
                let is_text = matches!(came, Came::Text(_));
                self.came(name, came);
                if let Some((socket, wanted)) = wanted
                    && socket == name
                    && is_text
                    && (wanted == "*" || wanted == kind)
                {
                    return Ok(());
                }
            }
            // What has come already is read before the time counts.
            if !came_at_all && Instant::now() >= until {
                return Ok(());
            }
        }
    }

    fn came(&mut self, name: &'static str, came: Came) {
        let what = match came {
            Came::Text(message) => What::Received(message),
            Came::Binary(bytes) => What::Binary(bytes),
            Came::Ping(bytes) => What::Ping(bytes),
            Came::Close(code, reason) => {
                self.sockets.remove(name);
                What::Closed { code, reason, by_us: false }
            }
        };
        self.note(Some(name), what);
    }

    fn wait_for_token(&mut self, seconds: f64) -> Result<(), Over> {
        let Some(left) = self.held.left() else {
            return Err(Over("not asked: the token does not say when it expires"));
        };
        let grace = if seconds > 0.0 { self.setting.grace(TOKEN_GRACE) } else { 0.0 };
        let wait = left.saturating_sub(Duration::from_secs_f64(seconds * self.setting.pace + grace));
        if Instant::now() + wait >= self.deadline {
            return Err(Over("not asked: the token lives too long"));
        }
        let until = Instant::now() + wait;
        while Instant::now() < until {
            self.check()?;
            if self.sockets.is_empty() {
                sleep(NAP.min(until.saturating_duration_since(Instant::now())));
            } else {
                self.hear(until, None)?;
            }
        }
        Ok(())
    }

    /// Cuts what is open and deletes what was made, the last first; gives the paths of what could not be deleted.
    fn clean_up(&mut self) -> Vec<String> {
        for name in self.sockets.keys().copied().collect::<Vec<_>>() {
            if let Some(open) = self.sockets.remove(name) {
                open.socket.cut();
                self.note(Some(name), What::Closed { code: 1006, reason: "over".to_owned(), by_us: true });
            }
        }
        let until = Instant::now() + DELETION;
        let mut left = Vec::new();
        for path in std::mem::take(&mut self.litter).into_iter().rev() {
            let limit = until.saturating_duration_since(Instant::now());
            let subject = self.setting.subject;
            let deleted = if limit.is_zero() {
                Err(anyhow::anyhow!("its time was up"))
            } else {
                subject
                    .token(Who::Us, &self.held)
                    .and_then(|token| subject.send(limit, &Request::new("DELETE", &path, token.as_deref())))
            };
            let label = "clean up".to_owned();
            self.note(
                None,
                What::Request { label: label.clone(), method: "DELETE", path: path.clone(), body: json!(null) },
            );
            match deleted {
                Ok((status, headers, body)) => {
                    self.note(None, What::Answer { label, status, headers, body });
                    if !(200..300).contains(&status) && status != 404 {
                        left.push(path);
                    }
                }
                Err(error) => {
                    self.note(None, What::Failed(format!("{label}: {error}")));
                    left.push(path);
                }
            }
        }
        left
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::net::TcpListener;

    use super::*;
    use crate::{step::open, tokens::Credentials};

    /// What comes of steps against a server that takes connections and says nothing.
    fn against_silence(steps: &[Step], seconds: f64, stop: bool) -> Walked {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let subject = Subject::sandbox(&url, "base", Credentials::Token("a-token".to_owned())).unwrap();
        let speech = Speech::tones(0.1).unwrap();
        let stop = AtomicBool::new(stop);
        let setting = Setting { subject: &subject, speech: &speech, pace: 1.0, started: Instant::now(), stop: &stop };
        walk(&setting, steps, seconds)
    }

    #[test]
    fn who_never_answers_costs_no_more_than_the_questions_time() {
        let call = Call::get("nothing", "/interactions/1").step();
        for step in [open("one", "1"), call, Step::Interaction("visit")] {
            let walked = against_silence(&[step, Step::Mark("never reached")], 0.2, false);
            assert_eq!(walked.trail.ending(), "its time was up");
            assert_eq!(walked.trail.troubles().len(), 1, "{:?}", walked.trail);
            assert_eq!(walked.left, [""; 0]);
        }
    }

    #[test]
    fn a_run_that_is_stopped_takes_no_further_step() {
        let walked = against_silence(&[Step::Mark("never reached")], 60.0, true);
        assert_eq!(walked.trail.ending(), "the run was stopped");
        assert_eq!(walked.trail.0.len(), 1);
    }

    #[test]
    fn a_step_that_hangs_on_one_that_failed_is_left_out_and_named() {
        let steps = [Step::Silence("one", 5.0), Call::get("visit", "/interactions/{visit}").step(), Step::Listen(0.01)];
        let walked = against_silence(&steps, 60.0, false);
        assert_eq!(walked.trail.ending(), "to the end");
        let expected = ["the socket is not open", "not everything is known of /interactions/{visit}"];
        assert_eq!(walked.trail.troubles(), expected);
    }
}
