//! Random schedules of faults.

use ossicle::time::Duration;

use ossicle::Code;
use ossicle::protocol::server::Segment;
use ossicle::session::{Origin, State};

use crate::speech::{Random, Speech};
use crate::words::words;
use crate::world::{END, Fault, SLOT, World, ms, options, s};

/// How many schedules. `OSSICLE_STORMS` sets another number, `OSSICLE_FROM` the first of them, `OSSICLE_SEED` replays one.
const STORMS: u64 = 400;

#[test]
fn no_schedule_of_faults_loses_a_word_repeats_one_without_a_mark_or_leaves_a_promise_open() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let from = number("OSSICLE_FROM").unwrap_or(0);
    let until = from + number("OSSICLE_STORMS").unwrap_or(STORMS);
    let seeds = number("OSSICLE_SEED").map_or(from..until, |seed| seed..seed + 1);
    let (mut ended, mut total) = (0_u64, 0_u64);
    let (mut words, mut marked, mut replayed) = (0, 0, Duration::ZERO);
    for seed in seeds {
        let outcome = std::panic::catch_unwind(|| storm(seed));
        let Ok(did) = outcome else { panic!("replay with OSSICLE_SEED={seed}") };
        total += 1;
        ended += u64::from(did.did_end);
        words += did.words;
        marked += did.marked;
        replayed += did.replayed;
    }
    println!("{total} schedules, {words} words, {marked} of them marked, {replayed:?} heard twice");
    // Nearly all must have ended in order, or the test would prove little.
    assert!(ended * 100 >= total * 97, "only {ended} of {total} ended");
}

/// What a storm came to.
struct Outcome {
    /// `false` if an outage outlasted the end's time limit.
    did_end: bool,
    words: usize,
    marked: usize,
    replayed: Duration,
}

/// One visit.
fn storm(seed: u64) -> Outcome {
    let mut random = Random(seed);
    let mut options = options();
    options.seed = seed;
    options.chunk = ms(random.pick(&[100, 250, 500, 1_000]));
    options.catch_up_rate = random.pick(&[1.1, 1.25, 1.5, 3.0]);
    options.buffer = random.pick(&[s(10), s(120), s(120), s(3_600)]);
    options.reconnect_for = options.buffer;
    let counts_on = random.below(4) == 0;
    options.times_from = match random.below(3) {
        0 if counts_on => Origin::Interaction,
        0 => Origin::Socket,
        _ => Origin::Auto,
    };
    let mut world = World::new(options);
    let (channels, people) = random.pick(&[(1, 2), (1, 2), (1, 3), (2, 1), (2, 2)]);
    world.is_diarized = people > 1;
    world.speech = Speech::new(channels, people, random.pick(&[0, 3, 8]), seed);
    (world.seed, world.counts_on, world.hears_lulls) = (seed, counts_on, random.below(2) == 0);
    world.answers_after = ms(random.pick(&[0, 300, 1_500, 4_000]));
    world.interim = random.below(4) == 0;
    world.latency = ms(random.pick(&[1, 20, 150, 600]));
    // Faults keep away from the first seconds: a first connection that fails for good is its own case.
    let mut at = s(3);
    for _ in 0..random.below(8) {
        at += ms(random.below(24_000));
        let duration = ms(random.below(14_000));
        let code = random.pick(&[1000, 1001, 1006, 1011, 1012, 1013]);
        let fault = match random.below(14) {
            0 | 1 => Fault::Drop(code),
            2 => Fault::Ended,
            3 => Fault::Stall(duration),
            4 => Fault::Say(
                random.pick(&["", "{", "{\"type\":\"new\"}", "{\"type\":\"facts\",\"fact\":[{}]}"]).to_owned(),
            ),
            5 => Fault::Sleep(duration * random.pick(&[1, 100])),
            6 | 7 => Fault::Repeat,
            8 => Fault::Online,
            9 => {
                world.faults.push_back((at, Fault::Lose));
                at += duration;
                Fault::Drop(code)
            }
            10 => Fault::Lose,
            kind => {
                let outage = [Fault::Refuse(duration), Fault::Silent(duration), Fault::NoToken(duration)];
                world.faults.push_back((at, outage[kind as usize - 11].clone()));
                Fault::Drop(code)
            }
        };
        world.faults.push_back((at, fault));
    }
    let talk = s(5 + random.below(120));
    let mut flushes = 0;
    while world.now < talk {
        world.run_for(ms(random.below(8_000) + 1));
        match random.below(6) {
            0 | 1 => {
                flushes += 1;
                world.flush(flushes);
            }
            2 => {
                world.pause(true);
                world.capture_until = world.now;
                world.run_for(ms(random.below(20_000)));
                world.pause(false);
                world.capture_on();
            }
            _ => {}
        }
    }
    world.end();
    world.run_until_it("every promise is settled", s(9_000), |world| world.asked.len() == world.answered.len());

    assert_eq!(world.connected, Some(Ok(())));
    let named = |slot: &u32| {
        let time = SLOT * *slot;
        world.session.dropped().iter().any(|span| span.start <= time && time < span.end)
    };
    let captured: Vec<u32> = (0..world.captured()).filter(|slot| !named(slot)).collect();
    // What was dropped may have been heard all the same: it was not known to be.
    let mut heard = world.heard();
    heard.retain(|slot| !named(slot));
    world.every_word_is_in_its_place();
    let replayed = world.session.ledger().replayed;
    let (said, marked) = (world.said().count(), world.marked());
    if let Some(Err(error)) = world.answer(END) {
        // An outage may outlast the end's time limit. What was not sent must then still be there.
        assert_eq!((error.code, world.session.state()), (Code::Timeout, State::Failed));
        let held = world.session.ledger().buffered.as_millis() / SLOT.as_millis();
        let unheard = captured.iter().filter(|slot| !heard.contains(slot)).count();
        assert!(unheard as u64 <= held, "{unheard} slots were not heard, {held} are held");
        return Outcome { did_end: false, words: said, marked, replayed };
    }
    assert_eq!(world.session.state(), State::Ended);
    assert!(heard.into_iter().eq(captured.iter().copied()), "audio is missing");
    world.no_word_is_lost(|slot| named(&slot));
    let segments = world.session.transcript();
    // Of what was given up nothing better may come.
    let is_left = |segment: &&Segment| !segment.is_final && !words(segment).iter().any(|(_, slot)| named(slot));
    let left = segments.iter().find(is_left);
    let what = left.map(|left| (&left.key, left.start, left.end, left.words()));
    assert!(left.is_none() || world.times_are_vague(), "an interim item was not replaced: {what:?}");
    Outcome { did_end: true, words: said, marked, replayed }
}
