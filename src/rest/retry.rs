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
}

/// How long to wait before trying again after attempt number `attempt` (from 0), or `None` if that was the last.
/// `jitter` is uniform in 0..1.
///
/// 408, 429 and 5xx are retried. A request that creates something is retried only when the service has certainly not
/// processed it: 429 and 503.
#[must_use]
pub fn wait(request: &Request, outcome: &Attempt<'_>, attempt: u32, max_retries: u32, jitter: f64) -> Option<Duration> {
    if attempt >= max_retries {
        return None;
    }
    let retry_after = match outcome {
        Attempt::NotDelivered if request.is_repeatable() => None,
        Attempt::NotDelivered => return None,
        Attempt::Answered(response) => {
            let again = match response.status {
                429 | 503 => true,
                408 | 500..=599 => request.is_repeatable(),
                _ => false,
            };
            if !again {
                return None;
            }
            response.retry_after.as_deref().and_then(|text| text.trim().parse().ok()).map(Duration::from_secs)
        }
    };
    let exponential = FIRST.saturating_mul(1 << attempt.min(6));
    // Between half and the whole: later attempts of many clients spread out, and none comes at once.
    let wait = retry_after.unwrap_or_else(|| exponential.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0));
    Some(wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::Method;

    fn decide(method: Method, status: u16, retry_after: Option<&str>, attempt: u32) -> Option<Duration> {
        let request = Request::new(method, "/");
        let retry_after = retry_after.map(str::to_owned);
        let response = Response { status, retry_after, ..Response::default() };
        wait(&request, &Attempt::Answered(&response), attempt, 2, 1.0)
    }

    #[test]
    fn what_may_heal_is_tried_again_with_growing_waits() {
        assert_eq!(decide(Method::Get, 500, None, 0), Some(Duration::from_secs(1)));
        assert_eq!(decide(Method::Get, 500, None, 1), Some(Duration::from_secs(2)));
        assert_eq!(decide(Method::Get, 500, None, 2), None);
        assert_eq!(decide(Method::Get, 404, None, 0), None);
    }

    #[test]
    fn a_creation_is_repeated_only_if_it_was_certainly_not_processed() {
        for (status, again) in [(429, true), (503, true), (500, false), (408, false), (504, false)] {
            assert_eq!(decide(Method::Post, status, None, 0).is_some(), again, "{status}");
        }
        assert_eq!(wait(&Request::new(Method::Post, "/"), &Attempt::NotDelivered, 0, 2, 0.5), None);
        assert!(wait(&Request::new(Method::Get, "/"), &Attempt::NotDelivered, 0, 2, 0.5).is_some());
    }

    #[test]
    fn the_service_may_say_how_long_to_wait_up_to_a_minute() {
        assert_eq!(decide(Method::Get, 429, Some("7"), 0), Some(Duration::from_secs(7)));
        assert_eq!(decide(Method::Get, 429, Some("3600"), 0), Some(Duration::from_secs(60)));
        assert_eq!(decide(Method::Get, 429, Some("soon"), 0), Some(Duration::from_secs(1)));
    }
}
