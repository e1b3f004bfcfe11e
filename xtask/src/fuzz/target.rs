//! The fuzz targets: one for each parser of bytes that somebody else wrote.
//!
//! A property test of a parser is named `any_...`; a test here compares the table with the sources, so that none is
//! forgotten.

/// A property test.
pub struct Target {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Its crate.
    pub package: &'static str,
    /// The file that it is in, from the root.
    pub file: &'static str,
    /// The test's name without its module.
    pub test: &'static str,
    /// Which bytes are read, and who wrote them.
    pub reads: &'static str,
}

impl Target {
    /// The folder of its crate, from the root.
    pub fn folder(&self) -> &'static str {
        ["/src/", "/tests/"].iter().find_map(|part| self.file.split_once(part)).map_or("", |(folder, _)| folder)
    }

    /// Whether a test's path has the module that the file is named after. Tests in `tests.rs` and in files that hold
    /// a module `tests` are both found.
    pub fn names_module_of(&self, test: &str) -> bool {
        let file = self.file.trim_end_matches(".rs").trim_end_matches("/mod").trim_end_matches("/tests");
        let module = file.rsplit('/').next().unwrap_or_default();
        test.split("::").any(|part| part == module) || module == "main"
    }
}

const fn target(
    name: &'static str,
    package: &'static str,
    file: &'static str,
    test: &'static str,
    reads: &'static str,
) -> Target {
    Target { name, package, file, test, reads }
}

const PROTOCOL: &str = "host/protocol/tests/protocol/properties.rs";

/// All of them. What callers send comes first.
pub const TARGETS: &[Target] = &[
    target("heads", "soma-protocol", PROTOCOL, "any_headers_are_read_or_refused", "headers of requests, both dialects"),
    target("json", "soma-protocol", PROTOCOL, "any_bytes_are_json_or_refused", "bodies of requests and of plugins"),
    target(
        "pystr",
        "soma-protocol",
        PROTOCOL,
        "types_come_back_and_print_any_value_or_refuse_it",
        "fields of the body hash",
    ),
    target(
        "ss58",
        "soma-protocol",
        PROTOCOL,
        "addresses_come_back_and_a_changed_one_does_not",
        "hotkeys in headers and files",
    ),
    target("reason", "soma-protocol", PROTOCOL, "any_reason_fits_a_header", "what a plugin says in a refusal"),
    target(
        "plugin-words",
        "soma-runtime",
        "host/runtime/src/words.rs",
        "any_text_is_one_short_line",
        "what a plugin says in failures and traps",
    ),
    target(
        "forwarded-for",
        "soma-axon",
        "host/axon/src/proxy/forwarded.rs",
        "what_the_caller_writes_does_not_count",
        "X-Forwarded-For",
    ),
    target(
        "proxy-protocol",
        "soma-axon",
        "host/axon/src/proxy/header.rs",
        "any_bytes_are_read_or_refused",
        "PROXY protocol, versions 1 and 2",
    ),
    target(
        "schema-values",
        "soma-runtime",
        "host/runtime/src/route.rs",
        "any_object_is_accepted_or_refused",
        "fields of a request",
    ),
    target(
        "tensor",
        "soma-protocol",
        "host/protocol/tests/protocol/tensor.rs",
        "any_buffer_is_read_or_refused",
        "tensors in bodies",
    ),
    target(
        "tensor-changed",
        "soma-protocol",
        "host/protocol/tests/protocol/tensor.rs",
        "a_changed_buffer_is_read_or_refused",
        "tensors that were good once",
    ),
    target("answers", "soma-protocol", PROTOCOL, "any_reply_is_read", "answers of miners, version 10"),
    target(
        "terminals",
        "soma-protocol",
        PROTOCOL,
        "any_body_terminal_is_read_or_refused",
        "axon and dendrite in a body",
    ),
    target(
        "addresses",
        "soma-dendrite",
        "host/dendrite/src/btauth.rs",
        "no_address_panics_and_targets_hold_no_line_break",
        "URLs of axons",
    ),
    target("pytype", "soma-protocol", PROTOCOL, "any_text_is_a_type_or_refused", "type expressions of manifests"),
    target(
        "plugin-file",
        "soma-manifest",
        "host/manifest/tests/admission/main.rs",
        "any_bytes_are_read_or_refused",
        "plugin files",
    ),
    target(
        "plugin-damaged",
        "soma-manifest",
        "host/manifest/tests/admission/main.rs",
        "damage_is_refused_or_harmless",
        "plugin files that were good once",
    ),
    target(
        "plugin-cut",
        "soma-manifest",
        "host/manifest/tests/admission/main.rs",
        "a_plugin_that_is_cut_off_is_refused",
        "plugin files that are not complete",
    ),
    target(
        "manifest-section",
        "soma-manifest",
        "host/manifest/src/manifest/tests.rs",
        "any_section_is_read_or_refused",
        "the manifest inside of a plugin file",
    ),
    target(
        "manifest-source",
        "soma-manifest",
        "host/manifest/src/manifest/tests.rs",
        "any_source_is_read_or_refused",
        "plugin.toml",
    ),
    target(
        "manifest-schema",
        "soma-manifest",
        "host/manifest/src/schema.rs",
        "any_schema_is_judged",
        "schemas of routes",
    ),
    target(
        "seconds",
        "soma-manifest",
        "host/manifest/src/seconds.rs",
        "any_text_is_read_or_refused",
        "times in manifests",
    ),
    target(
        "millis",
        "soma-manifest",
        "host/manifest/src/millis.rs",
        "any_text_is_read_or_refused",
        "short times in manifests",
    ),
    target(
        "sizes",
        "soma-manifest",
        "host/manifest/src/size.rs",
        "any_text_is_a_size_or_not",
        "sizes in files and flags",
    ),
    target(
        "sizes-units",
        "soma-manifest",
        "host/manifest/src/size.rs",
        "any_number_and_unit_is_a_size_or_not",
        "sizes that are nearly good",
    ),
    target(
        "handover",
        "soma-wallet",
        "host/wallet/src/handover.rs",
        "any_bytes_are_searched",
        "passwords on their way to the signer",
    ),
    target(
        "cases-toml",
        "soma",
        "host/soma/src/command/plugin/cases.rs",
        "any_file_is_read_or_refused",
        "cases.toml of a plugin",
    ),
    target(
        "bench-answers",
        "soma",
        "host/soma/src/command/bench/load.rs",
        "any_bytes_are_an_answer_or_not",
        "what a benched axon answers",
    ),
    target(
        "instances",
        "soma-runtime",
        "host/runtime/src/instances/policy.rs",
        "any_text_is_read_or_refused",
        "instance modes in soma.toml",
    ),
    target(
        "tool-versions",
        "soma-toolchain",
        "host/toolchain/src/build/typescript.rs",
        "any_version_is_read",
        "what a tool says its version is",
    ),
    target("soma-toml", "soma", "host/soma/src/config/tests.rs", "any_file_is_read_or_refused", "soma.toml"),
    target(
        "admin",
        "soma",
        "host/soma/src/admin/tests.rs",
        "any_bytes_are_an_order_or_refused",
        "orders over the admin socket",
    ),
    target(
        "explain",
        "soma",
        "host/soma/src/command/explain.rs",
        "whatever_a_stranger_wrote_is_shown_in_its_line",
        "strangers' text in a terminal",
    ),
    target(
        "log-detail",
        "soma",
        "host/soma/src/telemetry/lines.rs",
        "a_detail_stays_one_line",
        "strangers' text in the log",
    ),
    target(
        "replay-file",
        "soma-axon",
        "host/axon/src/replay/file.rs",
        "any_bytes_are_read_or_refused",
        "the nonces of the last run",
    ),
    target(
        "replay-damaged",
        "soma-axon",
        "host/axon/src/replay/file.rs",
        "a_file_with_one_wrong_byte_or_too_few_is_none",
        "the same, damaged",
    ),
    target(
        "artifact",
        "soma-runtime",
        "host/runtime/src/artifact/tests.rs",
        "any_bytes_are_an_artifact_or_not_there",
        "compiled plugins in the cache",
    ),
    target(
        "key-file",
        "soma-wallet",
        "host/wallet/tests/suite/keyfiles.rs",
        "any_bytes_are_a_key_or_an_error",
        "key files",
    ),
    target(
        "key-file-fields",
        "soma-wallet",
        "host/wallet/tests/suite/keyfiles.rs",
        "any_values_of_the_known_fields_are_a_key_or_an_error",
        "JSON of key files",
    ),
    target(
        "nacl",
        "soma-wallet",
        "host/wallet/src/encryption/nacl.rs",
        "any_bytes_are_a_text_or_an_error",
        "$NACL key files",
    ),
    target(
        "vault",
        "soma-wallet",
        "host/wallet/src/encryption/ansible.rs",
        "any_text_is_a_vault_or_an_error",
        "ansible vaults",
    ),
    target(
        "secret",
        "soma-wallet",
        "host/wallet/src/keyfile/secret.rs",
        "any_text_is_a_secret_or_an_error",
        "seeds and phrases that are typed in",
    ),
    target(
        "password",
        "soma-wallet",
        "host/wallet/src/password.rs",
        "any_value_is_a_password_or_an_error",
        "passwords in the environment",
    ),
    target(
        "password-name",
        "soma-wallet",
        "host/wallet/src/password.rs",
        "any_password_survives_any_name",
        "the same, as the SDKs scramble them",
    ),
    target(
        "terminal",
        "soma-wallet",
        "host/wallet/src/terminal.rs",
        "any_line_is_an_answer_or_cancelled",
        "what is typed at a prompt",
    ),
    target(
        "signer-frame",
        "soma-wallet",
        "host/wallet/src/signer/frame.rs",
        "any_bytes_are_a_frame_an_end_or_an_error",
        "frames between host and signer",
    ),
    target(
        "signer-intent",
        "soma-wallet",
        "host/wallet/src/signer/intent.rs",
        "an_intent_survives_its_json",
        "intents that the signer is asked for",
    ),
    target(
        "confinement",
        "soma-confine",
        "host/confine/src/report.rs",
        "any_text_is_a_line_or_an_error",
        "what a confined child reports",
    ),
    target("apt", "soma-toolchain", "host/toolchain/src/archive.rs", "any_output_of_apt_is_read", "what apt prints"),
    target(
        "core-module",
        "soma-toolchain",
        "host/toolchain/src/build/c.rs",
        "any_module_is_encoded_or_refused",
        "what a plugin's C compiler made",
    ),
    target("cargo", "soma-toolchain", "host/toolchain/src/build/rust.rs", "any_message_is_read", "what cargo prints"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::workspace::Workspace;

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("target") {
                sources(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                found.push(path);
            }
        }
    }

    /// The tests named `any_...` in the `proptest!` blocks of a file.
    fn parser_tests(text: &str) -> impl Iterator<Item = &str> {
        let properties = text.split_once("proptest! {").map_or("", |(_, properties)| properties);
        let names = properties.lines().filter_map(|line| line.trim_start().strip_prefix("fn any_"));
        names.filter_map(|rest| rest.split('(').next())
    }

    #[test]
    fn every_target_is_where_the_table_says() {
        let workspace = Workspace::find().unwrap();
        for target in TARGETS {
            let text = fs::read_to_string(workspace.root().join(target.file)).unwrap_or_default();
            assert!(text.contains(&format!("fn {}(", target.test)), "{}: {}", target.file, target.test);
            assert!(text.contains("proptest! {"), "{}", target.file);
            let manifest = workspace.root().join(target.folder()).join("Cargo.toml");
            let manifest = fs::read_to_string(manifest).unwrap();
            assert!(manifest.contains(&format!("name = \"{}\"", target.package)), "{}", target.name);
        }
        let names: BTreeSet<_> = TARGETS.iter().map(|target| target.name).collect();
        assert_eq!(names.len(), TARGETS.len());
    }

    #[test]
    fn every_property_test_of_a_parser_is_a_target() {
        let workspace = Workspace::find().unwrap();
        let mut files = Vec::new();
        sources(&workspace.root().join("host"), &mut files);
        let mut seen = 0;
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let place = file.strip_prefix(workspace.root()).unwrap().display().to_string();
            for name in parser_tests(&text) {
                seen += 1;
                let is_it = |target: &&Target| target.file == place && target.test == format!("any_{name}");
                assert_eq!(TARGETS.iter().filter(is_it).count(), 1, "{place}: any_{name}");
            }
        }
        assert!(seen > 20, "{seen}");
    }

    #[test]
    fn a_test_is_found_by_its_module() {
        let target = |file| Target { name: "", package: "", file, test: "x", reads: "" };
        assert!(target("host/a/src/frame.rs").names_module_of("signer::frame::tests::x"));
        assert!(target("host/a/src/manifest/tests.rs").names_module_of("manifest::tests::x"));
        assert!(!target("host/a/src/frame.rs").names_module_of("intent::tests::x"));
        assert!(target("host/a/tests/all/main.rs").names_module_of("x"));
        assert_eq!(target("host/a/tests/all/main.rs").folder(), "host/a");
    }
}
