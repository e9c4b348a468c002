//! From captured frames to encoded packets. Pure: no browser, no clock.
//!
//! ```text
//! attached sources ─► intake (downmix, fill gaps, mix in step) ─┐
//! an app's own planar f32 frames ───────────────────────────────┴─► path (downmix, resample, level) ─► encode
//!                       packets {start, duration, bytes} ─► container ─► chunks for one socket
//! ```
//!
//! Words, as used throughout: a *sample* is one value of one channel; a *frame* is one sample of every channel at the
//! same instant; *planar* means one slice a channel; a *packet* is what an encoder emits and is never split.
//! A packet's `start` is capture time: how much audio had been captured before it.

pub mod container;
pub mod encode;
pub mod intake;
pub mod level;
pub mod lull;
pub mod mixer;
pub mod path;
mod planes;
pub mod resample;
pub mod watch;

pub use encode::{Encoder, Packet};
pub use path::AudioPath;
