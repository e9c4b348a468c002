//! How many tests ran, read from what the runners print: nobody else knows.

use std::iter::Sum;
use std::ops::Add;

/// Tests that passed and tests that failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Count {
    /// Adds up every summary in `output`: `test result: ok. 3 passed; 0 failed; …` of cargo, `ℹ pass 3` or `# pass 3` of
    /// Node.
    pub(crate) fn in_output(output: &str) -> Self {
        output.lines().map(|line| cargo(line).or_else(|| node(line)).unwrap_or_default()).sum()
    }
}

impl Add for Count {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }
}

impl Sum for Count {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), Self::add)
    }
}

fn cargo(line: &str) -> Option<Count> {
    let summary = line.strip_prefix("test result: ")?;
    let (_, numbers) = summary.split_once(". ")?;
    let number = |what: &str| {
        let mut fields = numbers.split(';').map(str::trim);
        fields.find_map(|field| field.strip_suffix(what)?.trim().parse().ok())
    };
    Some(Count { passed: number(" passed")?, failed: number(" failed")? })
}

fn node(line: &str) -> Option<Count> {
    // A summary stands at the margin; an indented line is something that a test itself printed.
    let line = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ "))?;
    let (what, number) = line.split_once(' ')?;
    let number = number.trim().parse().ok()?;
    match what {
        "pass" => Some(Count { passed: number, failed: 0 }),
        // What was given up on did not pass.
        "fail" | "cancelled" => Some(Count { passed: 0, failed: number }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_summary_of_cargo_counts() {
        let output = "running 2 tests\ntest a ... ok\ntest b ... FAILED\n\n\
            test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\n\
            test result: ok. 40 passed; 0 failed; 3 ignored; 0 measured; 0 filtered out; finished in 2.50s\n";
        assert_eq!(Count::in_output(output), Count { passed: 41, failed: 1 });
    }

    #[test]
    fn the_summary_of_node_counts_in_both_of_its_styles() {
        let spec =
            "✔ a sentence (2.1ms)\nℹ tests 4\nℹ suites 0\nℹ pass 3\nℹ fail 1\nℹ cancelled 0\nℹ skipped 0\nℹ todo 0\n";
        assert_eq!(Count::in_output(spec), Count { passed: 3, failed: 1 });
        let tap = "# tests 5\n# pass 3\n# fail 1\n# cancelled 1\n";
        assert_eq!(Count::in_output(tap), Count { passed: 3, failed: 2 });
    }

    #[test]
    fn what_a_test_prints_does_not_count() {
        let output = "  # pass 100\ntest passes 3 passed ... ok\n# pass word\nℹ pass\ntest result: unknown\n";
        assert_eq!(Count::in_output(output), Count::default());
    }
}
