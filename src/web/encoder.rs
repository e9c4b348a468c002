//! The encoders that live outside this module: the browser's own, and the wasm one that is a file of its own.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Float32Array, Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::audio::Encoder;
use crate::audio::container::Format;
use crate::audio::encode::pcm::PcmEncoder;
use crate::audio::encode::{FrameCodec, Framed, OPUS_FRAME};
use crate::engine::{Encoding, Settings};
use crate::error::{Code, Error};

/// What the wasm encoder may spend: at 5 it takes some 2 % of a core, and more is not heard at speech's bitrates.
const COMPLEXITY: u32 = 5;

/// A packet that decodes to what a decoder makes of a lost one: SILK wideband, 20 ms, no data (RFC 6716, section 3.1).
/// It stands in for a frame on which the encoder failed, so that the time stays true.
const LOST: [u8; 1] = [9 << 3];

thread_local! {
    static OPUS_LOADER: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Remembers what loads the wasm encoder: a function that answers a promise of its class.
pub(super) fn set_opus_loader(loader: Option<Function>) {
    OPUS_LOADER.with(|place| *place.borrow_mut() = loader);
}

/// An encoder for a stream.
pub(super) struct Chosen {
    pub(super) encoder: Box<dyn Encoder>,
    pub(super) format: Format,
    /// `opus-native`, `opus-wasm` or `pcm`.
    pub(super) name: &'static str,
}

/// What is called when an encoder that answers later has a packet.
pub(super) type Notify = Rc<RefCell<Option<Box<dyn Fn()>>>>;

/// Makes the encoder that the settings ask for; for `auto` the best that works.
pub(super) async fn choose(settings: &Settings, notify: &Notify) -> Result<Chosen, JsValue> {
    let (rate, channels) = (settings.sample_rate, settings.channels);
    if settings.encoding != Encoding::Pcm && settings.fits_opus() {
        if let Some(codec) = Native::open(settings, notify).await {
            return Ok(opus(codec, settings, "opus-native"));
        }
        match Wasm::open(settings).await {
            Ok(codec) => return Ok(opus(codec, settings, "opus-wasm")),
            Err(cause) if settings.encoding == Encoding::Opus => {
                let error = Error::new(Code::AudioUnsupported, "the Opus encoder could not be loaded");
                return Err(super::convert::to_error(&error, Some(&cause)));
            }
            Err(_) => {}
        }
    }
    Ok(Chosen { encoder: Box::new(PcmEncoder::new(rate, channels)), format: Format::Raw, name: "pcm" })
}

fn opus(codec: impl FrameCodec + 'static, settings: &Settings, name: &'static str) -> Chosen {
    let (sample_rate, channels) = (settings.sample_rate, settings.channels);
    // The encoder's delay is 6.5 ms at every rate: 312 samples at 48 kHz, the usual pre-skip.
    let delay = sample_rate * 13 / 2_000;
    let encoder = Box::new(Framed::new(codec, sample_rate, channels, OPUS_FRAME, delay));
    Chosen { encoder, format: Format::OggOpus { channels: channels as u8, sample_rate }, name }
}

#[wasm_bindgen(module = "/src/web/js/native-opus.js")]
extern "C" {
    #[wasm_bindgen(js_name = provesItself)]
    fn proves_itself(sample_rate: u32, channels: u32, bitrate: u32) -> Promise;

    type NativeOpus;

    #[wasm_bindgen(constructor, catch)]
    fn new(sample_rate: u32, channels: u32, bitrate: u32, notify: &Function) -> Result<NativeOpus, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn encode(this: &NativeOpus, frame: &Float32Array) -> Result<(), JsValue>;

    #[wasm_bindgen(method)]
    fn take(this: &NativeOpus) -> Option<Uint8Array>;

    #[wasm_bindgen(method)]
    fn flush(this: &NativeOpus);

    #[wasm_bindgen(method)]
    fn close(this: &NativeOpus);
}

/// The browser's encoder.
struct Native {
    encoder: NativeOpus,
    packet: Vec<u8>,
    _notify: Closure<dyn Fn()>,
}

impl Native {
    async fn open(settings: &Settings, notify: &Notify) -> Option<Self> {
        let (rate, channels, bitrate) = (settings.sample_rate, settings.channels as u32, settings.bitrate);
        let proof = JsFuture::from(proves_itself(rate, channels, bitrate)).await;
        if !proof.is_ok_and(|proof| proof.is_truthy()) {
            return None;
        }
        let notify = notify.clone();
        let notify = Closure::<dyn Fn()>::new(move || {
            if let Some(notify) = &*notify.borrow() {
                notify();
            }
        });
        let encoder = NativeOpus::new(rate, channels, bitrate, notify.as_ref().unchecked_ref()).ok()?;
        Some(Self { encoder, packet: Vec::new(), _notify: notify })
    }
}

impl FrameCodec for Native {
    fn encode(&mut self, frame: &[f32], sink: &mut dyn FnMut(&[u8])) {
        if self.encoder.encode(&Float32Array::from(frame)).is_err() {
            sink(&LOST);
        }
        self.poll(sink);
    }

    fn flush(&mut self) {
        self.encoder.flush();
    }

    fn poll(&mut self, sink: &mut dyn FnMut(&[u8])) {
        while let Some(packet) = self.encoder.take() {
            self.packet.resize(packet.length() as usize, 0);
            packet.copy_to(&mut self.packet);
            sink(&self.packet);
        }
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        self.encoder.close();
    }
}

#[wasm_bindgen]
extern "C" {
    /// The class of the separate wasm module.
    type WasmOpus;

    #[wasm_bindgen(method, catch)]
    fn encode(this: &WasmOpus, frame: &Float32Array) -> Result<Uint8Array, JsValue>;

    /// After a trap it throws, and there is nothing left to free.
    #[wasm_bindgen(method, catch)]
    fn free(this: &WasmOpus) -> Result<(), JsValue>;
}

/// The encoder of the package, from its own file.
struct Wasm {
    encoder: WasmOpus,
    packet: Vec<u8>,
}

impl Wasm {
    async fn open(settings: &Settings) -> Result<Self, JsValue> {
        let loader = OPUS_LOADER.with(|place| place.borrow().clone());
        let loader = loader.ok_or_else(|| JsError::new("there is nothing to load it from"))?;
        let class = JsFuture::from(Promise::resolve(&loader.call0(&JsValue::UNDEFINED)?)).await?;
        let numbers = [settings.sample_rate, settings.channels as u32, settings.bitrate, COMPLEXITY];
        let arguments: Array = numbers.into_iter().map(JsValue::from).collect();
        let encoder = Reflect::construct(&class.dyn_into::<Function>()?, &arguments)?;
        Ok(Self { encoder: encoder.unchecked_into(), packet: Vec::new() })
    }
}

impl FrameCodec for Wasm {
    fn encode(&mut self, frame: &[f32], sink: &mut dyn FnMut(&[u8])) {
        let Ok(packet) = self.encoder.encode(&Float32Array::from(frame)) else {
            return sink(&LOST);
        };
        self.packet.resize(packet.length() as usize, 0);
        packet.copy_to(&mut self.packet);
        sink(&self.packet);
    }

    fn flush(&mut self) {}

    fn poll(&mut self, _: &mut dyn FnMut(&[u8])) {}
}

impl Drop for Wasm {
    fn drop(&mut self) {
        let _ = self.encoder.free();
    }
}
