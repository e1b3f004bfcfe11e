"""Lines in the host's log, as `bt.logging` of the Bittensor SDK. `print` is level info; the standard library's
`logging` keeps its levels."""

from . import host


def _line(level, prefix, suffix):
    host.log(level, " ".join(str(part) for part in (prefix, suffix) if part != ""))


def trace(msg="", suffix=""):
    """What happens in detail."""
    _line("trace", msg, suffix)


def debug(msg="", suffix=""):
    """What helps to find a mistake."""
    _line("debug", msg, suffix)


def info(msg="", suffix=""):
    """What an operator may want to know."""
    _line("info", msg, suffix)


success = info


def warning(msg="", suffix=""):
    """What an operator should look at."""
    _line("warn", msg, suffix)


def error(msg="", suffix=""):
    """What does not work."""
    _line("error", msg, suffix)


critical = error
