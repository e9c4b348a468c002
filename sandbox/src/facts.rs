//! Fact groups, and the rules that take facts out of what was said.
//!
//! A rule is a pattern over the transcript and the sentence it stands for. This is no language model: it finds what
//! the scripted consultation says, and plain mentions like it in other text.

use std::sync::LazyLock;

use regex_lite::{Regex, RegexBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

/// The protocol's fact groups: key and English name.
const GROUPS: [(&str, &str); 15] = [
    ("demographics", "Demographics"),
    ("chief-complaint", "Chief Complaint"),
    ("history-of-present-illness", "History of Present Illness"),
    ("past-medical-history", "Past Medical History"),
    ("past-surgical-history", "Past Surgical History"),
    ("family-history", "Family History"),
    ("social-history", "Social History"),
    ("medications", "Medications"),
    ("allergies", "Allergies"),
    ("vitals", "Vitals"),
    ("physical-exam", "Physical Exam"),
    ("diagnostic-results", "Diagnostic Results"),
    ("assessment", "Assessment"),
    ("plan", "Plan"),
    ("other", "Other"),
];

/// The group's id: fixed, so that it is the same after a restart. `None` where there is no such group.
pub(crate) fn group_id(key: &str) -> Option<Uuid> {
    let index = GROUPS.iter().position(|(group, _)| *group == key)?;
    Some(Uuid::from_u128(0x0f4c_7000_0000_4000_8000_0000_0000_0001 + index as u128))
}

/// The answer of `GET /factgroups/`.
pub(crate) fn groups() -> Value {
    let group = |(index, (key, name)): (usize, &(&str, &str))| {
        json!({
            "id": group_id(key),
            "key": key,
            "translations": [{ "id": index + 1, "languagesId": "en", "name": name }],
        })
    };
    json!({ "data": GROUPS.iter().enumerate().map(group).collect::<Vec<_>>() })
}

/// A fact that a rule found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    /// What the fact is about. A later finding with the same key is a new text for the same fact.
    pub(crate) key: &'static str,
    pub(crate) group: &'static str,
    pub(crate) text: String,
    /// Where the pattern matched, in bytes of the text that was searched.
    pub(crate) at: usize,
    pub(crate) quote: String,
}

struct Rule {
    key: &'static str,
    group: &'static str,
    pattern: Regex,
    text: &'static str,
}

/// Key, group, pattern (case does not matter, `.` does not cross a line), text (`$1` is the pattern's first group).
/// Of two rules with one key the later one, being more precise, wins.
const RULES: [(&str, &str, &str, &str); 32] = [
    ("title", "demographics", r"\b(mrs|mr|ms) ([a-z]+)", "Addressed as $1 $2"),
    (
        "age",
        "demographics",
        r"\bI am ((?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?: (?:one|two|three|four|five|six|seven|eight|nine))?)\b",
        "Age: $1 years",
    ),
    ("complaint", "chief-complaint", r"tight feeling in my chest|chest (?:pain|tightness)", "Chest tightness"),
    (
        "complaint",
        "chief-complaint",
        r"tight feeling in my chest for about ([a-z]+ (?:days|weeks|months))",
        "Chest tightness for about $1",
    ),
    (
        "exertion",
        "history-of-present-illness",
        r"when I climb the stairs",
        "Tightness is brought on by climbing stairs",
    ),
    (
        "exertion",
        "history-of-present-illness",
        r"when I climb the stairs.*after a few minutes of rest",
        "Tightness is brought on by climbing stairs and relieved by a few minutes of rest",
    ),
    ("radiation", "history-of-present-illness", r"goes into my (left|right) arm", "Radiates at times to the $1 arm"),
    ("jaw", "history-of-present-illness", r"never the jaw", "No radiation to the jaw"),
    (
        "dyspnoea",
        "history-of-present-illness",
        r"I do get a little short of breath",
        "Mild shortness of breath with the tightness",
    ),
    ("nausea", "history-of-present-illness", r"no nausea and no sweating", "No nausea or sweating"),
    ("hypertension", "past-medical-history", r"I have had high blood pressure", "Hypertension"),
    (
        "hypertension",
        "past-medical-history",
        r"I have had high blood pressure for ([a-z]+) years",
        "Hypertension for $1 years",
    ),
    ("appendix", "past-surgical-history", r"my appendix", "Appendectomy"),
    (
        "appendix",
        "past-surgical-history",
        r"my appendix.*taken out when I was ([a-z]+)",
        "Appendectomy at the age of $1",
    ),
    ("ramipril", "medications", r"I take ramipril", "Takes ramipril"),
    (
        "ramipril",
        "medications",
        r"I take ramipril, ([a-z]+) milligrams, every morning",
        "Takes ramipril $1 mg every morning",
    ),
    ("penicillin", "allergies", r"\bpenicillin\b", "Allergic to penicillin"),
    ("penicillin", "allergies", r"\bpenicillin\b.*rash", "Allergic to penicillin (rash)"),
    (
        "father",
        "family-history",
        r"my (father|mother|brother|sister) had a heart attack(?: when (?:he|she) was ([a-z]+))?",
        "Heart attack in the family: $1",
    ),
    ("smoking", "social-history", r"stopped smoking ([a-z]+) years ago", "Former smoker, stopped $1 years ago"),
    ("alcohol", "social-history", r"a glass of wine at weekends", "Drinks a glass of wine at weekends"),
    ("work", "social-history", r"I work as an? ([a-z]+)", "Works as a $1"),
    ("pressure", "vitals", r"blood pressure is (\d+) over (\d+)", "Blood pressure $1/$2 mmHg"),
    ("pulse", "vitals", r"pulse is (\d+)", "Pulse $1 per minute"),
    ("heart", "physical-exam", r"heart sounds are normal", "Normal heart sounds"),
    ("lungs", "physical-exam", r"lungs are clear", "Lungs clear"),
    ("oedema", "physical-exam", r"no swelling of the ankles", "No ankle swelling"),
    ("ecg", "diagnostic-results", r"normal sinus rhythm", "ECG: normal sinus rhythm"),
    ("angina", "assessment", r"may be angina", "Suspected angina"),
    ("tests", "plan", r"blood test for cholesterol and troponin", "Blood test: cholesterol and troponin"),
    ("aspirin", "plan", r"start aspirin", "Start aspirin 75 mg daily; nitroglycerin spray as needed"),
    (
        "return",
        "plan",
        r"see you again in ([a-z]+ (?:days|weeks|months))",
        "Follow-up in $1; ambulance if pain lasts more than ten minutes at rest",
    ),
];

/// The rules, compiled once. A pattern that does not compile is left out here and fails a test below.
static COMPILED: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let compile = |&(key, group, pattern, text): &(&'static str, &'static str, &str, &'static str)| {
        let pattern = RegexBuilder::new(pattern).case_insensitive(true).build().ok()?;
        Some(Rule { key, group, pattern, text })
    };
    RULES.iter().filter_map(compile).collect()
});

/// The facts in `text`, one per key, in the order of the rules.
pub(crate) fn extract(text: &str) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for rule in COMPILED.iter() {
        let Some(captures) = rule.pattern.captures(text) else { continue };
        let Some(whole) = captures.get(0) else { continue };
        let mut words = String::new();
        captures.expand(rule.text, &mut words);
        let finding = Finding {
            key: rule.key,
            group: rule.group,
            text: words,
            at: whole.start(),
            quote: whole.as_str().to_owned(),
        };
        match found.iter_mut().find(|earlier| earlier.key == rule.key) {
            Some(earlier) => *earlier = finding,
            None => found.push(finding),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_rule_compiles_and_belongs_to_a_group_of_the_protocol() {
        assert_eq!(COMPILED.len(), RULES.len());
        assert!(COMPILED.iter().all(|rule| group_id(rule.group).is_some()));
    }

    #[test]
    fn every_rule_finds_something_in_the_consultation_and_nearly_every_group_has_a_fact() {
        let text: String = include_str!("../script/consultation.json")
            .lines()
            .filter_map(|line| line.split("\"text\": \"").nth(1)?.split("\" }").next())
            .collect::<Vec<_>>()
            .join("\n");
        let found = extract(&text);
        let keys: HashSet<_> = RULES.iter().map(|rule| rule.0).collect();
        let missing: Vec<_> = keys.iter().filter(|key| !found.iter().any(|finding| finding.key == **key)).collect();
        assert!(missing.is_empty(), "no match for {missing:?}");
        let groups: HashSet<_> = found.iter().map(|finding| finding.group).collect();
        assert_eq!(groups.len(), GROUPS.len() - 1, "all but «other»");
    }

    #[test]
    fn a_more_precise_mention_replaces_the_text_under_the_same_key() {
        let rough = extract("I have chest pain");
        let precise = extract("I have chest pain. I have had a tight feeling in my chest for about two weeks.");
        assert_eq!(rough.len(), 1);
        assert_eq!((precise[0].key, precise[0].text.as_str()), (rough[0].key, "Chest tightness for about two weeks"));
    }

    #[test]
    fn numbers_are_taken_from_what_was_said() {
        let found = extract("so your blood pressure is 120 over 80");
        assert_eq!(found[0].text, "Blood pressure 120/80 mmHg");
        assert_eq!((found[0].at, found[0].quote.as_str()), (8, "blood pressure is 120 over 80"));
    }

    #[test]
    fn nothing_is_found_in_nothing() {
        assert!(extract("").is_empty());
    }
}
