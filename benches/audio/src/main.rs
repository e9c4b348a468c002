//! Times the stages natively: `ossicle-bench-audio ROUNDS` prints a line a stage, `native`, its name, how much came out of
//! a run, and the milliseconds of a run in every round, with tabs between. A round is all stages in turn, so that a
//! machine that stalls for a moment does not spoil one of them.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use ossicle_bench_audio::{Failure, Run, STAGES};

/// A quick stage is run as often in a row as takes this long: the browser's clock ticks in tenths of a millisecond, and
/// both sides are to do the same.
const LEAST: Duration = Duration::from_millis(20);

fn main() -> ExitCode {
    let rounds = std::env::args().nth(1).and_then(|argument| argument.parse().ok()).unwrap_or(5);
    match measure(rounds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// A stage on the clock.
struct Timed {
    name: &'static str,
    run: Run,
    amount: usize,
    /// Runs in a row.
    repeats: u32,
    times: Vec<String>,
}

impl Timed {
    /// How long so many runs take.
    fn time(&mut self, repeats: u32) -> Result<Duration, Failure> {
        let started = Instant::now();
        for _ in 0..repeats {
            self.amount = (self.run)()?;
        }
        Ok(started.elapsed())
    }
}

fn measure(rounds: usize) -> Result<(), Failure> {
    let mut stages = Vec::new();
    for stage in &STAGES {
        let run = (stage.prepare)()?;
        let mut timed = Timed { name: stage.name, run, amount: 0, repeats: 1, times: Vec::new() };
        // Once untimed: tables are built and buffers grow.
        timed.time(1)?;
        timed.repeats = (LEAST.as_secs_f64() / timed.time(1)?.as_secs_f64()).ceil() as u32;
        stages.push(timed);
    }
    for _ in 0..rounds {
        for stage in &mut stages {
            let time = stage.time(stage.repeats)? / stage.repeats.max(1);
            stage.times.push(format!("{:.5}", time.as_secs_f64() * 1e3));
        }
    }
    for Timed { name, amount, times, .. } in stages {
        println!("native\t{name}\t{amount}\t{}", times.join("\t"));
    }
    Ok(())
}
