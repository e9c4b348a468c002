//! When and in which order it is told: the rhythm of the service.

use super::*;

fn consultation() -> Arc<Script> {
    Arc::new(Script::load().unwrap())
}

fn quiet() -> Behaviour {
    Behaviour { unknown: false, ..Behaviour::default() }
}

fn start(segment: &Value) -> f64 {
    segment["time"]["start"].as_f64().unwrap()
}

/// A minute and a half of a diarized visit, in real time.
fn visit(behaviour: Behaviour) -> Room {
    let mut room = Room::with(behaviour, consultation());
    room.configure(diarized());
    room.audio(&speech(0.0, 90.0));
    room
}

fn batches(room: &Room) -> Vec<Vec<Value>> {
    let told = room.told.iter().map(|(_, output)| segments(std::slice::from_ref(output)));
    told.filter(|batch| !batch.is_empty()).collect()
}

#[test]
fn one_channel_diarized_comes_in_batches_after_some_21_seconds_and_then_every_13_to_18() {
    let room = visit(quiet());
    let times = room.times("transcript");
    assert!((20.0..23.0).contains(&times[0]), "{times:?}");
    assert!(times.len() >= 5 && times.windows(2).all(|pair| (13.0..=18.0).contains(&(pair[1] - pair[0]))), "{times:?}");
    let batches = batches(&room);
    assert!(batches.iter().filter(|batch| batch.len() > 1).count() >= 3, "several segments a batch");
    assert!(batches.iter().flatten().all(|segment| segment["final"] == true), "no interims");
}

#[test]
fn a_speakers_earlier_words_come_after_anothers_later_ones_in_batches_and_across_them() {
    let batches = batches(&visit(quiet()));
    let is_behind =
        |later: &Value, earlier: &Value| later["speakerId"] != earlier["speakerId"] && start(later) < start(earlier);
    let in_batch = batches.iter().filter(|batch| batch.windows(2).any(|pair| is_behind(&pair[1], &pair[0])));
    assert!(in_batch.count() >= 2, "{batches:#?}");
    let across =
        batches.windows(2).filter(|pair| pair[1].iter().any(|late| pair[0].iter().any(|it| is_behind(late, it))));
    assert!(across.count() >= 2, "{batches:#?}");
    let mut keys: Vec<String> =
        batches.iter().flatten().map(|it| format!("{} {}", it["speakerId"], it["time"])).collect();
    let all = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), all, "each once");

    let flat: Vec<Value> =
        self::batches(&visit(Behaviour { order: crate::behaviour::Order::Time, ..quiet() })).concat();
    assert!(
        flat.len() > 10 && flat.windows(2).all(|pair| start(&pair[0]) <= start(&pair[1])),
        "in order where it is to be"
    );
}

#[test]
fn speakers_overlap_now_and_then() {
    let mut all: Vec<Value> = batches(&visit(quiet())).concat();
    all.sort_by(|a, b| start(a).total_cmp(&start(b)));
    let overlaps =
        all.windows(2).filter(|pair| pair[0]["time"]["end"].as_f64().unwrap() > start(&pair[1]) + 0.1).count();
    assert!(overlaps >= 2 && overlaps < all.len() / 2, "{overlaps} of {}", all.len());
}

#[test]
fn every_word_that_was_heard_is_told_once_by_the_end() {
    let mut room = visit(quiet());
    room.say("end", 2.0);
    let mut all: Vec<Value> = batches(&room).concat();
    all.sort_by(|a, b| start(a).total_cmp(&start(b)));
    let spoken = room.progress.spoken();
    let words = |texts: Vec<String>| {
        let mut words: Vec<String> = texts.iter().flat_map(|text| text.split(' ').map(str::to_owned)).collect();
        words.sort();
        words
    };
    let told = all.iter().map(|it| it["transcript"].as_str().unwrap().to_owned()).collect();
    assert_eq!(words(told), words(spoken.into_iter().map(|line| line.text).collect()));
}

#[test]
fn without_diarization_a_segment_comes_two_to_three_and_a_half_seconds_after_its_end() {
    let mut room = Room::with(quiet(), consultation());
    room.configure(json!({
        "transcription": { "primaryLanguage": "en", "isMultichannel": true,
            "participants": [{ "channel": 0, "role": "doctor" }, { "channel": 1, "role": "patient" }] },
        "mode": { "type": "facts", "outputLocale": "en", "factGenerationInterval": "fast_init" },
        "audioFormat": "audio/pcm; rate=8000; channels=1; bits=16",
    }));
    assert!(room.told.iter().any(|(_, output)| matches!(output, Output::Close(_))), "one channel is too few for two");

    let mut room = Room::with(quiet(), consultation());
    room.configure(json!({
        "transcription": { "primaryLanguage": "en", "isMultichannel": true,
            "participants": [{ "channel": 0, "role": "doctor" }, { "channel": 1, "role": "patient" }] },
        "mode": { "type": "facts", "outputLocale": "en", "factGenerationInterval": "fast_init" },
        "audioFormat": "audio/pcm; rate=8000; channels=2; bits=16; endian=little; encoding=sint",
    }));
    let stereo: Vec<u8> = speech(0.0, 100.0).chunks_exact(2).flat_map(|sample| [sample, sample].concat()).collect();
    for chunk in stereo.chunks(8_000) {
        room.pass(0.25);
        room.input(Input::Audio(chunk));
    }
    let told: Vec<(f64, Value)> = room
        .told
        .iter()
        .filter_map(|(at, output)| segments(std::slice::from_ref(output)).pop().map(|segment| (*at, segment)))
        .collect();
    assert_eq!(told.len(), room.times("transcript").len(), "one segment a message");
    assert!(told.len() > 10);
    for (at, segment) in &told {
        let late = at - segment["time"]["end"].as_f64().unwrap();
        assert!((2.0..3.8).contains(&late), "{late} s late, audio of a message included");
        assert_eq!(segment["speakerId"], -1);
    }
    let channels: Vec<&Value> = told.iter().map(|(_, segment)| &segment["participant"]["channel"]).collect();
    assert!(channels.contains(&&json!(0)) && channels.contains(&&json!(1)));
    let first = room.told.iter().find(|(_, output)| matches!(output, Output::Extract { .. })).unwrap().0;
    assert!((60.0..=180.0).contains(&first), "the first facts after one to three minutes: {first}");
}

#[test]
fn who_is_not_told_apart_does_not_speak_twice_at_once() {
    let mut room = Room::with(quiet(), consultation());
    room.configure(configuration());
    room.audio(&speech(0.0, 60.0));
    room.say("end", 2.0);
    let all: Vec<Value> = batches(&room).concat();
    assert!(all.len() > 8);
    assert!(all.windows(2).all(|pair| pair[0]["time"]["end"].as_f64().unwrap() <= start(&pair[1])), "{all:#?}");
}

#[test]
fn facts_follow_a_batch_by_one_and_a_half_to_two_seconds_with_fast_init_and_come_each_minute_with_fixed() {
    let facts = |room: &Room| -> Vec<f64> {
        let is_it = |output: &Output| matches!(output, Output::Extract { .. });
        room.told.iter().filter(|(_, output)| is_it(output)).map(|(at, _)| *at).collect()
    };
    let fast = visit(quiet());
    let (times, transcripts) = (facts(&fast), fast.times("transcript"));
    for (fact, transcript) in times.iter().zip(&transcripts) {
        assert!((1.5..=2.0).contains(&(fact - transcript)), "{times:?} {transcripts:?}");
    }
    assert!(times.len() >= 5);
    let mut fixed = Room::with(quiet(), consultation());
    let mut configuration = diarized();
    configuration["mode"]["factGenerationInterval"] = json!("fixed");
    fixed.configure(configuration);
    fixed.audio(&speech(0.0, 130.0));
    assert_eq!(facts(&fixed), [60.0, 120.0]);
    assert_eq!(fixed.times("delta_usage"), [40.0, 80.0, 120.0]);
}

#[test]
fn a_pace_scales_the_delays_and_no_time_in_a_message() {
    let slow = visit(quiet());
    let mut behaviour = quiet();
    behaviour.set("pace", "0.05").unwrap();
    let fast = visit(behaviour);
    let at = |room: &Room| -> Vec<Value> {
        let mut all: Vec<Value> = batches(room).concat();
        all.sort_by(|a, b| start(a).total_cmp(&start(b)));
        all.iter().map(|it| json!([it["transcript"], it["time"]])).collect()
    };
    let (few, many) = (at(&slow), at(&fast));
    assert!(few.len() < many.len());
    // Those of the slow stream are not the first ones: a speaker is late.
    assert!(few.iter().all(|segment| many.contains(segment)));
    let late = fast.times("transcript").first().copied().unwrap();
    assert!(late < 8.0, "the first line takes five seconds: {late}");
}

#[test]
fn the_mode_transcription_has_no_facts() {
    let mut room = Room::with(quiet(), consultation());
    let mut configuration = diarized();
    configuration["mode"] = json!({ "type": "transcription" });
    room.configure(configuration);
    let outputs = room.audio(&speech(0.0, 65.0));
    assert!(!names(&outputs).contains(&"(extract)".into()));
    assert_eq!(names(&room.say("end", 2.0)), ["transcript", "usage", "ENDED", "(close 1000)"]);
}
