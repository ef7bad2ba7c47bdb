"""The smallest volume there is, over a folder: what places and rules are tested on without a source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from dongle_cli.audit.model import Entry


class FolderVolume:
    """A folder as a volume; names are matched exactly, as Linux does with a mounted disk."""

    def __init__(self, root: Path, name: str = "") -> None:
        self.root = root
        self.name = name

    def find(self, path: str) -> Entry | None:
        file = self.root / path
        if not file.exists():
            return None
        return Entry(path, None if file.is_dir() else file.stat().st_size, file.stat().st_mtime, volume=self.name)

    def list(self, path: str) -> Iterator[tuple[str, bool]]:
        for child in sorted((self.root / path).iterdir()):
            yield child.name, child.is_dir()

    def open(self, path: str) -> BinaryIO:
        return (self.root / path).open("rb")


def put(root: Path, files: dict[str, bytes | str]) -> FolderVolume:
    """A volume over `root` with these files in it."""
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return FolderVolume(root)
