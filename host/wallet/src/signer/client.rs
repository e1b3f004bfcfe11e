//! The parent's side: a handle that asks the signer for signatures.
//!
//! One task owns the child and the socket and sends one intent at a time; a signature costs some 30 microseconds, so a
//! queue of its own would only hide a signer that is stuck. A second task reads whole frames, so a caller that gave up
//! never leaves half a frame behind. When the signer ends, the task ends, and every later call gets
//! [`SignerError::Gone`].

use std::os::unix::net::UnixStream as StdStream;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use soma_protocol::signature::Crypto;
use soma_protocol::ss58::PublicKey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use super::error::SignerError;
use super::frame::{self, FrameError, PREFIX_BYTES, Request, Response};
use super::intent::Intent;
use crate::access::{Access, Phase};
use crate::handover::Handover;
use crate::terminal::Echo;

/// How long a caller waits for a signature, the queue included.
const SIGN_LIMIT: Duration = Duration::from_secs(5);

/// How long loading a plain key and confining may take.
const START_LIMIT: Duration = Duration::from_secs(30);

/// How long the owner may think about the password.
const ASK_LIMIT: Duration = Duration::from_secs(300);

/// How long deriving the key may take: some seconds of one core, and the machine may be busy.
const DERIVE_LIMIT: Duration = Duration::from_secs(120);

/// How long a signer may take to end after its socket was closed, before it is killed.
const END_LIMIT: Duration = Duration::from_secs(2);

/// Callers that wait in the queue; a further one waits for a place in it, within its time.
const QUEUE: usize = 64;

/// A handle to a running signer. Clones share it; when the last one is dropped the signer is told to end.
#[derive(Clone, Debug)]
pub struct Signer {
    jobs: mpsc::Sender<Job>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    hotkey: String,
    public_key: PublicKey,
    crypto: Crypto,
    confinement: Vec<String>,
    pid: u32,
    /// How the process ended; set before the job queue closes.
    ended: OnceLock<String>,
}

#[derive(Debug)]
struct Job {
    intent: Intent,
    answer: Answer,
    deadline: Instant,
}

impl Signer {
    /// Starts `program` with `args` (for Soma: its own executable and `signer`) and has it open a key file.
    ///
    /// The child gets a socket as its standard input, no standard output, this process's standard error, `/` as its
    /// folder, and of the environment only the variables that `access` names. It leaves this process's session when
    /// the key is open. Measures of its confinement that are missing on this system are logged as warnings.
    ///
    /// # Errors
    /// [`SignerError::Spawn`], [`SignerError::BadPath`], [`SignerError::NotStarted`] with the signer's own code and
    /// help, [`SignerError::TimedOut`] after 30 s (300 s for a question at the terminal, 120 s for a derivation),
    /// [`SignerError::Gone`] when it ended before it answered.
    pub async fn start(program: &Path, args: &[&str], access: impl Into<Access>) -> Result<Self, SignerError> {
        Self::start_with(program, args, access.into(), None).await
    }

    /// As [`Signer::start`], with passwords that were taken out of this process's environment.
    ///
    /// A signer that is not waited for to the end is killed; a terminal that it asked at gets its echo back.
    ///
    /// # Errors
    /// As [`Signer::start`].
    pub async fn start_with(
        program: &Path,
        args: &[&str],
        access: Access,
        passwords: Option<Handover>,
    ) -> Result<Self, SignerError> {
        // Dropped last: when the child is gone it can take the echo no more.
        let _echo = Echo::remember();
        let bad_path = || SignerError::BadPath { path: access.keyfile().to_owned() };
        let (child, stream) = spawn(program, args, &access, passwords)?;
        let absolute = access.clone().absolute().map_err(|_| bad_path())?;
        // The only thing in it that JSON cannot take is a path that is not UTF-8.
        let open = frame::encode(&Request::Open { access: absolute }).map_err(|_| bad_path())?;
        let (connection, ready) = Connection::open(child, stream, &open).await?;
        for line in ready.confinement.iter().filter(|line| line.contains(": unavailable")) {
            tracing::warn!(pid = ready.pid, "signer confinement: {line}");
        }
        let shared = Arc::new(ready);
        let (jobs, queue) = mpsc::channel(QUEUE);
        tokio::spawn(connection.run(queue, Arc::clone(&shared)));
        Ok(Self { jobs, shared })
    }

    /// The hotkey's address.
    #[must_use]
    pub fn hotkey(&self) -> &str {
        &self.shared.hotkey
    }

    /// The hotkey.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.shared.public_key
    }

    /// The hotkey's scheme; a btauth request has to name it.
    #[must_use]
    pub fn crypto(&self) -> Crypto {
        self.shared.crypto
    }

    /// The lines of the signer's confinement report; [`soma_confine::Report::from_lines`] reads them.
    #[must_use]
    pub fn confinement(&self) -> &[String] {
        &self.shared.confinement
    }

    /// The signer's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.shared.pid
    }

    /// Whether the process was still there when last heard of.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.jobs.is_closed()
    }

    /// Has an intent signed.
    ///
    /// # Errors
    /// [`SignerError::Refused`] when a field has not its form (the signer goes on), [`SignerError::TimedOut`] after 5
    /// s, [`SignerError::Gone`] on this and every later call when the process has ended.
    pub async fn sign(&self, intent: Intent) -> Result<[u8; 64], SignerError> {
        let deadline = Instant::now() + SIGN_LIMIT;
        let (answer, signature) = oneshot::channel();
        let exchange = async {
            let job = Job { intent, answer, deadline };
            self.jobs.send(job).await.map_err(|_| self.shared.gone())?;
            signature.await.map_err(|_| self.shared.gone())?
        };
        timeout_at(deadline, exchange).await.map_err(|_| SignerError::TimedOut { limit: SIGN_LIMIT })?
    }
}

impl Shared {
    fn gone(&self) -> SignerError {
        let status = self.ended.get().cloned().unwrap_or_else(|| "its socket was closed".to_owned());
        SignerError::Gone { status }
    }
}

fn spawn(
    program: &Path,
    args: &[&str],
    access: &Access,
    passwords: Option<Handover>,
) -> Result<(Child, UnixStream), SignerError> {
    let absolute = std::path::absolute(program)?;
    let (ours, theirs) = StdStream::pair()?;
    ours.set_nonblocking(true)?;
    let child = Command::new(&absolute)
        .args(args)
        .env_clear()
        .envs(access.variables().filter_map(|name| Some((name, std::env::var_os(name)?))))
        .current_dir("/")
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
        .stdout(passwords.map_or_else(Stdio::null, Stdio::from))
        .kill_on_drop(true)
        .spawn()
        .map_err(|cause| SignerError::Spawn { program: absolute, cause })?;
    Ok((child, UnixStream::from_std(ours)?))
}

/// The child and the socket to it.
struct Connection {
    child: Child,
    writer: OwnedWriteHalf,
    answers: mpsc::Receiver<Response>,
    next_id: u64,
}

type Answer = oneshot::Sender<Result<[u8; 64], SignerError>>;

/// What to do after a job.
enum Next {
    Continue,
    /// The caller of the last job is kept waiting until it is known how the signer ended.
    Stop(Option<Answer>),
}

impl Connection {
    async fn open(child: Child, stream: UnixStream, open: &[u8]) -> Result<(Self, Shared), SignerError> {
        let pid = child.id().unwrap_or_default();
        let (reader, writer) = stream.into_split();
        let (answers_in, answers) = mpsc::channel(1);
        tokio::spawn(read_answers(reader, answers_in));
        let mut connection = Self { child, writer, answers, next_id: 0 };
        // A child that ended at once makes this fail; then its exit status says more than a broken pipe.
        let _ = connection.writer.write_all(open).await;
        match connection.first_answer().await? {
            Some(Response::Ready { hotkey, crypto, confinement }) => {
                let crypto = [Crypto::Sr25519, Crypto::Ed25519]
                    .into_iter()
                    .find(|known| known.name() == crypto)
                    .ok_or_else(|| SignerError::Protocol("the signer names an unknown scheme".to_owned()))?;
                let ended = OnceLock::new();
                let (address, public_key) = (hotkey.to_ss58(), hotkey);
                let shared = Shared { hotkey: address, public_key, crypto, confinement, pid, ended };
                Ok((connection, shared))
            }
            Some(Response::Failed { code, message, help }) => Err(SignerError::NotStarted { code, message, help }),
            Some(_) => Err(SignerError::Protocol("the first answer is not about the key".to_owned())),
            None => Err(SignerError::Gone { status: connection.end().await }),
        }
    }

    /// The first answer that is not about waiting; `None` when the signer ended.
    async fn first_answer(&mut self) -> Result<Option<Response>, SignerError> {
        let mut limit = START_LIMIT;
        loop {
            let answer = timeout(limit, self.answers.recv()).await.map_err(|_| SignerError::TimedOut { limit })?;
            limit = match answer {
                Some(Response::Busy { phase: Phase::Asking }) => ASK_LIMIT,
                Some(Response::Busy { phase: Phase::Deriving }) => {
                    tracing::info!(pid = self.child.id(), "opening the encrypted hotkey; this takes some seconds");
                    DERIVE_LIMIT
                }
                other => return Ok(other),
            };
        }
    }

    /// Serves the queue until the last handle is dropped or the signer ends.
    async fn run(mut self, mut queue: mpsc::Receiver<Job>, shared: Arc<Shared>) {
        let last_caller = loop {
            let next = tokio::select! {
                job = queue.recv() => match job {
                    Some(job) => self.serve(job).await,
                    None => Next::Stop(None),
                },
                // Nothing was asked: this is a late answer to a caller that gave up, or the end.
                answer = self.answers.recv() => match answer {
                    Some(_) => Next::Continue,
                    None => Next::Stop(None),
                },
            };
            if let Next::Stop(last_caller) = next {
                break last_caller;
            }
        };
        let status = self.end().await;
        if !queue.is_closed() {
            tracing::error!(pid = shared.pid, %status, "the signer process has ended");
        }
        // First the status, then the callers who are told by a closed channel and read it.
        let _ = shared.ended.set(status);
        drop(last_caller);
        drop(queue);
    }

    async fn serve(&mut self, job: Job) -> Next {
        if job.answer.is_closed() {
            return Next::Continue;
        }
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        let frame = match encode_sign(id, &job.intent) {
            Ok(frame) => frame,
            Err(error) => {
                let _ = job.answer.send(Err(error.into()));
                return Next::Continue;
            }
        };
        // A write that was cut off would put the socket out of step, so it ends the signer.
        if !matches!(timeout_at(job.deadline, self.writer.write_all(&frame)).await, Ok(Ok(()))) {
            return Next::Stop(Some(job.answer));
        }
        loop {
            match timeout_at(job.deadline, self.answers.recv()).await {
                Ok(Some(response)) => {
                    if let Some(result) = result_for(id, response) {
                        let _ = job.answer.send(result);
                        return Next::Continue;
                    }
                }
                Ok(None) => return Next::Stop(Some(job.answer)),
                Err(_) => {
                    let _ = job.answer.send(Err(SignerError::TimedOut { limit: SIGN_LIMIT }));
                    return Next::Continue;
                }
            }
        }
    }

    /// Closes the socket, waits for the process and says how it ended.
    async fn end(self) -> String {
        let Self { mut child, writer, answers, .. } = self;
        drop(writer);
        drop(answers);
        match timeout(END_LIMIT, child.wait()).await {
            Ok(Ok(status)) => status.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => match child.kill().await {
                Ok(()) => "it did not end by itself and was killed".to_owned(),
                Err(error) => error.to_string(),
            },
        }
    }
}

fn encode_sign(id: u64, intent: &Intent) -> Result<Vec<u8>, FrameError> {
    frame::encode(&Request::Sign { id, intent: serde_json::to_value(intent)? })
}

/// The answer to request `id`; `None` for one that was meant for a caller who is gone.
fn result_for(id: u64, response: Response) -> Option<Result<[u8; 64], SignerError>> {
    match response {
        Response::Signature { id: of, signature } if of == id => {
            let mut bytes = [0; 64];
            let decoded = hex::decode_to_slice(&signature, &mut bytes);
            let bad = |_| SignerError::Protocol("a signature is not 64 bytes".to_owned());
            Some(decoded.map(|()| bytes).map_err(bad))
        }
        Response::Refused { id: of, code, reason } if of == Some(id) => {
            Some(Err(SignerError::Refused { code, reason }))
        }
        _ => None,
    }
}

/// Reads frames until the socket ends, one cannot be read, or nobody wants them.
async fn read_answers(mut reader: OwnedReadHalf, answers: mpsc::Sender<Response>) {
    loop {
        let response = tokio::select! {
            response = read_answer(&mut reader) => response,
            () = answers.closed() => return,
        };
        let Ok(response) = response else { return };
        if answers.send(response).await.is_err() {
            return;
        }
    }
}

async fn read_answer(reader: &mut OwnedReadHalf) -> Result<Response, FrameError> {
    let mut prefix = [0; PREFIX_BYTES];
    reader.read_exact(&mut prefix).await?;
    let mut body = vec![0; frame::body_length(prefix)?];
    reader.read_exact(&mut body).await?;
    frame::decode(&body)
}
