"""Identities of dongles and SIMs: parsed, checked, comparable."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _


def luhn_valid(digits: str) -> bool:
    """Whether the last of `digits` is the Luhn check digit of the others (ISO/IEC 7812-1 annex B)."""
    total = 0
    for index, char in enumerate(reversed(digits)):
        value = int(char) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def typed(text: str) -> str:
    """`text` as a scanner or a keyboard with an input method meant it: half width (NFKC), no spaces or hyphens."""
    return re.sub(r"[\s\-‐-―ー]", "", unicodedata.normalize("NFKC", text))


@dataclass(frozen=True, order=True)
class Imei:
    """The equipment identity: 14 digits and a Luhn check digit (3GPP TS 23.003 clause 6.2.1)."""

    digits: str

    @classmethod
    def parse(cls, text: str) -> Imei:
        """An IMEI of 15 digits, or the 14 significant ones of an IMEISV (16); DongleError `identity.imei` otherwise."""
        digits = typed(text).strip('"')
        if re.fullmatch(r"[0-9]{16}", digits):  # an IMEISV carries no check digit: clause 6.2.2
            body = digits[:14]
            digits = body + next(d for d in "0123456789" if luhn_valid(body + d))
        if not re.fullmatch(r"[0-9]{15}", digits) or not luhn_valid(digits) or len(set(digits)) == 1:
            raise DongleError(
                _("{value} is no IMEI (15 digits with a check digit).").format(value=text), code="identity.imei"
            )
        return cls(digits)

    @property
    def significant(self) -> str:
        """The 14 digits that name the device; the check digit is never transmitted (clause 6.2.1)."""
        return self.digits[:14]

    def __str__(self) -> str:
        return self.digits


@dataclass(frozen=True, order=True)
class Iccid:
    """The SIM card's number: "89", country and issuer, 18 to 20 characters (ITU-T E.118; some cards hold A-F)."""

    digits: str

    @classmethod
    def parse(cls, text: str) -> Iccid:
        """An ICCID, straight or nibble-swapped as in EF_ICCID, filler F dropped; else DongleError `identity.iccid`."""
        raw = typed(text).strip('"').upper()
        if raw.startswith("98") and len(raw) % 2 == 0:
            raw = "".join(raw[i + 1] + raw[i] for i in range(0, len(raw), 2))
        raw = raw[:-1] if raw.endswith("F") else raw
        if not re.fullmatch(r"89[0-9A-F]{16,18}", raw):
            raise DongleError(
                _("{value} is no ICCID (89 and 16 to 18 more digits).").format(value=text), code="identity.iccid"
            )
        return cls(raw)

    @classmethod
    def entered(cls, text: str) -> Iccid:
        """What a person typed: as `parse`, and `identity.iccid` too where the check digit betrays a wrong digit."""
        found = cls.parse(text)
        if found.digits.isdecimal() and not found.check_digit_valid:
            raise DongleError(
                _("{value} is no ICCID: the check digit is wrong, a digit is mistyped or missing.").format(value=found),
                code="identity.iccid",
            )
        return found

    @property
    def check_digit_valid(self) -> bool:
        """Whether the Luhn digit fits; False also where the card uses hexadecimal digits and has none."""
        return self.digits.isdecimal() and luhn_valid(self.digits)

    def __str__(self) -> str:
        return self.digits


@dataclass(frozen=True, order=True)
class Imsi:
    """The subscriber identity: MCC, MNC and MSIN, 6 to 15 digits (3GPP TS 23.003 clause 2.2)."""

    digits: str

    @classmethod
    def parse(cls, text: str) -> Imsi:
        """An IMSI; DongleError `identity.imsi` where `text` is none."""
        digits = typed(text).strip('"')
        if not re.fullmatch(r"[0-9]{6,15}", digits):
            raise DongleError(_("That is no IMSI (6 to 15 digits)."), code="identity.imsi")
        return cls(digits)

    @property
    def masked(self) -> str:
        """Network code and the last four digits; the rest is personal data."""
        return mask_digits(self.digits, head=5)

    def __str__(self) -> str:
        return self.digits


def mask_digits(digits: str, *, head: int = 0, tail: int = 4) -> str:
    """`digits` with all but the first `head` and last `tail` replaced by asterisks."""
    hidden = max(0, len(digits) - head - tail)
    return digits[:head] + "*" * hidden + digits[head + hidden :]


# AT text that names a subscriber or who was called, and the characters of its numbers that are hidden: the last four
# stay.
_SUBSCRIBER = (
    # The IMSI, whose network code may be seen (TS 27.007 clause 5.6).
    (r"[+^*$#%!_][A-Z]?CIMI\b", r"(?<=[0-9]{5})[0-9](?=[0-9]{4})"),
    # Telephone numbers of TS 27.007 and 27.005, also behind a vendor's sign and letter (*CNUM, ^DCPBR); dialled ones.
    (
        r"[+^*$#%!_][A-Z]?(CNUM|CPB[FRW]|CSCA|CLIP|COLP|CDIP|CCWA|CLCC|CCFCU?|CSVM|CMG[CLRSW]|CMT|CDS)\b|^ATD",
        r"[0-9](?=[0-9]{4})",
    ),
    # The card's own files of them: IMSI, phone books, messages, own number, service centre (TS 31.102 clause 4.2).
    (r"\+CRSM=[0-9]+,(28423|2847[4-6]|2848[029])\b", r"(?<!,)[0-9A-Fa-f](?=[0-9A-Fa-f]{4})"),
)


def without_subscriber(command: str, text: str) -> str:
    """`text` of the answer to `command`, or `command` itself, with IMSI and telephone numbers masked, nothing else."""
    about = re.sub(r"\s", "", f"{command}:{text}").upper()
    for names, hidden in _SUBSCRIBER:
        if re.search(names, about):
            text = re.sub(hidden, "*", text)
    return text


@dataclass(frozen=True)
class DongleIdentity:
    """What tells this dongle from every other one, as far as it could be read."""

    imei: Imei | None = None
    iccid: Iccid | None = None
    imsi: Imsi | None = None


# What firmware says where nobody filled in the truth, as bare letters and digits.
_NO_UUIDS = frozenset({
    "03000200040005000006000700080009", "00020003000400050006000700080009", "1234567812345678" "90abcddeefaabbcc",
    "f" * 32, "0" * 32, "fe" * 16, "0a" * 16,
})  # fmt: skip
_NO_SERIALS = frozenset({
    "tobefilledbyoem", "defaultstring", "systemserialnumber", "serialnumber", "chassisserialnumber",
    "baseboardserialnumber", "notspecified", "notapplicable", "notavailable", "na", "none", "null", "unknown",
    "invalid", "empty", "oem", "default", "undefined", "123456789", "0123456789", "1234567890", "12345678",
})  # fmt: skip


@dataclass(frozen=True)
class Laptop:
    """The laptop as its firmware names it: SMBIOS UUID (36 characters, lower case), serial, host name, TPM key digest.

    `ek_sha256` is the SHA-256 of the RSA endorsement key's SubjectPublicKeyInfo. What nobody knows is None.
    """

    uuid: str
    serial: str | None = None
    host: str | None = None
    ek_sha256: str | None = None

    @classmethod
    def parse(
        cls, *, uuid: str, serial: str | None = None, host: str | None = None, ek_sha256: str | None = None
    ) -> Laptop:
        """A laptop from texts; DongleError `identity.laptop` for placeholders of vendors and for what cannot be."""
        bare = re.sub(r"[^0-9a-z]", "", typed(uuid).lower().removeprefix("urn:uuid:"))
        if not re.fullmatch(r"[0-9a-f]{32}", bare):
            raise _no_laptop(_("{value} is no UUID.").format(value=ascii(uuid)))
        if bare in _NO_UUIDS:
            raise _no_laptop(_("The UUID {value} is a placeholder that many machines share.").format(value=uuid))
        dashed = "-".join((bare[:8], bare[8:12], bare[12:16], bare[16:20], bare[20:]))
        return cls(dashed, _serial(serial), _host(host), _digest(ek_sha256))

    @property
    def swapped_uuid(self) -> str:
        """The UUID with its first three fields in the other byte order.

        SMBIOS before 2.6 did not say which; on such a machine Windows and Linux print different UUIDs
        (DMTF DSP0134 clause 7.2.1).
        """
        one, two, three, rest = self.uuid.split("-", 3)
        turned = [bytes.fromhex(field)[::-1].hex() for field in (one, two, three)]
        return "-".join([*turned, rest])


def is_placeholder_serial(serial: str) -> bool:
    """Whether a vendor's text stands where a serial number should: "To be filled by O.E.M.", "00000000"."""
    bare = re.sub(r"[^0-9a-z]", "", serial.lower())
    return len(set(bare)) < 2 or bare in _NO_SERIALS


def _serial(serial: str | None) -> str | None:
    if serial is None:
        return None
    text = unicodedata.normalize("NFKC", serial).strip()
    if is_placeholder_serial(text):
        raise _no_laptop(_("The serial number {value} is a placeholder of the vendor.").format(value=ascii(serial)))
    if not text.isprintable() or len(text) > 128:
        raise _no_laptop(_("{value} is no serial number.").format(value=ascii(serial[:140])))
    return text


def _host(host: str | None) -> str | None:
    if host is None:
        return None
    if not re.fullmatch(r"[^\s\x00-\x1f\x7f/\\]{1,253}", host) or not host.isprintable():
        raise _no_laptop(_("{value} is no host name.").format(value=ascii(host[:260])))
    return host


def _digest(digest: str | None) -> str | None:
    if digest is None:
        return None
    if not re.fullmatch(r"[0-9a-f]{64}", digest.lower()):
        raise _no_laptop(_("{value} is no SHA-256 of a TPM's key (64 digits).").format(value=ascii(digest[:80])))
    return digest.lower()


def _no_laptop(why: str) -> DongleError:
    return DongleError(
        why,
        code="identity.laptop",
        hint=_("Have the vendor's tool write the true values into the firmware; a binding needs a laptop of its own."),
    )
