"""Replies of real modems and what other projects read in them, against what we read.

The vectors lie beside the repository and are not ours to copy; where they are absent these tests are skipped. Their
names differ from ours, so each family of rows has a function here that says how the two compare.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dongle_cli.modem import causes, parse
from dongle_cli.modem.at import ReplyReader, names, quote
from dongle_cli.modem.decode import decode

VECTORS = Path(__file__).parents[3] / "shared" / "reference" / "at_vectors.jsonl"
ROWS: list[dict[str, Any]] = (
    [json.loads(line) for line in VECTORS.read_text(encoding="utf-8").splitlines() if line.strip()]
    if VECTORS.exists()
    else []
)

# Rows that contradict the standard, by the end of their source: the clause, and what we read instead of theirs.
DEVIATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "COMMAND_OUTPUT_cell_id_nr_v1_2": (
        "TS 27.007 clause 10.1.47: an answer begins <n>,<stat>; without <stat> it has the shape of a report.",
        {"urc": True, "stat": 1, "tac": 0x1964, "ci": 0x260768000, "act": 11},
    ),
}

# fmt: off
STAT = [
    "IDLE", "HOME", "SEARCHING", "DENIED", "UNKNOWN", "ROAMING", "HOME_SMS_ONLY", "ROAMING_SMS_ONLY", "EMERGENCY_ONLY",
    "HOME_CSFB_NOT_PREFERRED", "ROAMING_CSFB_NOT_PREFERRED", "ATTACHED_RLOS",
]
# fmt: on
ACT = {"UNKNOWN": None, "GSM": 0, "UMTS": 2, "EDGE": 3, "HSDPA": 4, "HSUPA": 5, "HSPA": 6, "LTE": 7, "5GNR": 11}
PDP = {"IPV4": "IP", "IPV6": "IPV6", "IPV4V6": "IPV4V6"}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def preferred(name: str) -> str | None:
    return None if name == "NONE" else name


def check_modes(values: dict[str, Any], expected: dict[str, Any]) -> None:
    wanted = [mode for mode in expected["modes"] if isinstance(mode, dict)]
    assert [(m["code"], set(m["allowed"]), m.get("preferred")) for m in values["modes"]] == [
        (m["mode_str"], set(as_list(m["allowed"])), preferred(m["preferred"])) for m in wanted
    ]
    assert (values["bands"], values["lte_bands"]) == (expected["gsm_umts_bands"], expected["lte_bands"])


def check_registration(values: dict[str, Any], expected: dict[str, Any]) -> None:
    assert values["domain"] == expected["kind"]
    assert values["urc"] is not expected["solicited"]
    assert STAT[values["stat"]] == expected["stat"]
    assert values.get("lac", values.get("tac", 0)) == expected["lac_or_tac"]
    assert values.get("ci", 0) == expected["ci"]
    assert values.get("act") == ACT[expected["act"]]


# How other projects name the fields of a registration answer, and in which base they leave them.
FIELDS: dict[str, tuple[str, int]] = {
    "n": ("n", 10), "stat": ("stat", 10), "lac": ("lac", 16), "tac": ("tac", 16), "ci": ("ci", 16), "act": ("act", 10),
    "AcT": ("act", 10), "cause_type": ("cause_type", 10), "reject_cause": ("reject_cause", 10), "rac": ("rac", 16),
    "csg_stat": ("csg_stat", 10),
}  # fmt: skip
WORDS = {
    "csginfo": "csg_info", "Active_Time": "active_time", "Periodic_RAU": "periodic_time", "Allowed_NSSAI": "nssai",
    "GPRS_READY_timer": "ready_timer",
}  # fmt: skip


def check_fields(values: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        if name in FIELDS:
            ours, base = FIELDS[name]
            assert values[ours] == int(str(value), base), name
        elif name in WORDS:
            assert values[WORDS[name]] == value, name
        else:
            assert name in ("raw_output", "Allowed_NSSAI_length"), f"{name} is not compared"
    for ours, _base in FIELDS.values():  # what they did not find we must not invent
        assert (ours in values) == any(FIELDS.get(name, ("", 0))[0] == ours for name in expected), ours


def check_functionality(values: dict[str, Any], expected: dict[str, Any]) -> None:
    level = values["functionality"]
    if "functionality_level" in expected:
        assert level == int(expected["functionality_level"])
    elif isinstance(expected.get("state"), int):
        assert level == expected["state"]
    elif "state" in expected:  # one plugin calls 0 off, another low: neither is on
        assert (level == 1) == (expected["state"] == "ON")
        assert expected["state"] != "LOW" or level != 1
    else:  # 5 and 6 are an Ericsson's 2G and 3G; no others name an allowed mode
        assert expected["allowed"] == "NONE"
        assert level not in (5, 6)


def check_levels(values: dict[str, Any], expected: dict[str, Any]) -> None:
    bits = {0: "OFFLINE", 1: "ANY", 4: "LOW_POWER", 5: "2G", 6: "3G"}
    mask = " | ".join(f"( 1 << MBM_NETWORK_MODE_{bits[level]} )" for level in values["functionality_levels"])
    assert expected["mask"] == f"( {mask} )"


def check_contexts(values: dict[str, Any], expected: dict[str, Any]) -> None:
    for ours, theirs in zip(values["contexts"], expected["contexts"], strict=True):
        assert ours["cid"] == theirs["cid"]
        if "active" in theirs:
            assert ours["active"] is theirs["active"]
        else:
            assert (ours["type"], ours["apn"] or None) == (PDP[theirs["pdp_type"]], theirs["apn"])


def check_ranges(values: dict[str, Any], expected: dict[str, Any]) -> None:
    known = [one for one in values["ranges"] if one["type"] in PDP.values()]  # they leave PPP out
    assert known == [
        {"min_cid": one["min_cid"], "max_cid": one["max_cid"], "type": PDP[one["pdp_type"]]}
        for one in expected["formats"]
    ]


def check_dynamic(values: dict[str, Any], expected: dict[str, Any]) -> None:
    assert values["contexts"] == [expected]


def check_operator(values: dict[str, Any], expected: dict[str, Any]) -> None:
    assert (values["mode"], values["operator"]) == (expected["mode"], expected["operator"])
    assert values.get("act") == ACT[expected["act"]]


def check_serial(values: dict[str, Any], expected: dict[str, Any]) -> None:
    for name in ("imei", "esn", "meid"):
        if name in expected:
            assert values.get(name) == (expected[name] or None)


def check_crsm(values: dict[str, Any], expected: dict[str, Any]) -> None:
    assert (values["sw1"], values["sw2"], values["data"]) == (expected["sw1"], expected["sw2"], expected["hex"])


def check_csim(values: dict[str, Any], expected: dict[str, Any]) -> None:
    if expected["error_message"] is None:
        assert values["tries"] == expected["result"]
    else:
        assert "tries" not in values


def check_cesq(values: dict[str, Any], expected: dict[str, Any]) -> None:
    pairs = {
        "rxlev": "rxlev",
        "ber": "ber",
        "rscp_level": "rscp",
        "ecn0_level": "ecn0",
        "rscp": "rscp_dbm",
        "ecio": "ecio_db",
    }
    pairs |= {"rsrq_level": "rsrq", "rsrp_level": "rsrp"}
    for theirs, ours in pairs.items():
        if theirs in expected:
            assert values[ours] == expected[theirs]
    assert ("rsrp_dbm" in values) == expected["lte_info"]
    assert ("rscp_dbm" in values) == expected["umts_info"]
    assert ("rssi_dbm" in values) == expected["gsm_info"]


def check_hcsq(values: dict[str, Any], expected: dict[str, Any]) -> None:
    assert values["system"] == expected["act"]
    for name in ("value1", "value2", "value3", "value4", "value5"):
        assert values.get(name, 0) == expected[name]


def check_radio(row: dict[str, Any], expected: dict[str, Any]) -> None:
    options = parse.radio_options([row["context"]["format"]])
    setting = parse.radio_setting([row["response"]])
    assert options is not None and setting is not None
    mode, bands, lte_bands = parse.setting_in(options, setting)
    assert mode is not None
    assert (set(mode.allowed), mode.preferred) == (set(as_list(expected["allowed"])), preferred(expected["preferred"]))
    assert (bands, lte_bands) == (expected["gsm_umts_bands"], expected["lte_bands"])


def check_ports(values: dict[str, Any], expected: dict[str, Any]) -> None:
    assert len(values["ports"]) == expected["n_modes"]
    assert [port["kind"] for port in values["ports"]] == expected.get("modes", [])


def check_information(values: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        assert values[name.lower().lstrip("+")] == value


def check_retries(values: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        if name == "state":
            assert values["lock"] == value
        else:
            assert values["pin_retries"][name] == value
    if "state" not in expected:
        assert values["pin_retries"] == expected


def check_qicsgp(values: dict[str, Any], expected: dict[str, Any]) -> None:
    (context,) = values["contexts"]
    assert context["type"] == PDP[expected["type"].upper()]
    assert (context["apn"], context["user"]) == (expected["apn"], expected["user"])
    assert context["auth"] == {0: "none", 1: "pap", 2: "chap"}[expected["auth"]]
    assert context["password_shown"] is expected["password_shown"]


def check_iccid(values: dict[str, Any], expected: dict[str, Any]) -> None:
    assert values.get("iccid") == expected["iccid"]


def check_ceer(values: dict[str, Any], expected: dict[str, Any]) -> None:
    assert values["text"] == expected.get("result", expected.get("text"))
    if "cause" in expected:
        assert values["cause"] == expected["cause"]


CHECKS: dict[str, Callable[[dict[str, Any], dict[str, Any]], None]] = {
    "+COPS?": check_operator,
    "+GSN": check_serial,
    "+CGSN": check_serial,
    "+CRSM": check_crsm,
    "+CSIM": check_csim,
    "+CGCONTRDP": check_dynamic,
    "+CFUN?": check_functionality,
    "+CFUN=?": check_levels,
    "+CESQ": check_cesq,
    "+CPIN?": lambda values, expected: check_equal(values["lock"], expected["lock"].replace("_", " ")),
    "+CEER": check_ceer,
    "^SYSCFGEX=?": check_modes,
    "^HCSQ?": check_hcsq,
    "^GETPORTMODE": check_ports,
    **dict.fromkeys(("+CREG?", "+CGREG?", "+CEREG?", "+C5GREG?"), check_fields),
    "+CGDCONT=?": check_ranges,
    "+CGDCONT?": check_contexts,
    "+CGACT?": check_contexts,
    "+CNUM": lambda values, expected: check_equal(values["numbers"], expected["numbers"]),
    "+CGATT?": lambda values, expected: check_equal(values["attached"], expected["state"] == "attached"),
    "+CIMI": lambda values, expected: check_equal(values["imsi"], expected["imsi"]),
    "+CGPADDR=": lambda values, expected: check_equal(values["contexts"][0]["addresses"][0], expected["ip"]),
    "I": check_information,
    "+CPINR": check_retries,
    "+CPINR=": check_retries,
    "^CPIN?": check_retries,
    "+CLCK=": lambda values, expected: check_equal(values["locked"], expected["locked"]),
    "+CLCK=?": lambda values, expected: check_equal(values["facilities"], expected["facilities"]),
    "+QICSGP=": check_qicsgp,
}


def check_equal(ours: object, theirs: object) -> None:
    assert ours == theirs


def check_pure(what: str, given: Any, expected: dict[str, Any]) -> None:
    """Rows about a function of its own, not about a reply."""
    if what == "#at-quote-string":
        assert quote(given) == expected["expected"]
    elif what == "#apn-compare":
        assert parse.same_apn(given["requested"], given["existing"]) is expected["match"]
    elif what == "#echo-removal":
        answer = expected["without_echo"]
        echo = given.removesuffix(answer)  # what was echoed is what had been sent
        reply = ReplyReader(f"AT{echo}").feed(f"{'AT' if echo else ''}{given}\r\nOK\r\n".encode())
        assert reply is not None and reply.final is not None
        heard = [*reply.lines, *reply.urcs, reply.final.word]
        assert [line for line in answer.splitlines() if line and line not in heard] == []
        assert f"AT{echo}" not in heard
    elif what == "#final-result":
        reply = ReplyReader("").feed(given.encode())
        assert (reply is not None, reply is not None and not reply.ok) == (expected["found"], expected["error"])
    elif what == "#operator-id":
        found = parse.operator_id(given)
        assert found == ((expected["mcc"], expected["mnc"], expected["mnc3"]) if expected["ok"] else None)
    elif what == "#cme-error":
        theirs = expected["error"].removeprefix("MM_MOBILE_EQUIPMENT_ERROR_")
        if given.isdecimal():
            assert (causes.cme_meaning(int(given)) is None) == (theirs == "UNKNOWN")
        else:
            number = causes.cme_number(given.removeprefix("MM_MOBILE_EQUIPMENT_ERROR_"))
            wanted = {"NOT_ALLOWED": 3, "WIRELINE_ACCESS_AREA_NOT_ALLOWED": 233, "UNKNOWN": None}
            assert number == wanted[theirs]
    else:
        pytest.fail(f"no comparison for {what}")


def label(row: dict[str, Any]) -> str:
    return f"{row['command']} {row['source'].rpartition('/')[2]}"


@pytest.mark.skipif(not ROWS, reason=f"the reference vectors are not there: {VECTORS}")
def test_the_vectors_are_all_there() -> None:
    assert len(ROWS) == 242


@pytest.mark.parametrize("row", [*ROWS] or [None], ids=lambda row: label(row) if row else "absent")
def test_vector(row: dict[str, Any] | None) -> None:
    if row is None:
        pytest.skip(f"the reference vectors are not there: {VECTORS}")
    command, expected = row["command"], row["expected"]
    if command.startswith("#"):
        check_pure(command, row["response"], expected)
        return
    answer = decode(command, row["response"])
    values: dict[str, Any] = answer["values"]  # type: ignore[assignment]
    for source, (_clause, ours) in DEVIATIONS.items():
        if source in row["source"]:
            assert {name: values[name] for name in ours} == ours
            return
    damaged = expected.get("error") or "Could not recognize" in str(expected.get("error_message"))
    damaged = damaged or expected.get("meid") is False or row["response"] == ""
    assert answer["result"] == ("incomplete" if damaged else "ok")
    asked = (names(command) or [command])[0] if command.startswith("AT") else command
    if "transcript_only" in expected:
        assert bool(values) == (row["response"].strip() != "OK")
    elif "gammu_format" in expected:
        assert values == {"lock": "SIM PIN"}
    elif "solicited" in expected:
        check_registration(values, expected)
    elif command == "ICCID-value":
        check_iccid(values, expected)
    elif asked == "^SYSCFGEX?":
        check_radio(row, expected)
    elif expected == {}:
        assert values == {}
    else:
        CHECKS[asked](values, expected)
