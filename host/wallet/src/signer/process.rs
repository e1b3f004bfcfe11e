//! The signer's own side: open the key, confine, answer until the socket closes.
//!
//! The password of an encrypted key is looked for here, in the places that the parent names, so that it never is in the
//! process that runs guests. Variables come from this process's environment, or handed over (see [`crate::handover`]).

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;

use miette::Diagnostic;
use soma_confine::{Policy, Profile};
use soma_protocol::signature::Crypto;
use soma_protocol::ss58::PublicKey;

use super::error::SignerError;
use super::frame::{self, Request, Response};
use super::intent::{Intent, IntentError};
use crate::access::{Access, Surroundings};
use crate::error::WalletError;
use crate::handover::Variables;
use crate::keypair::Keypair;

/// Runs the signer on standard input, which has to be a socket, until that is closed.
///
/// This is the whole of the hidden `soma signer` command. Call it first in the process, before any thread or runtime is
/// started: Landlock and `no_new_privs` cover threads that exist already only in part. After it has answered the first
/// frame the process cannot open anything any more.
///
/// # Errors
/// [`SignerError::NotASocket`] when started by hand; [`SignerError::NotStarted`] when the key cannot be loaded (the
/// parent was told); [`SignerError::Socket`] and [`SignerError::Protocol`] when the socket fails. A parent that goes
/// away is the normal end.
pub fn serve() -> Result<(), SignerError> {
    let input = std::io::stdin();
    let is_socket = rustix::fs::fstat(input.as_fd())
        .is_ok_and(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::Socket);
    if !is_socket {
        return Err(SignerError::NotASocket);
    }
    // Before the key is in memory: no other process may look at it, and a crash while loading leaves no core file.
    let _ = soma_confine::apply(Profile::KeyReader, Policy::BestEffort);
    // A plain file handle uses read and write only, the two calls that stay allowed.
    let mut socket = File::from(input.as_fd().try_clone_to_owned()?);
    let Some(body) = frame::read(&mut socket)? else {
        return Ok(());
    };
    let Request::Open { access } = frame::decode(&body)? else {
        return Err(SignerError::Protocol("the first frame does not name a key file".to_owned()));
    };
    let surroundings = Surroundings { variables: Variables::receive()?, asker: Some(input.as_fd()) };
    let opened = open(&mut socket, &access, &surroundings);
    // With the passwords in it.
    drop(surroundings);
    let mut key = match opened {
        Ok(key) => Answerer::new(key),
        Err(error) => return Err(report_failure(&mut socket, &error)?),
    };
    // A session of its own: from here on Ctrl-C in the terminal reaches the parent alone, and there is no terminal any
    // more. Not earlier, because a question at the terminal needs it. It fails only for a session's leader.
    let _ = rustix::process::setsid();
    let confinement = match soma_confine::apply(Profile::Signer, Policy::BestEffort) {
        Ok(report) => report.lines(),
        Err(error) => return Err(report_failure(&mut socket, &error)?),
    };
    let crypto = key.crypto.name().to_owned();
    frame::write(&mut socket, &Response::Ready { hotkey: key.hotkey, crypto, confinement })?;
    answer_all(&mut socket, &mut key)
}

/// The derivation and its 512 MiB run here, before the confinement and far from guests; they are over, wiped and given
/// back when this returns. A parent that cannot be told how far it is has gone, which the next read will see.
fn open(socket: &mut impl Write, access: &Access, surroundings: &Surroundings<'_>) -> Result<Keypair, WalletError> {
    access.open_within(surroundings, |phase| {
        let _ = frame::write(socket, &Response::Busy { phase });
    })
}

/// Tells the parent why there is no signer, and gives the same as this process's own error.
fn report_failure(socket: &mut impl Write, error: &dyn Diagnostic) -> Result<SignerError, SignerError> {
    let code = error.code().map_or_else(String::new, |code| code.to_string());
    let help = error.help().map_or_else(String::new, |help| help.to_string());
    let message = error.to_string();
    let failed = Response::Failed { code: code.clone(), message: message.clone(), help: help.clone() };
    frame::write(socket, &failed)?;
    Ok(SignerError::NotStarted { code, message, help })
}

fn answer_all<S: Read + Write>(socket: &mut S, key: &mut Answerer) -> Result<(), SignerError> {
    while let Some(body) = next(socket)? {
        frame::write(socket, &key.answer(&body))?;
    }
    Ok(())
}

/// A parent that was killed resets the socket instead of closing it when an answer was still unread.
fn next(socket: &mut impl Read) -> Result<Option<Vec<u8>>, SignerError> {
    match frame::read(socket) {
        Err(frame::FrameError::Io(error)) if error.kind() == std::io::ErrorKind::ConnectionReset => Ok(None),
        other => Ok(other?),
    }
}

/// The key with what every answer needs of it.
struct Answerer {
    key: Keypair,
    hotkey: PublicKey,
    crypto: Crypto,
    /// The first block of the chain that extrinsics were signed for; the first one decides.
    genesis: Option<[u8; 32]>,
}

impl Answerer {
    fn new(key: Keypair) -> Self {
        let (hotkey, crypto) = (key.public_key(), key.crypto());
        Self { key, hotkey, crypto, genesis: None }
    }

    /// Every frame gets an answer: an odd one is refused and the signer goes on.
    fn answer(&mut self, body: &[u8]) -> Response {
        let Ok(Request::Sign { id, intent }) = frame::decode(body) else {
            return refusal(None, &IntentError::Unknown);
        };
        let message = serde_json::from_value::<Intent>(intent)
            .map_err(|_| IntentError::Unknown)
            .and_then(|intent| self.message(&intent));
        match message {
            Ok(message) => Response::Signature { id, signature: hex::encode(self.key.sign(&message)) },
            Err(error) => refusal(Some(id), &error),
        }
    }

    /// The message of an intent. The bytes of a call may mean another one on another chain, so once there is a signature
    /// for one chain there is none for any other.
    fn message(&mut self, intent: &Intent) -> Result<Vec<u8>, IntentError> {
        let message = intent.message(&self.hotkey, self.crypto)?;
        if let Intent::Extrinsic { terms, .. } = intent
            && *self.genesis.get_or_insert(terms.genesis) != terms.genesis
        {
            return Err(IntentError::Chain);
        }
        Ok(message)
    }
}

fn refusal(id: Option<u64>, error: &IntentError) -> Response {
    let code = error.code().map_or_else(String::new, |code| code.to_string());
    Response::Refused { id, code, reason: error.to_string() }
}
