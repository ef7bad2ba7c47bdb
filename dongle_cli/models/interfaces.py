"""What interface descriptors alone say about a port, when no model file knows the device."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dongle_cli.usb.device import Interface, UsbDevice

MASS_STORAGE = 0x08
CDC_DATA = 0x0A
# Drivers that give an interface a tty. An interface that any other driver holds is a network or storage function.
# fmt: off
SERIAL_DRIVERS = frozenset((
    "option", "option1", "qcserial", "sierra", "usbserial", "usbserial_generic", "usb_serial_simple", "cdc_acm", "hso",
    "ipw", "usbfs",
))
# fmt: on
# Android's debug bridge, fastboot and media transfer: vendor-specific with a bulk pair, and no modem.
_NOT_SERIAL = frozenset({(0xFF, 0x42, 0x01), (0xFF, 0x42, 0x03), (0xFF, 0xFF, 0x00)})
# Makers of boards, probes and bootloaders whose CDC-ACM port says "AT commands" in its descriptor and knows none.
_NOT_MODEM_MAKERS = frozenset(
    {
        0x03EB,  # Atmel
        0x0483,  # STMicroelectronics
        0x04D8,  # Microchip
        0x0D28,  # Arm mbed
        0x1366,  # SEGGER
        0x16C0,  # V-USB, Teensy
        0x1A86,  # WCH
        0x1D50,  # OpenMoko, lent to hobby projects
        0x1FC9,  # NXP
        0x2341,  # Arduino
        0x239A,  # Adafruit
        0x2A03,  # Arduino
        0x2E8A,  # Raspberry Pi
        0x303A,  # Espressif
    }
)


def is_cdc_acm(interface: Interface) -> bool:
    """Whether this is the control interface of an AT modem: 02/02/01 (V.250) to 02/02/06 (USB CDC 1.2 clause 4.4)."""
    return interface.class_ == 0x02 and interface.subclass == 0x02 and 0x01 <= interface.protocol <= 0x06


def is_vendor_serial(interface: Interface) -> bool:
    """Whether this could be a vendor's own serial port: class ff, a bulk endpoint each way, no other driver's."""
    return (
        interface.class_ == 0xFF
        and interface.bulk_pair() is not None
        and interface.triple not in _NOT_SERIAL
        and (interface.driver is None or interface.driver in SERIAL_DRIVERS)
    )


def has_cdc_modem(device: UsbDevice) -> bool:
    """Whether the device shows a CDC-ACM AT port and its maker is not known for boards and probes instead."""
    return device.vid not in _NOT_MODEM_MAKERS and any(is_cdc_acm(interface) for interface in device.interfaces)


def has_port(device: UsbDevice) -> bool:
    """Whether any interface could be a serial port."""
    return any(is_cdc_acm(interface) or is_vendor_serial(interface) for interface in device.interfaces)


def port_of(device: UsbDevice, interface: Interface) -> Interface | None:
    """The interface to open where `interface` is the port: the one with the tty, or else with the bulk endpoints.

    A CDC-ACM control interface has no bulk endpoints: without a tty its bytes pass through the data interface after it.
    None where there is nothing to open.
    """
    if interface.tty or interface.bulk_pair():
        return interface
    after = (i for i in device.interfaces if i.class_ == CDC_DATA and i.number > interface.number and i.bulk_pair())
    return min(after, key=lambda i: i.number, default=None)
