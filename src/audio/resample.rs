//! Resampling: a crate of its own, since it is compiled for speed where all else is compiled for size.

pub use ossicle_resampler::{Resampler, fraction};
