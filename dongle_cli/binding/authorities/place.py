"""Where an authority is and how it is asked: "URL?ca=FILE&cert=FILE…", and the certificates that are trusted there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason

if TYPE_CHECKING:
    from cryptography import x509

    from dongle_cli.binding.authorities import PublicKey

LARGEST = 1 << 20  # bytes of any answer; a chain of certificates has some thousand


@dataclass(frozen=True)
class Place:
    """A URL and the settings behind its question mark, percent-decoded."""

    url: str
    settings: dict[str, str]

    @classmethod
    def parse(cls, text: str, kind: str, schemes: tuple[str, ...], known: tuple[str, ...]) -> Place:
        """The place in `text`; DongleError `usage.authority` for another scheme or a setting that is not `known`."""
        url, _mark, query = text.partition("?")
        parts = urlsplit(url)
        if parts.scheme not in schemes or not parts.hostname or parts.username is not None:
            raise unusable(kind, text, _("it must begin with {known} and name a host").format(
                known=" / ".join(f"{scheme}://" for scheme in schemes)))  # fmt: skip
        settings = {}
        for word in filter(None, query.split("&")):
            name, equals, value = word.partition("=")
            if name not in known or not equals:
                raise unusable(kind, text, _("known are: {known}").format(known=", ".join(known)))
            settings[name] = unquote(value)
        return cls(url.rstrip("/"), settings)

    def file(self, name: str) -> Path | None:
        """The file that the setting `name` names, if it does."""
        return Path(self.settings[name]).expanduser() if name in self.settings else None


def unusable(kind: str, text: str, why: str) -> DongleError:
    """The error for a specification that cannot be used."""
    return DongleError(
        _("{text} does not name an authority: {reason}.").format(text=f"{kind}:{text}", reason=why),
        code="usage.authority",
        hint=_("Example: {command}").format(command=EXAMPLES[kind]),
    )


EXAMPLES = {
    "est": "--authority 'est:https://ca.example:8443?ca=ca.pem&cert=bench.pem&key=bench.key'",
    "scep": "--authority 'scep:http://ca.example/certsrv/mscep/mscep.dll?ca=ca.pem'",
    "csr": "--authority csr:/srv/requests",
}


def read(path: Path) -> bytes:
    """What the file holds; DongleError `authority.file` where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST)
    except OSError as error:
        raise DongleError(
            _("{path} cannot be read: {reason}.").format(path=path, reason=reason(error)), code="authority.file"
        ) from None


def certificates(data: bytes) -> list[x509.Certificate]:
    """Every certificate in `data`: PEM, DER, or PKCS #7 of either kind (the .p7b of AD CS); none where it is damaged.

    Base64 alone is taken too, in one line or in many: so EST sends it (RFC 7030 clause 4.1.3, RFC 8951).
    """
    import base64
    import binascii

    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import pkcs7

    try:
        if b"-----BEGIN PKCS7-----" in data:
            return pkcs7.load_pem_pkcs7_certificates(data)
        if b"-----BEGIN CERTIFICATE-----" in data:
            return x509.load_pem_x509_certificates(data)
        if not data.startswith(b"\x30"):
            data = base64.b64decode(b"".join(data.split()), validate=True)
        try:
            return [x509.load_der_x509_certificate(data)]
        except ValueError:
            return pkcs7.load_der_pkcs7_certificates(data)
    except (ValueError, binascii.Error):
        return []


def trusted(path: Path) -> tuple[x509.Certificate, ...]:
    """The certificates of the authority in this file; DongleError `authority.chain` where it holds none."""
    found = certificates(read(path)) if path.exists() else []
    if not found:
        raise DongleError(
            _("{path} holds no certificate of an authority.").format(path=path),
            code="authority.chain",
            hint=_("Put the issuing and the root certificate there, in PEM; those who run the authority have them."),
        )
    return tuple(found)


def above(certificate: x509.Certificate, known: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """Those of `known` that lead from `certificate` to the root: its issuer first; () where none issued it."""
    from dongle_cli.binding.keystores import in_order

    return in_order(certificate, [each for each in known if each != certificate])


def first_guess(known: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """The chain that will probably sign: the longest, and of several the youngest."""
    chains = [(each, *above(each, known)) for each in known]
    return max(chains, key=lambda chain: (len(chain), chain[0].not_valid_before_utc))


def answer(found: Iterable[x509.Certificate], wanted: PublicKey) -> x509.Certificate | None:
    """Of several certificates the one for the key that was asked for, else the first that is no authority's."""
    from cryptography import x509

    every = list(found)
    for each in every:
        if each.public_key() == wanted:
            return each
    for each in every:
        try:
            if each.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
                continue
        except (x509.ExtensionNotFound, ValueError):
            return each
        return each
    return None


def waiting(name: str, why: str, **details: object) -> DongleError:
    """The error that is none: the request is on its way, and the same command goes on later."""
    return DongleError(
        _("{authority} has not signed yet: {reason}. The binding is begun and waits.").format(
            authority=name, reason=why
        ),
        code="authority.waiting",
        hint=_("Run the same command again when it is signed: it goes on from here."),
        **details,
    )


def no_request(name: str) -> DongleError:
    """The error where a key is to be certified anew without its holder: others want a request that the key signed."""
    return DongleError(
        _("{authority} signs requests only, and there is none for this key.").format(authority=name),
        code="authority.request",
        hint=_("Make a request on the laptop: dongle-cli bind request"),
    )
