"""Every word of a dialect is one that `modem` knows how to say or to read."""

from __future__ import annotations

from pathlib import Path

import pytest

from dongle_cli.models import loader
from dongle_cli.models.model import AUTH_WRITERS, Model
from dongle_cli.modem.allowlist import forbidden, reading
from dongle_cli.modem.context import WRITERS
from dongle_cli.modem.parse import retries
from dongle_cli.modem.parse.signal import _READERS as SIGNAL_READERS

MODELS = {file.stem for file in Path(loader.__file__).with_name("data").glob("*.toml")}


@pytest.fixture(params=sorted(MODELS))
def model(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    monkeypatch.setenv("DONGLE_HOME", str(tmp_path))
    return next(model for model in loader.load() if model.id == request.param)


def name_of(command: str) -> str:
    return command.split("=")[0].rstrip("?").upper()


def test_pin_retries_are_counted_by_known_readers(model: Model) -> None:
    known = {*retries._ORDERS, *retries._READERS, *retries._CURRENT}
    assert {name_of(command) for command in model.dialect.pin_retries} <= known


def test_authentication_is_written_by_known_writers(model: Model) -> None:
    assert set(model.dialect.auth) <= set(WRITERS)


def test_model_files_may_name_every_writer_and_no_other() -> None:
    assert set(WRITERS) == AUTH_WRITERS


def test_signal_is_read_by_known_readers(model: Model) -> None:
    assert {name_of(command) for command in model.dialect.signal} <= set(SIGNAL_READERS)


def test_what_a_dialect_asks_only_reads(model: Model) -> None:
    dialect = model.dialect
    for command in (*dialect.imei, *dialect.iccid, *dialect.firmware, *dialect.signal, *dialect.pin_retries):
        assert command in ("+CRSM", "+CSIM") or reading(command), command


def test_no_dialect_writes_what_must_never_be_written(model: Model) -> None:
    assert not [command for command in (*model.dialect.init, *model.dialect.reset) if forbidden(command)]
