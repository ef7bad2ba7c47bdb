"""Simple Certificate Enrolment Protocol (RFC 8894): NDES and its like, over plain HTTP, in messages of CMS.

The messages are signed with, and answered to, an RSA key that the bench makes for one enrolment and forgets: the key
that is certified stays where it was made. Programs such as scepclient want that key in a file, and so cannot be used
here. The server's own certificate must be RSA (only RSA can be enciphered for); the key to be certified may be on P-256
for SCEP, but servers such as micromdm's take RSA alone.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from dongle_cli.binding import checks
from dongle_cli.binding.authorities import Wanted, place, web
from dongle_cli.errors import DongleError
from dongle_cli.i18n import N_, _

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import rsa

    from dongle_cli.binding.authorities.scep_message import Message
    from dongle_cli.binding.unlock import Unlock

# Clause 3.2.1.4.
_FAILURES = {
    "0": N_("it does not take the algorithm"), "1": N_("the message was damaged"),
    "2": N_("it does not allow this request (a wrong challenge password, or a certificate that is there already)"),
    "3": N_("its clock and ours differ too much"), "4": N_("it knows no such certificate"),
}  # fmt: skip


class ScepAuthority:
    """A SCEP server. Nothing about it is proven by plain HTTP, so the file `ca=` says whose signature counts."""

    def __init__(self, text: str, unlock: Unlock, folder: Path | None = None) -> None:
        at = place.Place.parse(text, "scep", ("http", "https"), ("ca",))
        path = at.file("ca")
        if path is None:
            raise place.unusable("scep", text, _("it needs ca=FILE, the certificates of the authority"))
        self._known = place.trusted(path)
        self.name = f"scep:{at.url}"
        self.chain = place.first_guess(self._known)
        self._url = at.url
        self._web = web.Web(self.name)

    def new_serial(self) -> int | None:
        return None

    def issue(self, wanted: Wanted, serial: int | None) -> x509.Certificate:
        from cryptography.hazmat.primitives.asymmetric import rsa

        if wanted.request is None:
            raise place.no_request(self.name)
        capabilities = self._capabilities()
        servers = self._servers()
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        answer = self._exchange(wanted, key, servers, capabilities)
        if answer.status == "3":
            raise place.waiting(self.name, _("a person has to approve the request"))
        if answer.status != "0":
            curved = not isinstance(wanted.public_key, rsa.RSAPublicKey)
            why = _FAILURES.get(answer.fail_info or "")
            raise DongleError(
                _("{authority} refused the request: {reason}.").format(
                    authority=self.name, reason=_(why) if why else answer.fail_info
                ),
                code="authority.refused",
                hint=_("Many SCEP servers take requests of RSA keys only: make the key with rsa2048.")
                if curved
                else None,
                fail_info=answer.fail_info,
            )
        found = place.answer(place.certificates(answer.content), wanted.public_key)
        if found is None:
            raise self._damaged(_("it holds no certificate"))
        self.chain = place.above(found, self._known) or self.chain
        return found

    def _capabilities(self) -> set[str]:
        reply = self._web.ask("GET", f"{self._url}?operation=GetCACaps")
        # A server without the operation knows only what was there before it (clause 3.5.1).
        return set(reply.body.decode("ascii", "replace").split()) if reply.status == 200 else set()

    def _servers(self) -> list[x509.Certificate]:
        """The certificates that the server deciphers and signs with: itself or its RA, each one proven by `ca=`."""
        reply = self._web.ask("GET", f"{self._url}?operation=GetCACert&message={quote('CA')}")
        if reply.status != 200:
            raise web.refused(self.name, reply)
        found = place.certificates(reply.body)
        proven = [c for c in found if c in self._known or any(checks.signed_by(c, ca) for ca in self._known)]
        if not proven:
            raise DongleError(
                _("{authority} shows a certificate that is not below those of ca=FILE.").format(authority=self.name),
                code="authority.untrusted",
                hint=_("Ask those who run the authority for its certificates; do not take them from this answer."),
                shown=[c.subject.rfc4514_string() for c in found],
            )
        return proven

    def _exchange(
        self, wanted: Wanted, key: rsa.RSAPrivateKey, servers: list[x509.Certificate], capabilities: set[str]
    ) -> Message:
        from cryptography.hazmat.primitives.serialization import Encoding

        from dongle_cli.binding.authorities import scep_message as scep

        request = wanted.request
        assert request is not None  # noqa: S101 - asked above
        # The same for every try with this key: the server knows that it is one enrolment (clause 3.2.1.1).
        transaction = checks.fingerprint(wanted.public_key)
        asked = scep.Message(
            scep.PKCS_REQ, transaction, os.urandom(16), content=request.public_bytes(Encoding.DER)
        )  # fmt: skip
        modern = capabilities & {"AES", "SCEPStandard"}
        cipher = "aes128_cbc" if modern else "tripledes_3key"  # NDES offers no AES
        try:
            data = scep.packed(asked, _transport(request.subject, key), key, _for(servers, "key_encipherment"), cipher)
        except scep.Damaged:
            raise DongleError(
                _("{authority} has no RSA key of its own; SCEP needs one for its messages.").format(
                    authority=self.name
                ),
                code="authority.protocol",
                hint=_("Ask for EST, or exchange files with csr:DIR."),
            ) from None
        reply = self._send(data, post=bool(capabilities & {"POSTPKIOperation", "SCEPStandard"}))
        if reply.status != 200:
            raise web.refused(self.name, reply)
        try:
            answer = scep.opened(reply.body, _for(servers, "digital_signature"), key)
        except scep.Damaged as error:
            raise self._damaged(str(error)) from None
        if (answer.message_type, answer.transaction, answer.recipient_nonce) != (
            scep.CERT_REP, transaction, asked.sender_nonce,
        ):  # fmt: skip
            raise self._damaged(_("it answers another question"))
        return answer

    def _send(self, data: bytes, *, post: bool) -> web.Reply:
        import base64

        if post:
            headers = {"Content-Type": "application/x-pki-message"}
            return self._web.ask("POST", f"{self._url}?operation=PKIOperation", data, headers)
        message = quote(base64.b64encode(data).decode("ascii"), safe="")
        return self._web.ask("GET", f"{self._url}?operation=PKIOperation&message={message}")

    def _damaged(self, why: str) -> DongleError:
        return DongleError(
            _("The answer of {authority} cannot be used: {reason}.").format(authority=self.name, reason=why),
            code="authority.protocol",
        )


def _for(servers: list[x509.Certificate], use: str) -> x509.Certificate:
    """The one of the server's certificates that may be used so: an RA has one or two, a CA itself answers for both."""
    from cryptography import x509

    def suits(each: x509.Certificate) -> tuple[bool, bool]:
        try:
            allowed = bool(getattr(each.extensions.get_extension_for_class(x509.KeyUsage).value, use))
        except x509.ExtensionNotFound:
            allowed = True
        try:
            ca = each.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        except x509.ExtensionNotFound:
            ca = False
        return not ca, allowed

    leaves = [each for each in servers if suits(each)[0]] or servers
    return next((each for each in leaves if suits(each)[1]), leaves[0])


def _transport(subject: x509.Name, key: rsa.RSAPrivateKey) -> x509.Certificate:
    """The certificate that a client signs for itself, with the subject that it asks for (clause 2.3)."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    from dongle_cli.binding import profile

    now = datetime.now(UTC).replace(microsecond=0)
    begin, end = now - profile.BACKDATED, now + timedelta(days=2)
    return (
        x509.CertificateBuilder(subject, subject, key.public_key(), profile.random_serial(), begin, end)
        .add_extension(profile.key_usage(digital_signature=True, key_encipherment=True), critical=True)
        .sign(key, hashes.SHA256())
    )
