//! Random schedules of edits, updates and faults.

use std::cell::Cell;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::world::{Fate, World, id, ms};

/// SplitMix64: a schedule is its seed.
#[derive(Clone)]
struct Random(Rc<Cell<u64>>);

impl Random {
    fn below(&self, bound: u64) -> u64 {
        self.0.set(self.0.get().wrapping_add(0x9E37_79B9_7F4A_7C15));
        let mut z = self.0.get();
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }

    fn pick<T: Clone>(&self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize].clone()
    }
}

/// How many schedules. `OSSICLE_STORMS` sets another number, `OSSICLE_SEED` replays one.
const STORMS: u64 = 10_000;

/// Few, so that several facts say the same.
const TEXTS: [&str; 6] = ["Cough", "Cough for a week", "Fever", "Asthma", " Cough", "No fever"];

#[test]
fn whatever_is_edited_heard_refused_or_lost_the_list_comes_to_what_the_service_holds() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = number("OSSICLE_SEED").map_or(0..number("OSSICLE_STORMS").unwrap_or(STORMS), |seed| seed..seed + 1);
    let mut seen = [0_u64; 5];
    for seed in seeds.clone() {
        let outcome = std::panic::catch_unwind(|| storm(seed));
        let Ok(one) = outcome else { panic!("replay with OSSICLE_SEED={seed}") };
        seen.iter_mut().zip(one).for_each(|(sum, one)| *sum += one as u64);
    }
    // Refusals, failures that heal, suggestions, batches and looks must all have been frequent, or the test would prove
    // little.
    let total = seeds.end - seeds.start;
    assert!(total < 100 || seen.iter().all(|count| count * 4 > total), "{seen:?} in {total}");
}

/// One visit. How often what was to be tried occurred.
fn storm(seed: u64) -> [usize; 5] {
    let random = Random(Rc::new(Cell::new(seed)));
    let mut world = World::new();
    let below = |bound: u64| random.below(bound);
    world.service.signs_batches = below(2) == 0;
    world.service.overwrites = below(3) == 0;
    world.service.stamps_new = below(2) == 0;
    let (slowest, fault_rate, is_shared) = (random.pick(&[20, 300, 3_000]), below(50), below(8) == 0);
    world.network = Box::new({
        let random = random.clone();
        move |method| {
            let fate = match random.below(100) < fault_rate {
                false => Fate::Answered,
                // A list that is refused for good cannot tell what became of what was lost.
                true if method == "facts.list" => random.pick(&[Fate::Lost, Fate::Unheard, Fate::Refused(503)]),
                true => {
                    let refused = [400, 401, 409, 429, 500, 503].map(Fate::Refused);
                    let status = random.pick(&refused);
                    random.pick(&[Fate::Lost, Fate::Unheard, status, Fate::Refused(422)])
                }
            };
            (fate, ms(random.below(slowest)), ms(random.below(slowest)))
        }
    });
    for _ in 0..10 + below(40) {
        step(&mut world, &random, is_shared);
        let pause = random.pick(&[0, 10, 100, 1_000, 20_000]);
        world.run_for(ms(below(pause + 1)));
    }
    world.settle();
    if world.is_shared {
        // What others did shows in a list.
        world.reload(ms(0), ms(0));
        world.settle();
    }
    world.compare();
    assert_eq!(world.list.pending(), 0);
    for (id, decided) in &world.decided {
        let item = world.list.item(id).unwrap();
        let is_said = decided.contains_key("text") || decided.contains_key("group");
        let is_refused = world.failures.iter().any(|(failed, _, is_kept)| failed["id"] == item["id"] && !is_kept);
        assert!(!is_said || is_refused || world.is_shared || item["source"] == "user", "{id} is not signed");
    }
    let count = |method: &str| world.calls.iter().filter(|(name, _)| *name == method).count();
    let kept = world.failures.iter().filter(|(_, _, is_kept)| *is_kept).count();
    let [batches, looks] = ["facts.batchUpdate", "facts.list"].map(count);
    assert!(world.calls.len() < 2_000, "{} calls", world.calls.len());
    [world.failures.len() - kept, kept, world.suggested.len(), batches, looks]
}

/// Something happens.
fn step(world: &mut World, random: &Random, is_shared: bool) {
    let below = |bound: u64| random.below(bound);
    let text = random.pick(&TEXTS);
    let group = random.pick(&["chief-complaint", "plan", "other"]);
    let items = world.list.items();
    let any = |items: &[Value]| (!items.is_empty()).then(|| id(&items[below(items.len() as u64) as usize]));
    let index = below(world.service.facts.len().max(1) as u64) as usize;
    match below(if is_shared { 17 } else { 16 }) {
        0 | 1 => {
            let item = world.service.find(text, group);
            bring(world, random, item);
        }
        2..=4 => {
            if let Some(item) = world.service.reword(index, text) {
                bring(world, random, item);
            }
        }
        5 => _ = world.act(|list, now| list.add(&json!({ "text": text, "group": group }), now)).unwrap(),
        6..=8 => {
            if let Some(id) = any(&items) {
                let change = random.pick(&[
                    json!({ "text": text }),
                    json!({ "group": group }),
                    json!({ "text": text, "group": group }),
                ]);
                world.act(|list, now| list.edit(&id, &change, now)).unwrap();
            }
        }
        9 => _ = any(&items).map(|id| world.act(|list, now| list.discard(&id, now)).unwrap()),
        10 => _ = any(&items).map(|id| world.act(|list, now| list.restore(&id, now)).unwrap()),
        11 => _ = world.act(|list, now| list.undo(now)),
        12 | 13 => {
            let items: Vec<Value> = items.into_iter().filter(|item| !item["suggestion"].is_null()).collect();
            if let Some(id) = any(&items) {
                match below(2) {
                    0 => _ = world.act(|list, now| list.accept(&id, now)).unwrap(),
                    _ => world.act(|list, now| list.dismiss(&id, now)).unwrap(),
                }
            }
        }
        14 => world.reload(ms(below(1_000)), ms(below(3_000))),
        15 => world.act(|list, now| list.flush(now)),
        // Somebody else changes the fact, and nobody says so.
        _ => {
            if let Some(fact) = world.service.facts.get(index) {
                let arguments = [fact["id"].clone(), json!({ "text": text, "source": "user" })];
                world.service.call("facts.update", &arguments).unwrap();
                world.is_shared = true;
            }
        }
    }
}

/// The socket brings an item: soon or late, after what was said later or before, perhaps twice.
fn bring(world: &mut World, random: &Random, item: Value) {
    for _ in 0..1 + random.below(4) / 3 {
        let after = random.pick(&[1, 100, 3_000]);
        world.hear(ms(random.below(after)), vec![item.clone()]);
    }
}
