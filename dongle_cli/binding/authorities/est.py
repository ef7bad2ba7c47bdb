"""Enrolment over Secure Transport (RFC 7030): TLS both ways, the request as PKCS #10, the certificate as PKCS #7."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dongle_cli.binding.authorities import Wanted, place, web
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.secrets import SecretRef

if TYPE_CHECKING:
    from cryptography import x509

    from dongle_cli.binding.unlock import Unlock
    from dongle_cli.secrets import Secret

# ca: whom we trust as the server; cert and key: who we are; user and password: the same by HTTP Basic (clause 3.2.3).
_KNOWN = ("ca", "cert", "key", "user", "password")
_PATH = "/.well-known/est"


class EstAuthority:
    """An EST server; what it signs must lead to the certificates that it itself gives under /cacerts (clause 4.1)."""

    def __init__(self, text: str, unlock: Unlock, folder: Path | None = None) -> None:
        at = place.Place.parse(text, "est", ("https",), _KNOWN)
        self._own = at.file("cert")
        self._user, self._password = _login(at, text)
        self.name = f"est:{at.url}"
        # "https://host" alone, or with a label of its own behind /.well-known/est (clause 3.2.2).
        self._url = at.url if urlsplit(at.url).path else at.url + _PATH
        self._web = web.Web(self.name, _context(at, unlock))
        self._known: tuple[x509.Certificate, ...] = ()
        self._chain: tuple[x509.Certificate, ...] = ()

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The issuing certificate first; asked from the server at the first need."""
        if not self._chain:
            reply = self._web.ask("GET", f"{self._url}/cacerts")
            if reply.status != 200:
                raise web.refused(self.name, reply)
            self._known = tuple(place.certificates(reply.body))
            if not self._known:
                raise self._damaged()
            self._chain = place.first_guess(self._known)
        return self._chain

    def new_serial(self) -> int | None:
        return None

    def issue(self, wanted: Wanted, serial: int | None) -> x509.Certificate:
        from cryptography.hazmat.primitives.serialization import Encoding

        if wanted.request is None:
            raise place.no_request(self.name)
        body = base64.b64encode(wanted.request.public_bytes(Encoding.DER))
        reply = self._enrol(self._verb(wanted.request), body)
        if reply.status == 202:
            after = reply.headers.get("retry-after", "")
            why = _("it asks to come again in {seconds} s").format(seconds=after) if after else _("it asks to wait")
            raise place.waiting(self.name, why, retry_after=after or None)
        if reply.status != 200:
            raise web.refused(self.name, reply)
        found = place.answer(place.certificates(reply.body), wanted.public_key)
        if found is None:
            raise self._damaged()
        self._chain = place.above(found, self._known) or self.chain
        return found

    def _verb(self, request: x509.CertificateSigningRequest) -> str:
        """Renewing is another request where we log on with the certificate that is renewed (clause 4.2.2)."""
        own = place.certificates(place.read(self._own)) if self._own else []
        return "simplereenroll" if own and _names(own[0]) == _names(request) else "simpleenroll"

    def _enrol(self, verb: str, body: bytes) -> web.Reply:
        # The encoding is written for servers of before RFC 8951; it is always Base64.
        headers = {"Content-Type": "application/pkcs10", "Content-Transfer-Encoding": "base64"}
        reply = self._web.ask("POST", f"{self._url}/{verb}", body, headers)
        if reply.status != 401:
            return reply
        # The password goes to a server that asks for it, once: a second try could lock the account.
        if self._password is None or "basic" not in reply.headers.get("www-authenticate", "").lower():
            raise DongleError(
                _("{authority} does not know who we are.").format(authority=self.name),
                code="authority.login",
                hint=_("Name the bench's certificate with cert=FILE&key=FILE, or user=NAME&password=file:PATH."),
            )
        both = base64.b64encode(f"{self._user}:{self._password.reveal()}".encode()).decode("ascii")
        reply = self._web.ask("POST", f"{self._url}/{verb}", body, headers | {"Authorization": f"Basic {both}"})
        if reply.status == 401:
            raise DongleError(
                _("{authority} refuses the user {user} or the password. It was tried once.").format(
                    authority=self.name, user=self._user
                ),
                code="authority.login",
            )
        return reply

    def _damaged(self) -> DongleError:
        return DongleError(
            _("{authority} answers with something that holds no certificate.").format(authority=self.name),
            code="authority.protocol",
        )


def _login(at: place.Place, text: str) -> tuple[str, Secret | None]:
    given = at.settings.get("password")
    reference = SecretRef.parse(given) if given is not None else None
    if (given is not None and reference is None) or (given is None) != ("user" not in at.settings):
        raise place.unusable(
            "est", _without(text), _("user= goes with password=file:PATH, credential:NAME or keyring:SERVICE/USER")
        )
    return at.settings.get("user", ""), reference.load() if reference else None


def _without(text: str) -> str:
    return text.partition("?")[0]


def _context(at: place.Place, unlock: Unlock) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=at.file("ca"))
    except OSError:
        raise _no_file(at.settings["ca"]) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    own, key = at.file("cert"), at.file("key")
    if own is not None:
        try:
            context.load_cert_chain(own, key, password=lambda: unlock(str(key or own)).reveal())
        except (OSError, ValueError):
            raise _no_file(str(key or own)) from None
    return context


def _no_file(path: str) -> DongleError:
    return DongleError(
        _("{path} cannot be used for logging on to the authority.").format(path=path),
        code="authority.file",
        hint=_("It must be a PEM file; an encrypted key is opened by --passphrase-file."),
    )


def _names(one: x509.Certificate | x509.CertificateSigningRequest) -> tuple[object, object]:
    from cryptography import x509

    try:
        names = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        names = None
    return one.subject, names
