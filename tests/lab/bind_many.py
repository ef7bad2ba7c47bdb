"""One of several processes that bind at the same time: its own pairs, and some that all of them want."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from dongle_cli.binding import checks, issue
from dongle_cli.binding.authorities import open_authority
from dongle_cli.binding.unlock import Unlock
from dongle_cli.errors import DongleError
from dongle_cli.identity import luhn_valid
from dongle_cli.register.bindings import Binding, Pair
from dongle_cli.register.register import Register


def imei(number: int) -> str:
    """The IMEI of dongle `number`."""
    body = f"35693803{number:06}"
    return next(body + digit for digit in "0123456789" if luhn_valid(body + digit))


def pair(number: int, spki: str) -> Pair:
    """Pair `number`, for this key."""
    uuid = f"4c4c4544-0042-3510-8052-b4c0{number:08x}"
    return Pair(f"PF{number:07}", imei(number), f"89810300000{number:08}", uuid, f"SN{number}", f"lt{number}", None,
                "paired", "local", spki)  # fmt: skip


def main() -> None:
    """Wait for the word, then bind; print what was delivered and what was refused."""
    me, own, shared, passphrase = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    delivered: list[str] = []
    refused: list[str] = []
    authority = open_authority("local", Unlock(passphrase))
    numbers = [me * 1000 + each for each in range(own)]
    for each in range(shared):
        numbers.insert(each * (own // max(shared, 1)), 900_000 + each)
    with Register.open() as register:
        print("ready", flush=True)
        sys.stdin.readline()
        for number in numbers:
            key = ec.generate_private_key(ec.SECP256R1()).public_key()

            def deliver(binding: Binding) -> None:
                delivered.append(str(binding.fingerprint_sha256))

            try:
                issue.issue(register, authority, pair(number, checks.fingerprint(key)), key, deliver)
            except DongleError as error:
                refused.append(error.code)
    print(json.dumps({"delivered": delivered, "refused": refused}), flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
