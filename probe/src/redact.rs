//! What must not be in the file, and how it is taken out: tokens, addresses, and all that tells who ran the probe.
//!
//! Pure. There are three nets. Words that are known (the token and what it says of its owner, the tenant, the hosts) go
//! wherever they stand; what has the form of a token, an address or a mail address goes whether it is known or not; and
//! ids become `‹id-1›`, `‹id-2›`, …, the same for the same, so that one still sees which belong together. At last
//! [`Redactor::leak`] looks at the finished text once more.

use std::collections::HashMap;

use regex_lite::{Captures, Regex, escape};
use serde_json::Value;

/// A known word that is shorter is only taken where it is a whole word: it may stand in others by chance.
const LONG: usize = 12;
/// Below this a word says nothing, and would take others with it.
const SHORT: usize = 3;
/// Keys whose text is an id, whatever its form.
const IDS: [&str; 9] = [
    "requestid",
    "requestId",
    "request_id",
    "traceId",
    "trace_id",
    "correlationId",
    "sessionId",
    "assignedUserId",
    "createdBy",
];

/// A word that is known, and what stands in its place.
#[derive(Clone, Debug)]
pub struct Secret {
    /// The word.
    pub word: String,
    /// Such as `token`.
    pub name: &'static str,
}

/// A word that is known, made ready to be found.
struct Known {
    /// In small letters: where it is not, the pattern need not be tried.
    word: String,
    pattern: Regex,
    name: String,
}

/// Takes out what must not be in the file.
pub struct Redactor {
    secrets: Vec<Known>,
    forms: Vec<(Regex, &'static str)>,
    ids: Regex,
    known: HashMap<String, usize>,
}

impl Redactor {
    /// Knows these words, and the forms.
    ///
    /// # Errors
    /// None, unless a pattern of this file is broken.
    pub fn new(secrets: &[Secret]) -> Result<Self, regex_lite::Error> {
        let mut words: Vec<&Secret> = secrets.iter().filter(|secret| secret.word.len() >= SHORT).collect();
        // A long one first: a shorter one may be a part of it.
        words.sort_by_key(|secret| (std::cmp::Reverse(secret.word.len()), secret.word.as_str()));
        words.dedup_by_key(|secret| secret.word.as_str());
        let known = |secret: &Secret| {
            let name = format!("‹{}›", secret.name);
            Ok(Known { word: secret.word.to_lowercase(), pattern: Regex::new(&pattern(&secret.word))?, name })
        };
        let secrets = words.into_iter().map(known).collect::<Result<_, _>>()?;
        let forms = [
            // Three parts with dots between: a JWT, whole or as the start of one.
            (r"[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}(\.[A-Za-z0-9_-]+)?", "‹token›"),
            (r"eyJ[A-Za-z0-9_-]{16,}", "‹token›"),
            (r"(?i)bearer(?: |%20)+[A-Za-z0-9._~+/-]{20,}=*", "Bearer ‹token›"),
            (r#"(?i)((?:token|secret|password|code|state|session_state)=)[^&\s"]{8,}"#, "${1}‹token›"),
            (r"[\w.+-]+@[\w-]+\.[\w.-]+", "‹mail›"),
            (r#"[a-z][a-z+.-]*://[^/\s"'<>?#]+"#, "‹address›"),
            (r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b(?::\d+)?", "‹address›"),
            (r"(?i)\b(?:[a-f0-9]{1,4}:){4,7}[a-f0-9]{1,4}\b", "‹address›"),
            (
                r"(?i)\b(?:[a-z0-9_-]+\.)+(?:app|com|net|org|io|ai|dev|cloud|local|localdomain|internal|svc|eu|us)\b(?::\d+)?",
                "‹address›",
            ),
            (r"(?i)\blocalhost\b(?::\d+)?", "‹address›"),
        ];
        let forms = forms.into_iter().map(|(form, name)| Ok((Regex::new(form)?, name))).collect::<Result<_, _>>()?;
        let ids = Regex::new(
            r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b[0-9a-f]{16,64}\b|\b[0-9A-HJKMNP-TV-Z]{26}\b",
        )?;
        Ok(Self { secrets, forms, ids, known: HashMap::new() })
    }

    /// A text without them.
    pub fn text(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        let small = text.to_lowercase();
        for known in self.secrets.iter().filter(|known| small.contains(&known.word)) {
            text = known.pattern.replace_all(&text, known.name.as_str()).into_owned();
        }
        // Most texts are names of a few letters, which have none of the forms.
        if text.len() < 9 && !text.contains(['.', ':', '@', '=']) {
            return text;
        }
        for (form, name) in &self.forms {
            text = form.replace_all(&text, *name).into_owned();
        }
        let known = &mut self.known;
        self.ids.replace_all(&text, |found: &Captures<'_>| number(known, &found[0])).into_owned()
    }

    /// A value without them, its keys too.
    pub fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(fields) => {
                let own = |redactor: &mut Self, (key, value): (&String, &Value)| {
                    let value = match value {
                        Value::String(text) if IDS.contains(&key.as_str()) && !text.is_empty() => {
                            number(&mut redactor.known, text).into()
                        }
                        value => redactor.value(value),
                    };
                    (redactor.text(key), value)
                };
                Value::Object(fields.iter().map(|field| own(self, field)).collect())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    /// The name of a known word that stands in a text all the same.
    pub fn leak(&self, text: &str) -> Option<&str> {
        let small = text.to_lowercase();
        let is_in = |known: &&Known| small.contains(&known.word) && known.pattern.is_match(text);
        self.secrets.iter().find(is_in).map(|known| known.name.as_str())
    }
}

/// A long word wherever it stands, a short one as a whole word; in any case of its letters.
fn pattern(word: &str) -> String {
    let edge = |letter: Option<char>| if letter.is_some_and(|letter| letter.is_alphanumeric()) { r"\b" } else { "" };
    if word.len() >= LONG {
        format!("(?i){}", escape(word))
    } else {
        format!("(?i){}{}{}", edge(word.chars().next()), escape(word), edge(word.chars().last()))
    }
}

fn number(known: &mut HashMap<String, usize>, id: &str) -> String {
    let next = known.len() + 1;
    let number = known.entry(id.to_ascii_lowercase()).or_insert(next);
    format!("‹id-{number}›")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn redactor(words: &[(&str, &'static str)]) -> Redactor {
        let secrets = words.iter().map(|&(word, name)| Secret { word: word.to_owned(), name });
        Redactor::new(&secrets.collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn known_words_go_wherever_they_stand() {
        let mut redactor = redactor(&[("north-clinic", "tenant"), ("opaque-token-of-some-length", "token")]);
        let text = redactor.text("realm NORTH-CLINIC refused xopaque-token-of-some-lengthx, north-clinics not");
        assert_eq!(text, "realm ‹tenant› refused x‹token›x, ‹tenant›s not");
        assert_eq!(redactor.leak("of North-Clinic"), Some("‹tenant›"));
        assert_eq!(redactor.leak(&text), None);
    }

    #[test]
    fn a_short_word_does_not_take_others_with_it() {
        let mut redactor = redactor(&[("ward", "tenant"), ("ok", "client")]);
        assert_eq!(redactor.text("ward: go forward, ok"), "‹tenant›: go forward, ok");
    }

    #[test]
    fn what_looks_like_a_token_or_an_address_goes_though_nobody_knew_it() {
        let cases = [
            ("eyJhbGciOiJSUzI1NiIsInR5.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl", "‹token›"),
            ("wrong: Bearer 0123456789abcdefghijklmnop", "wrong: Bearer ‹token›"),
            ("?tenant-name=x&token=Bearer%20abcdefghijk&a=1", "?tenant-name=x&token=‹token›&a=1"),
            ("wss://api.eu.corti.app/audio-bridge/v2/x", "‹address›/audio-bridge/v2/x"),
            ("dial tcp 10.0.12.7:5432: refused", "dial tcp ‹address›: refused"),
            ("facts.prod.svc.cluster.local:8080 is down", "‹address› is down"),
            ("from auth.us.corti.app", "from ‹address›"),
            ("ask ada.hartley@clinic.example for it", "ask ‹mail› for it"),
            ("http://localhost:1/x and localhost", "‹address›/x and ‹address›"),
        ];
        for (text, expected) in cases {
            assert_eq!(redactor(&[]).text(text), expected);
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        let words = [
            "Bearer error=\"invalid_token\", error_description=\"The token has expired\"",
            "audio/pcm; rate=16000; channels=1; bits=16",
            "fact group not found: vitals",
            "2026-09-14T09:25:00.123456789Z",
            "/interactions/x/facts/",
            "CONFIG_ALREADY_RECEIVED",
            "Once e.g. penicillin. And so on.",
        ];
        for text in words {
            assert_eq!(redactor(&[]).text(text), text);
        }
    }

    #[test]
    fn the_same_id_has_the_same_number_as_value_as_key_and_in_a_path() {
        let id = "4b0c7a52-6f1e-4d38-9a27-e05d3c81b6f4";
        let value = json!({ "id": id, "at": format!("/x/{}/y", id.to_uppercase()), "requestid": "any form",
            "other": "11111111-1111-4111-8111-111111111111", "sections": { id: "words" }, "count": 7 });
        let expected = json!({ "id": "‹id-2›", "at": "/x/‹id-2›/y", "requestid": "‹id-4›", "other": "‹id-3›",
            "sections": { "‹id-2›": "words" }, "count": 7 });
        let mut redactor = redactor(&[]);
        redactor.text("99999999-1111-4111-8111-111111111111");
        // Keys come in the order of the alphabet.
        assert_eq!(redactor.value(&value), expected);
        assert_eq!(redactor.value(&json!({ "sessionId": "" })), json!({ "sessionId": "" }));
    }
}
