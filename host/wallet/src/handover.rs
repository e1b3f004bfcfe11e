//! Passwords out of the environment of a process that will run guests.
//!
//! The SDKs put the password of a key file into the environment (`BT_PW_...`), where it stays for as long as the process
//! lives: in its memory and in `/proc/PID/environ`. So a process that finds such variables writes them into a file in
//! memory, makes that its standard input and starts itself again without them, under the same process id. The new
//! program never reads the file: it hands it on to the signer, which takes what it needs and empties it.

use std::convert::Infallible;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::fs::MemfdFlags;
use zeroize::Zeroizing;

use crate::access::COLDKEY_VARIABLE;
use crate::error::WalletError;
use crate::password::VARIABLE_PREFIX;

/// The file's name, by which the new program knows it.
const NAME: &str = "soma-passwords";
/// What a link to it says in `/proc`.
const LINK: &str = "/memfd:soma-passwords (deleted)";
/// Most bytes of all names and values: what Linux takes as an environment.
const MOST_BYTES: u64 = 8 << 20;

/// A file in memory with passwords, on its way to the signer.
#[derive(Debug)]
pub struct Handover(OwnedFd);

/// Where the variables with passwords are.
#[derive(Debug, Default)]
pub enum Variables {
    /// In this process's environment.
    #[default]
    Environment,
    /// Handed over: each name and each value ends with a zero byte, as in an environment.
    Handed(Zeroizing<Vec<u8>>),
}

/// Whether the environment holds a password.
#[must_use]
pub fn is_needed() -> bool {
    std::env::vars_os().any(|(name, _)| holds_password(&name))
}

/// Starts this program again, in this process and with the same arguments, without the passwords in its environment.
///
/// Call it before there are threads. It returns only when that does not work.
///
/// # Errors
/// [`WalletError::Handover`].
pub fn start_again() -> Result<Infallible, WalletError> {
    let failed = |cause| WalletError::Handover { cause };
    let (file, names) = seal().map_err(failed)?;
    Err(failed(again(names).stdin(Stdio::from(file)).exec()))
}

/// Starts this program again as [`start_again`] does, for a command that needs no password: nothing is handed over, and
/// standard input stays.
///
/// # Errors
/// [`WalletError::Handover`].
pub fn start_without() -> Result<Infallible, WalletError> {
    let names = std::env::vars_os().map(|(name, _)| name).filter(|name| holds_password(name));
    Err(WalletError::Handover { cause: again(names).exec() })
}

/// This program with the same arguments and without these variables.
fn again(names: impl IntoIterator<Item = OsString>) -> Command {
    // The path first: it keeps the process's name. It is wrong when the program's file was replaced meanwhile.
    let running = std::path::PathBuf::from("/proc/self/exe");
    let program = std::env::current_exe().ok().filter(|path| path.exists()).unwrap_or(running);
    let mut arguments = std::env::args_os();
    let mut again = Command::new(program);
    if let Some(name) = arguments.next() {
        again.arg0(name);
    }
    again.args(arguments);
    for name in names {
        again.env_remove(name);
    }
    again
}

impl Handover {
    /// Takes what [`start_again`] left on standard input, which is empty from then on; `None` when it left nothing.
    ///
    /// # Errors
    /// [`WalletError::Handover`].
    pub fn receive() -> Result<Option<Self>, WalletError> {
        if !is_handed("/proc/self/fd/0") {
            return Ok(None);
        }
        let take = || {
            let file = std::io::stdin().as_fd().try_clone_to_owned()?;
            rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
            Ok(Self(file))
        };
        take().map(Some).map_err(|cause| WalletError::Handover { cause })
    }
}

impl From<Handover> for Stdio {
    fn from(handover: Handover) -> Self {
        handover.0.into()
    }
}

impl Variables {
    /// The signer's: from the file on its standard output if there is one, which is empty and closed from then on.
    pub(crate) fn receive() -> std::io::Result<Self> {
        if !is_handed("/proc/self/fd/1") {
            return Ok(Self::Environment);
        }
        let file = File::from(std::io::stdout().as_fd().try_clone_to_owned()?);
        rustix::stdio::dup2_stdout(File::options().write(true).open("/dev/null")?)?;
        let length = usize::try_from(file.metadata()?.len().min(MOST_BYTES)).unwrap_or_default();
        // Its whole length at once: a vector that grows leaves unwiped copies behind.
        let mut bytes = Zeroizing::new(vec![0; length]);
        file.read_exact_at(&mut bytes, 0)?;
        // For all processes that still have it.
        file.set_len(0)?;
        Ok(Self::Handed(bytes))
    }

    /// The value of a variable.
    pub(crate) fn get(&self, name: &str) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Environment => std::env::var_os(name).map(|value| Zeroizing::new(value.into_vec())),
            Self::Handed(bytes) => {
                let mut fields = bytes.split(|byte| *byte == 0);
                // Two at a time; what follows the last zero byte is no name.
                while let (Some(found), Some(value)) = (fields.next(), fields.next()) {
                    if found == name.as_bytes() {
                        return Some(Zeroizing::new(value.to_vec()));
                    }
                }
                None
            }
        }
    }
}

fn holds_password(name: &OsStr) -> bool {
    name.as_bytes().starts_with(VARIABLE_PREFIX.as_bytes()) || name == COLDKEY_VARIABLE
}

/// The file, and the names of the variables in it.
fn seal() -> std::io::Result<(OwnedFd, Vec<OsString>)> {
    let mut file = File::from(rustix::fs::memfd_create(NAME, MemfdFlags::CLOEXEC)?);
    let mut names = Vec::new();
    for (name, value) in std::env::vars_os().filter(|(name, _)| holds_password(name)) {
        let value = Zeroizing::new(value.into_vec());
        for part in [name.as_bytes(), value.as_slice()] {
            file.write_all(part)?;
            file.write_all(&[0])?;
        }
        names.push(name);
    }
    Ok((file.into(), names))
}

fn is_handed(descriptor: &str) -> bool {
    std::fs::read_link(descriptor).is_ok_and(|link| link == Path::new(LINK))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn get(bytes: &[u8], name: &str) -> Option<Vec<u8>> {
        Variables::Handed(Zeroizing::new(bytes.to_vec())).get(name).map(|value| value.to_vec())
    }

    #[test]
    fn a_value_is_found_by_its_whole_name() {
        let bytes = b"BT_PW_A\0one\0BT_PW_AB\0\0BT_PW_C\0BT_PW_D\0BT_PW_D\0four\0BT_PW_E";
        for (name, value) in
            [("BT_PW_A", Some("one")), ("BT_PW_AB", Some("")), ("BT_PW_C", Some("BT_PW_D")), ("BT_PW_D", Some("four"))]
        {
            assert_eq!(get(bytes, name), value.map(|value| value.as_bytes().to_vec()), "{name}");
        }
        assert_eq!(get(bytes, "BT_PW_E"), None, "cut off");
        assert_eq!(get(bytes, "one"), None, "a value is no name");
    }

    #[test]
    fn passwords_are_told_from_other_variables() {
        for (name, expected) in [
            ("BT_PW__W_HOTKEYS_K", true),
            ("BT_WALLET_PASSWORD", true),
            ("BT_WALLET_PASSWORD_FILE", false),
            ("SOMA_WALLET_PASSWORD_FILE", false),
            ("PATH", false),
        ] {
            assert_eq!(holds_password(OsStr::new(name)), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_searched(bytes in prop::collection::vec(any::<u8>(), 0..200), name in "[A-Z_]{0,8}") {
            if let Some(value) = get(&bytes, &name) {
                prop_assert!(!value.contains(&0));
            }
        }
    }
}
