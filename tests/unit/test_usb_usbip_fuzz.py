"""The USB/IP client against random bytes: an answer or one kind of error, and never a hang."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from usbip_peer import DEVICE, IMPORTED, LISTED, Peer, Server, described, importing, listing, saying

from dongle_cli.errors import DongleError


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.sock.close()


@settings(max_examples=150)
@given(st.binary(max_size=700), st.integers(0, 400))
def test_random_bytes_for_a_list(server: Server, noise: bytes, kept: int) -> None:
    """Anything for an answer, also the beginning of a right one: a list, or one kind of error."""
    for answer in (noise, LISTED[:kept] + noise):
        bus = server.bus(saying(answer, 8), described)
        try:
            assert all(found.port is not None for found in bus.devices())
        except DongleError as error:
            assert error.code == "usb.bus", error


@settings(max_examples=150)
@given(st.binary(max_size=400), st.integers(0, 330))
def test_random_bytes_for_an_import(server: Server, noise: bytes, kept: int) -> None:
    for answer in (noise, (IMPORTED + DEVICE)[:kept] + noise):
        try:
            server.bus(listing, saying(answer, 40)).devices()
        except DongleError as error:
            assert error.code == "usb.bus", error


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4), st.integers(-200, 3), st.binary(max_size=80)), max_size=6)
)
def test_random_answers_to_requests(server: Server, answers: list[tuple[int, int, int, bytes]]) -> None:
    """Answers with the right shape and the wrong contents, numbers or lengths."""

    def role(peer: Peer) -> None:
        importing(peer)
        for command, seq, status, data in answers:
            peer.urb()
            peer.send(struct.pack(">IIIIIiIIII8x", command, seq, 0, 0, 0, status, len(data), 0, 0, 0) + data)

    try:
        found = server.bus(listing, role).devices()
    except DongleError as error:
        assert error.code == "usb.bus", error
    else:
        assert [d.port for d in found] in ([], ["1-1"])
