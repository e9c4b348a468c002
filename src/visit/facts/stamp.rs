//! The service's timestamps, made comparable: ISO 8601 texts differ in their fractions and offsets.

/// A moment: seconds since 1970 in UTC, and nanoseconds.
pub(super) type Stamp = (i64, u32);

/// Reads `2026-01-31T08:30:00[.fraction][Z|±hh[:]mm]`; without an offset it is taken for UTC. Digits of the fraction
/// beyond the ninth are ignored. `None` if it is no such text.
pub(super) fn parse(text: &str) -> Option<Stamp> {
    let (date, time) = text.split_at_checked(10)?;
    let [year, month, day] = numbers(date, '-')?;
    let time = time.strip_prefix(['T', 't', ' '])?;
    let (clock, rest) = time.split_at_checked(8)?;
    let [hour, minute, second] = numbers(clock, ':')?;
    let fraction = rest.strip_prefix('.').unwrap_or_default();
    let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
    let offset = if rest.starts_with('.') { &fraction[length..] } else { rest };
    let nanos = fraction[..length].bytes().chain(std::iter::repeat(b'0')).take(9);
    let nanos = nanos.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some((seconds - east(offset)?, nanos))
}

/// Three numbers of decimal digits.
fn numbers(text: &str, between: char) -> Option<[i64; 3]> {
    let mut numbers = text.split(between).map(|digits| digits.parse::<u32>().ok().map(i64::from));
    let three = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(three)
}

/// Seconds by which an offset is east of UTC.
fn east(offset: &str) -> Option<i64> {
    if offset.is_empty() {
        return Some(0);
    }
    let (sign, digits) = match offset.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        ("Z" | "z", "") => return Some(0),
        _ => return None,
    };
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<u32>().ok().map(i64::from);
    let minutes = number(digits.len().checked_sub(2)?.max(2)..digits.len()).unwrap_or_default();
    Some(sign * (number(0..2)? * 3_600 + minutes * 60))
}

/// Days since 1970-01-01 in the Gregorian calendar: years are counted from March, so that the leap day is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (month * 153 + 2) / 5 + day
        - 719_469
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_with_any_fraction_and_offset() {
        for (text, stamp) in [
            ("1970-01-01T00:00:00Z", (0, 0)),
            ("2000-02-29T12:00:00Z", (951_825_600, 0)),
            ("2026-01-31T08:30:00.5Z", (1_769_848_200, 500_000_000)),
            ("2026-01-31T08:30:00.1234567890Z", (1_769_848_200, 123_456_789)),
            ("2026-01-31T10:30:00+02:00", (1_769_848_200, 0)),
            ("2026-01-31T03:00:00.000-0530", (1_769_848_200, 0)),
            ("2026-01-31T10:30:00+02", (1_769_848_200, 0)),
            ("2026-01-31T08:30:00", (1_769_848_200, 0)),
        ] {
            assert_eq!(parse(text), Some(stamp), "{text}");
        }
    }

    #[test]
    fn an_earlier_time_is_less_however_it_is_written() {
        let times =
            ["2025-12-31T23:59:59.999Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z", "2026-01-01T01:00:01+01:00"];
        assert!(times.windows(2).all(|pair| parse(pair[0]) < parse(pair[1])));
    }

    #[test]
    fn anything_else_is_no_time() {
        for text in [
            "",
            "yesterday",
            "2026-01-31",
            "2026-01-31T08:30:00é",
            "2026-01-3éT08:30:00Z",
            "2026-01-31T08:30:00+",
            "2026-01-31T08:30:00+é0",
            "20260131T083000Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
