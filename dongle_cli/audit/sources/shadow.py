"""The volume shadow copies of an NTFS volume, newest first; by libvshadow."""

from __future__ import annotations

from collections.abc import Iterator

from dongle_cli.audit.model import Gap
from dongle_cli.audit.sources.containers import library
from dongle_cli.audit.sources.media import Cached, Media, MediaFile, Yal, said

# Where the header of the shadow copies stands and what it begins with: {3808876b-c176-4e48-b7ae-04046e6cc752}.
_HEADER, _MAGIC = 0x1E00, bytes.fromhex("6b870838 76c1 484e b7ae 04046e6cc752")
_MOST = 512  # stores of one volume, as Windows has it
_BLOCKS = 32  # of a store that are kept: little of it is read, and there may be many


def stores(media: Media, volume: str) -> Iterator[tuple[int, Media] | Gap]:
    """Number (1 is the oldest) and content of each store, the newest first, with a gap for each that cannot be read."""
    if media.pread(_HEADER, len(_MAGIC)) != _MAGIC:
        return
    shadows = library("pyvshadow").volume()
    try:
        shadows.open_file_object(MediaFile(media))
        count = min(shadows.number_of_stores, _MOST)
    except (OSError, MemoryError, OverflowError) as error:
        yield Gap("", "damaged", f"shadow copies: {said(error)}", volume)
        return
    for index in reversed(range(count)):
        try:
            store = shadows.get_store(index)
            if store.has_in_volume_data():
                yield index + 1, Cached(Yal(store, int(store.volume_size), shadows, media), _BLOCKS)
            else:
                yield Gap("", "unsupported", f"shadow copy {index + 1}: its data are on another volume", volume)
        except (OSError, MemoryError, OverflowError) as error:
            yield Gap("", "damaged", f"shadow copy {index + 1}: {said(error)}", volume)
