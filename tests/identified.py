"""Asks the identifier about bytes as a walk does, and makes the containers that tests put them into."""

from __future__ import annotations

import io
import tarfile
import zipfile
from email.message import EmailMessage
from typing import Any

import py7zr

from dongle_cli.audit.identify import Limits, settle, sniff
from dongle_cli.audit.model import Entry, Gap, Hit

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
RTF = rb"{\rtf1\ansi Hello}"
WEAK = frozenset({"csv", "scan"})


def look(data: bytes, name: str = "x", **limits: Any) -> list[Hit | Gap]:
    """What the identifier says of `data`, as a walk asks it."""
    asked = Limits(**{"kinds": WEAK, **limits})
    head = data[:4096]
    guess = sniff(head, name, asked.kinds)
    return [] if guess is None else list(settle(guess, Entry(name, len(data)), head, io.BytesIO(data), asked))


def kinds(data: bytes, name: str = "x", **limits: Any) -> list[str]:
    return [found.kind for found in look(data, name, **limits) if isinstance(found, Hit)]


def members(data: bytes, name: str = "x", **limits: Any) -> list[tuple[str | None, str]]:
    return [(found.member, found.kind) for found in look(data, name, **limits) if isinstance(found, Hit)]


def gaps(data: bytes, name: str = "x", **limits: Any) -> list[str]:
    return [found.reason for found in look(data, name, **limits) if isinstance(found, Gap)]


def zipped(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(parts: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in parts.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def sevened(parts: dict[str, bytes], **options: Any) -> bytes:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", **options) as archive:
        for name, content in parts.items():
            archive.writestr(content, name)
    return out.getvalue()


def office(main: str, content_type: str) -> bytes:
    types = f'<?xml version="1.0"?><Types><Override PartName="/{main}" ContentType="{content_type}"/></Types>'
    return zipped({main: b"<x/>", "[Content_Types].xml": types.encode()})


def mail(attached: bytes, name: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.jp", "b@example.jp", "資料"
    message.set_content("本文")
    message.add_attachment(attached, maintype="application", subtype="octet-stream", filename=name)
    return bytes(message)
