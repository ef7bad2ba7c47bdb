"""Getting to know a stick that no model file describes: a fixed list of reading commands, and what the answers tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from dongle_cli.errors import DongleError
from dongle_cli.identity import Imsi, luhn_valid
from dongle_cli.models import loader
from dongle_cli.models.model import Dialect
from dongle_cli.modem import parse
from dongle_cli.modem.allowlist import reading
from dongle_cli.modem.at import Reply
from dongle_cli.modem.context import WRITERS
from dongle_cli.modem.engine import AtEngine

# What every modem is asked, in this order. Nothing of it changes anything, and nothing asks for the telephone number.
# fmt: off
GENERAL = (
    "I", "+CGMI", "+CGMM", "+CGMR", "+GCAP", "+CGSN", "+CPIN?", "+CIMI", '+CLCK="SC",2', "+CLCK=?", "+CFUN?", "+CFUN=?",
    "+CSCS=?", "+CGDCONT=?", "+CGDCONT?", "+CREG?", "+CGREG?", "+CEREG?", "+CGATT?", "+COPS?", "+CPWD=?", "+CLAC",
)
# fmt: on
_PATIENCE = 4.0  # seconds for one answer: unknown commands are refused at once, or met with silence
_SILENCES = 3  # this many commands in a row without an answer: the port is given up
# The file with the card's number, where the dialects say "+CRSM" (TS 27.007 clause 8.18, EF_ICCID of TS 102 221).
CARD_NUMBER = "+CRSM=176,12258,0,0,10"

Answers = dict[str, Reply | None]


def questions() -> tuple[str, ...]:
    """Every command to ask: the general ones, then every word of every model's dialect; only reading ones are left."""
    dialects = [model.dialect for model in loader.load()]
    words = [word for d in dialects for word in (*d.imei, *d.iccid, *d.firmware, *d.pin_retries, *d.signal)]
    own = [CARD_NUMBER if word == "+CRSM" else word for word in words]
    tests = [f"{writer}=?" for writer in WRITERS]  # the read forms may print a password
    return tuple(command for command in dict.fromkeys((*GENERAL, *own, *tests)) if reading(command))


def ask(engine: AtEngine, commands: Iterable[str], said: Callable[[str], None] = lambda _command: None) -> Answers:
    """The reply to each of `commands`, None where nothing or half a line came; `said` is told before each.

    After three silences in a row the rest is left unasked.
    """
    answers: Answers = {}
    silent = 0
    for command in commands:
        if silent == _SILENCES:
            break
        said(command)
        try:
            answers[command] = engine.send(command, timeout=_PATIENCE)
            silent = 0
        except DongleError as error:
            if error.code not in ("at.silent", "at.half-line"):
                raise
            answers[command] = None
            silent += 1
    return answers


def dialect(answers: Answers) -> Dialect:
    """The dialect that `answers` speak: the words that were understood, best first, before the standard's own."""
    standard = Dialect()
    auth = tuple(writer for writer in WRITERS if _ok(answers.get(f"{writer}=?"))) or standard.auth
    signal = _understood(answers, "signal", lambda word, lines: parse.signal(_name(word), lines)) or standard.signal
    iccid = _understood(answers, "iccid", lambda _word, lines: parse.iccid(lines))
    retries = _understood(answers, "pin_retries", _counted)
    return Dialect(
        imei=_understood(answers, "imei", lambda _word, lines: parse.imei(lines)) or standard.imei,
        iccid=(*iccid, "+CRSM", "+CSIM"),
        firmware=_understood(answers, "firmware", lambda _word, lines: parse.text(lines)) or standard.firmware,
        pin_retries=(*retries, "+CSIM") if retries else standard.pin_retries,
        auth=auth,
        auth_order=WRITERS[auth[0]].order,
        signal=tuple(sorted(signal, key=lambda word: word == "+CSQ")),  # +CSQ knows one value, the others more
    )


def identities(answers: Answers) -> Mapping[str, str]:
    """Digits in `answers` that belong to one device or person, and what stands for them in a file for others."""
    lines = {command: reply.lines for command, reply in answers.items() if reply and reply.ok}
    found = {
        "imei": next(filter(None, (parse.imei(lines.get(command, ())) for command in ("+CGSN", "+GSN", "I"))), None),
        "imsi": parse.imsi(lines.get("+CIMI", ())),
        "iccid": next(filter(None, (parse.iccid(lines.get(word, ())) for word in _words("iccid"))), None),
    }
    card = parse.crsm(lines.get(CARD_NUMBER, ()))
    iccid = found["iccid"] or (parse.iccid([card[2]]) if card else None)
    replaced: dict[str, str] = {}
    if imei := found["imei"]:
        neutral = "490154203237518"  # the example of 3GPP TS 23.003 annex B
        replaced |= {imei: neutral[: len(imei)], imei[:14]: neutral[:14]}
    if imsi := found["imsi"]:
        neutral = imsi[:5] + "0" * (len(imsi) - 5)
        replaced |= {imsi: neutral, Imsi(imsi).masked: neutral}  # a recording has it masked
    if iccid:
        body = iccid[:6] + "0" * (len(iccid) - 7)
        neutral = body + next(digit for digit in "0123456789" if luhn_valid(body + digit))
        replaced |= {iccid: neutral, _swapped(iccid): _swapped(neutral)}
    return replaced


def without_identity(text: str, answers: Answers) -> str:
    """`text` (a transcript) with the digits of this device and this card replaced by neutral ones, as many."""
    for own, neutral in identities(answers).items():
        text = text.replace(own, neutral).replace(own.lower(), neutral.lower())
    return text


def _swapped(digits: str) -> str:
    """`digits` as they stand in the card's file: nibbles swapped, an odd end filled with F (TS 102 221 clause 13.2)."""
    padded = digits + "F" * (len(digits) % 2)
    return "".join(padded[i + 1] + padded[i] for i in range(0, len(padded), 2))


def _words(field: str) -> tuple[str, ...]:
    words = [word for model in loader.load() for word in getattr(model.dialect, field)]
    standard = [word for word in getattr(Dialect(), field) if word in words]
    return tuple(dict.fromkeys((*standard, *words)))


def _understood(answers: Answers, field: str, parsed: Callable[[str, Sequence[str]], object | None]) -> tuple[str, ...]:
    found = []
    for word in _words(field):
        reply = answers.get(word)
        if reply is not None and reply.ok and parsed(word, reply.lines) is not None:
            found.append(word)
    return tuple(found)


def _counted(word: str, lines: Sequence[str]) -> object | None:
    counters = parse.pin_retries(_name(word), lines)
    return counters if counters and counters.get("SIM PIN") is not None else None


def _name(word: str) -> str:
    return word.split("=")[0].rstrip("?")


def _ok(reply: Reply | None) -> bool:
    return reply is not None and reply.ok
