//! The path of a stream's audio: any number of planes at any rate in, packets and levels out.

use super::level::{Level, LevelMeter};
use super::planes::{average, pick};
use super::resample::Resampler;
use super::{Encoder, Packet};
use crate::error::Error;
use crate::time::Duration;

/// Sample rates that capture devices have, in Hz.
pub const CAPTURE_RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;

/// The most channels of one stream.
pub const MAX_CHANNELS: usize = 8;

/// The most frames of one block: a second at the highest capture rate. Longer input is cut into such blocks, so that
/// the path's buffers stay small.
const MAX_BLOCK: usize = 192_000;

/// What leaves the path.
#[derive(Debug)]
pub enum Encoded<'a> {
    /// A packet.
    Packet(Packet<'a>),
    /// The level of a channel over the last tenth of a second, and whether it was muted at its end.
    Level(usize, Level, bool),
}

/// Downmix, resample, measure, encode. Its buffers are reused: after the first blocks it does not allocate.
pub struct AudioPath {
    sample_rate: u32,
    lanes: Vec<Lane>,
    resampled: Vec<Vec<f32>>,
    captured_rate: u32,
    /// Where on the stream's time the first frame lies.
    origin: Duration,
    /// Frames that were encoded.
    frames: u64,
    encoder: Box<dyn Encoder>,
}

/// What each channel has of its own.
struct Lane {
    mixed: Vec<f32>,
    is_muted: bool,
    resampler: Resampler,
    meter: LevelMeter,
}

impl AudioPath {
    /// A path to `channels` channels at `sample_rate` Hz, for which the encoder was made.
    ///
    /// # Errors
    /// `invalid_request` if either is out of its range.
    pub fn new(sample_rate: u32, channels: usize, encoder: Box<dyn Encoder>) -> Result<Self, Error> {
        if !CAPTURE_RATES.contains(&sample_rate) {
            return Err(Error::invalid(format!("audio.sampleRate must be 8000 to 192000 Hz, not {sample_rate}")));
        }
        if !(1..=MAX_CHANNELS).contains(&channels) {
            return Err(Error::invalid(format!("audio.channels must be 1 to {MAX_CHANNELS}, not {channels}")));
        }
        let lane = || Lane {
            mixed: Vec::new(),
            is_muted: false,
            resampler: Resampler::new(sample_rate, sample_rate),
            meter: LevelMeter::new(sample_rate),
        };
        Ok(Self {
            sample_rate,
            lanes: (0..channels).map(|_| lane()).collect(),
            resampled: vec![Vec::new(); channels],
            captured_rate: sample_rate,
            origin: Duration::ZERO,
            frames: 0,
            encoder,
        })
    }

    /// The same path for a stream of which so much lies behind: its first frame is captured then.
    #[must_use]
    pub fn starting_at(self, origin: Duration) -> Self {
        Self { origin, ..self }
    }

    /// Takes captured frames: one slice a channel, all of one length, at `rate` Hz. For a stream of one channel
    /// several planes are averaged; for more, planes are channels, and absent ones are silent.
    ///
    /// # Errors
    /// `invalid_request` if the rate is not one of a capture device, the planes differ in length, or there are more
    /// of them than channels (of more than one).
    pub fn push(&mut self, planes: &[&[f32]], rate: u32, sink: &mut dyn FnMut(Encoded<'_>)) -> Result<(), Error> {
        let frames = frames_in(planes.iter().map(|plane| plane.len()), rate, self.lanes.len())?;
        if rate != self.captured_rate {
            self.drain(sink);
            for lane in &mut self.lanes {
                lane.resampler = Resampler::new(rate, self.sample_rate);
            }
            self.captured_rate = rate;
        }
        for start in (0..frames).step_by(MAX_BLOCK) {
            let block = start..frames.min(start + MAX_BLOCK);
            let mono = self.lanes.len() == 1;
            for (channel, (lane, resampled)) in self.lanes.iter_mut().zip(&mut self.resampled).enumerate() {
                if mono {
                    average(planes, block.clone(), &mut lane.mixed);
                } else {
                    pick(planes, channel, block.clone(), &mut lane.mixed);
                }
                lane.resampler.process(&lane.mixed, resampled);
            }
            self.encode(sink);
        }
        Ok(())
    }

    /// From here on silence takes the place of what a channel captures, or does no longer.
    pub fn mute(&mut self, channel: usize, muted: bool) {
        if let Some(lane) = self.lanes.get_mut(channel) {
            lane.is_muted = muted;
        }
    }

    /// Whether a channel is muted.
    #[must_use]
    pub fn is_muted(&self, channel: usize) -> bool {
        self.lanes.get(channel).is_some_and(|lane| lane.is_muted)
    }

    /// No frame follows: everything that is still inside comes out, the resampler's tail and the last packets; those
    /// of an encoder that answers later by [`Self::poll`], until as many frames were taken as given.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Encoded<'_>)) {
        self.drain(sink);
        let origin = self.origin;
        self.encoder.finish(&mut |packet| sink(Encoded::Packet(packet.after(origin))));
    }

    /// Hands out packets that have become ready since.
    pub fn poll(&mut self, sink: &mut dyn FnMut(Encoded<'_>)) {
        let origin = self.origin;
        self.encoder.poll(&mut |packet| sink(Encoded::Packet(packet.after(origin))));
    }

    /// See [`Encoder::given`].
    #[must_use]
    pub fn given(&self) -> u64 {
        self.encoder.given()
    }

    /// See [`Encoder::taken`].
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.encoder.taken()
    }

    /// See [`Encoder::has_failed`].
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.encoder.has_failed()
    }

    /// Where on the stream's time the next frame lies.
    #[must_use]
    pub fn position(&self) -> Duration {
        self.origin + Duration::from_secs_f64(self.frames as f64 / f64::from(self.sample_rate))
    }

    /// How much more has to be captured until the packets from `start` on, where one begins, fill another message of at most
    /// `most`: as many of them as go into one.
    #[must_use]
    pub fn missing(&self, start: Duration, most: Duration) -> Duration {
        let (packet, delay) = self.encoder.spans();
        let (most, packet) = (most.as_nanos(), packet.as_nanos().max(1));
        let message = (most - most % packet).max(packet);
        let held = self.position().saturating_sub(delay).saturating_sub(start);
        Duration::from_nanos(message - held.as_nanos() % message)
    }

    fn drain(&mut self, sink: &mut dyn FnMut(Encoded<'_>)) {
        for (lane, resampled) in self.lanes.iter_mut().zip(&mut self.resampled) {
            lane.resampler.finish(resampled);
        }
        self.encode(sink);
    }

    fn encode(&mut self, sink: &mut dyn FnMut(Encoded<'_>)) {
        self.frames += self.resampled.first().map_or(0, Vec::len) as u64;
        for (channel, (lane, samples)) in self.lanes.iter_mut().zip(&mut self.resampled).enumerate() {
            if lane.is_muted {
                samples.fill(0.0);
            }
            lane.meter.push(samples, &mut |level| sink(Encoded::Level(channel, level, lane.is_muted)));
        }
        let origin = self.origin;
        self.encoder.push(&self.resampled, &mut |packet| sink(Encoded::Packet(packet.after(origin))));
        self.resampled.iter_mut().for_each(Vec::clear);
    }
}

/// How many frames there are in planes of these lengths at `rate` Hz, for a stream of so many channels.
///
/// # Errors
/// As [`AudioPath::push`].
pub fn frames_in(mut planes: impl ExactSizeIterator<Item = usize>, rate: u32, channels: usize) -> Result<usize, Error> {
    if !CAPTURE_RATES.contains(&rate) {
        return Err(Error::invalid(format!("sampleRate must be 8000 to 192000 Hz, not {rate}")));
    }
    let given = planes.len();
    let Some(frames) = planes.next() else {
        return Err(Error::invalid("planes must hold at least one Float32Array"));
    };
    if planes.any(|length| length != frames) {
        return Err(Error::invalid("planes must all have the same length"));
    }
    if channels > 1 && given > channels {
        return Err(Error::invalid(format!("{given} planes were given to a stream of {channels} channels")));
    }
    Ok(frames)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::encode::pcm::PcmEncoder;

    fn pcm(channels: usize) -> Result<AudioPath, Error> {
        AudioPath::new(16_000, channels, Box::new(PcmEncoder::new(16_000, channels)))
    }

    /// Seconds and bytes that came out of a path for `planes` at `rate`, in blocks of 20 ms.
    fn run(path: &mut AudioPath, planes: &[Vec<f32>], rate: u32) -> Result<(f64, Vec<u8>, usize), Error> {
        let (mut seconds, mut bytes, mut levels) = (0.0, Vec::new(), 0);
        let mut sink = |encoded: Encoded<'_>| match encoded {
            Encoded::Packet(packet) => {
                assert!((packet.start.as_secs_f64() - seconds).abs() < 1e-9, "a gap before {:?}", packet.start);
                seconds += packet.duration.as_secs_f64();
                bytes.extend_from_slice(packet.bytes);
            }
            Encoded::Level(..) => levels += 1,
        };
        let frames = planes[0].len();
        for start in (0..frames).step_by(rate as usize / 50) {
            let end = frames.min(start + rate as usize / 50);
            let block: Vec<&[f32]> = planes.iter().map(|plane| &plane[start..end]).collect();
            path.push(&block, rate, &mut sink)?;
        }
        path.finish(&mut sink);
        Ok((seconds, bytes, levels))
    }

    #[test]
    fn a_second_in_is_a_second_out_at_every_rate() -> Result<(), Error> {
        for rate in [8_000, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000] {
            let (seconds, bytes, levels) = run(&mut pcm(1)?, &[vec![0.25; rate as usize]], rate)?;
            assert!((seconds - 1.0).abs() < 1e-9, "{seconds} s from {rate} Hz");
            assert_eq!((bytes.len(), levels), (32_000, 10), "{rate} Hz");
        }
        Ok(())
    }

    #[test]
    fn a_path_of_which_so_much_lies_behind_goes_on_from_there() -> Result<(), Error> {
        let origin = Duration::from_secs(600);
        let (mut path, mut next) = (pcm(1)?.starting_at(origin), origin);
        let mut sink = |encoded: Encoded<'_>| {
            if let Encoded::Packet(packet) = encoded {
                assert_eq!(packet.start, next);
                next += packet.duration;
            }
        };
        path.push(&[&[0.1; 44_100]], 44_100, &mut sink)?;
        path.finish(&mut sink);
        assert_eq!((next, path.position()), (Duration::from_secs(601), Duration::from_secs(601)));
        Ok(())
    }

    #[test]
    fn planes_of_one_channel_are_averaged() -> Result<(), Error> {
        let planes = [vec![0.5; 320], vec![0.0; 320]];
        let (_, bytes, _) = run(&mut pcm(1)?, &planes, 16_000)?;
        assert!(bytes.chunks(2).all(|sample| sample == 0x2000_i16.to_le_bytes()));
        Ok(())
    }

    #[test]
    fn a_muted_channel_is_silent_and_takes_its_time() -> Result<(), Error> {
        let mut path = pcm(2)?;
        path.mute(1, true);
        path.mute(7, true);
        let (seconds, bytes, _) = run(&mut path, &[vec![0.5; 16_000], vec![0.5; 16_000]], 16_000)?;
        assert!((seconds - 1.0).abs() < 1e-9);
        assert!(bytes.chunks(4).all(|frame| frame == [0, 0x40, 0, 0]));
        assert_eq!([0, 1, 7].map(|channel| path.is_muted(channel)), [false, true, false]);
        Ok(())
    }

    #[test]
    fn odd_input_never_panics_and_poisons_nothing() -> Result<(), Error> {
        let mut path = pcm(1)?;
        let wild = vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX];
        path.push(&[&wild], 48_000, &mut |_| {})?;
        path.push(&[&[]], 48_000, &mut |_| {})?;
        let (_, bytes, _) = run(&mut path, &[vec![0.0; 4_800]], 44_100)?;
        assert_eq!(bytes.last(), Some(&0));
        Ok(())
    }

    #[test]
    fn what_cannot_be_audio_is_refused_with_a_sentence() -> Result<(), Error> {
        let mut mono = pcm(1)?;
        assert!(mono.push(&[], 48_000, &mut |_| {}).is_err());
        assert!(mono.push(&[&[0.0]], 0, &mut |_| {}).is_err());
        assert!(mono.push(&[&[0.0], &[]], 48_000, &mut |_| {}).is_err());
        assert!(pcm(2)?.push(&[&[0.0], &[0.0], &[0.0]], 48_000, &mut |_| {}).is_err());
        assert!(pcm(0).is_err() && AudioPath::new(7_999, 1, Box::new(PcmEncoder::new(7_999, 1))).is_err());
        Ok(())
    }

    #[test]
    fn a_change_of_rate_in_the_middle_loses_nothing() -> Result<(), Error> {
        let mut path = pcm(1)?;
        let mut seconds = 0.0;
        let mut sink = |encoded: Encoded<'_>| {
            if let Encoded::Packet(packet) = encoded {
                seconds += packet.duration.as_secs_f64();
            }
        };
        path.push(&[&[0.1; 48_000]], 48_000, &mut sink)?;
        path.push(&[&[0.1; 16_000]], 16_000, &mut sink)?;
        path.push(&[&[0.1; 44_100]], 44_100, &mut sink)?;
        path.finish(&mut sink);
        assert!((seconds - 3.0).abs() < 1e-9, "{seconds}");
        Ok(())
    }
}
