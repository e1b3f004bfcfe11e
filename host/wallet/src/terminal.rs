//! Questions at the terminal whose answers are not shown.
//!
//! The questions go to `/dev/tty`, so they work when standard input or output is something else. While an answer is
//! typed the terminal echoes nothing. It has its echo back before the process ends by a signal, before a signer ends
//! whose parent has gone, and when a parent kills its signer. Ctrl-C ends the question and not the process.

mod signals;

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use zeroize::Zeroizing;

use self::signals::HeldBack;
use crate::error::WalletError;
use crate::password::{LONGEST_BYTES, Password};

/// What Ctrl-C types.
const CANCEL: u8 = 0x03;

/// The process's terminal.
#[derive(Debug)]
pub struct Terminal {
    tty: File,
    /// Closed by the other end when nobody waits for an answer any more.
    asker: Option<OwnedFd>,
}

impl Terminal {
    /// Opens the terminal; `None` when there is none, or when this process is in its background, where asking would
    /// stop it.
    #[must_use]
    pub fn open() -> Option<Self> {
        Some(Self { tty: foreground()?, asker: None })
    }

    /// The same; a question ends as if it was cancelled when the other end of this socket is closed.
    #[must_use]
    pub fn asked_by(mut self, asker: Option<BorrowedFd<'_>>) -> Self {
        self.asker = asker.and_then(|asker| asker.try_clone_to_owned().ok());
        self
    }

    /// Asks once. The answer comes without its line end and may be empty.
    ///
    /// # Errors
    /// [`WalletError::Cancelled`] for Ctrl-C or an end of input, [`WalletError::Terminal`] when the terminal fails.
    pub fn ask(&mut self, question: &str) -> Result<Zeroizing<String>, WalletError> {
        // Dropped after the quiet: it may end the process.
        let signals = HeldBack::start();
        let quiet = Quiet::start(&self.tty)?;
        let answer = write_all(&self.tty, question).and_then(|()| {
            self.wait(signals.as_ref())?;
            read_line(&self.tty)
        });
        drop(quiet);
        // The Enter was not echoed either.
        write_all(&self.tty, "\n")?;
        answer
    }

    /// Waits for a line, a signal or the end of the asker.
    fn wait(&self, signals: Option<&HeldBack>) -> Result<(), WalletError> {
        let tty = PollFd::new(&self.tty, PollFlags::IN);
        let signal = signals.map(|signals| PollFd::from_borrowed_fd(signals.woken(), PollFlags::IN));
        let asker = self.asker.as_ref().map(|asker| PollFd::from_borrowed_fd(asker.as_fd(), PollFlags::RDHUP));
        let mut all: Vec<PollFd<'_>> = [Some(tty), signal, asker].into_iter().flatten().collect();
        loop {
            match poll(&mut all, None) {
                Ok(_) => break,
                Err(Errno::INTR) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        let stopped = all.iter().skip(1).any(|other| !other.revents().is_empty());
        if stopped { Err(WalletError::Cancelled) } else { Ok(()) }
    }

    /// Asks for the password of an existing file.
    ///
    /// # Errors
    /// As [`Terminal::ask`]; an empty answer is [`WalletError::Cancelled`].
    pub fn ask_password(&mut self, question: &str) -> Result<Password, WalletError> {
        Password::new(&self.ask(question)?).ok_or(WalletError::Cancelled)
    }

    /// Asks for the password of a new file, twice.
    ///
    /// # Errors
    /// As [`Terminal::ask_password`]; [`WalletError::PasswordsDiffer`], [`WalletError::ShortPassword`].
    pub fn ask_new_password(&mut self, question: &str) -> Result<Password, WalletError> {
        let first = self.ask_password(question)?;
        first.check_new()?;
        let again = self.ask_password("The same once more: ")?;
        if first == again { Ok(first) } else { Err(WalletError::PasswordsDiffer) }
    }
}

/// A terminal without echo, until this is dropped.
struct Quiet<'a> {
    tty: &'a File,
    before: Termios,
}

impl<'a> Quiet<'a> {
    fn start(tty: &'a File) -> Result<Self, WalletError> {
        let before = rustix::termios::tcgetattr(tty).map_err(failed)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ISIG);
        // Without signals Ctrl-C is a character; as a line end it is seen at once.
        quiet.special_codes[SpecialCodeIndex::VEOL] = CANCEL;
        rustix::termios::tcsetattr(tty, OptionalActions::Flush, &quiet).map_err(failed)?;
        Ok(Self { tty, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // A terminal that is gone needs no echo.
        let _ = rustix::termios::tcsetattr(self.tty, OptionalActions::Now, &self.before);
    }
}

/// The terminal as it was before another process asked at it. Its echo comes back when this is dropped.
#[derive(Debug)]
pub(crate) struct Echo {
    tty: File,
    before: Termios,
}

impl Echo {
    /// `None` when there is no terminal to ask at.
    pub fn remember() -> Option<Self> {
        let tty = foreground()?;
        let before = rustix::termios::tcgetattr(&tty).ok()?;
        Some(Self { tty, before })
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let echoes = |modes: &Termios| modes.local_modes.contains(LocalModes::ECHO);
        let lost = rustix::termios::tcgetattr(&self.tty).is_ok_and(|now| !echoes(&now)) && echoes(&self.before);
        if lost {
            // A terminal that is gone needs no echo.
            let _ = rustix::termios::tcsetattr(&self.tty, OptionalActions::Now, &self.before);
            let _ = write_all(&self.tty, "\n");
        }
    }
}

/// The terminal, if this process may change it.
fn foreground() -> Option<File> {
    let tty = OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    let foreground = rustix::termios::tcgetpgrp(&tty).ok()?;
    (foreground == rustix::process::getpgrp()).then_some(tty)
}

fn failed(errno: Errno) -> WalletError {
    WalletError::Terminal { cause: errno.into() }
}

fn write_all(mut tty: &File, text: &str) -> Result<(), WalletError> {
    tty.write_all(text.as_bytes()).map_err(|cause| WalletError::Terminal { cause })
}

/// A terminal gives one line a read.
fn read_line(mut tty: &File) -> Result<Zeroizing<String>, WalletError> {
    let mut line = Zeroizing::new([0; LONGEST_BYTES + 1]);
    let length = loop {
        match tty.read(line.as_mut()) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            other => break other.map_err(|cause| WalletError::Terminal { cause })?,
        }
    };
    answer(line.get(..length).unwrap_or_default())
}

fn answer(line: &[u8]) -> Result<Zeroizing<String>, WalletError> {
    if line.is_empty() || line.contains(&CANCEL) {
        return Err(WalletError::Cancelled);
    }
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let text = std::str::from_utf8(line).map_err(|_| WalletError::Cancelled)?;
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_line_is_an_answer_or_cancelled(line in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(text) = answer(&line) {
                prop_assert!(!text.as_bytes().contains(&CANCEL) && text.len() <= line.len());
            }
        }
    }

    #[test]
    fn a_line_is_an_answer_unless_it_was_cancelled() {
        assert_eq!(answer(b"correct horse\n").unwrap().as_str(), "correct horse");
        assert_eq!(answer(b"\n").unwrap().as_str(), "");
        for line in [&b""[..], b"\x03", b"corr\x03", b"\xff\n"] {
            assert!(matches!(answer(line), Err(WalletError::Cancelled)), "{line:?}");
        }
    }
}
