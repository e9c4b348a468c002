//! What is attached to a stream: a tap on its source, and on the next one when a microphone moves to another device.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{AudioNode, MediaStream};

use super::convert::get;
use super::tap;
use super::track::Track;
use crate::error::{Code, Error};
use crate::session::WarningCode;

/// Takes where the frames of another device come out that is captured from here on, and its rate in Hz.
pub(super) type Moved = Rc<dyn Fn(JsValue, u32)>;

/// How a source is listened to.
enum Tap {
    Node(tap::Tap),
    Track(Track),
}

/// Takes what became of a device.
pub(super) type Warn = Rc<dyn Fn(WarningCode)>;

/// Something attached. Dropping it lets go of everything that it made.
pub(super) struct Capture {
    /// What the app attached.
    source: JsValue,
    /// Whether the engine is in a worker, which can read a track itself.
    is_remote: bool,
    moved: Moved,
    warn: Warn,
    tap: RefCell<Option<Rc<Tap>>>,
    /// Whether its first port was asked for; the later ones are told.
    is_attached: Cell<bool>,
    /// Take this off the microphone that is followed.
    unfollow: RefCell<Vec<Function>>,
}

impl Capture {
    /// Listens to a `MediaStream`, a `MediaStreamTrack`, an `AudioNode`, or a microphone of this package, which is
    /// followed from device to device.
    pub(super) async fn start(
        source: &JsValue, is_remote: bool, moved: Moved, warn: Warn,
    ) -> Result<Rc<Self>, JsValue> {
        let capture = Rc::new(Self {
            source: source.clone(),
            is_remote,
            moved,
            warn,
            tap: RefCell::default(),
            is_attached: Cell::new(false),
            unfollow: RefCell::default(),
        });
        // Before its first stream is heard, so that no change is missed meanwhile.
        if capture.is_microphone() {
            capture.follow();
        }
        // A microphone that moves on meanwhile has to be listened to where it is then.
        while capture.tap.borrow().is_none() {
            capture.listen().await?;
        }
        Ok(capture)
    }

    /// Whether this is what the app attached.
    pub(super) fn is_of(&self, source: &JsValue) -> bool {
        self.source == *source
    }

    /// Where its frames come out from here on, a port or a stream of `AudioData`, and at how many Hz if they do not say.
    pub(super) fn frames(&self) -> Result<(JsValue, u32), JsValue> {
        self.is_attached.set(true);
        let tap = self.tap.borrow().clone();
        let tap = tap.ok_or_else(|| Error::new(Code::AudioUnsupported, "the capture has ended"))?;
        match &*tap {
            Tap::Node(tap) => Ok((tap.port()?.into(), tap.rate)),
            Tap::Track(track) => Ok((track.readable()?, 0)),
        }
    }

    fn is_microphone(&self) -> bool {
        !self.source.is_instance_of::<AudioNode>() && get(&self.source, "mediaStream").is_instance_of::<MediaStream>()
    }

    /// What there is to listen to: of a microphone the stream of its present device.
    fn media(&self) -> JsValue {
        if self.is_microphone() { get(&self.source, "mediaStream") } else { self.source.clone() }
    }

    /// A tap on the source, in place of the one before.
    async fn listen(&self) -> Result<(), JsValue> {
        let media = self.media();
        // Of a microphone that is followed, the microphone itself tells whether it was lost.
        let (followed, warn) = (self.is_microphone(), self.warn.clone());
        let warn: Warn = Rc::new(move |code| {
            if !followed || code != WarningCode::DeviceLost {
                warn(code);
            }
        });
        let track = if self.is_remote { Track::open(&media, &warn) } else { None };
        let tap = match track {
            Some(track) => Ok(Tap::Track(track)),
            None => tap::Tap::open(&media, &warn).await.map(Tap::Node),
        };
        // The microphone may have moved on while the tap was opening: then the tap on its next device is the one.
        if self.media() != media {
            return Ok(());
        }
        let before = self.tap.replace(Some(Rc::new(tap?)));
        if before.is_some() {
            if self.is_attached.get() {
                let (frames, rate) = self.frames()?;
                (self.moved)(frames, rate);
            }
            (self.warn)(WarningCode::DeviceChanged);
        }
        Ok(())
    }

    fn follow(self: &Rc<Self>) {
        let Ok(on) = get(&self.source, "on").dyn_into::<Function>() else { return };
        let subscribe = |event: &str, act: Box<dyn Fn()>| {
            let listener = Closure::<dyn Fn()>::new(act).into_js_value();
            let off = on.call2(&self.source, &event.into(), &listener);
            off.ok().and_then(|off| off.dyn_into().ok())
        };
        let weak = Rc::downgrade(self);
        let changed = subscribe(
            "change",
            Box::new(move || {
                let Some(capture) = weak.upgrade() else { return };
                spawn_local(async move {
                    if capture.listen().await.is_err() {
                        (capture.warn)(WarningCode::DeviceLost);
                    }
                });
            }),
        );
        let weak = Rc::downgrade(self);
        let lost = subscribe(
            "lost",
            Box::new(move || {
                if let Some(capture) = weak.upgrade() {
                    (capture.warn)(WarningCode::DeviceLost);
                }
            }),
        );
        self.unfollow.borrow_mut().extend([changed, lost].into_iter().flatten());
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        for off in self.unfollow.take() {
            let _ = off.call0(&JsValue::UNDEFINED);
        }
    }
}
