//! The file: what was asked, the table, the findings, and all that happened, without tokens and addresses.
//!
//! Pure. Events are a line each, so that a person can look for one and compare two files.

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    finding::{Found, Row, Verdict, compare},
    questions::all,
    redact::Redactor,
    run::{Options, Outcome},
};

/// What the file says of the run itself.
pub struct About<'a> {
    /// `the sandbox`, or `the service` and its region where that tells nothing of who ran it.
    pub subject: &'a str,
    /// The day, as `2026-12-01`.
    pub date: &'a str,
    /// How it was run.
    pub options: Options,
}

/// Puts a run and the sandbox's beside it into a file's text; gives the table, too.
///
/// # Errors
/// Where a secret would stand in it all the same: then there is no file.
pub fn write(
    about: &About<'_>, run: &Outcome, sandbox: &Outcome, redactor: &mut Redactor,
) -> Result<(String, Vec<Row>)> {
    let rows = clean(&compare(&run.findings, &sandbox.findings), redactor);
    let count = |verdict| rows.iter().filter(|row| row.verdict == verdict).count();
    let questions: serde_json::Map<String, Value> = all()
        .iter()
        .filter(|question| run.findings.contains_key(question.letter))
        .map(|question| (question.letter.to_owned(), question.sentence.into()))
        .collect();
    let head = json!({
        "probe": env!("CARGO_PKG_VERSION"),
        "asked": about.subject,
        "date": about.date,
        "pace": about.options.pace,
        "oneByOne": about.options.one_by_one,
        "seconds": run.seconds.round(),
        "notDeleted": run.left.len(),
        "agree": count(Verdict::Agrees),
        "differ": count(Verdict::Differs),
        "questions": questions,
    });
    let mut events: Vec<(f64, Value)> = Vec::new();
    for (letter, trail) in &run.trails {
        for event in &trail.0 {
            let mut value = redactor.value(&serde_json::to_value(event).context("cannot write an event")?);
            refuse(redactor.leak(&value.to_string()))?;
            value["question"] = (*letter).into();
            events.push((event.at, value));
        }
    }
    events.sort_by(|one, other| one.0.total_cmp(&other.0));
    let events = lines(events.iter().map(|(_, event)| event))?;
    // What else there is are the probe's own words.
    for found in rows.iter().flat_map(|row| [&row.service, &row.sandbox]).flatten() {
        refuse(redactor.leak(&serde_json::to_string(found).context("cannot write a value")?))?;
    }
    let head = serde_json::to_string_pretty(&head).context("cannot write the head")?;
    let head = head.trim_end_matches('}').trim_end();
    let table = lines(rows.iter())?;
    let text = format!("{head},\n  \"table\": [\n{table}\n  ],\n  \"events\": [\n{events}\n  ]\n}}\n");
    serde_json::from_str::<Value>(&text).context("the file would be no JSON")?;
    Ok((text, rows))
}

/// No file with a secret in it.
fn refuse(leak: Option<&str>) -> Result<()> {
    match leak {
        Some(name) => bail!("{name} would be in the file: nothing was written. Please report this, without the file"),
        None => Ok(()),
    }
}

/// The rows without what must not be told.
fn clean(rows: &[Row], redactor: &mut Redactor) -> Vec<Row> {
    let mut found = |found: &Option<Found>| {
        found.as_ref().map(|found| match found {
            Found::Is(value) => Found::Is(redactor.value(value)),
            Found::Note(value) => Found::Note(redactor.value(value)),
            Found::Seconds(seconds) => Found::Seconds(*seconds),
        })
    };
    let mut clean = |row: &Row| Row { service: found(&row.service), sandbox: found(&row.sandbox), ..row.clone() };
    rows.iter().map(&mut clean).collect()
}

/// One line for each.
fn lines<T: Serialize>(values: impl Iterator<Item = T>) -> Result<String> {
    let lines = values.map(|value| Ok(format!("    {}", serde_json::to_string(&value)?)));
    let lines: Vec<String> = lines.collect::<serde_json::Result<_>>().context("cannot write a line")?;
    Ok(lines.join(",\n"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::{
        finding::Finding,
        redact::Secret,
        trail::{Trail, What, build::add},
    };

    fn outcome(body: Value) -> Outcome {
        let mut trail = Trail::default();
        add(&mut trail, 2.0, "one", What::Received(body.clone()));
        add(&mut trail, 1.0, "one", What::Audio { bytes: 8000, until: 0.25 });
        let mut finding = Finding::default();
        finding.note("body", body);
        let mut outcome = Outcome::default();
        outcome.trails.insert("a", trail);
        outcome.findings.insert("a", finding);
        outcome
    }

    fn written(body: Value) -> Result<String> {
        let secrets = [Secret { word: "north-clinic".to_owned(), name: "tenant" }];
        let mut redactor = Redactor::new(&secrets).unwrap();
        let about = About { subject: "the service", date: "2026-12-01", options: Options::default() };
        write(&about, &outcome(body), &Outcome::default(), &mut redactor).map(|(text, _)| text)
    }

    #[test]
    fn the_file_is_json_with_an_event_a_line_in_the_order_of_time() {
        let text = written(json!({ "type": "flushed" })).unwrap();
        let file: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(file["asked"], "the service");
        assert_eq!(file["table"][0]["service"], json!({ "type": "flushed" }));
        assert_eq!(file["events"][0]["audio"]["bytes"], 8000);
        assert_eq!(file["events"][1]["received"]["type"], "flushed");
        assert_eq!(file["events"][1]["question"], "a");
        assert_eq!(text.lines().filter(|line| line.contains("\"at\":")).count(), 2);
    }

    #[test]
    fn a_tenant_whose_name_is_a_word_of_the_file_is_no_reason_not_to_write_it() {
        let secrets = ["question", "body", "agrees", "at"].map(|word| Secret { word: word.to_owned(), name: "tenant" });
        let mut redactor = Redactor::new(&secrets).unwrap();
        let about = About { subject: "the service", date: "2026-12-01", options: Options::default() };
        let outcome = outcome(json!({ "details": "no body for question" }));
        let (text, _) = write(&about, &outcome, &Outcome::default(), &mut redactor).unwrap();
        assert!(text.contains("no ‹tenant› for ‹tenant›"), "{text}");
        assert!(text.contains("\"question\":\"a\""), "{text}");
    }

    #[test]
    fn secrets_are_in_no_part_of_it() {
        let text = written(json!({ "details": "North-Clinic at https://x.example/ y" })).unwrap();
        assert!(!text.to_lowercase().contains("north-clinic") && !text.contains("x.example"), "{text}");
    }
}
