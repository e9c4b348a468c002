//! `client.microphones`: which there are, and opening one that is followed from device to device.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{MediaDeviceInfo, MediaDeviceKind, MediaDevices, MediaStream, MediaStreamConstraints, MediaStreamTrack};

use super::convert::{self, get, name_of, set, to_error};
use super::events::Listeners;
use crate::engine::devices::{Choice, Device, Following};
use crate::error::{Code, Error};

/// How long the device before is kept open when a microphone has moved to another: longer than a capture takes to start.
const HANDOVER_MS: u32 = 1_000;

/// `client.microphones`
#[wasm_bindgen(skip_typescript)]
pub struct Microphones;

#[wasm_bindgen]
impl Microphones {
    /// The microphones; their labels are empty until one was allowed.
    pub fn list(&self) -> Promise {
        convert::promise(async {
            let list: Array = list()
                .await?
                .map(|device| {
                    let entry = Object::new();
                    set(&entry, "deviceId", &device.device_id().into());
                    set(&entry, "label", &device.label().into());
                    JsValue::from(entry)
                })
                .collect();
            Ok(list.into())
        })
    }

    /// Asks for a microphone; the browser may ask the user.
    pub fn open(&self, options: &JsValue) -> Promise {
        let options = options.clone();
        convert::promise(async move { Ok(open(&options).await?.into()) })
    }
}

/// An open microphone. It moves to another device when its own goes or the default changes.
#[wasm_bindgen(skip_typescript)]
pub struct Microphone(Rc<Open>);

struct Open {
    /// Whether the browser processes the sound.
    processing: bool,
    following: RefCell<Following>,
    stream: RefCell<MediaStream>,
    listeners: Listeners,
    /// Devices are being looked at; whether to look again afterwards.
    is_looking: Cell<bool>,
    look_again: Cell<bool>,
    is_closed: Cell<bool>,
    devices: RefCell<Option<EventListener>>,
    track: RefCell<Option<EventListener>>,
}

#[wasm_bindgen]
impl Microphone {
    #[wasm_bindgen(getter, js_name = mediaStream)]
    pub fn media_stream(&self) -> MediaStream {
        // Not `.clone()`: that is the browser's method, which makes new tracks that nobody would stop.
        Clone::clone(&*self.0.stream.borrow())
    }

    #[wasm_bindgen(getter)]
    pub fn label(&self) -> String {
        self.0.label()
    }

    /// Adds a listener for `change` or `lost`; what it returns takes it off again.
    pub fn on(&self, event: String, function: Function) -> Function {
        let (id, open) = (self.0.listeners.add(event, function, false), Rc::downgrade(&self.0));
        let remove = move || {
            if let Some(open) = open.upgrade() {
                open.listeners.remove(id);
            }
        };
        Closure::<dyn Fn()>::new(remove).into_js_value().unchecked_into()
    }

    /// Lets go of the device: the browser's recording light goes out.
    pub fn close(&self) {
        self.0.close();
    }
}

impl Drop for Microphone {
    fn drop(&mut self) {
        self.0.listeners.clear();
        self.0.close();
    }
}

impl Open {
    fn label(&self) -> String {
        tracks(&self.stream.borrow()).first().map(MediaStreamTrack::label).unwrap_or_default()
    }

    fn close(&self) {
        self.is_closed.set(true);
        self.devices.take();
        self.track.take();
        tracks(&self.stream.borrow()).iter().for_each(MediaStreamTrack::stop);
    }

    /// Listens to the stream's track, and to devices that come and go.
    fn watch(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        *self.track.borrow_mut() = tracks(&self.stream.borrow()).first().map(|track| {
            EventListener::new(track, "ended", move |_| {
                if let Some(open) = weak.upgrade() {
                    open.following.borrow_mut().ended();
                    open.look();
                }
            })
        });
        let weak = Rc::downgrade(self);
        *self.devices.borrow_mut() = devices().ok().map(|devices| {
            EventListener::new(&devices, "devicechange", move |_| {
                if let Some(open) = weak.upgrade() {
                    open.look();
                }
            })
        });
    }

    /// Looks at the devices, and moves to another one if that is called for.
    fn look(self: &Rc<Self>) {
        if self.is_looking.replace(true) {
            return self.look_again.set(true);
        }
        let open = self.clone();
        spawn_local(async move {
            loop {
                open.look_again.set(false);
                open.look_once().await;
                if !open.look_again.get() || open.is_closed.get() {
                    break;
                }
            }
            open.is_looking.set(false);
        });
    }

    async fn look_once(self: &Rc<Self>) {
        let Ok(found) = inputs().await else { return };
        let choice = self.following.borrow().choose(&found);
        let opened = match choice {
            Choice::Keep => return,
            Choice::Wait => {
                self.following.borrow_mut().ended();
                None
            }
            Choice::Open(id) => get_user_media(self.processing, id.as_deref()).await.ok(),
        };
        if self.is_closed.get() {
            return opened.iter().flat_map(tracks).for_each(|track| track.stop());
        }
        let Some(stream) = opened else {
            if self.following.borrow_mut().refused(&found) {
                self.listeners.emit("lost", &JsValue::UNDEFINED);
            }
            return;
        };
        self.following.borrow_mut().opened(device_of(&stream), &found);
        let before = self.stream.replace(stream);
        self.watch();
        let payload = Object::new();
        set(&payload, "label", &self.label().into());
        self.listeners.emit("change", &payload);
        // A moment later: whoever listens to the one before may still need it until the next one is heard.
        Timeout::new(HANDOVER_MS, move || tracks(&before).iter().for_each(MediaStreamTrack::stop)).forget();
    }
}

fn tracks(stream: &MediaStream) -> Vec<MediaStreamTrack> {
    stream.get_audio_tracks().iter().map(JsCast::unchecked_into).collect()
}

/// The name of the device behind a stream.
fn device_of(stream: &MediaStream) -> String {
    let settings = tracks(stream).first().map(|track| JsValue::from(track.get_settings()));
    settings.and_then(|settings| get(&settings, "deviceId").as_string()).unwrap_or_default()
}

/// The audio inputs there are.
async fn inputs() -> Result<Vec<Device>, JsValue> {
    Ok(list().await?.map(|device| Device { id: device.device_id(), group: device.group_id() }).collect())
}

async fn list() -> Result<impl Iterator<Item = MediaDeviceInfo>, JsValue> {
    let found = JsFuture::from(devices()?.enumerate_devices()?).await?;
    let devices = Array::from(&found).into_iter().map(JsCast::unchecked_into::<MediaDeviceInfo>);
    Ok(devices.filter(|device| device.kind() == MediaDeviceKind::Audioinput))
}

async fn open(options: &JsValue) -> Result<Microphone, JsValue> {
    // A conversation across a desk needs the browser's processing; a dictating voice at the microphone is best left alone.
    let processing = match get(options, "preset").as_string().as_deref() {
        None | Some("conversation") => true,
        Some("dictation") => false,
        Some(_) => return Err(Error::invalid("preset must be \"conversation\" or \"dictation\"").into()),
    };
    let wanted = get(options, "deviceId").as_string();
    let stream = get_user_media(processing, wanted.as_deref()).await?;
    let mut following = Following::new(wanted);
    following.opened(device_of(&stream), &inputs().await.unwrap_or_default());
    let open = Rc::new(Open {
        processing,
        following: RefCell::new(following),
        stream: RefCell::new(stream),
        listeners: Listeners::default(),
        is_looking: Cell::new(false),
        look_again: Cell::new(false),
        is_closed: Cell::new(false),
        devices: RefCell::default(),
        track: RefCell::default(),
    });
    open.watch();
    Ok(Microphone(open))
}

/// Opens a device; without a name, the default.
async fn get_user_media(processing: bool, id: Option<&str>) -> Result<MediaStream, JsValue> {
    let audio = Object::new();
    for key in ["echoCancellation", "noiseSuppression", "autoGainControl"] {
        set(&audio, key, &processing.into());
    }
    if let Some(id) = id {
        let exact = Object::new();
        set(&exact, "exact", &id.into());
        set(&audio, "deviceId", &exact);
    }
    let constraints = MediaStreamConstraints::new();
    constraints.set_audio(&audio);
    let asked = devices()?.get_user_media_with_constraints(&constraints).map_err(|exception| refusal(&exception))?;
    Ok(JsFuture::from(asked).await.map_err(|exception| refusal(&exception))?.unchecked_into())
}

/// What `getUserMedia`'s exceptions mean (Media Capture and Streams, section 10.2.2).
fn refusal(exception: &JsValue) -> JsValue {
    let (code, message) = match name_of(exception).as_str() {
        "NotAllowedError" | "SecurityError" => {
            (Code::MicrophoneDenied, "the microphone was denied: allow it for this page in the browser's settings")
        }
        "NotFoundError" | "OverconstrainedError" => (Code::MicrophoneMissing, "no such microphone was found"),
        "NotReadableError" | "AbortError" => {
            (Code::MicrophoneBusy, "the microphone cannot be read: another program may be using it")
        }
        _ => (Code::AudioUnsupported, "this browser did not open the microphone"),
    };
    to_error(&Error::new(code, message), Some(exception))
}

fn devices() -> Result<MediaDevices, JsValue> {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into())?;
    get(&navigator, "mediaDevices").dyn_into().map_err(|_| {
        let message = "this page may not use microphones: it must be served over https (or from localhost)";
        Error::new(Code::AudioUnsupported, message).into()
    })
}
