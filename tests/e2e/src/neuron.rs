//! A running `soma run`.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::account::{self, ALICE, Account};
use crate::error::HarnessError;
use crate::places;
use crate::process::{self, Finished, Process};
use crate::settings::Settings;
use crate::wire::{Answer, Request};

/// What `soma run` logs when its plugins are ready, without a chain and on one.
const SERVING: [&str; 2] = ["serving offline", "serving on the chain"];
/// The address that a neuron on a chain publishes: the chain refuses 127.0.0.1.
pub const PUBLISHED: &str = "127.0.0.2";

/// The folder of one test: wallets, settings, state, home.
#[derive(Debug)]
pub struct Bench {
    folder: TempDir,
    /// The `soma` to run; none runs the one of [`places::soma`].
    program: Option<PathBuf>,
}

impl Bench {
    /// Makes a temporary folder with the wallets of [`account::ALL`] in it.
    ///
    /// # Errors
    /// [`HarnessError::Io`] when it cannot be written.
    pub fn new() -> Result<Self, HarnessError> {
        let folder = tempfile::Builder::new()
            .prefix("soma-e2e-")
            .tempdir()
            .map_err(HarnessError::io("creating a temporary folder"))?;
        let bench = Self { folder, program: None };
        for inner in [bench.home(), bench.wallets()] {
            fs::create_dir(&inner).map_err(HarnessError::io(format!("creating {}", inner.display())))?;
        }
        account::write_wallets(&bench.wallets())?;
        Ok(bench)
    }

    /// The same with another build of `soma`.
    #[must_use]
    pub fn with_program(self, program: PathBuf) -> Self {
        Self { program: Some(program), ..self }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The home folder of every process of the test.
    pub fn home(&self) -> PathBuf {
        self.path().join("home")
    }

    /// The folder of the wallets.
    pub fn wallets(&self) -> PathBuf {
        self.path().join("wallets")
    }

    /// The state folder of a neuron.
    pub fn state(&self) -> PathBuf {
        self.path().join("state")
    }

    /// Where a neuron puts its admin socket.
    pub fn admin_socket(&self) -> PathBuf {
        self.state().join("admin.sock")
    }

    /// Writes a file into the folder and returns its path.
    ///
    /// # Errors
    /// [`HarnessError::Io`] when it cannot be written.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<PathBuf, HarnessError> {
        let path = self.path().join(name);
        fs::write(&path, content).map_err(HarnessError::io(format!("writing {}", path.display())))?;
        Ok(path)
    }

    /// The `soma` binary with an environment of its own.
    ///
    /// # Errors
    /// [`HarnessError::NotPrepared`] when it was not built.
    pub fn soma(&self) -> Result<Command, HarnessError> {
        let program = self.program.clone().map_or_else(places::soma, Ok)?;
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.home())
            .env("NO_COLOR", "1")
            .current_dir(self.path());
        Ok(command)
    }

    /// The command line of `soma run` for a settings file, as `account`, on `port`.
    ///
    /// # Errors
    /// As [`Bench::soma`].
    pub fn run_command(&self, settings: &Path, account: Account, port: u16) -> Result<Command, HarnessError> {
        let mut command = self.any_run_command(settings, account, ("127.0.0.1", port))?;
        command.arg("--offline");
        Ok(command)
    }

    /// The same on the chain at `url`, with [`PUBLISHED`] as its address.
    ///
    /// # Errors
    /// As [`Bench::soma`].
    pub fn run_command_on(
        &self,
        url: &str,
        settings: &Path,
        account: Account,
        port: u16,
    ) -> Result<Command, HarnessError> {
        let mut command = self.any_run_command(settings, account, ("127.0.0.1", port))?;
        command.args(["--subtensor.network", url, "--axon.external_ip", PUBLISHED]);
        Ok(command)
    }

    /// The same, listening at [`PUBLISHED`]: callers that look its address up on the chain find it there.
    ///
    /// # Errors
    /// As [`Bench::soma`].
    pub fn run_command_published(
        &self,
        url: &str,
        settings: &Path,
        account: Account,
        port: u16,
    ) -> Result<Command, HarnessError> {
        let mut command = self.any_run_command(settings, account, (PUBLISHED, port))?;
        command.args(["--subtensor.network", url, "--axon.external_ip", PUBLISHED]);
        Ok(command)
    }

    fn any_run_command(
        &self,
        settings: &Path,
        account: Account,
        (ip, port): (&str, u16),
    ) -> Result<Command, HarnessError> {
        let mut command = self.soma()?;
        command.arg("run").arg("--config").arg(settings);
        self.name_wallet(&mut command, account);
        command.args(["--axon.port", &port.to_string(), "--axon.ip", ip]).arg("--state").arg(self.state());
        Ok(command)
    }

    /// Adds the flags that name the wallet of `account`.
    pub fn name_wallet(&self, command: &mut Command, account: Account) {
        command.arg("--wallet.path").arg(self.wallets()).args([
            "--wallet.name",
            account.name,
            "--wallet.hotkey",
            "default",
        ]);
    }

    /// Runs `soma run` with a settings text that must not come up, and returns how it ended.
    ///
    /// # Errors
    /// [`HarnessError::TooSlow`] when it does not end by itself.
    pub fn run_and_fail(&self, settings: &str) -> Result<Finished, HarnessError> {
        let path = self.write("soma.toml", settings.as_bytes())?;
        process::run("soma run", &mut self.run_command(&path, ALICE, free_port()?)?)
    }
}

/// A neuron that takes requests, of `//Alice` unless a test says otherwise.
#[derive(Debug)]
pub struct Neuron {
    // Fields are dropped in this order: the process has to be gone before its folder.
    process: Process,
    port: u16,
    account: Account,
    bench: Bench,
}

impl Neuron {
    /// Starts a neuron in a folder of its own and waits until its plugins are ready.
    ///
    /// # Errors
    /// [`HarnessError::Ended`] or [`HarnessError::TooSlow`] when it does not come up.
    pub fn start(settings: &Settings) -> Result<Self, HarnessError> {
        Self::start_in(Bench::new()?, settings)
    }

    /// Starts a neuron in a folder that is there already.
    ///
    /// # Errors
    /// As [`Neuron::start`].
    pub fn start_in(bench: Bench, settings: &Settings) -> Result<Self, HarnessError> {
        Self::start_as(bench, settings, ALICE)
    }

    /// Starts a neuron of another account.
    ///
    /// # Errors
    /// As [`Neuron::start`].
    pub fn start_as(bench: Bench, settings: &Settings, account: Account) -> Result<Self, HarnessError> {
        let path = bench.write("soma.toml", settings.text().as_bytes())?;
        let port = free_port()?;
        let command = bench.run_command(&path, account, port)?;
        Self::start_by(bench, command, account, port)
    }

    /// Starts a neuron of `//Alice` on the chain at `url`, in a folder that is there already.
    ///
    /// # Errors
    /// As [`Neuron::start`].
    pub fn start_on(url: &str, bench: Bench, settings: &Settings) -> Result<Self, HarnessError> {
        let path = bench.write("soma.toml", settings.text().as_bytes())?;
        let port = free_port()?;
        let command = bench.run_command_on(url, &path, ALICE, port)?;
        Self::start_by(bench, command, ALICE, port)
    }

    /// Starts a neuron by a command line that [`Bench::run_command`] or its like made, and that may say more.
    ///
    /// # Errors
    /// As [`Neuron::start`].
    pub fn start_by(bench: Bench, mut command: Command, account: Account, port: u16) -> Result<Self, HarnessError> {
        let mut process = Process::start("soma run", &mut command)?;
        // The port takes connections before the plugins are compiled, so it says nothing.
        process.wait_for(|log| SERVING.iter().any(|serving| log.contains(serving)).then_some(()))?;
        Ok(Self { process, port, account, bench })
    }

    /// The hotkey of the neuron.
    pub const fn hotkey(&self) -> &'static str {
        self.account.hotkey
    }

    /// Its port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its address as `host:port`.
    pub fn address(&self) -> String {
        self.socket_address().to_string()
    }

    fn socket_address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Its folder.
    pub const fn bench(&self) -> &Bench {
        &self.bench
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Whether the process still runs.
    ///
    /// # Errors
    /// [`HarnessError::Io`] when the system does not tell.
    pub fn is_running(&mut self) -> Result<bool, HarnessError> {
        Ok(self.process.poll()?.is_none())
    }

    /// Waits until it has printed `text`. A line is printed before the answer that it is about is sent, but it is read
    /// from another pipe.
    ///
    /// # Errors
    /// [`HarnessError::TooSlow`] when it is not printed, [`HarnessError::Ended`] when the neuron is gone.
    pub fn wait_for_log(&mut self, text: &str) -> Result<(), HarnessError> {
        self.process.wait_for(|log| log.contains(text).then_some(()))
    }

    /// What it printed so far.
    pub fn log(&self) -> String {
        self.process.output()
    }

    /// Sends one request over a connection of its own.
    ///
    /// # Errors
    /// [`HarnessError::Io`] or [`HarnessError::Answer`] when no answer comes back.
    pub fn ask(&self, request: &Request) -> Result<Answer, HarnessError> {
        request.send(self.socket_address())
    }

    /// Replaces the plugin of a slot through the admin socket.
    ///
    /// # Errors
    /// [`HarnessError::TooSlow`] when the command hangs; whether it worked is in the outcome.
    pub fn swap(&self, slot: &str, plugin: &Path) -> Result<Finished, HarnessError> {
        let mut command = self.bench.soma()?;
        command.args(["plugin", "swap", slot]).arg(plugin).arg("--admin").arg(self.bench.admin_socket());
        process::run("soma plugin swap", &mut command)
    }

    /// Lists the plugins through the admin socket.
    ///
    /// # Errors
    /// As [`Neuron::swap`].
    pub fn list(&self) -> Result<Finished, HarnessError> {
        let mut command = self.bench.soma()?;
        command.args(["plugin", "list"]).arg("--admin").arg(self.bench.admin_socket());
        process::run("soma plugin list", &mut command)
    }

    /// Sends it a signal by name (`HUP`).
    ///
    /// # Errors
    /// [`HarnessError::Io`] when there is no `kill`.
    pub fn signal(&self, signal: &str) -> Result<(), HarnessError> {
        process::run("kill", Command::new("kill").args([&format!("-{signal}"), &self.id().to_string()])).map(drop)
    }

    /// Asks it to stop as an operator's service manager does (SIGTERM) and waits until it has ended.
    ///
    /// # Errors
    /// [`HarnessError::TooSlow`] when it does not end.
    pub fn stop(self) -> Result<Finished, HarnessError> {
        let id = self.process.id().to_string();
        process::run("kill", Command::new("kill").args(["-TERM", &id]))?;
        self.process.finish()
    }

    /// Ends it with a signal (`TERM`, `KILL`) and gives its folder back, to start another one in it.
    ///
    /// # Errors
    /// [`HarnessError::TooSlow`] when it does not end.
    pub fn end(self, signal: &str) -> Result<Bench, HarnessError> {
        let id = self.process.id().to_string();
        process::run("kill", Command::new("kill").args([&format!("-{signal}"), &id]))?;
        self.process.finish()?;
        Ok(self.bench)
    }
}

/// Where [`free_port`] looks: below the ports that the system gives to outgoing connections, of which some tests
/// open thousands. One of those would take a port between the look and its use.
const PORTS: std::ops::Range<u16> = 10_000..30_000;

/// A loopback port that nobody listens on at the moment.
///
/// # Errors
/// [`HarnessError::Io`] when there is none.
pub fn free_port() -> Result<u16, HarnessError> {
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let below = (0..100).find_map(|_| bind(rand::random_range(PORTS)).ok());
    let listener = below.map_or_else(|| bind(0), Ok);
    let address = listener.and_then(|listener| listener.local_addr());
    Ok(address.map_err(HarnessError::io("looking for a free port"))?.port())
}
