"""Boot a stock Debian kernel over the machine's own root in QEMU and run a list of scenarios in it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import initramfs
from kernel_package import PATH, Kernel

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
SCENARIOS = sorted(path.stem for path in (HERE / "scenarios").glob("*.py"))

# Programs that the host or the guest cannot do without, each with the Debian package that brings it.
PROGRAMS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "busybox": "busybox-static",
    "depmod": "kmod",
    "apt-get": "apt",
    "dpkg-deb": "dpkg",
    "usbip": "usbip",
    "usb_modeswitch": "usb-modeswitch",
    "ModemManager": "modemmanager",
    "mmcli": "modemmanager",
    "lsusb": "usbutils",
    "udevadm": "udev",
    "dbus-daemon": "dbus",
    "/lib/systemd/systemd": "systemd",
}

# What a desktop does at boot and a bench does not need: each costs seconds under emulation.
NOT_STARTED = (
    "systemd-tmpfiles-setup", "systemd-tmpfiles-setup-dev", "systemd-hwdb-update", "systemd-journal-flush",
    "systemd-update-utmp", "systemd-timesyncd", "systemd-binfmt", "ldconfig",
)  # fmt: skip

TARGET = """[Unit]
Description=A bench with virtual dongles
Requires=sysinit.target dbus.socket bench.service
After=sysinit.target
AllowIsolate=yes
"""

SERVICE = """[Unit]
Description=The scenarios, one after the other
DefaultDependencies=no
After=sysinit.target dbus.socket systemd-udevd.service
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
Environment=HOME=/root LC_ALL=C.UTF-8
ExecStart={python} {main}
"""


def missing_packages() -> list[str]:
    """Debian packages whose programs are not there, sorted; empty means that a guest can be booted."""
    return sorted({package for program, package in PROGRAMS.items() if shutil.which(program, path=PATH) is None})


def run(kernel: Kernel, scenarios: list[str], results: Path, *, deadline: float) -> float:
    """Run `scenarios` in one guest, which writes a folder each into `results`; returns the wall time in seconds.

    A guest that is not done after `deadline` seconds is killed; the scenarios it did not reach have no result then.
    """
    (results / "job.json").write_text(json.dumps({"scenarios": scenarios, "repository": str(REPOSITORY)}))
    units = {
        "bench.target": TARGET,
        "bench.service": SERVICE.format(python=sys.executable, main=HERE / "inside.py"),
    }
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch, (results / "qemu.log").open("wb") as log:
        initrd = Path(scratch) / "initrd"
        initrd.write_bytes(initramfs.build(kernel.modules / kernel.release, units))
        command = _qemu(kernel, initrd, results)
        guest = subprocess.Popen(command, env={"PATH": PATH}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            guest.wait(deadline)
        except subprocess.TimeoutExpired:
            (results / "killed").write_text(f"The guest was still running after {deadline:.0f} s.\n")
        finally:
            guest.kill()
            guest.wait()
    return time.monotonic() - started


def _qemu(kernel: Kernel, initrd: Path, results: Path) -> list[str]:
    # Emulation, not KVM: it works on every machine, and nested virtualisation is where guests hang.
    words = [
        "console=ttyS0",
        "quiet",
        "panic=-1",
        "fstab=no",
        "mitigations=off",
        "no_timer_check",  # on a busy machine the emulated timer is late, and the kernel would take it for broken
        "net.ifnames=0",
        "systemd.unit=bench.target",
    ]
    words += ["systemd.condition-needs-update=no", "systemd.firstboot=no", "systemd.show_status=no"]
    words += [f"systemd.mask={unit}.service" for unit in NOT_STARTED]
    return [
        "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "2048",
        "-nodefaults", "-nographic", "-no-reboot", "-serial", f"file:{results / 'console'}",
        "-kernel", str(kernel.image), "-initrd", str(initrd), "-append", " ".join(words),
        *_share("root", Path("/"), "readonly=on,multidevs=remap"),
        *_share("modules", kernel.modules, "readonly=on"),
        *_share("bench", results, "readonly=off"),
    ]  # fmt: skip


def _share(tag: str, path: Path, options: str) -> list[str]:
    return ["-virtfs", f"local,path={path},mount_tag={tag},security_model=none,{options}"]
