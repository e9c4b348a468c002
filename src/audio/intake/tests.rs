//! Sources that come late, go, return, or have several planes: what comes out, and what is told.

#![allow(clippy::unwrap_used)]

use super::*;

const RATE: u32 = 16_000;
const BLOCK: u64 = 20;

/// An intake, the true time in milliseconds, and what came out.
struct World {
    intake: Intake,
    now: u64,
    heard: Heard,
}

#[derive(Default)]
struct Heard {
    planes: Vec<Vec<f32>>,
    told: Vec<String>,
}

impl Heard {
    fn take(&mut self, taken: &Taken<'_>) {
        match *taken {
            Taken::Frames(planes) => {
                self.planes.resize(planes.len(), Vec::new());
                self.planes.iter_mut().zip(planes).for_each(|(heard, plane)| heard.extend(plane));
            }
            Taken::Stalled(channel) => self.told.push(format!("{channel} stalled")),
            Taken::Gap { channel, length, filled } => {
                let how = if filled { "filled" } else { "not filled" };
                self.told.push(format!("{channel} lacks {:.1} s, {how}", length.as_secs_f64()));
            }
        }
    }
}

impl World {
    fn new(channels: usize, attached: &[(CaptureId, Option<usize>)]) -> Self {
        let mut intake = Intake::new(RATE, channels);
        for (id, channel) in attached {
            intake.attach(*id, *channel, Duration::ZERO).unwrap();
        }
        Self { intake, now: 0, heard: Heard::default() }
    }

    /// Until `end`, each source hands on a block of `planes` whose samples are its value, but those that are `away`; the
    /// page is busy meanwhile if it is `blocked`, and gets all messages at the end.
    fn run(&mut self, end: u64, sources: &[(CaptureId, &[f32])], blocked: bool) {
        while self.now < end {
            self.now += BLOCK;
            let (captured, now) = (Duration::from_millis(self.now), if blocked { end } else { self.now });
            let now = Duration::from_millis(now);
            let heard = &mut self.heard;
            for (id, values) in sources {
                let planes: Vec<Vec<f32>> = values.iter().map(|value| vec![*value; 320]).collect();
                let planes: Vec<&[f32]> = planes.iter().map(Vec::as_slice).collect();
                self.intake.push(*id, &planes, RATE, captured, now, &mut |taken| heard.take(&taken)).unwrap();
            }
            self.intake.poll(now, &mut |taken| heard.take(&taken));
        }
    }

    fn finish(&mut self) {
        let heard = &mut self.heard;
        self.intake.finish(&mut |taken| heard.take(&taken));
    }

    /// Value of a channel at a time of the timeline, in milliseconds.
    fn at(&self, channel: usize, time: u64) -> f32 {
        self.heard.planes[channel][time as usize * 16]
    }

    fn milliseconds(&self) -> usize {
        self.heard.planes[0].len() / 16
    }
}

#[test]
fn one_source_passes_as_it_is() {
    let mut world = World::new(1, &[(7, None)]);
    world.run(1_000, &[(7, &[0.5, 0.25])], false);
    world.finish();
    assert_eq!(world.milliseconds(), 1_000);
    assert!(world.heard.planes[0].iter().all(|sample| *sample == 0.375));
    assert!(world.heard.told.is_empty());
}

#[test]
fn planes_of_a_source_that_has_all_channels_stay_together() {
    let mut world = World::new(3, &[(7, None)]);
    world.run(2_000, &[(7, &[0.1, 0.2])], false);
    world.finish();
    assert_eq!(world.milliseconds(), 2_000);
    let whole = |channel: usize, value: f32| world.heard.planes[channel].iter().all(|sample| *sample == value);
    assert!(whole(0, 0.1) && whole(1, 0.2) && whole(2, 0.0));
}

#[test]
fn a_page_that_is_busy_for_seconds_makes_no_gap() {
    let mut world = World::new(1, &[(7, None)]);
    world.run(3_000, &[(7, &[0.5])], false);
    world.run(7_000, &[(7, &[0.5])], true);
    world.run(9_000, &[(7, &[0.5])], false);
    world.finish();
    assert_eq!((world.milliseconds(), world.heard.told.len()), (9_000, 0), "{:?}", world.heard.told);
}

#[test]
fn while_a_device_is_exchanged_there_is_silence_and_the_next_is_where_it_belongs() {
    let mut world = World::new(1, &[(7, None)]);
    world.run(3_000, &[(7, &[0.5])], false);
    world.intake.interrupt(7);
    world.run(4_200, &[], false);
    world.run(6_000, &[(7, &[0.25])], false);
    world.finish();
    assert!((5_999..=6_001).contains(&world.milliseconds()), "{}", world.milliseconds());
    assert_eq!([2_990, 3_100, 4_100, 4_210].map(|time| world.at(0, time)), [0.5, 0.0, 0.0, 0.25]);
    assert_eq!(world.heard.told, ["0 stalled", "0 lacks 1.2 s, filled"]);
}

#[test]
fn minutes_are_named_and_not_filled() {
    let mut world = World::new(1, &[(7, None)]);
    world.run(3_000, &[(7, &[0.5])], false);
    world.now = 603_000;
    world.run(605_000, &[(7, &[0.5])], false);
    world.finish();
    assert_eq!(world.milliseconds(), 5_000);
    assert_eq!(world.heard.told, ["0 lacks 600.0 s, not filled"]);
}

#[test]
fn while_one_of_two_is_away_its_channel_is_silent_however_long_that_takes() {
    for away in [1_200, 8_000] {
        let mut world = World::new(2, &[(1, Some(0)), (2, Some(1))]);
        let back = 3_000 + away;
        world.run(3_000, &[(1, &[0.5]), (2, &[0.25])], false);
        world.run(back, &[(1, &[0.5])], false);
        world.run(back + 2_000, &[(1, &[0.5]), (2, &[0.125])], false);
        world.finish();
        assert!(world.milliseconds().abs_diff(back as usize + 2_000) <= 1, "{}", world.milliseconds());
        let heard = [2_950, 3_100, back - 50, back + 50].map(|time| world.at(1, time));
        assert!(heard.iter().zip([0.25, 0.0, 0.0, 0.125]).all(|(a, b)| (a - b).abs() < 1e-3), "{heard:?}");
        let length = away as f64 / 1_000.0;
        assert_eq!(world.heard.told, ["1 stalled".to_owned(), format!("1 lacks {length:.1} s, filled")]);
    }
}

#[test]
fn what_cannot_be_is_refused_and_the_unknown_ignored() {
    let mut intake = Intake::new(RATE, 2);
    assert!(intake.attach(1, Some(2), Duration::ZERO).is_err());
    assert!(intake.is_empty());
    intake.attach(1, Some(1), Duration::ZERO).unwrap();
    let mut push =
        |id, planes: &[&[f32]], rate| intake.push(id, planes, rate, Duration::ZERO, Duration::ZERO, &mut |_| {});
    assert!(push(1, &[&[0.0], &[0.0, 0.0]], RATE).is_err());
    assert!(push(1, &[&[0.0]], 1).is_err());
    assert!(push(1, &[&[0.0]], 0).is_ok() && push(1, &[], RATE).is_ok() && push(9, &[&[0.0]], RATE).is_ok());
}
