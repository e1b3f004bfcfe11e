//! A request's way through: what both dialects share.
//!
//! dialect -> address within its rate? -> route -> hotkey known? -> head -> fresh and unused? -> body -> signature ->
//! nonce kept -> body hash, schema -> hotkey within its rate? -> plugins -> reply. Nothing before the signature costs
//! cryptography, no counter of a hotkey moves before it, and no plugin code runs before it.

use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use soma_protocol::dialect::{self, Dialect};
use soma_protocol::ss58::PublicKey;
use soma_protocol::{btauth as btauth_wire, synapse as synapse_wire};
use soma_runtime::{Absence, Pinned, Route, RoutingTable, Slots};

use crate::admission::{Admission, Claimed, Standing};
use crate::body::Sent;
use crate::familiar::Familiar;
use crate::gate::{Gate, Link, Visit};
use crate::heavy::Heavy;
use crate::proxy::Proxies;
use crate::record::{Observer, Recorder, Stage};
use crate::refusal::Refusal;
use crate::replay::{Nonce, NotKept, ReplayMemory};
use crate::reply::Reply;
use crate::{btauth, synapse};

/// The route of the v10 ping, which every axon has; also what answers to requests without a route are named after.
pub(crate) const PING: &str = "Synapse";
/// Says which request an answer belongs to; the same id is in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Bytes of all route names that a caller is told who asked for one that there is not.
const NAMES: usize = 1000;

/// Who answers, and by which rules.
pub struct Axon {
    /// This neuron's hotkey, ss58: what callers sign for.
    pub hotkey: String,
    /// The plugins.
    pub slots: Arc<Slots>,
    /// Who is let in. A request is judged by the rule of its moment.
    pub admission: ArcSwap<Admission>,
    /// Nonces that were used.
    pub replay: Arc<ReplayMemory>,
    /// How fresh a synapse has to be.
    pub window: synapse_wire::Window,
    /// How fresh a btauth request has to be, and whether it must name its receiver.
    pub policy: btauth_wire::Policy,
    /// Unix time in nanoseconds: the system's, or a test's.
    pub clock: fn() -> u64,
}

/// Everything that a request meets.
pub(crate) struct Service {
    pub axon: Arc<Axon>,
    pub gate: Arc<Gate>,
    pub proxies: Proxies,
    pub observer: Arc<dyn Observer>,
    pub heavy: Heavy,
    pub familiar: Familiar,
}

/// What is known of a request when it comes in.
pub(crate) struct Arrival {
    pub id: String,
    pub ip: IpAddr,
    pub at: Instant,
    /// Unix time in nanoseconds.
    pub unix_ns: u64,
}

/// One request on its way.
pub(crate) struct Passage<'a> {
    pub service: &'a Service,
    pub axon: &'a Axon,
    pub table: &'a RoutingTable,
    pub arrival: Arrival,
    pub parts: Parts,
    pub recorder: Recorder,
    link: &'a Link,
    visit: Option<Visit>,
    /// The claimed hotkey's key was decoded before: it need not be kept again.
    is_familiar: bool,
    /// What the chain says of the claimed hotkey. For nobody's eyes before the signature was good.
    pub standing: Option<Standing>,
    /// The metagraph of the same block, for the plugins.
    pub metagraph: Pinned,
}

/// The system's clock: Unix time in nanoseconds.
pub fn system_clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

impl Axon {
    /// One that lets in anybody, by the usual rules.
    pub fn new(hotkey: String, slots: Arc<Slots>) -> Axon {
        Axon {
            hotkey,
            slots,
            admission: ArcSwap::from_pointee(Admission::anyone()),
            replay: Arc::default(),
            window: synapse_wire::Window::default(),
            policy: btauth_wire::Policy::default(),
            clock: system_clock,
        }
    }

    /// Until when requests are refused because the last host did not stop cleanly; none when that is over.
    pub fn closed_until(&self) -> Option<SystemTime> {
        let until = self.replay.closed_until();
        (until >= (self.clock)()).then(|| UNIX_EPOCH + Duration::from_nanos(until))
    }
}

impl Arrival {
    fn now(clock: fn() -> u64, ip: IpAddr) -> Arrival {
        // Random, and without a system call for each.
        let id = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
        Arrival { id: id.to_string(), ip, at: Instant::now(), unix_ns: clock() }
    }

    fn recorder(&self, observer: Arc<dyn Observer>) -> Recorder {
        let received = UNIX_EPOCH + Duration::from_nanos(self.unix_ns);
        Recorder::start(observer, self.id.clone(), received, self.at, self.ip)
    }

    /// Seconds since it came in.
    pub fn elapsed_s(&self) -> f64 {
        self.at.elapsed().as_secs_f64()
    }
}

impl Service {
    /// Answers one request of either dialect. The table of plugins is the one of this moment, to the end. The
    /// observer is told of it exactly once, also when the returned future is dropped.
    pub async fn answer(&self, request: Request<Incoming>, peer: SocketAddr, link: &Link) -> Reply {
        let (parts, body) = request.into_parts();
        let arrival = Arrival::now(self.axon.clock, self.proxies.caller(peer.ip(), &parts.headers));
        let id = HeaderValue::from_str(&arrival.id);
        let mut recorder = arrival.recorder(self.observer.clone());
        let dialect = dialect::detect(&parts.headers);
        recorder.note(|record| record.dialect = dialect.as_ref().ok().copied());
        let table = self.axon.slots.table();
        let (axon, table) = (&*self.axon, &*table);
        let passage = Passage {
            service: self,
            axon,
            table,
            arrival,
            parts,
            recorder,
            link,
            visit: None,
            is_familiar: false,
            standing: None,
            metagraph: Err(Absence::Offline),
        };
        let mut body = Sent::Unread(body);
        let mut reply = match dialect {
            // Each is a large future, and most requests of a flood do not get far.
            Ok(Dialect::Synapse) => Box::pin(synapse::answer(passage, &mut body)).await,
            Ok(Dialect::Btauth) => Box::pin(btauth::answer(passage, &mut body)).await,
            Err(error) => btauth::unreadable(passage, error),
        };
        if !body.settle().await {
            reply.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if let Ok(id) = id {
            reply.headers_mut().insert(REQUEST_ID, id);
        }
        reply
    }
}

impl<'a> Passage<'a> {
    /// Passes the gate, as far as it knows the caller: by address, and by the hotkey that the header of this name
    /// claims. That is only looked up.
    pub fn arrive(&mut self, header: Option<&'static str>) -> Result<Option<Claimed>, Refusal> {
        let value = header.and_then(|name| self.parts.headers.get(name));
        let address = value.and_then(|value| value.to_str().ok());
        self.recorder.claim(self.parts.uri.path(), address);
        let claimed = address.and_then(|address| self.axon.admission.load().look(address, &self.service.familiar));
        if let Some(claimed) = &claimed {
            (self.standing, self.metagraph) = (claimed.standing, claimed.metagraph.clone());
        }
        self.is_familiar = claimed.as_ref().is_some_and(|claimed| claimed.ready.is_some());
        let visit = self.service.gate.arrive(self.arrival.ip, claimed.as_ref().map(|claimed| &claimed.key))?;
        self.recorder.note(|record| record.class = visit.class);
        self.visit = Some(visit);
        Ok(claimed)
    }

    /// The route that the path names. Its query is not looked at.
    pub fn route(&mut self) -> Result<Arc<Route>, Refusal> {
        match self.find_route()? {
            Ok(route) => Ok(route),
            Err(name) => {
                let name = name.chars().take(100).collect();
                Err(Refusal::UnknownRoute { name, known: self.known_routes() })
            }
        }
    }

    /// As [`Passage::route`]. None is the ping, which every axon answers unless a plugin has a route of that name.
    pub fn route_or_ping(&mut self) -> Result<Option<Arc<Route>>, Refusal> {
        match self.find_route()? {
            Ok(route) => Ok(Some(route)),
            Err(name) if name == PING => Ok(None),
            Err(name) => {
                let name = name.chars().take(100).collect();
                Err(Refusal::UnknownRoute { name, known: self.known_routes() })
            }
        }
    }

    /// The route, or the name of none.
    fn find_route(&mut self) -> Result<Result<Arc<Route>, String>, Refusal> {
        let path = self.parts.uri.path();
        let name = percent_decode_str(path.strip_prefix('/').unwrap_or(path)).decode_utf8_lossy();
        let known = self.table.route(&name);
        if known.is_none() && name != PING {
            return Ok(Err(name.into_owned()));
        }
        if self.parts.method != Method::GET && self.parts.method != Method::POST {
            return Err(Refusal::Method);
        }
        let Some(route) = known else { return Ok(Err(name.into_owned())) };
        let route = route.clone();
        self.recorder.route(&route);
        Ok(Ok(route))
    }

    /// The routes that there are, as the Python axon writes a list, as far as there is room.
    fn known_routes(&self) -> String {
        let mut known = format!("'{PING}'");
        for name in self.table.names().filter(|name| *name != PING) {
            if known.len() + name.len() > NAMES {
                known.push_str(", ...");
                break;
            }
            known.push_str(", '");
            known.push_str(name);
            known.push('\'');
        }
        known
    }

    /// Whether the nonce may be good.
    pub fn look(&self, nonce: &Nonce, replayed: impl FnOnce() -> Refusal) -> Result<(), Refusal> {
        self.axon.replay.look(nonce).map_err(|why| not_kept(why, replayed))
    }

    /// Reads the body.
    pub async fn body(&mut self, body: &mut Sent<Incoming>, largest: u64) -> Result<Bytes, Refusal> {
        self.recorder.lap(Stage::Gate);
        let Some(visit) = &mut self.visit else { return Err(Refusal::Crowded) };
        let bytes = body.read(&self.parts.headers, largest, visit, self.service.gate.limits()).await?;
        self.recorder.note(|record| record.bytes_in = bytes.len() as u64);
        self.recorder.lap(Stage::Body);
        Ok(bytes)
    }

    /// Whether a signature that was wrong may be verified in another form as well.
    pub fn has_second_try(&self) -> bool {
        self.visit.as_ref().is_some_and(|visit| self.service.gate.has_second_try(visit))
    }

    /// The signature was good: keeps the nonce, the caller's lane and its key.
    pub fn prove(
        &mut self,
        nonce: Nonce,
        (address, hotkey): (&str, &PublicKey),
        replayed: impl FnOnce() -> Refusal,
    ) -> Result<(), Refusal> {
        self.recorder.note(|record| record.proven = true);
        self.link.prove();
        if !self.is_familiar {
            self.service.familiar.keep(address, *hotkey);
        }
        if let Some(visit) = self.visit.take() {
            self.service.gate.prove(visit, hotkey);
        }
        let kept = self.axon.replay.keep(nonce, self.arrival.unix_ns);
        kept.map_err(|why| not_kept(why, replayed))?;
        self.recorder.lap(Stage::Signature);
        Ok(())
    }

    /// The caller is proven: counts the request for its hotkey.
    pub fn count(&self, hotkey: &PublicKey) -> Result<(), Refusal> {
        self.service.gate.count(hotkey)
    }

    /// Wall time that is left for the plugins: what the caller asks for, bounded by the plugin's budget. A time-out of 0
    /// is none: that is what it means to the HTTP client of the Python dendrite.
    pub fn time_left(&self, route: &Route, asked: Option<f64>) -> Duration {
        let wall = route.answerer().budget().wall;
        let asked = asked.filter(|seconds| *seconds > 0.0);
        let asked = asked.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or(wall);
        asked.min(wall).saturating_sub(self.arrival.at.elapsed())
    }

    /// The request was answered whole.
    pub fn answered(mut self, reply: Reply) -> Reply {
        self.recorder.lap(Stage::Reply);
        self.recorder.answered(reply.status().as_u16());
        self.recorder.note(|record| record.bytes_out = reply.body().len());
        self.recorder.finish();
        reply
    }

    /// The request was refused.
    pub fn refused(mut self, mut reply: Reply, refusal: &Refusal) -> Reply {
        add_refusal_headers(reply.headers_mut(), refusal);
        self.recorder.refused(refusal);
        self.recorder.note(|record| record.bytes_out = reply.body().len());
        self.recorder.finish();
        reply
    }
}

fn not_kept(why: NotKept, replayed: impl FnOnce() -> Refusal) -> Refusal {
    match why {
        NotKept::Used => replayed(),
        NotKept::Full => Refusal::NonceMemoryFull,
        NotKept::Closed { until } => Refusal::ReplayClosed { until },
    }
}

/// Adds what a refusal says in HTTP's own headers.
fn add_refusal_headers(headers: &mut HeaderMap, refusal: &Refusal) {
    if let Some(seconds) = refusal.retry_after() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if matches!(refusal, Refusal::Method) {
        headers.insert(header::ALLOW, HeaderValue::from_static("POST, GET"));
    }
}
