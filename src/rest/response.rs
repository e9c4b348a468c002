//! From what came back to a value or an error.

use std::fmt;

use serde_json::Value;

use super::{Method, Request, Transfer};
use crate::error::{Code, Error};
use crate::json::Raw;
use crate::redact::Secret;

/// A byte order mark, which a browser takes off a text.
const MARK: usize = 3;

/// What a `fetch` brought.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The header `WWW-Authenticate`: some 401s explain themselves only there.
    pub authenticate: Option<String>,
    /// The header `Retry-After`, as it came.
    pub retry_after: Option<String>,
    /// The header `Content-Type`.
    pub content_type: Option<String>,
    /// The header `Content-Length`: bytes, as they were sent, perhaps compressed.
    pub content_length: Option<usize>,
    /// The body. Empty with 204.
    pub body: String,
}

/// Without the body, which may be clinical, or a token.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Response {
    /// Takes a token out of an error's answer, should a proxy or a service quote the request's headers: what the answer
    /// says gets into errors.
    pub fn redact(&mut self, token: &Secret<String>) {
        // Shorter ones are no tokens, and would take words apart.
        if token.0.len() < 8 || (200..300).contains(&self.status) {
            return;
        }
        for text in [Some(&mut self.body), self.authenticate.as_mut()].into_iter().flatten() {
            if text.contains(&token.0) {
                *text = text.replace(&token.0, "<token>");
            }
        }
    }

    /// Whether fewer bytes came than were announced. More may come, where they were compressed.
    #[must_use]
    pub fn is_cut(&self, bytes: usize) -> bool {
        self.content_length.is_some_and(|length| bytes + MARK < length)
    }

    /// Whether the body is a page for people, as proxies and sign-ins send it.
    fn is_html(&self) -> bool {
        let is_html = |kind: &String| kind.to_ascii_lowercase().contains("html");
        self.content_type.as_ref().is_some_and(is_html) || self.body.trim_start().starts_with('<')
    }
}

/// What went wrong if an answer stops in its middle.
#[must_use]
pub fn cut(status: u16) -> Error {
    let message = format!("the connection broke in the middle of the answer ({status}): it is not whole");
    Error::new(Code::Network, message).with_status(status)
}

/// As [`read`], for a request: what was asked for must be there.
///
/// # Errors
/// Those of [`read`]; `protocol` if the answer to a question is empty.
pub fn read_for(request: &Request, response: &Response) -> Result<Value, Error> {
    let body = read(response)?;
    if body.is_null() && request.method == Method::Get && request.transfer == Transfer::Json {
        let message = format!("the service, or something before it, answered {} with an empty body", response.status);
        return Err(Error::new(Code::Protocol, message).with_status(response.status));
    }
    Ok(body)
}

/// The body of a success (null if there is none), or what went wrong.
///
/// # Errors
/// The code follows the status; `protocol` if a success has a body that is not JSON, `network` if it is not whole.
pub fn read(response: &Response) -> Result<Value, Error> {
    let body: Result<Value, _> = serde_json::from_str(&response.body);
    if (200..300).contains(&response.status) {
        return match body {
            Ok(value) => Ok(value),
            Err(_) if response.is_cut(response.body.len()) => Err(cut(response.status)),
            Err(_) if response.body.trim().is_empty() => Ok(Value::Null),
            Err(error) => {
                let what = match () {
                    () if response.is_html() => "an HTML page, which a proxy or a sign-in may have put in its place",
                    () if error.is_eof() => "JSON that ends in its middle",
                    () => "a body that is not JSON",
                };
                let message = format!("the service answered {} with {what}", response.status);
                Err(Error::new(Code::Protocol, message).with_status(response.status))
            }
        };
    }
    let code = Code::of_status(response.status);
    let mut error = Error::new(code, explain(response, body.as_ref().ok()));
    error.status = Some(response.status);
    error.retryable = matches!(response.status, 408 | 429 | 500..=599);
    if let Ok(body) = body {
        let ids = [&body["requestid"], &body["requestId"], &body["error"]["requestId"]];
        error.request_id = ids.into_iter().find_map(Value::as_str).map(str::to_owned);
        error.body = Raw::read(response.body.clone());
    }
    Err(error)
}

/// A sentence from the error's body, else from the headers, else from the status alone. A body that is not JSON, such
/// as a proxy's error page, is not quoted.
fn explain(response: &Response, body: Option<&Value>) -> String {
    let status = response.status;
    let is_json = body.is_some();
    let Some(body) = body.filter(|body| body.is_object()) else {
        return match &response.authenticate {
            Some(reason) if status == 401 => format!("the service refused the token (401): {reason}"),
            _ if status == 401 => "the service refused the token (401)".to_owned(),
            _ if response.body.trim().is_empty() => format!("the service answered {status} without a body"),
            _ if is_json => format!("the service answered {status} with JSON that says nothing of why"),
            _ if response.is_html() => {
                format!("the service, or more likely a proxy before it, answered {status} with an HTML page")
            }
            _ => format!("the service, or something before it, answered {status} with a body that is not JSON"),
        };
    };
    // Two kinds hold words: the general one, and that of the agentic resources, below `error`.
    let agentic = &body["error"];
    let (detail, failures) = match agentic.is_object() {
        true => (agentic_detail(agentic), &agentic["details"]["validationErrors"]),
        false => {
            let detail = ["detail", "type"].iter().find_map(|key| body[key].as_str());
            (detail.unwrap_or("no details were given").to_owned(), &body["validationErrors"])
        }
    };
    let mut message = format!("the service answered {status}: {detail}");
    for failure in failures.as_array().map_or(&[][..], Vec::as_slice) {
        message.extend(failed(failure).into_iter().flat_map(|part| ["; ".to_owned(), part]));
    }
    message
}

/// The words of an error of the agentic kind: `{code, message, howToFix?}`.
fn agentic_detail(error: &Value) -> String {
    let said: Vec<&str> = ["message", "howToFix"].iter().filter_map(|key| error[key].as_str()).collect();
    let request = error["requestId"].as_str().map(|id| format!("request {id}"));
    let named: Vec<String> = error["code"].as_str().map(str::to_owned).into_iter().chain(request).collect();
    match (said.is_empty(), named.is_empty()) {
        (true, true) => "no details were given".to_owned(),
        (true, false) => named.join(", "),
        (false, true) => said.join(" "),
        (false, false) => format!("{} ({})", said.join(" "), named.join(", ")),
    }
}

/// What one entry of `validationErrors` says. Its keys are known of the agentic kind alone (grade: types); of the other some are
/// tried, and one of a single key is read as the field and the rule that it breaks (grade: guess). The value that was refused is
/// never quoted.
fn failed(failure: &Value) -> Option<String> {
    let fields = failure.as_object()?;
    if let (1, Some((field, rule))) = (fields.len(), fields.iter().next()) {
        let is_rule =
            |text: &&str| text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        return Some(rule.as_str().filter(is_rule).map_or_else(|| field.clone(), |rule| format!("{field}: {rule}")));
    }
    let text = |keys: &[&str]| keys.iter().find_map(|key| fields.get(*key)?.as_str()).map(str::to_owned);
    let place = text(&["field", "path", "loc", "name", "key"]);
    let reason = text(&["reason", "message", "msg", "detail", "error"]);
    let parts: Vec<String> = [place, reason].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(": "))
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
        assert_eq!(error.body.as_ref().map(Raw::as_str), Some(&*body.to_string()));
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
        assert!(!error.message.contains("Roe") && error.message.contains("proxy"));
        assert!(error.body.is_none());
    }

    #[test]
    fn a_success_that_is_not_json_is_a_breach_of_the_protocol_and_says_what_it_is() {
        for (body, told) in [
            ("{\"cut\":", "ends in its middle"),
            ("<!doctype html><p>Dr. Roe", "an HTML page"),
            ("upstream connect error", "not JSON"),
        ] {
            let error = read(&response(200, body)).err();
            let Some(error) = error else { unreachable!("a failure") };
            assert_eq!((error.code, error.status, error.retryable), (Code::Protocol, Some(200), false), "{body}");
            assert!(error.message.contains(told) && !error.message.contains("Roe"), "{}", error.message);
        }
        let typed = Response { content_type: Some("Text/HTML; charset=utf-8".to_owned()), ..response(200, "Sign in") };
        assert!(read(&typed).is_err_and(|error| error.message.contains("an HTML page")));
    }

    #[test]
    fn a_success_that_is_shorter_than_announced_was_cut() {
        for body in ["", "{\"a\":1"] {
            let cut = Response { content_length: Some(100), ..response(200, body) };
            let error = read(&cut).err();
            let Some(error) = error else { unreachable!("a failure") };
            assert_eq!((error.code, error.status, error.retryable), (Code::Network, Some(200), true));
        }
        // Compressed, or with a byte order mark.
        for length in [3, 7, 10] {
            let whole = Response { content_length: Some(length), ..response(200, "{\"a\":1}") };
            assert!(read(&whole).is_ok());
        }
    }

    #[test]
    fn the_answer_to_a_question_is_not_empty() {
        let (get, delete) = (Request::new(Method::Get, "/"), Request::new(Method::Delete, "/"));
        assert_eq!(read_for(&get, &response(200, "")).map_err(|error| error.code), Err(Code::Protocol));
        assert_eq!(read_for(&delete, &response(200, "")), Ok(Value::Null));
        assert_eq!(read_for(&get, &response(200, "[]")), Ok(json!([])));
    }

    #[test]
    fn a_token_that_comes_back_is_taken_out_of_errors() {
        let token = Secret("canary.canary".to_owned());
        let body = json!({ "detail": "refused: Bearer canary.canary", "headers": ["canary.canary"] }).to_string();
        let mut quoting = Response { authenticate: Some("canary.canary".to_owned()), ..response(401, &body) };
        assert!(!format!("{quoting:?}").contains("canary"));
        quoting.redact(&token);
        let error = read(&quoting).err();
        let Some(error) = error else { unreachable!("a failure") };
        let kept = error.body.as_ref().map(Raw::as_str);
        assert!(!format!("{error:?} {kept:?}").contains("canary"));
        quoting.body.clear();
        assert!(read(&quoting).is_err_and(|error| !error.message.contains("canary")));
    }

    #[test]
    fn what_the_agentic_resources_say_is_told_with_its_code_and_its_fields() {
        for (error, told) in [
            (json!({ "code": "NOT_HERE", "message": "It is gone." }), "It is gone. (NOT_HERE)"),
            (json!({ "code": "A", "message": "B.", "howToFix": "C.", "requestId": "r" }), "B. C. (A, request r)"),
            (json!({ "code": "A" }), "A"),
            (json!({ "message": "B." }), "B."),
            (json!({}), "no details were given"),
            (
                json!({ "code": "A", "details": { "validationErrors": [{ "field": "x", "reason": "y" }, 7] } }),
                "A; x: y",
            ),
        ] {
            let error = read(&response(400, &json!({ "error": error }).to_string())).err();
            let Some(error) = error else { unreachable!("a failure") };
            assert_eq!(error.message, format!("the service answered 400: {told}"));
        }
    }

    #[test]
    fn a_field_and_its_rule_are_told_and_a_value_is_not() {
        for (entry, told) in [
            (json!({ "context": "min" }), "; context: min"),
            (json!({ "name": "Ida Quill" }), "; name"),
            (json!({ "patient": "Ida Quill" }), "; patient"),
            (json!({ "a": "min", "b": "max" }), ""),
            (json!("min"), ""),
        ] {
            let body = json!({ "detail": "invalid body", "validationErrors": [entry] }).to_string();
            let message = read(&response(400, &body)).err().map(|error| error.message.clone());
            assert_eq!(message, Some(format!("the service answered 400: invalid body{told}")));
        }
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
