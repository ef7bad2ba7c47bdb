"""One dongle held for a while: claimed, in modem mode, its AT port found and answering."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.models import loader
from dongle_cli.models.model import Model
from dongle_cli.modem.engine import AtEngine
from dongle_cli.modem.identity import Maker, read_imei, read_maker
from dongle_cli.modem.modem import Modem
from dongle_cli.transport.open import open_port, port_name
from dongle_cli.transport.record import Recorder
from dongle_cli.usb import switch, wait
from dongle_cli.usb.claim import claim
from dongle_cli.usb.device import UsbDevice

Notice = Callable[[str], None]
RETURN_TIMEOUT = 60.0  # seconds for a dongle to come back after a switch or a reset
BY_HAND_TIMEOUT = 180.0  # seconds for a person to unplug it and plug it in again


class Session:
    """A claimed dongle; `modem` is there after `connect`, and again after `reset`."""

    def __init__(
        self, device: UsbDevice, *, record_to: Path | None = None, notice: Notice = lambda _text: None
    ) -> None:
        self.device = device
        self.model: Model = loader.find(device)
        self.notice = notice
        self.recorder = Recorder(record_to)
        self.maker: Maker | None = None  # read on the first connect
        self._modem: Modem | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Session:
        self._stack.enter_context(claim(self.device, self.notice))
        self._stack.callback(self.recorder.close)
        self._stack.callback(self.disconnect)
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stack.close()

    @property
    def modem(self) -> Modem:
        """The modem, connected on first use."""
        return self._modem or self.connect()

    @property
    def in_storage_mode(self) -> bool:
        """Whether the stick shows its CD-ROM and has to be switched first."""
        return loader.mode_of(self.device) == "storage"

    def switch(self) -> None:
        """Make a modem of a stick that shows its storage face."""
        self.device = switch.to_modem(
            self.device, self.model, loader.switch_for(self.device), timeout=RETURN_TIMEOUT, notice=self.notice
        )
        self.model = loader.find(self.device)

    def connect(self) -> Modem:
        """Open the AT port: by what the interfaces say, and where that leaves several, by asking."""
        self.disconnect()
        self.refuse_unmanaged()
        self.refuse_storage()
        candidates = loader.at_interfaces(self.model, self.device)
        for interface in candidates:
            engine = AtEngine(self.recorder.wrap(open_port(self.device, interface)))
            try:
                answers = engine.synchronise()
            except BaseException:
                engine.transport.close()
                raise
            if answers:
                return self._begin(Modem(engine, self.model))
            engine.transport.close()
        raise self._no_port([port_name(self.device, interface) for interface in candidates])

    def _begin(self, modem: Modem) -> Modem:
        """Start the modem, and tell models that share their USB ids apart by the name the firmware gives."""
        self._modem = modem
        modem.start()
        if self.maker is None:
            self.maker = read_maker(modem)
        self.model = modem.model = loader.refine(self.model, self.maker.model or "")
        return modem

    def disconnect(self) -> None:
        """Close the AT port; the claim stays."""
        if self._modem is not None:
            self._modem.engine.transport.close()
            self._modem = None

    def reset(self) -> None:
        """Power-cycle by command, wait for the same port path, make it a modem again, and reconnect."""
        before = self.device
        by_itself = any(self._restarts(command) for command in self.modem.dialect.reset)
        self.disconnect()
        if not by_itself:
            self.notice(
                _("{port}: unplug the dongle, wait ten seconds, and plug it in again.").format(port=before.port)
            )
        self.wait_back(before, RETURN_TIMEOUT if by_itself else BY_HAND_TIMEOUT)

    def _restarts(self, command: str) -> bool:
        """Whether the firmware takes `command` for a restart; one that is gone before it could answer has."""
        try:
            return self.modem.engine.send(command).ok
        except DongleError as error:
            if error.code not in ("usb.vanished", "at.silent", "at.half-line"):
                raise
            return True

    def wait_back(self, before: UsbDevice, timeout: float = RETURN_TIMEOUT) -> None:
        """Wait until the dongle that was unplugged or reset is back under its port path, as a modem."""
        self.device = wait.wait_for_port(before.port, loader.is_dongle, timeout, gone_first=before)
        if self.in_storage_mode:
            self.notice(_("{port}: came back as a CD-ROM; it is switched again.").format(port=before.port))
            self.switch()

    def refuse_unmanaged(self) -> None:
        """Name the sticks that no AT command reaches, before anything is done to them."""
        values = {"port": self.device.port, "model": self.model.name}
        if self.model.control == "http":
            raise DongleError(
                _("{port}: {model} is managed over its web page only; it has no AT port.").format(**values),
                code="modem.http-only",
                hint=_("Set it up in a browser, or use another model."),
            )
        if self.model.control != "at":
            raise DongleError(
                _("{port}: {model} speaks {control} only; it has no AT port.").format(
                    control=self.model.control.upper(), **values
                ),
                code=f"modem.{self.model.control}-only",
                hint=_("Set it up with the system's network settings, or use another model."),
            )

    def refuse_storage(self) -> None:
        """Say that the stick still shows its CD-ROM, where it may not be switched."""
        if self.in_storage_mode:
            raise DongleError(
                _("{port}: {model} still shows its CD-ROM.").format(port=self.device.port, model=self.model.name),
                code="usb.storage",
                hint=_("Run dongle-cli provision, which switches it, or plug it in again."),
            )

    def _no_port(self, tried: list[str]) -> DongleError:
        if not tried:
            return DongleError(
                _("{port}: no interface of this device can be an AT port.").format(port=self.device.port),
                code="modem.no-port",
                hint=_("Run dongle-cli learn to record what the stick shows."),
            )
        return DongleError(
            _("{port}: no port answers AT (asked: {tried}).").format(port=self.device.port, tried=", ".join(tried)),
            code="at.silent",
            hint=_("Unplug the dongle, wait ten seconds, plug it in. If it stays silent, take another dongle."),
        )


@contextmanager
def open_modem(device: UsbDevice, *, record_to: Path | None = None) -> Iterator[Modem]:
    """The modem of `device`, claimed and answering, for as long as the block lasts."""
    with Session(device, record_to=record_to) as session:
        yield session.modem


def imei_of(device: UsbDevice) -> str | None:
    """The IMEI of `device`, None where it is no modem now or does not say."""
    try:
        with open_modem(device) as modem:
            imei = read_imei(modem)
    except DongleError:
        return None  # only looked at to find one dongle among several; its own trouble is not asked for
    return str(imei) if imei else None
