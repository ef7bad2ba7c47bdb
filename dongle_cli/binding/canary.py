"""The canary: a certificate of the bench's own that is bound, let in, and revoked together with a lost one.

The key of a lost certificate is on the lost laptop, so the bench cannot log on with it. The canary is on the same
revocation list and in the same register, so a gateway that refuses it has read what names the lost one, too.
"""

from __future__ import annotations

import secrets as random
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dongle_cli.binding import checks, crl, effect, issue, probes, revoke
from dongle_cli.binding.authorities.local import LocalAuthority
from dongle_cli.binding.keystores.pem import PemFolder
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.identity import Imei, luhn_valid
from dongle_cli.register import bindings
from dongle_cli.register.bindings import Binding, Pair

if TYPE_CHECKING:
    from pathlib import Path

    from dongle_cli.binding.ca import Settings
    from dongle_cli.binding.probes import Gateway
    from dongle_cli.binding.unlock import Unlock
    from dongle_cli.register.register import Register

PROFILE = "canary"  # of its binding: no dongle and no laptop stands behind it
_TEST_TAC = "00101700"  # reporting body 00 gives out test equipment's numbers only (GSMA TS.06): no dongle has one
DAYS = 400


def current(register: Register) -> Binding | None:
    """The canary in force, None where there is none, or only one that ends soon."""
    soon = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    found = bindings.find(register, states=("active",), profile=PROFILE)
    return next((one for one in found if (one.not_after or "") > soon), None)


def make(register: Register, settings: Settings, unlock: Unlock) -> Binding:
    """The canary in force, made where there is none; gateways know it after the next export."""
    if (found := current(register)) is not None:
        return found
    authority = LocalAuthority("", unlock, settings.folder)
    store = _store(settings, unlock)
    label = f"canary-{random.token_hex(4)}"
    key = store.create(label)
    pair = Pair(
        asset_no=label.upper(), imei=_imei(), iccid=None, laptop_uuid=str(uuid.uuid4()), laptop_serial=None,
        laptop_host=None, laptop_ek=None, profile=PROFILE, authority=authority.name,
        spki_sha256=checks.fingerprint(key.public_key()),
    )  # fmt: skip

    def deliver(binding: Binding) -> None:
        from cryptography import x509

        certificate = x509.load_pem_x509_certificate((binding.certificate or "").encode("ascii"))
        store.store(label, certificate, authority.chain[:1])

    made = issue.issue(register, authority, pair, key.public_key(), deliver, days=DAYS)
    for old in store.labels():
        if old != label:
            store.delete(old)
    return made


def probe(binding: Binding, settings: Settings, unlock: Unlock, gateway: Gateway, trusted: list[Path]) -> effect.Probe:
    """The canary, ready to log on; DongleError `keystore.missing` where its key is on another bench."""
    folder, label = settings.folder / "probe", binding.asset_no.lower()
    key = folder / f"{label}.key.pem"
    if not key.exists():
        raise DongleError(
            _("The canary {name} was made on another bench; its key is not here.").format(name=binding.asset_no),
            code="keystore.missing",
        )
    context = probes.context(
        folder / f"{label}.crt.pem", key, lambda: unlock(str(key)).reveal(),
        trusted or [settings.folder / "root.pem"],
    )  # fmt: skip
    at = replace(gateway, imeisv=binding.imei14 + "00")
    return effect.Probe(at, context, binding.serial or "", "canary")


def trial(
    register: Register, settings: Settings, unlock: Unlock, gateway: Gateway, trusted: list[Path], within: float,
    *, out: Path | None = None, notice: Callable[[str], None],
) -> effect.Effect:  # fmt: skip
    """Revoke the canary on a new CRL, measure when `gateway` refuses it, and make the next one.

    DongleError `keystore.*`, `secret.*` where its key cannot be used; then nothing was revoked here.
    """
    bird = current(register)
    if bird is None:
        return _none(gateway)
    ready = probe(bird, settings, unlock, gateway, trusted)
    before = ready.once()
    bindings.revoke(register, bird.id, reason="superseded")
    revoke.write_crl(register, settings, unlock, out, crl.VALID)
    measured = effect.measure(ready, before, within, notice)
    make(register, settings, unlock)
    return measured


def _none(gateway: Gateway) -> effect.Effect:
    why = _("there is no canary; make one with dongle-cli ca canary, then export again")
    return effect.Effect("unmeasured", gateway.shown, "", "canary", effect.now(), why=why)


def _store(settings: Settings, unlock: Unlock) -> PemFolder:
    return PemFolder(str(settings.folder / "probe"), unlock)


def _imei() -> str:
    body = f"{_TEST_TAC}{random.randbelow(10**6):06}"
    return str(Imei.parse(next(body + digit for digit in "0123456789" if luhn_valid(body + digit))))
