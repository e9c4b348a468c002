//! The encoder as JavaScript sees it: the class `OpusEncoder`. What it does is [`Encoder`]'s; here samples come in and
//! packets go out, copied once each, for the SDK's own wasm has another memory.

// What wasm-bindgen exports is public to JavaScript, which Rust cannot see.
#![allow(unreachable_pub)]

use js_sys::{Float32Array, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::{Encoder, Refused};

/// An encoder of one stream.
#[wasm_bindgen]
pub struct OpusEncoder {
    encoder: Encoder,
    /// Where the samples land that JavaScript passes.
    frame: Vec<f32>,
}

#[wasm_bindgen]
impl OpusEncoder {
    /// As [`Encoder::new`]; throws an `Error` for what it refuses.
    #[wasm_bindgen(constructor)]
    pub fn new(sample_rate: u32, channels: usize, bitrate: u32, complexity: u32) -> Result<OpusEncoder, JsError> {
        let encoder = Encoder::new(sample_rate, channels, bitrate, complexity)?;
        let frame = vec![0.0; encoder.frame_len()];
        Ok(Self { encoder, frame })
    }

    /// As [`Encoder::encode`]; the packet is the caller's own.
    pub fn encode(&mut self, frame: &Float32Array) -> Result<Uint8Array, JsError> {
        let given = frame.length() as usize;
        if given != self.frame.len() {
            return Err(Refused::FrameLength { expected: self.frame.len(), given }.into());
        }
        frame.copy_to(&mut self.frame);
        Ok(Uint8Array::from(self.encoder.encode(&self.frame)?))
    }

    /// As [`Encoder::frame_len`].
    #[wasm_bindgen(getter, js_name = frameLength)]
    pub fn frame_length(&self) -> usize {
        self.encoder.frame_len()
    }

    /// As [`Encoder::lookahead`].
    #[wasm_bindgen(getter)]
    pub fn lookahead(&self) -> usize {
        self.encoder.lookahead()
    }
}
