"""Reads and writes a chain with the real 10.5.0 SDK; prints one line of JSON for each case."""

import argparse
import json
import sys

# The SDK logs to standard output, where the results go.
RESULTS, sys.stdout = sys.stdout, sys.stderr

import bittensor  # noqa: E402
from bittensor_wallet import Wallet  # noqa: E402


def balance(subtensor, arguments):
    return {"rao": subtensor.get_balance(arguments.coldkey).rao}


def metagraph(subtensor, arguments):
    graph = subtensor.metagraph(arguments.netuid)
    return {
        "n": int(graph.n.item()),
        "block": int(graph.block.item()),
        "hotkeys": list(graph.hotkeys),
        "axons": [f"{axon.ip}:{axon.port}" for axon in graph.axons],
        "stake": [float(stake) for stake in graph.S],
        "validator_permit": [bool(permit) for permit in graph.validator_permit],
        "incentive": [float(incentive) for incentive in graph.I],
    }


def whole_metagraph(subtensor, arguments):
    graph = subtensor.metagraph(arguments.netuid, lite=False)
    return {"weights": [[float(weight) for weight in row] for row in graph.W]}


def info(subtensor, arguments):
    found = subtensor.get_metagraph_info(netuid=arguments.netuid)
    return {"hotkeys": found.hotkeys, "tempo": found.tempo, "num_uids": found.num_uids}


def hyperparameters(subtensor, arguments):
    found = subtensor.get_subnet_hyperparameters(arguments.netuid)
    return {"tempo": found.tempo, "weights_rate_limit": found.weights_rate_limit}


def uid(subtensor, arguments):
    return {"uid": subtensor.get_uid_for_hotkey_on_subnet(arguments.hotkey, arguments.netuid)}


def serve(subtensor, arguments):
    wallet = Wallet(name=arguments.wallet_name, path=arguments.wallet_path)
    axon = bittensor.Axon(wallet=wallet, ip="127.0.0.1", port=8093, external_ip="127.0.0.3", external_port=8093)
    response = subtensor.serve_axon(netuid=arguments.netuid, axon=axon, wait_for_finalization=True)
    return {"success": bool(response.success), "message": str(response.message)}


def weights(subtensor, arguments):
    wallet = Wallet(name=arguments.wallet_name, path=arguments.wallet_path)
    response = subtensor.set_weights(
        wallet=wallet,
        netuid=arguments.netuid,
        uids=[0, 1],
        weights=[0.25, 0.75],
        wait_for_inclusion=True,
        wait_for_finalization=True,
    )
    return {"success": bool(response.success), "message": str(response.message)}


CASES = {
    "balance": balance,
    "metagraph": metagraph,
    "whole_metagraph": whole_metagraph,
    "info": info,
    "hyperparameters": hyperparameters,
    "uid": uid,
    "serve": serve,
    "weights": weights,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--netuid", type=int, default=1)
    parser.add_argument("--coldkey")
    parser.add_argument("--hotkey")
    parser.add_argument("--wallet-path")
    parser.add_argument("--wallet-name")
    parser.add_argument("--case", action="append", choices=CASES, required=True)
    arguments = parser.parse_args()

    subtensor = bittensor.Subtensor(network=arguments.url)
    for case in arguments.case:
        try:
            result = CASES[case](subtensor, arguments)
        except Exception as error:
            result = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps({"case": case, **result}), file=RESULTS, flush=True)


if __name__ == "__main__":
    main()
