//! What `stream.connect` is given, checked and completed.

use std::fmt;

use super::Resume;
use crate::address::{encode_component, is_uuid};
use crate::error::Error;
use crate::json::{Json, ToJson};
use crate::protocol::client::Configuration;
use crate::session::{Options, Origin};
use crate::time::Duration;

/// Sample rate that the service recommends: more buys nothing in recognition.
const SAMPLE_RATE: u32 = 16_000;

/// Bits a second of Opus at which a recogniser makes no more mistakes than on the original, and the range around it.
const BITRATE: u32 = 24_000;
const BITRATES: [f64; 2] = [12_000.0, 64_000.0];

/// Everything that `stream.connect` decides before there is a socket.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The interaction whose stream this is.
    pub interaction_id: String,
    /// What the session is told.
    pub session: Options,
    /// Rate of the encoded audio in Hz.
    pub sample_rate: u32,
    /// Channels of the encoded audio.
    pub channels: usize,
    /// A socket elsewhere than at the service.
    pub proxy: Option<Proxy>,
    /// What the audio is encoded with.
    pub encoding: Encoding,
    /// Bits a second, for encodings that have a choice.
    pub bitrate: u32,
    /// What the app declared itself.
    pub declared: Option<Declared>,
    /// How the stream stood, if another engine had it until now.
    pub resume: Option<Resume>,
}

/// What an app asks its audio to be encoded with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// The best that works here.
    Auto,
    /// Opus or nothing.
    Opus,
    /// FLAC or nothing: nothing of the sound is lost.
    Flac,
    /// Raw PCM.
    Pcm,
    /// Nothing here: the app declared a format that only it can make, and gives the bytes.
    Given,
}

/// What an app's own `audioFormat` declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declared {
    /// Raw PCM: Hz, channels, bits a sample.
    Pcm {
        /// In Hz.
        rate: u32,
        /// Interleaved.
        channels: usize,
        /// A sample.
        bits: u32,
    },
    /// Ogg.
    Ogg,
    /// FLAC.
    Flac,
    /// Anything else.
    Other,
}

impl Encoding {
    fn named(name: Json<'_>) -> Option<Self> {
        let names = [("auto", Self::Auto), ("opus", Self::Opus), ("flac", Self::Flac), ("pcm", Self::Pcm)];
        names.into_iter().find(|(known, _)| name.is(known)).map(|(_, encoding)| encoding)
    }
}

impl Declared {
    fn of(mime: &str) -> Self {
        let mut parts = mime.as_bytes().split(|byte| *byte == b';');
        let kind = parts.next().unwrap_or_default();
        let is = |text: &[u8], known: &str| text.trim_ascii().eq_ignore_ascii_case(known.as_bytes());
        if is(kind, "audio/ogg") {
            return Self::Ogg;
        }
        if is(kind, "audio/flac") {
            return Self::Flac;
        }
        if !is(kind, "audio/pcm") {
            return Self::Other;
        }
        let (mut rate, mut channels, mut bits) = (SAMPLE_RATE, 1, 16);
        for part in parts {
            let mut pair = part.splitn(2, |byte| *byte == b'=');
            let (Some(name), Some(value)) = (pair.next(), pair.next().and_then(whole)) else { continue };
            match () {
                () if is(name, "rate") => rate = value,
                () if is(name, "channels") => channels = value,
                () if is(name, "bits") => bits = value,
                () => {}
            }
        }
        Self::Pcm { rate, channels: channels as usize, bits }
    }

    /// What encodes that.
    const fn encoding(self) -> Encoding {
        match self {
            Self::Pcm { bits: 16, .. } => Encoding::Pcm,
            Self::Ogg => Encoding::Opus,
            Self::Flac => Encoding::Flac,
            Self::Pcm { .. } | Self::Other => Encoding::Given,
        }
    }
}

/// Where a socket goes instead of to the service itself. Any part of it may hold a credential, so none is printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxy {
    /// The whole URL, without the query parameters below.
    pub url: String,
    /// Subprotocols: as given, or name and encoded value after one another.
    pub protocols: Vec<String>,
    /// Appended to the URL in place of tenant and token.
    pub query: Vec<(String, String)>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").finish_non_exhaustive()
    }
}

impl Settings {
    /// Reads what an app passed to `stream.connect`, as JSON.
    ///
    /// # Errors
    /// `invalid_request` naming the path of what is missing or out of range.
    pub fn read(text: &str, seed: u64) -> Result<Self, Error> {
        let Some(json) = Json::read(text) else {
            return Err(Error::invalid("the stream's options must be plain data, as JSON has it"));
        };
        let Some(interaction_id) = json.get("id").text().filter(|id| is_uuid(id)) else {
            return Err(Error::invalid("id must be the interaction's id, a UUID"));
        };
        let mut session = Options::new(Configuration::read(json.get("configuration"))?);
        let declared = session.configuration.audio_format.as_deref().map(Declared::of);
        let (rate, count) = match declared {
            Some(Declared::Pcm { rate, channels, .. }) => (rate, channels),
            _ => (SAMPLE_RATE, 1),
        };
        let audio = json.get("audio");
        let encoding = match audio.get("encoding") {
            none if none.is_null() => declared.map_or(Encoding::Auto, Declared::encoding),
            named => Encoding::named(named)
                .ok_or_else(|| Error::invalid("audio.encoding must be \"auto\", \"opus\", \"flac\" or \"pcm\""))?,
        };
        let bitrate = number(audio, "audio.", "bitrate", f64::from(BITRATE), BITRATES)? as u32;
        let sample_rate = number(audio, "audio.", "sampleRate", f64::from(rate), [8_000.0, 192_000.0])?;
        let channels = number(audio, "audio.", "channels", count as f64, [1.0, 8.0])?;
        let chunk = number(audio, "audio.", "chunkMs", session.chunk.as_secs_f64() * 1e3, [100.0, 1_000.0])?;
        session.chunk = Duration::from_millis(chunk as u64);
        let attempts = number(json, "", "reconnectAttempts", f64::from(session.reconnect_attempts), [0.0, 1e6])?;
        session.reconnect_attempts = attempts as u32;
        // Not for apps: the interaction's id is on its way, and `Command::Begin` follows.
        session.is_held = json.get("isHeld").bool().unwrap_or(false);
        session.is_awaited = json.get("awaitConfiguration").bool().unwrap_or(true);
        let seconds = |key: &str, place: &mut Duration, range: [f64; 2]| {
            number(json, "", key, place.as_secs_f64(), range).map(|value| *place = Duration::from_secs_f64(value))
        };
        seconds("connectionTimeoutInSeconds", &mut session.connection_time_limit, [0.1, 3_600.0])?;
        seconds("bufferSeconds", &mut session.buffer, [1.0, 86_400.0])?;
        seconds("acknowledgeAfterSeconds", &mut session.acknowledge_after, [1.0, 3_600.0])?;
        session.catch_up_rate = number(json, "", "catchUpRate", session.catch_up_rate, [1.0, 100.0])?;
        // Who says how often to try means it; else there is no reason to give up while there is room for the audio.
        session.reconnect_for = if json.get("reconnectAttempts").is_null() { session.buffer } else { Duration::ZERO };
        session.times_from = match json.get("transcriptTimesFrom") {
            from if from.is_null() || from.is("auto") => Origin::Auto,
            from if from.is("socket") => Origin::Socket,
            from if from.is("interaction") => Origin::Interaction,
            _ => {
                let message = "transcriptTimesFrom must be \"auto\", \"socket\" or \"interaction\"";
                return Err(Error::invalid(message));
            }
        };
        session.flush_at_pauses = match json.get("flushAtPauses") {
            flag if flag.is_null() => true,
            flag => flag.bool().ok_or_else(|| Error::invalid("flushAtPauses must be true or false"))?,
        };
        session.seed = seed;
        let settings = Self {
            interaction_id,
            session,
            sample_rate: sample_rate as u32,
            channels: channels as usize,
            proxy: proxy(json.get("proxy"))?,
            encoding,
            bitrate,
            declared,
            resume: None,
        };
        if encoding == Encoding::Opus && !settings.fits_opus() {
            let message = "audio.encoding \"opus\" takes 1 or 2 channels at 8000, 12000, 16000, 24000 or 48000 Hz";
            return Err(Error::invalid(message));
        }
        if encoding == Encoding::Flac && !settings.fits_flac() {
            let message = "audio.encoding \"flac\" takes rates up to 48000 Hz that are multiples of 25";
            return Err(Error::invalid(message));
        }
        Ok(settings)
    }

    /// Whether our FLAC encoder takes the rate: a block of [`FLAC_BLOCK`] must be whole frames, and short enough for the
    /// format's subset for streaming (RFC 9639, section 7).
    ///
    /// [`FLAC_BLOCK`]: crate::audio::encode::FLAC_BLOCK
    const fn fits_flac(&self) -> bool {
        self.sample_rate <= 48_000 && self.sample_rate.is_multiple_of(25)
    }

    /// Whether Opus can carry such a stream: its encoders take these rates, and its simplest mapping two channels.
    #[must_use]
    pub const fn fits_opus(&self) -> bool {
        matches!(self.sample_rate, 8_000 | 12_000 | 16_000 | 24_000 | 48_000) && self.channels <= 2
    }
}

/// A number in a MIME type, of digits alone.
fn whole(text: &[u8]) -> Option<u32> {
    let digit = |sum: u32, byte: &u8| sum.checked_mul(10)?.checked_add(char::from(*byte).to_digit(10)?);
    let digits = text.trim_ascii();
    if digits.is_empty() { None } else { digits.iter().try_fold(0, digit) }
}

fn number(of: Json<'_>, path: &str, key: &str, default: f64, range: [f64; 2]) -> Result<f64, Error> {
    let value = of.get(key);
    if value.is_null() {
        return Ok(default);
    }
    let [least, most] = range;
    let value = value.number().filter(|value| (least..=most).contains(value));
    let message = || format!("{path}{key} must be a number from {} to {}", least.to_json(), most.to_json());
    value.ok_or_else(|| Error::invalid(message()))
}

fn proxy(json: Json<'_>) -> Result<Option<Proxy>, Error> {
    if json.is_null() {
        return Ok(None);
    }
    let Some(url) = json.get("url").text() else {
        return Err(Error::invalid("proxy.url is missing"));
    };
    let (list, text) =
        (json.get("protocols"), |(name, value): (Json<'_>, Json<'_>)| Some((name.text()?, value.text()?)));
    if !(list.is_null() || list.is_list() || list.is_object()) {
        return Err(Error::invalid("proxy.protocols must be a list, or an object of strings"));
    }
    let mut protocols: Vec<String> = list.items().filter_map(Json::text).collect();
    // The form of the official client: { name: value } becomes [name, encodeURIComponent(value), …].
    for (name, value) in list.entries().filter_map(text) {
        protocols.extend([name, encode_component(&value)]);
    }
    let query = json.get("queryParameters").entries().filter_map(text).collect();
    Ok(Some(Proxy { url, protocols, query }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use serde_json::{Value, json};

    fn minimal() -> Value {
        json!({
            "id": "7b6f1f3e-6b0c-4a53-9f0a-2f6c9a1f3f10",
            "configuration": {
                "transcription": { "primaryLanguage": "en", "participants": [{ "channel": 0, "role": "multiple" }] },
                "mode": { "type": "facts", "outputLocale": "en" },
            },
        })
    }

    fn with(path: &str, value: Value) -> Value {
        let mut all = minimal();
        let (parent, key) = path.rsplit_once('.').unwrap_or(("", path));
        let parent = parent.split('.').filter(|part| !part.is_empty()).fold(&mut all, |at, part| &mut at[part]);
        parent[key] = value;
        all
    }

    #[test]
    fn the_defaults_are_those_of_the_public_surface() -> Result<(), Error> {
        let settings = Settings::read(&minimal().to_string(), 7)?;
        assert_eq!((settings.sample_rate, settings.channels, settings.session.is_awaited), (16_000, 1, true));
        assert_eq!((settings.encoding, settings.bitrate), (Encoding::Auto, 24_000));
        assert_eq!(settings.session.chunk, Duration::from_millis(250));
        assert_eq!(settings.session.buffer, Duration::from_secs(120));
        assert_eq!((settings.session.reconnect_attempts, settings.session.seed), (30, 7));
        Ok(())
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        for (path, value, named) in [
            ("id", json!("42"), "id"),
            ("configuration", json!(null), "configuration"),
            ("configuration.mode.type", json!("poetry"), "configuration.mode.type"),
            ("configuration.mode.outputLocale", json!(null), "configuration.mode.outputLocale"),
            ("configuration.transcription.participants", json!([]), "configuration.transcription.participants"),
            (
                "configuration.transcription.participants",
                json!([{ "channel": 0, "role": "" }]),
                "configuration.transcription.participants[0].role",
            ),
            ("audio.chunkMs", json!(50), "audio.chunkMs"),
            ("audio.sampleRate", json!("fast"), "audio.sampleRate"),
            ("audio.encoding", json!("mp3"), "audio.encoding"),
            ("audio.encoding", json!(3), "audio.encoding"),
            ("audio.bitrate", json!(0), "audio.bitrate"),
            ("bufferSeconds", json!(-1), "bufferSeconds"),
            ("transcriptTimesFrom", json!("noon"), "transcriptTimesFrom"),
            ("proxy", json!({}), "proxy.url"),
        ] {
            let error = Settings::read(&with(path, value).to_string(), 0).err();
            assert!(error.as_ref().is_some_and(|error| error.message.starts_with(named)), "{path}: {error:?}");
        }
    }

    #[test]
    fn a_declared_format_decides_the_encoding_unless_that_is_given_too() -> Result<(), Error> {
        for (format, encoding, rate, channels) in [
            ("audio/pcm; rate=48000; channels=2; bits=16", Encoding::Pcm, 48_000, 2),
            ("audio/PCM;rate=8000", Encoding::Pcm, 8_000, 1),
            ("audio/pcm; rate=16000; channels=1; bits=24", Encoding::Given, 16_000, 1),
            ("audio/ogg", Encoding::Opus, 16_000, 1),
            ("audio/ogg; codecs=opus", Encoding::Opus, 16_000, 1),
            ("audio/flac", Encoding::Flac, 16_000, 1),
            ("audio/webm; codecs=opus", Encoding::Given, 16_000, 1),
            ("audio/midi", Encoding::Given, 16_000, 1),
        ] {
            let settings = Settings::read(&with("configuration.audioFormat", json!(format)).to_string(), 0)?;
            let is = (settings.encoding, settings.sample_rate, settings.channels);
            assert_eq!(is, (encoding, rate, channels), "{format}");
        }
        let mut both = with("configuration.audioFormat", json!("audio/ogg"));
        both["audio"] = json!({ "encoding": "pcm" });
        assert_eq!(Settings::read(&both.to_string(), 0)?.encoding, Encoding::Pcm);
        Ok(())
    }

    #[test]
    fn an_encoding_refuses_what_it_cannot_carry() {
        for audio in [
            json!({ "encoding": "opus", "sampleRate": 44_100 }),
            json!({ "encoding": "opus", "channels": 3 }),
            json!({ "encoding": "flac", "sampleRate": 96_000 }),
            json!({ "encoding": "flac", "sampleRate": 11_026 }),
        ] {
            let error = Settings::read(&with("audio", audio.clone()).to_string(), 0).err();
            assert_eq!(error.map(|error| error.code), Some(Code::InvalidRequest), "{audio}");
        }
        assert!(Settings::read(&with("audio", json!({ "channels": 8 })).to_string(), 0).is_ok());
    }

    #[test]
    fn a_proxy_takes_credentials_as_subprotocols() -> Result<(), Error> {
        let proxy =
            json!({ "url": "wss://ehr.example/x", "protocols": { "token": "a b" }, "queryParameters": { "k": "v" } });
        let proxy = Settings::read(&with("proxy", proxy).to_string(), 0)?.proxy.unwrap_or_default();
        assert_eq!(proxy.protocols, ["token", "a%20b"]);
        assert_eq!(proxy.query, [("k".to_owned(), "v".to_owned())]);
        Ok(())
    }
}
