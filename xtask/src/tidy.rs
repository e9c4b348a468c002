//! The repository's own rules, as code: what no compiler checks and every reviewer would.
//!
//! A rule reads one file and says what is wrong with it, in a sentence with the place; [`broken_rules`] applies all of them
//! to every source file.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// Where source files live.
const ROOTS: [&str; 10] =
    ["src", "codecs", "resampler", "sandbox", "probe", "xtask", "www", "tests", "benches", "fuzz"];
/// Folders that are made, not written.
const MADE: [&str; 3] = ["target", "pkg", "node_modules"];
/// Past this a file is two concepts.
const LONGEST: usize = 500;
/// What the core must not know: browsers, clocks, randomness. Everything is told to it.
const IMPURE: [&str; 9] =
    ["web_sys", "js_sys", "wasm_bindgen", "gloo", "Instant::now", "SystemTime::now", "Date::now", "rand", "getrandom"];

/// Every rule that is broken somewhere under `root`, one sentence each, sorted by place.
pub(crate) fn broken_rules(root: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for name in ROOTS {
        collect(&root.join(name), &mut files)?;
    }
    files.sort();
    let mut broken = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.strip_prefix(root).unwrap_or(&file).display().to_string().replace('\\', "/");
        broken.extend(broken_in(&name, &text));
    }
    broken.extend(same_version(root).err().map(|error| error.to_string()));
    Ok(broken)
}

/// The package on npm and the crate have one version.
pub(crate) fn same_version(root: &Path) -> Result<()> {
    let read = |name: &str| fs::read_to_string(root.join(name)).with_context(|| format!("cannot read {name}"));
    let (manifest, package) = (read("Cargo.toml")?, read("src/web/package.json")?);
    let of_crate = version(&manifest, "version = \"").context("Cargo.toml has no version")?;
    let of_package = version(&package, "\"version\": \"").context("src/web/package.json has no version")?;
    ensure!(of_crate == of_package, "src/web/package.json says version {of_package}, Cargo.toml {of_crate}");
    Ok(())
}

/// The first version in `text`: what stands on the first line that begins with `key`, up to the next quote.
fn version<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.trim_start().strip_prefix(key)?.split('"').next())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    // Not every folder is there at every time.
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let kind = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && !MADE.contains(&name.as_str()) {
                collect(&path, files)?;
            }
        } else if ["rs", "js", "mjs", "ts"].contains(&kind.as_str()) {
            files.push(path);
        }
    }
    Ok(())
}

fn broken_in(name: &str, text: &str) -> Vec<String> {
    [length(name, text), front(name, text), purity(name, text), types(name, text)].concat()
}

fn length(name: &str, text: &str) -> Vec<String> {
    let lines = text.lines().count();
    if lines > LONGEST {
        vec![format!("{name}: {lines} lines are more than {LONGEST}: find the second concept in it")]
    } else {
        Vec::new()
    }
}

fn front(name: &str, text: &str) -> Vec<String> {
    let opens = text.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| line.starts_with("//!"));
    if !name.ends_with(".rs") || opens {
        return Vec::new();
    }
    vec![format!("{name}:1: a module opens with `//!`: what lives here and what does not")]
}

fn purity(name: &str, text: &str) -> Vec<String> {
    let is_core = (name.starts_with("src/") || name.starts_with("resampler/src/"))
        && !name.starts_with("src/web/")
        && !["src/web.rs", "src/lib.rs"].contains(&name);
    if !is_core || !name.ends_with(".rs") {
        return Vec::new();
    }
    let mut broken = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for word in IMPURE.into_iter().filter(|word| names(code, word)) {
            broken
                .push(format!("{name}:{}: `{word}` belongs in src/web: the core is told, it does not ask", number + 1));
        }
    }
    broken
}

/// Whether `code` names `word`, or something in the module `word`: not merely a longer word that holds it.
fn names(code: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    code.match_indices(word).any(|(start, _)| {
        let (before, after) = (&code[..start], &code[start + word.len()..]);
        let begins = !before.ends_with(is_part);
        // `gloo` stands for its whole family: gloo_net, gloo_timers.
        begins && (!after.starts_with(is_part) || word == "gloo" && after.starts_with('_'))
    })
}

fn types(name: &str, text: &str) -> Vec<String> {
    if !name.ends_with(".d.ts") {
        return Vec::new();
    }
    let mut broken = Vec::new();
    let mut in_comment = false;
    for (number, line) in text.lines().enumerate() {
        let code = without_comments(line, &mut in_comment);
        let mut words = code.split(|letter: char| !letter.is_alphanumeric() && !['_', '$'].contains(&letter));
        if words.any(|word| word == "any") {
            broken.push(format!("{name}:{}: `any` is not a type: say what it is, or `unknown`", number + 1));
        }
    }
    broken
}

/// The code of one line of TypeScript. `in_comment` tells whether a block comment is open before, and then after it.
fn without_comments(mut line: &str, in_comment: &mut bool) -> String {
    let mut code = String::new();
    loop {
        if *in_comment {
            let Some((_, after)) = line.split_once("*/") else {
                return code;
            };
            *in_comment = false;
            line = after;
        }
        match line.find("/*").into_iter().chain(line.find("//")).min() {
            None => return code + line,
            Some(start) => {
                code.push_str(&line[..start]);
                if line[start..].starts_with("//") {
                    return code;
                }
                *in_comment = true;
                line = &line[start + 2..];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(broken: &[String]) -> Vec<&str> {
        broken.iter().filter_map(|sentence| sentence.split(": ").next()).collect()
    }

    #[test]
    fn the_core_asks_for_no_clock_and_no_browser() {
        let text = "//! Time.\nuse web_sys::Window;\nlet now = Instant::now();\n";
        assert_eq!(
            places(&broken_in("src/session/backoff.rs", text)),
            ["src/session/backoff.rs:2", "src/session/backoff.rs:3"]
        );
        assert_eq!(broken_in("src/web/clock.rs", text), [""; 0]);
        assert_eq!(broken_in("sandbox/src/socket.rs", text), [""; 0]);
    }

    #[test]
    fn the_core_may_speak_of_what_it_does_not_do() {
        let text = "//! Never calls Instant::now.\nlet later = now; // not Instant::now()\n";
        assert_eq!(broken_in("src/session/backoff.rs", text), [""; 0]);
    }

    #[test]
    fn a_longer_word_is_another_word() {
        let text = "//! Words.\nlet operand = strand::brand(igloo);\nuse gloo_timers::Timer;\nuse rand::Rng;\n";
        assert_eq!(places(&broken_in("src/rest/mod.rs", text)), ["src/rest/mod.rs:3", "src/rest/mod.rs:4"]);
    }

    #[test]
    fn a_module_says_what_lives_in_it() {
        assert_eq!(places(&broken_in("src/audio/level.rs", "use std::fmt;\n")), ["src/audio/level.rs:1"]);
        assert_eq!(broken_in("src/audio/level.rs", "\n//! Levels.\n"), [""; 0]);
        assert_eq!(broken_in("www/app/main.js", "import x from 'x';\n"), [""; 0]);
    }

    #[test]
    fn types_have_no_hole() {
        for hole in
            ["a: any;", "b: Array<any>;", "(c: any[]) => void;", "d: string | any;", "type E = any;", "/* e */ f: any"]
        {
            assert_eq!(broken_in("src/web/types.d.ts", hole).len(), 1, "{hole}");
        }
    }

    #[test]
    fn any_is_a_fine_word_in_a_comment_or_a_name() {
        let text =
            "/** any number\n * of any\n */ many: number; // any\ncompany: Company;\n/* any */ anyway: string;\n";
        assert_eq!(broken_in("src/web/types.d.ts", text), [""; 0]);
    }

    #[test]
    fn a_file_is_one_concept() {
        let of = |lines: usize| "//! Long.\n".repeat(lines);
        assert_eq!(broken_in("xtask/src/long.rs", &of(LONGEST)), [""; 0]);
        assert_eq!(broken_in("xtask/src/long.rs", &of(LONGEST + 1)).len(), 1);
    }

    #[test]
    fn versions_are_read_from_both_manifests() {
        let manifest = "[workspace.package]\nversion = \"0.1.0\"\nrust-version = \"1.90\"\n";
        assert_eq!(version(manifest, "version = \""), Some("0.1.0"));
        assert_eq!(version("{\n  \"version\": \"0.2.0\",\n}", "\"version\": \""), Some("0.2.0"));
        assert_eq!(version("{}", "\"version\": \""), None);
    }
}
