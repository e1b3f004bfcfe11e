//! A log file that is put aside when a day ends or when it is full.
//!
//! `soma.log` is the one that is written; `soma.log.1` is the newest of those that were put aside. A day ends at
//! midnight UTC, also while no host was running.
//!
//! What bounds it: a file has at most the size it was given (more only by the one line that did not fit an empty file),
//! and so many files are kept beside it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The file's name in its folder.
pub const NAME: &str = "soma.log";
/// Callers' addresses are nobody else's business; the group may read, for collectors of logs.
const MODE: u32 = 0o640;
const SECONDS_OF_A_DAY: u64 = 86_400;

/// The file, open for appending.
pub struct RotatedFile {
    folder: PathBuf,
    most: u64,
    kept: usize,
    file: File,
    size: u64,
    /// The day of its first line, counted from 1970.
    day: u64,
    today: fn() -> u64,
}

impl RotatedFile {
    /// Opens the file in this folder, which is made when it is not there. `most` is in bytes, `kept` the number of
    /// files beside it.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(folder: &Path, most: u64, kept: usize) -> io::Result<RotatedFile> {
        RotatedFile::open_at(folder, most, kept, today)
    }

    fn open_at(folder: &Path, most: u64, kept: usize, today: fn() -> u64) -> io::Result<RotatedFile> {
        fs::create_dir_all(folder)?;
        let file = append(&folder.join(NAME))?;
        let meta = file.metadata()?;
        let day = if meta.len() == 0 { today() } else { meta.modified().map_or(today(), day_of) };
        Ok(RotatedFile { folder: folder.to_owned(), most, kept, file, size: meta.len(), day, today })
    }

    /// Puts the file aside and begins a new one.
    fn rotate(&mut self) -> io::Result<()> {
        if self.kept == 0 {
            self.file.set_len(0)?;
            return Ok(());
        }
        for number in (1..self.kept).rev() {
            match fs::rename(self.aside(number), self.aside(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(self.folder.join(NAME), self.aside(1))?;
        self.file = append(&self.folder.join(NAME))?;
        Ok(())
    }

    fn aside(&self, number: usize) -> PathBuf {
        self.folder.join(format!("{NAME}.{number}"))
    }
}

impl Write for RotatedFile {
    /// Writes one line, whole.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let (today, length) = ((self.today)(), u64::try_from(line.len()).unwrap_or(u64::MAX));
        let full = self.size.saturating_add(length) > self.most;
        if self.size > 0 && (full || today != self.day) {
            // A file that cannot be put aside is written on: a log that is too long is better than none. The next try
            // comes when as much was written again.
            let _ = self.rotate();
            self.size = 0;
        }
        self.day = today;
        self.file.write_all(line)?;
        self.size = self.size.saturating_add(length);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(MODE).open(path)
}

fn today() -> u64 {
    day_of(SystemTime::now())
}

fn day_of(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / SECONDS_OF_A_DAY
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        static DAY: Cell<u64> = const { Cell::new(20_000) };
    }

    fn open(folder: &Path, most: u64, kept: usize) -> RotatedFile {
        RotatedFile::open_at(folder, most, kept, || DAY.get()).unwrap()
    }

    /// The files' texts, the newest first.
    fn texts(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names.iter().map(|name| fs::read_to_string(folder.join(name)).unwrap()).collect()
    }

    #[test]
    fn a_full_file_is_put_aside_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = open(folder.path(), 12, 2);
        for number in 0..9 {
            log.write_all(format!("line{number}\n").as_bytes()).unwrap();
        }
        assert_eq!(texts(folder.path()), ["line8\n", "line6\nline7\n", "line4\nline5\n"]);
    }

    #[test]
    fn no_line_is_cut_and_a_long_one_has_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = open(folder.path(), 10, 5);
        for line in ["short\n", "a line that is longer than the file may be\n", "last\n"] {
            log.write_all(line.as_bytes()).unwrap();
        }
        assert_eq!(texts(folder.path()), ["last\n", "a line that is longer than the file may be\n", "short\n"]);
    }

    #[test]
    fn a_day_ends_the_file_also_between_two_runs() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = open(folder.path(), 1000, 5);
        log.write_all(b"monday\n").unwrap();
        DAY.set(20_001);
        log.write_all(b"tuesday\n").unwrap();
        log.write_all(b"still tuesday\n").unwrap();
        assert_eq!(texts(folder.path()), ["tuesday\nstill tuesday\n", "monday\n"]);
        drop(log);
        // By the system's clock the file was written today, which is another day than the one above.
        let mut log = open(folder.path(), 1000, 5);
        log.write_all(b"later\n").unwrap();
        assert_eq!(texts(folder.path()), ["later\n", "tuesday\nstill tuesday\n", "monday\n"]);
    }

    #[test]
    fn a_restart_goes_on_with_the_file_of_the_day() {
        let folder = tempfile::tempdir().unwrap();
        RotatedFile::open(folder.path(), 1000, 5).unwrap().write_all(b"one\n").unwrap();
        let mut log = RotatedFile::open(folder.path(), 1000, 5).unwrap();
        log.write_all(b"two\n").unwrap();
        let all = texts(folder.path()).concat();
        assert!(all.contains("one\n") && all.contains("two\n"), "{all:?}");
        drop(log);
        let mut log = RotatedFile::open(folder.path(), 1000, 0).unwrap();
        log.write_all(&[b'x'; 2000]).unwrap();
        assert_eq!(fs::read(folder.path().join(NAME)).unwrap(), [b'x'; 2000], "none is kept beside it");
    }

    #[test]
    fn a_folder_that_cannot_be_renamed_in_keeps_every_line() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = open(folder.path(), 4, 1);
        // A folder of that name is in the way.
        fs::create_dir_all(folder.path().join("soma.log.1/inside")).unwrap();
        for line in ["one\n", "two\n", "six\n"] {
            log.write_all(line.as_bytes()).unwrap();
        }
        assert_eq!(fs::read_to_string(folder.path().join(NAME)).unwrap(), "one\ntwo\nsix\n");
    }
}
