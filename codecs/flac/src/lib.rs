//! The FLAC encoder for streams that must lose nothing: a wasm file apart from the SDK's, fetched only when asked for.
//!
//! - [`Encoder`]: interleaved `f32` blocks of 80 ms in, one FLAC frame (RFC 9639) of 16-bit samples each out, and the
//!   header that a stream of them begins with.
//! - [`Refused`]: what it does not take.
//! - `web`, for `wasm32` alone: the same as the JavaScript class `FlacEncoder`.
//!
//! The codec itself is the crate `flacenc`. Resampling, the cutting of audio into blocks and time stamps are the SDK's:
//! nothing here knows of them.

mod encoder;
mod refused;
#[cfg(target_arch = "wasm32")]
mod web;

pub use encoder::Encoder;
pub use refused::Refused;
