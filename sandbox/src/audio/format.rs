//! The configuration's `audioFormat`: what the client says its audio is.

/// The containers that the protocol names beside raw PCM; parameters such as `codecs=opus` are accepted with them.
const CONTAINERS: [&str; 9] = [
    "audio/ogg",
    "audio/webm",
    "audio/opus",
    "audio/flac",
    "audio/mpeg",
    "audio/mp4",
    "audio/wav",
    "audio/x-wav",
    "audio/aac",
];

/// The configuration's `audioFormat`, understood.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Format {
    /// Little-endian signed 16-bit samples, interleaved.
    Pcm { rate: u32, channels: u16 },
    /// A container, to be recognised by its first bytes.
    Container,
}

impl Format {
    /// Reads an `audioFormat`; none means a container. An error is the reason for `CONFIG_DENIED`.
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, String> {
        let Some(text) = text else { return Ok(Self::Container) };
        let mut parts = text.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        if CONTAINERS.contains(&kind.as_str()) {
            return Ok(Self::Container);
        }
        if kind != "audio/pcm" {
            return Err("audioFormat is not supported".into());
        }
        let (mut rate, mut channels, mut bits) = (None, None, None);
        for part in parts {
            match part.split_once('=').map(|(key, value)| (key.trim(), value.trim().parse::<u32>())) {
                Some(("rate", Ok(value))) => rate = Some(value),
                Some(("channels", Ok(value))) => channels = Some(value),
                Some(("bits", Ok(value))) => bits = Some(value),
                Some(("endian", _)) if part.ends_with("little") => {}
                Some(("encoding", _)) if part.ends_with("sint") && !part.ends_with("usint") => {}
                _ => return Err("audioFormat has a parameter that is not understood".into()),
            }
        }
        match (rate, channels, bits) {
            (Some(rate @ 8_000..=192_000), Some(channels @ 1..=8), Some(16)) => {
                Ok(Self::Pcm { rate, channels: channels as u16 })
            }
            (Some(_), Some(_), Some(16)) => Err("rate must be 8000 to 192000 and channels 1 to 8".into()),
            (Some(_), Some(_), Some(_)) => Err("raw PCM must have bits=16".into()),
            _ => Err("raw PCM needs all of rate, channels and bits".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn pcm_needs_all_of_rate_channels_and_bits() {
        let mono = Format::Pcm { rate: 16_000, channels: 1 };
        assert_eq!(Format::parse(Some("audio/pcm; rate=16000; channels=1; bits=16")), Ok(mono));
        let whole = "audio/pcm; rate=16000; channels=2; bits=16; endian=little; encoding=sint";
        assert_eq!(Format::parse(Some(whole)), Ok(Format::Pcm { rate: 16_000, channels: 2 }));
        assert_eq!(Format::parse(Some("audio/PCM;bits=16;channels=1;rate=16000")), Ok(mono));
        for bad in [
            "audio/pcm",
            "audio/pcm; rate=16000; channels=1",
            "audio/pcm; rate=16000; channels=1; bits=24",
            "audio/pcm; rate=1; channels=1; bits=16",
            "audio/pcm; rate=x; channels=1; bits=16",
            "audio/pcm; rate=16000; channels=1; bits=16; endian=big",
            "audio/pcm; rate=16000; channels=1; bits=16; encoding=float",
            "video/mp4",
            "",
        ] {
            assert!(Format::parse(Some(bad)).is_err(), "{bad}");
        }
        assert_eq!(Format::parse(Some("audio/ogg; codecs=opus")), Ok(Format::Container));
        assert_eq!(Format::parse(None), Ok(Format::Container));
    }
}
