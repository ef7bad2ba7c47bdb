"""Programs whose settings rules read: how each shows that it is installed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """One program: any of the files (of the system's volume; "~" is a user's folder), keys or titles proves it."""

    name: str
    files: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()  # patterns of names in the list of installed programs, case ignored


_BOTH = ("Program Files", "Program Files (x86)")
_APP_PATHS = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths"


def _office(program: str, keys: tuple[str, ...] = ()) -> Product:
    return Product(
        program.capitalize(),
        tuple(f"{root}/Microsoft Office/root/Office16/{program}.EXE" for root in _BOTH),
        (rf"{_APP_PATHS}\{program}.EXE", *keys),
    )


PRODUCTS: dict[str, Product] = {
    "onedrive": Product(
        "OneDrive",
        (
            "Windows/System32/OneDriveSetup.exe", "Windows/SysWOW64/OneDriveSetup.exe",
            *(f"{root}/Microsoft OneDrive/OneDrive.exe" for root in _BOTH),
            "~/AppData/Local/Microsoft/OneDrive/OneDrive.exe",
        ),
        (r"HKCU\Software\Microsoft\OneDrive\Accounts",),
    ),
    "outlook": _office("OUTLOOK"),
    "word": _office("WINWORD"),
    "excel": _office("EXCEL"),
    "powerpoint": _office("POWERPNT"),
    "edge": Product(
        "Microsoft Edge",
        tuple(f"{root}/Microsoft/Edge/Application/msedge.exe" for root in _BOTH),
        (rf"{_APP_PATHS}\msedge.exe",),
    ),
    "chrome": Product(
        "Google Chrome",
        (
            *(f"{root}/Google/Chrome/Application/chrome.exe" for root in _BOTH),
            "~/AppData/Local/Google/Chrome/Application/chrome.exe",
        ),
        (rf"{_APP_PATHS}\chrome.exe",),
    ),
    "firefox": Product(
        "Firefox",
        (
            *(f"{root}/Mozilla Firefox/firefox.exe" for root in _BOTH),
            "~/AppData/Local/Mozilla Firefox/firefox.exe",
        ),
        (rf"{_APP_PATHS}\firefox.exe",),
    ),
    "citrix": Product(
        "Citrix Workspace",
        tuple(f"{root}/Citrix/ICA Client/wfica32.exe" for root in _BOTH),
        (r"HKLM\SOFTWARE\Citrix\ICA Client", r"HKLM\SOFTWARE\WOW6432Node\Citrix\ICA Client"),
    ),
    "horizon": Product(
        "Horizon Client",
        tuple(f"{root}/{vendor}" for root in _BOTH for vendor in (
            "VMware/VMware Horizon View Client/vmware-view.exe", "Omnissa/Omnissa Horizon Client/horizon-client.exe",
        )),
        (
            r"HKLM\SOFTWARE\VMware, Inc.\VMware VDM\Client",
            r"HKLM\SOFTWARE\WOW6432Node\VMware, Inc.\VMware VDM\Client",
            r"HKLM\SOFTWARE\Omnissa\Horizon\Client",
        ),
        ("*Horizon Client*",),
    ),
    "offline-files": Product("Offline Files", (), (r"HKLM\SYSTEM\CurrentControlSet\Services\CSC",)),
    # Since Windows 10 version 1809.
    "clipboard-history": Product("clipboard history", (), (r"HKLM\SYSTEM\CurrentControlSet\Services\cbdhsvc",)),
    # Data-less PC: what people write is thrown away or goes to a server. Lists of exclusions have no public form.
    "passage": Product(
        "Flex Work Place Passage", titles=("*Flex Work Place*", "*Passage Drive*", "*Passage*データレス*"),
    ),
    "dataless": Product(
        "データレスPC", titles=("*データレス*", "*Shadow Desktop*", "*ZENMU*", "*ThinkBoot*"),
    ),
    # Device control: its rules decide about USB, and stand in no hive.
    "device-control": Product(
        "device control",
        titles=("*SKYSEA*", "*LANSCOPE*", "*Portshutter*", "*秘文*", "*Ivanti Device*", "*ISM CloudOne*"),
    ),
}  # fmt: skip
