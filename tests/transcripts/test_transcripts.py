"""Recorded sticks against their model files: what a model says first is what the stick understands.

One file a model, named after it (`huawei-e3372.transcript`), as `dongle-cli learn` writes it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dongle_cli.models import loader
from dongle_cli.modem.engine import AtEngine
from dongle_cli.modem.learn import CARD_NUMBER, ask, dialect
from dongle_cli.transport.transcript import TranscriptTransport

FILES = sorted(Path(__file__).parent.glob("*.transcript"))
# Words that stand for a command with parameters, which every SIM answers.
CARD = ("+CRSM", "+CSIM")


def main_port(text: str) -> str:
    """The part of a transcript in which most was asked: the port that answered."""
    parts = re.split(r"^# .*\n", text, flags=re.MULTILINE)
    return max(parts, key=lambda part: part.count("\n> "))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_model_says_what_the_stick_understands(file: Path) -> None:
    model = next(model for model in loader.load() if model.id == file.stem)
    part = main_port(file.read_text(encoding="utf-8"))
    asked = [line.removeprefix("> AT") for line in part.splitlines() if line.startswith("> AT")]
    replay = TranscriptTransport(part, file.name)
    engine = AtEngine(replay)
    assert engine.synchronise()
    answers = ask(engine, [command for command in asked if command])
    assert replay.finished
    found = dialect(answers)
    for field in ("imei", "iccid", "firmware", "pin_retries", "auth", "signal"):
        words, understood = getattr(model.dialect, field), getattr(found, field)
        assert set(words) & set(understood), f"{field}: the stick understands {understood}"
        refused = [word for word in words[: words.index(next(w for w in words if w in understood))] if word not in CARD]
        for word in refused:
            # What the model tries first may be refused by one firmware, but never be taken and then not be understood.
            reply = answers.get(f"{word}=?" if field == "auth" else word)
            assert reply is None or not reply.ok, f"{field}: {word}"
    assert CARD_NUMBER in answers
