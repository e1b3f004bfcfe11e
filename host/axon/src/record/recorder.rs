//! Fills a record on the way.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use soma_runtime::{Route, Trace};

use super::{ANSWERED, CallerClass, HUNG_UP, Observer, Record, Stage, StageLap};
use crate::refusal::Refusal;

/// The status of a request whose caller hung up. Nobody saw it; the number is the one that proxies log.
const HUNG_UP_STATUS: u16 = 499;
/// Most characters of a path or a claimed hotkey that are kept: what a stranger sends is not stored at length.
const TEXT: usize = 200;

/// Fills a record on the way and hands it over at the end, also when it is dropped.
pub(crate) struct Recorder {
    observer: Arc<dyn Observer>,
    record: Option<Box<Record>>,
    started: Instant,
    lap: Instant,
    trace: Trace,
}

impl Recorder {
    /// For a request that has just come in.
    pub fn start(
        observer: Arc<dyn Observer>,
        id: String,
        received: SystemTime,
        started: Instant,
        ip: IpAddr,
    ) -> Recorder {
        let record = Record {
            id,
            received,
            ip,
            dialect: None,
            path: String::new(),
            route: None,
            hotkey: None,
            proven: false,
            class: CallerClass::Stranger,
            status: HUNG_UP_STATUS,
            code: HUNG_UP,
            detail: "the caller hung up".to_owned(),
            version: None,
            budget: None,
            priority: None,
            stages: Vec::new(),
            bytes_in: 0,
            bytes_out: 0,
            elapsed: Duration::ZERO,
        };
        Recorder { observer, record: Some(Box::new(record)), started, lap: started, trace: Trace::default() }
    }

    /// Notes something.
    pub fn note(&mut self, note: impl FnOnce(&mut Record)) {
        if let Some(record) = &mut self.record {
            note(record);
        }
    }

    /// Notes the route that was found.
    pub fn route(&mut self, route: &Route) {
        self.note(|record| {
            record.route = Some(route.name().to_owned());
            record.version = Some(route.answerer().id().clone());
            record.budget = Some(*route.answerer().budget());
        });
    }

    /// Notes the path and the claimed hotkey.
    pub fn claim(&mut self, path: &str, hotkey: Option<&str>) {
        self.note(|record| {
            record.path = cut(path);
            record.hotkey = hotkey.map(cut);
        });
    }

    /// Ends one of the host's own stages; the next begins.
    pub fn lap(&mut self, stage: Stage) {
        let now = Instant::now();
        let wall = now.saturating_duration_since(self.lap);
        self.lap = now;
        let lap = StageLap { stage, wall, cpu: Duration::ZERO, memory: 0, slot: None, version: None };
        self.note(|record| record.stages.push(lap));
    }

    /// Where the plugins' stages are written down.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The plugins are done: the next of the host's own stages begins now.
    pub fn resume(&mut self) {
        self.lap = Instant::now();
    }

    /// The request was answered with this status.
    pub fn answered(&mut self, status: u16) {
        self.note(|record| {
            record.status = status;
            record.code = ANSWERED;
            record.detail.clear();
        });
    }

    /// The request was refused.
    pub fn refused(&mut self, refusal: &Refusal) {
        self.note(|record| {
            record.status = refusal.status().as_u16();
            record.code = refusal.code();
            record.detail = refusal.to_string();
        });
    }

    /// Hands the record over.
    pub fn finish(mut self) {
        self.hand_over();
    }

    fn hand_over(&mut self) {
        if let Some(mut record) = self.record.take() {
            record.elapsed = self.started.elapsed();
            // The plugins' stages lie before the reply, which is the only one of the host's own after them.
            let reply = record.stages.pop_if(|lap| lap.stage == Stage::Reply);
            record.stages.extend(self.trace.take().into_iter().map(StageLap::from));
            record.stages.extend(reply);
            self.observer.finished(*record);
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.hand_over();
    }
}

fn cut(text: &str) -> String {
    if text.len() <= TEXT {
        return text.to_owned();
    }
    text.chars().take(TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use std::sync::Mutex;

    #[derive(Default)]
    struct Kept(Mutex<Vec<Record>>);

    impl Observer for Kept {
        fn finished(&self, record: Record) {
            self.0.lock().unwrap().push(record);
        }
    }

    fn recorder(kept: &Arc<Kept>) -> Recorder {
        let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Recorder::start(kept.clone(), "id".to_owned(), SystemTime::now(), Instant::now(), ip)
    }

    #[test]
    fn a_record_is_handed_over_once_at_the_end_and_once_when_dropped() {
        let kept = Arc::new(Kept::default());
        let mut one = recorder(&kept);
        one.lap(Stage::Head);
        one.answered(200);
        one.finish();
        let mut other = recorder(&kept);
        other.refused(&Refusal::Method);
        drop(other);
        drop(recorder(&kept));
        let records = kept.0.lock().unwrap();
        let seen: Vec<_> = records.iter().map(|record| (record.status, record.code, &*record.detail)).collect();
        assert_eq!(seen, [(200, ANSWERED, ""), (405, "method", "wrong method"), (499, HUNG_UP, "the caller hung up")]);
        assert_eq!(records[0].stages[0].stage, Stage::Head);
    }

    #[test]
    fn what_a_stranger_writes_is_cut() {
        let kept = Arc::new(Kept::default());
        let mut one = recorder(&kept);
        one.claim(&"/\u{e4}".repeat(9000), Some(&"5".repeat(9000)));
        one.finish();
        let record = kept.0.lock().unwrap().remove(0);
        assert_eq!((record.path.chars().count(), record.hotkey.unwrap().len()), (TEXT, TEXT));
    }
}
