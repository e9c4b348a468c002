//! `client.microphones`: which there are, and opening one.

use js_sys::{Array, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MediaDeviceInfo, MediaDeviceKind, MediaDevices, MediaStream, MediaStreamConstraints, MediaStreamTrack};

use super::convert::{self, get, name_of, set, to_error};
use crate::error::{Code, Error};

/// `client.microphones`
#[wasm_bindgen(skip_typescript)]
pub struct Microphones;

#[wasm_bindgen]
impl Microphones {
    /// The microphones; their labels are empty until one was allowed.
    pub fn list(&self) -> Promise {
        convert::promise(async {
            let found = JsFuture::from(devices()?.enumerate_devices()?).await?;
            let list: Array = Array::from(&found)
                .iter()
                .map(JsCast::unchecked_into::<MediaDeviceInfo>)
                .filter(|device| device.kind() == MediaDeviceKind::Audioinput)
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

/// An open microphone.
#[wasm_bindgen(skip_typescript)]
pub struct Microphone {
    stream: MediaStream,
}

#[wasm_bindgen]
impl Microphone {
    #[wasm_bindgen(getter, js_name = mediaStream)]
    pub fn media_stream(&self) -> MediaStream {
        // Not `.clone()`: that is the browser's method, which makes new tracks that nobody would stop.
        Clone::clone(&self.stream)
    }

    #[wasm_bindgen(getter)]
    pub fn label(&self) -> String {
        tracks(&self.stream).first().map(MediaStreamTrack::label).unwrap_or_default()
    }

    /// Lets go of the device: the browser's recording light goes out.
    pub fn close(&self) {
        tracks(&self.stream).iter().for_each(MediaStreamTrack::stop);
    }
}

fn tracks(stream: &MediaStream) -> Vec<MediaStreamTrack> {
    stream.get_audio_tracks().iter().map(JsCast::unchecked_into).collect()
}

async fn open(options: &JsValue) -> Result<Microphone, JsValue> {
    // A conversation across a desk needs the browser's processing; a dictating voice at the microphone is best left alone.
    let processing = match get(options, "preset").as_string().as_deref() {
        None | Some("conversation") => true,
        Some("dictation") => false,
        Some(_) => return Err(Error::invalid("preset must be \"conversation\" or \"dictation\"").into()),
    };
    let audio = Object::new();
    for key in ["echoCancellation", "noiseSuppression", "autoGainControl"] {
        set(&audio, key, &processing.into());
    }
    if let Some(id) = get(options, "deviceId").as_string() {
        let exact = Object::new();
        set(&exact, "exact", &id.into());
        set(&audio, "deviceId", &exact);
    }
    let constraints = MediaStreamConstraints::new();
    constraints.set_audio(&audio);
    let asked = devices()?.get_user_media_with_constraints(&constraints).map_err(|exception| refusal(&exception))?;
    let stream = JsFuture::from(asked).await.map_err(|exception| refusal(&exception))?;
    Ok(Microphone { stream: stream.unchecked_into() })
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
