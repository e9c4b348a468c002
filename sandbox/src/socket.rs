//! The stream socket's IO: the upgrade, and the loop that carries messages and time to [`Stream`] and its outputs
//! back, by the [`Line`] on which faults happen.

use std::time::Duration;

use axum::{
    extract::{
        Path, RawQuery, State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout},
};
use uuid::Uuid;

use crate::{
    auth::bearer,
    error::{ApiError, Params, unauthorized, uuid},
    faults::Upgrade,
    line::{Act, Line},
    report::{By, Key},
    state::App,
    stream::{Input, Output, Stream},
};

/// A client that does not take a message within this time is given up.
const SEND_LIMIT: Duration = Duration::from_secs(10);
/// Bytes of a message that are read at all; what is over the protocol's 64,000 is answered with an error first.
const READ_LIMIT: usize = 1 << 20;
/// A socket without any message for this long is closed: nobody is there.
const IDLE_LIMIT: Duration = Duration::from_secs(3600);
/// A stalled socket is dropped after this time. Since nothing is read, a client that has gone is not noticed before.
const STALL_LIMIT: Duration = Duration::from_secs(600);
/// The peer is gone, or the server is (RFC 6455, section 7.4.1).
const CLOSE_ABNORMAL: u16 = 1006;
const CLOSE_GOING_AWAY: u16 = 1001;

/// `GET /audio-bridge/v2/interactions/{id}/streams?tenant-name={tenant}&token=Bearer%20{jwt}`
pub(crate) async fn upgrade(
    State(app): State<App>, Path(id): Path<String>, RawQuery(query): RawQuery,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let query = Params::parse(query.as_deref());
    let Some(token) = query.one("token").and_then(bearer) else {
        return unauthorized("The query holds no token, as in token=Bearer%20...");
    };
    let grant = match app.tokens.lock().access(token) {
        Ok(grant) => grant,
        Err(reason) => return unauthorized(reason),
    };
    if query.one("tenant-name") != Some(&grant.tenant) {
        return unauthorized("The token is for another tenant than tenant-name");
    }
    if !grant.may_stream() {
        return ApiError::new(StatusCode::FORBIDDEN, "The token's scope does not reach streams.").into_response();
    }
    let id = match uuid(&id, "id").and_then(|id| app.store.lock().interaction(&grant.tenant, id).map(|found| found.id))
    {
        Ok(id) => id,
        Err(error) => return error.into_response(),
    };
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return ApiError::new(rejection.status(), rejection.body_text()).into_response(),
    };
    let plan = app.faults.lock().take(id, std::time::Instant::now());
    match plan.upgrade {
        None => {}
        Some(Upgrade::Refused(status)) => {
            app.reports.lock().refused(id, Some(status.as_u16()));
            return match status {
                StatusCode::UNAUTHORIZED => unauthorized("A fault that was asked for"),
                status => ApiError::new(status, "A fault that was asked for.").into_response(),
            };
        }
        Some(Upgrade::Silent) => {
            app.reports.lock().refused(id, None);
            // The client gives up, or the server stops.
            let _ = timeout(IDLE_LIMIT, stopped(&mut app.stopping.clone())).await;
            return ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "The server stops.").into_response();
        }
    }
    let behaviour = app.switches.lock().of(Some(id));
    let left = grant.expires_at().duration_since(jiff::Timestamp::now());
    let line = Line::new(plan, behaviour.error_fields);
    let is_echoed = behaviour.rest_facts_echoed;
    let stream = Stream::new(id, behaviour, Duration::try_from(left).unwrap_or_default());
    upgrade.max_message_size(READ_LIMIT).max_frame_size(READ_LIMIT).on_upgrade(move |socket| async move {
        let report = app.reports.lock().open(id, grant.expires_at());
        let tenant = grant.tenant;
        let mut connection = Connection { app, interaction: id, tenant, report, socket, stream, line, is_echoed };
        let (code, by) = connection.run().await;
        connection.app.reports.lock().closed(report, code, by);
    })
}

/// Comes back when the server stops, or has been dropped.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

struct Connection {
    app: App,
    interaction: Uuid,
    tenant: String,
    report: Key,
    socket: WebSocket,
    stream: Stream,
    line: Line,
    /// Whether facts that come over REST are sent.
    is_echoed: bool,
}

/// How a socket ended: the code it closed with, and who did it.
type End = (u16, By);

impl Connection {
    /// Serves the socket to its end.
    async fn run(&mut self) -> End {
        let opened = Instant::now();
        let mut stopping = self.app.stopping.clone();
        loop {
            let idle = Instant::now() + IDLE_LIMIT;
            let next = [self.stream.next_timeout(), self.line.next_timeout()].into_iter().flatten().min();
            let due = next.map_or(idle, |at| (opened + at).min(idle));
            let done = tokio::select! {
                message = self.socket.recv() => match message {
                    Some(Ok(Message::Text(text))) => {
                        self.app.reports.lock().text(self.report, &text);
                        self.step(opened, Input::Text(&text)).await
                    }
                    Some(Ok(Message::Binary(bytes))) => {
                        self.app.reports.lock().audio(self.report, &bytes);
                        self.step(opened, Input::Audio(&bytes)).await
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
                    // 1005: a close frame without a code.
                    Some(Ok(Message::Close(frame))) => Some((frame.map_or(1005, |frame| frame.code), By::Client)),
                    Some(Err(_)) | None => Some((CLOSE_ABNORMAL, By::Client)),
                },
                () = sleep_until(due) => {
                    if due == idle { Some(self.close(CLOSE_GOING_AWAY, By::Server).await) }
                    else { self.step(opened, Input::Tick).await }
                }
                () = stopped(&mut stopping) => Some(self.close(CLOSE_GOING_AWAY, By::Server).await),
            };
            if let Some(end) = done {
                return end;
            }
        }
    }

    /// One input, and all that follows from it. `Some`: the socket is over.
    async fn step(&mut self, opened: Instant, input: Input<'_>) -> Option<End> {
        let now = opened.elapsed();
        let passes = self.line.receive(now, &input);
        let mut is_alive = !passes || self.hear(now, input);
        if is_alive && self.line.wants_end() {
            is_alive = self.hear(now, Input::Text(r#"{"type":"end"}"#));
        }
        if !is_alive {
            return Some(self.close(CLOSE_GOING_AWAY, By::Server).await);
        }
        let happened = self.line.take_happened();
        if !happened.is_empty() {
            self.app.reports.lock().went_wrong(self.report, happened);
        }
        while let Some(act) = self.line.poll(now) {
            match act {
                Act::Send(message) => {
                    if !matches!(timeout(SEND_LIMIT, self.socket.send(message)).await, Ok(Ok(()))) {
                        return Some((CLOSE_ABNORMAL, By::Client));
                    }
                }
                Act::Close { code, is_fault } => {
                    return Some(self.close(code, if is_fault { By::Fault } else { By::Server }).await);
                }
                Act::Drop => return Some((CLOSE_ABNORMAL, By::Fault)),
                Act::Stall => {
                    let _ = timeout(STALL_LIMIT, stopped(&mut self.app.stopping.clone())).await;
                    return Some((CLOSE_ABNORMAL, By::Fault));
                }
            }
        }
        None
    }

    /// Gives an input to the stream, and what it says to the line. `false`: the interaction has been deleted, and there
    /// is nothing any more that the stream could belong to.
    fn hear(&mut self, now: Duration, input: Input<'_>) -> bool {
        let mut store = self.app.store.lock();
        let Ok(interaction) = store.interaction(&self.tenant, self.interaction) else { return false };
        self.stream.handle(now, input, &mut interaction.progress);
        while let Some(output) = self.stream.poll_output() {
            let Output::Extract { is_last } = output else {
                self.line.output(now, output);
                continue;
            };
            let mut facts = if self.is_echoed { interaction.take_changed() } else { Vec::new() };
            facts.extend(interaction.extract_facts(!self.stream.retains()));
            while !facts.is_empty() {
                self.line.output(now, Output::Send(json!({ "type": "facts", "fact": facts })));
                // At the end the second round is the last: what is to change has changed by then.
                facts = if is_last { interaction.extract_facts(!self.stream.retains()) } else { Vec::new() };
            }
        }
        drop(store);
        if let Some(meter) = self.stream.meter() {
            self.app.reports.lock().heard(self.report, meter);
            self.line.audio(now, meter.seconds());
        }
        true
    }

    /// Sends the close frame and waits for the client's, so that what was sent before it arrives.
    async fn close(&mut self, code: u16, by: By) -> End {
        let frame = CloseFrame { code, reason: "".into() };
        let goodbye = async {
            if self.socket.send(Message::Close(Some(frame))).await.is_ok() {
                while let Some(Ok(_)) = self.socket.recv().await {}
            }
        };
        // Past the limit the connection is dropped, which is all that is left to do.
        let _ = timeout(Duration::from_secs(2), goodbye).await;
        (code, by)
    }
}
