//! What stands before the service's HTTP side, like a proxy: writes down each request, and has it go wrong if that was
//! asked for.

use std::time::Duration;

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use tokio::time::sleep;

use crate::{
    auth::bearer,
    behaviour::ErrorBody,
    error::{ApiError, unauthorized},
    faults::{RequestPlan, Seconds, Spoiled},
    rest::{MAX_RECORDING, is_upload, receive},
    state::App,
};

/// Around every request; what is not the service's (pages, `/sandbox`, sockets) passes unseen.
pub(crate) async fn pass(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_service = path.starts_with("/v2/") || path == "/token" || path.contains("/protocol/openid-connect/");
    if !is_service {
        return next.run(request).await;
    }
    let plan = app.faults.lock().take_request(request.method(), path);
    let token = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(bearer).and_then(|token| app.tokens.lock().id(token));
    let faults = plan.as_ref().map(RequestPlan::names).unwrap_or_default();
    let key = app.requests.lock().add(&request, token, faults);
    let (cuts, is_upload) = (plan.as_ref().is_some_and(|plan| plan.drop && !plan.processed), is_upload(&request));
    let request = match is_upload && !cuts {
        false => request,
        true => match receive(request).await {
            Ok(request) => request,
            Err(error) => return error.into_response(),
        },
    };
    let is_answered = plan.as_ref().is_none_or(|plan| !plan.drop);
    let response = match plan {
        None => next.run(request).await,
        Some(plan) => go_wrong(plan, request, next).await,
    };
    let response = worded(response, app.switches.lock().of(None).error_body);
    if is_answered {
        app.requests.lock().answered(key, response.status());
    }
    response
}

/// An error's body in the form that was asked for; what else is in the answer stays.
fn worded(mut response: Response, form: ErrorBody) -> Response {
    let Some(error) = response.extensions().get::<ApiError>().cloned() else { return response };
    let (kind, body) = match form {
        ErrorBody::General => return response,
        ErrorBody::Agentic => ("application/json", error.agentic().to_string()),
        ErrorBody::None => ("", String::new()),
        ErrorBody::Html => ("text/html", "<html><body>Bad gateway</body></html>".to_owned()),
    };
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().remove(header::CONTENT_TYPE);
    if !kind.is_empty() {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    *response.body_mut() = Body::from(body);
    response
}

/// Marks an answer that pages of other origins are not to read.
#[derive(Clone)]
struct WithoutCors;

/// Outside of what gives pages leave: takes it back where that was asked for.
pub(crate) async fn close(mut response: Response) -> Response {
    if response.extensions().get::<WithoutCors>().is_some() {
        response.headers_mut().remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    }
    response
}

async fn go_wrong(plan: RequestPlan, request: Request, next: Next) -> Response {
    let Seconds(delay) = plan.delay;
    sleep(delay).await;
    let mut response = match plan.status {
        None if plan.drop && !plan.processed => return cut(Bytes::new()),
        None => next.run(request).await,
        Some(status) => {
            if plan.processed {
                next.run(request).await;
            }
            refusal(status)
        }
    };
    if plan.drop {
        return cut(Bytes::new());
    }
    if let Some(retry_after) = plan.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, retry_after);
    }
    if plan.without_cors {
        response.extensions_mut().insert(WithoutCors);
    }
    match plan.body {
        None => response,
        Some(how) => spoil(response, how).await,
    }
}

fn refusal(status: StatusCode) -> Response {
    match status {
        StatusCode::UNAUTHORIZED => unauthorized("A fault that was asked for"),
        status => ApiError::new(status, "A fault that was asked for.").into_response(),
    }
}

/// What was written is on its way after this long; a connection that breaks before takes it along.
const WRITTEN: Duration = Duration::from_millis(50);

/// An answer with these bytes, after which the connection breaks; without any, none of it is sent.
fn cut(bytes: Bytes) -> Response {
    let is_written = !bytes.is_empty();
    let broken = stream::once(async move {
        if is_written {
            sleep(WRITTEN).await;
        }
        Err(std::io::Error::other("a fault that was asked for"))
    });
    let sent = is_written.then_some(Ok(bytes));
    Response::new(Body::from_stream(stream::iter(sent).chain(broken)))
}

async fn spoil(response: Response, how: Spoiled) -> Response {
    let (mut head, body) = response.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    let mut say = |kind: Option<&'static str>, body: &'static str| {
        head.headers.remove(header::CONTENT_TYPE);
        head.headers.extend(kind.map(|kind| (header::CONTENT_TYPE, HeaderValue::from_static(kind))));
        Body::from(body)
    };
    let body = match how {
        Spoiled::Html => say(
            Some("text/html"),
            "<!doctype html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>",
        ),
        Spoiled::Empty => say(None, ""),
        Spoiled::NotJson => say(Some("application/json"), "upstream connect error or disconnect/reset before headers"),
        Spoiled::Truncated => {
            let whole = to_bytes(body, MAX_RECORDING).await.unwrap_or_default();
            // The whole length is promised, so that nobody can take the half for all of it.
            head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len().max(1)));
            cut(whole.slice(..whole.len() / 2)).into_body()
        }
    };
    Response::from_parts(head, body)
}
