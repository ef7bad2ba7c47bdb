"""`revoke --verify-effect` against FreeRADIUS: refused, still accepted, could not be measured, and never mixed up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gateways import radius
from gateways.bench import Bench, Bound
from gateways.programs import need
from gateways.responder import responder
from ports import free_port

pytestmark = pytest.mark.strangers
Lab = Any


class Site:
    """A bench with a canary and two bound pairs, and its RADIUS server on loopback."""

    def __init__(self, lab: Lab, work: Path) -> None:
        need("freeradius", "freeradius")
        self.bench, self.port, self.folder = Bench(lab, work), free_port(radius.UDP), work / "raddb"
        self.bench.init()
        assert self.bench.json("ca", "canary", *self.bench.unlock)["result"] == "ok"
        assert self.bench.json("ca", "canary", *self.bench.unlock)["result"] == "already"
        self.pairs = [self.bench.bind(1), self.bench.bind(2)]
        self.certificate, self.key = self.bench.server(radius.HOST)

    def export(self, *options: str) -> None:
        self.bench.run(
            "export", "freeradius", self.folder, "--server-certificate", self.certificate, "--server-key", self.key,
            "--listen", "127.0.0.1", "--port", str(self.port), "--yes", *options,
        )  # fmt: skip
        secret = self.folder.parent / "radius.secret"
        secret.touch(mode=0o600)
        secret.write_text(radius.secret_of(self.folder))

    def revoke(self, pair: Bound, *options: str, code: int) -> dict[str, Any]:
        answer = self.bench.json(
            "revoke", "--imei", pair.answer["imei"], "--reason", "keyCompromise", "--yes", "--verify-effect",
            "--gateway", f"radius://127.0.0.1:{self.port}", "--secret", f"file:{self.folder.parent}/radius.secret",
            *options, *self.bench.unlock, code=code,
        )  # fmt: skip
        assert answer["bindings"][0]["state"] == "revoked"  # whatever could be measured
        effect: dict[str, Any] = answer["effect"]
        return effect

    def login(self, pair: Bound) -> bool:
        at = (self.folder.parent, self.port, radius.secret_of(self.folder))
        return radius.login(*at, ca=self.bench.root, pem=pair.pem, key=pair.key, imeisv=pair.imeisv).accepted


@pytest.fixture
def site(lab: Callable[..., Lab], tmp_path: Path) -> Site:
    return Site(lab(count=2, models=["quectel-ec25"]), tmp_path)


def test_with_ocsp_the_next_logon_is_refused_and_only_that_one(site: Site) -> None:
    one, other = site.pairs
    with responder(site.bench) as server:
        site.export("--ocsp", server.url)
        with radius.freeradius(site.folder):
            assert site.login(one) and site.login(other)
            effect = site.revoke(one, code=0)
            assert (effect["result"], effect["probe"]) == ("refused", "canary")
            assert effect["last_accepted"] is None and effect["first_refused"] > effect["begun"]
            assert not site.login(one) and site.login(other)
            # The server does not know the next canary yet: that it is refused proves nothing.
            assert site.revoke(other, code=7)["result"] == "unmeasured"
            assert not site.login(other)


def test_a_list_that_nobody_read_is_told_from_one_that_holds(site: Site) -> None:
    one, other = site.pairs
    site.export()
    with radius.freeradius(site.folder):
        effect = site.revoke(one, "--within", "3", code=5)
        assert effect["result"] == "accepted" and effect["last_accepted"] and site.login(one)
        given = ("--probe-certificate", str(other.pem), "--probe-key", str(other.key))
        assert site.revoke(other, *given, "--within", "2", code=5)["probe"] == "given"
    site.export()
    with radius.freeradius(site.folder):
        assert not site.login(one)
        # RADIUS does not say why, and this run did not see it let in.
        assert "proves nothing" in site.revoke(other, *given, code=7)["why"]
    assert site.revoke(other, *given, "--within", "3", code=7)["why"] == "Connection refused"
