"""Settings that the operator wrote for this slot (`config = { key = "value" }`). The manifest has to want `config`."""

import json as _json

from . import host


class ConfigError(ValueError):
    """A setting that is there but is not JSON. The operator's mistake is no business of the caller: it is status 500
    and a line in the log."""


def get(key: str, default=None):
    """The text of a setting, `default` when the operator did not set it."""
    text = host.setting(key)
    return default if text is None else text


def json(key: str, default=None):
    """A setting that is JSON text, for example a list; `default` when the operator did not set it."""
    text = host.setting(key)
    if text is None:
        return default
    try:
        return _json.loads(text)
    except ValueError as error:
        raise ConfigError(f"the setting {key!r} is not JSON: {error}") from None
