//! Other people's decoders, as programs. Each fails the test if its program has anything to complain of.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use crate::decode::planes;

/// What `flac` says of every stream without a digest of its samples, which a stream that is sent before it ends cannot
/// have (RFC 9639, section 8.2: zero says that it is not known).
const NO_DIGEST: &str = "cannot check MD5 signature since it was unset in the STREAMINFO";

/// `opusinfo` reads a whole stream and says what is wrong with it.
pub(crate) fn opusinfo(bytes: &[u8], what: &str) {
    let folder = std::env::temp_dir().join(format!("ossicle-opusinfo-{}-{:p}", std::process::id(), bytes.as_ptr()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("stream.opus");
    std::fs::write(&file, bytes).unwrap();
    let output = run(Command::new("opusinfo").arg(&file), &[], what);
    std::fs::remove_dir_all(&folder).unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("Opus stream"), "{what}: {text}");
    for complaint in ["WARNING", "ERROR", "Warning", "illegal", "missing"] {
        assert!(!text.contains(complaint), "{what}: {text}");
    }
}

/// Planes at 48 kHz, by `opusdec`.
pub(crate) fn opusdec(bytes: &[u8], channels: usize, what: &str) -> Vec<Vec<f32>> {
    let output = run(Command::new("opusdec").args(["--quiet", "--float", "--rate", "48000", "-", "-"]), bytes, what);
    floats(&output.stdout, channels)
}

/// Planes at 48 kHz of Ogg Opus, by `ffmpeg`.
pub(crate) fn ffmpeg_opus(bytes: &[u8], channels: usize, what: &str) -> Vec<Vec<f32>> {
    floats(&ffmpeg(&["-f", "ogg"], &["-f", "f32le", "-ar", "48000"], bytes, what), channels)
}

/// The samples of FLAC, by `ffmpeg`.
pub(crate) fn ffmpeg_flac(bytes: &[u8], channels: usize, what: &str) -> Vec<Vec<i16>> {
    sixteen_bits(&ffmpeg(&["-f", "flac"], &["-f", "s16le"], bytes, what), channels)
}

/// The samples of FLAC, by `flac`, which tests the stream first.
pub(crate) fn flac(bytes: &[u8], channels: usize, what: &str) -> Vec<Vec<i16>> {
    let decode = ["-d", "-c", "--force-raw-format", "--endian=little", "--sign=signed"];
    let [_, decoded] = [["-t"].as_slice(), &decode].map(|action| {
        let output = run(Command::new("flac").arg("-s").args(action).arg("-"), bytes, what);
        let said = String::from_utf8_lossy(&output.stderr);
        let complaint = said.lines().find(|line| !line.trim().is_empty() && !line.contains(NO_DIGEST));
        assert_eq!(complaint, None, "{what}: flac {action:?}");
        output.stdout
    });
    sixteen_bits(&decoded, channels)
}

fn ffmpeg(input: &[&str], output: &[&str], bytes: &[u8], what: &str) -> Vec<u8> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "warning"]).args(input).args(["-i", "pipe:0"]).args(output).arg("pipe:1");
    let output = run(&mut command, bytes, what);
    assert!(output.stderr.is_empty(), "{what}: ffmpeg: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn run(command: &mut Command, input: &[u8], what: &str) -> Output {
    let name = command.get_program().to_string_lossy().into_owned();
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{name} ({error}): run `cargo xtask setup`"));
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || {
            // A program that reads a file closes its input: that is no failure.
            let _ = stdin.write_all(input);
        });
        child.wait_with_output().unwrap()
    });
    let said = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(2_000)]).into_owned();
    assert!(output.status.success(), "{what}: {name}: {}{}", said(&output.stderr), said(&output.stdout));
    output
}

fn floats(bytes: &[u8], channels: usize) -> Vec<Vec<f32>> {
    let samples = bytes.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
    planes(&samples.collect::<Vec<_>>(), channels)
}

fn sixteen_bits(bytes: &[u8], channels: usize) -> Vec<Vec<i16>> {
    let samples = bytes.chunks_exact(2).map(|bytes| i16::from_le_bytes(bytes.try_into().unwrap()));
    planes(&samples.collect::<Vec<_>>(), channels)
}
