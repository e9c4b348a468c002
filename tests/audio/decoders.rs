//! Other people's decoders, as programs.

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// `opusinfo` reads the whole stream and says what is wrong with it.
pub(crate) fn opusinfo_has_no_complaint(bytes: &[u8], what: &str) {
    let folder = std::env::temp_dir().join(format!("ossicle-opusinfo-{}-{:p}", std::process::id(), bytes.as_ptr()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("stream.opus");
    std::fs::write(&file, bytes).unwrap();
    let output = run(Command::new("opusinfo").arg(&file), &[]);
    std::fs::remove_dir_all(&folder).unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("Opus stream"), "{what}: {text}");
    for complaint in ["WARNING", "ERROR", "Warning", "illegal", "missing"] {
        assert!(!text.contains(complaint), "{what}: {text}");
    }
}

/// What each decoder makes of a stream: planes at 48 kHz.
pub(crate) fn decode(bytes: &[u8], channels: usize) -> [(&'static str, Vec<Vec<f32>>); 2] {
    let opusdec = run(Command::new("opusdec").args(["--quiet", "--float", "--rate", "48000", "-", "-"]), bytes);
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "warning", "-f", "ogg", "-i", "pipe:0", "-f", "f32le", "-ar", "48000", "pipe:1"]);
    let ffmpeg = run(&mut ffmpeg, bytes);
    assert!(ffmpeg.stderr.is_empty(), "ffmpeg: {}", String::from_utf8_lossy(&ffmpeg.stderr));
    [("opusdec", planes(&opusdec.stdout, channels)), ("ffmpeg", planes(&ffmpeg.stdout, channels))]
}

fn run(command: &mut Command, input: &[u8]) -> Output {
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
    assert!(output.status.success(), "{name}: {}{}", said(&output.stderr), said(&output.stdout));
    output
}

fn planes(interleaved: &[u8], channels: usize) -> Vec<Vec<f32>> {
    let samples: Vec<f32> =
        interleaved.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect();
    (0..channels).map(|channel| samples.iter().skip(channel).step_by(channels).copied().collect()).collect()
}
