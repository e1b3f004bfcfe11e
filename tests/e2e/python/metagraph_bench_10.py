"""Reads a subnet's metagraph with the real 10.5.0 SDK and looks hotkeys up in it; prints one line of JSON."""

import argparse
import gc
import json
import os
import time

import bittensor

# Metagraphs that are kept to see what one takes: the allocator has room for a first one already.
KEPT = 20


def resident():
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def timed(work):
    begun = time.perf_counter()
    result = work()
    return result, time.perf_counter() - begun


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--netuid", type=int, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()

    subtensor = bittensor.Subtensor(network=arguments.url)
    # The first is unmeasured: the metadata is fetched and its types are built.
    subtensor.get_metagraph_info(netuid=arguments.netuid)
    read, lookup = [], []
    for _ in range(arguments.rounds):
        info, seconds = timed(lambda: subtensor.get_metagraph_info(netuid=arguments.netuid))
        read.append(seconds * 1e3)
    gc.collect()
    before = resident()
    kept = [subtensor.get_metagraph_info(netuid=arguments.netuid) for _ in range(KEPT)]
    gc.collect()
    megabytes = (resident() - before) / 1e6 / len(kept)
    hotkeys = info.hotkeys
    for _ in range(arguments.rounds):
        _, seconds = timed(lambda: [hotkeys.index(hotkey) for hotkey in hotkeys])
        lookup.append(seconds * 1e9 / len(hotkeys))
    print(json.dumps({"read_ms": read, "lookup_ns": lookup, "megabytes": megabytes, "neurons": len(hotkeys)}))


if __name__ == "__main__":
    main()
