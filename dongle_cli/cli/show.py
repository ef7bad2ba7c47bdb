"""`dongle-cli show`: everything one dongle says of itself, and nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dongle_cli.cli import output
from dongle_cli.cli.options import Device, Format, Record, Unmask, explained
from dongle_cli.i18n import N_, _

if TYPE_CHECKING:
    from dongle_cli.provision.session import Session

STATS = {
    0: N_("not registered, not searching"), 1: N_("registered, home"), 2: N_("searching"), 3: N_("refused"),
    4: N_("unknown"), 5: N_("registered, roaming"), 8: N_("emergency calls only"),
}  # fmt: skip
ABSENT = "absent"  # a `sim.state` of ours: there is no card, and that was measured


@explained(
    _("Ask one dongle who it is: identity, firmware, SIM and PIN, contexts, registration and signal. Only reads."),
    example="dongle-cli show --device 1-1.4",
)
def show(device: Device = None, unmask: Unmask = False, record: Record = None, format_: Format = "text") -> None:
    from dongle_cli.cli.select import choose
    from dongle_cli.provision.session import Session, imei_of

    chosen = choose(device, imei_of=imei_of)[0]
    with Session(chosen, record_to=record) as session:
        answer = {"port": chosen.port, "usb": chosen.usb, **read(session, unmask=unmask)}
    if format_ == "json":
        output.emit(answer)
    else:
        _print(answer)


def read(session: Session, *, unmask: bool) -> dict[str, object]:
    """The contract's keys; each None where it could not be read, but the state of a card that is not there."""
    from dongle_cli.errors import DongleError
    from dongle_cli.modem import network, sim
    from dongle_cli.modem.context import read_contexts
    from dongle_cli.modem.identity import read_identity

    modem, maker = session.modem, session.maker
    identity, state = read_identity(modem), sim.read_state(modem)
    try:
        contexts: list[dict[str, object]] | None = [context.as_json() for context in read_contexts(modem)]
    except DongleError as error:
        if error.code != "at.refused":
            raise
        contexts = None  # some firmwares keep their contexts to themselves until the SIM is unlocked
    imsi = identity.imsi
    if imsi and not unmask:
        for context in contexts or ():  # some networks make their user names of the IMSI
            context["user"] = context["user"] and str(context["user"]).replace(str(imsi), imsi.masked)
    registration, signal = network.read_registration(modem), network.read_signal(modem)
    return {
        "manufacturer": maker and maker.manufacturer,
        "model": maker and maker.model,
        "firmware": maker and maker.firmware,
        "imei": str(identity.imei) if identity.imei else None,
        "iccid": str(identity.iccid) if identity.iccid else None,
        "imsi": None if imsi is None else str(imsi) if unmask else imsi.masked,
        "sim": {
            "state": ABSENT if state.absent else state.state,
            "pin_enabled": state.pin_enabled,
            "pin_retries": state.pin_retries,
            "puk_retries": state.puk_retries,
        },
        "contexts": contexts,
        "registration": registration
        and {key: getattr(registration, key) for key in ("stat", "act", "cause_type", "reject_cause", "tac", "ci")},
        "signal": signal and {key: getattr(signal, key) for key in ("rssi_dbm", "rsrp_dbm", "rsrq_db", "sinr_db")},
    }


def _print(answer: dict[str, object]) -> None:
    sim, registration, signal = answer["sim"], answer["registration"], answer["signal"]
    assert isinstance(sim, dict)  # noqa: S101 - for the type checker: `read` made it
    no_card = sim["state"] == ABSENT

    def of_card(value: object) -> object:
        return "-" if no_card and value is None else value  # there is none: it was not unreadable

    rows: list[tuple[str, object]] = [
        (_("Port"), answer["port"]),
        (_("USB"), answer["usb"]),
        (_("Manufacturer"), answer["manufacturer"]),
        (_("Model"), answer["model"]),
        (_("Firmware"), answer["firmware"]),
        ("IMEI", answer["imei"]),
        ("ICCID", of_card(answer["iccid"])),
        ("IMSI", of_card(answer["imsi"])),
        (_("SIM"), _("no SIM in the dongle") if no_card else sim["state"]),
        (_("PIN tries left"), of_card(sim["pin_retries"])),
        (_("PUK tries left"), of_card(sim["puk_retries"])),
    ]
    contexts = answer["contexts"]
    for context in contexts if isinstance(contexts, list) else [None]:
        rows.append(
            (_("Context"), context and " ".join(str(value) or "-" for value in context.values() if value is not None))
        )
    if isinstance(registration, dict):
        stat, cause = registration["stat"], registration["reject_cause"]
        words = _(STATS[stat]) if stat in STATS else str(stat)
        why = "" if cause is None else " " + _("(cause {cause})").format(cause=cause)
        rows.append((_("Registration"), words + why))
    else:
        rows.append((_("Registration"), None))
    if isinstance(signal, dict):
        rows += [(key.split("_")[0].upper(), f"{value:g} {key.split('_')[1].replace('dbm', 'dBm').replace('db', 'dB')}")
                 for key, value in signal.items() if value is not None]  # fmt: skip
    else:
        rows.append((_("Signal"), None))
    output.table(["", ""], [(name, _("(could not be read)") if value is None else value) for name, value in rows])
