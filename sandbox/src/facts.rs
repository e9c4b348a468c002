//! Fact groups, and the rules that take facts out of what was said.
//!
//! A rule is a pattern over the transcript and the sentence it stands for. This is no language model: it finds what
//! the scripted consultation says, and plain mentions like it in other text.

use std::sync::LazyLock;

use regex_lite::{Regex, RegexBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

/// The service's fact groups in its order (live): key, and the name in English, Danish and German.
const GROUPS: [(&str, [&str; 3]); 20] = [
    ("chief-complaint", ["Chief complaint", "Henvendelsesårsag", "Hauptbeschwerde"]),
    ("history-of-present-illness", ["History of present illness", "Aktuelt", "Aktuelle Anamnese"]),
    ("past-medical-history", ["Past medical history", "Tidligere sygdomme", "Vorerkrankungen"]),
    ("family-history", ["Family history", "Dispositioner", "Familienanamnese"]),
    ("social-history", ["Social history", "Socialt", "Sozialanamnese"]),
    ("functional-status", ["Functional status", "Funktionsniveau", "Funktionsstatus"]),
    ("medications-prior-to-visit", ["Medications prior to visit", "Medicin før besøget", "Medikation vor dem Besuch"]),
    ("allergies", ["Allergies", "Allergier", "Allergien"]),
    ("demographics", ["Demographics", "Stamdata", "Personalien"]),
    ("vital-signs", ["Vital signs", "Vitale værdier", "Vitalzeichen"]),
    ("laboratory-results", ["Laboratory results", "Laboratorieresultater", "Laborergebnisse"]),
    ("imaging-results", ["Imaging results", "Billeddiagnostik", "Bildgebung"]),
    ("normal-physical-findings", ["Normal physical findings", "Normale fund", "Normale Befunde"]),
    ("abnormal-physical-findings", ["Abnormal physical findings", "Abnorme fund", "Auffällige Befunde"]),
    ("denials-of-symptoms", ["Denials of symptoms", "Benægtede symptomer", "Verneinte Symptome"]),
    (
        "concerns-and-expectations",
        ["Concerns and expectations", "Bekymringer og forventninger", "Sorgen und Erwartungen"],
    ),
    ("assessment", ["Assessment", "Vurdering", "Beurteilung"]),
    ("plan", ["Plan", "Plan", "Plan"]),
    ("actions", ["Actions", "Handlinger", "Maßnahmen"]),
    ("other", ["Other", "Andet", "Sonstiges"]),
];
const LANGUAGES: [&str; 3] = ["en", "da", "de"];

pub(crate) fn is_group(key: &str) -> bool {
    GROUPS.iter().any(|(group, _)| *group == key)
}

/// The answer of `GET /factgroups/`. The ids are fixed, so that they are the same after a restart.
pub(crate) fn groups() -> Value {
    let group = |(index, (key, names)): (usize, &(&str, [&str; 3]))| {
        let names = LANGUAGES.iter().zip(names).enumerate();
        let translation =
            |(language, (id, name))| json!({ "id": 100 + 20 * language + index, "languagesId": id, "name": name });
        json!({
            "id": Uuid::from_u128(0x6c1f_0000_0000_4000_8000_0000_0000_0000 + index as u128),
            "key": key,
            "translations": names.map(translation).collect::<Vec<_>>(),
        })
    };
    json!({ "data": GROUPS.iter().enumerate().map(group).collect::<Vec<_>>() })
}

/// The text with which the fact of a key comes first: one fact comes again, changed.
pub(crate) fn draft(key: &str) -> Option<&'static str> {
    (key == "complaint").then_some("Chest tightness")
}

/// A fact that says what the fact of a key says, and its group: it comes beside it, and is taken back in the next round.
pub(crate) fn duplicate(key: &str) -> Option<(&'static str, &'static str)> {
    (key == "complaint").then_some(("Tight feeling in the chest", "history-of-present-illness"))
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
    ("jaw", "denials-of-symptoms", r"never the jaw", "No radiation to the jaw"),
    (
        "dyspnoea",
        "history-of-present-illness",
        r"I do get a little short of breath",
        "Mild shortness of breath with the tightness",
    ),
    ("nausea", "denials-of-symptoms", r"no nausea and no sweating", "No nausea or sweating"),
    ("hypertension", "past-medical-history", r"I have had high blood pressure", "Hypertension"),
    (
        "hypertension",
        "past-medical-history",
        r"I have had high blood pressure for ([a-z]+) years",
        "Hypertension for $1 years",
    ),
    ("appendix", "past-medical-history", r"my appendix", "Appendectomy"),
    (
        "appendix",
        "past-medical-history",
        r"my appendix.*taken out when I was ([a-z]+)",
        "Appendectomy at the age of $1",
    ),
    ("ramipril", "medications-prior-to-visit", r"I take ramipril", "Takes ramipril"),
    (
        "ramipril",
        "medications-prior-to-visit",
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
    ("pressure", "vital-signs", r"blood pressure is (\d+) over (\d+)", "Blood pressure $1/$2 mmHg"),
    ("pulse", "vital-signs", r"pulse is (\d+)", "Pulse $1 per minute"),
    ("heart", "normal-physical-findings", r"heart sounds are normal", "Normal heart sounds"),
    ("lungs", "normal-physical-findings", r"lungs are clear", "Lungs clear"),
    ("oedema", "normal-physical-findings", r"no swelling of the ankles", "No ankle swelling"),
    ("ecg", "imaging-results", r"normal sinus rhythm", "ECG: normal sinus rhythm"),
    ("angina", "assessment", r"may be angina", "Suspected angina"),
    ("tests", "actions", r"blood test for cholesterol and troponin", "Blood test: cholesterol and troponin"),
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
        assert!(COMPILED.iter().all(|rule| is_group(rule.group)));
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
        assert_eq!(groups.len(), 15, "{groups:?}");
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
