//! Errors of the command line and the configuration.

use std::path::PathBuf;

use miette::{Diagnostic, NamedSource, SourceSpan};
use thiserror::Error;

/// What this crate itself can find wrong.
#[derive(Debug, Error, Diagnostic)]
pub enum SomaError {
    /// The configuration file cannot be read.
    #[error("cannot read the configuration {path}: {cause}")]
    #[diagnostic(
        code(soma::config::unreadable),
        help("name it with --config FILE; the smallest one has a [slots.NAME] with plugin = \"FILE.wasm\"")
    )]
    ConfigUnreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },

    /// Not TOML, or not what the configuration may say.
    #[error("{path} line {line}: {message}")]
    #[diagnostic(code(soma::config::syntax), help("mend this line"))]
    ConfigSyntax {
        /// The file.
        path: PathBuf,
        /// Line, counted from 1.
        line: usize,
        /// What the parser said.
        message: String,
        /// The whole file.
        #[source_code]
        text: NamedSource<String>,
        /// Where in it.
        #[label("here")]
        span: SourceSpan,
    },

    /// No slot, so nothing to serve.
    #[error("{path} has no slot, so there is nothing to serve")]
    #[diagnostic(
        code(soma::config::no_slots),
        help("add [slots.NAME] with plugin = \"FILE.wasm\"; `soma plugin new rust NAME` makes a plugin")
    )]
    NoSlots {
        /// The file.
        path: PathBuf,
    },

    /// On a chain, and nobody said where this host is reached.
    #[error("nobody knows where this host is reached, so there is no address to publish on the chain")]
    #[diagnostic(
        code(soma::config::no_external_address),
        help(
            "name the public address: --axon.external_ip ADDRESS, or external_ip under [axon]; without a chain: --offline"
        )
    )]
    NoExternalAddress,

    /// An address that the chain takes from nobody.
    #[error("the chain takes no address like {address}: it is {kind}")]
    #[diagnostic(
        code(soma::config::external_address),
        help(
            "name the address that callers reach this host at: --axon.external_ip ADDRESS, --axon.external_port PORT, or the same under [axon]; for a test on one machine 127.0.0.2 will do"
        )
    )]
    ExternalAddress {
        /// With its port.
        address: std::net::SocketAddr,
        /// In words.
        kind: &'static str,
    },

    /// Strangers are to be judged by what the chain says, and there is no chain.
    #[error("`admit` asks for registered hotkeys, and without a chain nobody knows who is registered")]
    #[diagnostic(
        code(soma::config::admit_needs_chain),
        help("leave out --offline, or say admit = \"anybody\" or admit = [\"5F...\"] under [axon]")
    )]
    AdmitNeedsChain,

    /// This neuron's hotkey has no uid on the subnet.
    #[error("the hotkey {hotkey} is not registered on subnet {netuid} of {network}")]
    #[diagnostic(
        code(soma::chain::not_registered),
        help(
            "register it: `soma chain register --netuid {netuid} --network {network}`; or is another wallet or subnet meant (--wallet.hotkey, --netuid)?"
        )
    )]
    NotRegistered {
        /// ss58.
        hotkey: String,
        /// The subnet.
        netuid: u16,
        /// As the operator writes it.
        network: String,
    },

    /// What is known of the chain is too old to serve by, and no endpoint answers.
    #[error("no endpoint of the chain answers, and what is known of it is older than {max_age}: {cause}")]
    #[diagnostic(
        code(soma::chain::no_view),
        help(
            "check the connection, or name other endpoints: --subtensor.chain_endpoint URL, or endpoints under [chain]; a restart tries again"
        )
    )]
    NoView {
        /// The operator's bound, with its unit.
        max_age: String,
        /// What the last try ended with.
        cause: String,
    },

    /// Neither XDG_STATE_HOME nor HOME.
    #[error("there is no home folder to keep state in")]
    #[diagnostic(code(soma::config::no_home), help("name a folder: --state FOLDER, or state = \"...\" under [neuron]"))]
    NoHome,

    /// A folder of ours cannot be made.
    #[error("cannot use the folder {path}: {cause}")]
    #[diagnostic(code(soma::config::folder), help("check that this user may write there"))]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },

    /// Another host has the state folder.
    #[error("{holder} uses the state folder {path}")]
    #[diagnostic(
        code(soma::state::in_use),
        help(
            "stop that host; if this one has another hotkey, give it a folder of its own with --state FOLDER, or state = \"...\" under [neuron]"
        )
    )]
    StateInUse {
        /// The folder.
        path: PathBuf,
        /// The process, in words.
        holder: String,
    },

    /// The admin socket cannot be served.
    #[error("cannot serve the admin socket {path}: {cause}")]
    #[diagnostic(
        code(soma::admin::socket),
        help(
            "is another soma running with this hotkey? its state folder is the socket's folder; choose another with --state"
        )
    )]
    AdminSocket {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },

    /// The loopback port for metrics cannot be served.
    #[error("cannot serve metrics on {address}: {cause}")]
    #[diagnostic(
        code(soma::admin::port),
        help("another program may use the port, find it with `ss -ltnp`; choose another one with --admin.port")
    )]
    AdminPort {
        /// The address.
        address: std::net::SocketAddr,
        /// What the system said.
        cause: std::io::Error,
    },

    /// The exporter of metrics cannot be set up.
    #[error("metrics cannot be counted: {0}")]
    #[diagnostic(code(soma::metrics::exporter), help("a fault in soma itself: please report it"))]
    Metrics(String),

    /// The log's folder cannot be used.
    #[error("cannot log into the folder {path}: {cause}")]
    #[diagnostic(
        code(soma::logging::folder),
        help("check that this user may write there, or name another folder with --logging.logging_dir")
    )]
    LogFile {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },

    /// Nothing is known of this request.
    #[error("nothing is known of the request {id}")]
    #[diagnostic(
        code(soma::explain::unknown),
        help(
            "it may have been washed out by newer ones (`recent` under [admin] says how many are kept), the host may have been started since, or it is still being served; its log line has the same id; `soma explain --list` shows what is known"
        )
    )]
    UnknownRequest {
        /// The id that was asked for.
        id: String,
    },

    /// No request is like that.
    #[error("no recent request is like that")]
    #[diagnostic(code(soma::explain::none), help("`soma explain --list` shows all of them"))]
    NoRequest,

    /// No running host.
    #[error("no running host at {path}: {cause}")]
    #[diagnostic(
        code(soma::admin::no_host),
        help(
            "start one with `soma run`; if it runs with another wallet or configuration, name them here as there (--wallet.name, --config), or its socket with --admin (soma run prints it)"
        )
    )]
    NoHost {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },

    /// The running host answers something that is no answer.
    #[error("the running host gave no usable answer: {0}")]
    #[diagnostic(code(soma::admin::answer), help("host and command have to be of the same version"))]
    AdminAnswer(String),

    /// The running host refused.
    #[error("{message}")]
    #[diagnostic(code(soma::admin::refused), help("{help}"))]
    AdminRefused {
        /// What it said.
        message: String,
        /// What to do, with the error's own code.
        help: String,
    },

    /// An argument cannot be used.
    #[error("{what}: {problem}")]
    #[diagnostic(code(soma::cli::argument), help("see `soma {command} --help`"))]
    Argument {
        /// Which one.
        what: &'static str,
        /// What is wrong with it.
        problem: String,
        /// The command.
        command: &'static str,
    },

    /// The cases of `soma plugin test` cannot be read.
    #[error("cannot read the cases {path}: {cause}")]
    #[diagnostic(code(soma::test::unreadable), help("name the file with --cases FILE"))]
    CasesUnreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },

    /// Not TOML, or not what a case may say.
    #[error("{path} line {line}: {message}")]
    #[diagnostic(code(soma::test::syntax), help("mend this line; `soma plugin test --help` shows a case"))]
    CasesSyntax {
        /// The file.
        path: PathBuf,
        /// Line, counted from 1.
        line: usize,
        /// What the parser said.
        message: String,
        /// The whole file.
        #[source_code]
        text: NamedSource<String>,
        /// Where in it.
        #[label("here")]
        span: SourceSpan,
    },

    /// A file cannot be written.
    #[error("cannot write {path}: {cause}")]
    #[diagnostic(code(soma::cli::write), help("check that this user may write there, and that the disk is not full"))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },

    /// A bench got other answers than it asked for.
    #[error("nothing was measured for {name}: the server answered {answers}")]
    #[diagnostic(
        code(soma::bench::other_answers),
        help(
            "a body is made from the route's schema: give its fields a `default` or `examples` that fit; `soma plugin \
             test` says what the plugin makes of it"
        )
    )]
    Bench {
        /// The slot and its route, or the kind of junk.
        name: String,
        /// How many answers had which status.
        answers: String,
    },

    /// Standard output is closed or full.
    #[error("cannot write the answer: {cause}")]
    #[diagnostic(code(soma::cli::output), help("is the disk full, or the program behind the pipe gone?"))]
    Output {
        /// What the system said.
        cause: std::io::Error,
    },
}
