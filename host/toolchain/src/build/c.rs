//! C: sources become a component by way of a core module.
//!
//! The compiler is zig's, which brings a C library for WebAssembly along and comes as one Python package. What stands
//! between the author's functions and the contract is written by `wit-bindgen-c` for the plugin's own world and
//! compiled with the SDK. The C library's system interface (WASI) has no place here: an import that remains of it is
//! refused like any other foreign import.

mod table;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, iter};

use include_dir::{Dir, include_dir};
use soma_manifest::Manifest;
use wit_bindgen_core::Files;
use wit_bindgen_core::wit_parser::Resolve;
use wit_component::ComponentEncoder;

use super::scratch;
use crate::cache::{Cache, make_folder};
use crate::error::ToolchainError;
use crate::process;
use crate::progress::Progress;
use crate::venv::Venv;
use crate::world::WORLD;

/// The compiler's package, pinned: its clang and C library decide what comes out.
const ZIG: &str = "ziglang==0.17.1";

/// The SDK. A project may have its own copy in the folder [`SDK_FOLDER`], which then goes first.
static SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sdk-guest/c");
pub(crate) const SDK_FOLDER: &str = "sdk";

/// A reactor has no `main` and serves calls. The stack is small because the host resets a plugin's whole memory after
/// each request; zig puts it below everything else, so that its overflow traps instead of spoiling other data.
const FLAGS: [&str; 7] =
    ["-target", "wasm32-wasi", "-mexec-model=reactor", "-std=gnu17", "-O2", "-s", "-Wl,-z,stack-size=65536"];

/// The contract's functions have parameters that not every plugin looks at. Of a table that does not fit, the message is
/// what the author has to read, not the macro.
const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-Wno-unused-parameter", "-fmacro-backtrace-limit=1"];

/// The header with which `soma.h` compares the author's table with the manifest.
const CHECKS: &str = "soma_build.h";

/// What builds plugins in this language.
pub(super) fn tools() -> String {
    format!("{ZIG} {}", FLAGS.join(" "))
}

/// Builds the plugin in `folder`: all `*.c` files that lie directly in it, and the SDK.
pub(super) fn component(
    folder: &Path,
    manifest: &Manifest,
    world: &Path,
    cache: &Cache,
    progress: Progress,
) -> Result<Vec<u8>, ToolchainError> {
    let zig = Venv::get(cache, "zig", &[ZIG.to_owned()], progress)?;
    let scratch = scratch("soma-c-")?;
    bind(folder, world, scratch.path())?;
    let checks = scratch.path().join(CHECKS);
    fs::write(&checks, table::checks(manifest)).map_err(ToolchainError::file("write", &checks))?;
    let sdk = sdk(folder, scratch.path())?;
    let module = scratch.path().join("plugin.wasm");
    let kept = cache.root().join("zig-cache");
    let first = (!kept.is_dir()).then(|| progress.step("zig builds its C library, once for all plugins"));
    let mut command = compiler(&zig, folder, &kept)?;
    command.args(FLAGS).args(defines(manifest));
    for part in [folder, &sdk, scratch.path()] {
        command.arg("-I").arg(part);
    }
    command.args(WARNINGS).args(sources(folder)?).args(sources(&sdk)?);
    command.args(sources(scratch.path())?).arg(scratch.path().join(format!("{WORLD}_component_type.o")));
    command.arg("-o").arg(&module);
    compile(&mut command, folder)?;
    if let Some(step) = first {
        step.done();
    }
    let core = fs::read(&module).map_err(ToolchainError::file("read", &module))?;
    encode(folder, &core)
}

/// Zig, with everything that it keeps in Soma's cache.
fn compiler(zig: &Venv, folder: &Path, kept: &Path) -> Result<Command, ToolchainError> {
    make_folder(kept)?;
    let mut command = process::clean(zig.python(), folder);
    command.args(["-m", "ziglang", "cc"]);
    command.env("ZIG_GLOBAL_CACHE_DIR", kept).env("ZIG_LOCAL_CACHE_DIR", kept);
    Ok(command)
}

/// Runs the compiler; what it has to say is the error, or goes to standard error.
fn compile(command: &mut Command, folder: &Path) -> Result<(), ToolchainError> {
    let ended = command.stdin(Stdio::null()).output().map_err(|source| process::not_started(command, source))?;
    if ended.status.success() {
        // Warnings.
        _ = std::io::stderr().write_all(&ended.stderr);
        return Ok(());
    }
    Err(ToolchainError::Build {
        folder: folder.to_owned(),
        output: String::from_utf8_lossy(&ended.stderr).trim().to_owned(),
        help: "the messages are from the C compiler and its linker; soma.h says what there is".to_owned(),
    })
}

/// Writes the bindings of the world into `scratch`. Memory that they would free is the arena's, see the SDK.
fn bind(folder: &Path, world: &Path, scratch: &Path) -> Result<(), ToolchainError> {
    let mut files = Files::default();
    generate(world, &mut files).map_err(|error| fault(folder, "bindings", &error))?;
    for (name, bytes) in files.iter() {
        let path = scratch.join(name);
        let text = if name.ends_with(".c") { [b"#define free soma_free\n", bytes].concat() } else { bytes.to_vec() };
        fs::write(&path, text).map_err(ToolchainError::file("write", path))?;
    }
    Ok(())
}

fn generate(world: &Path, files: &mut Files) -> anyhow::Result<()> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(world)?;
    let world = resolve.select_world(&[package], Some(WORLD))?;
    wit_bindgen_c::Opts::default().build().generate(&mut resolve, world, files)
}

/// The folder of the SDK: the project's, or ours.
fn sdk(folder: &Path, scratch: &Path) -> Result<PathBuf, ToolchainError> {
    let own = folder.join(SDK_FOLDER);
    if own.is_dir() {
        return Ok(own);
    }
    let sdk = scratch.join(SDK_FOLDER);
    make_folder(&sdk)?;
    for file in sdk_files() {
        let path = sdk.join(file.path());
        fs::write(&path, file.contents()).map_err(ToolchainError::file("write", path))?;
    }
    Ok(sdk)
}

/// The files that a plugin is built with; the SDK's own tests are not among them.
pub(crate) fn sdk_files() -> impl Iterator<Item = &'static include_dir::File<'static>> {
    SDK.files().filter(|file| file.path().extension().is_some_and(|ending| ending == "c" || ending == "h"))
}

/// The `*.c` files of a folder, in order.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, ToolchainError> {
    let entries = fs::read_dir(folder).map_err(ToolchainError::file("read", folder))?;
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_file() && path.extension().is_some_and(|ending| ending == "c"))
        .collect();
    found.sort();
    Ok(found)
}

/// What the manifest says, for the SDK and the author: the live hooks, the wanted imports, name and version.
fn defines(manifest: &Manifest) -> Vec<String> {
    let hooks = manifest.hooks.iter().map(|hook| format!("-DSOMA_HOOK_{}", constant(hook.name())));
    let wants = manifest.wants.iter().map(|want| format!("-DSOMA_WANT_{}", constant(want.name())));
    let name = iter::once(format!("-DSOMA_PLUGIN_NAME={}", literal(&manifest.name)));
    let version = iter::once(format!("-DSOMA_PLUGIN_VERSION={}", literal(&manifest.version)));
    hooks.chain(wants).chain(name).chain(version).collect()
}

fn constant(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

/// A string of C. Names and versions are printable ASCII; `??` would begin a trigraph.
fn literal(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('?', "\\?"))
}

fn encode(folder: &Path, core: &[u8]) -> Result<Vec<u8>, ToolchainError> {
    let encoded = read_through(core)
        .and_then(|()| ComponentEncoder::default().module(core))
        .and_then(|encoder| encoder.validate(true).encode());
    encoded.map_err(|error| ToolchainError::Build {
        folder: folder.to_owned(),
        output: format!("{error:#}"),
        help: "if this names a function of wasi_snapshot_preview1: the C library has no files, environment, clock or \
               standard output here; use soma_log, soma_now_ms and soma_random"
            .to_owned(),
    })
}

/// Reads all sections. The encoder cuts the code section out by the length that it claims, before it knows whether the
/// module is that long, and panics when it is not.
fn read_through(core: &[u8]) -> anyhow::Result<()> {
    wasmparser::Parser::new(0).parse_all(core).try_for_each(|section| section.map(drop)).map_err(Into::into)
}

fn fault(folder: &Path, what: &str, error: &anyhow::Error) -> ToolchainError {
    ToolchainError::Build {
        folder: folder.to_owned(),
        output: format!("no {what} for its world: {error:#}"),
        help: "this is a fault in soma itself: please report it with the plugin's plugin.toml".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use soma_manifest::{Hook, Want};

    use super::*;
    use crate::world::tests::manifest;

    fn quoted() -> Manifest {
        let (name, version) = ("my-miner".to_owned(), "1.0-\"??\\".to_owned());
        Manifest { name, version, ..manifest(&[Hook::Forward, Hook::Blacklist], &[Want::Config]) }
    }

    #[test]
    fn the_compiler_is_told_what_the_manifest_says() {
        let expected = [
            "-DSOMA_HOOK_FORWARD",
            "-DSOMA_HOOK_BLACKLIST",
            "-DSOMA_WANT_CONFIG",
            "-DSOMA_PLUGIN_NAME=\"my-miner\"",
            "-DSOMA_PLUGIN_VERSION=\"1.0-\\\"\\?\\?\\\\\"",
        ];
        assert_eq!(defines(&quoted()), expected);
    }

    #[test]
    fn the_bindings_have_the_hooks_of_the_manifest_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let (world, out) = (folder.path().join("wit"), folder.path().join("out"));
        crate::world::write(&quoted(), &world).unwrap();
        fs::create_dir(&out).unwrap();
        bind(folder.path(), &world, &out).unwrap();
        let header = fs::read_to_string(out.join("plugin.h")).unwrap();
        for (word, there) in [("forward_forward(", true), ("blacklist_check(", true), ("streaming", false)] {
            assert_eq!(header.contains(word), there, "{word}");
        }
        assert!(header.contains("soma_neuron_config_get") && !header.contains("soma_neuron_clock"));
        assert!(out.join("plugin_component_type.o").is_file());
    }

    #[test]
    fn a_project_may_bring_its_own_sdk() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = tempfile::tempdir().unwrap();
        let ours = sdk(folder.path(), scratch.path()).unwrap();
        assert!(ours.starts_with(scratch.path()) && ours.join("soma.h").is_file());
        assert!(sources(&ours).unwrap().iter().all(|source| source.is_file()));
        fs::create_dir(folder.path().join("sdk")).unwrap();
        assert_eq!(sdk(folder.path(), scratch.path()).unwrap(), folder.path().join("sdk"));
    }

    #[test]
    fn a_module_that_wants_what_is_not_there_is_refused() {
        // A module that imports the function `f` of a module `wasi`.
        let foreign = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x0a\x01\x04wasi\x01f\0\0";
        // A code section that claims more bytes than there are.
        let cut = b"\0asm\x01\0\0\0\x0a\x80\x01\0";
        for module in [&foreign[..], cut, b"\0asm", b""] {
            let error = encode(Path::new("p"), module).unwrap_err();
            assert!(matches!(error, ToolchainError::Build { .. }), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_module_is_encoded_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = encode(Path::new("p"), &[b"\0asm\x01\0\0\0", bytes.as_slice()].concat());
        }
    }
}
