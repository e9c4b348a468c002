//! A stream's engine for JavaScript (`js/host.js`): flat and synchronous. Texts, numbers and bytes go in and out; times are in
//! milliseconds of the host's monotonic clock. Nothing here decides: [`Hosted`] does.
//!
//! The one function of JavaScript that it calls is the encoder's, which must not call it back.

use crate::time::Duration;

use wasm_bindgen::prelude::*;

use crate::engine::codec::{Answer, Codec, Outside};
use crate::engine::hosted::{Act, Frames, Hosted};
use crate::engine::wire::{News, Order};
use crate::engine::{Resume, Settings};
use crate::error::Error;
use crate::json::{Json, Raw, ToJson};

/// What [`Engine::poll`] answers; `js/host.js` has the same numbers.
const NOTHING: u32 = 0;
const OPEN: u32 = 1;
const TEXT: u32 = 2;
const BYTES: u32 = 3;
const HANG_UP: u32 = 4;
const DRAIN: u32 = 5;
const TELL: u32 = 6;
const OVER: u32 = 7;

/// What may encode a stream, the best first, and what its encoder is made of, as JSON. `settings` are the options of
/// `stream.connect`. What is wrong with them is thrown as JSON, as the engine throws.
#[wasm_bindgen(skip_typescript)]
pub fn codecs(settings: &str) -> Result<String, JsValue> {
    let settings = Settings::read(settings, 0).map_err(thrown)?;
    let Settings { sample_rate, channels, bitrate, .. } = settings;
    let names: Vec<&str> = Codec::of(&settings).iter().map(|codec| codec.name()).collect();
    let members: [(&str, &dyn ToJson); 4] =
        [("codecs", &names), ("sampleRate", &sample_rate), ("channels", &channels), ("bitrate", &bitrate)];
    Ok(Raw::amended(Json::NULL, &members).to_json())
}

/// A stream's engine.
#[wasm_bindgen(skip_typescript)]
pub struct Engine {
    hosted: Hosted,
    /// What was polled last.
    text: String,
    bytes: Vec<u8>,
    source: u32,
    /// Samples and bytes, copied out of JavaScript; the memory is used again.
    samples: Vec<f32>,
    packet: Vec<u8>,
    planes: Vec<Vec<f32>>,
    /// How many of the planes are those of the next order.
    laid: usize,
}

#[wasm_bindgen]
impl Engine {
    /// An engine for the options of `stream.connect` as JSON, that goes on where `resume` says if there was one before it.
    /// `encode` is given an interleaved frame, which is only for the time of the call, and answers its packet, or
    /// `undefined` if that comes later by [`Engine::packet`]; without a frame it is to hand out what it holds.
    #[wasm_bindgen(constructor)]
    pub fn new(
        settings: &str, seed: f64, resume: Option<String>, codec: &str, header: Option<Vec<u8>>, encode: JsValue,
        now: f64,
    ) -> Result<Self, JsValue> {
        let resume = resume.and_then(|text| Resume::read(&text));
        let settings = Settings { resume, ..Settings::read(settings, seed as u64).map_err(thrown)? };
        // A name that `codecs` answered; any other is nothing that could encode.
        let codec = Codec::from_name(codec).unwrap_or(Codec::Pcm);
        let header = header.unwrap_or_default();
        let outside = Box::new(Encoder { encode });
        let hosted = Hosted::new(&settings, codec, header, outside, at(now)).map_err(thrown)?;
        Ok(Self {
            hosted,
            text: String::new(),
            bytes: Vec::new(),
            source: 0,
            samples: Vec::new(),
            packet: Vec::new(),
            planes: Vec::new(),
            laid: 0,
        })
    }

    /// Takes a plane of the frames that go beside the next order.
    pub fn plane(&mut self, samples: &JsValue) {
        if self.laid == self.planes.len() {
            self.planes.push(Vec::new());
        }
        copy_samples(samples, &mut self.planes[self.laid]);
        self.laid += 1;
    }

    /// Takes an order as JSON, and the bytes that go beside it. Answers the source whose frames' port goes beside, if that
    /// is to be listened to.
    pub fn take(&mut self, order: &str, bytes: Option<Vec<u8>>, now: f64) -> Option<u32> {
        let planes: Vec<&[f32]> = self.planes[..std::mem::take(&mut self.laid)].iter().map(Vec::as_slice).collect();
        let Some(order) = Order::read(order) else {
            self.hosted.refuse(Error::invalid("the page and its worker are of different versions"));
            return None;
        };
        let bytes = bytes.unwrap_or_default();
        self.hosted.take(order, &bytes, &planes, at(now))
    }

    /// Takes frames of a source, plane after plane, each `stride` long and filled to `count`; the last of them was captured
    /// `age` ago. Without a rate they have the one that the source was attached with. Answers how many milliseconds more may be
    /// captured before that is wanted.
    #[allow(clippy::too_many_arguments)] // A flat call: no object is made of them for each batch.
    pub fn captured(
        &mut self, id: u32, samples: &JsValue, stride: usize, count: usize, rate: Option<u32>, age: f64, now: f64,
    ) -> f64 {
        copy_samples(samples, &mut self.samples);
        let frames = Frames { samples: &self.samples, stride, count, rate, age: at(age) };
        self.hosted.captured(id, frames, at(now)).as_secs_f64() * 1e3
    }

    /// A source has handed out its last frames.
    pub fn drained(&mut self, id: u32, now: f64) {
        self.hosted.drained(id, at(now));
    }

    /// Takes a packet of an encoder that answers later.
    pub fn packet(&mut self, bytes: &JsValue, now: f64) {
        copy_bytes(bytes, &mut self.packet);
        self.hosted.packet(&self.packet, at(now));
    }

    /// The browser refused to open the socket, with an exception of that name.
    pub fn refused(&mut self, name: &str, now: f64) {
        self.hosted.refused(name, at(now));
    }

    pub fn opened(&mut self, now: f64) {
        self.hosted.opened(at(now));
    }

    pub fn closed(&mut self, code: u16, now: f64) {
        self.hosted.closed(code, at(now));
    }

    pub fn message(&mut self, text: &str, now: f64) {
        self.hosted.message(text, at(now));
    }

    /// Time passed; `buffered` bytes have not left the socket.
    pub fn tick(&mut self, buffered: usize, now: f64) {
        self.hosted.tick(buffered, at(now));
    }

    pub fn online(&mut self, now: f64) {
        self.hosted.online(at(now));
    }

    /// When it wants to be looked at, if ever.
    pub fn timeout(&self) -> Option<f64> {
        self.hosted.timeout().map(|due| due.as_secs_f64() * 1e3)
    }

    /// What is to be done next. What goes with it is to be had until the next call, once.
    pub fn poll(&mut self) -> u32 {
        match self.hosted.poll() {
            None => NOTHING,
            Some(Act::Open(address)) => self.said(OPEN, &address),
            Some(Act::Text(text)) => {
                self.text = text;
                TEXT
            }
            Some(Act::Bytes(bytes)) => {
                self.bytes = bytes;
                BYTES
            }
            Some(Act::HangUp) => HANG_UP,
            Some(Act::Drain(id)) => {
                self.source = id;
                DRAIN
            }
            Some(Act::Tell(news)) => self.said(TELL, &news),
            Some(Act::Over) => self.said(OVER, &News::Over),
        }
    }

    fn said(&mut self, kind: u32, what: &impl ToJson) -> u32 {
        self.text = what.to_json();
        kind
    }

    /// Of what was polled: the text to send or tell, or the address as JSON.
    pub fn text(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// Of what was polled: the bytes to send.
    pub fn bytes(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Of what was polled: the source.
    pub fn source(&self) -> u32 {
        self.source
    }

    /// How things stand, as JSON.
    pub fn view(&self) -> String {
        self.hosted.view().to_json()
    }

    /// What the service has not acknowledged, as a file.
    pub fn unsent(&self) -> Vec<u8> {
        self.hosted.unsent_audio()
    }

    #[wasm_bindgen(js_name = audioFormat)]
    pub fn audio_format(&self) -> String {
        self.hosted.audio_format().to_owned()
    }
}

#[wasm_bindgen(raw_module = "#border")]
extern "C" {
    fn length(list: &JsValue) -> usize;

    #[wasm_bindgen(js_name = copySamples)]
    fn copy_floats(from: &JsValue, to: &mut [f32]);

    #[wasm_bindgen(js_name = copyBytes)]
    fn copy_octets(from: &JsValue, to: &mut [u8]);

    #[wasm_bindgen(catch)]
    fn encode(encoder: &JsValue, frame: Option<&[f32]>) -> Result<Option<Vec<u8>>, JsValue>;
}

/// What encodes, in JavaScript: a function.
struct Encoder {
    encode: JsValue,
}

impl Outside for Encoder {
    fn encode(&mut self, frame: &[f32], packet: &mut Vec<u8>) -> Answer {
        match encode(&self.encode, Some(frame)) {
            Ok(None) => Answer::Later,
            Ok(Some(answer)) => {
                *packet = answer;
                Answer::Packet
            }
            Err(_) => Answer::Failed,
        }
    }

    fn flush(&mut self) {
        let _ = encode(&self.encode, None);
    }
}

/// An error as it crosses to JavaScript: its JSON.
fn thrown(error: Error) -> JsValue {
    error.to_json().into()
}

fn at(milliseconds: f64) -> Duration {
    Duration::from_secs_f64(milliseconds / 1e3)
}

fn copy_samples(from: &JsValue, to: &mut Vec<f32>) {
    to.resize(length(from), 0.0);
    copy_floats(from, to);
}

fn copy_bytes(from: &JsValue, to: &mut Vec<u8>) {
    to.resize(length(from), 0);
    copy_octets(from, to);
}
