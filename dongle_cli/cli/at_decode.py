"""`dongle-cli at decode`: pasted terminal logs, or JSON lines with command and response, explained."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dongle_cli.errors import DongleError
from dongle_cli.i18n import _, reason
from dongle_cli.modem.decode import decode, decode_text


def read_input(path: Path | None) -> str:
    """What to explain, from `path` or standard input; bytes that are no UTF-8 are modem noise and are kept as such."""
    try:
        raw = path.read_bytes() if path else sys.stdin.buffer.read()
    except OSError as error:
        raise DongleError(
            _("The file {path} cannot be read: {reason}.").format(path=path, reason=reason(error)), code="usage.decode"
        ) from None
    return raw.decode("utf-8-sig", errors="replace")


def run_decode(text: str, as_json: bool) -> list[dict[str, object]]:
    """Explain `text`: with `as_json` one object a line where it holds any, otherwise as a pasted log.

    A line that is no such object becomes an answer with result "error"; it never stops the others.
    """
    lines = [line for line in text.split("\n") if line.strip()]  # a JSON string may hold other line separators
    if as_json and any(line.lstrip().startswith("{") for line in lines):
        answers = [_explained(line) for line in lines]
    else:
        answers = decode_text(text)
    return [{"schema": 1, **answer} for answer in answers]


def _explained(line: str) -> dict[str, object]:
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError):
        return _broken("", _("This line is no JSON."))
    command, response = (asked.get("command"), asked.get("response")) if isinstance(asked, dict) else (None, None)
    if not isinstance(command, str) or not isinstance(response, str):
        return _broken(command, _("This line needs a command and a response, both strings."))
    return decode(command, response)


def _broken(command: object, reason: str) -> dict[str, object]:
    shown = decode(command, "")["command"] if isinstance(command, str) else ""
    return {"command": shown, "result": "error", "values": {"meaning": reason}}
