//! The encoder that the package ships, driven directly.

use opus_pure::{Application, MAX_PACKET_BYTES, OpusEncoder, Signal};
use ossicle::audio::encode::FrameCodec;

pub(crate) struct Codec {
    encoder: OpusEncoder,
    frame: usize,
    packet: Vec<u8>,
}

impl Codec {
    pub(crate) fn new(rate: i32, channels: usize, bitrate: i32) -> Self {
        let mut encoder = OpusEncoder::new(rate, channels, Application::Voip).unwrap();
        encoder.bitrate_bps = bitrate;
        encoder.complexity = 5;
        encoder.signal_type = Some(Signal::Voice);
        Self { encoder, frame: rate as usize / 50, packet: vec![0; MAX_PACKET_BYTES] }
    }

    /// Frames by which the encoder is late.
    pub(crate) fn lookahead(&self) -> usize {
        self.encoder.lookahead()
    }
}

impl FrameCodec for Codec {
    fn encode(&mut self, frame: &[f32], sink: &mut dyn FnMut(&[u8])) {
        let length = self.encoder.encode(frame, self.frame, &mut self.packet).unwrap();
        sink(&self.packet[..length]);
    }

    fn flush(&mut self) {}

    fn poll(&mut self, _: &mut dyn FnMut(&[u8])) {}
}
