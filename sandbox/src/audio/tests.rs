//! Every container with the same sound in it, whole, cut and broken.
#![allow(clippy::unwrap_used)]

use ::ogg::{PacketWriteEndInfo, PacketWriter};
use opus_pure::{Application, OpusEncoder, OpusMSEncoder};
use ossicle_flac::Encoder as FlacEncoder;

use super::*;

const MONO: Format = Format::Pcm { rate: 16_000, channels: 1 };
/// The decoder's output that precedes the audio, in samples at 48 kHz, of the encoder at 16 kHz.
const PRE_SKIP: u64 = 312;

/// A sine of about 433 Hz at 16 kHz, `level` of full scale.
fn tone(seconds: f64, level: f64) -> Vec<i16> {
    let frames = (seconds * 16_000.0) as usize;
    (0..frames).map(|n| (level * 32_767.0 * (n as f64 * 0.17).sin()) as i16).collect()
}

fn pcm(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

fn head(channels: u8) -> Vec<u8> {
    let mut head = b"OpusHead\x01".to_vec();
    head.push(channels);
    head.extend((PRE_SKIP as u16).to_le_bytes());
    head.extend(16_000u32.to_le_bytes());
    head.extend([0, 0, 0]);
    head
}

/// Opus packets of 20 ms, the last one filled up with silence.
fn packets(samples: &[i16], channels: usize) -> Vec<Vec<u8>> {
    let mut encoder = OpusEncoder::new(16_000, channels, Application::Voip).unwrap();
    encoder.bitrate_bps = 32_000;
    let mut samples = samples.to_vec();
    // The encoder's delay must come out at the end.
    samples.resize((samples.len() / channels + 104).div_ceil(320) * 320 * channels, 0);
    let encode = |frame: &[i16]| {
        let mut packet = vec![0; 4000];
        let size = encoder.encode_s16(frame, 320, &mut packet).unwrap();
        packet.truncate(size);
        packet
    };
    samples.chunks_exact(320 * channels).map(encode).collect()
}

/// Pages: the headers, then one for every twelve packets. The last granule position is that of `frames` at 16 kHz.
fn ogg(head: Vec<u8>, packets: Vec<Vec<u8>>, frames: usize) -> Vec<Vec<u8>> {
    let end = PRE_SKIP + frames as u64 * 3;
    let mut writer = PacketWriter::new(Vec::new());
    let mut pages = Vec::new();
    for header in [head, b"OpusTags\x01\0\0\0x\0\0\0\0".to_vec()] {
        writer.write_packet(header, 7, PacketWriteEndInfo::EndPage, 0).unwrap();
        pages.push(std::mem::take(writer.inner_mut()));
    }
    let count = packets.len();
    for (n, packet) in packets.into_iter().enumerate() {
        let (granule, info) = match n + 1 {
            last if last == count => (end, PacketWriteEndInfo::EndStream),
            n if n % 12 == 0 => (n as u64 * 960, PacketWriteEndInfo::EndPage),
            n => (n as u64 * 960, PacketWriteEndInfo::NormalPacket),
        };
        writer.write_packet(packet, 7, info, granule).unwrap();
        if !writer.inner_mut().is_empty() {
            pages.push(std::mem::take(writer.inner_mut()));
        }
    }
    pages
}

/// Gives a page its checksum (RFC 3533, section 6: the polynomial 0x04c11db7, unreflected).
fn check(mut page: Vec<u8>) -> Vec<u8> {
    page[22..26].fill(0);
    let bit = |sum: u32, _| if sum >> 31 == 1 { (sum << 1) ^ 0x04c1_1db7 } else { sum << 1 };
    let sum = page.iter().fold(0u32, |sum, byte| (0..8).fold(sum ^ (u32::from(*byte) << 24), bit));
    page[22..26].copy_from_slice(&sum.to_le_bytes());
    page
}

fn ogg_of(samples: &[i16]) -> Vec<Vec<u8>> {
    ogg(head(1), packets(samples, 1), samples.len())
}

fn flac(samples: &[i16], channels: usize) -> Vec<Vec<u8>> {
    let mut encoder = FlacEncoder::new(16_000, channels).unwrap();
    let mut pieces = vec![encoder.header().to_vec()];
    let floats: Vec<f32> = samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
    let blocks = floats.chunks_exact(encoder.block_len()).map(<[f32]>::to_vec).collect::<Vec<_>>();
    pieces.extend(blocks.iter().map(|block| encoder.encode(block).unwrap().to_vec()));
    pieces
}

/// An element: id, size in four bytes (`None`: unknown), content.
fn element(id: &[u8], size: Option<usize>, content: &[u8]) -> Vec<u8> {
    let size = size.map_or(vec![0xff], |size| (0x1000_0000 | size as u32).to_be_bytes().to_vec());
    [id, &size, content].concat()
}

fn leaf(id: &[u8], content: &[u8]) -> Vec<u8> {
    element(id, Some(content.len()), content)
}

/// A live stream as browsers record it: a video track beside the audio, clusters of unknown size, each packet a block.
fn webm(codec: &[u8], head: &[u8], packets: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let track = |number: u8, codec: &[u8], head: &[u8]| {
        leaf(&[0xae], &[leaf(&[0xd7], &[number]), leaf(&[0x63, 0xa2], head), leaf(&[0x86], codec)].concat())
    };
    let tracks = [track(1, b"V_VP8", b"x"), track(2, codec, head)].concat();
    let mut pieces = vec![
        leaf(&[0x1a, 0x45, 0xdf, 0xa3], b"the header's elements"),
        element(&[0x18, 0x53, 0x80, 0x67], None, &leaf(&[0x15, 0x49, 0xa9, 0x66], b"some information")),
        leaf(&[0x16, 0x54, 0xae, 0x6b], &tracks),
    ];
    for (n, packet) in packets.iter().enumerate() {
        if n % 10 == 0 {
            pieces.push(element(&[0x1f, 0x43, 0xb6, 0x75], None, &leaf(&[0xe7], &[n as u8])));
            pieces.push(leaf(&[0xa3], &[&[0x81, 0, 0, 0x80][..], b"a picture"].concat()));
        }
        let block = [&[0x82, 0, (n % 10) as u8 * 20, 0x80][..], packet].concat();
        // The last one of ten as a group, which some write.
        pieces.push(if n % 10 == 9 { leaf(&[0xa0], &leaf(&[0xa1], &block)) } else { leaf(&[0xa3], &block) });
    }
    pieces
}

fn webm_of(samples: &[i16]) -> Vec<Vec<u8>> {
    webm(b"A_OPUS", &head(1), &packets(samples, 1))
}

fn heard(format: Format, stream: &[u8], size: usize) -> Meter {
    let mut meter = Meter::new(format);
    for piece in stream.chunks(size) {
        meter.push(piece, Duration::ZERO);
    }
    meter
}

/// The samples of a file by [`wav`], its rate and its channels.
fn opened(file: &[u8]) -> (Vec<i16>, u32, u16) {
    assert_eq!((&file[..4], &file[8..16], &file[36..40]), (&b"RIFF"[..], &b"WAVEfmt "[..], &b"data"[..]));
    assert_eq!(u32::from_le_bytes(*file[40..].first_chunk().unwrap()) as usize, file.len() - 44);
    let samples = file[44..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    let rate = u32::from_le_bytes(*file[24..].first_chunk().unwrap());
    (samples, rate, u16::from_le_bytes(*file[22..].first_chunk().unwrap()))
}

/// How much of `one` there is in `other`, 0 to 1.
fn likeness(one: impl Iterator<Item = f64> + Clone, other: impl Iterator<Item = f64> + Clone) -> f64 {
    let product =
        |a: &mut dyn Iterator<Item = f64>, b: &mut dyn Iterator<Item = f64>| a.zip(b).map(|(a, b)| a * b).sum::<f64>();
    let both = product(&mut one.clone(), &mut other.clone());
    let squares = product(&mut one.clone(), &mut one.clone()) * product(&mut other.clone(), &mut other.clone());
    both / squares.sqrt()
}

#[test]
fn the_length_and_the_level_are_those_of_the_samples_wherever_messages_cut_them() {
    let samples = tone(1.52, 0.5);
    let streams = [
        (MONO, pcm(&samples)),
        (Format::Container, ogg_of(&samples).concat()),
        (Format::Container, flac(&samples, 1).concat()),
    ];
    for (format, stream) in streams {
        for size in [1, 3, 640, 8000, 64_000] {
            let meter = heard(format, &stream, size);
            assert_eq!(meter.seconds(), 1.52, "pieces of {size}");
            assert!((meter.rms().unwrap() - 0.3535).abs() < 0.005, "{:?}", meter.rms());
        }
    }
}

#[test]
fn speech_is_told_from_silence_in_every_container_and_a_short_gap_does_not_end_it() {
    let samples = [tone(0.48, 0.0), tone(0.52, 0.3), tone(0.1, 0.0), tone(0.3, 0.3), tone(2.2, 0.0)].concat();
    for (format, stream) in [
        (MONO, pcm(&samples)),
        (Format::Container, ogg_of(&samples).concat()),
        (Format::Container, flac(&samples, 1).concat()),
    ] {
        let meter = heard(format, &stream, 4000);
        let spans = meter.heard();
        assert_eq!(spans.len(), 1, "{spans:?}");
        assert!((spans[0].start - 0.48).abs() < 0.025, "{spans:?}");
        assert!((spans[0].end - 1.7).abs() < 0.05, "speech to 1.4 s and the hold: {spans:?}");
    }
}

#[test]
fn one_speaking_channel_of_two_is_speech_and_stays_on_its_channel() {
    let stereo: Vec<i16> = tone(0.48, 0.3).into_iter().flat_map(|sample| [sample, 0]).collect();
    let two = Format::Pcm { rate: 16_000, channels: 2 };
    let opus = ogg(head(2), packets(&stereo, 2), stereo.len() / 2).concat();
    for (format, stream) in
        [(two, pcm(&stereo)), (Format::Container, flac(&stereo, 2).concat()), (Format::Container, opus)]
    {
        let meter = heard(format, &stream, 999);
        assert_eq!((meter.seconds(), meter.heard().len()), (0.48, 1));
        let (samples, _, channels) = opened(&wav(format, &stream).unwrap());
        let energy = |channel| samples.iter().skip(channel).step_by(2).map(|s| f64::from(*s).powi(2)).sum::<f64>();
        assert_eq!(channels, 2);
        assert!(energy(1) < energy(0) / 30.0, "{} {}", energy(0), energy(1));
    }
}

#[test]
fn opus_of_more_than_two_channels_is_decoded_by_its_mapping() {
    let mut encoder = OpusMSEncoder::new(16_000, 3, 1, Application::Voip).unwrap();
    let mut packet = vec![0; 4000];
    let packets: Vec<_> = (0..50)
        .map(|_| {
            let size = encoder.encode_s16(&[900; 960], 320, &mut packet).unwrap();
            packet[..size].to_vec()
        })
        .collect();
    let layout = encoder.layout();
    let mut head = head(3);
    head[18] = 1;
    head.extend([layout.nb_streams as u8, layout.nb_coupled_streams as u8]);
    head.extend(&layout.mapping);
    let meter = heard(Format::Container, &ogg(head, packets, 15_800).concat(), 500);
    assert_eq!(meter.seconds(), 15_800.0 / 16_000.0);
    assert!(meter.rms().is_some());
}

#[test]
fn ogg_decodes_to_what_was_encoded_in_its_place() {
    let samples = [tone(0.3, 0.0), tone(1.1, 0.5)].concat();
    let (decoded, rate, channels) = opened(&wav(Format::Container, &ogg_of(&samples).concat()).unwrap());
    assert_eq!((decoded.len(), rate, channels), (samples.len() * 3, 48_000, 1));
    let thirds = decoded.iter().step_by(3).map(|sample| f64::from(*sample));
    let alike = likeness(samples.iter().map(|sample| f64::from(*sample)), thirds);
    assert!(alike > 0.98, "{alike}");
}

#[test]
fn webm_is_decoded_wherever_messages_cut_it_and_is_as_long_as_its_packets() {
    let stream = webm_of(&[tone(0.48, 0.0), tone(1.0, 0.5)].concat()).concat();
    for size in [1, 7, 640, 64_000] {
        let meter = heard(Format::Container, &stream, size);
        // 1.48 s and the encoder's delay fill 75 packets, of which the first lacks the pre-skip.
        assert_eq!(meter.seconds(), 1.5 - PRE_SKIP as f64 / 48_000.0);
        assert!((meter.rms().unwrap() - 0.5 / 2f64.sqrt() * (1.0f64 / 1.48).sqrt()).abs() < 0.01);
        assert!((meter.heard()[0].start - 0.48).abs() < 0.025);
    }
    let twice = heard(Format::Container, &[stream.clone(), stream].concat(), 640);
    assert_eq!(twice.seconds(), 2.0 * (1.5 - PRE_SKIP as f64 / 48_000.0), "a recorder that was started again");
}

#[test]
fn webm_with_something_else_in_it_goes_by_the_clock() {
    let meter = heard(Format::Container, &webm(b"A_VORBIS", b"x", &[vec![1; 50]]).concat(), 64_000);
    assert_eq!((meter.seconds(), meter.rms()), (0.25, None));
}

#[test]
fn flac_and_pcm_come_back_as_the_same_samples() {
    let samples = tone(0.8, 0.5);
    for (format, stream) in [(MONO, pcm(&samples)), (Format::Container, flac(&samples, 1).concat())] {
        assert_eq!(opened(&wav(format, &stream).unwrap()), (samples.clone(), 16_000, 1));
    }
}

#[test]
fn a_page_that_was_lost_or_broken_is_silence_of_its_length() {
    let pages = ogg_of(&tone(2.0, 0.5));
    for middle in [vec![], vec![0x5a; 700], {
        let mut broken = pages[4].clone();
        broken[100] ^= 1;
        broken
    }] {
        let stream = [pages[..4].concat(), middle, pages[5..].concat()].concat();
        let meter = heard(Format::Container, &stream, 333);
        assert_eq!(meter.seconds(), 2.0);
        let (samples, ..) = opened(&wav(Format::Container, &stream).unwrap());
        // Twelve packets of 20 ms, the third page of audio.
        let missing = (2 * 12 * 960 - PRE_SKIP as usize)..(3 * 12 * 960 - PRE_SKIP as usize);
        assert!(samples[missing.clone()].iter().all(|sample| *sample == 0));
        assert!(samples[..missing.start].iter().any(|sample| *sample > 10_000));
        assert!(samples[missing.end..].iter().any(|sample| *sample > 10_000));
    }
}

#[test]
fn a_stream_that_had_begun_before_is_as_long_as_what_came_of_it() {
    let pages = ogg_of(&tone(2.0, 0.5));
    let stream = [pages[..2].concat(), pages[4..].concat()].concat();
    let meter = heard(Format::Container, &stream, 333);
    // Two pages of twelve packets are missing, and the pre-skip is taken from what is there.
    assert!((meter.seconds() - (2.0 - 0.48)).abs() < 1e-9, "{}", meter.seconds());
}

#[test]
fn a_second_stream_in_the_chain_follows_the_first() {
    let one = ogg_of(&tone(0.5, 0.5)).concat();
    assert_eq!(heard(Format::Container, &[one.clone(), one].concat(), 333).seconds(), 1.0);
}

#[test]
fn a_packet_over_two_pages_is_put_together() {
    let page = |flags: u8, sequence: u32, granule: u64, laces: &[u8], body: &[u8]| {
        let mut page = [&b"OggS\0"[..], &[flags], &granule.to_le_bytes(), &7u32.to_le_bytes()].concat();
        page.extend(sequence.to_le_bytes());
        page.extend([0; 4]);
        page.push(laces.len() as u8);
        page.extend([laces, body].concat());
        check(page)
    };
    // Code 3 (RFC 6716, section 3.2.5): two frames of 20 ms at 2 x 160 bytes, in CELT.
    let packet = [&[0xfb, 0x02][..], &[0x55; 320]].concat();
    let start = [page(2, 0, 0, &[19], &head(1)), page(0, 1, 0, &[8], b"OpusTags")].concat();
    let first = page(0, 2, u64::MAX, &[255], &packet[..255]);
    let second = page(1, 3, 1920, &[67], &packet[255..]);
    let whole = heard(Format::Container, &[start.clone(), first, second.clone()].concat(), 50);
    assert_eq!(whole.seconds(), (1920.0 - PRE_SKIP as f64) / 48_000.0);
    let headless = heard(Format::Container, &[start, second].concat(), 50);
    assert_eq!(headless.seconds(), 0.0, "what has no beginning is not heard");
}

#[test]
fn garbage_between_flac_frames_is_passed_over() {
    let pieces = flac(&tone(0.8, 0.5), 1);
    let stream = [pieces[..5].concat(), [0xff, 0xf8, 0xc9, 0x18].repeat(50), pieces[5..].concat()].concat();
    assert_eq!(heard(Format::Container, &stream, 700).seconds(), 0.8);
}

#[test]
fn a_container_that_is_not_decoded_is_as_long_as_it_took_to_arrive_and_all_of_it_is_speech() {
    let mut meter = Meter::new(Format::Container);
    for quarter in 0..8 {
        meter.push(b"ID3\x04", Duration::from_millis(quarter * 250));
    }
    assert_eq!(meter.seconds(), 2.0);
    meter.push(&[0], Duration::from_secs(60));
    assert_eq!(meter.seconds(), 3.0, "a pause is not audio");
    assert_eq!((meter.rms(), meter.heard()), (None, &[Span { start: 0.0, end: 3.0 }][..]));
    assert_eq!(wav(Format::Container, b"ID3 and more"), None);
}

#[test]
fn ogg_with_something_else_in_it_goes_by_the_clock() {
    let mut writer = PacketWriter::new(Vec::new());
    writer.write_packet(&b"\x01vorbis"[..], 7, PacketWriteEndInfo::EndPage, 0).unwrap();
    let mut meter = Meter::new(Format::Container);
    meter.push(writer.inner(), Duration::ZERO);
    assert_eq!((meter.seconds(), meter.rms()), (0.25, None));
}

#[test]
fn a_broken_stream_is_heard_as_far_as_it_can_be_and_never_panics() {
    // Noise that repeats in every run: xorshift32 (Marsaglia).
    let mut state = 0x2545_f491u32;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as usize
    };
    let samples = tone(0.8, 0.5);
    let sources = [ogg_of(&samples), flac(&samples, 1), webm_of(&samples)];
    for round in 0..900 {
        let pieces = &sources[round % 3];
        let mut stream = Vec::new();
        for piece in pieces {
            let mut piece = piece.clone();
            match random() % 4 {
                0 => {
                    let at = random() % piece.len();
                    piece[at] = random() as u8;
                    // With the right checksum, what is in the page must be borne as well.
                    if piece.starts_with(b"OggS") && piece.len() > 26 {
                        piece = check(piece);
                    }
                }
                1 => piece.truncate(random() % piece.len()),
                2 => stream.extend((0..random() % 300).map(|_| random() as u8)),
                _ => {}
            }
            stream.extend(piece);
        }
        let size = 1 + random() % 900;
        assert!(heard(Format::Container, &stream, size).seconds() >= 0.0);
    }
    for signature in [&b"OggS\0"[..], b"fLaC", b"fLaC\x80\0\0\x22", b"\x1a\x45\xdf\xa3\x80"] {
        let mut meter = Meter::new(Format::Container);
        meter.push(signature, Duration::ZERO);
        for _ in 0..100 {
            let noise: Vec<u8> = (0..40_000).map(|_| random() as u8).collect();
            meter.push(&noise, Duration::ZERO);
        }
        assert!(meter.seconds() < 60.0);
    }
}
