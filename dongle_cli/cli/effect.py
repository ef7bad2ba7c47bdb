"""`--verify-effect`: its options, and how its result is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dongle_cli.cli import output
from dongle_cli.errors import DongleError, ExitCode
from dongle_cli.i18n import _

if TYPE_CHECKING:
    from dongle_cli.binding.ca import Settings
    from dongle_cli.binding.effect import Effect, Probe
    from dongle_cli.binding.probes import Answer, Gateway
    from dongle_cli.binding.unlock import Unlock
    from dongle_cli.register.register import Register

VerifyEffect = Annotated[
    bool,
    typer.Option("--verify-effect", help=_("Log on to the gateway until it refuses, and say how long it took.")),
]
GatewayOption = Annotated[
    str | None,
    typer.Option("--gateway", metavar="URL", show_default=False,
                 help=_("The gateway to log on to: radius://HOST:PORT or tls://HOST:PORT.")),
]  # fmt: skip
GatewaySecret = Annotated[
    str | None,
    typer.Option("--secret", metavar=_("REFERENCE"), show_default=False,
                 help=_("Secret that a RADIUS server shares with this machine: file:PATH, keyring:SERVICE/USER.")),
]  # fmt: skip
GatewayName = Annotated[
    str | None,
    typer.Option("--gateway-name", metavar=_("NAME"), show_default=False,
                 help=_("The DNS name in the gateway's own certificate.")),
]  # fmt: skip
GatewayCa = Annotated[
    Path | None,
    typer.Option("--gateway-ca", metavar=_("FILE"), show_default=False,
                 help=_("The CA that certified the gateway, if not ours.")),
]  # fmt: skip
Within = Annotated[
    float, typer.Option("--within", min=1, max=86400, metavar=_("SECONDS"), help=_("Ask the gateway so long at most."))
]
ProbeCertificate = Annotated[
    Path | None,
    typer.Option("--probe-certificate", metavar=_("FILE"), show_default=False,
                 help=_("Log on with this certificate (PEM, with its chain), not with the canary.")),
]  # fmt: skip
ProbeKey = Annotated[
    Path | None,
    typer.Option("--probe-key", metavar=_("FILE"), help=_("The key of --probe-certificate."), show_default=False),
]


@dataclass
class Trial:
    """What was asked for, checked before anything is revoked."""

    gateway: Gateway
    trusted: list[Path]
    within: float
    given: tuple[Path, Path] | None
    _probe: Probe | None = field(default=None, init=False)
    _before: Answer | None = field(default=None, init=False)

    def before(self, register: Register, settings: Settings | None, unlocked: Unlock) -> None:
        """Log on with a certificate that was given, while it is still good; the canary's turn comes later."""
        if self.given is None:
            return
        from dongle_cli.binding import effect, probes, profile, publish, verify
        from dongle_cli.register import bindings

        certificate, key = self.given
        serial = profile.hexadecimal(verify.load(publish.read(certificate), str(certificate)).serial_number)
        known = bindings.find(register, serial=serial)
        trusted = self.trusted or ([settings.folder / "root.pem"] if settings else [])
        context = probes.context(certificate, key, lambda: unlocked(str(key)).reveal(), trusted)
        from dataclasses import replace

        at = replace(self.gateway, imeisv=known[0].imei14 + "00") if known else self.gateway
        self._probe = effect.Probe(at, context, serial, "given")
        self._before = self._probe.once()

    def after(
        self, register: Register, settings: Settings | None, unlocked: Unlock, out: Path | None, *, published: bool
    ) -> Effect:
        """Measure; what stands in the way of measuring is its result, because the revocation stands anyway."""
        from dongle_cli.binding import canary, effect

        if self._probe is not None and self._before is not None:
            return effect.measure(self._probe, self._before, self.within, output.say)
        why = _("the canary is signed by this bench's authority, and no list could be signed")
        if settings is not None and published:
            try:
                return canary.trial(
                    register, settings, unlocked, self.gateway, self.trusted, self.within, out=out, notice=output.say
                )
            except DongleError as error:
                why = error.message
        return effect.Effect("unmeasured", self.gateway.shown, "", "canary", effect.now(), why=why)


def trial(
    wanted: bool, url: str | None, secret: str | None, name: str | None, authority: Path | None, within: float,
    certificate: Path | None, key: Path | None,
) -> Trial | None:  # fmt: skip
    """What the options ask for, None where nothing is to be measured; DongleError `usage.*` for what cannot be."""
    if not wanted:
        return None
    from dongle_cli.binding import probes
    from dongle_cli.cli.export import secret_of

    if url is None:
        raise DongleError(
            _("Say which gateway is to be asked."), code="usage.gateway",
            hint=_("Write --gateway radius://HOST:PORT or tls://HOST:PORT."),
        )  # fmt: skip
    if (certificate is None) != (key is None):
        raise DongleError(_("--probe-certificate and --probe-key belong together."), code="usage.gateway")
    at = probes.gateway(url, secret=secret_of(secret), name=name)
    given = (certificate, key) if certificate and key else None
    return Trial(at, [authority] if authority else [], within, given)


def told(effect: Effect | None) -> dict[str, Any] | None:
    """As JSON."""
    return None if effect is None else asdict(effect)


def exit_code(effects: Sequence[Effect | None]) -> int:
    """0: refused; 5: it still gets in; 7: it could not be measured."""
    results = {effect.result for effect in effects if effect}
    if "accepted" in results:
        return ExitCode.FINDINGS
    return ExitCode.INCOMPLETE if "unmeasured" in results else ExitCode.DONE


def say(effect: Effect) -> None:
    """For people."""
    if effect.result == "refused":
        output.answer(
            _("{gateway} refuses it, measured {seconds} s after the revocation ({reason}).").format(
                gateway=effect.gateway, seconds=effect.seconds, reason=effect.why
            )
        )
    elif effect.result == "accepted":
        output.answer(
            _("{gateway} STILL LETS IT IN, last at {moment}. It has not read the new list: export again and have its "
              "administrator restart or reload it.").format(gateway=effect.gateway, moment=effect.last_accepted)
        )  # fmt: skip
    else:
        output.answer(
            _("It could not be measured whether {gateway} refuses it: {reason}.").format(
                gateway=effect.gateway, reason=effect.why
            )
        )
    if effect.probe == "canary" and effect.result == "refused":
        output.say(_("Measured with the canary, which was revoked on the same list. Export again: there is a new one."))
