//! The Opus encoder that a browser without one of its own loads: a wasm file apart from the SDK's, fetched only when asked
//! for.
//!
//! - [`Encoder`]: interleaved `f32` frames of 20 ms in, one Opus packet (RFC 6716) each out, with settings for speech.
//! - [`Refused`]: what it does not take.
//! - `web`, for `wasm32` alone: the same as the JavaScript class `OpusEncoder`.
//!
//! The codec itself is the crate `opus-pure`. Containers, resampling, the cutting of audio into frames and time stamps are
//! the SDK's: nothing here knows of them.

mod encoder;
mod refused;
#[cfg(target_arch = "wasm32")]
mod web;

pub use encoder::Encoder;
pub use refused::Refused;
