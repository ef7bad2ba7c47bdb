"""The command tree, for tests that hold something of every command."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import click
import pytest

from dongle_cli import secrets
from dongle_cli.cli.main import root


def walk(command: click.Command, path: list[str]) -> Iterator[tuple[list[str], click.Command]]:
    """Every command below `command`, groups included, with the words that call it."""
    if path:
        yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from walk(below, [*path, name])


@pytest.fixture(scope="session")
def command_tree() -> list[tuple[list[str], click.Command]]:
    """Every command of the program, imported in this process, in its language."""
    return list(walk(root(), []))


@pytest.fixture(scope="session")
def command_paths(command_tree: list[tuple[list[str], click.Command]]) -> list[list[str]]:
    """The words that call each command."""
    return [path for path, _command in command_tree]


@pytest.fixture(scope="module", autouse=True)
def forgotten_secrets() -> Iterator[None]:
    """Let no module's made-up passwords mask the texts of the next: a process remembers what its Secrets ever held."""
    with _forgetting():
        yield


@pytest.fixture(autouse=True)
def forgotten_secrets_of_one(forgotten_secrets: None) -> Iterator[None]:
    """Nor one test's those of another: in which order they come, parallel workers decide anew each time."""
    with _forgetting():
        yield


@contextmanager
def _forgetting() -> Iterator[None]:
    before = copy.deepcopy(secrets._known)
    yield
    secrets._known.clear()
    secrets._known.update(before)
