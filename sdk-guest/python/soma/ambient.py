"""What print, logging, time, random and files are inside of a component.

A component has no WASI: what the standard library would ask the system for ends the plugin as by a trap. So, before
the author's module is imported, the functions that ask are replaced. At build time, where modules are imported, the
replacements do what the originals do; from the first hook on they ask the host, or raise an ordinary exception that
says why there is no such thing.

In three steps: `install` before the author's module is imported, `seal` after it, `begin` at the first hook. The host
must not be called before `begin`: that would end the build.
"""

import builtins
import io
import os
import sys
import time

from . import clock, generators, host

#: Modules that the standard library imports when it first needs them, which a component cannot do any more.
LATE = (
    "encodings.ascii encodings.latin_1 encodings.utf_8_sig encodings.utf_16 encodings.utf_16_le encodings.utf_16_be "
    "encodings.utf_32 encodings.cp1252 encodings.idna encodings.punycode encodings.unicode_escape "
    "encodings.raw_unicode_escape encodings.hex_codec encodings.base64_codec stringprep unicodedata"
).split()

#: Functions of the system, by module: a plugin has none of it.
ABSENT = {
    "os": (
        "access chdir chmod close dup fstat fsync ftruncate getcwd getcwdb kill link listdir lseek lstat mkdir makedirs "
        "open pipe popen read readlink remove removedirs rename renames replace rmdir scandir stat statvfs symlink "
        "system truncate unlink utime walk write"
    ).split(),
    "io": ["open", "open_code", "FileIO"],
    "socket": ["socket", "create_connection", "create_server", "getaddrinfo", "gethostbyname", "socketpair"],
    "select": ["select", "poll", "epoll"],
    "subprocess": ["Popen"],
}


class LogWriter(io.TextIOBase):
    """Standard output and standard error: each line is one line of the host's log."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, level, original):
        self._level = level
        self._original = original
        self._rest = ""

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() takes str, not {type(text).__name__}")
        if not host.running:
            if self._original is not None:
                self._original.write(text)
            return len(text)
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            host.log(self._level, line)
        return len(text)

    def flush(self):
        if not host.running:
            if self._original is not None:
                self._original.flush()
        elif self._rest:
            rest, self._rest = self._rest, ""
            host.log(self._level, rest)


def flush():
    """After each hook: what was printed without a line's end is not the next request's."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, LogWriter):
            stream.flush()


def silence():
    """Before an exception leaves a hook: it was logged, the interpreter would print it a second time."""
    sys.stderr = None


def install():
    """Replaces what the author's module may take a reference to while it is imported."""
    sys.stdout = LogWriter("info", sys.stdout)
    sys.stderr = LogWriter("warn", sys.stderr)
    _install_time()
    generators.install()
    # The one in C reads the clock by itself; the one in Python asks `time`.
    sys.modules["_datetime"] = None
    sys.modules.pop("datetime", None)


def seal():
    """After the author's module was imported: no import, file or socket from here on."""
    for name in LATE:
        _import(name)
    if "datetime" in sys.modules:
        _import("_strptime")
    _seal_logging()
    _seal_sources()
    _seal_absent()
    sys.stdin = None


def begin():
    """At the first hook of an instance."""
    host.running = True
    generators.begin()


def _import(name):
    try:
        __import__(name)
    except ImportError:
        pass  # Not every build of Python has all of them.


# Time


class _Builtin:
    """A replacement of a function in C. Unlike one in Python it stays a function as the attribute of a class:
    `converter = time.gmtime`."""

    def __init__(self, function):
        self._function = function

    def __call__(self, *arguments, **named):
        return self._function(*arguments, **named)


def _install_time():
    original = {name: getattr(time, name) for name in dir(time)}
    latest = 0.0

    def now():
        return clock.now_ms() / 1000.0 if host.running else original["time"]()

    def forwards():
        # The host may set its clock; these never go back.
        nonlocal latest
        latest = max(latest, now())
        return latest

    def nanoseconds(function):
        return lambda *clock_id: int(function() * 1e9)

    def with_default(name):
        # `gmtime()` and the like read the clock when they are given no time.
        return lambda seconds=None: original[name](now() if seconds is None else seconds)

    def strftime(form, moment=None):
        return original["strftime"](form, original["localtime"](now()) if moment is None else moment)

    def asctime(moment=None):
        return original["asctime"](original["localtime"](now()) if moment is None else moment)

    def sleep(seconds):
        if host.running:
            raise OSError("a plugin cannot sleep: it would hold its instance")
        original["sleep"](seconds)

    replaced = {"time": now, "time_ns": nanoseconds(now), "clock_gettime": lambda clock_id: now()}
    replaced.update(clock_gettime_ns=nanoseconds(now), strftime=strftime, asctime=asctime, sleep=sleep)
    for name in ("monotonic", "perf_counter", "process_time", "thread_time"):
        replaced[name] = forwards
        replaced[f"{name}_ns"] = nanoseconds(forwards)
    for name in ("gmtime", "localtime", "ctime"):
        replaced[name] = with_default(name)
    for name, function in replaced.items():
        setattr(time, name, _Builtin(function))


# Logging


class _LogClock:
    """The clock of `logging`, which stamps every record: 0 where there is none, as the host stamps the line anyway."""

    def __getattr__(self, name):
        return getattr(time, name)

    def time_ns(self):
        return int(self.time() * 1e9)

    def time(self):
        if host.running and not host.wanted("clock"):
            return 0.0
        return time.time()


def level_of(number):
    """The host's level for one of `logging`."""
    for limit, level in ((40, "error"), (30, "warn"), (20, "info"), (10, "debug")):
        if number >= limit:
            return level
    return "trace"


def _seal_logging():
    logging = sys.modules.get("logging")
    if logging is None:
        return
    logging.time = _LogClock()
    original_emit = logging.StreamHandler.emit
    plain = logging.Formatter()

    def emit(handler, record):
        # Also handlers that the author set up go to the log: with the record's level.
        if not (host.running and isinstance(handler.stream, LogWriter)):
            original_emit(handler, record)
            return
        form = handler.formatter
        if form is None or form._fmt == logging.BASIC_FORMAT:
            # Level and place are the host's to write.
            form = plain
        try:
            for line in form.format(record).split("\n"):
                host.log(level_of(record.levelno), line)
        except Exception as error:
            host.log("warn", f"a record of logging cannot be written: {type(error).__name__}: {error}")

    logging.StreamHandler.emit = emit
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler(sys.stderr))
    if root.level == logging.WARNING:
        # Nobody has chosen another level than the default: the operator does, in the host.
        root.setLevel(logging.DEBUG)


# Files, sockets, imports


def _seal_sources():
    """`traceback` would look for source files."""
    linecache = sys.modules.get("linecache")
    if linecache is not None:
        linecache.checkcache = lambda filename=None: None
        linecache.updatecache = lambda filename, module_globals=None: []
        linecache.lazycache = lambda filename, module_globals: False


def _absent(what, original):
    def absent(*arguments, **named):
        if not host.running:
            return original(*arguments, **named)
        raise PermissionError(13, f"a plugin has no files, sockets or programs: {what} was called")

    return absent


def _seal_absent():
    for name, functions in ABSENT.items():
        module = sys.modules.get(name)
        for function in functions if module is not None else ():
            if hasattr(module, function):
                setattr(module, function, _absent(f"{name}.{function}", getattr(module, function)))
    builtins.open = _absent("open", builtins.open)
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None:
        asyncio.run = lambda main, **options: _drive(main)
    sys.meta_path = [_OnlyAtBuild(finder) for finder in sys.meta_path]


class _OnlyAtBuild:
    """A finder of modules that looks for files: at run time there are none."""

    def __init__(self, finder):
        self._finder = finder

    def find_spec(self, name, path=None, target=None):
        if not host.running or getattr(self._finder, "__name__", "") in ("BuiltinImporter", "FrozenImporter"):
            return self._finder.find_spec(name, path, target)
        raise ModuleNotFoundError(
            f"{name} was not imported when the plugin was built: import it at the top of a file", name=name
        )


# Coroutines


def finished(answer):
    """What a function returned; of an `async def`, its result."""
    return _drive(answer) if hasattr(answer, "cr_await") else answer


def _drive(waiting):
    """Runs a coroutine to its end. There is nothing that it could wait for."""
    try:
        waiting.send(None)
    except StopIteration as end:
        return end.value
    waiting.close()
    raise RuntimeError("an async function of a plugin has nothing to wait for: the host runs one call at a time")


def pieces(answer):
    """A generator over what a generator or an async generator yields."""
    if not hasattr(answer, "__anext__"):
        yield from answer
        return
    while True:
        try:
            piece = _drive(answer.__anext__())
        except StopAsyncIteration:
            return
        yield piece
