"""A real BitLocker volume: opened by password and by recovery key, whole or damaged; without a key it is a gap."""

from __future__ import annotations

import json
import lzma
import subprocess
import sys
from pathlib import Path

import pytest
from audit_cli import put
from bitlocker_image import rewritten, with_startup_key
from image_reading import DOCX, PDF, gaps, seen
from ntfs_image import NtfsImage
from windows_settings import windows

from dongle_cli.audit.hives.registry import Registry
from dongle_cli.audit.model import Finding
from dongle_cli.audit.rules import check
from dongle_cli.audit.sources.image import ImageSource
from dongle_cli.errors import DongleError, ExitCode
from dongle_cli.secrets import Secret

REAL = Path(__file__).resolve().parents[3] / "shared" / "images" / "bitlk-aes-xts-128.img.xz"
PASSWORD = "anaconda"
RECOVERY = "235818-357951-253979-013365-241120-245575-342914-591910"


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The volume as it is: of its NTFS little more than the boot sector is left."""
    if not REAL.exists():
        pytest.skip(f"the real images are not beside the repository ({REAL})")
    image = tmp_path_factory.mktemp("bitlocker") / "damaged.img"
    image.write_bytes(lzma.decompress(REAL.read_bytes()))
    return image


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An NTFS of the same size."""
    image = NtfsImage.make(tmp_path_factory.mktemp("plain") / "plain.img", mib=100)
    with image.mounted() as root:
        put(root, windows())
        (root / "Users" / "a.bin").write_bytes(DOCX)
        (root / "b.txt").write_bytes(PDF * 5000)
        (root / "b.txt:c").write_bytes(PDF * 1000)
        (root / "gone.xls").write_bytes(PDF * 300)
    with image.mounted() as root:
        (root / "gone.xls").unlink()
    assert len(seen(image.path)) == 4
    return image.path


def test_a_whole_volume_gives_the_findings_of_the_plain_one(damaged: Path, plain: Path, tmp_path: Path) -> None:
    image = rewritten(damaged.read_bytes(), plain, PASSWORD, tmp_path / "whole.img")
    for key in (("password", PASSWORD), ("recovery", RECOVERY)):
        unlock = ((key[0], Secret(key[1])),)
        assert seen(image, unlock=unlock) == seen(plain)
        assert gaps(image, unlock=unlock) == []
        assert encryption(image, unlock) == "ok"
    assert encryption(plain) == "unknown"  # a hive only tells
    assert gaps(image) == [("", "encrypted")]


def encryption(image: Path, unlock: tuple[tuple[str, Secret], ...] = ()) -> str:
    """What the rule about the disk's encryption says."""
    registries = [Registry(volume) for volume in ImageSource(str(image), unlock=unlock).volumes()]
    said = check(registries, [], lambda rule: rule == "E-disk-encryption")
    (one,) = said
    assert isinstance(one, Finding)
    return one.verdict.value


def test_a_startup_key_opens_it(damaged: Path, tmp_path: Path) -> None:
    disk, key = with_startup_key(damaged.read_bytes(), PASSWORD)
    image, file = tmp_path / "startup.img", tmp_path / "KEY.BEK"
    image.write_bytes(disk)
    file.write_bytes(key)
    assert set(gaps(image, unlock=(("startup", Secret(str(file))),))) == {("$MFT", "damaged")}
    file.write_bytes(key[:-1] + b"x")
    with pytest.raises(DongleError) as raised:
        seen(image, unlock=(("startup", Secret(str(file))),))
    assert raised.value.code == "secret.unlock"
    assert "startup key" in raised.value.message
    file.write_bytes(b"no key")
    with pytest.raises(DongleError) as raised:
        seen(image, unlock=(("startup", Secret(str(file))),))
    assert raised.value.code == "secret.startup-key"


@pytest.mark.parametrize("key", [("password", PASSWORD), ("recovery", RECOVERY)], ids=lambda key: key[0])
def test_a_volume_that_opens_and_is_damaged_says_so(damaged: Path, key: tuple[str, str]) -> None:
    unlock = ((key[0], Secret(key[1])),)
    assert seen(damaged, unlock=unlock) == set()
    assert set(gaps(damaged, unlock=unlock)) == {("$MFT", "damaged")}


def test_a_wrong_key_is_an_error(damaged: Path) -> None:
    with pytest.raises(DongleError) as raised:
        seen(damaged, unlock=(("password", Secret("wrong horse battery")),))
    assert raised.value.code == "secret.unlock"
    assert raised.value.exit_code is ExitCode.KEYSTORE
    assert "password, recovery key" in raised.value.message
    assert "wrong horse" not in raised.value.message


@pytest.mark.parametrize("key", [RECOVERY[:-1] + "1", RECOVERY[:-7], "x" * 55])
def test_a_mistyped_recovery_key_is_told_at_once(key: str) -> None:
    from dongle_cli.audit.sources.bitlocker import checked

    with pytest.raises(DongleError) as raised:
        checked(key)
    assert raised.value.code == "secret.recovery-key"
    assert key not in raised.value.message
    assert checked(RECOVERY.replace("-", " ")) == RECOVERY


def audit(*arguments: str | Path, home: Path) -> subprocess.CompletedProcess[str]:
    """`dongle-cli audit` as a process without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "dongle_cli", "audit", *map(str, arguments)],
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "DONGLE_HOME": str(home)},
        capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=110,
    )  # fmt: skip


def test_from_the_command_line(damaged: Path, tmp_path: Path) -> None:
    locked = audit(damaged, "--policy", "strict", "--format", "json", home=tmp_path)
    assert locked.returncode == ExitCode.INCOMPLETE
    (gap,) = (one for one in map(json.loads, locked.stdout.splitlines()) if one["type"] == "gap")
    assert (gap["reason"], gap["detail"]) == ("encrypted", "BitLocker: password, recovery key")
    secret = tmp_path / "password"
    secret.touch(0o600)
    secret.write_text(PASSWORD)
    opened = audit(damaged, "--policy", "strict", "--unlock", f"password:file:{secret}", home=tmp_path)
    assert opened.returncode == ExitCode.INCOMPLETE
    secret.write_text("not this one")
    refused = audit(damaged, "--policy", "strict", "--unlock", f"password:file:{secret}", home=tmp_path)
    assert (refused.returncode, refused.stdout) == (ExitCode.KEYSTORE, "")
    assert "secret.unlock" in refused.stderr
    argv = audit(damaged, "--unlock", f"password:{PASSWORD}", home=tmp_path)
    assert argv.returncode == ExitCode.USAGE
    assert PASSWORD not in argv.stderr
