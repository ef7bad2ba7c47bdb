"""Hives, their logs and policy files: read as two strangers read them, and never "absent" where they are damaged."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from folder_volume import put
from hive_writer import Expand, hive, log, log_entry, old_log, registry_pol

from dongle_cli.audit.hives.hive import Hive
from dongle_cli.audit.hives.profiles import local
from dongle_cli.audit.hives.registry import Registry
from dongle_cli.audit.hives.regpol import RegistryPol
from dongle_cli.audit.hives.replay import marvin32
from dongle_cli.audit.hives.unreadable import Unreadable

SHARED = Path(__file__).resolve().parents[3] / "shared" / "images"

TREE: dict[str, Any] = {
    "Select": {"Current": 2},
    "Policies": {
        "On": 1, "Text": "C:\\work", "Wide 文書": "平成", "Many": ["D:\\a", "D:\\b"], "Raw": b"\0\1\2\3\4\5",
        "Later": Expand("%USERPROFILE%\\Desktop"), "Big": "あ" * 30000, "Eight": 2**40,
        "Deep": {"Deeper": {"Deepest": {"x": 5}}}, "部署": {"n": "総務"},
    },
    "Many": {f"Key {n}": {"n": n} for n in range(1200)},
}  # fmt: skip


def opened(data: bytes, *logs: bytes) -> Hive:
    return Hive(io.BytesIO(data), "SOFTWARE", [io.BytesIO(one) for one in logs])


def test_every_kind_of_value_and_of_key_list_is_read_back() -> None:
    it = opened(hive(TREE))
    assert it.value("select", "CURRENT") == 2
    for name, value in TREE["Policies"].items():
        if not isinstance(value, Mapping):
            assert it.value("Policies", name) == value
    assert it.value(r"Policies\部署", "N") == "総務"
    assert it.value(r"\POLICIES\deep\Deeper\Deepest", "x") == 5
    many = it.key("Many")
    assert many is not None
    assert set(many.subkeys()) == set(TREE["Many"])
    assert it.value(r"Many\key 1199", "n") == 1199
    assert it.key("Nothing") is None
    assert it.value("Policies", "Nothing") is None
    assert it.value("Nothing", "Nothing") is None


@pytest.mark.strangers
def test_strangers_read_what_the_writer_wrote(tmp_path: Path) -> None:
    file = tmp_path / "hive"
    file.write_bytes(hive(TREE))
    from regipy.registry import RegistryHive

    assert RegistryHive(str(file)).get_key("\\Policies\\Deep\\Deeper\\Deepest").get_value("x") == 5
    for program, package in (("reglookup", "reglookup"), ("hivexget", "libhivex-bin")):
        if shutil.which(program) is None:
            assert not os.environ.get("CI"), f"{program} is missing: install {package}"
            pytest.skip(f"{program} is missing: install the Debian package {package}")
    lookup = subprocess.run(["reglookup", "-p", "/Policies", file], capture_output=True, text=True, check=True).stdout
    assert "/Policies/On,DWORD,0x00000001" in lookup
    assert "/Policies/Deep/Deeper/Deepest/x,DWORD,0x00000005" in lookup
    one = subprocess.run(
        ["hivexget", file, "\\Policies", "Later"], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert one == r"%USERPROFILE%\Desktop"
    number = subprocess.run(["hivexget", file, "\\Many\\Key 1199", "n"], capture_output=True, text=True, check=True)
    assert number.stdout.strip() == str(1199)


def test_marvin32_of_the_published_vectors() -> None:
    seed = 0x004FB61A001BDBCC
    vectors = {b"": 0x30ED35C100CD3C7D, b"\xaf": 0x48E73FC77D75DDC1, b"\xe7\x0f": 0xB5F6E1FC485DBFF8}
    assert {data: marvin32(data, seed) for data in vectors} == vectors


def with_value(value: int, **more: Any) -> dict[str, Any]:
    return {"Policies": {"DisableFileSyncNGSC": value, **more}}


def test_logs_complete_a_dirty_hive_in_the_order_of_their_numbers() -> None:
    first, second, third = (hive(with_value(n), primary=8, secondary=7) for n in (0, 1, 2))
    dirty = first
    new, newer = log_entry(first, second, 7), log_entry(second, third, 8)
    # Windows changes between the two logs: the second one may hold the older entries.
    for logs in ([log([new, newer], 7)], [log([newer], 8), log([new], 7)], [log([new], 7), log([newer], 8)]):
        assert opened(dirty, *logs).value("Policies", "DisableFileSyncNGSC") == 2


def test_a_stale_log_turns_nothing_back() -> None:
    stale, now, after = (hive(with_value(n), primary=8, secondary=7) for n in (0, 1, 2))
    old = log([log_entry(now, stale, 3)], 3)
    new = log([log_entry(now, after, 7)], 7)
    for logs in ([old, new], [new, old]):
        assert opened(now, *logs).value("Policies", "DisableFileSyncNGSC") == 2
    with pytest.raises(Unreadable, match="damaged"):
        opened(now, old)


def test_a_log_may_make_the_hive_longer() -> None:
    before = hive(with_value(0), primary=8, secondary=7)
    after = hive(with_value(1, **{f"value {n}": "x" * 200 for n in range(60)}), primary=8, secondary=7)
    assert len(after) > len(before)
    it = opened(before, log([log_entry(before, after, 7)], 7))
    assert it.value("Policies", "DisableFileSyncNGSC") == 1
    assert it.value("Policies", "value 59") == "x" * 200


def test_logs_as_windows_wrote_them_up_to_8_and_hives_above_2_mib() -> None:
    ballast = {f"v{n}": "x" * 4000 for n in range(400)}
    before = hive({**with_value(0), "Ballast": ballast}, primary=8, secondary=7)
    after = hive({**with_value(1), "Ballast": ballast}, primary=8, secondary=7)
    assert len(before) > 2**21
    it = opened(before, old_log(before, after, 8))
    assert it.value("Policies", "DisableFileSyncNGSC") == 1


def test_a_clean_hive_does_not_ask_its_logs() -> None:
    clean, other = hive(with_value(1)), hive(with_value(0))
    assert opened(clean, log([log_entry(clean, other, 7)], 7)).value("Policies", "DisableFileSyncNGSC") == 1


@pytest.mark.parametrize(
    ("what", "data", "logs"),
    [
        ("empty", b"", []),
        ("no hive", b"MZ" + bytes(9000), []),
        ("cut short", hive(TREE)[:-4096], []),
        ("only its head", hive(TREE)[:512], []),
        ("dirty, no log", hive(TREE, primary=8), []),
        ("dirty, a log of nothing", hive(TREE, primary=8), [b""]),
        ("dirty, a changed log", hive(TREE, primary=8), [log([b"HvLE" + bytes(1020)], 7)]),
        ("zeros behind the head", hive(TREE)[:4096] + bytes(len(hive(TREE)) - 4096), []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_whole_hive_says_so(what: str, data: bytes, logs: list[bytes]) -> None:
    with pytest.raises(Unreadable) as caught:
        opened(data, *logs)
    assert caught.value.gap("p2").reason == "damaged"
    assert caught.value.detail


def test_a_policy_behind_a_damaged_value_is_not_called_absent() -> None:
    data = hive({"Policies": {"First": "some text that stands outside", "DisableFileSyncNGSC": 1}})
    at = data.index(b"First") - 20
    assert data[at : at + 2] == b"vk"
    it = opened(data[:at] + b"??" + data[at + 2 :])
    with pytest.raises(Unreadable, match="damaged"):
        it.value("Policies", "DisableFileSyncNGSC")


def test_a_list_of_keys_that_points_elsewhere_is_damage() -> None:
    data = hive({"Policies": {"Microsoft": {"x": 1}}})
    at = data.index(b"Microsoft") - 76
    assert data[at : at + 2] == b"nk"
    it = opened(data[:at] + b"zz" + data[at + 2 :])
    with pytest.raises(Unreadable, match="damaged"):
        it.value(r"Policies\Microsoft", "x")


def test_a_real_hive_of_windows_7() -> None:
    file = SHARED / "NTUSER-WIN7.DAT"
    if not file.exists():
        pytest.skip(f"{file} is not here")
    with file.open("rb") as stream:
        it = Hive(stream, "NTUSER.DAT")
        folders = it.key(r"Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders")
        assert folders is not None
        assert folders.value("personal") == r"%USERPROFILE%\Documents"
        assert folders.value("{374DE290-123F-4565-9164-39C4925E467B}") == r"%USERPROFILE%\Downloads"


def test_a_policy_file() -> None:
    key = r"Software\Policies\Microsoft\OneDrive"
    data = registry_pol(
        [
            (key, "KFMBlockOptIn", 1), (key, "Text", "C:\\文書; [x]"), (key, "**del.Gone", " "), (key, "Gone2", 1),
            (key, "**del.Gone2", " "), (r"Software\Other", "Many", ["a", "b"]),
        ]
    )  # fmt: skip
    policy = RegistryPol(io.BytesIO(data), "Registry.pol")
    assert policy.value(key.upper(), "kfmblockoptin") == 1
    assert policy.value(key, "Text") == "C:\\文書; [x]"
    assert policy.value(key, "Gone") is None
    assert policy.value(key, "Gone2") is None
    assert policy.value(r"Software\Other", "Many") == ["a", "b"]
    for wrong in (b"", data[:-1], data[:-6], b"PReg\2\0\0\0", data + b"x\0"):
        with pytest.raises(Unreadable) as caught:
            RegistryPol(io.BytesIO(wrong), "Registry.pol")
        assert caught.value.word == "damaged"


SYSTEM = {"Select": {"Current": 2}, "ControlSet001": {"Services": {"CSC": {"Start": 4}}},
          "ControlSet002": {"Services": {"CSC": {"Start": 1}}}}  # fmt: skip
PERSON, OTHER = "S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002"
SOFTWARE = {
    "Microsoft": {"Windows NT": {"CurrentVersion": {"ProfileList": {
        "S-1-5-18": {"ProfileImagePath": Expand(r"%systemroot%\system32\config\systemprofile")},
        PERSON: {"ProfileImagePath": Expand(r"C:\Users\Sakura")},
        OTHER: {"ProfileImagePath": Expand(r"%SystemDrive%\Users\kaede")},
        "S-1-5-21-1-2-3-1003": {"ProfileImagePath": r"C:\Users\gone"},
    }}}},
    "Policies": {"X": {"Both": 1}},
}  # fmt: skip


def windows(tmp_path: Path, **more: bytes) -> Registry:
    config = "WINDOWS/system32/Config"  # Linux keeps the case that a disk was written with
    files: dict[str, bytes | str] = {
        f"{config}/SYSTEM": hive(SYSTEM), f"{config}/software": hive(SOFTWARE), "Users/sakura/ntuser.dat": hive({}),
        "Users/kaede/NTUSER.DAT": hive({"Software": {"Policies": {"Y": {"Own": 3}}}}),
        "Users/old/NTUSER.DAT": hive({}), "Users/Default/NTUSER.DAT": hive({}), "Users/Public/x": "",
        "Users/kaede/AppData/Local/Microsoft/Windows/UsrClass.dat": hive({"Z": {"c": 9}}),
    }  # fmt: skip
    return Registry(put(tmp_path, {**files, **more}))


def test_values_of_the_machine_and_of_people_and_where_they_stood(tmp_path: Path) -> None:
    pol = {
        "Windows/System32/GroupPolicy/Machine/Registry.pol": registry_pol(
            [(r"Software\Policies\X", "Both", 2), (r"Software\Policies\X", "Only", 5)]
        ),
        "Windows/System32/GroupPolicy/User/Registry.pol": registry_pol([(r"Software\Policies\Y", "All", 6)]),
        f"Windows/System32/GroupPolicyUsers/{OTHER}/User/Registry.pol": registry_pol(
            [(r"Software\Policies\Y", "All", 7)]
        ),
    }
    it = windows(tmp_path / "a", **{f"WINDOWS/system32{path[16:]}": data for path, data in pol.items()})
    assert it.read(r"HKLM\SYSTEM\CurrentControlSet\Services\CSC", "Start").data == 1  # the second set is the current
    both = it.read(r"HKLM\SOFTWARE\Policies\X", "Both")
    assert (both.data, both.where) == (1, r"Windows/System32/config/SOFTWARE: Policies\X\Both")
    only = it.read(r"HKLM\SOFTWARE\Policies\X", "Only")
    assert only.data == 5
    assert only.where.startswith("Windows/System32/GroupPolicy/Machine/Registry.pol: ")
    sakura, kaede = it.users()
    assert (sakura.name, sakura.folder, kaede.sid) == ("sakura", "Users/sakura", OTHER)
    assert it.read(r"HKCU\Software\Policies\Y", "Own", kaede).data == 3
    assert it.read(r"HKCU\Software\Policies\Y", "Own", sakura).data is None
    assert it.read(r"HKCU\Software\Policies\Y", "All", kaede).data == 7
    assert it.read(r"HKCU\Software\Policies\Y", "All", sakura).data == 6
    assert it.read(r"HKCU\Software\Classes\Z", "c", kaede).data == 9
    with pytest.raises(Unreadable, match="vanished"):
        it.read(r"HKCU\Software\Classes\Z", "c", sakura)
    kinds = {profile.name: profile.kind for profile in it.profiles()}
    assert kinds == {"sakura": "user", "kaede": "user", "old": "leftover", "Default": "default"}


def test_without_the_hive_a_policy_file_proves_nothing(tmp_path: Path) -> None:
    pol = registry_pol([(r"Software\Policies\X", "Only", 5)])
    it = windows(
        tmp_path,
        **{"WINDOWS/system32/Config/software": b"cut", "WINDOWS/system32/GroupPolicy/Machine/Registry.pol": pol},
    )
    with pytest.raises(Unreadable, match="damaged"):
        it.read(r"HKLM\SOFTWARE\Policies\X", "Only")
    assert {profile.name for profile in it.users()} == {"sakura", "kaede", "old"}


def test_a_damaged_policy_file_is_not_read_as_no_policy(tmp_path: Path) -> None:
    it = windows(tmp_path, **{"WINDOWS/system32/GroupPolicy/Machine/Registry.pol": b"PReg"})
    assert it.read(r"HKLM\SOFTWARE\Policies\X", "Both").data == 1
    with pytest.raises(Unreadable, match="damaged"):
        it.read(r"HKLM\SOFTWARE\Policies\X", "Only")


def test_paths_of_windows_on_the_systems_volume() -> None:
    assert local(r"C:\Users\x\Desktop") == "Users/x/Desktop"
    assert local(r"%SystemDrive%\Users\x") == "Users/x"
    assert local(r"%SystemRoot%\CSC") == "Windows/CSC"
    assert local(r"\\?\c:\a") == "a"
    for elsewhere in (r"\\server.example\share", r"D:\x", "C:", "", r"%OneDrive%\x"):
        assert local(elsewhere) is None
