SETTINGS = {}


def get(key):
    return SETTINGS.get(key)
