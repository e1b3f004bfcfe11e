"""`axon.attach`: which function answers which class."""

from .synapse import Synapse, hint

#: Flags of a code object, as `inspect` has them.
_GENERATOR = 0x20 | 0x200


class Attached:
    """The functions of one class, or of every request when there is no class."""

    __slots__ = ("synapse", "forward", "streams", "with_request", "blacklist", "verify", "priority")

    def __init__(self, synapse, forward, blacklist, priority, verify):
        self.synapse = synapse
        self.forward = forward
        self.streams = forward is not None and bool(_code(forward).co_flags & _GENERATOR)
        self.with_request = forward is not None and len(_parameters(forward)) > 1
        self.blacklist = blacklist
        self.verify = verify
        self.priority = priority


class Axon:
    """What a plugin answers."""

    def __init__(self):
        self.routes = {}
        #: What is asked when a class has no function of its own: attached without a forward.
        self.everywhere = Attached(None, None, None, None, None)
        #: What gets an instance ready.
        self.init = None

    def attach(
        self, forward_fn=None, blacklist_fn=None, priority_fn=None, verify_fn=None, *, init_fn=None, route=None
    ) -> "Axon":
        """Attaches functions for the class of `forward_fn`'s first argument; its name is the route, unless `route`
        says another. Calls can be chained.

        - `forward_fn(synapse)` or `forward_fn(synapse, request)` returns a synapse, a dict, or a `Reply`. A
          generator is a streaming forward: it yields str or bytes.
        - `blacklist_fn(request)` returns `(True, reason)` to turn the caller away, or just a bool.
        - `priority_fn(request)` returns a number; the highest is served first.
        - `verify_fn(synapse)` returns, or raises `Refused`.
        - `init_fn()` gets an instance ready that will serve more than one request; there is one for the plugin.

        The host checks a body against the route's schema before any function runs. A body that passed and does not
        fit the class is the plugin's fault: status 500, and a line in the log that names the field.

        Blacklist, priority and verify functions that are attached without `forward_fn` are asked for every class that
        has none of its own."""
        self.init = init_fn or self.init
        if forward_fn is None:
            for name, function in (("blacklist", blacklist_fn), ("priority", priority_fn), ("verify", verify_fn)):
                if function is not None:
                    setattr(self.everywhere, name, function)
            return self
        synapse = _synapse_of(forward_fn)
        name = route or synapse.__name__
        if name in self.routes:
            raise ValueError(f"there is a forward function for {name} already")
        synapse.__soma_fields__()
        self.routes[name] = Attached(synapse, forward_fn, blacklist_fn, priority_fn, verify_fn)
        return self

    def function(self, route, kind):
        """The function of one kind ("blacklist", ...) for a route; None when there is none."""
        own = self.routes.get(route)
        found = getattr(own, kind) if own is not None else None
        return found if found is not None else getattr(self.everywhere, kind)

    def problems(self, routes, hooks):
        """What does not fit between the functions and the manifest, as sentences. `routes` says for each name whether
        it streams."""
        found = []
        for name, streams in routes.items():
            own = self.routes.get(name)
            if own is None:
                found.append(f"plugin.toml has the route {name}, but no function is attached for a class {name}")
            elif own.streams and not streams:
                found.append(f"{name} is answered by a generator: write `stream = {{}}` into [routes.{name}]")
            elif streams and not own.streams:
                found.append(f"[routes.{name}] of plugin.toml says `stream`, but its function is no generator")
        for name in self.routes:
            if name not in routes:
                found.append(f"a function is attached for {name}, but plugin.toml has no [routes.{name}]")
        for kind in ("blacklist", "priority", "verify"):
            attached = any(getattr(own, kind) for own in (self.everywhere, *self.routes.values()))
            if attached and kind not in hooks:
                found.append(f'a {kind} function is attached, but `hooks` of plugin.toml does not name "{kind}"')
            elif kind in hooks and not attached:
                found.append(f'`hooks` of plugin.toml names "{kind}", but no {kind} function is attached')
        return found


axon = Axon()


def _code(function):
    code = getattr(function, "__code__", None) or getattr(getattr(function, "__call__", None), "__code__", None)
    if code is None:
        raise TypeError(f"{function!r} is no Python function")
    return code


def _parameters(function):
    """Names of the positional parameters that a call has to fill."""
    code = _code(function)
    names = code.co_varnames[: code.co_argcount]
    bound = not hasattr(function, "__code__") or hasattr(function, "__self__")
    return names[1:] if bound else names


def _synapse_of(function):
    parameters = _parameters(function)
    told = f"write `def {getattr(function, '__name__', 'forward')}(synapse: MyClass)` with a class MyClass(Synapse)"
    if not parameters:
        raise TypeError(f"a forward function takes a synapse: {told}")
    holder = function if hasattr(function, "__code__") else type(function).__call__
    kind = hint(getattr(holder, "__annotations__", {}).get(parameters[0]), holder.__module__)
    if not (isinstance(kind, type) and issubclass(kind, Synapse)):
        raise TypeError(f"the first argument of a forward function says its class: {told}")
    return kind
