//! What can be wrong with a manifest, a plugin file and its grants.

use std::path::PathBuf;

use miette::{Diagnostic, NamedSource, SourceSpan};
use thiserror::Error;

use crate::contract::{Hook, Want};

/// `plugin.toml`, or the manifest section, is not usable.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ManifestError {
    /// A file that belongs to the manifest cannot be read.
    #[error("cannot read {path}: {cause}")]
    #[diagnostic(
        code(soma::manifest::unreadable),
        help("paths in plugin.toml are relative to the folder that holds it")
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },

    /// A schema's path leads out of the folder: what it names would be packed into the plugin.
    #[error("the schema of route `{route}`, {path:?}, is not in the plugin's folder")]
    #[diagnostic(
        code(soma::manifest::outside),
        help("put the schema beside plugin.toml or below; its path may hold no `..` and no link that leads out")
    )]
    Outside {
        /// The route.
        route: String,
        /// The path as it is written.
        path: PathBuf,
    },

    /// Not TOML, or not what a manifest may say.
    #[error("{path} line {line}: {message}")]
    #[diagnostic(code(soma::manifest::syntax), help("mend this line of the manifest"))]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, counted from 1.
        line: usize,
        /// What the parser said.
        message: String,
        /// The whole file, for the picture.
        #[source_code]
        text: NamedSource<String>,
        /// Where in it.
        #[label("here")]
        span: SourceSpan,
    },

    /// A schema file is not JSON.
    #[error("{path} is not JSON: {cause}")]
    #[diagnostic(code(soma::manifest::schema_json), help("a schema is a JSON Schema document (draft 2020-12)"))]
    SchemaJson {
        /// The schema file.
        path: PathBuf,
        /// What the parser said.
        cause: soma_protocol::json::JsonError,
    },

    /// The section in the component is not a manifest.
    #[error("the manifest section cannot be read: {0}")]
    #[diagnostic(
        code(soma::manifest::section),
        help("pack the component again with `soma plugin build`; a newer Soma may have packed this one")
    )]
    Section(String),

    /// A value is outside what the field allows.
    #[error("`{field}` {problem}")]
    #[diagnostic(code(soma::manifest::value), help("mend `{field}` in plugin.toml"))]
    Value {
        /// The field, as it is written in `plugin.toml`.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// A plugin file cannot be loaded, whatever is granted.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum PluginFileError {
    /// The file cannot be read.
    #[error("cannot read the plugin {path}: {cause}")]
    #[diagnostic(
        code(soma::plugin::unreadable),
        help("check the path in `plugin = \"...\"`; `soma plugin build` prints the file that it wrote")
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },

    /// The file is larger than any plugin may be.
    #[error("the plugin has {size} bytes, more than {limit}")]
    #[diagnostic(code(soma::plugin::too_large), help("is this the right file?"))]
    TooLarge {
        /// Bytes found.
        size: u64,
        /// Bytes allowed.
        limit: u64,
    },

    /// Not WebAssembly, cut off, or not valid.
    #[error("this is not a valid WebAssembly component: {0}")]
    #[diagnostic(
        code(soma::plugin::not_wasm),
        help("the file may be cut off or of another kind; build it again with `soma plugin build`")
    )]
    Invalid(String),

    /// A core module and not a component.
    #[error("this is a core WebAssembly module, not a component")]
    #[diagnostic(
        code(soma::plugin::core_module),
        help("build it with `soma plugin build`, or link it with wasm-component-ld")
    )]
    CoreModule,

    /// There is no manifest in it.
    #[error("the component has no `soma:manifest` section")]
    #[diagnostic(
        code(soma::plugin::no_manifest),
        help("pack it with `soma plugin build`; `wasm-tools strip` removes the section, so pack last")
    )]
    NoManifest,

    /// There are two manifests in it.
    #[error("the component has more than one `soma:manifest` section")]
    #[diagnostic(code(soma::plugin::two_manifests), help("pack it again with `soma plugin build`"))]
    TwoManifests,

    /// The manifest in it is not usable.
    #[error("the plugin's manifest is not usable: {0}")]
    #[diagnostic(
        code(soma::plugin::bad_manifest),
        help("pack the component again with `soma plugin build`; a newer Soma may have packed this one")
    )]
    Manifest(ManifestError),

    /// It was built against another world.
    #[error("the component imports `{import}`, which is not part of soma:neuron 0.1")]
    #[diagnostic(
        code(soma::plugin::foreign_import),
        help(
            "plugins import only soma:neuron interfaces; build without WASI (for Rust: wasm32-unknown-unknown, as `soma plugin build` does)"
        )
    )]
    ForeignImport {
        /// The import's whole name.
        import: String,
    },

    /// It imports what its manifest does not ask for.
    #[error("the component imports `{want}`, but its manifest does not want it")]
    #[diagnostic(code(soma::plugin::unwanted_import), help("add it to the line in plugin.toml: wants = [{line}]"))]
    UnwantedImport {
        /// What is imported.
        want: Want,
        /// The whole list as it would have to be.
        line: String,
    },

    /// The manifest names a hook that the component does not export.
    #[error("the manifest lists the hook `{hook}`, but the component does not export {PACKAGE}/{hook}", PACKAGE = crate::contract::PACKAGE)]
    #[diagnostic(
        code(soma::plugin::missing_hook),
        help("export the hook, or take \"{hook}\" out of the line in plugin.toml: hooks = [...]")
    )]
    MissingHook {
        /// The hook.
        hook: Hook,
    },

    /// A hook's interface is there, but not all of it.
    #[error("the component exports {PACKAGE}/{hook} without its function `{function}`", PACKAGE = crate::contract::PACKAGE)]
    #[diagnostic(
        code(soma::plugin::half_hook),
        help(
            "build the plugin again against wit/ of soma:neuron 0.1, or take \"{hook}\" out of the line in plugin.toml: hooks = [...]"
        )
    )]
    HalfHook {
        /// The hook.
        hook: Hook,
        /// The function that is missing.
        function: String,
    },

    /// A hook of another version of the contract.
    #[error("the component exports `{export}`, which this host does not serve (it serves soma:neuron 0.1)")]
    #[diagnostic(
        code(soma::plugin::foreign_version),
        help("build the plugin against wit/ of soma:neuron 0.1, or run a newer Soma")
    )]
    ForeignVersion {
        /// The export's whole name.
        export: String,
    },
}

/// The operator does not grant what the plugin imports.
#[derive(Debug, Error, Diagnostic)]
#[error("slot `{slot}`: the plugin imports `{want}`, which is not granted")]
#[diagnostic(
    code(soma::plugin::not_granted),
    help("if you trust it with that, write in soma.toml under [slots.{slot}]: grant = [{line}]")
)]
pub struct GrantError {
    /// The operator's slot.
    pub slot: String,
    /// What is missing.
    pub want: Want,
    /// The whole list as it would have to be.
    pub line: String,
}

/// The operator wrote settings that the plugin does not read: a misspelt one would leave a gate open.
#[derive(Debug, Error, Diagnostic)]
#[error("slot `{slot}`: the plugin has no setting {unknown}; it reads {known}")]
#[diagnostic(
    code(soma::plugin::unknown_setting),
    help(
        "mend `config` under [slots.{slot}] in soma.toml; a running host takes it, together with `plugin`, on SIGHUP"
    )
)]
pub struct SettingError {
    /// The operator's slot.
    pub slot: String,
    /// The keys that the operator wrote, quoted.
    pub unknown: String,
    /// The plugin's settings, quoted.
    pub known: String,
}
