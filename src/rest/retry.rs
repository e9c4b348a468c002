//! Whether and when a request is tried again.

use std::time::Duration;

use super::Request;
use super::response::Response;

/// The first wait; each further one is twice as long.
const FIRST: Duration = Duration::from_secs(1);

/// However long the service asks to wait, no longer than this.
const LONGEST: Duration = Duration::from_secs(60);

/// How an attempt ended, as far as trying again is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt<'a> {
    /// The service answered.
    Answered(&'a Response),
    /// The request did not get through. In a browser it cannot be told whether the service saw it.
    NotDelivered,
    /// It was certainly not sent, since there was no token for it: what the token endpoint answered, if it did.
    NotSent(Option<&'a Response>),
}

/// How long to wait before trying again after attempt number `attempt` (from 0), or `None` if that was the last.
/// `jitter` is uniform in 0..1; `clock` is the time of day, since 1970, for which `Retry-After` may name a date.
///
/// 408, 429 and 5xx are retried. A request that creates something is retried only when the service has certainly not
/// processed it: 429 and 503, or because it was not sent.
#[must_use]
pub fn wait(
    request: &Request, outcome: &Attempt<'_>, attempt: u32, max_retries: u32, jitter: f64, clock: Duration,
) -> Option<Duration> {
    if attempt >= max_retries {
        return None;
    }
    let (is_harmless, response) = match outcome {
        Attempt::Answered(response) => (request.is_repeatable(), Some(*response)),
        Attempt::NotDelivered => (request.is_repeatable(), None),
        Attempt::NotSent(response) => (true, *response),
    };
    let may_heal = match response.map(|response| response.status) {
        Some(429 | 503) => true,
        Some(408 | 500..=599) | None => is_harmless,
        Some(_) => false,
    };
    if !may_heal {
        return None;
    }
    let asked = response.and_then(|response| retry_after(response.retry_after.as_deref()?, clock));
    let exponential = FIRST.saturating_mul(1 << attempt.min(6));
    // Between half and the whole: later attempts of many clients spread out, and none comes at once.
    let wait = asked.unwrap_or_else(|| exponential.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0));
    Some(wait.min(LONGEST))
}

/// How long the header `Retry-After` asks to wait: seconds, or until a date (RFC 9110, section 10.2.3). A date that has
/// passed is now. `None` if it is neither.
fn retry_after(text: &str, clock: Duration) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().map_or(LONGEST, Duration::from_secs));
    }
    date(text).map(|date| date.saturating_sub(clock))
}

/// An HTTP date in any of its three forms (RFC 9110, section 5.6.7), as the time since 1970.
fn date(text: &str) -> Option<Duration> {
    let parts: Vec<&str> = text.split([' ', ',', '-', ':']).filter(|part| !part.is_empty()).collect();
    // `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, and C's `Sun Nov  6 08:49:37 1994`.
    let (day, month, year, time) = match parts[..] {
        [_, day, month, year, hour, minute, second, "GMT"] => (day, month, year, [hour, minute, second]),
        [_, month, day, hour, minute, second, year] => (day, month, year, [hour, minute, second]),
        _ => return None,
    };
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|name| *name == month)? as u64 + 1;
    let year = year.parse::<u64>().ok().map(|number| if year.len() == 2 { number + 2_000 } else { number })?;
    let [hour, minute, second] = time.map(|part| part.parse::<u64>().ok().filter(|number| *number <= 60));
    let day = day.parse::<u64>().ok().filter(|day| (1..=31).contains(day))?;
    if !(1970..=9999).contains(&year) {
        return None;
    }
    // Years from March on, so that a leap day is the last of its year: then months add up to a line of slope 30.6.
    let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = years * 365 + years / 4 - years / 100 + years / 400 + (months * 153 + 2) / 5 + day - 1;
    /// The days that this gives for the first of January 1970.
    const EPOCH: u64 = 719_468;
    Some(Duration::from_secs((days - EPOCH) * 86_400 + hour? * 3_600 + minute? * 60 + second?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::Method;

    /// Wed, 21 Oct 2026 07:28:00 GMT
    const CLOCK: Duration = Duration::from_secs(1_792_567_680);

    fn answered(status: u16, retry_after: Option<&str>) -> Response {
        Response { status, retry_after: retry_after.map(str::to_owned), ..Response::default() }
    }

    fn decide(method: Method, status: u16, retry_after: Option<&str>, attempt: u32) -> Option<Duration> {
        let response = answered(status, retry_after);
        wait(&Request::new(method, "/"), &Attempt::Answered(&response), attempt, 2, 1.0, CLOCK)
    }

    #[test]
    fn what_may_heal_is_tried_again_with_growing_waits() {
        for status in [408, 429, 500, 502, 503, 504, 599] {
            assert_eq!(decide(Method::Get, status, None, 0), Some(Duration::from_secs(1)), "{status}");
            assert_eq!(decide(Method::Get, status, None, 1), Some(Duration::from_secs(2)), "{status}");
            assert_eq!(decide(Method::Get, status, None, 2), None, "{status}");
        }
        for status in [200, 302, 400, 401, 403, 404, 409, 422] {
            assert_eq!(decide(Method::Get, status, None, 0), None, "{status}");
        }
    }

    #[test]
    fn waits_are_spread_over_their_second_half() {
        let get = Request::new(Method::Get, "/");
        let wait = |jitter| wait(&get, &Attempt::NotDelivered, 0, 2, jitter, CLOCK);
        assert_eq!((wait(0.0), wait(0.5)), (Some(Duration::from_millis(500)), Some(Duration::from_millis(750))));
    }

    #[test]
    fn a_creation_is_repeated_only_if_it_was_certainly_not_processed() {
        for (status, again) in [(429, true), (503, true), (500, false), (408, false), (502, false), (504, false)] {
            assert_eq!(decide(Method::Post, status, None, 0).is_some(), again, "{status}");
        }
        let (post, get) = (Request::new(Method::Post, "/"), Request::new(Method::Get, "/"));
        assert_eq!(wait(&post, &Attempt::NotDelivered, 0, 2, 0.5, CLOCK), None);
        assert!(wait(&get, &Attempt::NotDelivered, 0, 2, 0.5, CLOCK).is_some());
    }

    #[test]
    fn what_had_no_token_was_not_sent_and_may_be_tried_again_whatever_it_is() {
        let post = Request::new(Method::Post, "/");
        let wait = |outcome: Option<&Response>| wait(&post, &Attempt::NotSent(outcome), 0, 2, 1.0, CLOCK);
        assert_eq!(wait(None), Some(Duration::from_secs(1)));
        assert_eq!(wait(Some(&answered(502, Some("9")))), Some(Duration::from_secs(9)));
        assert_eq!(wait(Some(&answered(400, None))), None);
    }

    #[test]
    fn the_service_may_say_how_long_to_wait_up_to_a_minute() {
        for (text, seconds) in [
            ("7", 7),
            (" 0 ", 0),
            ("3600", 60),
            ("99999999999999999999999", 60),
            ("Wed, 21 Oct 2026 07:28:30 GMT", 30),
            ("Wednesday, 21-Oct-26 07:28:31 GMT", 31),
            ("Wed Oct 21 07:28:32 2026", 32),
            ("Wed, 21 Oct 2026 08:28:00 GMT", 60),
            ("Wed, 21 Oct 2026 07:27:59 GMT", 0),
            ("Tue, 01 Jan 1980 00:00:00 GMT", 0),
            // Neither: the usual wait.
            ("soon", 1),
            ("-5", 1),
            ("1.5", 1),
            ("", 1),
            ("Wed, 99 Oct 2026 07:28:30 GMT", 1),
            ("Wed, 21 Oct 2026 25:99:30 GMT", 1),
            ("Wed, 21 Foo 2026 07:28:30 GMT", 1),
            ("Wed, 21 Oct 99999999999999999999 07:28:30 GMT", 1),
            ("Wed, 21 Oct 0001 07:28:30 GMT", 1),
        ] {
            assert_eq!(decide(Method::Get, 429, Some(text), 0), Some(Duration::from_secs(seconds)), "{text:?}");
        }
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Tue, 29 Feb 2000 23:59:59 GMT", 951_868_799),
            ("Fri, 01 Mar 2024 00:00:00 GMT", 1_709_251_200),
            ("Thu, 31 Dec 2099 00:00:00 GMT", 4_102_358_400),
        ] {
            assert_eq!(date(text), Some(Duration::from_secs(seconds)), "{text}");
        }
    }
}
