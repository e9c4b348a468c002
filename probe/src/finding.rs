//! What a question found: names with values, and how those of the service compare with the sandbox's.
//!
//! Pure. A value is of one of three kinds, since not all can be compared in the same way.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

/// Seconds that two durations may differ by and still agree.
const SLACK: f64 = 2.0;
/// And the factor.
const FACTOR: f64 = 2.0;

/// A value that was found.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// Agrees with its equal: a code, a status, an order, a yes or no.
    Is(Value),
    /// Agrees with what is near: within two seconds, or a factor of two.
    Seconds(f64),
    /// To be read by people: words, prices, counts that hang on the speech. Never compared.
    Note(Value),
}

impl Serialize for Found {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Is(value) | Self::Note(value) => value.serialize(serializer),
            Self::Seconds(seconds) => json!({ "seconds": (seconds * 10.0).round() / 10.0 }).serialize(serializer),
        }
    }
}

impl Found {
    /// As a person reads it.
    pub fn shown(&self) -> String {
        match self {
            Self::Is(Value::String(text)) | Self::Note(Value::String(text)) => text.clone(),
            Self::Is(Value::Bool(true)) => "yes".to_owned(),
            Self::Is(Value::Bool(false)) => "no".to_owned(),
            Self::Is(Value::Null) | Self::Note(Value::Null) => "nothing".to_owned(),
            Self::Is(Value::Array(items)) | Self::Note(Value::Array(items)) => {
                let items: Vec<String> = items.iter().map(|item| Self::Is(item.clone()).shown()).collect();
                items.join(" ")
            }
            Self::Is(value) | Self::Note(value) => value.to_string(),
            Self::Seconds(seconds) => format!("{seconds:.1} s"),
        }
    }
}

/// What one question found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finding(BTreeMap<String, Found>);

impl Finding {
    /// Adds what agrees with its equal.
    pub fn is(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.0.insert(name.into(), Found::Is(value.into()));
    }

    /// Adds a duration; `None`: it never came.
    pub fn seconds(&mut self, name: impl Into<String>, value: Option<f64>) {
        self.0.insert(name.into(), value.map_or(Found::Is(Value::Null), Found::Seconds));
    }

    /// Adds what is for people alone.
    pub fn note(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.0.insert(name.into(), Found::Note(value.into()));
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Found> {
        self.0.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Found)> {
        self.0.iter().map(|(name, found)| (name.as_str(), found))
    }
}

/// How two values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// The sandbox does as the service does.
    Agrees,
    /// It does not.
    Differs,
    /// It is for people to read.
    Noted,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The question's letter.
    pub question: String,
    /// What was looked at.
    pub name: String,
    /// What the service did.
    pub service: Option<Found>,
    /// What the sandbox did.
    pub sandbox: Option<Found>,
    /// How they compare.
    pub verdict: Verdict,
}

/// The findings of a whole run, by question.
pub type Findings = BTreeMap<&'static str, Finding>;

/// The table: every value that either side has.
pub fn compare(service: &Findings, sandbox: &Findings) -> Vec<Row> {
    let nothing = Finding::default();
    let mut questions: Vec<&str> = service.keys().chain(sandbox.keys()).copied().collect();
    questions.sort_unstable();
    questions.dedup();
    let mut rows = Vec::new();
    for question in questions {
        let (ours, theirs) = (service.get(question).unwrap_or(&nothing), sandbox.get(question).unwrap_or(&nothing));
        let mut names: Vec<&String> = ours.0.keys().chain(theirs.0.keys()).collect();
        names.sort_unstable();
        names.dedup();
        rows.extend(names.into_iter().map(|name| {
            let (service, sandbox) = (ours.0.get(name), theirs.0.get(name));
            Row {
                question: question.to_owned(),
                name: name.clone(),
                service: service.cloned(),
                sandbox: sandbox.cloned(),
                verdict: verdict(service, sandbox),
            }
        }));
    }
    rows
}

fn verdict(service: Option<&Found>, sandbox: Option<&Found>) -> Verdict {
    let agrees = match (service, sandbox) {
        (Some(Found::Note(_)) | None, Some(Found::Note(_)) | None) | (Some(Found::Note(_)), _) => {
            return Verdict::Noted;
        }
        (Some(Found::Seconds(one)), Some(Found::Seconds(other))) => near(*one, *other),
        (one, other) => one == other,
    };
    if agrees { Verdict::Agrees } else { Verdict::Differs }
}

fn near(one: f64, other: f64) -> bool {
    let (less, more) = (one.min(other), one.max(other));
    more - less <= SLACK || (less > 0.0 && more / less <= FACTOR)
}

/// The table as text: of each question how much agrees, and every row that does not.
pub fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    let mut questions: Vec<&str> = rows.iter().map(|row| row.question.as_str()).collect();
    questions.dedup();
    for question in questions {
        let own = || rows.iter().filter(|row| row.question == question);
        let count = |verdict| own().filter(|row| row.verdict == verdict).count();
        let (agrees, differs) = (count(Verdict::Agrees), count(Verdict::Differs));
        text += &format!("{question:<7} {agrees} agree, {differs} differ\n");
        for row in own().filter(|row| row.verdict == Verdict::Differs) {
            let shown = |found: &Option<Found>| found.as_ref().map_or_else(|| "(not found)".to_owned(), Found::shown);
            text += &format!("        {}\n", row.name);
            text += &format!("          service  {}\n", shown(&row.service));
            text += &format!("          sandbox  {}\n", shown(&row.sandbox));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(build: impl Fn(&mut Finding)) -> Findings {
        let mut finding = Finding::default();
        build(&mut finding);
        Findings::from([("a", finding)])
    }

    fn only(service: &Findings, sandbox: &Findings) -> Verdict {
        let rows = compare(service, sandbox);
        assert_eq!(rows.len(), 1);
        rows[0].verdict
    }

    #[test]
    fn equal_values_agree_and_others_differ() {
        let code = |code: u16| of(|finding| finding.is("code", code));
        assert_eq!(only(&code(1000), &code(1000)), Verdict::Agrees);
        assert_eq!(only(&code(1000), &code(1005)), Verdict::Differs);
        assert_eq!(only(&code(1000), &Findings::new()), Verdict::Differs);
        assert_eq!(only(&Findings::new(), &code(1000)), Verdict::Differs);
    }

    #[test]
    fn durations_agree_where_they_are_near() {
        let wait = |seconds| of(|finding| finding.seconds("wait", seconds));
        for (one, other) in [(0.1, 1.9), (12.0, 21.0), (60.0, 60.4)] {
            assert_eq!(only(&wait(Some(one)), &wait(Some(other))), Verdict::Agrees, "{one} {other}");
        }
        for (one, other) in [(0.1, 2.3), (9.0, 21.0), (60.0, 0.0)] {
            assert_eq!(only(&wait(Some(one)), &wait(Some(other))), Verdict::Differs, "{one} {other}");
        }
        assert_eq!(only(&wait(None), &wait(None)), Verdict::Agrees);
        assert_eq!(only(&wait(None), &wait(Some(0.0))), Verdict::Differs);
    }

    #[test]
    fn notes_are_never_compared() {
        let note = |text: &str| of(|finding| finding.note("words", text));
        assert_eq!(only(&note("one"), &note("two")), Verdict::Noted);
        assert_eq!(only(&note("one"), &Findings::new()), Verdict::Noted);
        assert_eq!(only(&Findings::new(), &note("two")), Verdict::Noted);
    }

    #[test]
    fn the_table_tells_what_differs_and_counts_what_agrees() {
        let service = of(|finding| {
            finding.is("close code", 1000);
            finding.is("closes", true);
            finding.seconds("wait", Some(20.0));
        });
        let sandbox = of(|finding| {
            finding.is("close code", 1005);
            finding.is("closes", true);
        });
        let text = table(&compare(&service, &sandbox));
        assert!(text.starts_with("a       1 agree, 2 differ\n"), "{text}");
        assert!(text.contains("close code\n          service  1000\n          sandbox  1005\n"), "{text}");
        assert!(text.contains("service  20.0 s\n          sandbox  (not found)\n"), "{text}");
        assert!(!text.contains("closes"), "{text}");
    }
}
