//! The `Stream` class, as JavaScript sees it.

use std::rc::Rc;

use js_sys::{Array, ArrayBuffer, Float32Array, Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortSignal, Blob, BlobPropertyBag};

use super::capture::{Capture, Frames, Sink, Warn};
use super::convert::{self, get, to_js, to_value};
use super::driver::{Driver, Settle, with};
use super::encoder::{self, Chosen, Notify};
use super::fetch::Service;
use super::now;
use crate::engine::{Command, Engine, Settings};
use crate::error::{Code, Error};
use crate::session::{Warning, WarningCode};

/// Stands for the interaction's id until it is known.
const UNKNOWN: &str = "00000000-0000-0000-0000-000000000000";

/// A stream of an interaction, and the promise of its first connection.
#[wasm_bindgen(skip_typescript)]
pub struct Stream(Rc<Driver>, Promise);

/// `client.stream.connect`
pub(super) async fn connect(service: Rc<Service>, options: &JsValue) -> Result<JsValue, JsValue> {
    let seed = (js_sys::Math::random() * 9e15) as u64;
    // The signal is no plain data; everything else is.
    let abort: Option<AbortSignal> = get(options, "abortSignal").dyn_into().ok();
    let mut value = to_value("the stream's options", options)?;
    // The interaction may still be on its way; what is captured meanwhile is kept.
    let promised: Option<Promise> = get(options, "id").dyn_into().ok();
    if let (Some(_), Some(options)) = (&promised, value.as_object_mut()) {
        options.insert("id".to_owned(), UNKNOWN.into());
    }
    let mut settings = Settings::from_value(&value, seed)?;
    settings.session.is_held = promised.is_some();
    if abort.as_ref().is_some_and(AbortSignal::aborted) {
        return Err(Error::new(Code::Aborted, "the call was aborted").into());
    }
    let notify = Notify::default();
    let Chosen { encoder, format, name } = encoder::choose(&settings, &notify).await?;
    if abort.as_ref().is_some_and(AbortSignal::aborted) {
        return Err(Error::new(Code::Aborted, "the call was aborted").into());
    }
    let engine = Engine::new(&settings, encoder, format, now())?;
    let driver = Driver::new(engine, name, service, settings);
    let weak = Rc::downgrade(&driver);
    *notify.borrow_mut() = Some(Box::new(move || with(&weak, Driver::encoded)));
    let (connected, settle) = Settle::promise();
    *driver.connected.borrow_mut() = Some(settle);
    let wrapper = JsValue::from(Stream(driver.clone(), connected.clone()));
    *driver.wrapper.borrow_mut() = wrapper.clone();
    driver.listen(abort);
    driver.pump();
    if let Some(promised) = promised {
        let weak = Rc::downgrade(&driver);
        spawn_local(async move {
            let interaction = JsFuture::from(promised).await;
            with(&weak, |driver| driver.begin(interaction));
        });
    } else if driver.settings.session.is_awaited {
        JsFuture::from(connected).await?;
        return Ok(wrapper);
    }
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
    }

    /// Resolves with the first connection; rejects if there will be none.
    #[wasm_bindgen(getter)]
    pub fn connected(&self) -> Promise {
        self.1.clone()
    }

    #[wasm_bindgen(getter)]
    pub fn state(&self) -> JsValue {
        to_js(&self.0.engine.borrow().state())
    }

    #[wasm_bindgen(getter)]
    pub fn stats(&self) -> JsValue {
        to_js(&self.0.engine.borrow().stats())
    }

    #[wasm_bindgen(getter)]
    pub fn transcript(&self) -> JsValue {
        to_js(&self.0.engine.borrow().transcript())
    }

    /// What the stream declares as `audioFormat`.
    #[wasm_bindgen(getter, js_name = audioFormat)]
    pub fn audio_format(&self) -> String {
        self.0.engine.borrow().audio_format().to_owned()
    }

    /// What encodes the audio: `opus-native`, `opus-wasm`, `flac` or `pcm`.
    #[wasm_bindgen(getter)]
    pub fn encoder(&self) -> String {
        self.0.encoder.to_owned()
    }

    /// Captures a source through the package's worklet.
    pub fn attach(&self, source: &JsValue, options: &JsValue) -> Promise {
        let (driver, source, options) = (self.0.clone(), source.clone(), options.clone());
        convert::promise(async move {
            let channel = channel(&get(&options, "channel"), driver.settings.channels)?;
            driver.engine.borrow().takes_sources()?;
            let id = driver.next_capture.get();
            driver.next_capture.set(id + 1);
            let weak = Rc::downgrade(&driver);
            let sink: Sink = Rc::new(move |frames: &Frames<'_>| with(&weak, |driver| driver.captured(id, frames)));
            let weak = Rc::downgrade(&driver);
            let warn: Warn = Rc::new(move |code| {
                with(&weak, |driver| {
                    if code == WarningCode::DeviceChanged {
                        driver.engine.borrow_mut().interrupt(id);
                    }
                    driver.warn(Warning { channel, ..Warning::new(code) });
                });
            });
            let capture = Capture::start(&source, sink, warn).await?;
            // It may have ended while the worklet was loading. Then the capture is dropped, and nothing stays open.
            driver.engine.borrow_mut().attach(id, channel, now())?;
            driver.captures.borrow_mut().push((id, capture));
            // When to look at it.
            driver.pump();
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Stops capturing a source, or all; the stream goes on. Resolves when the last captured frame has been taken.
    pub fn detach(&self, source: &JsValue) -> Promise {
        let (driver, source) = (self.0.clone(), source.clone());
        convert::promise(async move {
            driver.stop_capturing((!source.is_undefined()).then_some(&source)).await;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Takes frames of an app that has a worklet of its own.
    #[wasm_bindgen(js_name = pushFrame)]
    pub fn push_frame(&self, planes: &JsValue, sample_rate: f64) -> Result<(), JsValue> {
        let refused =
            || Error::invalid("pushFrame needs a list of Float32Arrays, one a channel, and their sample rate");
        let planes = planes.dyn_ref::<Array>().ok_or_else(refused)?;
        let rate = if sample_rate.is_finite() { sample_rate.clamp(0.0, f64::from(u32::MAX)) as u32 } else { 0 };
        // Taken, not borrowed: the list may be a proxy whose getters call this method again.
        let mut copies = self.0.planes.take();
        copies.resize_with(planes.length() as usize, Vec::new);
        for (plane, copy) in planes.iter().zip(copies.iter_mut()) {
            let plane: Float32Array = plane.dyn_into().map_err(|_| JsValue::from(refused()))?;
            copy.resize(plane.length() as usize, 0.0);
            plane.copy_to(copy);
        }
        let views: Vec<&[f32]> = copies.iter().map(Vec::as_slice).collect();
        let taken = self.0.engine.borrow_mut().frames(&views, rate, now());
        self.0.planes.replace(copies);
        taken?;
        self.0.pump();
        Ok(())
    }

    /// Takes audio that the app encoded itself: an `ArrayBuffer`, a view of one, or a `Blob`. Resolves once it has been
    /// taken, in the order of the calls.
    #[wasm_bindgen(js_name = sendAudio)]
    pub fn send_audio(&self, data: JsValue) -> Promise {
        let driver = self.0.clone();
        let before = driver.giving.borrow().clone();
        let taken = convert::promise(async move {
            if let Some(before) = before {
                // What became of it, its own caller is told.
                let _ = JsFuture::from(before).await;
            }
            let bytes = bytes(data).await?;
            driver.engine.borrow_mut().bytes(&bytes, now())?;
            driver.pump();
            Ok(JsValue::UNDEFINED)
        });
        *self.0.giving.borrow_mut() = Some(taken.clone());
        taken
    }

    /// Asks for what is pending. Resolves when the service has answered.
    pub fn flush(&self) -> Promise {
        let driver = self.0.clone();
        if driver.giving.borrow().is_none() {
            return driver.request(Command::Flush);
        }
        convert::promise(async move {
            driver.given().await;
            JsFuture::from(driver.request(Command::Flush)).await
        })
    }

    /// Sends what is held, ends, and resolves after the service has confirmed it.
    pub fn end(&self) -> Promise {
        let driver = self.0.clone();
        convert::promise(async move {
            driver.stop_capturing(None).await;
            driver.given().await;
            JsFuture::from(driver.request(Command::End)).await
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
        self.0.engine.borrow().is_paused()
    }

    #[wasm_bindgen(getter)]
    pub fn pauses(&self) -> JsValue {
        to_js(&self.0.engine.borrow().pauses())
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
        to_js(&self.0.engine.borrow().dropped())
    }

    /// All audio that the service has not acknowledged, as a file.
    #[wasm_bindgen(js_name = unsentAudio)]
    pub fn unsent_audio(&self) -> Result<Blob, JsValue> {
        let (bytes, format) = {
            let engine = self.0.engine.borrow();
            (Uint8Array::from(engine.unsent_audio().as_slice()), engine.audio_format().to_owned())
        };
        let options = BlobPropertyBag::new();
        options.set_type(&format);
        Blob::new_with_u8_array_sequence_and_options(&Array::of1(&bytes), &options)
    }

    /// Stops at once. What is pending is rejected.
    pub fn close(&self) {
        self.0.close();
    }
}

/// What `sendAudio` was given.
async fn bytes(data: JsValue) -> Result<Vec<u8>, JsValue> {
    let data = match data.dyn_ref::<Blob>() {
        Some(blob) => JsFuture::from(blob.array_buffer()).await?,
        None => data,
    };
    if ArrayBuffer::is_view(&data) {
        let number = |key: &str| get(&data, key).as_f64().unwrap_or(0.0) as u32;
        let (offset, length) = (number("byteOffset"), number("byteLength"));
        return Ok(Uint8Array::new_with_byte_offset_and_length(&get(&data, "buffer"), offset, length).to_vec());
    }
    if data.is_instance_of::<ArrayBuffer>() {
        return Ok(Uint8Array::new(&data).to_vec());
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
        let driver = Rc::downgrade(&self.0);
        // Callable any number of times: frameworks clean up twice.
        let remove = move || with(&driver, |driver| driver.listeners.remove(id));
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
