//! The figures of the audio benchmark: read from what its programs print, and made into tables.
//!
//! A line is fields with tabs between. `native` and `wasm` lines are a stage's: name, how much came out, milliseconds of
//! each round. `stream` lines are a stream's: what was asked for, what encoded it, what was measured, milliseconds a
//! second of speech in each round. Any other line is one fact: `machine`, `browser`, `date`, and `seconds` of a stage's run.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Context, Result, ensure};

/// What the whole path may take of one idle core, in per cent: the project's targets.
const TARGETS: [(&str, f64); 2] = [("pcm", 0.4), ("opus-wasm", 2.0)];

/// Milliseconds over the rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spread {
    least: f64,
    median: f64,
}

impl Spread {
    fn of<'a>(rounds: impl Iterator<Item = &'a str>) -> Result<Self> {
        let mut times = rounds.map(str::parse).collect::<Result<Vec<f64>, _>>().context("a time is no number")?;
        times.sort_by(f64::total_cmp);
        let (least, median) = times.first().zip(times.get(times.len() / 2)).context("there are no times")?;
        Ok(Self { least: *least, median: *median })
    }

    /// Each of the two by a formula.
    fn map(self, formula: impl Fn(f64) -> f64) -> Self {
        Self { least: formula(self.least), median: formula(self.median) }
    }

    /// As a cell: the best, and the median behind it.
    fn shown(self, digits: usize) -> String {
        format!("{:.digits$} ({:.digits$})", self.least, self.median)
    }
}

/// One stage, as it is named.
#[derive(Debug)]
struct Stage {
    name: String,
    wasm: Spread,
    native: Spread,
}

/// One stream of the shipped package, in per cent of a core.
#[derive(Debug)]
struct Stream {
    wanted: String,
    encoder: String,
    figures: BTreeMap<String, Spread>,
}

/// All of a run.
#[derive(Debug)]
pub(super) struct Figures {
    facts: BTreeMap<String, String>,
    stages: Vec<Stage>,
    streams: Vec<Stream>,
}

impl Figures {
    /// Reads what the programs printed.
    pub(super) fn read(outputs: &[&str]) -> Result<Self> {
        let (mut facts, mut streams) = (BTreeMap::new(), Vec::<Stream>::new());
        let (mut native, mut wasm) = (BTreeMap::new(), Vec::new());
        for line in outputs.iter().flat_map(|output| output.lines()) {
            let fields: Vec<&str> = line.split('\t').collect();
            match fields[..] {
                ["native", name, _amount, ref rounds @ ..] => {
                    native.insert(name.to_owned(), Spread::of(rounds.iter().copied())?);
                }
                ["wasm", name, _amount, ref rounds @ ..] => {
                    wasm.push((name.to_owned(), Spread::of(rounds.iter().copied())?));
                }
                ["stream", wanted, encoder, figure, ref rounds @ ..] => {
                    // Of a core, in per cent: milliseconds a second are tenths of it.
                    let share = Spread::of(rounds.iter().copied())?.map(|time| time / 10.0);
                    if streams.last().is_none_or(|stream| stream.wanted != wanted) {
                        let (wanted, encoder) = (wanted.to_owned(), encoder.to_owned());
                        streams.push(Stream { wanted, encoder, figures: BTreeMap::new() });
                    }
                    streams.last_mut().map(|stream| stream.figures.insert(figure.to_owned(), share));
                }
                [name, fact] => {
                    facts.insert(name.to_owned(), fact.to_owned());
                }
                _ => {}
            }
        }
        let stage = |(name, wasm): (String, Spread)| {
            let native = *native.get(&name).with_context(|| format!("{name:?} was not timed natively"))?;
            Ok(Stage { name, wasm, native })
        };
        let stages = wasm.into_iter().map(stage).collect::<Result<Vec<_>>>()?;
        ensure!(!stages.is_empty() && !streams.is_empty(), "the programs printed no figures");
        Ok(Self { facts, stages, streams })
    }

    fn fact(&self, name: &str) -> Result<&str> {
        self.facts.get(name).map(String::as_str).with_context(|| format!("the programs did not tell the {name}"))
    }

    /// Both tables, as Markdown that is fit for a terminal.
    pub(super) fn tables(&self) -> Result<String> {
        Ok(format!("{}\n{}", self.stage_table()?, self.stream_table()))
    }

    fn stage_table(&self) -> Result<String> {
        let run = 1e3 * self.fact("seconds")?.parse::<f64>().context("the seconds of a run are no number")?;
        let heads = ["stage", "wasm, × real time", "native, × real time", "time, wasm ÷ native"];
        let row = |stage: &Stage| {
            let [wasm, native] = [stage.wasm, stage.native].map(|times| times.map(|time| run / time).shown(0));
            vec![stage.name.clone(), wasm, native, format!("{:.2}", stage.wasm.least / stage.native.least)]
        };
        Ok(table(&heads, &self.stages.iter().map(row).collect::<Vec<_>>()))
    }

    fn stream_table(&self) -> String {
        let heads = ["stream, % of a core", "encoder", "in pushFrame", "page", "page, live", "process", "target, page"];
        let row = |stream: &Stream| {
            let figures = ["push", "thread", "live", "process"]
                .map(|name| stream.figures.get(name).map_or_else(String::new, |share| share.shown(2)));
            let target = TARGETS.iter().find(|(encoder, _)| *encoder == stream.encoder);
            let target = target.map_or_else(String::new, |(_, most)| format!("{most:.1}"));
            [vec![stream.wanted.clone(), stream.encoder.clone()], figures.to_vec(), vec![target]].concat()
        };
        table(&heads, &self.streams.iter().map(row).collect::<Vec<_>>())
    }

    /// The whole document.
    pub(super) fn report(&self, compiler: &str, rounds: u32) -> Result<String> {
        let (machine, browser, date) = (self.fact("machine")?, self.fact("browser")?, self.fact("date")?);
        let (stages, streams) = (self.stage_table()?, self.stream_table());
        let seconds = self.fact("seconds")?;
        Ok(format!(
            "# Benchmarks

Written by `cargo xtask bench --only audio`, which measures all of it again.

{date}: {machine}; {compiler}; {browser}, headless.

Each figure is the best of {rounds} rounds, with the median behind it: the best is what the machine can do, and how
far the median is from it tells how much else it did.

## The stages

{seconds} s of a voice-like sound in blocks of 20 ms, at 48 kHz unless a stage says 44.1, to one channel at 16 kHz (the mixer:
two); Opus at 24 kbit/s and complexity 5. Wasm is compiled and made smaller as the package is; native is the same source under
the same profile. × real time is seconds of sound a second.

{stages}
## Streams of the package

Speech at 48 kHz, pushed in blocks of 20 ms into a `Stream` of the shipped package that sends to the sandbox, with its engine
on the page, as where there can be no worker. 1 % of a core is 10 ms a second.

- *in pushFrame*: the time within the calls, as it passes.
- *page*: processor time of the page's main thread, with timers, messages and garbage collection. The blocks come faster than
  in life, and a target is for this.
- *page, live*: the same with a block every 20 ms, as a microphone has them. It is more, and varies with what else the machine
  does between two blocks.
- *process*: as *page*, with all threads: the browser's own encoder has some.

{streams}"
        ))
    }
}

/// A table in Markdown with columns of even width; all but the first are numbers or short, and stand to the right.
fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize, head: &str| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head.chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = heads.iter().enumerate().map(|(column, head)| width(column, head)).collect();
    let mut text = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = String>| {
        for (column, (cell, width)) in cells.zip(&widths).enumerate() {
            // Writing to a string does not fail.
            let _ = if column == 0 { write!(text, "| {cell:width$} |") } else { write!(text, " {cell:>width$} |") };
        }
        text.push('\n');
    };
    line(&mut heads.iter().map(|head| (*head).to_owned()));
    line(&mut widths.iter().enumerate().map(|(column, width)| match column {
        0 => "-".repeat(*width),
        _ => format!("{}:", "-".repeat(width - 1)),
    }));
    rows.iter().for_each(|row| line(&mut row.iter().cloned()));
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const NATIVE: &str = "native\tencode\t320\t5.0\t4.0\t9.0\nnative\tlevel\t1\t1\t1\t1\n";
    const BROWSER: &str = "machine\tA machine, 2 cores\nbrowser\tChromium 1\ndate\t2026-01-02\nseconds\t10\n\
        wasm\tencode\t320\t10\t8\t12\nwasm\tlevel\t1\t2\t2\t2\n\
        stream\tPCM\tpcm\tpush\t4\t3\t4.5\nstream\tPCM\tpcm\tthread\t5\t5\t5\n";

    fn cells(line: &str) -> Vec<&str> {
        line.trim_matches('|').split('|').map(str::trim).collect()
    }

    #[test]
    fn a_stage_s_row_has_its_speeds_and_how_much_longer_wasm_takes() {
        let tables = Figures::read(&[NATIVE, BROWSER]).unwrap().tables().unwrap();
        let row = tables.lines().find(|line| line.contains("encode")).unwrap();
        assert_eq!(cells(row), ["encode", "1250 (1000)", "2500 (2000)", "2.00"]);
    }

    #[test]
    fn a_stream_s_row_is_in_per_cent_of_a_core() {
        let tables = Figures::read(&[NATIVE, BROWSER]).unwrap().tables().unwrap();
        let row = tables.lines().find(|line| line.contains("PCM")).unwrap();
        assert_eq!(cells(row), ["PCM", "pcm", "0.30 (0.40)", "0.50 (0.50)", "", "", "0.4"]);
    }

    #[test]
    fn a_table_s_lines_are_of_one_length() {
        let tables = Figures::read(&[NATIVE, BROWSER]).unwrap().tables().unwrap();
        for table in tables.split("\n\n") {
            let lengths: Vec<usize> = table.lines().map(|line| line.chars().count()).collect();
            assert!(lengths.len() > 2 && lengths.iter().all(|length| *length == lengths[0]), "{table}");
        }
    }

    #[test]
    fn the_report_tells_when_and_on_what_it_was_measured() {
        let report = Figures::read(&[NATIVE, BROWSER]).unwrap().report("rustc 1.95.0", 3).unwrap();
        assert!(report.contains("\n2026-01-02: A machine, 2 cores; rustc 1.95.0; Chromium 1"), "{report}");
    }

    #[test]
    fn figures_that_are_missing_are_an_error_and_no_empty_table() {
        assert!(Figures::read(&[BROWSER]).unwrap_err().to_string().contains("encode"));
        assert!(Figures::read(&[NATIVE, "a browser that died\n"]).is_err());
        assert!(Figures::read(&["native\tencode\t1\tsoon\n"]).is_err());
    }
}
