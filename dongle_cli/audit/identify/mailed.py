"""What is attached to a mail message (RFC 2045, RFC 2183), the messages inside it included."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from dongle_cli.audit.identify.item import Item
from dongle_cli.audit.identify.names import text_of
from dongle_cli.audit.identify.signatures import BEFORE
from dongle_cli.audit.model import Gap, Hit

if TYPE_CHECKING:
    from email.message import Message


def look(item: Item) -> Iterator[Hit | Gap | Item]:
    """The message, then its attachments."""
    from email import message_from_bytes, policy  # slow to import, and many disks hold no mail

    yield item.hit("eml")
    file = item.open()
    file.seek(0)
    raw = file.read(item.budget.limits.member)
    item.budget.took(len(raw))
    for part in _parts(message_from_bytes(BEFORE.sub(b"", raw, count=1), policy=policy.compat32)):
        item.budget.entry()
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and content:
            yield item.inside(_name(part), content[:4096], lambda content=content: BytesIO(content), len(content))  # type: ignore[misc]


def _parts(message: Message) -> Iterator[Message]:
    """All parts but the text that is shown; without recursion, however deep they are nested."""
    from email.message import Message

    todo: list[Message] = [message]
    while todo:
        part = todo.pop()
        if part.is_multipart():
            payload = part.get_payload()
            todo.extend(reversed([one for one in payload if isinstance(one, Message)]))
        elif part is not message and (part.get_content_maintype() != "text" or part.get_filename()):
            yield part


def _name(part: Message) -> str:
    """The file name as it was meant: RFC 2231, RFC 2047 as many programs write it, or raw bytes."""
    from email.errors import MessageError
    from email.header import decode_header

    try:
        said = part.get_filename() or ""
        pieces = decode_header(said)
    except (MessageError, ValueError, LookupError):
        return "attachment"
    words = []
    for piece, charset in pieces:
        if isinstance(piece, str):
            words.append(text_of(piece.encode("utf-8", "surrogateescape")))
            continue
        try:
            words.append(piece.decode(charset or "ascii"))
        except (LookupError, UnicodeDecodeError):
            words.append(text_of(piece))
    return "".join(words).replace("\n", "").replace("\r", "") or "attachment"
