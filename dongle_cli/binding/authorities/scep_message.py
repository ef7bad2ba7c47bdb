"""The messages of SCEP (RFC 8894 clause 3): signed CMS around enveloped CMS, packed and opened.

cryptography signs CMS but cannot add the attributes that SCEP needs, opens AES envelopes only, and verifies nothing;
asn1crypto has the grammar. Imported by functions only.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from asn1crypto import cms, core, parser
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding

# Clause 3.2.1, attributes under id-attributes of VeriSign.
_ARC = "2.16.840.1.113733.1.9."
_NAMES = {
    "message_type": "2", "status": "3", "fail_info": "4", "sender_nonce": "5", "recipient_nonce": "6",
    "transaction": "7",
}  # fmt: skip
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512,
}  # fmt: skip
# Content ciphers: the name in asn1crypto, bytes of the key, bytes of a block.
_CIPHERS = {"aes128_cbc": (16, 16), "aes192_cbc": (24, 16), "aes256_cbc": (32, 16), "tripledes_3key": (24, 8)}
CERT_REP, PKCS_REQ = "3", "19"
SUCCESS, FAILURE, PENDING = "0", "2", "3"


class Damaged(ValueError):
    """What came is no message of SCEP, or was not signed by whom it should be."""


@dataclass(frozen=True)
class Message:
    """What is around the content; strings as they stand there, nonces of 16 bytes."""

    message_type: str
    transaction: str
    sender_nonce: bytes
    recipient_nonce: bytes | None = None
    status: str | None = None
    fail_info: str | None = None
    content: bytes = field(default=b"", repr=False)


def packed(
    message: Message,
    signer: x509.Certificate,
    key: rsa.RSAPrivateKey,
    recipient: x509.Certificate | None,
    cipher: str = "aes128_cbc",
) -> bytes:
    """`message` signed by `signer`, its content enveloped for `recipient` (None: without content), in DER."""
    content = enveloped(message.content, recipient, cipher) if recipient else b""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(content)
    attributes = [
        cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
        cms.CMSAttribute({"type": "message_digest", "values": [digest.finalize()]}),
    ]
    for name, number in _NAMES.items():
        value = getattr(message, name)
        if value is not None:
            kind = core.OctetString if isinstance(value, bytes) else core.PrintableString
            attributes.append(_attribute(_ARC + number, kind(value)))
    signed = cms.CMSAttributes(attributes)
    issued = asn1_x509.Certificate.load(signer.public_bytes(Encoding.DER))
    info = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            {"issuer_and_serial_number": {"issuer": issued.issuer, "serial_number": issued.serial_number}}
        ),
        "digest_algorithm": {"algorithm": "sha256"},
        "signed_attrs": signed,
        "signature_algorithm": {"algorithm": "rsassa_pkcs1v15"},
        "signature": key.sign(signed.dump(), padding.PKCS1v15(), hashes.SHA256()),
    }
    whole = {
        "version": "v1",
        "digest_algorithms": [{"algorithm": "sha256"}],
        "encap_content_info": {"content_type": "data", "content": content} if content else {"content_type": "data"},
        "certificates": [issued],
        "signer_infos": [info],
    }
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(whole)}).dump())


def _attribute(oid: str, value: core.Asn1Value) -> cms.CMSAttribute:
    return cms.CMSAttribute.load(
        core.Sequence(contents=core.ObjectIdentifier(oid).dump() + core.Set(contents=value.dump()).dump()).dump()
    )


def enveloped(content: bytes, recipient: x509.Certificate, cipher: str) -> bytes:
    """`content` enciphered for the RSA key of `recipient`, as ContentInfo in DER."""
    public = recipient.public_key()
    if not isinstance(public, rsa.RSAPublicKey):
        raise Damaged("the recipient's key is not RSA")
    size, block = _CIPHERS[cipher]
    key, iv = os.urandom(size), os.urandom(block)
    padder = PKCS7(block * 8).padder()
    encryptor = _cipher(cipher, key, iv).encryptor()
    data = encryptor.update(padder.update(content) + padder.finalize()) + encryptor.finalize()
    issued = asn1_x509.Certificate.load(recipient.public_bytes(Encoding.DER))
    to = {
        "version": "v0",
        "rid": cms.RecipientIdentifier(
            {"issuer_and_serial_number": {"issuer": issued.issuer, "serial_number": issued.serial_number}}
        ),
        "key_encryption_algorithm": {"algorithm": "rsaes_pkcs1v15"},
        "encrypted_key": public.encrypt(key, padding.PKCS1v15()),
    }
    inner = {
        "content_type": "data",
        "content_encryption_algorithm": {"algorithm": cipher, "parameters": core.OctetString(iv)},
        "encrypted_content": data,
    }
    whole = {"version": "v0", "recipient_infos": [cms.RecipientInfo({"ktri": to})], "encrypted_content_info": inner}
    return bytes(cms.ContentInfo({"content_type": "enveloped_data", "content": cms.EnvelopedData(whole)}).dump())


def _cipher(name: str, key: bytes, iv: bytes) -> Cipher[modes.CBC]:
    if name in ("des", "tripledes_3key", "tripledes_2key"):
        # DES is triple DES with one key three times; servers of 2000 to 2020 answer with either.
        return Cipher(TripleDES(key * 3 if len(key) == 8 else key), modes.CBC(iv))
    return Cipher(algorithms.AES(key), modes.CBC(iv))  # CBC is what CMS has


def opened(data: bytes, signer: x509.Certificate, key: rsa.RSAPrivateKey | None) -> Message:
    """The message in `data`, its signature by `signer` checked and its content deciphered with `key`; or Damaged."""
    try:
        whole = cms.ContentInfo.load(data, strict=True)["content"]
        (info,) = whole["signer_infos"]
        inner = whole["encap_content_info"]["content"].native or b""
        values = _checked(info, inner, signer)
        text = {name: values[name].native for name in values}
        content = _deciphered(inner, key) if inner and key is not None else b""
        return Message(
            text["message_type"], text["transaction"], text.get("sender_nonce") or b"",
            text.get("recipient_nonce"), text.get("status"), text.get("fail_info"), content,
        )  # fmt: skip
    except Damaged:
        raise
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise Damaged(str(error).splitlines()[0] if str(error) else type(error).__name__) from None


def _checked(info: Any, content: bytes, signer: x509.Certificate) -> dict[str, Any]:
    """The attributes by name, once digest and signature hold."""
    public, kind = signer.public_key(), _HASHES[info["digest_algorithm"]["algorithm"].native]()
    if not isinstance(public, rsa.RSAPublicKey):
        raise Damaged("the signer's key is not RSA")
    attributes = {each["type"].dotted: each["values"][0] for each in info["signed_attrs"]}
    digest = hashes.Hash(kind)
    digest.update(content)
    if attributes["1.2.840.113549.1.9.4"].native != digest.finalize():
        raise Damaged("its digest does not fit")
    try:
        # What is signed is the set as such, not the context tag it has inside the message (RFC 5652 clause 5.4).
        public.verify(info["signature"].native, info["signed_attrs"].untag().dump(), padding.PKCS1v15(), kind)
    except InvalidSignature:
        raise Damaged("its signature does not fit") from None
    return {name: attributes[_ARC + number] for name, number in _NAMES.items() if _ARC + number in attributes}


def _parts(der: bytes) -> list[bytes]:
    """The elements inside a constructed one, each with its header."""
    content, found = parser.parse(der)[4], []
    while content:
        _kind, _method, _tag, header, inner, trailer = parser.parse(content)
        size = len(header) + len(inner) + len(trailer)
        found.append(content[:size])
        content = content[size:]
    return found


def _octets(der: bytes) -> bytes:
    """What an OCTET STRING holds, in one piece or in several: BER allows both, and Go's pkcs7 sends the second."""
    constructed = der[0] & 0x20
    return b"".join(map(_octets, _parts(der))) if constructed else bytes(parser.parse(der)[4])


def _deciphered(inner: bytes, key: rsa.RSAPrivateKey) -> bytes:
    """The content of an EnvelopedData with one recipient (RFC 5652 clause 6.1)."""
    _version, recipients, sealed = _parts(cms.ContentInfo.load(inner)["content"].untag().dump())
    (to,) = cms.RecipientInfos.load(recipients)
    session = key.decrypt(to.chosen["encrypted_key"].native, padding.PKCS1v15())
    _kind, algorithm, content = _parts(sealed)
    how = cms.EncryptionAlgorithm.load(algorithm)
    iv: bytes = how["parameters"].native
    decryptor = _cipher(how["algorithm"].native, session, iv).decryptor()
    data = decryptor.update(_octets(content)) + decryptor.finalize()
    unpadder = PKCS7(len(iv) * 8).unpadder()
    return unpadder.update(data) + unpadder.finalize()
