//! A server on a free port, and blocking clients for it.

use std::{
    collections::BTreeSet,
    io::{ErrorKind::WouldBlock, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use opus_pure::{Application, OggOpusWriter, OpusEncoder, OpusHead};
use ossicle_sandbox::{Behaviour, Options, Server, serve};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tungstenite::{Message, WebSocket, client::IntoClientRequest};

/// What only something that hangs takes: for so long anything is waited for, and no test says that something was quicker.
pub(crate) const HANG: Duration = Duration::from_secs(30);
/// What a recording is uploaded as.
pub(crate) const UPLOAD: &str = "application/octet-stream";
/// An id that nothing has.
pub(crate) const NOBODY: &str = "11111111-1111-4111-8111-111111111111";

pub(crate) struct Sandbox {
    runtime: Runtime,
    server: Option<Server>,
    pub(crate) url: String,
    pub(crate) token: String,
}

/// An answer: status, headers, body as JSON (null where there is none).
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) body: Value,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The fields that `validationErrors` names.
    pub(crate) fn fields(&self) -> Vec<&str> {
        let errors = self.body["validationErrors"].as_array().expect("validation errors");
        errors.iter().flat_map(|error| error.as_object().unwrap().keys().map(String::as_str)).collect()
    }
}

impl Sandbox {
    /// One whose delays are a fiftieth of the service's, and that says nothing that nobody knows.
    pub(crate) fn start() -> Self {
        Self::switched(&[])
    }

    /// The same with more switches.
    pub(crate) fn switched(switches: &[(&str, &str)]) -> Self {
        let mut behaviour = Behaviour::default();
        for (key, value) in [("pace", "0.02"), ("unknown", "false")].iter().chain(switches) {
            behaviour.set(key, value).unwrap();
        }
        Self::with(Options { behaviour, ..Options::default() })
    }

    pub(crate) fn with(options: Options) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            serve(listener, options).unwrap()
        });
        let mut sandbox = Self { runtime, url: server.url(), server: Some(server), token: String::new() };
        let answer = sandbox.send("POST", "/token", &[], None);
        sandbox.token = answer.body["accessToken"].as_str().unwrap_or_default().to_owned();
        sandbox
    }

    pub(crate) fn stop(&mut self) {
        self.runtime.block_on(self.server.take().unwrap().stop()).unwrap();
    }

    /// A request as it is, without credentials of its own.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answer {
        self.try_send(HANG, method, path, headers, body.unwrap_or_default().as_bytes()).unwrap()
    }

    /// The same, where there may be no whole answer within so long. A redirection is an answer.
    pub(crate) fn try_send(
        &self, limit: Duration, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8],
    ) -> Result<Answer, ureq::Error> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(limit))
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .build()
            .into();
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = agent.run(request.body(body.to_vec()).unwrap())?;
        let bytes = answer.body_mut().with_config().limit(1 << 30).read_to_vec()?;
        Ok(Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            bytes,
        })
    }

    /// A REST call under `/v2` with the sandbox's token.
    pub(crate) fn rest(&self, method: &str, path: &str, body: Value) -> Answer {
        self.rest_as(&self.token, method, path, body)
    }

    pub(crate) fn rest_as(&self, token: &str, method: &str, path: &str, body: Value) -> Answer {
        self.rest_with(token, method, path, &[("tenant-name", "base"), ("content-type", "application/json")], body)
    }

    /// The same with headers of one's own, the tenant among them.
    pub(crate) fn rest_with(
        &self, token: &str, method: &str, path: &str, headers: &[(&str, &str)], body: Value,
    ) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [&[("authorization", bearer.as_str())], headers].concat();
        let text = (!body.is_null()).then(|| body.to_string());
        self.send(method, &format!("/v2{path}"), &headers, text.as_deref())
    }

    /// Uploads a recording, and gives its id.
    pub(crate) fn upload(&self, interaction: &str, bytes: &[u8]) -> String {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str()), ("tenant-name", "base"), ("content-type", UPLOAD)];
        let path = format!("/v2/interactions/{interaction}/recordings/");
        let answer = self.try_send(HANG, "POST", &path, &headers, bytes).unwrap();
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body["recordingId"].as_str().unwrap().to_owned()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.rest("GET", path, Value::Null)
    }

    /// Makes an interaction, and gives its id.
    pub(crate) fn interaction(&self) -> String {
        let answer = self.rest("POST", "/interactions/", encounter());
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["interactionId"].as_str().unwrap().to_owned()
    }

    /// A token by `/sandbox/token` and its query.
    pub(crate) fn token(&self, query: &str) -> String {
        let answer = self.send("POST", &format!("/sandbox/token?{query}"), &[], None);
        answer.body["accessToken"].as_str().unwrap().to_owned()
    }

    pub(crate) fn fault(&self, fault: &Value) {
        let answer = self.send("POST", "/sandbox/faults", &[], Some(&fault.to_string()));
        assert_eq!(answer.status, 204, "{}", answer.body);
    }

    /// What the interaction's sockets received.
    pub(crate) fn sockets(&self, interaction: &str) -> Value {
        self.send("GET", &format!("/sandbox/streams/{interaction}"), &[], None).body["sockets"].take()
    }

    pub(crate) fn connect(&self, interaction: &str) -> Socket {
        self.connect_as(&self.token, "base", interaction).unwrap_or_else(|status| panic!("upgrade failed: {status}"))
    }

    /// Opens a stream's socket, or gives the status that refused it.
    pub(crate) fn connect_as(&self, token: &str, tenant: &str, interaction: &str) -> Result<Socket, u16> {
        self.connect_within(HANG, token, tenant, interaction).expect("an answer to the upgrade")
    }

    /// A connection on which a stream's socket was asked for, and nothing was read.
    pub(crate) fn ask_for_upgrade(&self, interaction: &str) -> TcpStream {
        let (address, path) = self.stream_address(&self.token, "base", interaction);
        let mut tcp = TcpStream::connect(address).unwrap();
        tcp.set_read_timeout(Some(HANG)).unwrap();
        let upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13";
        let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
        write!(tcp, "GET {path} HTTP/1.1\r\nhost: {address}\r\n{upgrade}\r\n{key}\r\n\r\n").unwrap();
        tcp
    }

    fn stream_address(&self, token: &str, tenant: &str, interaction: &str) -> (&str, String) {
        let path =
            format!("/audio-bridge/v2/interactions/{interaction}/streams?tenant-name={tenant}&token=Bearer%20{token}");
        (self.url.trim_start_matches("http://"), path)
    }

    /// `None`: the request to open the socket was not answered within so long.
    pub(crate) fn connect_within(
        &self, limit: Duration, token: &str, tenant: &str, interaction: &str,
    ) -> Option<Result<Socket, u16>> {
        let (address, path) = self.stream_address(token, tenant, interaction);
        let url = format!("ws://{address}{path}");
        let tcp = TcpStream::connect(address).unwrap();
        tcp.set_read_timeout(Some(limit)).unwrap();
        match tungstenite::client(url.into_client_request().unwrap(), tcp) {
            Ok((socket, _)) => Some(Ok(Socket(socket))),
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(response))) => {
                Some(Err(response.status().as_u16()))
            }
            Err(tungstenite::HandshakeError::Interrupted(_)) => None,
            Err(other) => panic!("{other}"),
        }
    }

    /// A stream with its configuration accepted.
    pub(crate) fn stream(&self, interaction: &str) -> Socket {
        let mut socket = self.connect(interaction);
        socket.configure(&configuration());
        assert_eq!(socket.receive()["type"], "CONFIG_ACCEPTED");
        socket
    }
}

/// What `check` gives once it gives something, if it ever does; sockets end a little after their clients see it.
pub(crate) fn soon<T>(mut check: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(started.elapsed() < HANG, "it did not come to pass");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) struct Socket(WebSocket<TcpStream>);

impl Socket {
    pub(crate) fn configure(&mut self, configuration: &Value) {
        self.send(&json!({ "type": "config", "configuration": configuration }));
    }

    pub(crate) fn send(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).unwrap();
    }

    pub(crate) fn audio(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8000) {
            self.0.send(Message::binary(chunk.to_vec())).unwrap();
        }
    }

    /// One message of any size.
    pub(crate) fn binary(&mut self, bytes: Vec<u8>) {
        self.0.send(Message::binary(bytes)).unwrap();
    }

    /// The next message; a close is `{"close": code}`, a broken connection `{"close": 1006}`. What is no JSON is
    /// `{"garbage": text}`, and a binary message `{"binary": length}`.
    pub(crate) fn receive(&mut self) -> Value {
        loop {
            match self.0.read() {
                Ok(Message::Text(text)) => {
                    return serde_json::from_str(&text).unwrap_or_else(|_| json!({ "garbage": text.as_str() }));
                }
                Ok(Message::Binary(bytes)) => return json!({ "binary": bytes.len() }),
                Ok(Message::Close(frame)) => {
                    // Lets the library answer the close frame.
                    while self.0.read().is_ok() {}
                    return json!({ "close": frame.map(|frame| u16::from(frame.code)) });
                }
                Ok(_) => {}
                Err(tungstenite::Error::Io(error)) if error.kind() == WouldBlock => {
                    panic!("nothing came within the limit")
                }
                Err(_) => return json!({ "close": 1006 }),
            }
        }
    }

    /// Whether nothing comes for so long.
    pub(crate) fn is_quiet(&mut self, time: Duration) -> bool {
        self.0.get_ref().set_read_timeout(Some(time)).unwrap();
        let quiet = matches!(self.0.read(), Err(tungstenite::Error::Io(error)) if error.kind() == WouldBlock);
        self.0.get_ref().set_read_timeout(Some(HANG)).unwrap();
        quiet
    }

    /// Sends audio until nobody has taken any for so long; gives the bytes that went out.
    pub(crate) fn fill(&mut self, time: Duration) -> usize {
        self.0.get_ref().set_write_timeout(Some(time)).unwrap();
        let mut sent = 0;
        while sent < 64 << 20 && self.0.send(Message::binary(vec![0; 8000])).is_ok() {
            sent += 8000;
        }
        sent
    }

    /// Messages up to the end, which is the last: `{"close": code}`.
    pub(crate) fn rest(&mut self) -> Vec<Value> {
        let mut messages = Vec::new();
        while messages.last().is_none_or(|message: &Value| message.get("close").is_none()) {
            messages.push(self.receive());
        }
        messages
    }

    /// Messages up to the one of this type, which is the last.
    pub(crate) fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut messages = Vec::new();
        loop {
            let message = self.receive();
            assert!(message.get("close").is_none(), "closed before {kind}: {messages:?}");
            messages.push(message);
            if messages.last().unwrap()["type"] == kind {
                return messages;
            }
        }
    }
}

pub(crate) fn encounter() -> Value {
    json!({
        "encounter": { "identifier": "visit-1", "status": "planned", "type": "first_consultation",
            "period": { "startedAt": "2026-01-05T09:00:00Z" }, "title": "First visit" },
        "patient": { "identifier": "patient-1", "name": "Ada Hartley", "gender": "female" },
    })
}

pub(crate) fn configuration() -> Value {
    json!({
        "transcription": { "primaryLanguage": "en", "diarize": true, "isDiarization": true,
            "participants": [{ "channel": 0, "role": "multiple" }] },
        "mode": { "type": "facts", "outputLocale": "en" },
        "audioFormat": "audio/pcm; rate=16000; channels=1; bits=16",
    })
}

/// A tone, loud enough to be taken for speech, in 16 kHz mono PCM.
pub(crate) fn speech(seconds: f64) -> Vec<u8> {
    let sample = |n: usize| (8000.0 * (n as f64 * 0.17).sin()) as i16;
    (0..(seconds * 16_000.0) as usize).flat_map(|n| sample(n).to_le_bytes()).collect()
}

/// A sound that never repeats itself, loud enough to be taken for speech, in 16 kHz mono PCM.
pub(crate) fn voice(seconds: f64) -> Vec<u8> {
    let sample = |n: usize| {
        let time = n as f64 / 16_000.0;
        (6_000.0 * (time * 1_300.0 + (time * 3.1).sin() * 40.0).sin() + 1_500.0 * (time * time * 7.0).sin()) as i16
    };
    (0..(seconds * 16_000.0) as usize).flat_map(|n| sample(n).to_le_bytes()).collect()
}

fn encoder() -> OpusEncoder {
    let mut encoder = OpusEncoder::new(16_000, 1, Application::Voip).unwrap();
    encoder.bitrate_bps = 24_000;
    encoder
}

/// Opus packets of 20 ms of 16 kHz mono samples.
pub(crate) fn packets(samples: &[i16]) -> Vec<Vec<u8>> {
    let mut encoder = encoder();
    let mut packet = vec![0; 4000];
    let mut encode = |frame: &[i16]| {
        let size = encoder.encode_s16(frame, 320, &mut packet).unwrap();
        packet[..size].to_vec()
    };
    samples.chunks_exact(320).map(&mut encode).collect()
}

/// Packets of 20 ms in a container of their own.
pub(crate) fn contained(packets: &[Vec<u8>]) -> Vec<u8> {
    let head = OpusHead::for_encoder(&encoder(), 16_000);
    let mut writer = OggOpusWriter::new(Vec::new(), head).unwrap();
    for packet in packets {
        writer.write_packet_with_duration(packet, 960).unwrap();
    }
    writer.finish().unwrap()
}

/// Opus in Ogg of 16 kHz mono samples, exactly as long as they are.
pub(crate) fn ogg(samples: &[i16]) -> Vec<u8> {
    let mut encoder = encoder();
    let head = OpusHead::for_encoder(&encoder, 16_000);
    // What the encoder is late by comes out after the last sample, and the last granule position cuts off the rest.
    let mut left = samples.len() * 3 + usize::from(head.pre_skip);
    let mut padded = samples.to_vec();
    padded.resize(left.div_ceil(960) * 320, 0);
    let mut writer = OggOpusWriter::new(Vec::new(), head).unwrap();
    let mut packet = vec![0; 4000];
    for frame in padded.chunks_exact(320) {
        let size = encoder.encode_s16(frame, 320, &mut packet).unwrap();
        writer.write_packet_with_duration(&packet[..size], left.min(960) as u32).unwrap();
        left -= left.min(960);
    }
    writer.finish().unwrap()
}

/// A WAV file of 16 kHz mono samples.
pub(crate) fn wav(samples: &[u8]) -> Vec<u8> {
    let size = samples.len() as u32;
    let mut file = [b"RIFF".as_slice(), &(36 + size).to_le_bytes(), b"WAVEfmt ", &16u32.to_le_bytes()].concat();
    for number in [1u16, 1, 16_000, 0, 32_000, 0, 2, 16] {
        file.extend(number.to_le_bytes());
    }
    [file.as_slice(), b"data", &size.to_le_bytes(), samples].concat()
}

/// The keys of an object.
pub(crate) fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}
