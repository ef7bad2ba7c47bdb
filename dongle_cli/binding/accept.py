"""`bind accept`: the bench's answer, checked on the laptop before anything is installed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from dongle_cli.binding import checks, laptop, mine, profile
from dongle_cli.binding.authorities import Wanted
from dongle_cli.binding.pkcs10 import public_key
from dongle_cli.errors import DongleError
from dongle_cli.i18n import _
from dongle_cli.identity import Imei, Laptop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography import x509

    from dongle_cli.binding.keystores import Keystore
    from dongle_cli.binding.mine import Mine
    from dongle_cli.binding.profile import Profile
    from dongle_cli.binding.request import Answer
    from dongle_cli.binding.unlock import Unlock


@dataclass(frozen=True)
class Checked:
    """An answer that holds, and where it will be put."""

    answer: Answer
    mine: Mine
    store: Keystore
    installed: bool  # the very same certificate is there already

    @property
    def root(self) -> x509.Certificate:
        """Whom the laptop trusts from now on, for this network."""
        return self.answer.chain[-1]

    def install(self) -> None:
        """Put certificate and chain beside the key."""
        self.store.store(self.mine.label, self.answer.certificate, self.answer.chain)
        mine.remember(self.mine)


def check(
    answer: Answer,
    unlock: Unlock,
    *,
    keystore: str | None = None,
    seen: Laptop | None = None,
    trusted: Sequence[x509.Certificate] = (),
    force: bool = False,
) -> Checked:
    """Everything that can be told here: `seen` is this laptop where it could be read, `trusted` what the office gave.

    Errors: `binding.other-key`, `binding.wrong-answer`, `binding.other-laptop`, `binding.other-root`.
    """
    where, store = mine.holder(public_key(answer.certificate.public_key()), keystore, unlock)
    _check_certificate(answer)
    described = Laptop(answer.laptop_uuid)
    if seen is not None and laptop.compare(described, seen)["uuid"] == laptop.OTHER and not force:
        raise DongleError(
            _("The answer is for the laptop {theirs}, and this is {ours}.").format(
                theirs=answer.laptop_uuid, ours=seen.uuid
            ),
            code="binding.other-laptop",
            hint=_("Nothing was installed. Where the main board was replaced: dongle-cli change board, at the bench."),
        )
    before = store.certificate(where.label)
    roots = list(trusted) or ([before.chain[-1]] if before and before.chain else [])
    if roots and answer.chain[-1] not in roots and not force:
        raise DongleError(
            _("The answer leads to another root than the one this laptop knows: {name}, SHA-256 {digest}.").format(
                name=answer.chain[-1].subject.rfc4514_string(), digest=digest(answer.chain[-1])
            ),
            code="binding.other-root",
            hint=_("Nothing was installed. Ask the bench whether the authority was made anew; only then use --force."),
        )
    return Checked(answer, where, store, before is not None and before.certificate == answer.certificate)


def _check_certificate(answer: Answer) -> None:
    certificate = answer.certificate
    now = datetime.now(UTC).replace(microsecond=0)
    uris = profile.uris(cast("Profile", answer.profile), Imei.parse(answer.imei), answer.laptop_uuid)
    wanted = Wanted(
        answer.asset_no,
        uris,
        public_key(certificate.public_key()),
        now,
        now + checks.LONGEST,
    )
    if wrong := checks.differences(certificate, wanted, answer.chain):
        raise DongleError(
            _("The certificate in the answer is not what the answer says. It is refused, and nothing was installed."),
            code="binding.wrong-answer",
            hint="\n".join([*checks.lines(wrong), _("Fetch the answer from the bench again.")]),
            differences=[one.__dict__ for one in wrong],
        )


def digest(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate, as openssl shows it: pairs with colons."""
    from cryptography.hazmat.primitives import hashes

    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()
