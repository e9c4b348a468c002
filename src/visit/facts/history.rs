//! What the clinician did, so that it can be undone, step by step. Bounded: the oldest step gives way.

use std::collections::VecDeque;

use super::fact::Fields;
use super::{Handle, MAX_STEPS};

/// One decision: the fields that it changed.
pub(super) struct Step {
    pub(super) handle: Handle,
    pub(super) before: Fields,
    /// Where they are no longer these (it was refused, or something else came since) there is nothing to take back.
    pub(super) after: Fields,
}

/// The steps, oldest first.
#[derive(Default)]
pub(super) struct History(VecDeque<Step>);

impl History {
    pub(super) fn push(&mut self, step: Step) {
        if self.0.len() == MAX_STEPS {
            self.0.pop_front();
        }
        self.0.push_back(step);
    }

    pub(super) fn pop(&mut self) -> Option<Step> {
        self.0.pop_back()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Step> {
        self.0.iter()
    }
}
