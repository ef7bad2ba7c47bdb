"""strongSwan with what `export strongswan` writes, in two network namespaces: a tunnel's handshake, then none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gateways.bench import Bench, Bound
from gateways.netns import Side, charon, two_hosts
from gateways.programs import need

pytestmark = [
    pytest.mark.strangers,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root"),
]
HOST = "gateway.closed.example"
# Childless: the kernel of a test machine may have no ESP, and who gets in is decided before.
LAPTOP = """connections {{
  {name} {{
    version = 2
    childless = force
    local_addrs = {local}
    remote_addrs = {remote}
    local {{
      auth = pubkey
      certs = {name}.pem
    }}
    remote {{
      auth = pubkey
      id = "{host}"
      revocation = relaxed
    }}
  }}
}}
"""


def put(source: Path, folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, folder / name)


def furnish(laptop: Side, gateway: Side, bench: Bench, pairs: dict[str, Bound]) -> None:
    """Certificates, keys and a connection for each pair."""
    for name, pair in pairs.items():
        put(pair.pem.with_name(pair.pem.name.replace(".chain", "")), laptop.folder / "x509", f"{name}.pem")
        put(pair.key, laptop.folder / "private", f"{name}.key")
        conf = laptop.folder / "conf.d" / f"{name}.conf"
        conf.parent.mkdir(exist_ok=True)
        conf.write_text(LAPTOP.format(name=name, local=laptop.address, remote=gateway.address, host=HOST))
    for name in ("root", "issuing"):
        put(bench.ca / f"{name}.pem", laptop.folder / "x509ca", f"{name}.pem")


def test_a_tunnel_for_bound_certificates_and_none_for_a_revoked_one(lab: Callable[..., Any], tmp_path: Path) -> None:
    for program, package in (("charon", "strongswan-charon"), ("swanctl", "strongswan-swanctl")):
        need(program, package)
    bench = Bench(lab(count=2, models=["quectel-ec25"]), tmp_path)
    bench.init()
    pairs = {"gone": bench.bind(1), "other": bench.bind(2)}
    certificate, key = bench.server(HOST)
    said: list[str] = []
    with two_hosts(tmp_path) as (gateway, laptop):
        export = ("export", "strongswan", gateway.folder, "--server-name", HOST, "--listen", gateway.address, "--yes")
        bench.run(*export)
        put(certificate, gateway.folder / "x509", "dongle-gateway.pem")
        put(key, gateway.folder / "private", "gateway.key")
        furnish(laptop, gateway, bench, pairs)
        with charon(gateway), charon(laptop):
            for side in (gateway, laptop):
                loaded = side.swanctl("--load-all", "--noprompt")
                assert loaded.returncode == 0, loaded.stdout + loaded.stderr

            def connects(name: str) -> bool:
                done = laptop.swanctl("--initiate", "--ike", name, "--timeout", "60")
                said.append(done.stdout + done.stderr)
                laptop.swanctl("--terminate", "--ike", name, "--timeout", "60")
                return "initiate completed successfully" in said[-1]

            assert connects("gone") and connects("other"), said
            bench.run("revoke", "--asset", "PF0000001", "--reason", "keyCompromise", "--yes", *bench.unlock)
            assert connects("gone")  # nobody told the gateway yet
            bench.run(*export)
            assert gateway.swanctl("--load-creds", "--clear", "--noprompt").returncode == 0
            gateway.swanctl("--flush-certs")
            assert not connects("gone") and connects("other")
