//! The running host of the demo.

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use soma_e2e::account::{ALICE, BOB};
use soma_e2e::neuron::{Bench, free_port};
use soma_e2e::process::{self, Finished, LIMIT};
use soma_e2e::wire::{Answer, Request};
use soma_e2e::{HarnessError, Settings, Slot, places};

use crate::report::{Outcome, Report};

/// How often the port is tried while the host starts.
const KNOCK: Duration = Duration::from_millis(50);
/// The slot that answers.
pub const SLOT: &str = "text";
/// Its routes.
const ROUTES: [&str; 2] = ["TextGeneration", "ImageGeneration"];
/// What the gate asks for, in whole alpha.
pub const MIN_STAKE: &str = "10";
/// The address that it publishes; the chain takes no 127.0.0.1.
const PUBLISHED_IP: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// A `soma run` whose log is a file, so that it can outlive the demo.
pub struct Host {
    child: Child,
    address: SocketAddr,
    bench: Bench,
}

impl Host {
    /// Starts it on the chain at `url` and waits until it takes connections.
    pub fn start(bench: Bench, url: &str) -> Result<Host, HarnessError> {
        let config = bench.write("soma.toml", settings()?.text().as_bytes())?;
        let port = free_port()?;
        let log = File::create(log_of(&bench)).map_err(HarnessError::io("creating the log"))?;
        let errors = log.try_clone().map_err(HarnessError::io("creating the log"))?;
        // A group of its own: Ctrl-C ends the demo, and the demo ends the host.
        let child = bench
            .run_command_published(url, &config, ALICE, port)?
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(HarnessError::io("starting soma run"))?;
        let mut host = Host { child, address: SocketAddr::new(PUBLISHED_IP, port), bench };
        host.wait()?;
        Ok(host)
    }

    fn wait(&mut self) -> Result<(), HarnessError> {
        let what = || "soma run".to_owned();
        let deadline = Instant::now() + LIMIT;
        while TcpStream::connect_timeout(&self.address, KNOCK).is_err() {
            if let Some(status) = self.child.try_wait().map_err(HarnessError::io("waiting for soma run"))? {
                return Err(HarnessError::Ended { what: what(), status: status.to_string(), output: self.log() });
            }
            if Instant::now() > deadline {
                return Err(HarnessError::TooSlow { what: what(), limit: LIMIT, output: self.log() });
            }
            std::thread::sleep(KNOCK);
        }
        Ok(())
    }

    /// Prints where it is.
    pub fn describe(&self) {
        println!("  listening on {}, hotkey {} (the development key //Alice)", self.address, ALICE.hotkey);
        println!("  folder {}", self.bench.path().display());
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The key file of the caller `//Bob`.
    pub fn caller_key(&self) -> PathBuf {
        self.bench.wallets().join(BOB.name).join("hotkeys/default")
    }

    /// Sends one request on a connection of its own.
    pub fn ask(&self, request: &Request) -> Result<Answer, HarnessError> {
        request.send(self.address)
    }

    /// `soma plugin swap`.
    pub fn swap(&self, plugin: &Path) -> Result<Finished, HarnessError> {
        let mut command = self.bench.soma()?;
        command.args(["plugin", "swap", SLOT]).arg(plugin).arg("--admin").arg(self.bench.admin_socket());
        process::run("soma plugin swap", &mut command)
    }

    /// Ends it as an operator would, and checks that it ends well.
    pub fn stop(mut self, report: &mut Report) -> Result<(), HarnessError> {
        report.chapter("Stop");
        let id = self.child.id().to_string();
        let told = process::run("kill", std::process::Command::new("kill").args(["-TERM", &id]))?;
        let deadline = Instant::now() + LIMIT;
        let ended = loop {
            match self.child.try_wait().map_err(HarnessError::io("waiting for soma run"))? {
                Some(status) => break Some(status),
                None if Instant::now() > deadline => break None,
                None => std::thread::sleep(KNOCK),
            }
        };
        let well = told.status.success() && ended.is_some_and(|status| status.success());
        let answer = ended.map_or("still running".to_owned(), |status| status.to_string());
        report.check(Outcome::of(well), "SIGTERM", &answer, "requests that are in come to their end, then it stops");
        Ok(())
    }

    /// Leaves it running and says how to talk to it.
    pub fn leave(self) {
        let soma = places::soma().map_or("soma".to_owned(), |path| path.display().to_string());
        let wallets = self.bench.wallets().display().to_string();
        println!("\nThe host goes on running, by the last state of its chain, which ends with the demo. Try:");
        println!(
            "  {soma} query {} TextGeneration '{{\"prompt\": \"hello world\"}}' --hotkey {} \\\n    --wallet.path {wallets} --wallet.name {} --wallet.hotkey default",
            self.address, ALICE.hotkey, BOB.name
        );
        println!("  {soma} plugin list --admin {}", self.bench.admin_socket().display());
        println!("Its log is {}. Stop it: kill {}", log_of(&self.bench).display(), self.child.id());
        // Dropping it would end the process and remove its folder.
        std::mem::forget(self);
    }

    fn log(&self) -> String {
        std::fs::read_to_string(log_of(&self.bench)).unwrap_or_default()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A gate and an order by stake, the miner behind them, and a slow plugin with a single place.
fn settings() -> Result<Settings, HarnessError> {
    let by_stake = |name, plugin| Slot::with_all_routes(name, plugin).grant(&["config", "metagraph"]);
    let gate = by_stake("gate", places::guest("stake-gate")?).config("min-stake", MIN_STAKE);
    let order = by_stake("order", places::guest("stake-priority")?);
    let text = Slot::new(SLOT, places::guest("text-miner-rust")?, &ROUTES).grant(&["config"]);
    let one: toml::Table = [("in-flight".to_owned(), toml::Value::from(1))].into_iter().collect();
    let slow = Slot::with_all_routes("slow", places::guest("warm_init")?).grant(&["config"]).with("budget", one);
    Ok(Settings::default().slot(gate).slot(order).slot(text).slot(slow))
}

fn log_of(bench: &Bench) -> PathBuf {
    bench.path().join("soma.log")
}
