//! The encoders that live outside this module: the browser's own, and the wasm one that is a file of its own.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Float32Array, Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::audio::Encoder;
use crate::audio::container::Format;
use crate::audio::encode::pcm::PcmEncoder;
use crate::audio::encode::{FLAC_BLOCK, FrameCodec, Framed, OPUS_FRAME};
use crate::engine::{Encoding, Settings};
use crate::error::{Code, Error};

/// What the wasm encoder may spend: at 5 it takes some 2 % of a core, and more is not heard at speech's bitrates.
const COMPLEXITY: u32 = 5;

/// A packet that decodes to what a decoder makes of a lost one: SILK wideband, 20 ms, no data (RFC 6716, section 3.1).
/// It stands in for a frame on which the encoder failed, so that the time stays true.
const LOST_OPUS: [u8; 1] = [9 << 3];

/// Nothing stands in for a FLAC frame: decoders see from the numbers that one is missing.
const LOST_FLAC: [u8; 0] = [];

/// What loads the wasm encoders: functions that answer a promise of a class.
#[derive(Clone)]
pub(super) struct Loaders {
    pub(super) opus: Option<Function>,
    pub(super) flac: Option<Function>,
}

thread_local! {
    static LOADERS: RefCell<Loaders> = const { RefCell::new(Loaders { opus: None, flac: None }) };
}

/// Remembers them.
pub(super) fn set_loaders(loaders: Loaders) {
    LOADERS.with(|place| *place.borrow_mut() = loaders);
}

/// An encoder for a stream.
pub(super) struct Chosen {
    pub(super) encoder: Box<dyn Encoder>,
    pub(super) format: Format,
    /// `opus-native`, `opus-wasm`, `flac`, `pcm` or `given`.
    pub(super) name: &'static str,
}

/// What is called when an encoder that answers later has a packet.
pub(super) type Notify = Rc<RefCell<Option<Box<dyn Fn()>>>>;

/// Makes the encoder that the settings ask for; for `auto` the best that works.
pub(super) async fn choose(settings: &Settings, notify: &Notify) -> Result<Chosen, JsValue> {
    match settings.encoding {
        Encoding::Pcm => Ok(pcm(settings)),
        // What takes the frames' place here is never given any.
        Encoding::Given => Ok(Chosen { name: "given", ..pcm(settings) }),
        Encoding::Flac => flac(settings).await.map_err(|cause| not_loaded("FLAC", &cause)),
        Encoding::Opus => opus(settings, notify).await.map_err(|cause| not_loaded("Opus", &cause)),
        Encoding::Auto if settings.fits_opus() => Ok(opus(settings, notify).await.unwrap_or_else(|_| pcm(settings))),
        Encoding::Auto => Ok(pcm(settings)),
    }
}

fn not_loaded(name: &str, cause: &JsValue) -> JsValue {
    let message =
        format!("the {name} encoder could not be loaded: is its .wasm served, and does the page's policy allow it?");
    super::convert::to_error(&Error::new(Code::AudioUnsupported, message), Some(cause))
}

fn pcm(settings: &Settings) -> Chosen {
    let encoder = Box::new(PcmEncoder::new(settings.sample_rate, settings.channels));
    Chosen { encoder, format: Format::Raw, name: "pcm" }
}

async fn opus(settings: &Settings, notify: &Notify) -> Result<Chosen, JsValue> {
    let Settings { sample_rate, channels, bitrate, .. } = *settings;
    let chosen = |encoder, name| {
        let format = Format::OggOpus { channels: channels as u8, sample_rate };
        Chosen { encoder, format, name }
    };
    // The encoder's delay is 6.5 ms at every rate: 312 samples at 48 kHz, the usual pre-skip.
    let delay = sample_rate * 13 / 2_000;
    if let Some(codec) = Native::open(settings, notify).await {
        return Ok(chosen(Box::new(Framed::new(codec, sample_rate, channels, OPUS_FRAME, delay)), "opus-native"));
    }
    let loader = LOADERS.with(|loaders| loaders.borrow().opus.clone());
    let codec = Wasm::open(loader, &[sample_rate, channels as u32, bitrate, COMPLEXITY], &LOST_OPUS).await?;
    Ok(chosen(Box::new(Framed::new(codec, sample_rate, channels, OPUS_FRAME, delay)), "opus-wasm"))
}

async fn flac(settings: &Settings) -> Result<Chosen, JsValue> {
    let Settings { sample_rate, channels, .. } = *settings;
    let loader = LOADERS.with(|loaders| loaders.borrow().flac.clone());
    let codec = Wasm::open(loader, &[sample_rate, channels as u32], &LOST_FLAC).await?;
    let header = codec.encoder.header().unwrap_or_default().to_vec();
    let encoder = Box::new(Framed::new(codec, sample_rate, channels, FLAC_BLOCK, 0));
    Ok(Chosen { encoder, format: Format::Flac { header }, name: "flac" })
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
    failed: bool,
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
        Some(Self { encoder, packet: Vec::new(), failed: false, _notify: notify })
    }
}

impl FrameCodec for Native {
    fn encode(&mut self, frame: &[f32], sink: &mut dyn FnMut(&[u8])) {
        if self.encoder.encode(&Float32Array::from(frame)).is_err() {
            self.failed = true;
            sink(&LOST_OPUS);
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

    fn has_failed(&self) -> bool {
        self.failed
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        self.encoder.close();
    }
}

#[wasm_bindgen]
extern "C" {
    /// A class of a separate wasm module: `OpusEncoder` or `FlacEncoder`.
    type WasmEncoder;

    #[wasm_bindgen(method, catch)]
    fn encode(this: &WasmEncoder, frame: &Float32Array) -> Result<Uint8Array, JsValue>;

    /// What a FLAC stream begins with; Opus has none.
    #[wasm_bindgen(method, getter)]
    fn header(this: &WasmEncoder) -> Option<Uint8Array>;

    /// After a trap it throws, and there is nothing left to free.
    #[wasm_bindgen(method, catch)]
    fn free(this: &WasmEncoder) -> Result<(), JsValue>;
}

/// An encoder of the package, from its own file.
struct Wasm {
    encoder: WasmEncoder,
    packet: Vec<u8>,
    /// What stands in for a frame on which it failed.
    lost: &'static [u8],
    failed: bool,
}

impl Wasm {
    /// `numbers` are what its constructor takes.
    async fn open(loader: Option<Function>, numbers: &[u32], lost: &'static [u8]) -> Result<Self, JsValue> {
        let loader = loader.ok_or_else(|| JsError::new("there is nothing to load it from"))?;
        let class = JsFuture::from(Promise::resolve(&loader.call0(&JsValue::UNDEFINED)?)).await?;
        let arguments: Array = numbers.iter().copied().map(JsValue::from).collect();
        let encoder = Reflect::construct(&class.dyn_into::<Function>()?, &arguments)?;
        Ok(Self { encoder: encoder.unchecked_into(), packet: Vec::new(), lost, failed: false })
    }
}

impl FrameCodec for Wasm {
    fn encode(&mut self, frame: &[f32], sink: &mut dyn FnMut(&[u8])) {
        let Ok(packet) = self.encoder.encode(&Float32Array::from(frame)) else {
            self.failed = true;
            return sink(self.lost);
        };
        self.packet.resize(packet.length() as usize, 0);
        packet.copy_to(&mut self.packet);
        sink(&self.packet);
    }

    fn flush(&mut self) {}

    fn poll(&mut self, _: &mut dyn FnMut(&[u8])) {}

    fn has_failed(&self) -> bool {
        self.failed
    }
}

impl Drop for Wasm {
    fn drop(&mut self) {
        let _ = self.encoder.free();
    }
}
