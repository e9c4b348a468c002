//! The encoder as JavaScript sees it: the class `FlacEncoder`. What it does is [`Encoder`]'s; here samples come in and
//! frames go out, copied once each, for the SDK's own wasm has another memory.

// What wasm-bindgen exports is public to JavaScript, which Rust cannot see.
#![allow(unreachable_pub)]

use js_sys::{Float32Array, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::{Encoder, Refused};

/// An encoder of one stream.
#[wasm_bindgen]
pub struct FlacEncoder {
    encoder: Encoder,
    /// Where the samples land that JavaScript passes.
    block: Vec<f32>,
}

#[wasm_bindgen]
impl FlacEncoder {
    /// As [`Encoder::new`]; throws an `Error` for what it refuses.
    #[wasm_bindgen(constructor)]
    pub fn new(sample_rate: u32, channels: usize) -> Result<FlacEncoder, JsError> {
        let encoder = Encoder::new(sample_rate, channels)?;
        let block = vec![0.0; encoder.block_len()];
        Ok(Self { encoder, block })
    }

    /// As [`Encoder::encode`]; the frame is the caller's own.
    pub fn encode(&mut self, block: &Float32Array) -> Result<Uint8Array, JsError> {
        let given = block.length() as usize;
        if given != self.block.len() {
            return Err(Refused::BlockLength { expected: self.block.len(), given }.into());
        }
        block.copy_to(&mut self.block);
        Ok(Uint8Array::from(self.encoder.encode(&self.block)?))
    }

    /// As [`Encoder::header`].
    #[wasm_bindgen(getter)]
    pub fn header(&self) -> Uint8Array {
        Uint8Array::from(self.encoder.header())
    }

    /// As [`Encoder::block_len`].
    #[wasm_bindgen(getter, js_name = blockLength)]
    pub fn block_length(&self) -> usize {
        self.encoder.block_len()
    }
}
