"""An authority that somebody else runs: the request goes out as a file, the certificate comes back as one, days later.

The realistic case of a prefecture whose AD CS is another section's: nothing here can reach it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from dongle_cli.binding import checks, publish
from dongle_cli.binding.authorities import Wanted, place
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason

if TYPE_CHECKING:
    from cryptography import x509

    from dongle_cli.binding.unlock import Unlock

CHAIN = "ca.pem"
_SUFFIXES = (".cer", ".crt", ".der", ".p7b", ".p7c", ".pem")


class FileAuthority:
    """A folder: NAME.csr and NAME.txt go out, a certificate of any file name comes in; ca.pem says who will sign."""

    def __init__(self, text: str, unlock: Unlock, folder: Path | None = None) -> None:
        if not text:
            raise place.unusable("csr", text, _("it does not name the folder"))
        self._folder = Path(text).expanduser()
        self.name = f"csr:{self._folder.resolve()}"
        if not self._folder.is_dir():
            raise DongleError(
                _("There is no folder {path} for requests.").format(path=self._folder),
                code="authority.missing",
                hint=_("Make it, and put the certificates of those who sign into {path}.").format(
                    path=self._folder / CHAIN
                ),
            )
        self._known = place.trusted(self._folder / CHAIN)
        self.chain = place.first_guess(self._known)

    def new_serial(self) -> int | None:
        return None

    def issue(self, wanted: Wanted, serial: int | None) -> x509.Certificate:
        if wanted.request is None:
            raise place.no_request(self.name)
        label = _label(wanted)
        found, unread = self._answer(label, wanted)
        if found is not None:
            self.chain = place.above(found, self._known) or self.chain
            return found
        request = self._folder / f"{label}.csr"
        if not request.exists():
            self._send(request, wanted)
        raise place.waiting(
            self.name,
            _("{path} goes to those who sign, and their certificate comes into the same folder").format(path=request),
            request=str(request),
            unreadable=unread,
        )

    def _send(self, request: Path, wanted: Wanted) -> None:
        from cryptography.hazmat.primitives.serialization import Encoding

        assert wanted.request is not None  # noqa: S101 - asked above
        publish.write(request.with_suffix(".txt"), _instructions(wanted).encode("utf-8"))
        publish.write(request, wanted.request.public_bytes(Encoding.PEM))

    def _answer(self, label: str, wanted: Wanted) -> tuple[x509.Certificate | None, list[str]]:
        """The certificate that came: the file of our name whatever it holds, else one for this key; what is damaged."""
        try:
            paths = sorted(p for p in self._folder.iterdir() if p.suffix.lower() in _SUFFIXES and p.name != CHAIN)
        except OSError as error:
            raise DongleError(
                _("{path} cannot be read: {reason}.").format(path=self._folder, reason=reason(error)),
                code="authority.file",
            ) from None
        held = {path: place.certificates(place.read(path)) for path in paths}
        for path, found in held.items():
            if path.stem == label and (one := place.answer(found, wanted.public_key)) is not None:
                return one, []
        mine = [each for found in held.values() for each in found if each.public_key() == wanted.public_key]
        newest = max(mine, key=lambda each: each.not_valid_before_utc, default=None)
        return newest, [str(path) for path, found in held.items() if not found]


def _label(wanted: Wanted) -> str:
    return f"{re.sub(r'[^A-Za-z0-9.-]', '_', wanted.asset_no)}-{checks.fingerprint(wanted.public_key)[:12]}"


def _instructions(wanted: Wanted) -> str:
    """What the certificate must say, for the person who signs."""
    names = "\n".join(f"    URI:{uri}" for uri in wanted.uris) or "    -"
    return "\n".join(
        [
            _("What this certificate must say; one that says something else is refused."),
            "",
            f"subject: CN={wanted.asset_no}, serialNumber={wanted.asset_no}",
            "subjectAltName:",
            names,
            "extendedKeyUsage: clientAuth (1.3.6.1.5.5.7.3.2)",
            "keyUsage: digitalSignature",
            "basicConstraints: CA:FALSE",
            _("valid until about {moment}").format(moment=wanted.not_after.date().isoformat()),
            _("SHA-256 of the public key: {digest}").format(digest=checks.fingerprint(wanted.public_key)),
            "",
            _("The names are URIs, not DNS names. Put the certificate (.cer, .crt, .pem or .p7b) beside this file."),
            "",
        ]
    )
