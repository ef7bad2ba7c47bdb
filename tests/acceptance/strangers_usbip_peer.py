"""Two sticks on a USB/IP server that nobody here wrote: PyPI `usbip` makes the USB of them, this file only their AT.

1-1 shows a CD-ROM (15eb:a403) until its disc is ejected, then it is a CDC-ACM modem; 1-2 is a CDC-ACM modem.
Started with the TCP port; says "ready", and answers each line on stdin with its sticks' memories as one JSON line.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from dataclasses import asdict, dataclass, field

from usbip import USBIP, USBDevice
from usbip.classes.device import CDCACM, MSC
from usbip.classes.device.msc import MEDIUM_CDROM, OP_START_STOP_UNIT

REPLUG = 0.2  # seconds between the ejected disc and the modem, as a stick needs to start
LOAD_EJECT = 0x02  # START STOP UNIT, byte 4 (SCSI MMC-6 clause 6.43)


@dataclass
class Stick:
    """A modem's memory, and what was said to it."""

    imei: str
    iccid: str
    contexts: dict[str, list[str]] = field(default_factory=lambda: {"1": ["IP", "internet.example"]})
    auth: dict[str, list[str]] = field(default_factory=dict)
    attached: bool = True
    active: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    ejected: int = 0

    def answer(self, command: str) -> str:
        """Information lines and a final result code."""
        name, _equals, given = command.partition("=")
        fields = [part.strip('"') for part in given.split(",")]
        fixed = {
            "": "", "E0": "", "+CMEE=1": "", "+CGMI": "Strangers", "+CGMM": "S1", "+CGMR": "1.0", "+CGSN": self.imei,
            "+ICCID": f"+ICCID: {self.iccid}", "+CCID": f"+CCID: {self.iccid}", "+CIMI": "440101234567890",
            "+CPIN?": "+CPIN: READY", '+CLCK="SC",2': "+CLCK: 0",
            "+CPINR": "+CPINR: SIM PIN,3,3\n+CPINR: SIM PUK,10,10", "+CFUN?": "+CFUN: 1", "+CSQ": "+CSQ: 20,99",
            "+CEREG=3": "", "+CEREG?": f"+CEREG: 3,{1 if self.attached else 0}",
            "+CGDCONT?": "\n".join(f'+CGDCONT: {cid},"{kind}","{apn}"' for cid, (kind, apn) in self.contexts.items()),
            "+CGAUTH?": "\n".join(f'+CGAUTH: {cid},{kind},"{user}"' for cid, (kind, user, _pw) in self.auth.items()),
            "+CGACT?": "\n".join(f"+CGACT: {cid},{int(cid in self.active)}" for cid in self.contexts),
        }  # fmt: skip
        if command in fixed:
            return fixed[command] + "\nOK"
        if name == "+CGDCONT" and len(fields) == 3:
            self.contexts[fields[0]] = fields[1:]
        elif name == "+CGAUTH" and len(fields) == 4:
            self.auth[fields[0]] = fields[1:]
        elif name == "+CGATT" and given in ("0", "1"):
            self.attached = given == "1"
            self.active = []
        elif name == "+CGACT" and fields[0] == "1":
            self.active.append(fields[1])
        else:
            return "+CME ERROR: 4"
        return "OK"

    def function(self) -> CDCACM:
        """The serial port that this modem is behind."""
        line = bytearray()

        def received(port: CDCACM, data: bytes) -> None:
            line.extend(data)
            while b"\r" in line:
                command, _cr, rest = bytes(line).partition(b"\r")
                line[:] = rest
                text = re.sub(r"^AT", "", command.decode("ascii").strip())
                self.said.append(text)
                for part in self.answer(text).split("\n"):
                    if part:
                        port.write(f"\r\n{part}\r\n".encode("ascii"))

        return CDCACM(on_rx=received)


class Disc:
    """A CD-ROM of 64 empty blocks."""

    num_blocks, block_size = 64, 2048

    def read(self, _lba: int, count: int) -> bytes:
        return bytes(count * self.block_size)

    def write(self, _lba: int, _count: int, _data: bytes) -> None:
        raise OSError("read-only")


class Eject(MSC):
    """The package's CD-ROM, which tells when its disc is ejected; it answers the command itself first."""

    def __init__(self, ejected: threading.Event) -> None:
        super().__init__(Disc(), medium=MEDIUM_CDROM)
        self._ejected = ejected

    def _dispatch(self, lun: int, tag: bytes, dlen: int, cdb: bytes) -> None:
        super()._dispatch(lun, tag, dlen, cdb)
        if cdb[0] == OP_START_STOP_UNIT and cdb[4] & LOAD_EJECT:
            self._ejected.set()


class Pulled(USBDevice):
    """A device whose connections end when it is pulled; the package itself would go on serving them."""

    pulled = False

    def handle_urb(self, urb: object, respond: object = None) -> object:
        if self.pulled:
            raise ConnectionResetError
        return super().handle_urb(urb, respond)


def serve(port: int) -> None:
    bus = USBIP("127.0.0.1", port)
    first = Stick("861234567890101", "8981100000000000015")
    second = Stick("861234567890119", "8981100000000000023")
    ejected = threading.Event()

    disc = Pulled(0x15EB, 0xA403, manufacturer="Abit", product="AK-020", serial="S0")
    disc.add(Eject(ejected))
    disc.set_busid("1-1").plug(via=bus)
    other = USBDevice(0x1209, 0x0001, manufacturer="Strangers", product="Modem", serial="S1")
    other.add(second.function())
    other.set_busid("1-2").plug(via=bus)

    def replug() -> None:
        ejected.wait()
        first.ejected += 1
        disc.unplug()
        disc.pulled = True
        threading.Event().wait(REPLUG)
        modem = USBDevice(0x15EB, 0x7D0E, manufacturer="Abit", product="AK-020", serial="S0")
        modem.add(first.function())
        modem.set_busid("1-1").plug(via=bus)

    threading.Thread(target=replug, daemon=True).start()
    print("ready", flush=True)
    for _question in sys.stdin:
        print(json.dumps([asdict(first), asdict(second)]), flush=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
