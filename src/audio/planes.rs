//! Planes as they come from outside: of any number, holding anything.

use std::ops::Range;

/// Far beyond full scale, yet small enough that no sum in the path overflows.
const LOUDEST: f32 = 16.0;

/// A device that hands out NaN or infinity must not poison a filter's memory.
fn finite(sample: f32) -> f32 {
    if sample.is_finite() { sample.clamp(-LOUDEST, LOUDEST) } else { 0.0 }
}

/// Replaces `mixed` by frames `block` of the average of all planes, which must be that long.
pub(super) fn average(planes: &[&[f32]], block: Range<usize>, mixed: &mut Vec<f32>) {
    mixed.clear();
    if let [plane] = planes {
        return mixed.extend(plane[block].iter().copied().map(finite));
    }
    let scale = 1.0 / planes.len() as f32;
    mixed.extend(block.map(|frame| planes.iter().map(|plane| finite(plane[frame])).sum::<f32>() * scale));
}

/// Replaces `mixed` by frames `block` of one plane, which must be that long, or by silence if there is no such plane.
pub(super) fn pick(planes: &[&[f32]], index: usize, block: Range<usize>, mixed: &mut Vec<f32>) {
    mixed.clear();
    match planes.get(index) {
        Some(plane) => mixed.extend(plane[block].iter().copied().map(finite)),
        None => mixed.resize(block.len(), 0.0),
    }
}
