//! A verified request's way through the hooks: blacklists, verifiers, the priority hook, the queue, the answer.
//!
//! All of it runs on the guests' threads, within the request's time; dropping the future ends it. Each plugin
//! has one instance for all of its gate hooks, and if the answer can start at once it is given by the instance
//! that ran the answering plugin's gates. A request that has to wait, be it for a gate or for the answer, gives
//! its instances back first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use soma_manifest::Hook;
use soma_manifest::manifest::LONGEST_WALL;
use tokio::sync::oneshot;

use crate::bindings::{Reply, Request, Verdict};
use crate::capability::Outlet;
use crate::conduct::Visit;
use crate::engine::GuestEngine;
use crate::error::CallError;
use crate::gates::GatePlace;
use crate::instances::Asker;
use crate::metagraph::Pinned;
use crate::queue::{Asks, Entered, Place, Share, Turned};
use crate::routing::Route;
use crate::session::Session;
use crate::stream::{Chunks, StreamedReply};
use crate::trace::{Stopwatch, Trace};
use crate::version::Version;
use crate::words::{REASON, cut};

/// A verified request on its way to the plugins.
pub struct Call {
    /// What the hooks are told. `deadline-ms` is set anew before each of them.
    pub request: Request,
    /// The body with the schema's defaults.
    pub body: Vec<u8>,
    /// What the hooks see of the subnet.
    pub metagraph: Pinned,
    /// Wall time for everything; at most [`LONGEST_WALL`] seconds count.
    pub limit: Duration,
}

/// An answer, with what was learned on the way.
pub struct Served {
    /// What the plugin answered, within its limits.
    pub reply: Reply,
    /// What its priority hook said; none when no hook was asked.
    pub priority: Option<f64>,
}

impl Route {
    /// Asks the gates, verifiers and the priority hook, waits for the request's turn, and asks `forward`. For
    /// routes that are not streaming. The trace gets a lap for each stage, also when the call fails.
    pub async fn serve(self: &Arc<Self>, engine: &GuestEngine, call: Call, trace: &Trace) -> Result<Served, CallError> {
        let turn = Turn::new(self, call, trace);
        let (deadline, limit) = (turn.deadline, turn.limit);
        let task = engine.spawn(async move {
            let route = turn.route.clone();
            let served = async move {
                let mut visit = turn.visit()?.watching(&turn.trace);
                let served = async { turn.prepare(Hook::Forward, &mut visit).await?.forward().await }.await;
                visit.settle(&served);
                served
            };
            let served = tokio::time::timeout_at(deadline.into(), served).await;
            let served = served.unwrap_or(Err(CallError::WallBudget { limit }));
            served.inspect_err(|error| route.count(Hook::Forward, error))
        });
        task.await.unwrap_or_else(|| Err(stopping()))
    }

    /// Asks the gates, verifiers and the priority hook, and nobody for an answer. Says what the priority hook said.
    ///
    /// # Errors
    /// As those of [`serve`](Route::serve) before the queue.
    pub async fn pass(
        self: &Arc<Self>,
        engine: &GuestEngine,
        call: Call,
        trace: &Trace,
    ) -> Result<Option<f64>, CallError> {
        let mut turn = Turn::new(self, call, trace);
        let (deadline, limit) = (turn.deadline, turn.limit);
        let task = engine.spawn(async move {
            let passing = async {
                let mut visit = turn.visit()?;
                let passed = turn.ask_gates(&mut visit).await;
                visit.settle(&passed);
                passed
            };
            let passed = tokio::time::timeout_at(deadline.into(), passing).await;
            passed.unwrap_or(Err(CallError::WallBudget { limit }))
        });
        task.await.unwrap_or_else(|| Err(stopping()))
    }

    /// As [`serve`](Route::serve) for a streaming route, up to the first piece that `streaming` writes.
    ///
    /// # Errors
    /// What happens before the first piece. What happens after it is in [`StreamedReply::rest`].
    pub async fn stream(
        self: &Arc<Self>,
        engine: &GuestEngine,
        call: Call,
        trace: &Trace,
    ) -> Result<StreamedReply, CallError> {
        let turn = Turn::new(self, call, trace);
        let (deadline, limit) = (turn.deadline, turn.limit);
        let over = move || CallError::WallBudget { limit };
        let (outlet, pieces) = Outlet::open(self.answerer.budget());
        let (tell, told) = oneshot::channel();
        let streaming = engine.spawn(async move {
            let route = turn.route.clone();
            let streamed = async move {
                let mut visit = turn.visit()?;
                let streamed = async {
                    let ready = turn.prepare(Hook::Streaming, &mut visit).await?;
                    // Nobody listens any more when the caller has just left.
                    let _ = tell.send(ready.priority);
                    ready.stream(outlet).await
                };
                let streamed = streamed.await;
                visit.settle(&streamed);
                streamed
            };
            let streamed = tokio::time::timeout_at(deadline.into(), streamed).await;
            let streamed = streamed.unwrap_or_else(|_| Err(over()));
            streamed.inspect_err(|error| route.count(Hook::Streaming, error))
        });
        let mut rest = Chunks::new(pieces, streaming);
        let first = rest.next().await.transpose()?;
        // A piece, or the end without one, comes after the priority was known.
        let priority = told.await.unwrap_or_default();
        Ok(StreamedReply { first, rest, priority })
    }
}

pub(crate) fn stopping() -> CallError {
    CallError::Unavailable("the host is stopping".to_owned())
}

/// One request on its way.
struct Turn {
    route: Arc<Route>,
    trace: Trace,
    deadline: Instant,
    limit: Duration,
    asker: Asker,
    request: Request,
    body: Vec<u8>,
    /// Instances that are asked again.
    kept: Vec<Session>,
}

/// A request whose turn it is. Dropping it frees the instance first and then the place.
struct Ready {
    turn: Turn,
    session: Session,
    priority: Option<f64>,
    place: Place,
    /// Of a stream.
    share: Option<Share>,
}

impl Turn {
    fn new(route: &Arc<Route>, call: Call, trace: &Trace) -> Turn {
        let limit = call.limit.min(Duration::from_secs(LONGEST_WALL));
        Turn {
            route: route.clone(),
            trace: trace.clone(),
            deadline: Instant::now() + limit,
            limit,
            asker: Asker {
                request: call.request.id.as_str().into(),
                caller: call.request.caller.hotkey.as_str().into(),
                metagraph: call.metagraph,
            },
            request: call.request,
            body: call.body,
            kept: Vec::new(),
        }
    }

    /// Admits the request to the versions of its route.
    fn visit(&self) -> Result<Visit, CallError> {
        self.route.visit(&self.request.caller.hotkey)
    }

    async fn prepare(mut self, answer: Hook, visit: &mut Visit) -> Result<Ready, CallError> {
        let answerer = self.route.answerer.clone();
        let busy = || CallError::Busy { slot: answerer.slot().to_string() };
        let priority = self.ask_gates(visit).await?;
        // A stream lasts for as long as its caller likes to read: only there one caller could hold every place.
        let share = match answer {
            Hook::Streaming => Some(answerer.shares().take(&self.request.caller.hotkey).ok_or_else(busy)?),
            _ => None,
        };
        let lap = Stopwatch::waiting(&self.trace, &answerer);
        let rank = priority.unwrap_or(0.0);
        let asks = Asks { caller: &self.asker.caller, rank, deadline: self.deadline };
        let place = match answerer.queue(answer).enter(&asks) {
            Entered::Started(place) => place,
            Entered::Full => return Err(busy()),
            Entered::Waiting(waiting) => {
                self.kept.clear();
                let called = tokio::select! {
                    called = waiting.place() => called,
                    out = visit.turned_away(answerer.conduct()) => return Err(out),
                };
                called.map_err(|turned| match turned {
                    Turned::Shed => busy(),
                    Turned::Late => CallError::WallBudget { limit: self.limit },
                })?
            }
        };
        drop(lap);
        visit.check(answerer.conduct())?;
        let session = self.session(&answerer, answer, visit).await?;
        Ok(Ready { turn: self, session, priority, place, share })
    }

    /// Asks every gate before any verifier: what needs no body is cheaper.
    async fn ask_gates(&mut self, visit: &mut Visit) -> Result<Option<f64>, CallError> {
        let route = self.route.clone();
        let mut place = None;
        for gate in &route.gates {
            place = Some(self.gate_place(place, gate).await?);
            let session = self.session(gate, Hook::Blacklist, visit).await?;
            match session.blacklist(self.told()).await? {
                (session, Verdict::Allow) => self.keep(session, Hook::Blacklist),
                (_, Verdict::Deny(reason)) => {
                    return Err(CallError::Denied { slot: gate.slot().to_string(), reason: cut(&reason, REASON) });
                }
            }
        }
        for verifier in &route.verifiers {
            place = Some(self.gate_place(place, verifier).await?);
            let session = self.session(verifier, Hook::Verify, visit).await?;
            self.told();
            match session.verify(&self.request, &self.body).await? {
                (session, Verdict::Allow) => self.keep(session, Hook::Verify),
                (_, Verdict::Deny(reason)) => {
                    return Err(CallError::Unverified {
                        slot: verifier.slot().to_string(),
                        reason: cut(&reason, REASON),
                    });
                }
            }
        }
        let Some(ranker) = &route.ranker else { return Ok(None) };
        let _place = self.gate_place(place, ranker).await?;
        let session = self.session(ranker, Hook::Priority, visit).await?;
        let (session, rank) = session.priority(self.told()).await?;
        self.keep(session, Hook::Priority);
        Ok(Some(rank))
    }

    /// A place for a gate hook of this version: the one that it holds when it is the same slot's, or another one.
    async fn gate_place<'v>(
        &mut self,
        held: Option<GatePlace<'v>>,
        version: &'v Version,
    ) -> Result<GatePlace<'v>, CallError> {
        if let Some(held) = held.filter(|held| held.is_of(version.gates())) {
            return Ok(held);
        }
        if let Some(place) = version.gates().try_enter() {
            return Ok(place);
        }
        self.kept.clear();
        version.gates().enter().await.ok_or_else(|| CallError::Busy { slot: version.slot().to_string() })
    }

    /// The request as the next hook is told it.
    fn told(&mut self) -> &Request {
        let left = self.deadline.saturating_duration_since(Instant::now());
        self.request.deadline_ms = u32::try_from(left.as_millis()).unwrap_or(u32::MAX);
        &self.request
    }

    /// The version's instance, kept or new.
    async fn session(&mut self, version: &Arc<Version>, hook: Hook, visit: &mut Visit) -> Result<Session, CallError> {
        visit.ask(version.conduct());
        match self.kept.iter().position(|session| Arc::ptr_eq(session.version(), version)) {
            Some(at) => Ok(self.kept.swap_remove(at)),
            None => Session::start(version, self.asker.clone(), &self.trace, hook).await,
        }
    }

    /// Keeps an instance that is asked again after this hook.
    fn keep(&mut self, session: Session, asked: Hook) {
        let is = |version: &Arc<Version>| Arc::ptr_eq(session.version(), version);
        let verifies = asked == Hook::Blacklist && self.route.verifiers.iter().any(is);
        let ranks = asked != Hook::Priority && self.route.ranker.as_ref().is_some_and(is);
        // Others wait for a resident instance, and two requests that hold one each might wait for each other.
        let waited_for = session.version().instances().is_resident();
        if !waited_for && (verifies || ranks || is(&self.route.answerer)) {
            self.kept.push(session);
        }
    }
}

impl Ready {
    async fn forward(self) -> Result<Served, CallError> {
        let Ready { mut turn, session, priority, place, .. } = self;
        turn.told();
        let reply = session.forward(turn.request, turn.body, place).await?;
        Ok(Served { reply, priority })
    }

    async fn stream(self, outlet: Outlet) -> Result<(), CallError> {
        let Ready { mut turn, session, place, share, .. } = self;
        turn.told();
        session.stream(turn.request, turn.body, outlet, (place, share)).await
    }
}
