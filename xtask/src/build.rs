//! `cargo xtask build`: the package in `pkg/`, from the crates and `src/web/`.
//!
//! cargo compiles each crate for wasm, that of the SDK once for each of its halves, wasm-bindgen writes the glue between it and
//! JavaScript, wasm-opt makes it small, and esbuild joins glue and hand-written modules into one file for modules and one for
//! script tags. The second half and the codecs' wasm stay beside the first, for pages that ask for it. All is made aside first: a build that fails leaves the package as it was.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::place;
use crate::run::{Run, ask, heading, joined};
use crate::setup::{self, Need, wasm_target};
use crate::tidy;

/// Whether the package is made to be small or to be there soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    Release,
}

/// What the compiler may use and wasm-opt must therefore know: rustc's features of the wasm32 target beyond the first
/// version of WebAssembly, all of them in every browser since 2023. wasm-bindgen uses reference types where it can.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// A wasm file of the package, and its glue.
struct Wasm {
    /// The crate.
    package: &'static str,
    /// The crate's features, if it is not compiled as it is.
    features: Option<&'static str>,
    /// The name of the file, without `_bg.wasm`.
    name: &'static str,
    /// The name by which the hand-written modules import the glue.
    alias: &'static str,
}

/// The features of the SDK's crate, each one half of it: what a page needs to stream, and what it may need besides.
pub(crate) const HALVES: [&str; 2] = ["stream", "rest"];

/// The SDK's two halves, and the codecs.
const WASM: [Wasm; 4] = [
    Wasm { package: "ossicle", features: Some(HALVES[0]), name: "ossicle", alias: "#glue" },
    Wasm { package: "ossicle", features: Some(HALVES[1]), name: "ossicle_rest", alias: "#rest" },
    Wasm { package: "ossicle-opus", features: None, name: "ossicle_opus", alias: "#opus" },
    Wasm { package: "ossicle-flac", features: None, name: "ossicle_flac", alias: "#flac" },
];

/// Hand-written modules that glue imports, by the names that it has for them.
const MODULES: [(&str, &str); 2] = [("#border", "border.js"), ("#borrowed", "borrowed.js")];

/// What a package holds besides code.
const PAPERS: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"];

/// The parts of the types of modules, in the order in which they are joined.
const TYPES: [&str; 8] = [
    "client.d.ts",
    "auth.d.ts",
    "rest.d.ts",
    "documents.d.ts",
    "guided.d.ts",
    "stream.d.ts",
    "visits.d.ts",
    "init.d.ts",
];

/// The optional entries' types, each a file of its own, and their names in the package.
const ENTRY_TYPES: [(&str, &str); 2] = [("react.d.ts", "ossicle-react.d.ts"), ("element.d.ts", "ossicle-element.d.ts")];

/// How an instance is made, instead of what fetches and compiles a file as well: it is given what is compiled.
const START: &str = "
/** Makes the one instance of a compiled module. */
export default async function start(module) {
  if (wasm !== undefined) return;
  const instance = await WebAssembly.instantiate(module, __wbg_get_imports());
  // Another call may have been quicker.
  if (wasm === undefined) __wbg_finalize_init(instance, module);
}

/** The same in a worker, where it may be done at once. */
export function startAtOnce(module) {
  __wbg_finalize_init(new WebAssembly.Instance(module, __wbg_get_imports()), module);
}
";

/// `import` of an address that is known only when it is needed, which no bundler is to look into. What tells them so are comments,
/// which do not outlive being made small.
const BY_ADDRESS: &str = "--banner:js=const importByAddress=(url)=>\
    import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ url);";

/// Prints name, raw, gzip and brotli bytes of the files given, as pages are served, and the digests by which a page can refuse
/// any other file in their place.
const SIZES: &str = "
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { createHash } from 'node:crypto';
for (const path of process.argv.slice(1)) {
  const bytes = readFileSync(path);
  const sizes = [bytes, gzipSync(bytes, { level: 9 }), brotliCompressSync(bytes)].map((one) => String(one.length).padStart(10));
  const digest = createHash('sha384').update(bytes).digest('base64');
  console.log('  ' + basename(path).padEnd(24) + sizes.join('') + '  sha384-' + digest);
}";

/// Sets up, builds and shows the sizes: the whole task.
pub(crate) fn package(profile: Profile) -> Result<()> {
    setup::ensure(&Need::BUILD)?;
    heading("build");
    make(profile)?;
    show_sizes()
}

/// Builds the package. What it needs is there.
pub(crate) fn make(profile: Profile) -> Result<()> {
    tidy::same_version(place::root())?;
    let aside = place::scratch().join("pkg");
    fresh(&aside)?;
    add_papers(&aside)?;
    let module = |(name, file)| joined(&format!("--alias:{name}="), place::root().join("src/web/js").join(file));
    let mut aliases: Vec<OsString> = MODULES.into_iter().map(module).collect();
    for wasm in &WASM {
        let glue = add_wasm(wasm, &aside, profile)?;
        aliases.push(joined(&format!("--alias:{}=", wasm.alias), glue));
    }
    bundle(&aside, &aliases, profile)?;
    replace(&place::root().join("pkg"), &aside)
}

/// Puts a wasm file of a crate as it is into a folder, for whom it is not a part of the package. The answer is the glue's module.
pub(crate) fn add_crate(package: &'static str, name: &'static str, aside: &Path) -> Result<PathBuf> {
    add_wasm(&Wasm { package, features: None, name, alias: "" }, aside, Profile::Release)
}

/// Puts a wasm file into the package, as small as the profile wants it. The answer is the glue's module.
fn add_wasm(wasm: &Wasm, aside: &Path, profile: Profile) -> Result<PathBuf> {
    let name = wasm.name;
    let glue = bind(name, &compile(wasm, profile)?, profile)?;
    let file = format!("{name}_bg.wasm");
    let wasm = aside.join(&file);
    fs::copy(glue.join(&file), &wasm).with_context(|| format!("cannot copy {file}"))?;
    if profile == Profile::Release {
        shrink(&wasm)?;
    }
    Ok(glue.join(format!("{name}.js")))
}

fn compile(wasm: &Wasm, profile: Profile) -> Result<PathBuf> {
    let &Wasm { package, features, name, .. } = wasm;
    let (purpose, flag, folder) = match profile {
        Profile::Dev => (format!("compile {name} for wasm"), None, "debug"),
        Profile::Release => (format!("compile {name} for wasm, optimised"), Some("--release"), "release"),
    };
    let target = wasm_target::name();
    // What is made of one crate has one file name whatever its features: each has a place of its own, for cargo to know it again.
    let place = features.map_or_else(place::target, |features| place::scratch().join("halves").join(features));
    wasm_target::run(purpose, "cargo")
        // What a panic says of its place is in the wasm: the same wherever it is built.
        .env("CARGO_ENCODED_RUSTFLAGS", remapped()?)
        // The one kind of library: beside an rlib, which the tests need, cargo would leave out link-time optimisation.
        .args(["rustc", "--package", package, "--lib", "--crate-type", "cdylib", "--target", target])
        .args(flag)
        .args(features.into_iter().flat_map(|features| ["--no-default-features", "--features", features]))
        .arg("--target-dir")
        .arg(&place)
        .run()?;
    Ok(place.join(target).join(folder).join(format!("{}.wasm", package.replace('-', "_"))))
}

/// The compiler's options that give the folders of this machine names that are the same on every other.
fn remapped() -> Result<OsString> {
    let cargo =
        place::cargo_bin().and_then(|bin| bin.parent().map(Path::to_owned)).context("there is no home folder")?;
    let mut options = OsString::new();
    // Of several that fit the last counts, and the target folder is often inside the repository.
    for (folder, name) in [(place::root().to_owned(), "/ossicle"), (cargo, "/cargo"), (place::target(), "/target")] {
        if !options.is_empty() {
            options.push("\u{1f}");
        }
        options.push(joined("--remap-path-prefix=", &folder));
        options.push(joined("=", name));
    }
    Ok(options)
}

fn bind(name: &str, wasm: &Path, profile: Profile) -> Result<PathBuf> {
    let glue = place::scratch().join("glue").join(name);
    fresh(&glue)?;
    let names = match profile {
        Profile::Dev => None,
        // Names of functions help nobody who downloads them.
        Profile::Release => Some("--remove-name-section"),
    };
    Run::new(format!("write the glue of {name} to JavaScript"), "wasm-bindgen")
        .args(["--target", "web", "--no-typescript", "--out-name", name, "--out-dir"])
        .arg(&glue)
        .args(names)
        .arg(wasm)
        .run()?;
    let module = glue.join(format!("{name}.js"));
    let text = fs::read_to_string(&module).with_context(|| format!("cannot read the glue of {name}"))?;
    let text = trimmed(&text).with_context(|| format!("the glue of {name} is not as it was"))?;
    fs::write(&module, text).with_context(|| format!("cannot write the glue of {name}"))?;
    Ok(glue)
}

/// Glue whose classes can be left out one by one: page and worker each use some. Registries of what the garbage collector frees are
/// no effect to be kept, and `using` is nothing that the hand-written modules say of such a class. It ends with [`START`].
fn trimmed(glue: &str) -> Option<String> {
    let is_kept = |line: &&str| !line.starts_with("if (Symbol.dispose) ");
    let (classes, _) = glue.split_once("async function __wbg_load(")?;
    let lines: Vec<&str> = classes.lines().filter(is_kept).collect();
    let classes =
        lines.join("\n").replace(": new FinalizationRegistry(", ": /* @__PURE__ */ new FinalizationRegistry(");
    Some(classes + START)
}

/// A second round finds what the first has made possible, and more where the control flow was laid out anew between them.
const PASSES: [&str; 5] = ["-Oz", "--flatten", "--rereloop", "-Oz", "-Oz"];

fn shrink(wasm: &Path) -> Result<()> {
    let tool = place::root().join("node_modules/binaryen");
    let version = fs::read(tool.join("package.json")).context("binaryen is missing: run `cargo xtask setup`")?;
    // The same file is made smaller once, for as long as the tool and what it is asked for are the same: it takes a minute.
    let mut key = [PASSES.as_slice(), &FEATURES].concat().join(" ").into_bytes();
    key.extend(version);
    key.extend(fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?);
    let kept = place::scratch().join("smaller");
    fs::create_dir_all(&kept).with_context(|| format!("cannot make {}", kept.display()))?;
    let (before, after) =
        (kept.join(wasm.file_name().unwrap_or_default()).with_extension("key"), wasm.with_extension("opt"));
    let result = before.with_extension("wasm");
    if fs::read(&before).is_ok_and(|before| before == key) && result.is_file() {
        fs::copy(&result, wasm).context("cannot copy the smaller wasm")?;
        return Ok(());
    }
    // The script, not npm's link to it: the same on every system.
    Run::new("make the wasm smaller", "node")
        .arg(tool.join("bin/wasm-opt"))
        .args(PASSES)
        .args(FEATURES)
        .arg(wasm)
        .arg("-o")
        .arg(&after)
        .run()?;
    // The key last: where it is, its result is whole.
    let _ = fs::remove_file(&before);
    fs::copy(&after, &result).context("cannot keep the smaller wasm")?;
    fs::write(&before, key).context("cannot keep what the smaller wasm was made of")?;
    fs::rename(&after, wasm).context("cannot move the smaller wasm")
}

fn bundle(aside: &Path, aliases: &[OsString], profile: Profile) -> Result<()> {
    let source = place::root().join("src/web/js");
    let esbuild = |output: &str, entry: &str| {
        let minified = (profile == Profile::Release).then_some("--minify");
        Run::new(format!("write {output}"), place::npm_program("esbuild"))
            .arg(source.join(entry))
            .arg(joined("--outfile=", aside.join(output)))
            .args(["--target=es2022", "--charset=utf8", "--legal-comments=none", "--log-level=warning"])
            .args(minified)
    };
    esbuild("ossicle-worklet.js", "worklet.js").run()?;
    let apart = "--external:./ossicle-here.js";
    esbuild("ossicle.js", "ossicle.js").args(["--bundle", "--format=esm", apart, BY_ADDRESS]).args(aliases).run()?;
    // For pages that can have no worker.
    esbuild("ossicle-here.js", "here.js").args(["--bundle", "--format=esm"]).args(aliases).run()?;
    // What is not needed to stream, loaded when it is needed.
    esbuild("ossicle-rest.js", "rest-script.js").args(["--bundle", "--format=iife"]).args(aliases).run()?;
    // React is the app's own. Neither imports the SDK: what they are given has it.
    esbuild("ossicle-react.js", "react.js").args(["--bundle", "--format=esm", "--external:react"]).run()?;
    esbuild("ossicle-element.js", "element.js").args(["--bundle", "--format=esm"]).run()?;
    esbuild("ossicle-worker.js", "worker.js").args(["--bundle", "--format=iife"]).args(aliases).run()?;
    // Two hold everything, the wasm and the texts of worklet and worker: one is a module, one for script tags.
    let mut texts = Vec::new();
    for name in ["worklet", "worker"] {
        let text = aside.join(format!("{name}.txt"));
        fs::copy(aside.join(format!("ossicle-{name}.js")), &text).with_context(|| format!("cannot copy the {name}"))?;
        texts.push((name, text));
    }
    for (output, entry, form) in [
        ("ossicle.inline.js", "inline.js", &["--format=esm"][..]),
        ("ossicle.global.js", "global.js", &["--format=iife", "--global-name=ossicle"][..]),
    ] {
        esbuild(output, entry)
            .args(["--bundle", "--loader:.wasm=base64", "--loader:.txt=text"])
            .args(form)
            .args(aliases)
            .arg(joined("--alias:#wasm=", aside.join("ossicle_bg.wasm")))
            .arg(joined("--alias:#rest-wasm=", aside.join("ossicle_rest_bg.wasm")))
            .args(texts.iter().map(|(name, text)| joined(&format!("--alias:#{name}="), text)))
            .run()?;
    }
    for (name, text) in &texts {
        fs::remove_file(text).with_context(|| format!("cannot remove the {name}'s copy"))?;
    }
    Ok(())
}

/// The package's own package.json and types, and the papers that go with any copy.
fn add_papers(aside: &Path) -> Result<()> {
    let root = place::root();
    let copy = |from: PathBuf, name: &str| {
        fs::copy(&from, aside.join(name)).with_context(|| format!("cannot copy {}", place::shown(&from)))
    };
    let part = |name: &&str| {
        let path = root.join("src/web/types").join(name);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", place::shown(&path)))
    };
    let types: String = TYPES.iter().map(part).collect::<Result<_>>()?;
    fs::write(aside.join("ossicle.d.ts"), types).context("cannot write the types")?;
    copy(root.join("src/web/types/global.d.ts"), "ossicle.global.d.ts")?;
    for (source, name) in ENTRY_TYPES {
        copy(root.join("src/web/types").join(source), name)?;
    }
    copy(root.join("src/web/package.json"), "package.json")?;
    for name in PAPERS {
        copy(root.join(name), name)?;
    }
    Ok(())
}

/// Puts `aside` in the place of `package`.
fn replace(package: &Path, aside: &Path) -> Result<()> {
    if package.exists() {
        fs::remove_dir_all(package).with_context(|| format!("cannot remove {}", place::shown(package)))?;
    }
    // A move is not possible when the target folder is on another disk.
    if fs::rename(aside, package).is_ok() {
        return Ok(());
    }
    fresh(package)?;
    for entry in fs::read_dir(aside).context("cannot read the new package")? {
        let entry = entry?;
        fs::copy(entry.path(), package.join(entry.file_name())).context("cannot copy the new package")?;
    }
    fs::remove_dir_all(aside).context("cannot remove the new package's other copy")
}

/// Makes a folder that is empty.
pub(crate) fn fresh(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}

fn show_sizes() -> Result<()> {
    let package = place::root().join("pkg");
    let mut paths = Vec::new();
    for entry in fs::read_dir(&package).context("cannot read pkg")? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "js" || kind == "wasm") {
            paths.push(path.display().to_string());
        }
    }
    paths.sort();
    ensure!(!paths.is_empty(), "pkg holds no code");
    let arguments: Vec<&str> =
        ["--input-type=module", "-e", SIZES].into_iter().chain(paths.iter().map(String::as_str)).collect();
    let table = ask("node", &arguments, &[]).context("cannot measure the package")?;
    heading(&format!("{:26}{:>10}{:>10}{:>10}  integrity", "pkg (bytes)", "raw", "gzip", "brotli"));
    print!("{table}");
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_new_package_leaves_nothing_of_the_old_one() {
        let scratch = std::env::temp_dir().join(format!("ossicle-replace-{}", std::process::id()));
        let (package, aside) = (scratch.join("pkg"), scratch.join("aside"));
        fresh(&package).unwrap();
        fresh(&aside).unwrap();
        fs::write(package.join("stale.js"), "old").unwrap();
        fs::write(aside.join("ossicle.js"), "new").unwrap();
        replace(&package, &aside).unwrap();
        let left: Vec<_> = fs::read_dir(&package).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["ossicle.js"]);
        assert!(!aside.exists());
        fs::remove_dir_all(scratch).unwrap();
    }
}
