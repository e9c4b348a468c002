//! The session itself is lost, as with a worker that dies, and another goes on with what was last known.

use ossicle::time::Duration;
use std::collections::BTreeSet;

use ossicle::session::{Event, State};

use crate::world::{END, Fault, World, ms, options};

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The slots that the app was told are lost.
fn dropped(world: &World) -> BTreeSet<u32> {
    let spans = world.events.iter().filter_map(|event| match event {
        Event::AudioDropped { start, end, .. } => Some((start * 100.0).round() as u32..(end * 100.0).round() as u32),
        _ => None,
    });
    spans.flatten().collect()
}

/// Runs for 20 s more and ends; then every slot was heard or is named as lost, and no words came twice.
fn all_is_told(mut world: World) -> World {
    world.run_for(s(20));
    world.end();
    world.run_until_it("the end", s(60), |world| world.answer(END).is_some());
    assert_eq!(world.answer(END), Some(&Ok(())));
    let (heard, dropped) = (world.heard(), dropped(&world));
    assert!((0..world.captured()).all(|slot| heard.contains(&slot) || dropped.contains(&slot)), "audio is missing");
    world.every_word_is_in_its_place();
    world.no_word_is_lost(|slot| dropped.contains(&slot));
    let ledger = world.session.ledger();
    assert_eq!(ledger.dropped, ms(10) * dropped.len() as u32);
    assert_eq!((ledger.acknowledged, ledger.captured), (ledger.captured - ledger.dropped, ms(10) * world.captured()));
    world
}

#[test]
fn a_visit_whose_session_is_lost_goes_on_and_names_what_was_lost() {
    let mut world = World::new(options());
    world.run_for(s(30));
    let past = world.lose_session();
    let unheard = past.ledger.in_flight + past.ledger.buffered;
    assert!(unheard > Duration::ZERO);
    world.go_on(options(), past, ms(1_500));
    assert_eq!(world.session.state(), State::Reconnecting);
    let lost = dropped(&world);
    assert_eq!(ms(10) * lost.len() as u32, unheard + ms(1_500));
    let world = all_is_told(world);
    assert_eq!(dropped(&world), lost);
    let states = [State::Configuring, State::Streaming, State::Streaming, State::Ending, State::Ended];
    assert_eq!(world.states(), states);
    assert_eq!(world.session.reconnects(), 1);
}

#[test]
fn a_session_that_is_lost_in_an_outage_loses_what_it_held_and_the_next_one_has_the_patience_that_it_had() {
    let mut world = World::new(options());
    world.run_for(s(30));
    world.faults.push_back((world.now, Fault::Refuse(s(40))));
    world.faults.push_back((world.now, Fault::Drop(1006)));
    world.run_for(s(10));
    let past = world.lose_session();
    assert!(past.ledger.buffered > s(9));
    world.go_on(options(), past, ms(1_500));
    world.run_for(s(20));
    assert_eq!(world.session.state(), State::Reconnecting);
    assert!(world.session.ledger().buffered > s(19));
    all_is_told(world);
}

#[test]
fn sessions_that_are_lost_one_after_another_lose_no_more_than_each_held() {
    let mut world = World::new(options());
    for request in 1..=5 {
        world.run_for(s(6));
        world.flush(request);
        world.run_for(ms(1_330));
        let past = world.lose_session();
        world.go_on(options(), past, s(1));
    }
    let world = all_is_told(world);
    // Of each what came after the flush, and the second in which there was none.
    assert!(world.session.ledger().dropped < ms(5 * 2_500), "{:?}", world.session.ledger());
    assert_eq!(world.session.reconnects(), 5);
}
