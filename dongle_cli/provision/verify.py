"""Proof by the network: it lets the dongle in with what the dongle holds, or says why not."""

from __future__ import annotations

import time
from dataclasses import dataclass

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.models.model import AuthOrder
from dongle_cli.modem import network, parse
from dongle_cli.modem.context import auth_order
from dongle_cli.modem.modem import Modem
from dongle_cli.provision import causes
from dongle_cli.provision.apply import Written, other_order, rewrite_auth
from dongle_cli.provision.plan import Target

DENIED = frozenset({"network.auth-failed"})


@dataclass(frozen=True)
class Proof:
    """How the network answered.

    `password`: "attach" where the network let in what the dongle holds now, "recorded" where it did so in an earlier
    run and the dongle stayed registered, "unproven" where nothing tells.
    """

    registration: parse.Registration
    password: str
    order: AuthOrder | None = None  # the other order of user and password, where only that one worked


def prove(modem: Modem, target: Target, *, attach: bool, timeout: float, order: AuthOrder | None) -> Proof:
    """Wait for registration and activate the context; `attach`: something changed, so attach again first.

    After an authentication failure the other order of user and password is tried once, where `order` names the one that
    was written and its place could not be read back. Errors: `network.auth-failed`, `network.apn-refused`,
    `network.refused`, `network.no-registration`.
    """
    deadline = time.monotonic() + timeout
    network.radio_on(modem)
    network.report_registration(modem)
    try:
        return _once(modem, target, attach=attach, deadline=deadline)
    except DongleError as error:
        if error.code not in DENIED or order is None:
            raise
        failure = error
    other = other_order(order)
    rewrite_auth(modem, target, other)
    try:
        proof = _once(modem, target, attach=True, deadline=time.monotonic() + timeout)
    except DongleError:
        rewrite_auth(modem, target, order)  # neither worked: leave the order that the family's manual gives
        raise failure from None
    return Proof(proof.registration, proof.password, other)


def _once(modem: Modem, target: Target, *, attach: bool, deadline: float) -> Proof:
    attach = attach or not network.on_its_way(modem)
    said = network.Refusal()
    if attach:
        said = network.attach_again(modem, deadline - time.monotonic())
    registration = network.wait_registered(modem, max(0.0, deadline - time.monotonic()))
    stat = registration.stat if registration else None
    if registration is None or stat not in (network.HOME, network.ROAMING):
        if stat == network.DENIED or said.named:
            raise causes.refused(modem.port, network.read_refusal(modem, registration, said))
        raise DongleError(
            _("{port}: not registered in time (registration status {stat}).").format(port=modem.port, stat=stat),
            code="network.no-registration",
            hint=_("Check the antenna and the place (near a window), then run the command again."),
            stat=stat,
        )
    activation = network.activate(modem, target.context.cid)
    if activation.active is False:
        raise causes.refused(modem.port, network.read_refusal(modem, None, activation.refusal))
    return Proof(registration, ("attach" if attach else "recorded") if activation.active else "unproven")


def may_be_swapped(modem: Modem, written: Written, target: Target) -> AuthOrder | None:
    """The order that was written, where nothing proves that the firmware took it that way; else None.

    What reads back is no proof where the manuals contradict each other: such a firmware may just repeat both strings.
    """
    want = target.context
    if modem.auth_writer and auth_order(modem, modem.auth_writer) == "unknown" and want.auth != "none":
        return written.order
    have = next((state for state in written.contexts if state.cid == want.cid), None)
    if want.auth == "none" or (have is not None and have.user is not None and have.user == want.user):
        return None
    return written.order
