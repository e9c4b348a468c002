//! One fact of the list: what the service has of it, what the clinician wants of it, and what lies between.
//!
//! Everything follows from the two: what is shown is the service's state with the clinician's decisions over it, what has
//! to be sent is the difference. A decision stays after the service has accepted it, for it is what keeps a later update
//! from the socket away. Who is asked and when is none of this file's business.

use serde_json::{Map, Value, json};

use super::stamp::{self, Stamp};

/// Keys and values of a fact.
pub(super) type Fields = Map<String, Value>;

/// What a clinician decides of a fact. The first two are what it says.
pub(super) const KEYS: [&str; 3] = ["text", "group", "isDiscarded"];
const SAID: [&str; 2] = ["text", "group"];

/// How far an addition is that the service has not answered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Addition {
    /// The service certainly does not have it.
    Unsent,
    /// On its way.
    Sent,
    /// It went out and nobody knows whether it arrived.
    Unknown,
}

/// One fact. No `Debug`: it is clinical text.
pub(super) struct Fact {
    /// What the list knows it by, whatever its id.
    pub(super) handle: u64,
    /// The temporary id of an addition; understood for good.
    pub(super) local: Option<String>,
    /// Until the service has answered that it has it.
    pub(super) addition: Option<Addition>,
    /// What the service has, as far as it has told; of an addition what the clinician gave.
    base: Fields,
    /// When the service told it first, for where it says not when it made it: the answer to a new fact has no `createdAt` (grade:
    /// live).
    first: Option<Stamp>,
    /// What the clinician decided.
    wish: Fields,
    /// Of that, what the service has accepted.
    kept: Fields,
    /// What was sent and is not answered.
    pub(super) flight: Option<Fields>,
    /// Something happened for which the difference is to be sent: without this a service that never comes to agree
    /// would be asked for ever.
    is_due: bool,
    /// A change was sent and nobody knows whether it arrived.
    pub(super) is_doubtful: bool,
    /// It is to be sent by itself: the service refused it in company.
    pub(super) is_alone: bool,
    /// It failed, and waits for the next try.
    pub(super) is_waiting: bool,
    /// Whether it was pending when last looked at.
    pub(super) was_pending: bool,
    /// What the service said last of its own accord.
    told: Option<(Option<Stamp>, Fields)>,
    /// What the service says of a fact that the clinician has edited, while it is otherwise.
    pub(super) suggestion: Option<Fields>,
    dismissed: Option<Fields>,
}

impl Fact {
    /// A fact that the service has.
    pub(super) fn known(handle: u64, item: Fields) -> Self {
        let (first, said) = (stamp_of(&item), of(&item, &SAID));
        Self { told: Some((first, said)), first, addition: None, ..Self::added(handle, String::new(), item) }
    }

    /// A fact that the clinician adds.
    pub(super) fn added(handle: u64, local: String, given: Fields) -> Self {
        Self {
            handle,
            local: Some(local).filter(|id| !id.is_empty()),
            addition: Some(Addition::Unsent),
            base: given,
            first: None,
            wish: Fields::new(),
            kept: Fields::new(),
            flight: None,
            is_due: false,
            is_doubtful: false,
            is_alone: false,
            is_waiting: false,
            was_pending: false,
            told: None,
            suggestion: None,
            dismissed: None,
        }
    }

    /// The service's id, or the temporary one.
    pub(super) fn id(&self) -> &str {
        let id = self.base.get("id").and_then(Value::as_str);
        id.or(self.local.as_deref()).unwrap_or_default()
    }

    pub(super) fn is_called(&self, id: &str) -> bool {
        self.id() == id || self.local.as_deref() == Some(id)
    }

    /// A field as it is shown.
    pub(super) fn shown(&self, key: &str) -> &Value {
        let absent = if key == "isDiscarded" { &Value::Bool(false) } else { &Value::Null };
        self.wish.get(key).or_else(|| self.base.get(key)).unwrap_or(absent)
    }

    /// Whether these fields are what is shown.
    pub(super) fn shows(&self, fields: &Fields) -> bool {
        fields.iter().all(|(key, value)| self.shown(key) == value)
    }

    /// The fields of these that are shown otherwise, as they are shown.
    pub(super) fn before(&self, changes: &Fields) -> Fields {
        let others = changes.keys().filter(|key| self.shown(key) != &changes[*key]);
        others.map(|key| (key.clone(), self.shown(key).clone())).collect()
    }

    /// The fact as an app sees it: the service's keys, with the clinician's decisions, and two of ours.
    pub(super) fn item(&self) -> Value {
        let mut item = self.base.clone();
        item.extend(self.wish.clone());
        item.entry("isDiscarded").or_insert(Value::Bool(false));
        item.insert("id".to_owned(), Value::from(self.id()));
        item.insert("isPending".to_owned(), Value::Bool(self.is_pending()));
        if let Some(suggestion) = &self.suggestion {
            item.insert("suggestion".to_owned(), Value::Object(suggestion.clone()));
        }
        Value::Object(item)
    }

    /// When the service made it, or told it first; nothing yet if it has not.
    pub(super) fn created(&self) -> Option<Stamp> {
        self.base.get("createdAt").and_then(Value::as_str).and_then(stamp::parse).or(self.first)
    }

    /// Whether the service may have something else than is shown.
    pub(super) fn is_pending(&self) -> bool {
        self.addition.is_some() || self.flight.is_some() || self.is_doubtful || self.has_due()
    }

    /// Whether there is a change that only waits to be sent.
    pub(super) fn is_ready(&self) -> bool {
        self.addition.is_none() && self.flight.is_none() && !self.is_waiting && self.has_due()
    }

    fn has_due(&self) -> bool {
        self.is_due && !self.owes().is_empty()
    }

    /// Whether only the service can tell what it has.
    pub(super) fn is_unknown(&self) -> bool {
        let is_lost = self.is_doubtful && self.flight.is_none() && !self.has_due();
        self.addition == Some(Addition::Unknown) || is_lost
    }

    /// The clinician decides. `false` if that is what is shown.
    pub(super) fn want(&mut self, changes: &Fields) -> bool {
        if self.shows(changes) {
            return false;
        }
        self.wish.extend(changes.clone());
        (self.is_due, self.is_waiting) = (true, false);
        self.suggestion.take_if(|suggestion| suggestion.iter().all(|(key, value)| self.wish.get(key) == Some(value)));
        true
    }

    /// Drops the suggestion, and does not make it again. Where the service has it by now, the clinician's words are sent
    /// once more.
    pub(super) fn dismiss(&mut self) -> bool {
        let Some(suggestion) = self.suggestion.take() else { return false };
        self.dismissed = Some(suggestion);
        self.is_due = true;
        true
    }

    /// What the clinician decided and the service does not have; with it the sign that a person did.
    pub(super) fn owes(&self) -> Fields {
        let mut owed = of(&self.wish, &KEYS);
        owed.retain(|key, value| self.is_doubtful || self.base.get(key) != Some(value));
        let is_said = SAID.iter().any(|key| owed.contains_key(*key));
        if is_said || (self.base.get("source") != Some(&json!("user")) && has_any(&self.wish, &SAID)) {
            owed.insert("source".to_owned(), json!("user"));
        }
        owed
    }

    /// The change to send now.
    pub(super) fn send(&mut self) -> Fields {
        let owed = self.owes();
        self.is_due = false;
        self.flight = Some(owed.clone());
        owed
    }

    /// The addition to send now.
    pub(super) fn send_addition(&mut self) -> Fields {
        let mut body = self.base.clone();
        body.extend(of(&self.wish, &SAID));
        self.addition = Some(Addition::Sent);
        self.flight = Some(of(&body, &SAID));
        body.remove("isDiscarded");
        body
    }

    /// The service certainly does not have the addition.
    pub(super) fn unsend(&mut self) {
        (self.addition, self.flight) = (Some(Addition::Unsent), None);
    }

    /// Whether an item of the service may be this addition, whose answer is not there. The service may trim a text.
    pub(super) fn may_be(&self, item: &Fields) -> bool {
        let trimmed =
            |fields: &Fields, key: &str| fields.get(key).and_then(Value::as_str).map(|text| text.trim().to_owned());
        self.flight.as_ref().is_some_and(|sent| {
            SAID.iter().all(|key| trimmed(sent, key) == trimmed(item, key))
                && item.get("source").is_none_or(|source| Some(source) == self.base.get("source"))
        })
    }

    /// Whether another addition says the same: only one of them is under way at a time, or it could not be told which
    /// of them a list holds.
    pub(super) fn is_like(&self, sent: &Self) -> bool {
        self.may_be(&{
            let mut item = of(&sent.base, &["source"]);
            item.extend(SAID.iter().map(|key| ((*key).to_owned(), sent.shown(key).clone())));
            item
        })
    }

    /// The service has the addition. What the clinician changed since it was sent is due now.
    pub(super) fn adopt(&mut self, item: Fields) {
        let sent = self.flight.take().unwrap_or_default();
        for key in KEYS {
            if self.wish.get(key) == sent.get(key) {
                self.wish.remove(key);
            }
        }
        (self.addition, self.is_waiting) = (None, false);
        self.first = stamp_of(&item);
        self.told = Some((self.first, of(&item, &SAID)));
        self.base.extend(item);
    }

    /// The list had the same fact a second time. Whether what the service said of that one makes a suggestion.
    pub(super) fn take_over(&mut self, twin: Self) -> bool {
        let mut wish = twin.wish;
        wish.append(&mut self.wish);
        self.kept.extend(twin.kept);
        self.is_due |= twin.is_due || !wish.is_empty();
        self.is_doubtful |= twin.is_doubtful;
        self.flight = twin.flight;
        self.wish = wish;
        self.hear(&twin.base)
    }

    /// The service accepted what was sent, and may say what it made of it, and what has become of the rest. Whether that
    /// makes a suggestion.
    pub(super) fn accepted(&mut self, answer: Option<&Fields>) -> bool {
        let Some(sent) = self.flight.take() else { return false };
        for key in KEYS {
            let Some(value) = sent.get(key) else { continue };
            let made = answer.and_then(|answer| answer.get(key)).unwrap_or(value);
            if self.wish.get(key) == Some(value) {
                self.wish.insert(key.to_owned(), made.clone());
            }
            self.kept.insert(key.to_owned(), made.clone());
        }
        let was_alone = std::mem::take(&mut self.is_alone);
        (self.is_doubtful, self.is_waiting) = (false, false);
        let is_otherwise = |answer: &Fields, key| answer.get(key).is_some_and(|value| value != self.shown(key));
        let mut is_suggested = false;
        match answer {
            Some(answer) if stamp_of(answer) < stamp_of(&self.base) => {}
            Some(answer) if KEYS.iter().any(|key| !sent.contains_key(*key) && is_otherwise(answer, key)) => {
                is_suggested = self.hear(answer);
                self.is_due = true;
            }
            Some(answer) => _ = self.merge(answer),
            None => self.base.extend(sent.clone()),
        }
        // A batch need not take the source (it is not documented there): then it is sent by itself, once.
        let is_unsigned = sent.contains_key("source") && self.base.get("source") != Some(&json!("user"));
        if is_unsigned && !was_alone && answer.is_some() {
            (self.is_due, self.is_alone) = (true, true);
        }
        is_suggested
    }

    /// The service refused what was sent: back to what it accepted before, but for what was decided since.
    pub(super) fn refused(&mut self) {
        let sent = self.flight.take().unwrap_or_default();
        for key in KEYS {
            if !sent.contains_key(key) || self.wish.get(key) != sent.get(key) {
                continue;
            }
            // What was accepted once may be refused when it is sent again, after the service has changed it.
            match self.kept.remove(key).filter(|kept| Some(kept) != sent.get(key)) {
                Some(kept) => {
                    self.wish.insert(key.to_owned(), kept.clone());
                    self.kept.insert(key.to_owned(), kept);
                    self.is_due = true;
                }
                None => _ = self.wish.remove(key),
            }
        }
        self.is_alone = false;
        if self.suggestion.as_ref().is_some_and(|suggestion| self.shows(suggestion)) {
            self.suggestion = None;
        }
    }

    /// Nobody knows whether what was sent got through: it is due still, after a pause.
    pub(super) fn failed(&mut self) {
        self.flight = None;
        (self.is_due, self.is_doubtful, self.is_waiting) = (true, true, true);
    }

    /// The batch with this change was refused, for whichever of its facts: each is sent alone.
    pub(super) fn separate(&mut self) {
        self.flight = None;
        (self.is_due, self.is_alone) = (true, true);
    }

    /// The service said something of its own accord, on the socket. Whether that makes a suggestion.
    pub(super) fn hear(&mut self, item: &Fields) -> bool {
        let stamp = stamp_of(item);
        let mut said = of(&self.base, &SAID);
        said.extend(of(item, &SAID));
        let is_edited = self.is_edited();
        let is_repeated = match &self.told {
            Some((told, _)) if stamp < *told => return false,
            told => told.as_ref().is_some_and(|(_, told)| *told == said),
        };
        self.told = Some((stamp, said.clone()));
        if stamp >= stamp_of(&self.base) {
            self.protect(is_edited);
            // A person's words that came from elsewhere are not fought over: two lists would do so for ever.
            self.is_due |= self.merge(item) && item.get("source") != Some(&json!("user"));
        }
        if !is_edited || is_repeated {
            return false;
        }
        let is_news = !self.shows(&said) && self.dismissed.as_ref() != Some(&said);
        self.suggestion = is_news.then_some(said);
        is_news
    }

    /// A list of the service has it so. Whether that makes a suggestion.
    pub(super) fn list(&mut self, item: &Fields) -> bool {
        if stamp_of(item) < stamp_of(&self.base) {
            return false;
        }
        // Where a sign of this list's own is under way, `user` does not tell whose words they are.
        let is_signing = self.is_doubtful || self.flight.as_ref().is_some_and(|sent| sent.contains_key("source"));
        if self.is_edited() && (is_signing || item.get("source").is_some_and(|source| source != "user")) {
            self.is_due |= is_signing;
            return self.hear(item);
        }
        // What a person changed elsewhere stands, unless this clinician has decided and that is still to be answered.
        let mut open = if self.is_due { self.owes() } else { Fields::new() };
        open.extend(self.flight.clone().unwrap_or_default());
        for key in KEYS {
            let Some(value) = item.get(key).filter(|_| self.wish.contains_key(key) && !open.contains_key(key)) else {
                continue;
            };
            self.wish.insert(key.to_owned(), value.clone());
            self.kept.insert(key.to_owned(), value.clone());
        }
        self.merge(item);
        self.told = Some((stamp_of(item), of(&self.base, &SAID)));
        if self.suggestion.as_ref().is_some_and(|suggestion| self.shows(suggestion)) {
            self.suggestion = None;
        }
        false
    }

    /// Whether what it says is a person's.
    fn is_edited(&self) -> bool {
        has_any(&self.wish, &SAID) || self.base.get("source") == Some(&json!("user"))
    }

    /// Before an update from the socket is taken in: what a person has said of the fact stays, and what a person has
    /// discarded stays discarded.
    fn protect(&mut self, is_edited: bool) {
        let is_discarded = self.base.get("isDiscarded") == Some(&Value::Bool(true));
        let keys = KEYS.iter().filter(|key| is_edited || (is_discarded && **key == "isDiscarded"));
        for key in keys {
            let Some(value) = self.base.get(*key).filter(|_| !self.wish.contains_key(*key)) else { continue };
            self.wish.insert((*key).to_owned(), value.clone());
            self.kept.insert((*key).to_owned(), value.clone());
        }
    }

    /// Takes in a state of the service. Whether anything of what a clinician decides, or the sign of it, is otherwise now.
    fn merge(&mut self, item: &Fields) -> bool {
        let decided = |base: &Fields| (of(base, &KEYS), base.get("source").cloned());
        let old = decided(&self.base);
        if item.get("text").is_some_and(|text| old.0.get("text") != Some(text)) {
            // It was found for other words.
            self.base.remove("evidence");
        }
        self.base.extend(item.clone());
        decided(&self.base) != old
    }
}

/// The fields of these keys.
fn of(fields: &Fields, keys: &[&str]) -> Fields {
    keys.iter().filter_map(|key| Some(((*key).to_owned(), fields.get(*key)?.clone()))).collect()
}

fn has_any(fields: &Fields, keys: &[&str]) -> bool {
    keys.iter().any(|key| fields.contains_key(*key))
}

/// When a state of a fact was made. One that was never updated has the time of its making alone.
fn stamp_of(fields: &Fields) -> Option<Stamp> {
    let time = |key| fields.get(key).and_then(Value::as_str).and_then(stamp::parse);
    time("updatedAt").or_else(|| time("createdAt"))
}
