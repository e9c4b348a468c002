//! One node that is listened to: an `AudioContext` with the package's worklet behind the source.

use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    AudioContext, AudioContextState, AudioNode, AudioWorkletNode, AudioWorkletNodeOptions, BaseAudioContext,
    EventTarget, MediaStream, MediaStreamTrack, MessageChannel, MessagePort,
};

use super::capture::Warn;
use super::convert::to_error;
use crate::audio::path::CAPTURE_RATES;
use crate::error::{Code, Error};
use crate::session::WarningCode;

/// How long a context may take to start. One that is waiting for a gesture of the user never does.
const START_LIMIT_MS: u32 = 2_000;

/// What a user does, or a page that is shown again, lets a suspended context go on.
const RESUMING: [&str; 3] = ["pointerdown", "keydown", "visibilitychange"];

/// A source that is being listened to. Dropping it lets go of everything that it made.
pub(super) struct Tap {
    source: AudioNode,
    worklet: AudioWorkletNode,
    /// In Hz.
    pub(super) rate: u32,
    /// The context, if it was made here: one that came with the app's own node is the app's.
    context: Option<AudioContext>,
    _listeners: Vec<EventListener>,
}

impl Tap {
    /// Listens to a `MediaStream`, a `MediaStreamTrack`, or an `AudioNode`.
    pub(super) async fn open(source: &JsValue, warn: &Warn) -> Result<Self, JsValue> {
        let (node, base, context) = open(source)?;
        let mut started = Self::listen(node, &base, context.clone()).await;
        match (&mut started, &context) {
            (Ok(tap), Some(context)) => tap._listeners.extend(keep_running(context, warn)),
            (Err(_), Some(context)) => drop(context.close()),
            _ => {}
        }
        if let Ok(tap) = &mut started {
            tap._listeners.extend(watch(source, warn));
        }
        started
    }

    async fn listen(
        source: AudioNode, base: &BaseAudioContext, context: Option<AudioContext>,
    ) -> Result<Self, JsValue> {
        let rate = base.sample_rate() as u32;
        if !CAPTURE_RATES.contains(&rate) {
            let message = format!("the audio device runs at {rate} Hz; 8000 to 192000 are supported");
            return Err(Error::new(Code::AudioUnsupported, message).into());
        }
        let module = base.audio_worklet().and_then(|worklet| worklet.add_module(&super::worklet_url()));
        let module = match module {
            Ok(promise) => JsFuture::from(promise).await,
            Err(exception) => Err(exception),
        };
        module.map_err(|exception| {
            unsupported(
                "the package's worklet could not be loaded: is it served, and does the page's policy allow it?",
                &exception,
            )
        })?;
        if let Some(context) = &context {
            resume(context).await?;
        }
        let options = AudioWorkletNodeOptions::new();
        options.set_number_of_outputs(0);
        let worklet = AudioWorkletNode::new_with_options(base, "ossicle-capture", &options)
            .map_err(|exception| unsupported("this browser did not start the capture", &exception))?;
        source.connect_with_audio_node(&worklet)?;
        Ok(Self { source, worklet, rate, context, _listeners: Vec::new() })
    }

    /// The port at which the frames come out, from here on; what was captured before one was asked for comes first.
    pub(super) fn port(&self) -> Result<MessagePort, JsValue> {
        let channel = MessageChannel::new()?;
        let port = channel.port1();
        self.worklet.port()?.post_message_with_transferable(&port, &Array::of1(&port))?;
        Ok(channel.port2())
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        if let Ok(port) = self.worklet.port() {
            let _ = port.post_message(&"stop".into());
        }
        let _ = self.source.disconnect_with_audio_node(&self.worklet);
        if let Some(context) = &self.context {
            let _ = context.close();
        }
    }
}

/// Listens to what becomes of the device behind a stream or a track.
pub(super) fn watch(source: &JsValue, warn: &Warn) -> Vec<EventListener> {
    let track = match source.dyn_ref::<MediaStream>() {
        Some(stream) => stream.get_audio_tracks().get(0),
        None => source.clone(),
    };
    let Some(track) = track.dyn_ref::<MediaStreamTrack>() else { return Vec::new() };
    let told = [("ended", WarningCode::DeviceLost), ("mute", WarningCode::Muted)].map(|(event, code)| {
        let warn = warn.clone();
        EventListener::new(track, event, move |_| warn(code))
    });
    if track.muted() {
        warn(WarningCode::Muted);
    }
    told.into()
}

/// A context that the system suspends, or interrupts for a call, is to go on as soon as it may: at once, when the page
/// is shown again, or when the user does something.
fn keep_running(context: &AudioContext, warn: &Warn) -> Vec<EventListener> {
    let try_to = |context: &AudioContext| {
        let is_held = !matches!(context.state(), AudioContextState::Running | AudioContextState::Closed);
        if is_held && let Ok(resumed) = context.resume() {
            // Refused while the interruption lasts; the next change of state tries again.
            spawn_local(async move { drop(JsFuture::from(resumed).await) });
        }
        is_held
    };
    let (held, warn) = (context.clone(), warn.clone());
    let changed = EventListener::new(context, "statechange", move |_| {
        if try_to(&held) {
            warn(WarningCode::Suspended);
        }
    });
    let global: EventTarget = js_sys::global().unchecked_into();
    let acts = RESUMING.map(|event| {
        let held = context.clone();
        EventListener::new(&global, event, move |_| {
            try_to(&held);
        })
    });
    std::iter::once(changed).chain(acts).collect()
}

/// The node to listen to, its context, and the context again if it was made here.
fn open(source: &JsValue) -> Result<(AudioNode, BaseAudioContext, Option<AudioContext>), JsValue> {
    if let Some(node) = source.dyn_ref::<AudioNode>() {
        return Ok((node.clone(), node.context(), None));
    }
    let stream = if let Some(stream) = source.dyn_ref::<MediaStream>() {
        // Not `stream.clone()`: that is the browser's method, which makes new tracks that nobody would stop.
        Clone::clone(stream)
    } else if let Some(track) = source.dyn_ref::<MediaStreamTrack>() {
        MediaStream::new_with_tracks(&Array::of1(track))?
    } else {
        let message = "attach needs a MediaStream, a MediaStreamTrack, an AudioNode, or an open microphone";
        return Err(Error::invalid(message).into());
    };
    if stream.get_audio_tracks().length() == 0 {
        return Err(Error::invalid("the MediaStream has no audio track").into());
    }
    // The device's own rate: the browser's resampler is unspecified, ours is measured.
    let context = AudioContext::new().map_err(|exception| unsupported("this page cannot process audio", &exception))?;
    match context.create_media_stream_source(&stream) {
        Ok(node) => Ok((node.into(), context.clone().into(), Some(context))),
        Err(exception) => {
            let _ = context.close();
            Err(unsupported("this browser cannot read the MediaStream", &exception))
        }
    }
}

async fn resume(context: &AudioContext) -> Result<(), JsValue> {
    if context.state() == AudioContextState::Running {
        return Ok(());
    }
    let resumed = context.resume()?;
    let mut timer = None;
    let limit = Promise::new(&mut |resolve, _| {
        timer = Some(Timeout::new(START_LIMIT_MS, move || {
            let _ = resolve.call0(&JsValue::UNDEFINED);
        }));
    });
    let _ = JsFuture::from(Promise::race(&Array::of2(&resumed, &limit))).await;
    if context.state() == AudioContextState::Running {
        return Ok(());
    }
    let message = "the browser starts audio only after a click or a key: call attach() from such a handler";
    Err(Error::new(Code::AudioUnsupported, message).into())
}

fn unsupported(message: &str, cause: &JsValue) -> JsValue {
    to_error(&Error::new(Code::AudioUnsupported, message), Some(cause))
}
