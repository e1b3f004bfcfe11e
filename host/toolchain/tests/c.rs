//! A plugin in C is compared with its manifest when it is built, and its author's mistakes are told in plain words.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails, wherever in its file that is")]

use std::fs;
use std::path::Path;

use soma_manifest::{Hook, Manifest, PluginFile, embed};
use soma_toolchain::{Cache, Progress, ToolchainError, build};

const SOURCE: &str = r#"#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "soma.h"

static soma_status shout(const soma_call *call, const soma_object *in, soma_object *out) {
  soma_text text;
  if (!soma_get_text(in, "text", &text)) return soma_mismatch("text");
  assert(text.len < 1000);
  soma_set_text(out, "text", text);
  return soma_ok();
}
static soma_status drip(const soma_call *call, const soma_object *in, soma_stream *out) {
  return soma_write(out, SOMA_TEXT("x")) ? soma_ok() : soma_gone();
}
static soma_verdict gate(const soma_call *call) { return soma_deny("closed"); }
static soma_verdict check(const soma_call *call, const soma_object *in) { return soma_deny("no"); }
static double rank(const soma_call *call) { return call->stake; }

SOMA_PLUGIN(.forward = SOMA_ROUTES({"A", shout}, {"B", shout}), .streaming = SOMA_STREAMS({"S", drip}),
            .blacklist = gate, .verify = SOMA_CHECKS({"B", check}), .priority = rank)
"#;

const MANIFEST: &str = r#"name = "x"
version = "1"
hooks = ["forward", "streaming", "blacklist", "verify", "priority"]
[routes.A]
[routes.B]
[routes.S]
stream = {}
"#;

/// Name, what is changed in the source and in the manifest, and what the build says.
const MISTAKES: [(&str, [&str; 2], [&str; 2], &str); 13] = [
    ("gate not named", ["", ""], ["\"blacklist\", ", ""], "a blacklist function is there, but `hooks`"),
    ("check not named", ["", ""], ["\"verify\", ", ""], "a verify function is there, but `hooks`"),
    ("rank not named", ["", ""], [", \"priority\"", ""], "a priority function is there, but `hooks`"),
    ("no gate", [".blacklist = gate, ", ""], ["", ""], "names \"blacklist\", but SOMA_PLUGIN has no .blacklist"),
    ("no rank", [", .priority = rank", ""], ["", ""], "names \"priority\", but SOMA_PLUGIN has no .priority"),
    ("no route", [", {\"B\", shout}", ""], ["", ""], "has the route B, but SOMA_ROUTES does not name it"),
    ("no stream", ["{\"S\", drip}", "{\"T\", drip}"], ["", ""], "has the route S, but SOMA_STREAMS does not name it"),
    (
        "unknown check",
        ["{\"B\", check}", "{\"b\", check}"],
        ["", ""],
        "SOMA_CHECKS names something that is not a route",
    ),
    ("more routes", ["{\"B\", shout}", "{\"B\", shout}, {\"C\", shout}"], ["", ""], "SOMA_ROUTES names something"),
    (
        "printf",
        ["assert(", "printf(\"x\"); assert("],
        ["", ""],
        "not in a plugin: there is no standard output; use soma_log",
    ),
    ("time", ["assert(", "time(NULL); assert("], ["", ""], "not in a plugin: the clock is the host's; use soma_now_ms"),
    ("unwanted", ["assert(", "soma_by_uid(0, NULL); assert("], ["", ""], "add \"metagraph\" to `wants` in plugin.toml"),
    ("fopen", ["assert(", "fopen(\"x\", \"r\"); assert("], ["", ""], "not in a plugin: there are no files"),
];

fn built(folder: &Path, source: &str, manifest: &str) -> Result<PluginFile, ToolchainError> {
    fs::write(folder.join("plugin.c"), source).unwrap();
    fs::write(folder.join("plugin.toml"), manifest).unwrap();
    let component = build::component(folder, &Cache::from_env()?, Progress::Silent)?;
    let manifest = Manifest::from_source(&folder.join("plugin.toml"))?;
    Ok(PluginFile::parse(embed(&component, &manifest).unwrap()).unwrap())
}

#[test]
fn functions_and_manifest_have_to_fit() {
    let folder = tempfile::tempdir().unwrap();
    let file = built(folder.path(), SOURCE, MANIFEST).unwrap();
    assert_eq!(file.exports, Hook::ALL.into());
    assert!(file.imports.is_empty(), "{:?}", file.imports);
    for (name, [from, to], [toml_from, toml_to], said) in MISTAKES {
        let (source, manifest) = (SOURCE.replacen(from, to, 1), MANIFEST.replacen(toml_from, toml_to, 1));
        assert!(source != SOURCE || manifest != MANIFEST, "{name}");
        match built(folder.path(), &source, &manifest) {
            Err(ToolchainError::Build { output, .. }) => assert!(output.contains(said), "{name}: {output}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn a_forgotten_table_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (functions, _) = SOURCE.split_once("SOMA_PLUGIN(").unwrap();
    match built(folder.path(), functions, MANIFEST) {
        Err(ToolchainError::Build { output, .. }) => {
            assert!(output.contains("undefined symbol: SOMA_PLUGIN, which has to stand once"), "{output}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_table_that_is_not_constant_is_left_to_the_tests_of_the_plugin() {
    let folder = tempfile::tempdir().unwrap();
    let source = SOURCE.replace(
        "SOMA_PLUGIN(.forward = SOMA_ROUTES({\"A\", shout}, {\"B\", shout})",
        "static soma_route routes[] = {{\"A\", shout}, {NULL, NULL}};\nSOMA_PLUGIN(.forward = routes",
    );
    assert_ne!(source, SOURCE);
    built(folder.path(), &source, MANIFEST).unwrap();
}
