//! The table that a request pins at admission and keeps: routes, gates, grants and schemas of one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use soma_manifest::{Hook, RouteSpec, StreamSpec};

use crate::error::LoadError;
use crate::route::RouteContract;
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
    /// Asked to turn callers away, in this order.
    pub(crate) gates: Vec<Arc<Version>>,
    /// Asked to check the body, in this order.
    pub(crate) verifiers: Vec<Arc<Version>>,
    pub(crate) ranker: Option<Arc<Version>>,
    pub(crate) answerer: Arc<Version>,
    contract: Arc<RouteContract>,
}

impl RoutingTable {
    /// Binds routes to versions as the operator's slots say.
    ///
    /// A slot whose plugin answers (`forward`, `streaming`) is bound to its `routes`, or to all that the plugin has. A slot
    /// whose plugin only gates comes before the answering plugin on its `routes`, or on all routes; gates are
    /// asked in the order of the operator's file.
    pub fn bind(slots: &[(SlotSpec, Arc<Version>)]) -> Result<RoutingTable, LoadError> {
        let mut routes = BTreeMap::new();
        for (spec, version) in slots.iter().filter(|(_, version)| version.answers()) {
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

    /// What callers would lose if `next` took this table's place: routes, and the gates, verifiers and the priority
    /// hook of a route. In words, one for each.
    pub fn losses(&self, next: &RoutingTable) -> Vec<String> {
        let mut lost = Vec::new();
        for (name, route) in &self.routes {
            let Some(kept) = next.route(name) else {
                lost.push(format!("route `{name}`"));
                continue;
            };
            let hooks =
                [(Hook::Blacklist, &route.gates, &kept.gates), (Hook::Verify, &route.verifiers, &kept.verifiers)];
            for (hook, before, after) in hooks {
                let gone = before.iter().filter(|old| !after.iter().any(|new| new.slot() == old.slot()));
                lost.extend(gone.map(|version| format!("`{hook}` of slot `{}` on route `{name}`", version.slot())));
            }
            if let (Some(ranker), None) = (&route.ranker, &kept.ranker) {
                lost.push(format!("`{}` of slot `{}` on route `{name}`", Hook::Priority, ranker.slot()));
            }
        }
        lost
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
        !version.answers() && spec.routes.as_ref().is_none_or(|routes| routes.contains(name))
    });
    let asked: Vec<&Arc<Version>> = gating.map(|(_, version)| version).chain([answerer]).collect();
    let with = |hook: Hook| asked.iter().filter(move |version| version.has(hook)).map(|version| (*version).clone());
    Ok(Route {
        name: name.clone(),
        gates: with(Hook::Blacklist).collect(),
        verifiers: with(Hook::Verify).collect(),
        ranker: with(Hook::Priority).next(),
        answerer: answerer.clone(),
        contract: contract.clone(),
    })
}

impl Route {
    /// A route that nobody answers, with one plugin that gates it: for whoever tries that plugin alone. Only
    /// [`pass`](Route::pass) can be asked of it.
    ///
    /// # Errors
    /// When the route's schema is not usable.
    pub fn unanswered(name: &str, spec: &RouteSpec, gate: Arc<Version>) -> Result<Arc<Route>, LoadError> {
        let with = |hook: Hook| gate.has(hook).then(|| gate.clone());
        Ok(Arc::new(Route {
            name: name.to_owned(),
            gates: with(Hook::Blacklist).into_iter().collect(),
            verifiers: with(Hook::Verify).into_iter().collect(),
            ranker: with(Hook::Priority),
            contract: Arc::new(RouteContract::new(name, spec)?),
            answerer: gate,
        }))
    }

    /// Its name; for a synapse the class name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it accepts.
    pub fn contract(&self) -> &RouteContract {
        &self.contract
    }

    /// How a streamed answer begins; none when the route answers in one piece.
    pub fn is_streaming(&self) -> Option<&StreamSpec> {
        self.contract.stream()
    }

    /// The version that answers.
    pub fn answerer(&self) -> &Version {
        &self.answerer
    }
}
