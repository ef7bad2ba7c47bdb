"""ModemManager, asked over D-Bus to keep away from one device, for as long as we stay on the bus.

org.freedesktop.ModemManager1.InhibitDevice names the device by its path under /sys/devices and takes only one whose
modem is exported already: while ModemManager probes the ports it answers WrongState, and InterfacesAdded tells when it
is done. Where it found no modem it holds no port, and there is nothing to ask for.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.usb import sysfs
from dongle_cli.usb.device import UsbDevice

if TYPE_CHECKING:
    from jeepney.io.blocking import DBusConnection

_NAME = "org.freedesktop.ModemManager1"
_PATH = "/org/freedesktop/ModemManager1"
_ERROR = "org.freedesktop.ModemManager1.Error.Core."
_LEFT_ALONE = frozenset(
    {
        _ERROR + "NotFound",  # not its kind of device
        _ERROR + "WrongState",  # probed for long enough, and found to be no modem
        _ERROR + "InProgress",  # somebody else asked for the same
        "org.freedesktop.DBus.Error.NoReply",  # it ended, or was ended
        "org.freedesktop.DBus.Error.ServiceUnknown",
        "org.freedesktop.DBus.Error.NameHasNoOwner",
    }
)
_PROBING = 45.0  # seconds ModemManager may take to probe the ports of a new device
_UNKNOWN = 2.0  # seconds until a device ModemManager does not know is taken for one it does not want
_CALL = 30.0  # seconds for one answer; inhibiting a modem in use disables it first
_GREETING = 10.0  # seconds for the bus to let us in; without it nobody is asked, and ModemManager keeps the dongle


class Inhibition:
    """One connection to the system bus; ModemManager takes the device back when it closes, also by a crash."""

    def __init__(self) -> None:
        self._bus: DBusConnection | None = None
        self._uid: str | None = None

    def ask(self, device: UsbDevice, notice: Callable[[str], None]) -> None:
        """Have ModemManager let `device` go, if it runs and knows it; DongleError `usb.permission` where it refuses."""
        if device.bus is None or device.bus.name != "libusb":
            return
        uid = sysfs.physical(device.port.rpartition("/")[2])
        if uid is None or uid == self._uid or not self._connected():
            return  # an inhibition outlives re-plugging, for it goes by the path
        started = monotonic()
        told = False
        while True:
            problem = self._inhibit(uid, True)
            if problem is None:
                self._uid = uid
                return
            waited = monotonic() - started
            if problem == _ERROR + "WrongState" and waited < _PROBING:
                if not told:
                    notice(_("{port}: ModemManager is looking at the dongle; waiting.").format(port=device.port))
                    told = True
                self._until_news(_PROBING - waited)
            elif problem == _ERROR + "NotFound" and waited < _UNKNOWN and any(i.tty for i in device.interfaces):
                self._until_news(_UNKNOWN - waited)
            elif problem in _LEFT_ALONE:
                return
            elif uid in self._exported():
                raise _refused(device, problem)
            else:
                return  # this user may not ask, and need not: a port it probes all the same says so when it is opened

    def close(self) -> None:
        """Let ModemManager have the device back."""
        bus, self._bus, self._uid = self._bus, None, None
        if bus is not None:
            bus.close()

    def _connected(self) -> bool:
        """Whether there is a system bus and ModemManager on it."""
        from jeepney import DBusAddress, MatchRule, message_bus, new_method_call

        if self._bus is None:
            try:
                self._bus = _connection()
            except (OSError, KeyError, ValueError, EOFError):
                return False  # no bus, so no ModemManager
            news = MatchRule(type="signal", sender=_NAME, interface="org.freedesktop.DBus.ObjectManager")
            self._call(message_bus.AddMatch(news))
        bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
        reply = self._call(new_method_call(bus, "NameHasOwner", "s", (_NAME,)))
        return bool(reply.body[0])

    def _inhibit(self, uid: str, on: bool) -> str | None:
        """None, or the name of the D-Bus error."""
        from jeepney import DBusAddress, HeaderFields, MessageType, new_method_call

        manager = DBusAddress(_PATH, _NAME, _NAME)
        reply = self._call(new_method_call(manager, "InhibitDevice", "sb", (uid, on)))
        if reply.header.message_type is not MessageType.error:
            return None
        return str(reply.header.fields.get(HeaderFields.error_name, "?"))

    def _exported(self) -> set[str]:
        """The devices that ModemManager has, by their paths in sysfs; everybody may ask for these."""
        from jeepney import DBusAddress, MessageType, new_method_call

        objects = DBusAddress(_PATH, _NAME, "org.freedesktop.DBus.ObjectManager")
        reply = self._call(new_method_call(objects, "GetManagedObjects"))
        if reply.header.message_type is MessageType.error:
            return set()
        modems = (interfaces.get(_NAME + ".Modem", {}) for interfaces in reply.body[0].values())
        return {str(modem["Device"][1]) for modem in modems if "Device" in modem}

    def _call(self, message: Any) -> Any:
        if self._bus is None:
            raise _broken(_("the connection is closed"))
        try:
            return self._bus.send_and_get_reply(message)
        except (OSError, EOFError) as error:
            self.close()
            raise _broken(str(error)) from None

    def _until_news(self, seconds: float) -> None:
        """Return once ModemManager exports or drops a modem, or after `seconds`, or a second at most."""
        if self._bus is None:
            return
        try:
            self._bus.receive(timeout=max(0.0, min(seconds, 1.0)))
        except TimeoutError:
            return
        except (OSError, EOFError) as error:
            self.close()
            raise _broken(str(error)) from None


def _connection() -> DBusConnection:
    """A connection to the system bus, on which even the greeting has a deadline."""
    from jeepney.bus import get_bus
    from jeepney.io.blocking import DBusConnection, prep_socket

    class Bounded(DBusConnection):  # type: ignore[misc]
        def send_and_get_reply(self, message: Any, *, timeout: float | None = None) -> Any:
            return super().send_and_get_reply(message, timeout=timeout or _CALL)

    return Bounded(prep_socket(get_bus("SYSTEM"), timeout=_GREETING))


def _broken(reason: str) -> DongleError:
    return DongleError(_("ModemManager cannot be asked over D-Bus: {reason}.").format(reason=reason), code="usb.dbus")


def _refused(device: UsbDevice, problem: str) -> DongleError:
    values = {"port": device.port, "reason": problem}
    return DongleError(
        _("{port}: ModemManager has the dongle and does not let it go ({reason}).").format(**values),
        code="port.held",
        hint=_("Run the command at the bench itself or as root, or stop it: systemctl stop ModemManager"),
        port=device.port,
        holders=[{"pid": None, "program": "ModemManager"}],
    )
