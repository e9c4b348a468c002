//! Frames from a worklet, or from a track in the worker: their port, wherever the engine is.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use js_sys::{Array, Date, Float32Array, Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, MessagePort};

use super::convert::get;

/// How long the worklet may take to hand out its last batch: ten batches.
const DRAIN_LIMIT_MS: u32 = 200;

/// A thread that was suspended may find messages that are older than anybody waits for.
const OLDEST: Duration = Duration::from_secs(3_600);

/// Frames of a worklet.
pub(super) struct Frames<'a> {
    /// All samples, channel after channel, each `stride` long and filled to `count`.
    pub(super) samples: &'a [f32],
    pub(super) stride: usize,
    pub(super) count: usize,
    /// In Hz.
    pub(super) rate: u32,
    /// How long ago the last of them was captured.
    pub(super) age: Duration,
}

/// A worklet's port that is listened to.
pub(super) struct Batches {
    port: MessagePort,
    drained: Rc<Drained>,
    _listener: EventListener,
}

/// Whether the worklet said that nothing follows, and who waits for it.
#[derive(Default)]
struct Drained {
    done: Cell<bool>,
    waiting: RefCell<Option<Function>>,
}

impl Batches {
    /// Hands on what comes, at `rate` Hz if it says nothing else, and sends each batch's memory back.
    pub(super) fn listen(port: MessagePort, rate: u32, sink: impl Fn(&Frames<'_>) + 'static) -> Self {
        let drained = Rc::new(Drained::default());
        let listener = {
            let (port, drained, scratch) = (port.clone(), drained.clone(), RefCell::new(Vec::new()));
            EventListener::new(&port.clone(), "message", move |event| {
                let batch = event.unchecked_ref::<MessageEvent>().data();
                if batch.is_null() {
                    drained.done.set(true);
                    if let Some(resolve) = drained.waiting.borrow_mut().take() {
                        let _ = resolve.call0(&JsValue::UNDEFINED);
                    }
                    return;
                }
                let number = |key: &str| get(&batch, key).as_f64().unwrap_or(0.0);
                let age = Duration::try_from_secs_f64((Date::now() - number("time")) / 1e3).unwrap_or_default();
                let samples: Float32Array = get(&batch, "samples").unchecked_into();
                // Taken, not borrowed: the sink may end in a listener of the app.
                let mut copy: Vec<f32> = scratch.take();
                copy.resize(samples.length() as usize, 0.0);
                samples.copy_to(&mut copy);
                let _ = port.post_message_with_transferable(&samples, &Array::of1(&samples.buffer()));
                let rate = get(&batch, "rate").as_f64().map_or(rate, |rate| rate as u32);
                let (stride, count) = (number("frames") as usize, number("filled") as usize);
                sink(&Frames { samples: &copy, stride, count, rate, age: age.min(OLDEST) });
                scratch.replace(copy);
            })
        };
        port.start();
        Self { port, drained, _listener: listener }
    }

    /// Has the worklet stop, and waits for what it still holds.
    pub(super) async fn drain(&self) {
        let _ = self.port.post_message(&"stop".into());
        let mut timer = None;
        let done = Promise::new(&mut |resolve, _| {
            if self.drained.done.get() {
                let _ = resolve.call0(&JsValue::UNDEFINED);
                return;
            }
            *self.drained.waiting.borrow_mut() = Some(resolve.clone());
            timer = Some(Timeout::new(DRAIN_LIMIT_MS, move || {
                let _ = resolve.call0(&JsValue::UNDEFINED);
            }));
        });
        let _ = JsFuture::from(done).await;
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        let _ = self.port.post_message(&"stop".into());
        self.port.close();
    }
}
