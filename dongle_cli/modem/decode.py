"""What a modem said, explained: a command and its raw answer in, result and values out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dongle_cli.modem import causes, parse, urc
from dongle_cli.modem.at import Final, final_of, is_echo, names, split_fields
from dongle_cli.modem.pasted import exchanges
from dongle_cli.modem.readers import Asked, Values, registration_values, values_of
from dongle_cli.secrets import redact


@dataclass
class _Found:
    """What lines say. `answered`: every command has its whole answer; `misread`: lines stand there that say nothing."""

    values: Values
    answered: bool
    misread: bool = False


def decode(command: str, response: str) -> dict[str, object]:
    """Explain `response` to `command`: {"command", "result": "ok" | "error" | "incomplete", "values"}; never raises.

    A reply without a final result code is judged by its command. Values never hold a password, and the command comes
    back with its secrets hidden. `command` "URC" or "" stands for lines that nobody asked for.
    """
    command, response = _clean(command), _clean(response)
    lines, final, late = _frame(command, response)
    asked = names(command) if re.match(r"\s*(AT|[+^*$#%!_])", command, re.IGNORECASE) else []
    answer, unsolicited = urc.sort(asked, lines) if asked else ([], list(lines))
    unsolicited += late
    found = _answers(command, asked, answer)
    if not found.answered:
        found = _reports(command, asked, unsolicited, found)
    if unsolicited and asked:
        found.values["unsolicited"] = [redact(line, order="unknown") for line in unsolicited]
    if final and not final.ok:
        found.values |= _refusal(asked, final)
    result = _result(final, found, answer + unsolicited)
    return {"command": redact(command, order="unknown"), "result": result, "values": found.values}


def _clean(text: str) -> str:
    """`text` as something that every encoding can write."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _frame(command: str, response: str) -> tuple[list[str], Final | None, list[str]]:
    """Information lines, final result code, and the lines behind it; echo and what precedes it are left out."""
    lines = re.split(r"[\r\n]+", response)
    echo = re.sub(r"\s", "", command)
    echo = echo if echo[:2].upper() == "AT" else "AT" + echo
    for index, line in enumerate(lines):
        if len(echo) > 2 and is_echo(re.sub(r"\s", "", line), echo):
            lines = lines[index + 1 :]
            break
    for index, line in enumerate(lines):
        if final := final_of(line):
            return _filled(lines[:index]), final, _filled(lines[index + 1 :])
    return _filled(lines), None, []


def _filled(lines: Sequence[str]) -> list[str]:
    return [line.strip() for line in lines if line.strip()]


def _answers(command: str, asked: Sequence[str], lines: Sequence[str]) -> _Found:
    """The values of every command in the line."""
    parameters = _parameters(command)
    unnamed = [line for line in lines if urc.name_of(line) is None]
    found = _Found({}, answered=bool(asked))
    for index, name in enumerate(asked):
        own = name.rstrip("=?")
        mine = [line for line in lines if urc.name_of(line) in (own, None)] if len(asked) > 1 else lines
        if len(asked) > 1 and len(unnamed) == len(asked):  # one line each, in the order asked
            mine = [unnamed[index]]
        values, reader = values_of(Asked(own, name[len(own) :], parameters.get(name, []), mine))
        found.values = _merged(found.values, values)
        if reader is None:
            found.answered &= any(urc.name_of(line) == own for line in mine)
        elif not values:
            found.misread |= bool(mine) and reader.needed
            found.answered &= not reader.needed and not mine
    return found


def _merged(have: Values, more: Values) -> Values:
    """Both; where two commands of a line speak of the same contexts, one entry a context."""
    merged = more | have
    mine, others = have.get("contexts"), more.get("contexts")
    if isinstance(mine, list) and isinstance(others, list):
        entries: dict[object, Values] = {}
        for entry in [*mine, *others]:
            entries[entry.get("cid")] = entry | entries.get(entry.get("cid"), {})
        merged["contexts"] = list(entries.values())
    return merged


def _parameters(command: str) -> dict[str, list[str]]:
    """The parameters of each command in a line, by its name with form."""
    found = {}
    for part in re.findall(r'(?:[^;"]|"[^"]*"?)+', command):
        for name in names(part)[-1:]:
            found[name] = split_fields(part.partition("=")[2]) if name.endswith("=") else []
    return found


def _reports(command: str, asked: Sequence[str], lines: Sequence[str], found: _Found) -> _Found:
    """What unsolicited lines say: registration reports, and where nothing was asked whatever their names tell."""
    reports = [registration_values(one) for one in parse.registration(lines)]
    if reports and (not asked or any(name.rstrip("=?") in urc.REGISTRATION for name in asked)):
        if not asked and command.strip():
            reports = [report | {"urc": True} for report in reports]
        several: Values = {"registrations": reports} if len(reports) > 1 else {}
        reading = any(name.endswith("?") for name in asked)
        # Some firmwares answer +CGREG? under the name +CREG.
        answered = not asked or (reading and not all(report["urc"] for report in reports))
        return _Found(reports[0] | several | found.values, answered, misread=reading and not answered)
    if asked:
        return found
    if command.strip().upper().startswith("ICCID"):
        number = parse.iccid(lines)
        return _Found({"iccid": number} if number else {}, answered=number is not None)
    values: Values = {}
    for name in dict.fromkeys(urc.name_of(line) or "" for line in lines):
        mine = [line for line in lines if urc.name_of(line) == name]
        values = values_of(Asked(name, "", [], mine))[0] | values if name else values
    return _Found(values, bool(values) or (bool(lines) and all(urc.is_unsolicited(line) for line in lines)))


_FINALS = ("OK", "ERROR", "+CME ERROR:", "+CMS ERROR:", "NO CARRIER", "NO ANSWER", "NO DIALTONE", "BUSY", "CONNECT")


def _result(final: Final | None, found: _Found, lines: Sequence[str]) -> str:
    if final is not None:
        return "error" if not final.ok else "incomplete" if found.misread else "ok"
    # A quote that is not closed, or the beginning of a final result code: the rest never came.
    torn = any(line.count('"') % 2 for line in lines) or (lines and any(w.startswith(lines[-1]) for w in _FINALS))
    return "ok" if found.answered and lines and not torn else "incomplete"


# What +CPIN? would have said, where a firmware answers with the error instead (27.007 clause 9.2.1).
_LOCKS = {
    5: "PH-SIM PIN", 6: "PH-FSIM PIN", 7: "PH-FSIM PUK", 11: "SIM PIN", 12: "SIM PUK", 17: "SIM PIN2", 18: "SIM PUK2",
    40: "PH-NET PIN", 41: "PH-NET PUK", 42: "PH-NETSUB PIN", 43: "PH-NETSUB PUK", 44: "PH-SP PIN", 45: "PH-SP PUK",
    46: "PH-CORP PIN", 47: "PH-CORP PUK",
}  # fmt: skip


def _refusal(asked: Sequence[str], final: Final) -> Values:
    values: Values = {"error": final.word}
    if final.number is not None:
        meaning = causes.cms_meaning if final.word == "+CMS ERROR" else causes.cme_meaning
        values |= {"cause": final.number}
        if words := meaning(final.number) if final.word != "MODEM ERROR" else None:
            values["meaning"] = words
        if asked == ["+CPIN?"] and final.word == "+CME ERROR" and final.number in _LOCKS:
            values["lock"] = _LOCKS[final.number]
    if final.text and "meaning" not in values:
        values["meaning"] = redact(final.text, order="unknown")
    return values


def decode_text(pasted: str) -> list[dict[str, object]]:
    """Explain a pasted terminal log: each command with its answer, and each group of lines that stands alone."""
    return [decode(command, response) for command, response in exchanges(_clean(pasted))]
