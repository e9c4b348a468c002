//! A room, devices with clocks of their own in it, messages that come late, and a mixer that sees only those.
//!
//! The sound in the room is a short pulse every so often. Where the pulses lie in each channel of the output tells how
//! well the channels are aligned; where they lie in true time tells whether the timeline is.

use super::*;

/// The true time of an instant, in seconds.
pub(super) type Instant = f64;

/// Half of a pulse's length in seconds.
const PULSE: f64 = 0.01;

/// One device: the true rate of its clock, and what goes wrong.
#[derive(Clone)]
pub(super) struct Device {
    pub(super) rate: u32,
    pub(super) ppm: f64,
    /// Messages are late by up to this, in seconds.
    pub(super) jitter: f64,
    /// Nothing is captured meanwhile.
    pub(super) lost: std::ops::Range<Instant>,
    /// Messages of this time come at its end.
    pub(super) held: std::ops::Range<Instant>,
    source: Option<SourceId>,
    /// When its next frame is captured, and when the last message came.
    pub(super) next: Instant,
    came: Instant,
}

impl Device {
    pub(super) fn new(rate: u32, ppm: f64, jitter: f64) -> Self {
        Self { rate, ppm, jitter, lost: 0.0..0.0, held: 0.0..0.0, source: None, next: 0.0, came: 0.0 }
    }
}

pub(super) struct World {
    pub(super) mixer: Mixer,
    rate: u32,
    /// Seconds from pulse to pulse.
    period: f64,
    random: u64,
    pub(super) heard: Heard,
}

/// What came out.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) frames: u64,
    /// For each channel, the middle of each pulse in seconds of the timeline.
    pub(super) pulses: Vec<Vec<f64>>,
    /// Of the pulse that is going by: its weight, and its moment.
    going: Vec<(f64, f64)>,
    pub(super) told: Vec<String>,
}

impl World {
    pub(super) fn new(rate: u32, channels: usize, period: f64) -> Self {
        let heard = Heard { pulses: vec![Vec::new(); channels], going: vec![(0.0, 0.0); channels], ..Heard::default() };
        Self { mixer: Mixer::new(rate, channels), rate, period, random: 1, heard }
    }

    pub(super) fn attach(&mut self, device: &mut Device, channel: usize, now: Instant) {
        device.source = Some(self.mixer.attach(channel, Duration::from_secs_f64(now)).unwrap());
        (device.next, device.came) = (now, now);
    }

    /// All messages that come before `end`.
    pub(super) fn run(&mut self, devices: &mut [&mut Device], end: Instant) {
        // The next message of each device: when it comes, and the frames it holds.
        let mut messages: Vec<_> = devices.iter_mut().map(|device| self.capture(device)).collect();
        while let Some(first) = (0..messages.len()).min_by(|a, b| messages[*a].0.total_cmp(&messages[*b].0)) {
            let (came, samples) = &messages[first];
            let (source, rate, rate_out) = (devices[first].source.unwrap(), devices[first].rate, self.rate);
            let heard = &mut self.heard;
            let now = Duration::from_secs_f64(*came);
            self.mixer.push(source, samples, rate, now, now, &mut |mixed| heard.hear(mixed, rate_out)).unwrap();
            if devices[first].next >= end {
                messages.remove(first);
                // Its device has to leave the list with it.
                devices[first..].rotate_left(1);
            } else {
                messages[first] = self.capture(devices[first]);
            }
        }
    }

    /// The next 20 ms of a device.
    fn capture(&mut self, device: &mut Device) -> (Instant, Vec<f32>) {
        if device.lost.contains(&device.next) {
            device.next = device.lost.end;
        }
        let (start, step) = (device.next, 1.0 / (f64::from(device.rate) * (1.0 + device.ppm * 1e-6)));
        let sound = |frame| self.sound(start + f64::from(frame) * step);
        let samples: Vec<f32> = (0..device.rate / 50).map(sound).collect();
        device.next += samples.len() as f64 * step;
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let late = device.jitter * (self.random >> 40) as f64 / f64::from(1 << 24);
        let came = if device.held.contains(&device.next) { device.held.end } else { device.next + late };
        device.came = device.came.max(came);
        (device.came, samples)
    }

    /// The sound in the room.
    fn sound(&self, at: Instant) -> f32 {
        let from_pulse = (at / self.period).round() * self.period - at;
        (1.0 - from_pulse.abs() / PULSE).max(0.0) as f32
    }

    pub(super) fn poll(&mut self, now: Instant) {
        let (heard, rate) = (&mut self.heard, self.rate);
        self.mixer.poll(Duration::from_secs_f64(now), &mut |mixed| heard.hear(mixed, rate));
    }

    pub(super) fn detach(&mut self, device: &Device, now: Instant) {
        let (heard, rate) = (&mut self.heard, self.rate);
        let now = Duration::from_secs_f64(now);
        self.mixer.detach(device.source.unwrap(), now, &mut |mixed| heard.hear(mixed, rate));
    }

    pub(super) fn finish(&mut self) {
        let (heard, rate) = (&mut self.heard, self.rate);
        self.mixer.finish(&mut |mixed| heard.hear(mixed, rate));
    }

    /// The middle of the pulse nearest to true time `at` in a channel, in seconds of the timeline.
    pub(super) fn pulse(&self, channel: usize, at: Instant) -> Option<f64> {
        self.heard.pulses[channel].iter().copied().find(|found| (found - at).abs() < self.period / 2.0)
    }
}

impl Heard {
    fn hear(&mut self, mixed: Mixed<'_>, rate: u32) {
        match mixed {
            Mixed::Frames(planes) => {
                assert!(
                    planes.iter().all(|plane| plane.len() == planes[0].len() && plane.iter().all(|v| v.is_finite()))
                );
                for (channel, plane) in planes.iter().enumerate() {
                    for (index, sample) in plane.iter().enumerate() {
                        let (weight, moment) = &mut self.going[channel];
                        if *sample > 0.3 {
                            let at = (self.frames + index as u64) as f64 / f64::from(rate);
                            *weight += f64::from(*sample);
                            *moment += f64::from(*sample) * at;
                        } else if *weight > 0.0 {
                            self.pulses[channel].push(*moment / *weight);
                            (*weight, *moment) = (0.0, 0.0);
                        }
                    }
                }
                self.frames += planes[0].len() as u64;
            }
            Mixed::Late(source) => self.told.push(format!("{} late", source.0)),
            Mixed::Back { source, silence } => {
                self.told.push(format!("{} back after {:.1} s", source.0, silence.as_secs_f64()));
            }
        }
    }
}

/// A visit at 8 kHz with a pulse a second: the microphone on channel 0, the remote participant on channel 1.
pub(super) fn visit() -> (World, Device, Device) {
    let mut world = World::new(8_000, 2, 1.0);
    let (mut microphone, mut remote) = (Device::new(8_000, 40.0, 0.03), Device::new(8_000, -100.0, 0.03));
    world.attach(&mut microphone, 0, 0.0);
    world.attach(&mut remote, 1, 0.0);
    (world, microphone, remote)
}

impl World {
    /// Both channels have all pulses of these seconds, and the timeline is the true one, each within half a packet.
    #[track_caller]
    pub(super) fn assert_aligned(&self, seconds: std::ops::Range<u32>) {
        for second in seconds.map(f64::from) {
            for channel in 0..2 {
                let found = self.pulse(channel, second);
                assert!(
                    found.is_some_and(|found| (found - second).abs() < 0.01),
                    "channel {channel}, {second} s: {found:?}"
                );
            }
        }
    }
}
