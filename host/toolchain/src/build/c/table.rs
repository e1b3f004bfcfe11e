//! Whether the author's table of functions is what the manifest says, as assertions that the compiler checks.
//!
//! The table is constant, so the compiler knows every function and every name of a route in it. Where it does not (a
//! table that is not constant), an assertion holds: `soma plugin test` asks every route.

use std::fmt::Write;

use soma_manifest::{Hook, Manifest};

use super::literal;

/// The table.
const PLUGIN: &str = "soma_this_plugin";

/// More routes of one kind than this are left to `soma plugin test`: the conditions grow with their square, and compilers
/// limit how deep parentheses go.
const MOST: usize = 32;

/// A header that defines `SOMA_BUILD_CHECKS`, which follows the table.
pub(super) fn checks(manifest: &Manifest) -> String {
    let mut checks = Checks::default();
    for hook in &manifest.hooks {
        checks.hook(*hook);
    }
    let names = |streams: bool| -> Vec<String> {
        let kind = manifest.routes.iter().filter(|(_, route)| route.stream.is_some() == streams);
        kind.map(|(name, _)| name.clone()).collect()
    };
    let (whole, streams) = (names(false), names(true));
    let all: Vec<String> = manifest.routes.keys().cloned().collect();
    if manifest.hooks.contains(&Hook::Forward) {
        checks.answered("forward", "SOMA_ROUTES", &whole);
        checks.known("forward", "SOMA_ROUTES", &whole, "a route without `stream`");
    }
    if manifest.hooks.contains(&Hook::Streaming) {
        checks.answered("streaming", "SOMA_STREAMS", &streams);
        checks.known("streaming", "SOMA_STREAMS", &streams, "a route with `stream`");
    }
    if manifest.hooks.contains(&Hook::Verify) {
        checks.known("verify", "SOMA_CHECKS", &all, "a route");
    }
    format!("// What plugin.toml says, for soma.h.\n#define SOMA_BUILD_CHECKS{}\n", checks.text)
}

#[derive(Default)]
struct Checks {
    text: String,
    count: usize,
}

impl Checks {
    /// The compiler prints the condition of an assertion: a number with a short name is read more easily.
    fn assert(&mut self, condition: &str, message: &str) {
        let (number, message) = (self.count, literal(message));
        self.count += 1;
        // Writing to a string does not fail.
        _ = write!(
            self.text,
            " \\\n  enum {{ soma_check_{number} = !__builtin_constant_p({condition}) || ({condition}) }}; \
             _Static_assert(soma_check_{number}, {message});"
        );
    }

    /// A hook that is live has its function.
    fn hook(&mut self, hook: Hook) {
        let name = hook.name();
        let condition = match hook {
            Hook::Forward => format!("{PLUGIN}.forward != NULL || {PLUGIN}.forward_bytes != NULL"),
            _ => format!("{PLUGIN}.{name} != NULL"),
        };
        let message = format!("`hooks` of plugin.toml names \"{name}\", but SOMA_PLUGIN has no .{name}");
        self.assert(&condition, &message);
    }

    /// Each route is in the table of this member, which has no more entries than routes if all are known.
    fn answered(&mut self, member: &str, table: &str, routes: &[String]) {
        if routes.len() > MOST {
            return;
        }
        for name in routes {
            let mut found = "0".to_owned();
            for index in (0..routes.len()).rev() {
                let entry = format!("{PLUGIN}.{member}[{index}].route");
                found = format!("({entry} != NULL && ({} || {found}))", equal(&entry, name));
            }
            let bytes = if member == "forward" { format!("{PLUGIN}.forward_bytes != NULL || ") } else { String::new() };
            let condition = format!("{bytes}({PLUGIN}.{member} != NULL && {found})");
            self.assert(&condition, &format!("plugin.toml has the route {name}, but {table} does not name it"));
        }
    }

    /// Each entry of the table of this member is one of these routes.
    fn known(&mut self, member: &str, table: &str, routes: &[String], kind: &str) {
        if routes.is_empty() || routes.len() > MOST {
            return;
        }
        let mut fits = format!("{PLUGIN}.{member}[{}].route == NULL", routes.len());
        for index in (0..routes.len()).rev() {
            let entry = format!("{PLUGIN}.{member}[{index}].route");
            let one = routes.iter().map(|name| equal(&entry, name)).collect::<Vec<_>>().join(" || ");
            fits = format!("({entry} == NULL || (({one}) && {fits}))");
        }
        let condition = format!("{PLUGIN}.{member} == NULL || {fits}");
        let message = format!("{table} names something that is not {kind} in plugin.toml, or one of them twice");
        self.assert(&condition, &message);
    }
}

fn equal(entry: &str, name: &str) -> String {
    format!("__builtin_strcmp({entry}, {}) == 0", literal(name))
}

#[cfg(test)]
mod tests {
    use soma_manifest::{RouteSpec, StreamSpec};

    use super::*;
    use crate::world::tests::manifest;

    #[test]
    fn each_hook_and_each_route_is_asked_for() {
        let stream = RouteSpec { stream: Some(StreamSpec::default()), ..RouteSpec::default() };
        let routes = [("A".to_owned(), RouteSpec::default()), ("B".to_owned(), stream)].into();
        let manifest = Manifest { routes, ..manifest(&[Hook::Forward, Hook::Streaming, Hook::Blacklist], &[]) };
        let text = checks(&manifest);
        for (words, count) in [
            ("_Static_assert(", 7),
            ("SOMA_PLUGIN has no .blacklist", 1),
            ("has the route A, but SOMA_ROUTES", 1),
            ("has the route B, but SOMA_STREAMS", 1),
            ("names something that is not", 2),
            ("verify", 0),
        ] {
            assert_eq!(text.matches(words).count(), count, "{words}: {text}");
        }
        // One macro: every line but the last goes on.
        let lines: Vec<&str> = text.lines().skip(1).collect();
        let (last, others) = lines.split_last().unwrap();
        assert!(others.iter().all(|line| line.ends_with('\\')) && !last.ends_with('\\'), "{text}");
    }
}
