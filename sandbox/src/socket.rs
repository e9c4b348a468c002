//! The stream socket's IO: the upgrade, and the loop that carries messages and time to [`Stream`] and its outputs back.

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
    report::Key,
    state::App,
    stream::{Input, Output, Stream},
};

/// A client that does not take a message within this time is given up.
const SEND_LIMIT: Duration = Duration::from_secs(10);
/// Bytes of a message that are read at all; what is over the protocol's 64,000 is answered with an error first.
const READ_LIMIT: usize = 1 << 20;
/// A socket without any message for this long is closed: nobody is there.
const IDLE_LIMIT: Duration = Duration::from_secs(3600);
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
    let misbehaviour = match app.faults.lock().take(id) {
        Ok(misbehaviour) => misbehaviour,
        Err(StatusCode::UNAUTHORIZED) => return unauthorized("A fault that was asked for"),
        Err(status) => return ApiError::new(status, "A fault that was asked for.").into_response(),
    };
    let stream = Stream::new(app.script.clone(), misbehaviour, app.options.max_pace);
    upgrade.max_message_size(READ_LIMIT).max_frame_size(READ_LIMIT).on_upgrade(move |socket| async move {
        let report = app.reports.lock().open(id);
        let mut connection = Connection { app, interaction: id, tenant: grant.tenant, report, socket, stream };
        let code = connection.run().await;
        connection.app.reports.lock().closed(report, code);
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
}

impl Connection {
    /// Serves the socket to its end; gives the code it closed with.
    async fn run(&mut self) -> u16 {
        let opened = Instant::now();
        let mut stopping = self.app.stopping.clone();
        loop {
            let idle = Instant::now() + IDLE_LIMIT;
            let due = self.stream.next_timeout().map_or(idle, |at| (opened + at).min(idle));
            let done = tokio::select! {
                message = self.socket.recv() => match message {
                    Some(Ok(Message::Text(text))) => {
                        self.app.reports.lock().text(self.report, &text);
                        self.step(opened.elapsed(), Input::Text(&text)).await
                    }
                    Some(Ok(Message::Binary(bytes))) => {
                        self.app.reports.lock().audio(self.report, &bytes);
                        self.step(opened.elapsed(), Input::Audio(&bytes)).await
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
                    // 1005: a close frame without a code.
                    Some(Ok(Message::Close(frame))) => Some(frame.map_or(1005, |frame| frame.code)),
                    Some(Err(_)) | None => Some(CLOSE_ABNORMAL),
                },
                () = sleep_until(due) => {
                    if due == idle { Some(self.close(CLOSE_GOING_AWAY).await) }
                    else { self.step(opened.elapsed(), Input::Tick).await }
                }
                () = stopped(&mut stopping) => Some(self.close(CLOSE_GOING_AWAY).await),
            };
            if let Some(code) = done {
                return code;
            }
        }
    }

    /// One input, and all that follows from it. `Some`: the socket is over, with this code.
    async fn step(&mut self, now: Duration, input: Input<'_>) -> Option<u16> {
        // The interaction may have been deleted meanwhile: then there is nothing that the stream could belong to.
        let alive = self.app.store.lock().interaction(&self.tenant, self.interaction).map(|interaction| {
            self.stream.handle(now, input, &mut interaction.progress);
        });
        if alive.is_err() {
            return Some(self.close(CLOSE_GOING_AWAY).await);
        }
        if let Some(meter) = self.stream.meter() {
            self.app.reports.lock().heard(self.report, meter);
        }
        while let Some(output) = self.stream.poll_output() {
            let message = match output {
                Output::Send(message) => message,
                Output::Extract => {
                    let facts = self
                        .app
                        .store
                        .lock()
                        .interaction(&self.tenant, self.interaction)
                        .map(|interaction| interaction.extract_facts())
                        .unwrap_or_default();
                    if facts.is_empty() {
                        continue;
                    }
                    json!({ "type": "facts", "fact": facts })
                }
                Output::Close(code) => return Some(self.close(code).await),
                Output::Drop => return Some(CLOSE_ABNORMAL),
            };
            let sent = self.socket.send(Message::Text(message.to_string().into()));
            if !matches!(timeout(SEND_LIMIT, sent).await, Ok(Ok(()))) {
                return Some(CLOSE_ABNORMAL);
            }
        }
        None
    }

    /// Sends the close frame and waits for the client's, so that what was sent before it arrives.
    async fn close(&mut self, code: u16) -> u16 {
        let frame = CloseFrame { code, reason: "".into() };
        let goodbye = async {
            if self.socket.send(Message::Close(Some(frame))).await.is_ok() {
                while let Some(Ok(_)) = self.socket.recv().await {}
            }
        };
        // Past the limit the connection is dropped, which is all that is left to do.
        let _ = timeout(Duration::from_secs(2), goodbye).await;
        code
    }
}
