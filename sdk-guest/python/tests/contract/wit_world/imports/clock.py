MOMENT = [1_700_000_000_000.0]


def now_ms():
    return MOMENT[0]
