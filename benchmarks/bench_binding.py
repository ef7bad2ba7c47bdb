"""Bindings a second with the local authority and SQLite, against `openssl ca` and easy-rsa; the CRL; `verify` offline.

Keys are the client's affair: every request is made before the clock starts, once, and all three sign the same kind.
Ratios within one run are what counts. The full size of the project's target is `--bindings 2500 --easy-rsa 100
--large 100000`; by default everything is smaller.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from as_installed import environment
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from dongle_cli.binding import ca, checks, crl, init, issue, pkcs10, profile, publish
from dongle_cli.binding.authorities.local import LocalAuthority
from dongle_cli.binding.unlock import Unlock
from dongle_cli.identity import luhn_valid
from dongle_cli.register import bindings
from dongle_cli.register.bindings import Binding, Pair
from dongle_cli.register.register import Register

OPENSSL_CA = """
[ca]
default_ca = here
[here]
dir = .
new_certs_dir = certs
database = index.txt
serial = serial
certificate = root.pem
private_key = root.key
default_md = sha256
default_days = 730
policy = any
copy_extensions = none
x509_extensions = client
unique_subject = no
[any]
commonName = supplied
[client]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def imei(number: int) -> str:
    """The IMEI of dongle `number`."""
    body = f"{35693803000000 + number:014}"
    return next(body + digit for digit in "0123456789" if luhn_valid(body + digit))


def pair(number: int, spki: str) -> Pair:
    """Pair `number`, for the key with this digest."""
    uuid = f"4c4c4544-0042-3510-8052-b4c0{number:08x}"
    return Pair(f"PF{number:07}", imei(number), f"898103{number:013}", uuid, f"SN{number}", f"lt{number}", None,
                "paired", "local", spki)  # fmt: skip


def requests(folder: Path, count: int) -> list[Path]:
    """`count` certificate requests as files."""
    made = []
    for number in range(count):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"lt{number}")])
        csr = x509.CertificateSigningRequestBuilder(name).sign(key, hashes.SHA256())
        path = folder / f"lt{number}.req"
        path.write_bytes(csr.public_bytes(Encoding.PEM))
        made.append(path)
    return made


@contextmanager
def clock(name: str, count: int) -> Iterator[list[float]]:
    """Measure a block, and print how many a second it did."""
    begin, found = time.perf_counter(), [0.0]
    yield found
    seconds = time.perf_counter() - begin
    found[0] = count / seconds
    print(f"{name:34} {count:6} in {seconds:7.2f} s  {found[0]:8.1f} a second", flush=True)


def authority(home: Path, register: Register) -> LocalAuthority:
    """A new authority, its issuing key opened."""
    secret = home / "pass"
    secret.touch(mode=0o600)
    secret.write_text("a passphrase of the benchmark\n")
    unlock = Unlock(str(secret))
    init.create(ca.Settings(home / "data" / "ca", "Example", ""), register, unlock)
    made = LocalAuthority("", unlock, home / "data" / "ca")
    assert made.key
    return made


def ours(signer: LocalAuthority, register: Register, files: Sequence[Path], out: Path, first: int = 0) -> float:
    """Read each request, bind, write the certificate: every step of `bind` but the dongle."""
    with clock("dongle-cli", len(files)) as rate:
        for number, file in enumerate(files, first):
            csr = pkcs10.read(file.read_bytes())
            key = pkcs10.public_key(csr.public_key())

            def deliver(binding: Binding, number: int = number) -> None:
                publish.write(out / f"{number}.pem", (binding.certificate or "").encode(), repeatable=True)

            issue.issue(register, signer, pair(number, checks.fingerprint(key)), key, deliver, request=csr)
    return rate[0]


def openssl_ca(folder: Path, files: Sequence[Path]) -> float:
    """`openssl ca` once for each request, as a script would call it."""
    (folder / "certs").mkdir(parents=True)
    (folder / "index.txt").touch()
    (folder / "serial").write_text("1000\n")
    (folder / "openssl.cnf").write_text(OPENSSL_CA)
    run(folder, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=Example", "-days", "3650")  # fmt: skip
    with clock("openssl ca", len(files)) as rate:
        for number, file in enumerate(files):
            run(folder, "openssl", "ca", "-config", "openssl.cnf", "-batch", "-notext", "-in", str(file), "-out",
                f"{number}.pem")  # fmt: skip
    return rate[0]


def easy_rsa(folder: Path, files: Sequence[Path]) -> float:
    """`easyrsa sign-req` once for each request."""
    program = shutil.which("easyrsa") or "/usr/share/easy-rsa/easyrsa"
    environment = {"EASYRSA_BATCH": "1", "EASYRSA_PKI": str(folder / "pki"), "EASYRSA_ALGO": "ec",
                   "EASYRSA_CURVE": "prime256v1", "EASYRSA_REQ_CN": "Example"}  # fmt: skip
    folder.mkdir()
    run(folder, program, "init-pki", **environment)
    run(folder, program, "build-ca", "nopass", **environment)
    with clock("easy-rsa", len(files)) as rate:
        for number, file in enumerate(files):
            run(folder, program, "import-req", str(file), f"lt{number}", **environment)
            run(folder, program, "sign-req", "client", f"lt{number}", **environment)
    return rate[0]


def run(folder: Path, *words: str, **environment: str) -> None:
    """One program, which must succeed."""
    done = subprocess.run(words, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{words}: {done.stdout}{done.stderr}")


def fill(register: Register, count: int, revoked: bool) -> None:
    """Rows as `bind` leaves them, at once; their certificates are one and the same, because nobody reads them here."""
    from dongle_cli.register.tables import bindings as table

    like = bindings.find(register, states=("active",))[0]
    columns = {column.name for column in table.c} - {"id"}
    rows = []
    for number in range(1_000_000, 1_000_000 + count):
        one = pair(number, f"{number:064x}")
        values = {name: getattr(like, name) for name in columns if hasattr(like, name)}
        values |= {"asset_no": one.asset_no, "imei": one.imei, "imei14": one.imei14, "iccid": one.iccid,
                   "laptop_uuid": one.laptop_uuid, "laptop_serial": one.laptop_serial, "laptop_host": one.laptop_host,
                   "spki_sha256": one.spki_sha256, "fingerprint_sha256": f"{number:064x}",
                   "serial": profile.hexadecimal(profile.random_serial())}  # fmt: skip
        if revoked:
            values |= {"state": "revoked", "revoked": like.created, "reason": "keyCompromise"}
        rows.append(values)
    with register.writing() as connection:
        for start in range(0, len(rows), 5000):
            connection.execute(table.insert(), rows[start : start + 5000])


def lists(signer: LocalAuthority, register: Register, count: int) -> None:
    """A full CRL of `count` entries."""
    have = len(bindings.find(register, states=("revoked",)))
    fill(register, count - have, revoked=True)
    begin = time.perf_counter()
    made = crl.build(register, signer.chain[0], signer.key)
    seconds = time.perf_counter() - begin
    print(f"CRL of {made.entries:6} entries: {seconds:6.2f} s, {len(made.der):9} bytes DER", flush=True)


def verify(home: Path, count: int, times: int) -> None:
    """`dongle-cli verify --pem` as a program of its own, from the register and from a signed extract of it."""
    environment = {**os.environ, "DONGLE_HOME": str(home)}
    extract, pem, chain = home / "extract.jsonl", home / "out" / "0.pem", home / "data" / "ca" / "chain.pem"

    def median(*words: str | Path) -> float:
        found = []
        for _time in range(times):
            begin = time.perf_counter()
            done = subprocess.run([sys.executable, *map(str, words)], env=environment, capture_output=True)
            found.append(time.perf_counter() - begin)
            assert done.returncode == 0, done.stdout + done.stderr
        return statistics.median(found)

    program = ("-m", "dongle_cli")
    assert median(*program, "register", "extract", "--out", extract, "--passphrase-file", home / "pass")
    bare, from_register = median("-c", "pass"), median(*program, "verify", "--pem", pem)
    from_extract = median(*program, "verify", "--pem", pem, "--extract", extract, "--chain", chain)
    for name, seconds in (("the register", from_register), ("an extract", from_extract)):
        print(f"verify with {count:6} bindings, {name:12}: {seconds:6.3f} s = {seconds / bare:.1f} x a bare python")


def main() -> None:
    """Print one line a measurement."""
    environment()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bindings", type=int, default=250)
    parser.add_argument("--easy-rsa", type=int, default=10)
    parser.add_argument("--large", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=5)
    wish = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="bench-"))
    os.environ["DONGLE_HOME"] = str(home)
    try:
        for name in ("requests", "out"):
            (home / name).mkdir()
        files = requests(home / "requests", wish.bindings)
        with Register.open() as register:
            signer = authority(home, register)
            rate = ours(signer, register, files, home / "out")
            assert register.history_break() is None
            others: list[tuple[str, Callable[[], float]]] = [
                ("openssl ca", lambda: openssl_ca(home / "openssl", files)),
                ("easy-rsa", lambda: easy_rsa(home / "easy", files[: wish.easy_rsa])),
            ]
            for name, measure in others:
                print(f"  = {rate / measure():.1f} x {name}", flush=True)
            verify(home, wish.bindings, wish.times)
            fill(register, wish.large - wish.bindings, revoked=False)
            verify(home, wish.large, wish.times)
            for count in sorted({wish.bindings, wish.large}):
                lists(signer, register, count)
    finally:
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
