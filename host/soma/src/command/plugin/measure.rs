//! What a plugin costs on this machine: compiled and loaded once, then its instances made and thrown away for a moment.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, Instant};

use bytesize::ByteSize;
use miette::IntoDiagnostic;
use serde::Serialize;
use soma_manifest::PluginFile;
use soma_runtime::cost;

use super::{report, sandbox};

/// How long instances are made: thousands of small ones, a hundred of large ones.
const MOMENT: Duration = Duration::from_millis(300);
/// Idle instances that are looked at together: what one has of its own is too small to be seen alone.
const IDLE: usize = 32;

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// Compiling, in the child that confines itself, in milliseconds.
    pub compile_ms: f64,
    /// Bytes of the compiled code.
    pub artifact_bytes: u64,
    /// Loading the compiled code and checking its hooks, in milliseconds.
    pub load_ms: f64,
    /// Linear memory of an instance before its first call, in bytes.
    pub instance_memory: u64,
    /// What such an instance takes of the machine's memory, in bytes.
    pub resident_memory: u64,
    /// Making and dropping an instance on one thread, in microseconds: the middle one.
    pub instance_us: f64,
    /// The same, the slowest of a hundred.
    pub instance_us_p99: f64,
    /// How many were made.
    pub instances: usize,
}

impl Measured {
    /// For a person.
    pub fn lines(&self) -> Vec<String> {
        let (compile, load) = (report::micros(self.compile_ms * 1e3), report::micros(self.load_ms * 1e3));
        let (middle, slow) = (report::micros(self.instance_us), report::micros(self.instance_us_p99));
        let (memory, resident) = (ByteSize(self.instance_memory), ByteSize(self.resident_memory));
        vec![
            "here".to_owned(),
            format!("  compile  {compile}, once; {} of code", ByteSize(self.artifact_bytes)),
            format!("  load     {load}, at each start and swap"),
            format!("  instance {middle} (p99 {slow}, {} made), for each request with a fresh one", self.instances),
            format!("  idle     {memory} of linear memory, {resident} of it in this machine's memory"),
        ]
    }
}

/// Measures it, granted what it asks for.
pub async fn measure(file: &PluginFile, path: &Path) -> miette::Result<Measured> {
    let folder = tempfile::tempdir().into_diagnostic()?;
    // One thread: what is measured is one instance after another.
    let (code, key) = (folder.path().join("code"), folder.path().join("key"));
    let loader = sandbox::loader_in(&code, &key, NonZeroUsize::new(1), 1)?;
    let begun = Instant::now();
    let artifact = loader.compiler.compile(loader.engine.engine(), &file.bytes).await?;
    let compile_ms = begun.elapsed().as_secs_f64() * 1e3;
    loader.cache.store(loader.engine.engine(), &file.digest, &artifact)?;
    let begun = Instant::now();
    let version = loader.load(&sandbox::slot(file, path, Default::default())).await?;
    let load_ms = begun.elapsed().as_secs_f64() * 1e3;
    let mut made = cost::instances(&loader.engine, &version, MOMENT).await.into_diagnostic()?;
    let before = resident()?;
    let idle = cost::hold(&loader.engine, &version, IDLE).await.into_diagnostic()?;
    let held = resident()?.saturating_sub(before) / IDLE as u64;
    drop(idle);
    made.times.sort();
    let at = |share: usize| made.times.get(made.times.len() * share / 100).map_or(0.0, |time| time.as_secs_f64() * 1e6);
    Ok(Measured {
        compile_ms,
        artifact_bytes: artifact.len() as u64,
        load_ms,
        instance_memory: made.memory,
        resident_memory: held,
        instance_us: at(50),
        instance_us_p99: at(99),
        instances: made.times.len(),
    })
}

/// Bytes of this process in the machine's memory.
fn resident() -> miette::Result<u64> {
    let pages = procfs::process::Process::myself().and_then(|process| process.statm()).into_diagnostic()?.resident;
    Ok(pages * procfs::page_size())
}
