//! The audio path from frames to the bytes of a socket.
//!
//! - `matrix`: every combination of what a stream can be, judged in this process; `outside`: some of them that cover every
//!   pair, judged by the programs that others decode with, which the set-up installs.
//! - `spectra`: the resampler against an independent computation.
//! - `streams`: what chunks hold, what bits are spent. `containers` and `chunks`: properties for any packets.
//! - The rest is what these stand on: `codecs`, `run`, `decode`, `decoders`, `sound`.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod chunks;
mod codecs;
mod containers;
mod decode;
mod decoders;
mod matrix;
mod outside;
mod run;
mod sound;
mod spectra;
mod streams;

/// Rate of what is encoded, in Hz.
const RATE: u32 = 16_000;
