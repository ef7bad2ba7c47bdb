"""`dongle-cli evidence`: records that can be shown to somebody else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dongle_cli.cli import output, state
from dongle_cli.cli.options import DryRun, Force, Format, Yes, group
from dongle_cli.cli.pair import Folder, PassphraseFile, unlock
from dongle_cli.errors import DongleError, ExitCode
from dongle_cli.i18n import N_, _, ngettext

if TYPE_CHECKING:
    from dongle_cli.binding.signing import Signer
    from dongle_cli.binding.unlock import Unlock
    from dongle_cli.evidence.verify import Verified
    from dongle_cli.register.evidence import Kept
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
        "Check records: signature, signer, revocation when it was signed, digest in the register, and the "
        "register's history. Without files: everything this bench keeps. Exit code 5: something was changed; "
        "7: unsigned or missing."
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
        for path in files if files else _kept(known, found):
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


def _kept(known: dict[str, Kept], found: list[Verified]) -> list[Path]:
    """What should be in the evidence folder: also what only the register or a signature still speaks of."""
    from dongle_cli.binding import signing

    here = {_content(path) for pattern in ("*.json", "*.p7s") for path in signing.folder().glob(pattern)}
    files = sorted(here | {signing.folder() / entry.name for entry in known.values() if entry.ours})
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
    dry_run: DryRun = False,
    yes: Yes = False,
    force: Force = False,
    format_: Format = "text",
) -> int:
    from dongle_cli.binding import examine, publish, signing
    from dongle_cli.evidence.canonical import digest
    from dongle_cli.evidence.verify import signature_of
    from dongle_cli.register import evidence
    from dongle_cli.register.register import Register

    if bool(files) == every:
        raise DongleError(_("Name the files to sign, or use --all."), code="usage.files")
    chosen = files or [path for path in sorted(signing.folder().glob("*.json")) if not signature_of(path).exists()]
    code, results, troubles = ExitCode.DONE, [], []
    stamped = "DONGLE_TSA" in os.environ  # then signing again asks for a new time stamp
    with Register.open() as register:
        signer = None if dry_run else open_signer(folder, unlock(passphrase_file))
        anchors, known = signing.anchors(register), evidence.files(register)
        for path in chosen:
            trouble = None
            try:
                wanted = examine.wants_signature(path, anchors, known, force=force) or stamped
                result = "already" if not wanted else "ok" if signer else "planned"
                if wanted and signer is not None:
                    code = max(code, _sign(signer, path))
                    if path.name not in known:  # what this bench did not write itself is known from now on
                        evidence.note(register, evidence.SIGNED, path.name, digest(publish.read(path, 1 << 32)))
            except DongleError as error:  # what must not be signed keeps nothing else from being signed
                result, trouble = "failed", error
                troubles.append(error)
            results.append(result)
            if format_ == "json":
                facts = {"file": str(path), "signature": str(signature_of(path))}
                output.emit({**facts, "result": result, "code": trouble.code if trouble else None})
            elif result == "planned":
                output.answer(_("{path} would be signed.").format(path=path))
        if signer is not None:
            signing.daily(register, signer)
    count = results.count("ok")
    output.say(
        _("Nothing was changed.")
        if dry_run
        else ngettext("{count} file signed.", "{count} files signed.", count).format(count=count)
    )
    return _settle(troubles, code)


def _settle(troubles: list[DongleError], code: ExitCode) -> ExitCode:
    """The gravest refusal ends the command, "does not verify" first; for people the others are said before it."""
    if not troubles:
        return code
    worst = max(troubles, key=lambda one: (one.exit_code == ExitCode.FINDINGS, one.exit_code))
    for one in troubles if not state.json else ():
        if one is not worst:
            output.complain(f"{one.message} [{one.code}]", one.hint)
    raise worst


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
def head(
    folder: Folder = None,
    passphrase_file: PassphraseFile = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    format_: Format = "text",
) -> int:
    from dongle_cli.binding import signing
    from dongle_cli.register.register import Register

    with Register.open() as register:
        last = register.last_link()
        signer = open_signer(folder, unlock(passphrase_file)) if last and not dry_run else None
        path = signing.head(register) if signer else None
        last = register.last_link()
    if last is None:
        output.say(_("The history is empty; there is nothing to sign."))
        return ExitCode.DONE
    code = _sign(signer, path) if signer and path else ExitCode.DONE
    if format_ == "json":
        facts = {"file": str(path) if path else None, "seq": last.seq, "digest": last.digest}
        output.emit({"result": "planned" if dry_run else "ok", **facts})
        return code
    output.answer(_("Entry {seq}: {digest}").format(seq=last.seq, digest=last.digest))
    output.say(_("Signed: {path}").format(path=path) if path else _("It would be signed. Nothing was changed."))
    return code
