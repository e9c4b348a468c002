//! What the rate of catching up costs: `OSSICLE_TABLE=1 cargo test -p ossicle --test session catch_up -- --nocapture` prints it.

use ossicle::session::State;
use ossicle::time::Duration;

use crate::speech::{Random, Speech};
use crate::world::{Fault, World, ms, options, s};

/// A conversation with its pauses, a minute old, and an outage.
fn after_an_outage(rate: f64, outage: Duration, seed: u64) -> World {
    let mut options = options();
    (options.catch_up_rate, options.seed, options.reconnect_for) = (rate, seed, s(600));
    let mut world = World::new(options);
    (world.speech, world.hears_lulls, world.seed) = (Speech::new(1, 2, 4, seed), true, seed);
    world.run_for(s(60));
    breaks(&mut world, outage);
    world
}

fn breaks(world: &mut World, outage: Duration) {
    world.faults.push_back((world.now, Fault::Refuse(outage)));
    world.faults.push_back((world.now, Fault::Drop(1006)));
    world.run_for(outage);
    world.run_until_it("a new connection", s(30), |world| world.session.state() == State::Streaming);
}

#[test]
fn held_audio_is_gone_as_soon_as_its_rate_has_it_and_a_second_outage_loses_none_of_it_at_any_rate() {
    let prints = std::env::var("OSSICLE_TABLE").is_ok();
    let seeds = if prints { 5 } else { 1 };
    let (rates, outages) = if prints {
        ([1.1, 1.25, 1.5, 2.0].as_slice(), [20, 60, 120].as_slice())
    } else {
        ([1.25, 1.5].as_slice(), [20].as_slice())
    };
    for rate in rates.iter().copied() {
        for outage in outages.iter().copied() {
            let (mut slowest, mut sum, mut lost, mut held_then) = (Duration::ZERO, 0.0, 0, 0.0);
            for seed in 0..seeds {
                let mut world = after_an_outage(rate, s(outage), seed);
                let (since, held) = (world.now, world.session.ledger().buffered);
                world.run_until_it("all is sent", s(3_000), |world| world.session.ledger().buffered < s(1));
                let took = world.now - since;
                let expected = held.as_secs_f64() / (rate - 1.0);
                // What was answered meanwhile need not be sent; the bucket holds a second and more to begin with.
                assert!(took.as_secs_f64() <= expected + 1.0, "{took:?}, not {expected} s");
                slowest = slowest.max(took);
                sum += took.as_secs_f64();
                // And once more, with the second outage somewhere within two minutes of the first.
                let mut world = after_an_outage(rate, s(outage), seed);
                world.run_for(ms(Random(seed).below(120_000)));
                held_then += world.session.ledger().buffered.as_secs_f64();
                breaks(&mut world, s(outage));
                world.run_for(s(30));
                lost += usize::from(!world.session.ledger().dropped.is_zero());
            }
            let (mean, held) = (sum / seeds as f64, held_then / seeds as f64);
            if prints {
                println!(
                    "{rate} × after {outage} s: all sent after {mean:.0} s (at most {:.0}); held at a second outage {held:.0} s; \
                     lost by it in {lost} of {seeds}",
                    slowest.as_secs_f64()
                );
            }
            // An outage as long as the buffer takes a little longer to be over.
            assert!(outage == 120 || lost == 0, "{lost} of {seeds} at {rate} after {outage} s");
        }
    }
}
