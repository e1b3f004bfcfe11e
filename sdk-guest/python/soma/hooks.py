"""What the host calls. Only inside of a component: the generated entry module imports what the manifest makes live."""

from componentize_py_types import Err
from wit_world.imports import types

from . import ambient, host, traces
from .failure import Failure, Invalid, Refused, Unavailable
from .neuron import axon
from .request import Caller, Request
from .synapse import Reply, Synapse, to_json

_FAILURES = ((Invalid, types.Failure_Invalid), (Refused, types.Failure_Refused), (Unavailable, types.Failure_Unavailable))


class Mismatch(Exception):
    """The route's schema lets a body through that is not the plugin's class."""


class BuildError(Exception):
    """The functions and plugin.toml do not fit."""


def seal(routes, hooks):
    """Called at the end of the build, when the author's module was imported."""
    problems = axon.problems(routes, hooks)
    if problems:
        raise BuildError("\n".join(problems))
    ambient.seal()


def _begin(request):
    """The host's record in the SDK's words."""
    if not host.running:
        ambient.begin()
    caller = request.caller
    return Request(
        id=request.id,
        route=request.route,
        target=request.target,
        caller=Caller(
            caller.hotkey, caller.uid, caller.stake, caller.validator_permit, caller.ip, caller.body_bound
        ),
        dialect="synapse" if request.dialect is types.Dialect.SYNAPSE else "btauth",
        method=request.method,
        headers=request.headers,
        content_type=request.content_type,
        body_len=request.body_len,
        received_ms=request.received_ms,
        deadline_ms=request.deadline_ms,
    )


def _text(text):
    """What can go over the border: no lone surrogates."""
    text = str(text)
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _failure(error):
    """An exception as the contract's failure."""
    if isinstance(error, Failure):
        for kind, case in _FAILURES:
            if isinstance(error, kind):
                return Err(case(_text(error.reason)))
    return Err(types.Failure_Internal(_text(traces.line(error))))


def _broken_gate(kind, error):
    """A gate has no failure to answer with: the line is in the log, and the trap that follows is status 500."""
    host.log("error", f"the {kind} function failed: {traces.line(error)}")
    return RuntimeError(f"the {kind} function failed")


def _synapse(attached, request, body):
    try:
        synapse = attached.synapse.from_json(body)
    except Invalid as error:
        raise Mismatch(
            f"the route's schema allows a body that is not the plugin's class: {error.reason}"
        ) from None
    own = synapse.__dict__
    fields = attached.synapse.__soma_fields__()
    for name, value in (
        ("request", request),
        ("dendrite", request.dendrite),
        ("timeout", request.timeout),
        ("name", request.route),
    ):
        if name not in fields:
            own[name] = value
    return synapse


def _call(attached, request, body):
    synapse = _synapse(attached, request, body)
    return attached.forward(synapse, request) if attached.with_request else attached.forward(synapse)


def _own(request):
    attached = axon.routes.get(request.route)
    if attached is None:
        raise RuntimeError(f"no function is attached for the route {request.route!r}")
    return attached


class Forward:
    """Answers a request."""

    def forward(self, request, body):
        try:
            request = _begin(request)
            answer = ambient.finished(_call(_own(request), request, body))
            reply = _reply(answer)
        except BaseException as error:
            failure = _failure(error)
        else:
            return reply
        finally:
            ambient.flush()
        raise failure


def _reply(answer):
    if not isinstance(answer, Reply):
        if not isinstance(answer, (Synapse, dict)):
            raise TypeError(f"a forward function returns a synapse, a dict or a Reply, not {type(answer).__name__}")
        return types.Reply(to_json(answer), None, None)
    body = answer.body
    if isinstance(body, str):
        body = body.encode("utf-8")
    elif not isinstance(body, (bytes, bytearray, memoryview)):
        body = to_json(body)
    status = answer.status
    if status is not None and not (isinstance(status, int) and 200 <= status <= 499):
        raise ValueError(f"a status is 200 to 499, not {status!r}")
    kind = None if answer.content_type is None else _text(answer.content_type)
    return types.Reply(bytes(body), kind, None if status is None else int(status))


class Streaming:
    """Answers a request piece by piece."""

    def forward(self, request, body, response):
        failure = None
        try:
            with response:
                request = _begin(request)
                pieces = ambient.pieces(_call(_own(request), request, body))
                for piece in pieces:
                    if not _write(response, piece):
                        pieces.close()
                        break
        except BaseException as error:
            failure = _failure(error)
        finally:
            ambient.flush()
        if failure is not None:
            raise failure


def _write(response, piece):
    """Whether there is somebody to write more to."""
    if isinstance(piece, str):
        piece = piece.encode("utf-8", "replace")
    elif not isinstance(piece, (bytes, bytearray, memoryview)):
        raise TypeError(f"a streaming function yields str or bytes, not {type(piece).__name__}")
    try:
        response.write(bytes(piece))
    except Err:
        # The host knows why the answer is over.
        return False
    return True


def _gate(kind, request, judge):
    """Runs a gate function. An exception that is not one of the SDK's ends the instance."""
    broken = None
    try:
        request = _begin(request)
        function = axon.function(request.route, kind)
        return judge(function, request)
    except BaseException as error:
        broken = _broken_gate(kind, error)
    finally:
        ambient.flush()
    ambient.silence()
    raise broken


class Blacklist:
    """Turns callers away."""

    def check(self, request):
        return _gate("blacklist", request, _judge)


def _judge(function, request):
    if function is None:
        return types.Verdict_Allow()
    try:
        said = ambient.finished(function(request))
    except Failure as failure:
        return types.Verdict_Deny(_text(failure.reason))
    denied, reason = said if isinstance(said, tuple) else (said, "")
    if not isinstance(denied, bool):
        raise TypeError(f"a blacklist function returns (bool, str) or bool, not {said!r}")
    return types.Verdict_Deny(_text(reason or "blacklisted")) if denied else types.Verdict_Allow()


class Verify:
    """Checks a request with its body."""

    def check(self, request, body):
        def judge(function, request):
            if function is None:
                return types.Verdict_Allow()
            own = axon.routes.get(request.route)
            try:
                said = ambient.finished(function(request if own is None else _synapse(own, request, body)))
            except Failure as failure:
                return types.Verdict_Deny(_text(failure.reason))
            except Mismatch as error:
                # What cannot be read was not checked, and so does not pass.
                host.log("error", str(error))
                return types.Verdict_Deny("the body cannot be checked")
            if said is not None:
                raise TypeError(f"a verify function returns nothing or raises Refused; it returned {said!r}")
            return types.Verdict_Allow()

        return _gate("verify", request, judge)


class Priority:
    """Orders the queue."""

    def rank(self, request):
        def judge(function, request):
            try:
                return 0.0 if function is None else float(ambient.finished(function(request)))
            except Unavailable as error:
                # A caller does not pay for it, and an order is not worth an instance.
                host.log("warn", f"the priority function cannot rank: {error.reason}")
                return 0.0

        return _gate("priority", request, judge)


class Lifecycle:
    """Gets an instance ready that serves more than one request."""

    def init(self):
        failure = None
        try:
            if not host.running:
                ambient.begin()
            if axon.init is not None:
                ambient.finished(axon.init())
        except BaseException as error:
            failure = Err(_text(traces.line(error)))
        finally:
            ambient.flush()
        if failure is not None:
            raise failure
