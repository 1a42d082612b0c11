"""Frames on a byte stream: four bytes of total length, big-endian, then the document (RFC 5734 §4)."""

from __future__ import annotations

import socket
import struct

FRAME_BYTES_MAX = 64 * 1024
HEADER = struct.Struct("!I")


class FrameTooLong(Exception):
    """The peer announced a frame whose length is not one we read."""


class Gone(Exception):
    """The peer closed the stream, or broke off within a frame."""


def read_frame(stream: socket.socket) -> bytes:
    """The next document; blocks up to the socket's timeout."""
    (length,) = HEADER.unpack(_read(stream, HEADER.size))
    if not HEADER.size < length <= FRAME_BYTES_MAX:
        raise FrameTooLong(length)
    return _read(stream, length - HEADER.size)


def write_frame(stream: socket.socket, document: bytes) -> None:
    """Sends one document."""
    stream.sendall(HEADER.pack(len(document) + HEADER.size) + document)


def _read(stream: socket.socket, size: int) -> bytes:
    received = bytearray()
    while len(received) < size:
        chunk = stream.recv(size - len(received))
        if not chunk:
            raise Gone
        received += chunk
    return bytes(received)
