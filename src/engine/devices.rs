//! Which microphone to listen to while devices come and go: it decides, the browser's edge asks and opens.
//!
//! A microphone that was chosen is kept, and returned to when it comes back; while it is away, and where none was
//! chosen, it is the system's default that counts, and a change of the default is followed.

/// An audio input, as `enumerateDevices` lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its `deviceId`. Chromium lists the default a second time, under the name `default`.
    pub id: String,
    /// Its `groupId`: under `default` this tells one device from another.
    pub group: String,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// All is well.
    Keep,
    /// Open this device; without a name, the default.
    Open(Option<String>),
    /// There is nothing to open: wait until a device comes.
    Wait,
}

/// An open microphone, and what was asked for.
#[derive(Debug)]
pub struct Following {
    wanted: Option<String>,
    open: Option<Open>,
    /// Whether the app was told that it was lost.
    loss_is_told: bool,
}

#[derive(Debug)]
struct Open {
    id: String,
    /// What the default was when it was opened.
    default: Option<Device>,
}

impl Following {
    /// For a device that was chosen, or for the default. Nothing is open yet.
    #[must_use]
    pub const fn new(wanted: Option<String>) -> Self {
        Self { wanted, open: None, loss_is_told: false }
    }

    /// A device was opened: its name, as its track has it, and the list of devices then.
    pub fn opened(&mut self, id: String, devices: &[Device]) {
        self.open = Some(Open { id, default: default(devices).cloned() });
        self.loss_is_told = false;
    }

    /// What was chosen could not be opened. Tells whether the app is to be told that the microphone is lost.
    pub fn refused(&mut self, devices: &[Device]) -> bool {
        match &mut self.open {
            // The one that is open still works. The new default is not tried again and again.
            Some(open) => {
                open.default = default(devices).cloned();
                false
            }
            None => !std::mem::replace(&mut self.loss_is_told, true),
        }
    }

    /// The track ended: its device is gone.
    pub fn ended(&mut self) {
        self.open = None;
    }

    /// What to do, now that these are the devices.
    #[must_use]
    pub fn choose(&self, devices: &[Device]) -> Choice {
        // Without permission the list has neither names nor all devices: it says nothing.
        let known = devices.iter().all(|device| !device.id.is_empty());
        let wanted = self.wanted.as_ref().filter(|wanted| devices.iter().any(|device| device.id == **wanted));
        let Some(open) = &self.open else {
            return if devices.is_empty() { Choice::Wait } else { Choice::Open(wanted.cloned()) };
        };
        if !known {
            return Choice::Keep;
        }
        let is_gone = !devices.iter().any(|device| device.id == open.id);
        let is_better = match wanted {
            Some(wanted) => open.id != *wanted,
            None => open.default.as_ref() != default(devices),
        };
        match is_gone || is_better {
            true if devices.is_empty() => Choice::Wait,
            true => Choice::Open(wanted.cloned()),
            false => Choice::Keep,
        }
    }
}

/// The system's default: listed as such, or else the first (Media Capture and Streams, section 9.2).
fn default(devices: &[Device]) -> Option<&Device> {
    devices.iter().find(|device| device.id == "default").or_else(|| devices.first())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices(list: &[(&str, &str)]) -> Vec<Device> {
        list.iter().map(|(id, group)| Device { id: (*id).to_owned(), group: (*group).to_owned() }).collect()
    }

    fn following(wanted: Option<&str>, open: &str, list: &[(&str, &str)]) -> Following {
        let mut following = Following::new(wanted.map(str::to_owned));
        following.opened(open.to_owned(), &devices(list));
        following
    }

    fn open(id: &str) -> Choice {
        Choice::Open(Some(id.to_owned()))
    }

    #[test]
    fn the_default_is_followed_by_group_where_it_is_listed_as_such_and_by_place_where_not() {
        let chromium = following(None, "default", &[("default", "desk"), ("a", "desk"), ("b", "headset")]);
        let now = devices(&[("default", "headset"), ("a", "desk"), ("b", "headset")]);
        assert_eq!(chromium.choose(&now), Choice::Open(None));
        let firefox = following(None, "a", &[("a", "desk"), ("b", "headset")]);
        assert_eq!(firefox.choose(&devices(&[("b", "headset"), ("a", "desk")])), Choice::Open(None));
    }

    #[test]
    fn another_device_that_is_not_the_default_changes_nothing() {
        let list = [("default", "desk"), ("a", "desk")];
        let more = devices(&[("default", "desk"), ("a", "desk"), ("b", "headset")]);
        assert_eq!(following(None, "default", &list).choose(&more), Choice::Keep);
        assert_eq!(following(Some("a"), "a", &list).choose(&more), Choice::Keep);
    }

    #[test]
    fn a_chosen_device_is_left_when_it_goes_and_returned_to_when_it_is_back() {
        let both = [("default", "x"), ("a", "desk"), ("b", "headset")];
        let without = [("default", "x"), ("a", "desk")];
        let mut chosen = following(Some("b"), "b", &both);
        assert_eq!(chosen.choose(&devices(&both)), Choice::Keep);
        assert_eq!(chosen.choose(&devices(&without)), Choice::Open(None));
        chosen.opened("default".to_owned(), &devices(&without));
        assert_eq!(chosen.choose(&devices(&without)), Choice::Keep);
        assert_eq!(chosen.choose(&devices(&both)), open("b"));
    }

    #[test]
    fn a_track_that_ended_is_replaced_although_its_device_is_still_listed() {
        let list = [("a", "desk")];
        let mut chosen = following(Some("a"), "a", &list);
        chosen.ended();
        assert_eq!(chosen.choose(&devices(&list)), open("a"));
    }

    #[test]
    fn with_no_device_left_it_waits_for_one_and_the_loss_is_told_once() {
        let mut chosen = following(Some("a"), "a", &[("a", "desk")]);
        assert_eq!(chosen.choose(&[]), Choice::Wait);
        chosen.ended();
        assert!(chosen.refused(&[]));
        assert!(!chosen.refused(&[]));
        assert_eq!(chosen.choose(&devices(&[("b", "headset")])), Choice::Open(None));
        chosen.opened("b".to_owned(), &devices(&[("b", "headset")]));
        chosen.ended();
        assert!(chosen.refused(&[]));
    }

    #[test]
    fn a_new_default_that_cannot_be_opened_is_not_tried_again_while_the_old_one_works() {
        let mut chosen = following(None, "a", &[("a", "desk"), ("b", "headset")]);
        let now = devices(&[("b", "headset"), ("a", "desk")]);
        assert_eq!(chosen.choose(&now), Choice::Open(None));
        assert!(!chosen.refused(&now));
        assert_eq!(chosen.choose(&now), Choice::Keep);
    }

    #[test]
    fn a_list_without_names_says_nothing() {
        let chosen = following(Some("a"), "a", &[("a", "desk")]);
        assert_eq!(chosen.choose(&devices(&[("", "")])), Choice::Keep);
    }
}
