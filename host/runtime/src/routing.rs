//! The table that a request pins at admission and keeps: routes, gates, grants and schemas of one moment.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use soma_manifest::Hook;

use crate::bindings::{Reply, Request, Verdict};
use crate::engine::GuestEngine;
use crate::error::{CallError, LoadError};
use crate::route::RouteContract;
use crate::session::Session;
use crate::slots::SlotSpec;
use crate::version::Version;

/// All routes of one moment. A swap puts another table in its place and leaves this one alone.
#[derive(Default)]
pub struct RoutingTable {
    routes: BTreeMap<String, Arc<Route>>,
}

/// One route: who is asked, in which order.
pub struct Route {
    name: String,
    gates: Vec<Arc<Version>>,
    ranker: Option<Arc<Version>>,
    answerer: Arc<Version>,
    contract: Arc<RouteContract>,
}

/// A verified request on its way to the plugins.
pub struct Call {
    /// What the hooks are told. `deadline-ms` is set anew before each of them.
    pub request: Request,
    /// The body with the schema's defaults.
    pub body: Vec<u8>,
    /// Wall time for everything.
    pub limit: Duration,
}

/// An answer, with what was learned on the way.
pub struct Served {
    /// What the plugin answered, within its limits.
    pub reply: Reply,
    /// What its priority hook said; none when no hook was asked.
    pub priority: Option<f64>,
}

impl RoutingTable {
    /// Binds routes to versions as the operator's slots say.
    ///
    /// A slot whose plugin answers (`forward`) is bound to its `routes`, or to all that the plugin has. A slot
    /// whose plugin only gates comes before the answering plugin on its `routes`, or on all routes; gates are
    /// asked in the order of the operator's file.
    pub fn bind(slots: &[(SlotSpec, Arc<Version>)]) -> Result<RoutingTable, LoadError> {
        let mut routes = BTreeMap::new();
        for (spec, version) in slots.iter().filter(|(_, version)| version.has(Hook::Forward)) {
            let own: Vec<&String> = version.routes().keys().collect();
            for name in spec.routes.as_ref().map_or(own, |named| named.iter().collect()) {
                let route = bind_route(name, spec, version, slots)?;
                if routes.insert(name.clone(), Arc::new(route)).is_some() {
                    return Err(LoadError::Routes(format!("route `{name}` is answered by two slots")));
                }
            }
        }
        for (spec, _) in slots {
            let unknown = spec.routes.iter().flatten().find(|name| !routes.contains_key(*name));
            if let Some(name) = unknown {
                let problem = format!("slot `{}` gates the route `{name}`, which no slot answers", spec.name);
                return Err(LoadError::Routes(problem));
            }
        }
        Ok(RoutingTable { routes })
    }

    /// The route with this name.
    pub fn route(&self, name: &str) -> Option<&Arc<Route>> {
        self.routes.get(name)
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.routes.keys().map(String::as_str)
    }
}

fn bind_route(
    name: &String,
    spec: &SlotSpec,
    answerer: &Arc<Version>,
    slots: &[(SlotSpec, Arc<Version>)],
) -> Result<Route, LoadError> {
    let Some(contract) = answerer.routes().get(name) else {
        let known: Vec<&str> = answerer.routes().keys().map(String::as_str).collect();
        let known = known.join(", ");
        let problem = format!("slot `{}`: its plugin does not answer the route `{name}`, only {known}", spec.name);
        return Err(LoadError::Routes(problem));
    };
    let gating = slots.iter().filter(|(spec, version)| {
        !version.has(Hook::Forward) && spec.routes.as_ref().is_none_or(|routes| routes.contains(name))
    });
    let asked: Vec<&Arc<Version>> = gating.map(|(_, version)| version).chain([answerer]).collect();
    Ok(Route {
        name: name.clone(),
        gates: asked.iter().filter(|version| version.has(Hook::Blacklist)).map(|version| (*version).clone()).collect(),
        ranker: asked.iter().find(|version| version.has(Hook::Priority)).map(|version| (*version).clone()),
        answerer: answerer.clone(),
        contract: contract.clone(),
    })
}

impl Route {
    /// Its name; for a synapse the class name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it accepts.
    pub fn contract(&self) -> &RouteContract {
        &self.contract
    }

    /// The version that answers.
    pub fn answerer(&self) -> &Version {
        &self.answerer
    }

    /// Asks the gates, the priority hook and forward, on the guests' threads and within the call's time.
    pub async fn serve(self: &Arc<Self>, engine: &GuestEngine, call: Call) -> Result<Served, CallError> {
        let route = self.clone();
        let limit = call.limit;
        let task = engine.spawn(async move {
            let over = |_| CallError::WallBudget { limit };
            tokio::time::timeout(limit, route.ask(call)).await.map_err(over)?
        });
        let stopping = CallError::Unavailable("the host is stopping".to_owned());
        task.join().await.unwrap_or(Err(stopping))
    }

    async fn ask(&self, call: Call) -> Result<Served, CallError> {
        let mut turn =
            Turn { deadline: Instant::now() + call.limit, id: call.request.id.as_str().into(), request: call.request };
        let foreign = |version: &&Arc<Version>| !Arc::ptr_eq(version, &self.answerer);
        for gate in self.gates.iter().filter(foreign) {
            let _permit = gate.admit().await?;
            turn.pass(turn.start(gate).await?).await?;
        }
        let mut priority = None;
        if let Some(ranker) = self.ranker.as_ref().filter(foreign) {
            let _permit = ranker.admit().await?;
            let session = turn.start(ranker).await?;
            priority = Some(session.priority(turn.told()).await?.1);
        }
        // From here on one instance serves all hooks of the answering plugin.
        let _permit = self.answerer.admit().await?;
        let mut session = turn.start(&self.answerer).await?;
        if self.answerer.has(Hook::Blacklist) {
            session = turn.pass(session).await?;
        }
        if priority.is_none() && self.answerer.has(Hook::Priority) {
            let (back, rank) = session.priority(turn.told()).await?;
            session = back;
            priority = Some(rank);
        }
        let reply = session.forward(turn.told(), &call.body).await?;
        Ok(Served { reply, priority })
    }
}

/// One request's way through the hooks.
struct Turn {
    deadline: Instant,
    id: Arc<str>,
    request: Request,
}

impl Turn {
    /// The request as the next hook is told it.
    fn told(&mut self) -> &Request {
        let left = self.deadline.saturating_duration_since(Instant::now());
        self.request.deadline_ms = u32::try_from(left.as_millis()).unwrap_or(u32::MAX);
        &self.request
    }

    async fn start(&self, version: &Arc<Version>) -> Result<Session, CallError> {
        Session::start(version.clone(), self.id.clone()).await
    }

    /// Asks the session's gate; the session comes back when the caller may pass.
    async fn pass(&mut self, session: Session) -> Result<Session, CallError> {
        let slot = session.slot().to_string();
        match session.blacklist(self.told()).await? {
            (session, Verdict::Allow) => Ok(session),
            (_, Verdict::Deny(reason)) => Err(CallError::Denied { slot, reason }),
        }
    }
}
