"""The same Windows as a folder and as an NTFS image: every rule about settings says the same of both."""

from __future__ import annotations

from pathlib import Path

import pytest
from audit_cli import PDF, Said, audit, hardened, put
from ntfs_image import NtfsImage
from windows_settings import CONFIG, windows


def told(said: Said) -> set[tuple[str, str, str, str]]:
    return {
        (one["rule"], one["verdict"], one["path"], str(sorted(one["detail"].items())))
        for one in (*said.findings, *said.checks)
        if one["place"] == "settings"
    }


def test_a_folder_and_an_image_say_the_same(tmp_path: Path) -> None:
    pytest.importorskip("pyfsntfs", reason="the extra [images] is not installed")
    static = r"Services\uwfvol\Parameters\Static\Copy0"
    system = {static: {"UwfEnabled": 1}, rf"{static}\C": {"Exclusions": [r"\Program Files\App"]}}
    files = {
        "Users/sakura/Documents/Default.rdp": "full address:s:仮想.pref.example\r\n".encode("utf-16"),
        "Users/sakura/Desktop/closed.rdp": b"redirectclipboard:i:0\r\nredirectprinters:i:0\r\n",
        "Program Files/App/a": PDF,
        "Windows/SysWOW64/OneDriveSetup.exe": b"MZ",
    }
    soft = put(tmp_path / "soft", windows(system=system, files=files))
    hard = put(tmp_path / "hard", hardened() | {f"{CONFIG}/SYSTEM": b"cut short"})
    for root in (soft, hard):
        image = NtfsImage.make(tmp_path / f"{root.name}.img", mib=16)
        image.fill(root)
        one, other = audit(tmp_path, root), audit(tmp_path, image.path)
        assert told(one) == told(other)
        assert one.exit == other.exit
        documents = [{found["path"] for found in said.findings if found["kind"] == "pdf"} for said in (one, other)]
        assert documents[0] == documents[1] == ({"Program Files/App/a"} if root is soft else set())
        gaps = [{(gap["path"], gap["reason"]) for gap in said.gaps} for said in (one, other)]
        assert gaps[0] == gaps[1] == (set() if root is soft else {(f"{CONFIG}/SYSTEM", "damaged")})
    assert ("E-redirect-clipboard", "violation", "Users/sakura/Documents/Default.rdp") in {
        line[:3] for line in told(audit(tmp_path, tmp_path / "soft.img"))
    }
