"""certreq, certutil and PowerShell: what they are given, and how their answers are read in whatever language."""

from __future__ import annotations

import base64
import binascii
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dongle_cli.binding.keystores import Algorithm
from dongle_cli.errors import DongleError
from dongle_cli.i18n import N_, _

TIMEOUT = 120.0  # seconds; a TPM may take 60 for an RSA key
PROVIDERS = {"tpm": "Microsoft Platform Crypto Provider", "software": "Microsoft Software Key Storage Provider"}
_KEYS: dict[Algorithm, tuple[str, int]] = {"p256": ("ECDSA_P256", 256), "rsa2048": ("RSA", 2048)}

# HRESULTs (MS-ERREF, winerror.h): the text beside them is in the machine's language, the number is not.
_REFUSALS = {
    0x80090030: ("keystore.removed", N_("Windows has no TPM that is ready.")),
    0x80090029: ("keystore.algorithm", N_("This TPM does not make such a key.")),
    0x8009000F: ("keystore.exists", N_("Windows has a key of that name already.")),
    0x80090016: ("keystore.missing", N_("Windows has no such key.")),
    0x80090010: ("keystore.permission", N_("Windows does not let this user use the machine's keys.")),
    0x80070005: ("keystore.permission", N_("Windows does not let this user use the machine's keys.")),
    0x80092004: ("keystore.mismatch", N_("Windows has no request that this certificate answers.")),
    0x800B0109: ("keystore.untrusted", N_("Windows does not trust the root of this certificate.")),
    0x80280921: ("keystore.locked", N_("The TPM is locked: too many wrong passphrases were tried.")),
}
_HINTS = {
    "keystore.removed": N_("Is the TPM on in the firmware? tpm.msc shows it. Without one: --keystore windows:software"),
    "keystore.algorithm": N_("Try --algorithm rsa2048, or --keystore windows:software."),
    "keystore.permission": N_("Run this as administrator."),
    "keystore.mismatch": N_("Take the answer to this laptop's own request."),
}


def container(label: str) -> str:
    """The name of the key in CNG."""
    return f"dongle-cli-{label}"


def inf(name: str, provider: str, algorithm: Algorithm) -> bytes:
    """The settings of `certreq -new`: a key of the machine that cannot be exported, and a request for client logon.

    UTF-16 with a mark, as Windows writes such files itself.
    """
    kind, size = _KEYS[algorithm]
    # Digital signature; RSA keys also encipher, for SCEP and for TLS 1.2 with RSA key exchange.
    usage = "0x80" if algorithm == "p256" else "0xa0"
    lines = [
        "[Version]", 'Signature="$Windows NT$"', "",
        "[NewRequest]", f'Subject="CN={name}"', f'ProviderName="{provider}"', f"KeyAlgorithm={kind}",
        f"KeyLength={size}", f'KeyContainer="{name}"', f"KeyUsage={usage}", "Exportable=FALSE", "MachineKeySet=TRUE",
        "UseExistingKeySet=FALSE", "Silent=TRUE", "SMIME=FALSE", "RequestType=PKCS10", "HashAlgorithm=SHA256", "",
        "[EnhancedKeyUsageExtension]", "OID=1.3.6.1.5.5.7.3.2", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode("utf-16")


def certreq(*arguments: str, inputs: Mapping[str, bytes], output: bool = True) -> bytes:
    """Run certreq on the files `inputs`; what it wrote, if it is to write something."""
    return _run(["certreq", *arguments], inputs, "answer.req" if output else None)


def certutil(*arguments: str, inputs: Mapping[str, bytes] | None = None) -> None:
    """Run certutil on the files `inputs`."""
    _run(["certutil", *arguments], inputs or {}, None)


def _run(command: list[str], inputs: Mapping[str, bytes], output: str | None) -> bytes:
    with tempfile.TemporaryDirectory(prefix="dongle-cli-windows-") as folder:
        at = Path(folder)
        for name, data in inputs.items():
            (at / name).write_bytes(data)
        files = [str(at / name) for name in (*inputs, *([output] if output else []))]
        _started([*command, *files], b"")
        return (at / output).read_bytes() if output else b""


# What PowerShell does with a key of CNG. {name} and {provider} are ours: letters, digits, blanks and hyphens.
_OPEN = (
    "$k=[System.Security.Cryptography.CngKey]::Open('{name}',"
    "[System.Security.Cryptography.CngProvider]::new('{provider}'),"
    "[System.Security.Cryptography.CngKeyOpenOptions]::MachineKey);"
)
_INPUT = "$d=[Convert]::FromBase64String([Console]::In.ReadLine());"
_PKCS1 = "[System.Security.Cryptography.RSA{what}Padding]::Pkcs1"
_SCRIPTS = {
    "ecdsa": _OPEN + _INPUT + "$o=[System.Security.Cryptography.ECDsaCng]::new($k).SignHash($d);",
    "rsa": _OPEN + _INPUT + "$o=[System.Security.Cryptography.RSACng]::new($k).SignHash($d,"
    "[System.Security.Cryptography.HashAlgorithmName]::{hash}," + _PKCS1.format(what="Signature") + ");",
    "decrypt": _OPEN + _INPUT + "$o=[System.Security.Cryptography.RSACng]::new($k).Decrypt($d,"
    + _PKCS1.format(what="Encryption") + ");",
    "delete": _OPEN + "$k.Delete();$o=[byte[]]@();",
    "look": "$o=[Text.Encoding]::UTF8.GetBytes((Get-Item 'Cert:\\LocalMachine\\My\\{name}'|"
    "Select-Object HasPrivateKey,Thumbprint|ConvertTo-Json -Compress));",
}  # fmt: skip
# The number of what went wrong goes out, not its text.
_AROUND = (
    "$ErrorActionPreference='Stop';try{{{body}[Console]::Out.WriteLine([Convert]::ToBase64String($o))}}"
    "catch{{$e=$_.Exception;while($e.InnerException){{$e=$e.InnerException}};"
    "[Console]::Error.WriteLine('0x{{0:X8}}' -f $e.HResult);exit 1}}"
)


def script(what: str, name: str, provider: str, hash_name: str = "") -> str:
    """The PowerShell program for one of "ecdsa", "rsa", "decrypt", "delete" and "look"."""
    return _AROUND.format(body=_SCRIPTS[what].format(name=name, provider=provider, hash=hash_name))


def powershell(what: str, name: str, provider: str, data: bytes, hash_name: str = "") -> bytes:
    """What the program answers; `data` goes to its standard input."""
    program = script(what, name, provider, hash_name).encode("utf-16-le")
    command = ["powershell", "-NoProfile", "-NonInteractive", "-EncodedCommand", base64.b64encode(program).decode()]
    said = _started(command, base64.b64encode(data) + b"\r\n")
    try:
        return base64.b64decode(said.strip(), validate=True)
    except binascii.Error:
        raise refusal("powershell", said.decode("ascii", "replace")) from None


def _started(command: list[str], given: bytes) -> bytes:
    try:
        done = subprocess.run(command, input=given, capture_output=True, timeout=TIMEOUT)
    except FileNotFoundError:
        raise DongleError(
            _("{program} is not here: this keystore is one of Windows.").format(program=command[0]),
            code="keystore.extra",
            hint=_("Elsewhere use --keystore tpm2, pkcs11:... or pem."),
        ) from None
    except subprocess.TimeoutExpired:
        raise DongleError(
            _("{program} does not answer within {seconds} seconds.").format(program=command[0], seconds=int(TIMEOUT)),
            code="keystore.windows",
        ) from None
    if done.returncode:
        raise refusal(command[0], (done.stdout + done.stderr).decode("ascii", "replace"))
    return done.stdout


def refusal(program: str, said: str) -> DongleError:
    """The error for what a program of Windows said: by the HRESULT in it, since the words are in any language."""
    codes = [int(each, 16) for each in re.findall(r"\b(?:0x)?([89][0-9A-Fa-f]{7})\b", said)]
    for code in codes:
        if code in _REFUSALS:
            name, message = _REFUSALS[code]
            hint = _HINTS.get(name)
            return DongleError(_(message), code=name, hint=_(hint) if hint else None, hresult=f"0x{code:08X}")
    shown = f"0x{codes[0]:08X}" if codes else " ".join(said.split())[:200]
    return DongleError(_("{program} refused: {reason}.").format(program=program, reason=shown), code="keystore.windows")


def signature(raw: bytes) -> bytes:
    """CNG's ECDSA signature (IEEE P1363: r and s side by side) as X.509 wants it (RFC 3279 clause 2.2.3)."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    half = len(raw) // 2
    return encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))
