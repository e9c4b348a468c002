//! A socket that is opened again.

use super::*;
use crate::behaviour::TimesFrom;

fn quiet() -> Behaviour {
    Behaviour { unknown: false, ..Behaviour::default() }
}

/// A diarized visit of 30 seconds on one socket that breaks, then another that sends the audio again from `from`, and on
/// to 60.
fn twice(from: f64, behaviour: Behaviour) -> (Vec<Value>, Vec<Value>, Room) {
    let mut first = Room::with(behaviour.clone(), Arc::new(Script::load().unwrap()));
    first.configure(diarized());
    let mut told = first.audio(&speech(0.0, 30.0));
    told.extend(first.say("flush", 1.6));
    let mut second = first.again(behaviour, diarized());
    second.told.clear();
    second.audio(&speech(from, 60.0 - from));
    second.say("end", 2.0);
    let again: Vec<Output> = std::mem::take(&mut second.told).into_iter().map(|(_, output)| output).collect();
    (segments(&told), segments(&again), second)
}

fn by_time(mut all: Vec<Value>) -> Vec<Value> {
    all.sort_by(|a, b| a["time"]["start"].as_f64().unwrap().total_cmp(&b["time"]["start"].as_f64().unwrap()));
    all
}

fn words(segments: &[Value]) -> Vec<String> {
    segments.iter().flat_map(|it| it["transcript"].as_str().unwrap().split(' ').map(str::to_owned)).collect()
}

#[test]
fn the_same_audio_says_the_same_words_and_what_is_new_goes_on() {
    let (first, second, room) = twice(12.0, quiet());
    let (first, second) = (by_time(first), by_time(second));
    assert_eq!(second[0]["time"]["start"].as_f64().unwrap().floor(), 0.0, "time counts from this socket's audio");
    let (once, again) = (words(&first), words(&second));
    // 12 s are some 31 words; one that was cut is not said again.
    let repeated = again.iter().take(20).collect::<Vec<_>>();
    assert!(once.windows(20).any(|window| window.iter().collect::<Vec<_>>() == repeated), "{once:?} {again:?}");
    let mut whole = Room::with(quiet(), Arc::new(Script::load().unwrap()));
    whole.configure(diarized());
    whole.audio(&speech(0.0, 60.0));
    let spoken = |room: &Room| room.progress.spoken().into_iter().map(|line| line.text).collect::<Vec<_>>();
    assert_eq!(spoken(&room), spoken(&whole), "what came twice is said once");
}

#[test]
fn replayed_audio_is_cut_elsewhere_and_its_speakers_are_numbered_anew() {
    let (first, second, _) = twice(0.0, quiet());
    let at = |it: &Value| json!([it["time"]["start"], it["time"]["end"]]);
    let cuts: Vec<Value> = first.iter().map(at).collect();
    let same = second.iter().filter(|it| cuts.contains(&at(it))).count();
    assert!(same <= second.len() / 5, "{same} of {}", second.len());
    let speaker = |all: &[Value], word: &str| {
        all.iter().find(|it| it["transcript"].as_str().unwrap().contains(word)).unwrap()["speakerId"].clone()
    };
    for word in ["Hartley", "tight"] {
        assert_ne!(speaker(&first, word), speaker(&second, word), "{word}");
    }
}

#[test]
fn other_audio_on_a_second_socket_goes_on_with_the_consultation() {
    let mut first = Room::new();
    first.configure(configuration());
    first.audio(&speech(0.0, 8.0));
    let mut second = first.again(quiet(), configuration());
    second.audio(&speech(500.0, 9.0));
    second.say("end", 2.0);
    let outputs: Vec<Output> = second.told.into_iter().map(|(_, output)| output).collect();
    // The script is 7.3 s long and begins again; its second word was cut in two.
    assert!(words(&by_time(segments(&outputs)))[0] == "three", "{outputs:?}");
}

#[test]
fn digital_silence_before_and_after_a_replay_misleads_nobody() {
    let mut first = Room::new();
    first.configure(configuration());
    let whole = [silence(6.0), speech(0.0, 5.0), silence(6.0), speech(5.0, 1.0), silence(3.0)].concat();
    first.audio(&whole);
    let mut second = first.again(quiet(), configuration());
    // From within the first silence on, and then something new.
    second.audio(&[&whole[16_000 * 2..], &speech(6.0, 2.0)].concat());
    second.say("end", 2.0);
    let outputs: Vec<Output> = second.told.into_iter().map(|(_, output)| output).collect();
    let all = by_time(segments(&outputs));
    assert_eq!(words(&all)[..6], ["one", "two", "three", "four", "five", "six"]);
    assert_eq!(all[0]["time"]["start"], 4.0);
    assert_eq!(second.progress.spoken().len(), 3, "eight seconds of speech");
}

#[test]
fn times_may_count_from_the_interactions_start_and_the_last_batch_may_come_again() {
    let behaviour = Behaviour { times_from: TimesFrom::Interaction, last_batch_again: true, ..quiet() };
    let mut first = Room::with(behaviour.clone(), short_script());
    first.configure(configuration());
    first.audio(&speech(0.0, 6.0));
    let last = segments(&first.say("flush", 1.6)).pop().unwrap();
    let mut second = first.again(behaviour, configuration());
    assert_eq!(
        names(
            &second
                .told
                .iter()
                .map(|(_, it)| match it {
                    Output::Send(message) => Output::Send(message.clone()),
                    _ => panic!(),
                })
                .collect::<Vec<_>>()
        ),
        ["CONFIG_ACCEPTED", "transcript"]
    );
    second.audio(&speech(4.0, 6.0));
    second.say("end", 2.0);
    let outputs: Vec<Output> = second.told.into_iter().map(|(_, output)| output).collect();
    let all = segments(&outputs);
    assert_eq!(all[0], last, "the last batch again");
    let starts: Vec<f64> = all[1..].iter().map(|it| it["time"]["start"].as_f64().unwrap()).collect();
    assert!(starts.iter().all(|start| *start >= 6.0), "{starts:?}");
}
