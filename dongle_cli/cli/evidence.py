"""`dongle-cli evidence`: records that can be shown to somebody else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongle_cli.cli import output
from dongle_cli.cli.options import Format, group
from dongle_cli.cli.pair import Folder, PassphraseFile, unlock
from dongle_cli.errors import DongleError, ExitCode
from dongle_cli.i18n import N_, _, ngettext

if TYPE_CHECKING:
    from dongle_cli.binding.signing import Signer
    from dongle_cli.binding.unlock import Unlock
    from dongle_cli.evidence.verify import Verified
    from dongle_cli.register.register import Register

app = group(_("Sign the bench's records, and check them: what was written, by whom, when?"))

RESULTS = {"ok": N_("verified"), "bad": N_("does NOT verify"), "unknown": N_("could not be checked")}


def example(command: str) -> str:
    """The example below a help page."""
    return _("Example: {command}").format(command=command)


Files = Annotated[
    list[Path] | None,
    typer.Argument(metavar=_("[FILE...]"), help=_("Files; FILE.p7s is the signature of FILE."), show_default=False),
]


@app.command(
    help=_(
        "Check records: signature, signer, revocation when it was signed, digest in the register, and the register's "
        "history. Without files: everything this bench keeps. Exit code 5: something was changed; 7: unsigned."
    ),
    epilog=example("dongle-cli evidence verify PF0000001_bind_20261123-093501.json"),
)
def verify(
    files: Files = None,
    chain: Annotated[
        Path | None,
        typer.Option("--chain", metavar=_("FILE"), show_default=False,
                     help=_("Certificates of the authority to believe (ca chain), instead of the register's.")),
    ] = None,
    crl: Annotated[
        list[Path] | None,
        typer.Option("--crl", metavar=_("FILE"), help=_("Revocation list to ask; repeatable."), show_default=False),
    ] = None,
    tsa_chain: Annotated[
        Path | None,
        typer.Option("--tsa-chain", metavar=_("FILE"), help=_("Certificates of the time-stamping authority."),
                     show_default=False),
    ] = None,
    format_: Format = "text",
) -> int:  # fmt: skip
    from dongle_cli.binding import examine, signing
    from dongle_cli.evidence.trust import Anchors
    from dongle_cli.register import evidence

    lists = [one for path in crl or () for one in signing.load_pem(path)[1]]
    stamps = signing.load_pem(tsa_chain)[0] if tsa_chain else []
    register = open_register()
    try:
        found = [examine.history(register, _("register"))] if register and chain is None else []
        broken = any(one.result == "bad" for one in found)
        if chain is not None:
            anchors = Anchors(signing.load_pem(chain)[0], lists)
        elif register is None or broken:  # a register that was tampered with vouches for nobody
            anchors = Anchors((), lists)
        else:
            ours = signing.anchors(register)
            anchors = Anchors(ours.certificates, lists, ours.revoked, ours.asked)
        asked = register if chain is None and not broken else None
        known = evidence.files(asked) if asked else {}
        for path in files if files else _kept(found):
            found.append(examine.one(_content(path), anchors, asked, known, stamps))
    finally:
        if register is not None:
            register.close()
    return _tell(found, json=format_ == "json")


def open_register() -> Register | None:
    """The register of this bench where there is one: checking makes none."""
    from dongle_cli import paths
    from dongle_cli.register.register import Register

    if not os.environ.get("DONGLE_REGISTER") and not (paths.data_dir() / "register.db").exists():
        return None
    return Register.open()


def _kept(found: list[Verified]) -> list[Path]:
    from dongle_cli.binding import signing

    files = sorted(signing.folder().glob("*.json"))
    if not files and not found:
        raise DongleError(
            _("There is no evidence in {path}.").format(path=signing.folder()),
            code="usage.files",
            hint=_("Name the files to check."),
        )
    return files


def _content(path: Path) -> Path:
    """The file that is meant where somebody names its signature."""
    return path.with_name(path.name.removesuffix(".p7s")) if path.suffix == ".p7s" else path


def _tell(found: list[Verified], *, json: bool) -> int:
    from dongle_cli.evidence.verify import WHAT

    results = {one.result for one in found}
    code = ExitCode.FINDINGS if "bad" in results else ExitCode.INCOMPLETE if "unknown" in results else ExitCode.DONE
    if json:
        for one in found:
            output.emit(
                {
                    "file": str(one.path),
                    "result": one.result,
                    "signer": one.signer,
                    "signed_at": one.signed_at.isoformat() if one.signed_at else None,
                    "stamped_at": one.stamped_at.isoformat() if one.stamped_at else None,
                    "checks": [check.__dict__ for check in one.checks],
                }
            )
        return code
    rows = []
    for one in found:
        faults = [f"{_(WHAT[c.what])}: {c.said}" if c.said else _(WHAT[c.what]) for c in one.checks if c.result != "ok"]
        moment = one.stamped_at or one.signed_at
        rows.append([one.path.name, _(RESULTS[one.result]), moment.isoformat() if moment else "", "; ".join(faults)])
    output.table([_("File"), _("Result"), _("Signed"), _("What is wrong")], rows)
    counts = {word: sum(one.result == word for one in found) for word in RESULTS}
    output.answer(_("{ok} verified, {bad} do not verify, {unknown} could not be checked.").format(**counts))
    return code


@app.command(
    help=_("Sign files with the bench's evidence key: FILE.p7s appears beside each (CMS, detached)."),
    epilog=example("dongle-cli evidence sign report.json --passphrase-file ca.pass"),
)
def sign(
    files: Files = None,
    every: Annotated[
        bool, typer.Option("--all", help=_("All that this bench keeps and that is not signed yet."))
    ] = False,
    folder: Folder = None,
    passphrase_file: PassphraseFile = None,
    format_: Format = "text",
) -> int:
    from dongle_cli.binding import signing
    from dongle_cli.evidence.canonical import digest
    from dongle_cli.evidence.verify import signature_of
    from dongle_cli.register import evidence
    from dongle_cli.register.register import Register

    if bool(files) == every:
        raise DongleError(_("Name the files to sign, or use --all."), code="usage.files")
    chosen = files or [path for path in sorted(signing.folder().glob("*.json")) if not signature_of(path).exists()]
    code = ExitCode.DONE
    with Register.open() as register:
        signer = open_signer(folder, unlock(passphrase_file))
        for path in chosen:
            code = max(code, _sign(signer, path))
            if files:  # what this bench did not write itself is known by its digest from now on
                evidence.note(register, "signed", path.name, digest(path.read_bytes()))
            if format_ == "json":
                output.emit({"file": str(path), "signature": str(signature_of(path))})
        signing.daily(register, signer)
    output.say(ngettext("{count} file signed.", "{count} files signed.", len(chosen)).format(count=len(chosen)))
    return code


def open_signer(folder: Path | None, unlock: Unlock) -> Signer:
    """The bench's signer, with the time-stamping authority of the settings."""
    from dongle_cli.binding import ca, signing

    url = os.environ.get("DONGLE_TSA")
    if url is not None and not url.startswith(("http://", "https://")):
        raise DongleError(_("{value} is no address of a time-stamping authority.").format(value=url), code="usage.tsa")
    return signing.Signer.open(ca.load(folder), unlock, url)


def _sign(signer: Signer, path: Path) -> ExitCode:
    try:
        signer.sign(path)
    except DongleError as error:
        if error.code != "evidence.timestamp":
            raise
        output.complain(f"{path.name}: {error.message}", error.hint)
        return ExitCode.INCOMPLETE
    return ExitCode.DONE


@app.command(
    help=_("Sign the head of the register's history now; print its digest, for the shift's report."),
    epilog=example("dongle-cli evidence head --passphrase-file ca.pass"),
)
def head(folder: Folder = None, passphrase_file: PassphraseFile = None, format_: Format = "text") -> int:
    from dongle_cli.binding import signing
    from dongle_cli.register.register import Register

    with Register.open() as register:
        signer = open_signer(folder, unlock(passphrase_file))
        path = signing.head(register)
        last = register.last_link()
    if path is None or last is None:
        output.say(_("The history is empty; there is nothing to sign."))
        return ExitCode.DONE
    code = _sign(signer, path)
    if format_ == "json":
        output.emit({"file": str(path), "seq": last.seq, "digest": last.digest})
        return code
    output.answer(_("Entry {seq}: {digest}").format(seq=last.seq, digest=last.digest))
    output.say(_("Signed: {path}").format(path=path))
    return code
