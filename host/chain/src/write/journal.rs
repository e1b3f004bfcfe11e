//! What was signed, kept on disk until it is known what became of it.
//!
//! One file for each account of a chain, with at most one extrinsic in it: a second one is signed only when the first is
//! in a final block or can no longer be in one. It is written, and on the disk, before the extrinsic is sent. So after a
//! crash at any point there is either no extrinsic under way or its bytes are here: they can be looked for in the blocks,
//! and sent again, which the chain takes for the same extrinsic because their nonce is the same.
//!
//! A lock on a file beside it keeps a second process, or a second task of this one, from signing for the same account.
//! It ends with the process that holds it. A file that cannot be read is an error: guessing would mean to send twice.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use miette::Diagnostic;
use soma_protocol::ss58::PublicKey;
use subxt::utils::H256;
use thiserror::Error;
use tokio::time::Instant;

use super::entry::{self, Entry};

/// The largest file that is read, in bytes. The longest call (4,096 weights) takes some 100 kB.
const LARGEST: u64 = 1 << 20;

/// How often a taken lock is tried.
const TRY: Duration = Duration::from_millis(50);

/// Why an extrinsic cannot be kept, or a kept one not be read.
#[derive(Debug, Error, Diagnostic)]
pub enum JournalError {
    /// The file system refused.
    #[error("cannot {action} {}: {cause}", path.display())]
    #[diagnostic(
        code(soma::chain::journal),
        help("check the folder's owner and free space: nothing is sent that was not kept first")
    )]
    Io {
        /// What was done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },

    /// The file is not what was written.
    #[error("the kept extrinsic in {} cannot be used: {detail}", path.display())]
    #[diagnostic(
        code(soma::chain::journal_damaged),
        help(
            "an extrinsic may be under way, so nothing is sent: look up the account's last extrinsics in a block explorer, \
             and delete the file an hour after it was written; by then it can be in no block any more"
        )
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },

    /// Somebody else writes for this account.
    #[error("another process is sending for {account}, since more than {} s", limit.as_secs())]
    #[diagnostic(code(soma::chain::journal_busy), help("wait until it is done, and try again"))]
    Busy {
        /// The account.
        account: PublicKey,
        /// How long we waited.
        limit: Duration,
    },
}

impl JournalError {
    pub(super) fn passes(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }
}

/// A folder of kept extrinsics.
#[derive(Debug, Clone)]
pub struct Journal {
    folder: PathBuf,
}

impl Journal {
    /// Takes a folder, which is made if it is not there; its parents too.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, JournalError> {
        let folder = folder.into();
        std::fs::create_dir_all(&folder).map_err(|cause| JournalError::Io {
            action: "make",
            path: folder.clone(),
            cause,
        })?;
        Ok(Self { folder })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The page of an account of a chain.
    pub(super) fn page(&self, genesis: H256, account: PublicKey) -> Page {
        let chain = hex::encode(genesis.0.first_chunk::<8>().copied().unwrap_or_default());
        Page { path: self.folder.join(format!("{chain}-{account}.json")), genesis, account }
    }
}

/// The file of one account of one chain.
#[derive(Debug, Clone)]
pub(super) struct Page {
    path: PathBuf,
    genesis: H256,
    account: PublicKey,
}

/// A page that nobody else writes to while this, or a clone of it, lives.
#[derive(Debug, Clone)]
pub(super) struct Held {
    page: Page,
    _lock: Arc<File>,
}

impl Page {
    /// Waits until nobody else writes for this account.
    pub(super) async fn hold(self, limit: Duration) -> Result<Held, JournalError> {
        let path = self.path.with_extension("lock");
        let failed = |cause| JournalError::Io { action: "lock", path: path.clone(), cause };
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
        let until = Instant::now() + limit;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Held { page: self, _lock: Arc::new(file) }),
                Err(TryLockError::Error(cause)) => return Err(failed(cause)),
                Err(TryLockError::WouldBlock) if Instant::now() >= until => {
                    return Err(JournalError::Busy { account: self.account, limit });
                }
                Err(TryLockError::WouldBlock) => tokio::time::sleep(TRY).await,
            }
        }
    }

    /// What is kept; nothing if there is no file.
    pub(super) fn load(&self) -> Result<Option<Entry>, JournalError> {
        let failed = |cause| JournalError::Io { action: "read", path: self.path.clone(), cause };
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(failed(cause)),
        };
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
        let damaged = |detail: String| JournalError::Damaged { path: self.path.clone(), detail };
        let entry = entry::parse(&bytes).map_err(damaged)?;
        match entry.genesis == self.genesis && entry.account == self.account {
            true => Ok(Some(entry)),
            false => Err(damaged("it is of another account or chain".to_owned())),
        }
    }
}

impl Held {
    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.page.path
    }

    /// What is kept; nothing if there is no file.
    pub(super) fn load(&self) -> Result<Option<Entry>, JournalError> {
        self.page.load()
    }

    /// Keeps an extrinsic. When this returns it is on the disk, and so is its name.
    pub(super) fn store(&self, entry: &Entry) -> Result<(), JournalError> {
        let failed = |cause| JournalError::Io { action: "write", path: self.path().to_owned(), cause };
        let text = entry::text(entry).map_err(|error| failed(error.into()))?;
        let beside = self.path().with_extension("new");
        let mut file = File::create(&beside).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        std::fs::rename(&beside, self.path()).map_err(failed)?;
        self.sync().map_err(failed)
    }

    /// Lets go of what is kept.
    pub(super) fn remove(&self) -> Result<(), JournalError> {
        let failed = |cause| JournalError::Io { action: "remove", path: self.path().to_owned(), cause };
        match std::fs::remove_file(self.path()) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed.and_then(|()| self.sync()).map_err(failed),
        }
    }

    /// Brings the folder's list of names to the disk.
    fn sync(&self) -> std::io::Result<()> {
        self.path().parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            version: Entry::VERSION,
            call: "SubtensorModule.add_stake".to_owned(),
            account: PublicKey([7; 32]),
            genesis: H256([1; 32]),
            hash: H256([2; 32]),
            nonce: 3,
            birth: 100,
            checkpoint: H256([4; 32]),
            last_valid: 163,
            spec_version: 393,
            transaction_version: 1,
            call_bytes: vec![7, 2],
            bytes: vec![1, 2, 3],
        }
    }

    fn page(folder: &Path) -> Page {
        Journal::open(folder.join("a/b")).unwrap().page(H256([1; 32]), PublicKey([7; 32]))
    }

    async fn held(folder: &Path) -> Held {
        page(folder).hold(Duration::ZERO).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_kept_is_found_until_it_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let page = held(folder.path()).await;
        assert_eq!(page.load().unwrap(), None);
        page.store(&entry()).unwrap();
        page.store(&Entry { nonce: 4, ..entry() }).unwrap();
        assert_eq!(page.load().unwrap(), Some(Entry { nonce: 4, ..entry() }));
        let other = Journal::open(folder.path().join("a/b")).unwrap().page(H256([9; 32]), PublicKey([7; 32]));
        assert_eq!(other.load().unwrap(), None);
        page.remove().unwrap();
        page.remove().unwrap();
        assert_eq!(page.load().unwrap(), None);
    }

    #[tokio::test]
    async fn a_damaged_file_is_an_error_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let page = held(folder.path()).await;
        page.store(&entry()).unwrap();
        let whole = std::fs::read(page.path()).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(page.path(), &whole[..cut]).unwrap();
            assert!(matches!(page.load(), Err(JournalError::Damaged { .. })), "{cut} bytes");
        }
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            std::fs::write(page.path(), &changed).unwrap();
            assert!(matches!(page.load(), Err(JournalError::Damaged { .. })), "byte {place}");
        }
        assert!(page.path().exists());
    }

    #[tokio::test]
    async fn a_file_of_another_account_or_form_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let page = held(folder.path()).await;
        for other in [
            Entry { account: PublicKey([8; 32]), ..entry() },
            Entry { genesis: H256([8; 32]), ..entry() },
            Entry { version: 2, ..entry() },
        ] {
            page.store(&other).unwrap();
            assert!(matches!(page.load(), Err(JournalError::Damaged { .. })), "{other:?}");
        }
    }

    #[tokio::test]
    async fn one_at_a_time_writes_for_an_account() {
        let folder = tempfile::tempdir().unwrap();
        let page = page(folder.path());
        let soon = Duration::from_millis(120);
        let hold = page.clone().hold(soon).await.unwrap();
        let error = page.clone().hold(soon).await.unwrap_err();
        assert!(matches!(error, JournalError::Busy { .. }) && error.passes());
        drop(hold);
        page.hold(soon).await.unwrap();
    }
}
