//! The stages, in the order in which sound passes them.

use ossicle::time::Duration;
use std::hint::black_box;

use ossicle::audio::container::{Container, Format, Place};
use ossicle::audio::encode::Encoder;
use ossicle::audio::encode::pcm::PcmEncoder;
use ossicle::audio::level::LevelMeter;
use ossicle::audio::mixer::{Mixed, Mixer};
use ossicle::audio::path::Encoded;
use ossicle::audio::resample::Resampler;
use ossicle::audio::watch::SignalWatch;
use ossicle::audio::{AudioPath, Packet};

use crate::{Failure, Run, codecs, sound};

/// Rate of what is encoded, in Hz: the SDK's default.
pub(crate) const RATE: u32 = 16_000;

/// Rate of what is captured, in Hz, where a stage's name does not say another: that of most devices.
const CAPTURED: u32 = 48_000;

/// How much longer a block of the second source takes: its clock is slow by as much as bad crystals are, 100 ppm.
const DRIFT: f64 = 1.0 + 100e-6;

/// A chunk ends with the packet that makes it this long: the SDK's default of 250 ms, less half an Opus packet.
const CHUNK: Duration = Duration::from_millis(240);

/// One stage.
pub struct Stage {
    /// What tables call it.
    pub name: &'static str,
    /// Makes it ready to run.
    pub prepare: fn() -> Result<Run, Failure>,
}

/// All of them.
pub const STAGES: [Stage; 11] = [
    Stage { name: "resample 48 to 16 kHz", prepare: || Ok(resample(48_000)) },
    Stage { name: "resample 44.1 to 16 kHz", prepare: || Ok(resample(44_100)) },
    Stage { name: "level and watch", prepare: || Ok(level()) },
    Stage { name: "mix two sources of 48 kHz", prepare: || Ok(mix()) },
    Stage { name: "encode PCM", prepare: || Ok(encode(pcm())) },
    Stage { name: "encode Opus", prepare: || Ok(encode(codecs::opus()?)) },
    Stage { name: "encode FLAC", prepare: || Ok(encode(codecs::flac()?.0)) },
    Stage { name: "pages of Ogg", prepare: pages },
    Stage { name: "whole path, PCM", prepare: || whole(pcm(), &Format::Raw) },
    Stage { name: "whole path, Opus", prepare: || whole(codecs::opus()?, &OGG) },
    Stage {
        name: "whole path, FLAC",
        prepare: || codecs::flac().and_then(|(encoder, header)| whole(encoder, &Format::Flac { header })),
    },
];

const OGG: Format = Format::OggOpus { channels: 1, sample_rate: RATE };

fn pcm() -> Box<dyn Encoder> {
    Box::new(PcmEncoder::new(RATE, 1))
}

/// Answers frames.
fn resample(from: u32) -> Run {
    let (blocks, mut resampler, mut output) = (sound::blocks(from), Resampler::new(from, RATE), Vec::new());
    Box::new(move || {
        let mut frames = 0;
        for block in &blocks {
            output.clear();
            resampler.process(block, &mut output);
            frames += black_box(&output).len();
        }
        Ok(frames)
    })
}

/// Answers levels.
fn level() -> Run {
    let blocks = sound::blocks(RATE);
    let (mut meter, mut watch) = (LevelMeter::new(RATE), SignalWatch::new(RATE, 1));
    Box::new(move || {
        let mut levels = 0;
        for block in &blocks {
            meter.push(block, &mut |level| {
                black_box(watch.push(0, level));
                levels += 1;
            });
        }
        Ok(levels)
    })
}

/// Answers frames of both channels.
fn mix() -> Run {
    let blocks = sound::blocks(CAPTURED);
    Box::new(move || {
        let mut mixer = Mixer::new(RATE, 2);
        let sources = [mixer.attach(0, Duration::ZERO)?, mixer.attach(1, Duration::ZERO)?];
        let mut frames = 0;
        let mut sink = |mixed: Mixed<'_>| {
            if let Mixed::Frames(planes) = mixed {
                frames += black_box(planes).iter().map(Vec::len).sum::<usize>();
            }
        };
        for (index, block) in (1_u32..).zip(&blocks) {
            for (source, length) in sources.into_iter().zip([0.02, 0.02 * DRIFT]) {
                let now = Duration::from_secs_f64(f64::from(index) * length);
                mixer.push(source, block, CAPTURED, now, now, &mut sink)?;
            }
        }
        mixer.finish(&mut sink);
        Ok(frames)
    })
}

/// Answers bytes.
fn encode(mut encoder: Box<dyn Encoder>) -> Run {
    let blocks: Vec<[Vec<f32>; 1]> = sound::blocks(RATE).into_iter().map(|block| [block]).collect();
    Box::new(move || {
        let mut bytes = 0;
        for block in &blocks {
            encoder.push(block, &mut |packet| bytes += black_box(packet.bytes).len());
        }
        Ok(bytes)
    })
}

/// Answers bytes.
fn pages() -> Result<Run, Failure> {
    let mut encoder = codecs::opus()?;
    let mut packets = Vec::new();
    for block in sound::blocks(RATE) {
        encoder.push(&[block], &mut |packet| packets.push((packet.start, packet.duration, packet.bytes.to_vec())));
    }
    Ok(Box::new(move || {
        let mut chunks = Chunks::new(&OGG);
        for (start, duration, bytes) in &packets {
            chunks.add(Packet { start: *start, duration: *duration, bytes });
        }
        Ok(chunks.bytes)
    }))
}

/// What a stream does with every captured block, short of the session and its socket. Answers bytes.
fn whole(encoder: Box<dyn Encoder>, format: &Format) -> Result<Run, Failure> {
    let blocks = sound::blocks(CAPTURED);
    let (mut path, mut chunks) = (AudioPath::new(RATE, 1, encoder)?, Chunks::new(format));
    let mut watch = SignalWatch::new(RATE, 1);
    Ok(Box::new(move || {
        let before = chunks.bytes;
        for block in &blocks {
            path.push(&[block], CAPTURED, &mut |encoded| match encoded {
                Encoded::Packet(packet) => chunks.add(packet),
                Encoded::Level(channel, level, _) => drop(black_box(watch.push(channel, level))),
            })?;
        }
        Ok(chunks.bytes - before)
    }))
}

/// Packets put into the container of one socket, chunk by chunk.
struct Chunks {
    container: Container,
    chunk: Vec<u8>,
    length: Duration,
    /// Of all chunks that are complete.
    bytes: usize,
}

impl Chunks {
    fn new(format: &Format) -> Self {
        Self { container: format.open(1), chunk: Vec::new(), length: Duration::ZERO, bytes: 0 }
    }

    fn add(&mut self, packet: Packet<'_>) {
        self.length += packet.duration;
        let ends = self.length >= CHUNK;
        self.container.write(packet, if ends { Place::EndOfChunk } else { Place::Within }, &mut self.chunk);
        if ends {
            self.length = Duration::ZERO;
            self.bytes += black_box(&self.chunk).len();
            self.chunk.clear();
        }
    }
}
