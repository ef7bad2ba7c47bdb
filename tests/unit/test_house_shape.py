"""The house plan, held: which room leans on which, how long a file may be, under which licences we build."""

from __future__ import annotations

import ast
import py_compile
import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "dongle_cli"
FILES = sorted(PACKAGE.rglob("*.py"))

LEAVES = {"errors", "i18n", "paths", "atomic", "secrets", "secret_file", "identity", "models", "evidence"}
ROOMS = {
    "usb": set(),
    "transport": {"usb"},
    "modem": {"transport"},
    "register": set(),
    "provision": {"usb", "transport", "modem", "register"},
    "binding": {"register"},
    "audit": set(),
    "doctor": {"usb", "transport", "modem", "provision", "binding"},
    "lab": set(),
    "cli": {"usb", "transport", "modem", "register", "provision", "binding", "audit", "doctor", "lab"},
}
# Typer, Click and rich are known to one room only.
ONLY_IN_CLI = {"typer", "click", "rich"}


def room_of(file: Path) -> str:
    """The room a file stands in: the first word below the package."""
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(file: Path) -> set[str]:
    """Dotted names that `file` imports when it runs; what only a type checker reads is no dependency."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for other in node.orelse:
                visit(other)
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are written out in full"
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(file.read_text(encoding="utf-8")))
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_room_leans_only_on_those_the_plan_names(file: Path) -> None:
    room = room_of(file)
    if room in ("__init__", "__main__"):
        return
    allowed = {room} | LEAVES | (ROOMS[room] if room not in LEAVES else set())
    for name in imports(file):
        if name.startswith("dongle_cli."):
            other = name.split(".")[1]
            assert other in allowed or other == "__version__", f"{room} must not import {other} ({name})"
        elif room != "cli":
            assert name.split(".")[0] not in ONLY_IN_CLI, f"{name} is for the command line only"


def test_every_room_is_in_the_plan() -> None:
    assert {room_of(file) for file in FILES} <= set(ROOMS) | LEAVES | {"__init__", "__main__"}


def test_no_file_is_longer_than_400_lines() -> None:
    everywhere = [*FILES, *ROOT.glob("tests/**/*.py"), *ROOT.glob("tools/*.py"), *ROOT.glob("benchmarks/*.py")]
    long = {str(f.relative_to(ROOT)): n for f in everywhere if (n := len(f.read_text("utf-8").splitlines())) > 400}
    assert not long


def test_every_file_compiles_and_says_what_it_is_for(tmp_path: Path) -> None:
    for file in FILES:
        py_compile.compile(str(file), cfile=str(tmp_path / "out.pyc"), doraise=True)
        assert ast.get_docstring(ast.parse(file.read_text("utf-8"))), f"{file} has no docstring"


# Extras of the project's own that only tests and tools need.
DEVELOPMENT = {"pytest", "hypothesis", "babel", "mypy", "ruff"}


def canonical(need: str) -> str:
    """The normalised name in a requirement such as "SQLAlchemy>=2.0" (PEP 503)."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[<>=!~;(]", need, maxsplit=1)[0]).lower()


def required(name: str, seen: set[str]) -> set[str]:
    """`name` and what it needs at run time, as the installed packages say."""
    key = canonical(name)
    if key in seen:
        return seen
    try:
        needs = distribution(key).requires or []
    except PackageNotFoundError:  # for another platform or Python
        return seen
    seen.add(key)
    for need in needs:
        if "extra ==" not in need:
            required(need, seen)
    return seen


def test_everything_that_is_imported_is_declared() -> None:
    """What happens to be installed here is no dependency; what pyproject.toml names is."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {canonical(need) for need in project["dependencies"]}
    optional = {canonical(need) for extra in project["optional-dependencies"].values() for need in extra}
    distributions = packages_distributions()
    for file in FILES:
        for name in {name.split(".")[0] for name in imports(file)} - sys.stdlib_module_names - {"dongle_cli"}:
            owners = {canonical(owner) for owner in distributions.get(name, [name])}
            assert owners & (declared | optional - DEVELOPMENT), (
                f"{file}: {name} comes from {owners}, nobody asks for it"
            )


def test_no_dependency_is_under_a_licence_that_binds_ours() -> None:
    packages = required("dongle-cli", set()) - {"dongle-cli"}
    assert {"typer", "pyusb", "rich", "sqlalchemy"} <= packages
    for name in sorted(packages):
        about = distribution(name).metadata
        words = " ".join(
            [about.get("License-Expression") or "", (about.get("License") or "")[:200]]
            + [c for c in about.get_all("Classifier") or [] if c.startswith("License")]
        )
        assert words.strip(), f"{name} does not say its licence"
        # The LGPL is for what is loaded at run time (libusb); the GPL proper would bind the whole program.
        bare = re.sub(r"L\s*GPL|Lesser General Public|\(LGPL[^)]*\)", "", words)
        assert not re.search(r"\bA?GPL|General Public License", bare), f"{name}: {words}"


def test_every_error_and_help_can_be_translated() -> None:
    for file in FILES:
        for call in (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func)
            said = [keyword.value for keyword in call.keywords if keyword.arg in ("hint", "help")]
            if name.endswith("DongleError") or name.split(".")[-1] in ("say", "complain", "confirm"):
                said += call.args[:1]
            for text in said:
                bare = (
                    isinstance(text, ast.Constant)
                    and isinstance(text.value, str)
                    and re.search(r"[a-z]{2}", text.value)
                )
                assert not bare, f"{file.name}:{text.lineno}: {ast.unparse(text)} does not go through _()"
