"""Who is served, and in which order."""

import soma as bt


def blacklist(request) -> tuple:
    """Turns away the hotkeys in the operator's setting `deny`, a JSON list. A setting that is no such list turns
    everybody away: it was meant to keep somebody out."""
    try:
        deny = bt.config.json("deny", [])
    except bt.config.ConfigError as error:
        bt.logging.error(error)
        return True, "not open for requests"
    if not isinstance(deny, list) or not all(isinstance(hotkey, str) for hotkey in deny):
        bt.logging.error("the setting 'deny' is no list of hotkeys")
        return True, "not open for requests"
    return request.caller.hotkey in deny, "this hotkey is denied"


def priority(request) -> float:
    """The more stake, the sooner."""
    return request.caller.stake
