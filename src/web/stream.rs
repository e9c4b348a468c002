//! The `Stream` class, as JavaScript sees it.

use std::rc::Rc;

use js_sys::{Array, ArrayBuffer, Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortSignal, Blob, BlobPropertyBag};

use super::convert::{self, get, to_value};
use super::fetch::Service;
use super::front::{Front, with};
use super::remote::NO_FRAMES;
use crate::engine::wire::Order;
use crate::engine::{Command, Settings};
use crate::error::{Code, Error};

/// Stands for the interaction's id until it is known.
const UNKNOWN: &str = "00000000-0000-0000-0000-000000000000";

/// A stream of an interaction, and the promise of its first connection.
#[wasm_bindgen(skip_typescript)]
pub struct Stream(Rc<Front>, Promise);

/// `client.stream.connect`
pub(super) async fn connect(service: Rc<Service>, options: &JsValue) -> Result<JsValue, JsValue> {
    let seed = (js_sys::Math::random() * 9e15) as u64;
    // The signal is no plain data; everything else is.
    let abort: Option<AbortSignal> = get(options, "abortSignal").dyn_into().ok();
    let mut plain = to_value("the stream's options", options)?;
    // The interaction may still be on its way; what is captured meanwhile is kept.
    let promised: Option<Promise> = get(options, "id").dyn_into().ok();
    if let (Some(_), Some(options)) = (&promised, plain.as_object_mut()) {
        options.insert("id".to_owned(), UNKNOWN.into());
        options.insert("isHeld".to_owned(), true.into());
    }
    let settings = Settings::from_value(&plain, seed)?;
    let wants_worker = get(options, "worker").as_bool() != Some(false);
    let is_aborted = || match abort.as_ref().is_some_and(AbortSignal::aborted) {
        true => Err(Error::new(Code::Aborted, "the call was aborted")),
        false => Ok(()),
    };
    is_aborted()?;
    let front = Front::start(service, settings, &plain, wants_worker).await?;
    is_aborted()?;
    let connected = front.begin(abort);
    let wrapper = JsValue::from(Stream(front.clone(), connected.clone()));
    front.keep(&wrapper);
    if let Some(promised) = promised {
        let weak = Rc::downgrade(&front);
        spawn_local(async move {
            let interaction = JsFuture::from(promised).await;
            with(&weak, |front| front.identify(interaction));
        });
    } else if front.settings.session.is_awaited {
        JsFuture::from(connected).await?;
        front.tell_missing();
        return Ok(wrapper);
    }
    front.tell_missing();
    // Perhaps nobody waits for it; what goes wrong is told by the events.
    spawn_local(async move {
        let _ = JsFuture::from(connected).await;
    });
    Ok(wrapper)
}

#[wasm_bindgen]
impl Stream {
    /// Adds a listener; what it returns takes it off again.
    pub fn on(&self, event: String, function: Function) -> Function {
        self.listen(event, function, false)
    }

    /// As `on`, for the next event only.
    pub fn once(&self, event: String, function: Function) -> Function {
        self.listen(event, function, true)
    }

    /// Takes a function off an event; all functions if none is given.
    pub fn off(&self, event: &str, function: Option<Function>) {
        self.0.listeners.remove_function(event, function.as_ref());
        self.0.want();
    }

    /// Resolves with the first connection; rejects if there will be none.
    #[wasm_bindgen(getter)]
    pub fn connected(&self) -> Promise {
        self.1.clone()
    }

    #[wasm_bindgen(getter)]
    pub fn state(&self) -> JsValue {
        self.0.link.state()
    }

    #[wasm_bindgen(getter)]
    pub fn stats(&self) -> JsValue {
        self.0.link.stats()
    }

    #[wasm_bindgen(getter)]
    pub fn transcript(&self) -> JsValue {
        self.0.link.transcript()
    }

    /// What the stream declares as `audioFormat`.
    #[wasm_bindgen(getter, js_name = audioFormat)]
    pub fn audio_format(&self) -> String {
        self.0.link.audio_format()
    }

    /// What encodes the audio: `opus-native`, `opus-wasm`, `flac` or `pcm`.
    #[wasm_bindgen(getter)]
    pub fn encoder(&self) -> String {
        self.0.link.encoder()
    }

    /// Whether the engine is in a worker.
    #[wasm_bindgen(getter, js_name = isInWorker)]
    pub fn is_in_worker(&self) -> bool {
        self.0.link.is_in_worker()
    }

    /// Captures a source through the package's worklet.
    pub fn attach(&self, source: &JsValue, options: &JsValue) -> Promise {
        let (front, source, options) = (self.0.clone(), source.clone(), options.clone());
        convert::promise(async move {
            let channel = channel(&get(&options, "channel"), front.settings.channels)?;
            front.attach(&source, channel).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Stops capturing a source, or all; the stream goes on. Resolves when the last captured frame has been taken.
    pub fn detach(&self, source: &JsValue) -> Promise {
        let (front, source) = (self.0.clone(), source.clone());
        convert::promise(async move {
            front.detach((!source.is_undefined()).then_some(&source)).await;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Takes frames of an app that has a worklet of its own.
    #[wasm_bindgen(js_name = pushFrame)]
    pub fn push_frame(&self, planes: &JsValue, sample_rate: f64) -> Result<(), JsValue> {
        let planes = planes.dyn_ref::<Array>().ok_or_else(|| Error::invalid(NO_FRAMES))?;
        let rate = if sample_rate.is_finite() { sample_rate.clamp(0.0, f64::from(u32::MAX)) as u32 } else { 0 };
        Ok(self.0.order(Order::Frames(rate), planes)?)
    }

    /// Takes audio that the app encoded itself: an `ArrayBuffer`, a view of one, or a `Blob`. Resolves once it has been
    /// taken, in the order of the calls.
    #[wasm_bindgen(js_name = sendAudio)]
    pub fn send_audio(&self, data: JsValue) -> Promise {
        let front = self.0.clone();
        let before = front.giving.borrow().clone();
        let taken = convert::promise(async move {
            if let Some(before) = before {
                // What became of it, its own caller is told.
                let _ = JsFuture::from(before).await;
            }
            let bytes = bytes(data).await?;
            front.order(Order::Bytes, &bytes)?;
            Ok(JsValue::UNDEFINED)
        });
        *self.0.giving.borrow_mut() = Some(taken.clone());
        taken
    }

    /// Asks for what is pending. Resolves when the service has answered.
    pub fn flush(&self) -> Promise {
        let front = self.0.clone();
        let flush = |id| Order::Command(Command::Flush(id));
        if front.giving.borrow().is_none() {
            return front.request(flush);
        }
        convert::promise(async move {
            front.given().await;
            JsFuture::from(front.request(flush)).await
        })
    }

    /// Sends what is held, ends, and resolves after the service has confirmed it.
    pub fn end(&self) -> Promise {
        let front = self.0.clone();
        convert::promise(async move {
            front.detach(None).await;
            front.given().await;
            JsFuture::from(front.request(|id| Order::Command(Command::End(id)))).await
        })
    }

    /// Captures nothing until `resume`; the visit's time stands still.
    pub fn pause(&self) {
        self.0.command(Command::Pause);
    }

    pub fn resume(&self) {
        self.0.command(Command::Resume);
    }

    #[wasm_bindgen(getter, js_name = isPaused)]
    pub fn is_paused(&self) -> bool {
        self.0.link.is_paused()
    }

    #[wasm_bindgen(getter)]
    pub fn pauses(&self) -> JsValue {
        self.0.link.pauses()
    }

    /// Sends silence in place of a channel, or of all.
    pub fn mute(&self, channel: &JsValue) -> Result<(), JsValue> {
        self.0.command(Command::Mute(self::channel(channel, self.0.settings.channels)?));
        Ok(())
    }

    pub fn unmute(&self, channel: &JsValue) -> Result<(), JsValue> {
        self.0.command(Command::Unmute(self::channel(channel, self.0.settings.channels)?));
        Ok(())
    }

    /// Audio that was given up because the buffer was full.
    #[wasm_bindgen(getter)]
    pub fn dropped(&self) -> JsValue {
        self.0.link.dropped()
    }

    /// All audio that the service has not acknowledged, as a file.
    #[wasm_bindgen(js_name = unsentAudio)]
    pub fn unsent_audio(&self) -> Result<Blob, JsValue> {
        let bytes = self.0.link.unsent()?;
        let options = BlobPropertyBag::new();
        options.set_type(&self.0.link.audio_format());
        Blob::new_with_u8_array_sequence_and_options(&Array::of1(&bytes), &options)
    }

    /// Stops at once. What is pending is rejected.
    pub fn close(&self) {
        self.0.close();
    }
}

/// What `sendAudio` was given.
async fn bytes(data: JsValue) -> Result<Uint8Array, JsValue> {
    let data = match data.dyn_ref::<Blob>() {
        Some(blob) => JsFuture::from(blob.array_buffer()).await?,
        None => data,
    };
    if ArrayBuffer::is_view(&data) {
        let number = |key: &str| get(&data, key).as_f64().unwrap_or(0.0) as u32;
        let (offset, length) = (number("byteOffset"), number("byteLength"));
        return Ok(Uint8Array::new_with_byte_offset_and_length(&get(&data, "buffer"), offset, length));
    }
    if data.is_instance_of::<ArrayBuffer>() {
        return Ok(Uint8Array::new(&data));
    }
    Err(Error::invalid("sendAudio needs an ArrayBuffer, a view of one, or a Blob").into())
}

/// Which channel a source is for, if the app said so.
fn channel(value: &JsValue, channels: usize) -> Result<Option<usize>, Error> {
    if value.is_undefined() {
        return Ok(None);
    }
    let found = (0..channels).find(|channel| value.as_f64() == Some(*channel as f64));
    found.map(Some).ok_or_else(|| Error::invalid(format!("channel must be one of the stream's: 0 to {}", channels - 1)))
}

impl Stream {
    fn listen(&self, event: String, function: Function, once: bool) -> Function {
        let id = self.0.listeners.add(event, function, once);
        self.0.want();
        let front = Rc::downgrade(&self.0);
        // Callable any number of times: frameworks clean up twice.
        let remove = move || {
            with(&front, |front| {
                front.listeners.remove(id);
                front.want();
            });
        };
        Closure::<dyn Fn()>::new(remove).into_js_value().unchecked_into()
    }
}

/// `free()`, or a page that ends: nothing stays open.
impl Drop for Stream {
    fn drop(&mut self) {
        self.0.listeners.clear();
        self.0.close();
    }
}
