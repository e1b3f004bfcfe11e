//! What a manifest may say, and what not.

use super::*;
use proptest::prelude::*;

fn from_text(text: &str) -> Result<Manifest, ManifestError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("s.json"), r#"{"type":"object"}"#).unwrap();
    std::fs::write(folder.path().join("bad.json"), "{").unwrap();
    let path = folder.path().join("plugin.toml");
    std::fs::write(&path, text).unwrap();
    Manifest::from_source(&path)
}

const GOOD: &str = r#"
name = "text-miner"
version = "0.1.0"
hooks = ["forward", "blacklist"]
wants = ["config"]
[budget]
memory = "32MiB"
[routes.TextGeneration]
schema = "s.json"
hash-fields = { prompt = "str", max_tokens = "int" }
max-body = "1MiB"
"#;

#[test]
fn reads_its_source_and_comes_back_from_the_section() {
    let manifest = from_text(GOOD).unwrap();
    assert_eq!(manifest.budget.memory, Some(ByteSize::mib(32)));
    let route = &manifest.routes["TextGeneration"];
    assert_eq!(route.hash_fields.keys().collect::<Vec<_>>(), ["prompt", "max_tokens"]);
    assert_eq!(route.max_body, Some(ByteSize::mib(1)));
    let section = manifest.to_section().unwrap();
    assert_eq!(Manifest::from_section(&section).unwrap(), manifest);
}

#[test]
fn names_the_line_of_a_mistake() {
    let table = [
        ("wants = [\"config\"]", "wants = [\"wallet\"]", 5),
        ("hooks = [\"forward\", \"blacklist\"]", "hooks = [\"backward\"]", 4),
        ("max-body = \"1MiB\"", "max_body = \"1MiB\"", 11),
        ("prompt = \"str\"", "prompt = \"strr[\"", 10),
        ("32MiB", "32Mb", 7),
        ("\"1MiB\"", "1000000", 11),
    ];
    for (from, to, expected) in table {
        match from_text(&GOOD.replace(from, to)) {
            Err(ManifestError::Syntax { line, .. }) => assert_eq!(line, expected, "{to}"),
            other => panic!("{to}: {other:?}"),
        }
    }
}

#[test]
fn refuses_values_out_of_range() {
    let table = [
        ("name = \"text-miner\"", "name = \"Text Miner\"", "name"),
        ("version = \"0.1.0\"", "version = \"\"", "version"),
        ("hooks = [\"forward\", \"blacklist\"]", "hooks = []", "hooks"),
        ("hooks = [\"forward\", \"blacklist\"]", "hooks = [\"blacklist\"]", "routes.TextGeneration"),
        ("hooks = [\"forward\", \"blacklist\"]", "hooks = [\"forward\", \"streaming\"]", "routes"),
        ("max-body", "stream = {}\nmax-body", "routes.TextGeneration"),
        ("memory = \"32MiB\"", "wall = \"601s\"", "budget.wall"),
        ("1MiB", "1GiB", "routes.TextGeneration.max-body"),
        ("TextGeneration", "\"a/b\"", "routes.a/b"),
        ("memory = \"32MiB\"", "memory = \"0B\"", "budget.memory"),
        ("wants = [\"config\"]\n", "[config]\ndeny = \"hotkeys\"\n", "config"),
        ("[budget]", "[config]\n\"a b\" = \"x\"\n[budget]", "config.a b"),
        ("[budget]", "[config]\ndeny = \"\"\n[budget]", "config.deny"),
        ("[budget]", "[config]\ndeny = \"\\u001b[0m\"\n[budget]", "config.deny"),
        ("[budget]", "[config]\ndeny = \"one\\ntwo\"\n[budget]", "config.deny"),
    ];
    for (from, to, expected) in table {
        match from_text(&GOOD.replace(from, to)) {
            Err(ManifestError::Value { field, .. }) => assert_eq!(field, expected, "{to}"),
            other => panic!("{to}: {other:?}"),
        }
    }
}

#[test]
fn a_plugin_that_names_its_settings_has_no_others() {
    let written = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), String::new())).collect();
    let silent = from_text(GOOD).unwrap();
    assert_eq!(silent.unknown_settings(&written(&["anything"])), [""; 0]);
    let named = from_text(&GOOD.replace("[budget]", "[config]\ndeny = \"a JSON list\"\n[budget]")).unwrap();
    assert_eq!(named.unknown_settings(&written(&["deny"])), [""; 0]);
    assert_eq!(named.unknown_settings(&written(&[])), [""; 0]);
    assert_eq!(named.unknown_settings(&written(&["Deny", "deny", "x"])), ["Deny", "x"]);
    assert_eq!(Manifest::from_section(&named.to_section().unwrap()).unwrap(), named);
}

#[test]
fn settings_are_bounded() {
    let with = |settings: &[(String, String)]| {
        let mut manifest = from_text(GOOD).unwrap();
        manifest.config = settings.iter().cloned().collect();
        Manifest::from_section(&manifest.to_section().unwrap())
    };
    let many = |count: usize| (0..count).map(|number| (number.to_string(), "x".to_owned())).collect::<Vec<_>>();
    assert!(with(&many(MOST_SETTINGS)).is_ok() && with(&many(MOST_SETTINGS + 1)).is_err());
    for (longest, good) in [(LONGEST_DESCRIPTION, true), (LONGEST_DESCRIPTION + 1, false)] {
        assert_eq!(with(&[("deny".to_owned(), "x".repeat(longest))]).is_ok(), good, "{longest}");
    }
    for (longest, good) in [(LONGEST_NAME, true), (LONGEST_NAME + 1, false)] {
        assert_eq!(with(&[("x".repeat(longest), "x".to_owned())]).is_ok(), good, "{longest}");
    }
}

#[test]
fn a_streaming_route_says_how_its_answer_begins() {
    let with = |stream: &str| {
        let text = GOOD.replace("hooks = [\"forward\"", "hooks = [\"streaming\"");
        from_text(&text.replace("max-body", &format!("stream = {stream}\nmax-body")))
    };
    let begin = |stream: &str| {
        let manifest = with(stream).unwrap();
        let section = manifest.to_section().unwrap();
        assert_eq!(Manifest::from_section(&section).unwrap(), manifest);
        let spec = manifest.routes["TextGeneration"].stream.clone().unwrap();
        (spec.content_type, spec.status)
    };
    assert_eq!(begin("{}"), ("text/event-stream".to_owned(), 200));
    assert_eq!(begin(r#"{ content-type = "text/plain", status = 201 }"#), ("text/plain".to_owned(), 201));
    for (stream, at) in [
        (r#"{ content-type = "" }"#, "content-type"),
        (r#"{ content-type = "text/plain\r\nx: 1" }"#, "content-type"),
        ("{ status = 500 }", "status"),
        ("{ status = 100 }", "status"),
    ] {
        match with(stream) {
            Err(ManifestError::Value { field, .. }) => {
                assert_eq!(field, format!("routes.TextGeneration.stream.{at}"), "{stream}");
            }
            other => panic!("{stream}: {other:?}"),
        }
    }
}

#[test]
fn names_a_schema_that_is_not_there_or_not_json() {
    assert!(matches!(from_text(&GOOD.replace("s.json", "gone.json")), Err(ManifestError::Unreadable { .. })));
    assert!(matches!(from_text(&GOOD.replace("s.json", "bad.json")), Err(ManifestError::SchemaJson { .. })));
}

#[test]
fn a_schema_from_elsewhere_is_not_packed() {
    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(elsewhere.path(), r#"{"secretSeed": "0x00"}"#).unwrap();
    let path = elsewhere.path().to_str().unwrap();
    let parent = format!("../{}", elsewhere.path().file_name().unwrap().to_str().unwrap());
    for schema in [path, &parent, "/dev/zero"] {
        match from_text(&GOOD.replace("s.json", schema)) {
            Err(ManifestError::Outside { route, .. }) => assert_eq!(route, "TextGeneration", "{schema}"),
            other => panic!("{schema}: {other:?}"),
        }
    }
}

proptest! {
    #[test]
    fn any_section_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Manifest::from_section(&bytes);
    }

    #[test]
    fn any_source_is_read_or_refused(text in "[a-z\\[\\]=\"\\n ]{0,120}") {
        let _ = from_text(&text);
    }
}
