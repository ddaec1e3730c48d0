"""MessagePack, as much of it as a Datadog tracer writes.

Source: https://github.com/msgpack/msgpack/blob/master/spec.md
"""

import struct

_NUMBERS = {
    0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
    0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}  # fmt: skip
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}


def unpack(data):
    """Return the first value of *data* and the bytes after it."""
    head, rest = data[0], data[1:]
    if head < 0x80:
        return head, rest
    if head >= 0xE0:
        return head - 0x100, rest
    if head in _CONSTANTS:
        return _CONSTANTS[head], rest
    if head in _NUMBERS:
        return _number(_NUMBERS[head], rest)
    read, size, rest = _sized(head, rest)
    return read(size, rest)


def _sized(head, rest):
    """Return who reads the value that *head* begins, its size, and where it starts."""
    if head < 0x90:
        return _pairs, head & 0x0F, rest
    if head < 0xA0:
        return _items, head & 0x0F, rest
    if head < 0xC0:
        return _text, head & 0x1F, rest
    read, width = _LONG[head]
    size, rest = _number(width, rest)
    return read, size, rest


def _number(width, data):
    size = struct.calcsize(width)
    return struct.unpack(width, data[:size])[0], data[size:]


def _bytes(size, data):
    return data[:size], data[size:]


def _text(size, data):
    return data[:size].decode(), data[size:]


def _items(count, data):
    items = []
    for _ in range(count):
        item, data = unpack(data)
        items.append(item)
    return items, data


def _pairs(count, data):
    flat, data = _items(count * 2, data)
    return dict(zip(flat[::2], flat[1::2], strict=True)), data


_LONG = {
    0xC4: (_bytes, ">B"), 0xC5: (_bytes, ">H"), 0xC6: (_bytes, ">I"),
    0xD9: (_text, ">B"), 0xDA: (_text, ">H"), 0xDB: (_text, ">I"),
    0xDC: (_items, ">H"), 0xDD: (_items, ">I"), 0xDE: (_pairs, ">H"), 0xDF: (_pairs, ">I"),
}  # fmt: skip
