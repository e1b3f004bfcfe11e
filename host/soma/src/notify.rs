//! What the service manager is told: that the host serves, is reloading, is alive, is stopping.
//!
//! systemd names a datagram socket in `NOTIFY_SOCKET` (`Type=notify` or `notify-reload`) and, when it watches the process,
//! the longest silence in `WATCHDOG_USEC`. Without the first of them nothing here does anything. A message that cannot be
//! sent is a line in the debug log: a manager that does not listen is no reason to stop serving.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Variable that names the socket: a path, or after `@` a name without a file.
const SOCKET: &str = "NOTIFY_SOCKET";
/// Variable with the longest silence, in microseconds.
const WATCHDOG: &str = "WATCHDOG_USEC";
/// Variable with the process that the silence is meant for.
const WATCHED: &str = "WATCHDOG_PID";

/// The service manager, if there is one that wants to know.
#[derive(Debug, Default)]
pub struct ServiceManager {
    socket: Option<(UnixDatagram, SocketAddr)>,
    silence: Option<Duration>,
    /// What was said last of each thing: one line holds all of it, and nothing of it hides the rest.
    said: Mutex<[String; 3]>,
}

/// What a line for people is about.
#[derive(Clone, Copy, Debug)]
pub enum About {
    /// Whether the host serves, and what came of the last reload.
    Host,
    /// What is wrong with the chain.
    Chain,
    /// Where the chain tells callers to go.
    Address,
}

impl ServiceManager {
    /// The one that the environment names.
    pub fn from_env() -> ServiceManager {
        let Some(name) = std::env::var_os(SOCKET).filter(|name| !name.is_empty()) else {
            return ServiceManager::default();
        };
        let number = |variable| std::env::var(variable).ok().and_then(|text| text.parse::<u64>().ok());
        let is_meant = number(WATCHED).is_none_or(|id| id == u64::from(std::process::id()));
        let silence = number(WATCHDOG).filter(|micros| is_meant && *micros > 0).map(Duration::from_micros);
        match open(&name) {
            Ok(socket) => ServiceManager { socket: Some(socket), silence, said: Mutex::default() },
            Err(error) => {
                tracing::warn!(%error, socket = %name.display(), "the service manager cannot be told anything");
                ServiceManager::default()
            }
        }
    }

    /// The host serves, for the first time or again after a reload. `status` is for people.
    pub fn ready(&self, status: &str) {
        let line = self.line(About::Host, status);
        self.send(&format!("READY=1\nSTATUS={line}"));
    }

    /// How something is, for people; nothing to say of it when `status` is empty.
    pub fn status(&self, about: About, status: &str) {
        let line = self.line(about, status);
        self.send(&format!("STATUS={line}"));
    }

    /// The line that says all that is known.
    fn line(&self, about: About, status: &str) -> String {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(part) = said.get_mut(about as usize) {
            *part = one_line(status);
        }
        said.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join("; ")
    }

    /// The configuration is being read again; [`ServiceManager::ready`] ends that.
    pub fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let micros = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1000;
        self.send(&format!("RELOADING=1\nMONOTONIC_USEC={micros}\nSTATUS=reading the configuration again"));
    }

    /// The last requests are being answered.
    pub fn stopping(&self) {
        self.send("STOPPING=1\nSTATUS=answering the last requests");
    }

    /// Says that the host is alive, twice within each silence that the manager allows; never, if it does not watch. It has
    /// to run on the threads that serve: when these hang, so does this.
    pub async fn beat(&self) {
        let Some(silence) = self.silence else { return std::future::pending().await };
        let mut due = tokio::time::interval(silence / 2);
        loop {
            due.tick().await;
            self.send("WATCHDOG=1");
        }
    }

    fn send(&self, message: &str) {
        let Some((socket, manager)) = &self.socket else { return };
        if let Err(error) = socket.send_to_addr(message.as_bytes(), manager) {
            tracing::debug!(%error, "the service manager was not told");
        }
    }
}

fn open(name: &OsStr) -> io::Result<(UnixDatagram, SocketAddr)> {
    let address = match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        [b'/', ..] => SocketAddr::from_pathname(name)?,
        _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "neither a path nor an abstract name")),
    };
    let socket = UnixDatagram::unbound()?;
    // A manager that does not read must not hold up a request.
    socket.set_nonblocking(true)?;
    Ok((socket, address))
}

/// A line break would start another assignment.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manager(silence: Option<Duration>) -> (ServiceManager, UnixDatagram, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let listener = UnixDatagram::bind(&path).unwrap();
        listener.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let socket = Some(open(path.as_os_str()).unwrap());
        (ServiceManager { socket, silence, said: Mutex::default() }, listener, folder)
    }

    fn heard(listener: &UnixDatagram) -> String {
        let mut bytes = [0; 512];
        let length = listener.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    #[test]
    fn each_message_is_one_datagram_of_assignments() {
        let (manager, listener, _folder) = manager(None);
        manager.ready("serving\nMAINPID=1");
        assert_eq!(heard(&listener), "READY=1\nSTATUS=serving MAINPID=1");
        manager.reloading();
        let said = heard(&listener);
        let at = said.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").and_then(|rest| rest.split_once('\n')).unwrap().0;
        assert!(at.parse::<u64>().unwrap() > 0, "{said}");
        manager.stopping();
        assert!(heard(&listener).starts_with("STOPPING=1\n"));
    }

    #[test]
    fn what_is_said_of_one_thing_does_not_hide_another() {
        let (manager, listener, _folder) = manager(None);
        manager.ready("serving");
        manager.status(About::Chain, "the chain cannot be read");
        manager.ready("serving, read again");
        manager.status(About::Address, "the address is published");
        manager.status(About::Chain, "");
        let said: Vec<String> = (0..5).map(|_| heard(&listener)).collect();
        assert_eq!(
            said,
            [
                "READY=1\nSTATUS=serving",
                "STATUS=serving; the chain cannot be read",
                "READY=1\nSTATUS=serving, read again; the chain cannot be read",
                "STATUS=serving, read again; the chain cannot be read; the address is published",
                "STATUS=serving, read again; the address is published",
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn it_beats_twice_within_the_silence_and_not_when_nobody_watches() {
        let (watching, listener, _folder) = manager(Some(Duration::from_secs(20)));
        let over = tokio::time::timeout(Duration::from_secs(35), watching.beat()).await;
        assert!(over.is_err());
        listener.set_nonblocking(true).unwrap();
        let mut bytes = [0; 64];
        let beats = std::iter::from_fn(|| listener.recv(&mut bytes).ok()).count();
        assert_eq!(beats, 4);
        let (silent, listener, _folder) = manager(None);
        assert!(tokio::time::timeout(Duration::from_secs(3600), silent.beat()).await.is_err());
        listener.set_nonblocking(true).unwrap();
        assert!(listener.recv(&mut bytes).is_err());
    }

    #[test]
    fn without_a_socket_nothing_happens_and_odd_names_are_errors() {
        let nobody = ServiceManager::default();
        nobody.ready("x");
        nobody.stopping();
        for name in ["relative", "vsock:2:1", ""] {
            assert!(open(OsStr::new(name)).is_err(), "{name:?}");
        }
        assert!(open(OsStr::new("@a-name")).is_ok());
    }

    #[test]
    fn a_manager_that_does_not_read_holds_up_nobody() {
        let (manager, _listener, _folder) = manager(None);
        for _ in 0..10_000 {
            manager.status(About::Host, "busy");
        }
    }
}
