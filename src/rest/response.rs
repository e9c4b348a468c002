//! From what came back to a value or an error.

use serde_json::Value;

use crate::error::{Code, Error};

/// What a `fetch` brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The header `WWW-Authenticate`: some 401s explain themselves only there.
    pub authenticate: Option<String>,
    /// The header `Retry-After`, as it came.
    pub retry_after: Option<String>,
    /// The body. Empty with 204.
    pub body: String,
}

/// The body of a success (null if there is none), or what went wrong.
///
/// # Errors
/// The code follows the status; `protocol` if a success has a body that is not JSON.
pub fn read(response: &Response) -> Result<Value, Error> {
    let body: Result<Value, _> = serde_json::from_str(&response.body);
    if (200..300).contains(&response.status) {
        return match body {
            Ok(value) => Ok(value),
            Err(_) if response.body.trim().is_empty() => Ok(Value::Null),
            Err(_) => {
                let length = response.body.len();
                let message =
                    format!("the service answered {} with a body of {length} bytes that is not JSON", response.status);
                Err(Error { status: Some(response.status), ..Error::new(Code::Protocol, message) })
            }
        };
    }
    let code = Code::of_status(response.status);
    let mut error = Error::new(code, explain(response, body.as_ref().ok()));
    error.status = Some(response.status);
    error.retryable = matches!(response.status, 408 | 429 | 500..=599);
    if let Ok(body) = body {
        error.request_id = body["requestid"].as_str().map(str::to_owned);
        error.body = Some(body);
    }
    Err(error)
}

/// A sentence from the error's body, else from the headers, else from the status alone. A body that is not JSON, such
/// as a proxy's error page, is not quoted.
fn explain(response: &Response, body: Option<&Value>) -> String {
    let status = response.status;
    let Some(body) = body.filter(|body| body.is_object()) else {
        return match &response.authenticate {
            Some(reason) if status == 401 => format!("the service refused the token (401): {reason}"),
            _ if status == 401 => "the service refused the token (401)".to_owned(),
            _ if response.body.trim().is_empty() => format!("the service answered {status} without a body"),
            _ => format!("the service, or something before it, answered {status} with a body that is not JSON"),
        };
    };
    let detail = ["detail", "type"].iter().find_map(|key| body[key].as_str()).unwrap_or("no details were given");
    let mut message = format!("the service answered {status}: {detail}");
    for failure in body["validationErrors"].as_array().map_or(&[][..], Vec::as_slice) {
        // The entries' keys are not documented: name what they all have been seen to hold, never the value refused.
        let text = |keys: &[&str]| keys.iter().find_map(|key| failure[*key].as_str()).map(str::to_owned);
        let place = text(&["field", "path", "loc", "name", "key"]);
        let reason = text(&["message", "msg", "detail", "error", "reason"]);
        let parts: Vec<String> = [place, reason].into_iter().flatten().collect();
        if !parts.is_empty() {
            message.push_str("; ");
            message.push_str(&parts.join(": "));
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn response(status: u16, body: &str) -> Response {
        Response { status, body: body.to_owned(), ..Response::default() }
    }

    #[test]
    fn a_success_is_its_body_whatever_keys_it_has() {
        assert_eq!(read(&response(200, r#"{"new":[1.5]}"#)), Ok(json!({ "new": [1.5] })));
        assert_eq!(read(&response(204, "")), Ok(Value::Null));
    }

    #[test]
    fn a_failure_carries_code_status_request_id_and_body() {
        let body = json!({ "requestid": "r-1", "status": 400, "type": "validation", "detail": "invalid body",
            "validationErrors": [{ "field": "encounter.type", "message": "unknown value" }] });
        let error = read(&response(400, &body.to_string())).err();
        let Some(error) = error else { unreachable!("a failure") };
        assert_eq!(
            (error.code, error.status, error.request_id.as_deref()),
            (Code::InvalidRequest, Some(400), Some("r-1"))
        );
        assert_eq!(error.message, "the service answered 400: invalid body; encounter.type: unknown value");
        assert_eq!(error.body, Some(body));
        assert!(!error.retryable);
    }

    #[test]
    fn a_401_without_a_body_is_explained_by_its_header() {
        let authenticate = Some(r#"Bearer error="invalid_token""#.to_owned());
        let error = read(&Response { authenticate, ..response(401, "") }).err();
        let Some(error) = error else { unreachable!("a failure") };
        assert_eq!((error.code, error.retryable), (Code::Unauthorized, false));
        assert!(error.message.ends_with(r#"Bearer error="invalid_token""#));
    }

    #[test]
    fn a_proxy_s_error_page_is_not_quoted() {
        let error = read(&response(502, "<html>Dr. Roe's proxy</html>")).err();
        let Some(error) = error else { unreachable!("a failure") };
        assert_eq!((error.code, error.retryable), (Code::ServerError, true));
        assert!(!error.message.contains("Roe"));
    }

    #[test]
    fn a_success_that_is_not_json_is_a_breach_of_the_protocol() {
        assert_eq!(read(&response(200, "{\"cut\":")).map_err(|error| error.code), Err(Code::Protocol));
    }

    #[test]
    fn every_status_has_a_code() {
        for (status, code) in [
            (400, Code::InvalidRequest),
            (401, Code::Unauthorized),
            (403, Code::Forbidden),
            (404, Code::NotFound),
            (408, Code::Timeout),
            (409, Code::Conflict),
            (422, Code::InvalidRequest),
            (429, Code::RateLimited),
            (500, Code::ServerError),
            (503, Code::ServerError),
            (302, Code::Protocol),
        ] {
            assert_eq!(read(&response(status, "")).map_err(|error| error.code), Err(code), "{status}");
        }
    }
}
