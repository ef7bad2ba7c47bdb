"""What stands in a ZIP archive: one document made of parts, or members to look at one by one."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from dongle_cli.audit.identify.item import Item
from dongle_cli.audit.identify.package import package
from dongle_cli.audit.identify.sealed import Unseen
from dongle_cli.audit.identify.unpack import DAMAGE, joined
from dongle_cli.audit.identify.zipdir import Member, Zip
from dongle_cli.audit.model import Gap, Hit


def look(item: Item) -> Iterator[Hit | Gap | Item]:
    """The document that the archive is, with what is embedded in it; or its members."""
    archive = Zip(item.open(), item.budget)
    kind = package(archive, item.name)
    if kind is not None:
        yield item.hit(kind)
        embedded = [member for member in archive.members if b"/embeddings/" in member.raw]
        yield from _members(item, archive, embedded, quiet=True)
        return
    if archive.damaged:
        yield item.gap("damaged", "ZIP")
    yield from _members(item, archive, archive.members, quiet=False)
    if archive.cut:
        yield item.gap("limit", "ZIP")


def _members(item: Item, archive: Zip, members: list[Member], quiet: bool) -> Iterator[Hit | Gap | Item]:
    """`quiet`: parts of a document that cannot be read are no gap, the document itself has been found."""
    unseen = Unseen(item)
    for member in members:
        if member.raw.endswith((b"/", b"\\")):
            continue
        item.budget.entry()
        name = member.name
        if member.encrypted:
            yield from unseen.add(name, "encrypted", member.size)
            continue
        try:
            head = archive.head(member)
        except DAMAGE as error:
            yield from unseen.add(name, "unsupported" if "method" in str(error) else "damaged", member.size)
            continue
        yield item.inside(name, head, lambda member=member: _whole(item, archive, member), member.size)  # type: ignore[misc]
    if not quiet:
        yield from unseen.gaps()


def _whole(item: Item, archive: Zip, member: Member) -> BytesIO:
    return BytesIO(joined(archive.content(member, item.budget.limits.member), item.budget.limits.member))
