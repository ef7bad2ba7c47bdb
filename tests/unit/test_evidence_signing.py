"""Signed evidence: one bit changed anywhere is found, by us and by openssl; and who may sign, and when."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from dongle_cli.binding import examine, signing
from dongle_cli.evidence import verify
from dongle_cli.register import evidence as kept
from dongle_cli.register.register import Register

PASSPHRASE = "a passphrase of the tests"


class Bench:
    """A DONGLE_HOME with an authority and a signed head of the history."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.secret = home / "pass"
        home.mkdir()
        self.secret.touch(mode=0o600)
        self.secret.write_text(PASSPHRASE + "\n")
        self.unlock = ("--passphrase-file", str(self.secret))
        assert self.run("ca", "init", "--name", "Example Prefecture", *self.unlock).returncode == 0
        assert self.run("ca", "chain", "--out", self.chain).returncode == 0

    @property
    def chain(self) -> Path:
        return self.home / "chain.pem"

    @property
    def database(self) -> Path:
        return self.home / "data" / "register.db"

    def run(self, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        kept_ = {name: value for name, value in os.environ.items() if not name.startswith(("DONGLE_", "LANG", "LC_"))}
        env = {**kept_, "DONGLE_HOME": str(self.home), "LANGUAGE": "en", "NO_COLOR": "1", **environment}
        command = [sys.executable, "-m", "dongle_cli", *map(str, arguments)]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)

    def signed(self, name: str = "report.json", content: bytes = b'{"what":"a report"}\n') -> Path:
        path = self.home / name
        path.write_bytes(content)
        done = self.run("evidence", "sign", path, *self.unlock)
        assert done.returncode == 0, done.stderr
        return path

    def result(self, *arguments: object, **environment: str) -> tuple[int, dict[str, dict[str, str]]]:
        """The exit code of `evidence verify`, and for each file the result of each check."""
        done = self.run("evidence", "verify", *arguments, "-F", "json", **environment)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, {
            Path(line["file"]).name: {check["what"]: check["result"] for check in line["checks"]} for line in lines
        }


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("evidence") / "home")


@pytest.fixture
def register(bench: Bench) -> Iterator[Register]:
    with Register.open(f"sqlite:///{bench.database}") as register:
        yield register


def openssl(*arguments: object) -> int:
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, timeout=60).returncode


def accepted_by_openssl(path: Path, bench: Bench, signature: Path | None = None) -> bool:
    at = signature or verify.signature_of(path)
    command = ("cms", "-verify", "-binary", "-inform", "DER", "-in", at, "-content", path, "-CAfile", bench.chain)
    return openssl(*command, "-out", os.devnull) == 0


def test_a_signed_report_verifies_here_and_by_the_documented_openssl_line(bench: Bench) -> None:
    path = bench.signed()
    code, found = bench.result(path)
    assert code == 0
    assert found["report.json"] == dict.fromkeys(("signature", "signer", "revocation", "register"), "ok")
    assert accepted_by_openssl(path, bench)


def test_every_changed_byte_of_a_report_is_found(bench: Bench, register: Register, tmp_path: Path) -> None:
    path = bench.signed()
    anchors, whole = signing.anchors(register), path.read_bytes()
    copy = tmp_path / "report.json"
    verify.signature_of(copy).write_bytes(verify.signature_of(path).read_bytes())
    copy.write_bytes(whole)
    assert verify.file(copy, anchors).result == "ok"
    for place in range(len(whole)):
        for bit in (1 << (place % 8), 0x80):
            copy.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
            assert verify.file(copy, anchors).result == "bad", place
            assert examine.one(copy, anchors, register, kept.files(register)).result == "bad"
    copy.write_bytes(whole + b"\n")
    assert verify.file(copy, anchors).result == "bad"
    assert not accepted_by_openssl(copy, bench)


def test_every_changed_bit_of_a_signature_is_found(bench: Bench, register: Register, tmp_path: Path) -> None:
    path = bench.signed()
    anchors, whole = signing.anchors(register), verify.signature_of(path).read_bytes()
    copy = tmp_path / "report.json"
    copy.write_bytes(path.read_bytes())
    at = verify.signature_of(copy)
    for place in range(len(whole)):
        at.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << (place % 8))]) + whole[place + 1 :])
        assert verify.file(copy, anchors).result == "bad", place
    # The last octets are the signature itself, two integers of some 32 each (RFC 5753): openssl finds those, too.
    for place in range(len(whole) - 68, len(whole)):
        at.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << (place % 8))]) + whole[place + 1 :])
        assert not accepted_by_openssl(copy, bench)
    # A key usage without a bit, for which the reader of ASN.1 has an error of its own; which bit of it is changed above
    # depends on where it stands, and so on the lengths of signatures.
    usage = bytes.fromhex("04040302")  # an OCTET STRING that holds a BIT STRING
    assert usage in whole
    at.write_bytes(whole.replace(usage, usage[:3] + b"\0"))
    assert verify.file(copy, anchors).result == "bad"
    at.write_bytes(whole + b"\0")
    assert verify.file(copy, anchors).result == "bad"
    at.write_bytes(b"")
    assert verify.file(copy, anchors).result == "bad"
    at.unlink()
    assert verify.file(copy, anchors).result == "unknown"


def test_every_changed_column_of_the_history_is_found(bench: Bench, tmp_path: Path) -> None:
    copy = tmp_path / "register.db"
    url = {"DONGLE_REGISTER": f"sqlite:///{copy}"}
    with sqlite3.connect(bench.database) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    rows = sqlite3.connect(copy).execute("select seq, at, kind, body, previous, digest from history").fetchall()
    names = ("seq", "at", "kind", "body", "previous", "digest")
    assert len(rows) > 5
    with sqlite3.connect(copy) as connection:
        for (trigger,) in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            connection.execute(f'drop trigger "{trigger}"')
    assert bench.result(copy, **url)[1]["register"] == {"history": "ok"}
    with Register.open(url["DONGLE_REGISTER"]) as register:
        for row in rows:
            for name, value in zip(names, row, strict=True):
                changed = value + 1000 if isinstance(value, int) else value[:-1] + chr(ord(value[-1]) ^ 1)
                for new, old in ((changed, row[0]), (value, changed if name == "seq" else row[0])):
                    broken = new is changed
                    with sqlite3.connect(copy) as connection:
                        connection.execute(f"update history set {name} = ? where seq = ?", (new, old))
                    assert examine.history(register, "register").result == ("bad" if broken else "ok"), (name, row)
    with sqlite3.connect(copy) as connection:
        connection.execute("update history set body = body || ' ' where seq = 2")
    code, found = bench.result(copy, **url)
    assert (code, found["register"]) == (5, {"history": "bad"})


def test_a_history_that_was_cut_off_is_found_by_its_signed_head(bench: Bench, tmp_path: Path) -> None:
    done = bench.run("evidence", "head", *bench.unlock, "-F", "json")
    head = Path(json.loads(done.stdout)["file"])
    assert bench.result(head) == (0, {
        "register": {"history": "ok"},
        head.name: dict.fromkeys(("signature", "signer", "revocation", "history"), "ok"),
    })  # fmt: skip
    copy = tmp_path / "register.db"
    with sqlite3.connect(bench.database) as source, sqlite3.connect(copy) as target:
        source.backup(target)
        for (trigger,) in target.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            target.execute(f'drop trigger "{trigger}"')
        target.execute("delete from history where seq = (select max(seq) from history)")
    code, found = bench.result(head, DONGLE_REGISTER=f"sqlite:///{copy}")
    assert (code, found["register"]["history"], found[head.name]["history"]) == (5, "ok", "bad")


def test_without_the_register_a_chain_and_a_list_are_needed(bench: Bench, tmp_path: Path) -> None:
    path, elsewhere = bench.signed(), {"DONGLE_HOME": str(tmp_path / "auditor")}
    code, found = bench.result(path, **elsewhere)
    assert (code, found["report.json"]) == (7, {"signature": "ok", "signer": "unknown"})
    code, found = bench.result(path, "--chain", bench.chain, **elsewhere)
    assert (code, found["report.json"]["revocation"]) == (7, "unknown")
    crl = tmp_path / "crl.pem"
    assert bench.run("ca", "crl", "--out", crl, *bench.unlock).returncode == 0
    assert bench.result(path, "--chain", bench.chain, "--crl", crl, **elsewhere)[0] == 0
    assert not (tmp_path / "auditor").exists()  # looking leaves nothing behind


def test_another_authority_of_the_same_name_signs_nothing_here(bench: Bench, tmp_path: Path) -> None:
    path = Bench(tmp_path / "fake").signed()
    code, found = bench.result(path)
    assert (code, found["report.json"]["signature"], found["report.json"]["signer"]) == (5, "ok", "bad")
    assert not accepted_by_openssl(path, bench)


def test_a_certificate_for_answers_signs_no_evidence(bench: Bench, register: Register, tmp_path: Path) -> None:
    from dongle_cli.binding import ca
    from dongle_cli.binding.unlock import Unlock

    settings = ca.load(bench.home / "data" / "ca")
    key = ca.keystore(settings, "issuing", Unlock(str(bench.secret))).key("ocsp")
    path = tmp_path / "report.json"
    path.write_bytes(b"forged")
    signing.Signer(ca.certificate(settings, "ocsp"), ca.chain(settings), key).sign(path)
    found = verify.file(path, signing.anchors(register))
    assert {check.what: check.result for check in found.checks} == {"signature": "ok", "signer": "bad"}


def test_what_a_revoked_signer_signed_counts_by_the_moment(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home")
    path = bench.signed()
    later, before = "2099-01-01T00:00:00+00:00", "2020-01-01T00:00:00+00:00"
    for since, reason, result in (
        (later, "superseded", "ok"), (later, "keyCompromise", "unknown"), (before, "superseded", "bad"),
    ):  # fmt: skip
        with sqlite3.connect(bench.database) as connection:
            statement = "update authority_certificates set revoked = ?, reason = ? where purpose = 'evidence'"
            connection.execute(statement, (since, reason))
        code, found = bench.result(path)
        assert (found["report.json"]["revocation"], code) == (result, {"ok": 0, "unknown": 7, "bad": 5}[result])


def test_what_was_altered_is_never_signed_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home")
    path, other = bench.signed(), bench.home / "other.json"
    signature, good = verify.signature_of(path).read_bytes(), path.read_bytes()
    path.write_bytes(b'{"what":"another report"}\n')
    other.write_text("{}")
    for more in ((), ("--force",)):
        done = bench.run("evidence", "sign", path, other, *bench.unlock, *more, "-F", "json")
        assert (done.returncode, json.loads(done.stderr)["error"]["code"]) == (5, "evidence.altered")
        assert verify.signature_of(path).read_bytes() == signature
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["result"], line["code"]) for line in told] == [("failed", "evidence.altered"), ("already", None)]
    assert (bench.result(path)[0], bench.result(other)[0]) == (5, 0)
    path.write_bytes(good)
    done = bench.run("evidence", "sign", path, *bench.unlock, "-F", "json")
    assert (done.returncode, json.loads(done.stdout)["result"]) == (0, "already")
    assert bench.result(path)[0] == 0


def test_a_signature_of_something_else_is_not_replaced_unasked(bench: Bench, tmp_path: Path) -> None:
    foreign = Bench(tmp_path / "elsewhere").signed("foreign.json")
    for name, content in (("foreign.json", foreign.read_bytes()), ("altered.json", b"altered")):
        path = bench.home / name
        path.write_bytes(content)
        verify.signature_of(path).write_bytes(verify.signature_of(foreign).read_bytes())
        done = bench.run("evidence", "sign", path, *bench.unlock)
        assert (done.returncode, "[usage.signature]" in done.stderr) == (2, True), done.stderr
        assert verify.signature_of(path).read_bytes() == verify.signature_of(foreign).read_bytes()
        assert bench.run("evidence", "sign", path, *bench.unlock, "--force").returncode == 0
        assert bench.result(path)[0] == 0


def test_what_was_deleted_is_missed(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home")
    folder = bench.home / "data" / "evidence"
    with Register.open(f"sqlite:///{bench.database}") as register, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DONGLE_HOME", str(bench.home))
        record = signing.record(register, "bind", "PF0000001", {})
    bench.signed("elsewhere.json")  # what lay in another folder is not looked for in this one
    assert bench.run("evidence", "sign", "--all", *bench.unlock).returncode == 0
    assert bench.result()[0] == 0
    record.unlink()  # its signature stays, and so does the register's digest
    (head,) = folder.glob("history_*.json")
    head.unlink()
    code, found = bench.result()
    assert (code, found[record.name], found[head.name]) == (7, {"file": "unknown"}, {"file": "unknown"})
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    done = bench.run("evidence", "verify")
    assert (done.returncode, record.name in done.stdout, "it is not here" in done.stdout) == (7, True, True)


@pytest.fixture
def tsa(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A time-stamping authority: openssl behind HTTP; its address and its certificate."""
    key, certificate, config = tmp_path / "tsa.key", tmp_path / "tsa.pem", tmp_path / "tsa.cnf"
    config.write_text(
        "[req]\ndistinguished_name=dn\nx509_extensions=ext\nprompt=no\n[dn]\nCN=TSA of the tests\n"
        "[ext]\nextendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n"
        "[tsa]\ndefault_tsa=one\n[one]\n"
        f"serial={tmp_path}/serial\ncrypto_device=builtin\nsigner_cert={certificate}\ncerts={certificate}\n"
        f"signer_key={key}\nsigner_digest=sha256\ndefault_policy=1.2.3.4\ndigests=sha256,sha384,sha512\n"
        "accuracy=secs:1\nordering=yes\ntsa_name=yes\ness_cert_id_chain=no\ness_cert_id_alg=sha256\n"
    )
    made = openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
                   "-days", "2", "-config", config)  # fmt: skip
    assert made == 0

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query, reply = tmp_path / "q.tsq", tmp_path / "r.tsr"
            query.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            openssl("ts", "-reply", "-queryfile", query, "-out", reply, "-config", config)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(reply.read_bytes())

        def log_message(self, *_args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", certificate
    server.shutdown()
    server.server_close()


def test_a_time_stamp_says_when_a_signature_was_there(tsa: tuple[str, Path], tmp_path: Path) -> None:
    bench = Bench(tmp_path / "home")
    url, certificate = tsa
    path = bench.home / "report.json"
    path.write_text("{}")
    assert bench.run("evidence", "sign", path, *bench.unlock, DONGLE_TSA=url).returncode == 0
    assert bench.result(path)[1]["report.json"]["time"] == "unknown"
    code, found = bench.result(path, "--tsa-chain", certificate)
    assert (code, found["report.json"]["time"]) == (0, "ok")
    stamp = verify.signature_of(path).with_name("report.json.p7s.tsr")
    whole = stamp.read_bytes()
    moment = whole.index(b"2026" if b"2026" in whole else b"20") + 6  # a digit of the token's own time
    for place in (moment, len(whole) - 5):
        stamp.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        assert bench.result(path, "--tsa-chain", certificate)[1]["report.json"]["time"] == "bad"
    done = bench.run("evidence", "sign", path, *bench.unlock, DONGLE_TSA="http://127.0.0.1:9/")
    assert done.returncode == 7
    assert bench.result(path)[0] == 0  # signed again, and the old stamp is gone
