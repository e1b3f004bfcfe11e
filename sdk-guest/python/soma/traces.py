"""An exception in one line, from its own traceback: the standard library's way would open source files, which are not
there inside of a component."""

#: Frames and causes that are told; what is left out is in between.
FRAMES = 12
CAUSES = 3


def line(error) -> str:
    """What it is, what it says, and where it was raised, the outermost frame first."""
    told = []
    while error is not None and len(told) < CAUSES:
        told.append(_one(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "; caused by ".join(told)


def _one(error):
    try:
        said = str(error)
    except Exception:
        said = "(its text cannot be made)"
    kind = type(error).__name__
    places = _places(error.__traceback__)
    if len(places) > FRAMES:
        half = FRAMES // 2
        places = places[:half] + [f"{len(places) - FRAMES} more"] + places[-half:]
    where = " at " + ", ".join(places) if places else ""
    return f"{kind}: {said}{where}" if said else f"{kind}{where}"


def _places(trace):
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        folder, _, name = code.co_filename.replace("\\", "/").rpartition("/")
        # The SDK's own frames say nothing to an author.
        if not folder.endswith("/soma"):
            places.append(f"{name} line {trace.tb_lineno} in {code.co_name}")
        trace = trace.tb_next
    return places
