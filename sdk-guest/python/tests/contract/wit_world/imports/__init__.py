"""Stands in for the bindings that componentize-py generates: the host's side is lists that a test can look at. Which
imports there are says the variable WANTS."""

import os
import sys

from . import clock as _clock, config as _config, metagraph as _metagraph, random as _random

for _name in ("clock", "config", "metagraph", "random"):
    if _name not in os.environ.get("WANTS", "").split():
        # As in a world without the import.
        del globals()[f"_{_name}"], globals()[_name]
        sys.modules[f"{__name__}.{_name}"] = None
