"""verify: what matches what, the help desk's sentence, and the three words that must not blur."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from binding_bench import Bench, forged, laptop_file, make

Lab = Any


@pytest.fixture
def bench(lab: Callable[..., Lab], tmp_path: Path) -> Bench:
    """A bench with an authority and two dongles, the first of which is bound to laptop 1."""
    made = make(lab(count=2, models=["quectel-ec25"]), tmp_path)
    made.json(*made.bind("1-1", 1))
    return made


def told(bench: Bench, exit_code: int, *arguments: str | Path) -> tuple[str, dict[str, str]]:
    done = bench.run("verify", *arguments, "-F", "json")
    assert done.returncode == exit_code, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert answer["result"] == {0: "ok", 5: "mismatch", 7: "incomplete"}[exit_code]
    assert answer["message"] and answer["hint"]
    return answer["code"], {check["what"]: check["result"] for check in answer["checks"]}


def test_the_right_pair_and_each_wrong_part(bench: Bench, tmp_path: Path) -> None:
    pem, right, wrong = tmp_path / "lt1.pem", laptop_file(tmp_path, 1), laptop_file(tmp_path, 2)
    code, checks = told(bench, 0, "--pem", pem, "-d", "1-1", "--laptop", right)
    assert code == "ok"
    assert set(checks) == {
        "issuer",
        "validity",
        "register",
        "revocation",
        "imei",
        "iccid",
        "laptop_uuid",
        "laptop_serial",
    }
    code, checks = told(bench, 5, "--pem", pem, "-d", "1-2", "--laptop", right)
    assert (code, checks["imei"], checks["iccid"], checks["laptop_uuid"]) == ("other-dongle", "bad", "bad", "ok")
    code, checks = told(bench, 5, "--pem", pem, "-d", "1-1", "--laptop", wrong)
    assert (code, checks["imei"], checks["laptop_uuid"]) == ("other-laptop", "ok", "bad")
    bench.json(*bench.bind("1-2", 2))
    text = bench.run("verify", "--pem", pem, "-d", "1-2", "--laptop", wrong)
    assert text.returncode == 5
    assert "This dongle belongs to PF0000002, not to PF0000001." in text.stdout
    japanese = bench.run("verify", "--pem", pem, "-d", "1-2", "--lang", "ja")
    assert "PF0000002" in japanese.stdout and "belongs" not in japanese.stdout


def test_a_firmware_that_writes_another_fifteenth_digit_is_the_same_dongle(bench: Bench, tmp_path: Path) -> None:
    from dongle_cli.binding.known import RegisterKnown
    from dongle_cli.binding.verify import dongle
    from dongle_cli.identity import DongleIdentity, Imei
    from dongle_cli.register.register import Register

    with Register.open(f"sqlite:///{bench.home / 'data' / 'register.db'}") as register:
        (bound,) = RegisterKnown(register).bindings(imei14=bench.lab.status()[0]["imei"][:14])
    as_imeisv = DongleIdentity(Imei.parse(bound.imei[:14] + "07"))
    assert [check.result for check in dongle(bound, as_imeisv)] == ["ok", "unknown"]


def test_certificates_that_are_not_ours(bench: Bench, tmp_path: Path) -> None:
    pem = tmp_path / "other.pem"
    pem.write_text(forged((tmp_path / "lt1.pem").read_text(), bench.chain())[1])
    code, checks = told(bench, 5, "--pem", pem)
    assert (code, checks["issuer"], checks["register"]) == ("foreign", "bad", "bad")
    pem.write_text("no certificate")
    bench.refused(5, "binding.no-certificate", "verify", "--pem", pem)
    bench.refused(1, "file.unreadable", "verify", "--pem", tmp_path / "nothing.pem")


def test_a_certificate_on_hold_revoked_and_replaced(bench: Bench, tmp_path: Path) -> None:
    pem = tmp_path / "lt1.pem"
    bench.json("revoke", "--asset", "PF0000001", "--reason", "certificateHold", "--yes", *bench.unlock)
    assert told(bench, 5, "--pem", pem)[0] == "held"
    bench.json("revoke", "--asset", "PF0000001", "--reason", "keyCompromise", "--yes", *bench.unlock)
    code, checks = told(bench, 5, "--pem", pem)
    assert (code, checks["revocation"], checks["issuer"]) == ("revoked", "bad", "ok")


def test_a_register_in_which_nothing_was_bound_cannot_tell(bench: Bench, tmp_path: Path) -> None:
    bench.environment["DONGLE_REGISTER"] = f"sqlite:///{tmp_path / 'empty.db'}"
    code, checks = told(bench, 7, "--pem", tmp_path / "lt1.pem")
    assert (code, checks["issuer"], checks["register"], checks["validity"]) == (
        "no-register",
        "unknown",
        "unknown",
        "ok",
    )


def test_the_certificate_in_this_laptop_s_keystore(bench: Bench, tmp_path: Path) -> None:
    laptop = laptop_file(tmp_path, 2)
    bench.refused(5, "binding.none-here", "verify", *bench.unlock)
    bench.json("bind", "request", "--out", tmp_path / "r", "--laptop", laptop, "--asset", "PF2", *bench.unlock)
    bench.json("bind", "-d", "1-2", "--request", tmp_path / "r", "--out", tmp_path / "a", "--yes", *bench.unlock)
    bench.json("bind", "accept", tmp_path / "a", "--laptop", laptop, "--yes", *bench.unlock)
    assert told(bench, 0, "-d", "1-2", "--laptop", laptop)[0] == "ok"
    assert told(bench, 5, "-d", "1-1", "--laptop", laptop)[0] == "other-dongle"
    bench.refused(3, "device.several", "verify", "--laptop", laptop)
    bench.environment["DONGLE_BUS"] = "usbip://127.0.0.1:1"
    code, checks = told(bench, 7, "--laptop", laptop)
    assert (code, checks["imei"], checks["laptop_uuid"]) == ("dongle-unread", "unknown", "ok")


def test_a_gateway_s_check_is_light_and_many_may_ask_at_once(bench: Bench, tmp_path: Path) -> None:
    """Neither SQLAlchemy nor anything of USB is imported, and a writer in the middle of its work holds nobody up."""
    from dongle_cli.register.register import Register

    program = (
        "import sys; from dongle_cli.cli.main import run\n"
        f"code = run(['verify', '--pem', {str(tmp_path / 'lt1.pem')!r}])\n"
        "heavy = [name for name in ('sqlalchemy', 'alembic', 'usb', 'rich') if name in sys.modules]\n"
        "print(code, heavy)"
    )
    with Register.open(bench.register_url) as register, register.writing():
        children = [
            subprocess.Popen(
                [sys.executable, "-c", program], env=bench.lab.environment, stdout=subprocess.PIPE, text=True
            )
            for _each in range(4)
        ]
        said = [child.communicate(timeout=60)[0] for child in children]
    assert [text.splitlines()[-1] for text in said] == ["0 []"] * 4
