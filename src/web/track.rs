//! A track that is read where the engine is, off this page, where the browser has a reader of tracks: it costs a fraction of
//! an `AudioContext`, and needs no gesture of the user.

use gloo_events::EventListener;
use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{MediaStream, MediaStreamTrack};

use super::capture::Warn;
use super::convert::{get, set};
use super::tap::watch;

/// Buffers that the browser keeps for a worker that is busy, where ten milliseconds are in one: five seconds.
const MOST_BUFFERS: u32 = 500;

/// A track that is listened to.
pub(super) struct Track {
    track: MediaStreamTrack,
    reader: Function,
    _listeners: Vec<EventListener>,
}

impl Track {
    /// Listens to a `MediaStream` or a `MediaStreamTrack`, where there is a reader for it.
    pub(super) fn open(source: &JsValue, warn: &Warn) -> Option<Self> {
        let track = match source.dyn_ref::<MediaStream>() {
            Some(stream) => stream.get_audio_tracks().get(0),
            None => source.clone(),
        };
        let track: MediaStreamTrack = track.dyn_into().ok()?;
        let reader: Function = get(&js_sys::global(), "MediaStreamTrackProcessor").dyn_into().ok()?;
        let opened = Self { track, reader, _listeners: Vec::new() };
        // What this browser does not read is found out here.
        opened.readable().ok()?;
        Some(Self { _listeners: watch(source, warn), ..opened })
    }

    /// Its frames from here on: a `ReadableStream` of `AudioData`, for the worker.
    pub(super) fn readable(&self) -> Result<JsValue, JsValue> {
        let options = Object::new();
        set(&options, "track", &self.track);
        set(&options, "maxBufferSize", &MOST_BUFFERS.into());
        let reader = Reflect::construct(&self.reader, &Array::of1(&options))?;
        Ok(get(&reader, "readable"))
    }
}
