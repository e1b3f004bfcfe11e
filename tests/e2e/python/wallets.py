"""Reads or writes one wallet with the wallet classes of the real SDK (10.5.0 or 11.3.0); prints one line of JSON."""

import argparse
import ctypes
import json
import os

# The SDKs print remarks of their own, one of them behind Python's back; only the answer goes to standard output.
ANSWER = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

try:
    # 11.3.0
    from bittensor.wallets import Wallet, list_wallets
except ImportError:
    # 10.5.0
    from bittensor_wallet import Wallet

    list_wallets = None

MESSAGE = b"signed by one, verified by the other"


def from_environment(name):
    """The variable as the process sees it: the 10.x SDK sets it behind Python's back."""
    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_char_p
    return getenv(name.encode()).decode()


def read(wallet, arguments):
    """Opens every file that is there. A plain hotkey is opened without a password."""
    hotkey = wallet.get_hotkey(password=arguments.password)
    told = {
        "hotkey": hotkey.ss58_address,
        "hotkeypub": wallet.hotkeypub.ss58_address,
        "signs": bool(wallet.hotkeypub.verify(MESSAGE, hotkey.sign(MESSAGE))),
        "crypto": hotkey.crypto_type,
        "encrypted": bool(wallet.hotkey_file.is_encrypted()),
    }
    if wallet.coldkeypub_file.exists_on_device():
        told["coldkeypub"] = wallet.coldkeypub.ss58_address
    if wallet.coldkey_file.exists_on_device():
        told["coldkey_encrypted"] = bool(wallet.coldkey_file.is_encrypted())
        told["coldkey"] = wallet.get_coldkey(password=arguments.password).ss58_address
    if list_wallets is not None:
        told["hotkeys"] = list_wallets(arguments.path)[arguments.name]
    return told


def write(wallet, arguments):
    """Makes a hotkey, encrypted when there is a password, and an encrypted coldkey."""
    password = arguments.password
    wallet.regenerate_hotkey(
        mnemonic=arguments.mnemonic, use_password=password is not None, hotkey_password=password, suppress=True
    )
    told = {"hotkey": wallet.hotkeypub.ss58_address}
    if password is not None:
        wallet.regenerate_coldkey(mnemonic=arguments.mnemonic, coldkey_password=password, suppress=True)
        told["coldkey"] = wallet.coldkeypub.ss58_address
        file = wallet.hotkey_file
        file.save_password_to_env(password)
        name = file.env_var_name() if callable(file.env_var_name) else file.env_var_name
        told["variable"] = [name, from_environment(name)]
    return told


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["read", "write"])
    parser.add_argument("--path", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--hotkey", required=True)
    parser.add_argument("--password")
    parser.add_argument("--mnemonic")
    arguments = parser.parse_args()
    wallet = Wallet(arguments.name, arguments.hotkey, arguments.path)
    told = {"read": read, "write": write}[arguments.action](wallet, arguments)
    print(json.dumps(told), file=ANSWER, flush=True)


if __name__ == "__main__":
    main()
