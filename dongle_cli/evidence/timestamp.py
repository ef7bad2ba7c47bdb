"""Time stamps (RFC 3161) over signatures: a third party says that a signature was there at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dongle_cli.errors import DongleError
from dongle_cli.evidence.cms import Unverified
from dongle_cli.i18n import _, reason

if TYPE_CHECKING:
    from cryptography import x509

SUFFIX = ".tsr"  # beside the signature
PATIENCE = 15.0  # seconds for the authority's answer
_LARGEST = 1 << 20


def _client() -> Any:
    try:
        import rfc3161_client
    except ImportError:
        raise DongleError(
            _("Time stamps need parts that are not installed: {module} is missing.").format(module="rfc3161-client"),
            code="evidence.timestamp-missing",
            hint=_("Install it with: {command}").format(command="pip install 'dongle-cli[timestamp]'"),
        ) from None
    return rfc3161_client


def request(url: str, signature: bytes) -> bytes:
    """The answer of the time-stamping authority at `url` for `signature`, in DER; DongleError `evidence.timestamp`."""
    import http.client
    import urllib.error
    import urllib.request

    client = _client()
    asked = client.TimestampRequestBuilder().data(signature).build()
    message = urllib.request.Request(  # noqa: S310 - the scheme is checked where the setting is read
        url, asked.as_bytes(), {"Content-Type": "application/timestamp-query"}
    )
    try:
        with urllib.request.urlopen(message, timeout=PATIENCE) as answer:  # noqa: S310
            data: bytes = answer.read(_LARGEST)
        decoded = client.decode_timestamp_response(data)
        if decoded.status != client.PKIStatus.GRANTED or decoded.tst_info.nonce != asked.nonce:
            raise ValueError(_("it did not grant a time stamp for this request"))
    except (OSError, ValueError, http.client.HTTPException) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise DongleError(
            _("The time-stamping authority {url} gave no time stamp: {reason}.").format(url=url, reason=why),
            code="evidence.timestamp",
            hint=_("The signature stands without one. Sign again when the authority can be reached."),
        ) from None
    return data


def verify(token: bytes, signature: bytes, roots: Sequence[x509.Certificate]) -> datetime:
    """When the authority saw `signature`; Unverified where the stamp is for something else or not by one of `roots`."""
    client = _client()
    try:
        decoded = client.decode_timestamp_response(token)
        builder = client.VerifierBuilder()
        for root in roots:
            builder = builder.add_root_certificate(root)
        builder.build().verify_message(decoded, signature)
    except (ValueError, client.VerificationError) as error:
        raise Unverified(_("the time stamp does not verify ({reason})").format(reason=error)) from None
    stamped: datetime = decoded.tst_info.gen_time
    return stamped.astimezone(UTC)
