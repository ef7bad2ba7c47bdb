"""The TPM 2.0, asked through tpm2-tools: every call a process, and everything secret through its standard input.

tpm2-pytss would save the processes, but has no wheel: each laptop would need a compiler and libtss2-dev.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dongle_cli.errors import DongleError
from dongle_cli.i18n import N_, _

if TYPE_CHECKING:
    from dongle_cli.secrets import Secret

TIMEOUT = 90.0  # seconds; a slow TPM makes an RSA key in 60
# The parent that every program makes anew from the owner's seed, and need not keep: the template of tpm2-tss and
# tpm2-openssl for a parent 0x40000001, so that they open the same file.
_PARENT = ("-C", "o", "-g", "sha256", "-G", "ecc256:aes128cfb", "-a",
           "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt")  # fmt: skip

# Response codes (TPM 2.0 Library, part 2, clause 6.6), without the number of the parameter, handle or session.
_REFUSALS = {
    0x921: ("keystore.locked", N_("The TPM is locked: too many wrong passphrases were tried.")),
    0x08E: ("keystore.passphrase", N_("The passphrase of the TPM's key is wrong. It was tried once.")),
    0x0A2: ("keystore.passphrase", N_("The passphrase of the TPM's key is wrong. It was tried once.")),
    0x09F: ("keystore.foreign", N_("This key was made by another TPM, or by this one before it was cleared.")),
}
_HINTS = {
    "keystore.locked": N_("Wait: it forgets a wrong one after some minutes. tpm2_getcap properties-variable shows it."),
    "keystore.passphrase": N_("Check the passphrase before you try again: a few wrong ones lock the TPM for a while."),
    "keystore.foreign": N_("After a new main board, make a new key and a new request: dongle-cli bind request"),
    "keystore.removed": N_("Is there a /dev/tpmrm0, and may you use it (group tss)? Is the TPM on in the firmware?"),
}


class Tpm:
    """One conversation: files in a folder that goes away, and a TPM that is left as empty as it was."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, tool: str, *arguments: str | Path, secret: Secret | None = None) -> str:
        """What `tool` printed; DongleError `keystore.*` says why it refused. `secret` goes to its standard input."""
        try:
            done = subprocess.run(
                [tool, *map(str, arguments)], cwd=self.folder, capture_output=True, timeout=TIMEOUT,
                input=secret.reveal().encode() if secret else b"",
            )  # fmt: skip
        except FileNotFoundError:
            raise DongleError(
                _("The TPM needs programs that are not installed."),
                code="keystore.extra",
                hint=_("Run: {command}").format(command="apt-get install tpm2-tools"),
            ) from None
        except subprocess.TimeoutExpired:
            raise DongleError(
                _("The TPM does not answer within {seconds} seconds.").format(seconds=int(TIMEOUT)),
                code="keystore.removed",
            ) from None
        if done.returncode:
            raise _refusal(tool, done.stderr.decode("utf-8", "replace"))
        return done.stdout.decode("utf-8", "replace")

    def drop(self) -> None:
        """Take what was loaded out of the TPM: it has room for three, and nobody else does it without a manager."""
        self.run("tpm2_flushcontext", "-t")

    def parent(self) -> Path:
        """The parent of our keys, as a context file."""
        path = self.folder / "parent.ctx"
        if not path.exists():
            self.run("tpm2_createprimary", "-Q", *_PARENT, "-c", path)
            self.drop()
        return path


@contextmanager
def conversation() -> Iterator[Tpm]:
    """A TPM to talk to; its files hold what the TPM wrapped, digests and signatures, and are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="dongle-cli-tpm-") as folder:
        yield Tpm(Path(folder))


def _refusal(tool: str, said: str) -> DongleError:
    for found in re.findall(r"\((?:0x)?([0-9A-Fa-f]{3,8})\)", said):
        code = int(found, 16)
        bare = code & 0x0BF if code & 0x080 else code  # format one has the number in bits 6 and 8 to 11
        if bare in _REFUSALS:
            name, message = _REFUSALS[bare]
            return DongleError(_(message), code=name, hint=_(_HINTS[name]))
    if re.search(r"tcti|Could not open|Failed to open", said, re.IGNORECASE):
        name = "keystore.removed"
        return DongleError(_("There is no TPM that answers."), code=name, hint=_(_HINTS[name]))
    lines = [line for line in said.splitlines() if line.startswith("ERROR")] or [said.strip()]
    return DongleError(
        _("The TPM refused ({tool}): {reason}.").format(tool=tool, reason=lines[-1][:300]), code="keystore.tpm"
    )


def endorsement() -> str | None:
    """The SHA-256 of the RSA endorsement key's SubjectPublicKeyInfo, by which a TPM is known; None without a TPM.

    The key that the maker left at 0x81010001 (TCG Provisioning Guidance) is read; where there is none it is made anew
    from its seed, which gives the same key.
    """
    if not (any(Path("/dev").glob("tpmrm*")) or _pointed()):
        return None
    with conversation() as tpm:
        public = tpm.folder / "ek.der"
        try:
            tpm.run("tpm2_readpublic", "-Q", "-c", "0x81010001", "-f", "der", "-o", public)
        except DongleError as error:
            if error.code != "keystore.tpm":
                raise
            tpm.run("tpm2_createek", "-Q", "-G", "rsa", "-c", "ek.ctx", "-f", "der", "-u", public)
            tpm.drop()
        from dongle_cli.binding.laptop import ek_digest

        return ek_digest(public.read_bytes())


def _pointed() -> bool:
    import os

    return bool(os.environ.get("TPM2TOOLS_TCTI"))
