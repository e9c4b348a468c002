//! A stream that is there before its interaction is: held until it begins.

use ossicle::time::Duration;

use ossicle::Code;
use ossicle::session::State;

use crate::cases::{ended, nothing_is_missing};
use crate::world::{Fault, World, options};

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_held_stream_opens_no_socket_before_it_begins_and_then_sends_what_was_captured_meanwhile() {
    let mut options = options();
    options.is_held = true;
    let mut world = World::new(options.clone());
    // Longer than the first connection may take: its time has not begun.
    world.run_for(options.connection_time_limit * 2);
    assert_eq!((world.orders().len(), world.states().len(), &world.connected), (0, 0, &None));
    world.begin();
    // A second time does nothing.
    world.begin();
    world.run_until_it("streaming", s(5), |world| world.session.state() == State::Streaming);
    let world = ended(world);
    assert_eq!((world.orders(), world.session.reconnects()), (vec![vec!["config", "audio", "flush", "end"]], 0));
    nothing_is_missing(&world);
}

#[test]
fn a_held_stream_that_begins_offline_has_the_time_of_a_connection_from_then_on() {
    let mut options = options();
    options.is_held = true;
    let limit = options.connection_time_limit;
    let mut world = World::new(options);
    world.faults.push_back((Duration::ZERO, Fault::Refuse(s(600))));
    world.run_for(limit * 2);
    world.begin();
    world.run_for(limit - s(1));
    assert_eq!((world.session.state(), &world.connected), (State::Connecting, &None));
    world.run_for(s(2));
    assert_eq!(world.session.state(), State::Failed);
    assert!(matches!(world.connected, Some(Err(_))));
}

#[test]
fn closing_a_held_stream_settles_whoever_waits_for_it() {
    let mut options = options();
    options.is_held = true;
    let mut world = World::new(options);
    world.close();
    assert_eq!((world.session.state(), world.orders().len()), (State::Ended, 0));
    assert!(matches!(&world.connected, Some(Err(error)) if error.code == Code::Aborted));
    world.begin();
    assert_eq!((world.session.state(), world.orders().len()), (State::Ended, 0));
}
