"""SPEC section 2: canonical bytes, and the bounds that sections 5 and 6 put on fields.

A type is an object that reads a value, writes it again, and checks its bounds. Numbers become `int`, strings
`str`, blobs, keys and ids `bytes`, lists `list`, options a value or `None`, structures and choices a `Value`.
Tables of fields in `charter.py`, `records.py` and `seals.py` then look like the tables of SPEC.
"""

from __future__ import annotations

from typing import Any, Iterable, Sequence


class NotCanonical(Exception):
    """The bytes are not the encoding of a value."""


class OutOfBounds(Exception):
    """A value was read, and one of its fields breaks a bound."""


class Value:
    """A structure, or one variant of a choice, whose name is then `kind`."""

    def __init__(self, kind: str, **fields: Any) -> None:
        self.kind = kind
        self.__dict__.update(fields)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Value) and self.__dict__ == other.__dict__

    def __repr__(self) -> str:
        return f"{self.kind}({', '.join(f'{k}={v!r}' for k, v in self.__dict__.items() if k != 'kind')})"


class Reader:
    """Bytes, and how far they have been read."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, length: int) -> bytes:
        end = self.at + length
        if end > len(self.data):
            raise NotCanonical(f"{length} bytes are needed at {self.at}, and {len(self.data) - self.at} are left")
        taken = self.data[self.at:end]
        self.at = end
        return taken

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def length(self) -> int:
        """The length of a list or string. No item takes less than one byte."""
        length = self.number(8)
        if length > len(self.data) - self.at:
            raise NotCanonical(f"a length of {length} at {self.at - 8} exceeds what is left")
        return length


class Type:
    """How one kind of value is read, written and bounded."""

    def read(self, reader: Reader) -> Any:
        raise NotImplementedError

    def write(self, value: Any) -> bytes:
        raise NotImplementedError

    def check(self, value: Any, charter: Value | None) -> None:
        """Raises `OutOfBounds`. Positions and scores are bounded by the charter."""


class Unsigned(Type):
    """`u8` to `u64`, with the bounds of a field."""

    def __init__(self, width: int, least: int = 0, greatest: int | None = None) -> None:
        self.width, self.least = width, least
        self.greatest = (1 << 8 * width) - 1 if greatest is None else greatest

    def read(self, reader: Reader) -> int:
        return reader.number(self.width)

    def write(self, value: int) -> bytes:
        return value.to_bytes(self.width, "big")

    def check(self, value: int, charter: Value | None) -> None:
        if not self.least <= value <= self.greatest:
            raise OutOfBounds(f"{value} is not from {self.least} to {self.greatest}")


def u8(least: int = 0, greatest: int | None = None) -> Unsigned:
    return Unsigned(1, least, greatest)


def u16(least: int = 0, greatest: int | None = None) -> Unsigned:
    return Unsigned(2, least, greatest)


def u32(least: int = 0, greatest: int | None = None) -> Unsigned:
    return Unsigned(4, least, greatest)


def u64(least: int = 0, greatest: int | None = None) -> Unsigned:
    return Unsigned(8, least, greatest)


class Position(Unsigned):
    """A `u16` that is a position in one of the charter's lists."""

    def __init__(self, list_name: str) -> None:
        super().__init__(2)
        self.list_name = list_name

    def check(self, value: int, charter: Value | None) -> None:
        if value >= len(getattr(charter, self.list_name)):
            raise OutOfBounds(f"the charter's {self.list_name} have no number {value}")


class Mark(Type):
    """The byte 0 or 1 of a `bool` or an option."""

    def read(self, reader: Reader) -> bool:
        byte = reader.number(1)
        if byte > 1:
            raise NotCanonical(f"the byte {byte} at {reader.at - 1} is neither 0 nor 1")
        return byte == 1

    def write(self, value: bool) -> bytes:
        return b"\1" if value else b"\0"


class Fixed(Type):
    """`bytes32` and `bytes64`."""

    def __init__(self, length: int) -> None:
        self.length = length

    def read(self, reader: Reader) -> bytes:
        return reader.take(self.length)

    def write(self, value: bytes) -> bytes:
        return value


class Blob(Type):
    def read(self, reader: Reader) -> bytes:
        return reader.take(reader.length())

    def write(self, value: bytes) -> bytes:
        return len(value).to_bytes(8, "big") + value


class Text(Type):
    """A `string`."""

    def read(self, reader: Reader) -> str:
        try:
            return reader.take(reader.length()).decode("utf-8", "strict")
        except UnicodeDecodeError as error:
            raise NotCanonical(f"a string before {reader.at} is not UTF-8") from error

    def write(self, value: str) -> bytes:
        encoded = value.encode("utf-8")
        return len(encoded).to_bytes(8, "big") + encoded


class ListOf(Type):
    """A list with a greatest number of items, and perhaps a least."""

    def __init__(self, item: Type, greatest: int | None = None, least: int = 0) -> None:
        self.item, self.least, self.greatest = item, least, greatest

    def read(self, reader: Reader) -> list[Any]:
        return [self.item.read(reader) for _ in range(reader.length())]

    def write(self, value: Sequence[Any]) -> bytes:
        return len(value).to_bytes(8, "big") + b"".join(map(self.item.write, value))

    def check(self, value: Sequence[Any], charter: Value | None) -> None:
        if len(value) < self.least or self.greatest is not None and len(value) > self.greatest:
            raise OutOfBounds(f"a list of {len(value)} items has not {self.least} to {self.greatest}")
        for item in value:
            self.item.check(item, charter)


class OptionOf(Type):
    def __init__(self, item: Type) -> None:
        self.item = item

    def read(self, reader: Reader) -> Any:
        return self.item.read(reader) if BOOL.read(reader) else None

    def write(self, value: Any) -> bytes:
        return b"\0" if value is None else b"\1" + self.item.write(value)

    def check(self, value: Any, charter: Value | None) -> None:
        if value is not None:
            self.item.check(value, charter)


class Structure(Type):
    """Fields in order. A structure can serve as a variant of a choice."""

    def __init__(self, kind: str, **fields: Type) -> None:
        self.kind, self.fields = kind, fields

    def read(self, reader: Reader) -> Value:
        value = Value(self.kind)
        for name, field in self.fields.items():
            setattr(value, name, field.read(reader))
        return value

    def write(self, value: Value) -> bytes:
        return b"".join(field.write(getattr(value, name)) for name, field in self.fields.items())

    def check(self, value: Value, charter: Value | None) -> None:
        for name, field in self.fields.items():
            try:
                field.check(getattr(value, name), charter)
            except OutOfBounds as error:
                raise OutOfBounds(f"{name}: {error}") from error


class Choice(Type):
    """Variants by number."""

    def __init__(self, *variants: Structure) -> None:
        self.variants = variants
        self.numbers = {variant.kind: number for number, variant in enumerate(variants)}

    def read(self, reader: Reader) -> Value:
        number = reader.number(4)
        if number >= len(self.variants):
            raise NotCanonical(f"there is no variant {number}")
        return self.variants[number].read(reader)

    def write(self, value: Value) -> bytes:
        number = self.numbers[value.kind]
        return number.to_bytes(4, "big") + self.variants[number].write(value)

    def check(self, value: Value, charter: Value | None) -> None:
        self.variants[self.numbers[value.kind]].check(value, charter)


class Names(Type):
    """A choice none of whose variants has fields: the value is the name alone."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def read(self, reader: Reader) -> str:
        number = reader.number(4)
        if number >= len(self.names):
            raise NotCanonical(f"there is no variant {number}")
        return self.names[number]

    def write(self, value: str) -> bytes:
        return self.names.index(value).to_bytes(4, "big")


BOOL = Mark()
BYTES32 = Fixed(32)
BYTES64 = Fixed(64)
BLOB = Blob()

# Texts (section 5). White space and forbidden characters are lists of their own, not those of a Unicode version.
WHITE = {*map(chr, range(0x09, 0x0E)), *"\u0020\u0085\u00a0\u1680", *map(chr, range(0x2000, 0x200B)),
         *"\u2028\u2029\u202f\u205f\u3000"}
FORBIDDEN = {*map(chr, range(0x00, 0x20)), *map(chr, range(0x7F, 0xA0)), *map(chr, range(0x202A, 0x202F)),
             *map(chr, range(0x2066, 0x206A))}


class Line(Text):
    """A string with something to see, on one line."""

    def __init__(self, greatest: int) -> None:
        self.greatest = greatest

    def check(self, value: str, charter: Value | None) -> None:
        check_text(value, self.greatest, FORBIDDEN)
        if all(character in WHITE for character in value):
            raise OutOfBounds("a line shows nothing")


class Paragraphs(Text):
    """A string that may have line breaks. It may show nothing unless it `must_show` something."""

    def __init__(self, greatest: int, must_show: bool = False) -> None:
        self.greatest, self.must_show = greatest, must_show

    def check(self, value: str, charter: Value | None) -> None:
        check_text(value, self.greatest, FORBIDDEN - {"\n"})
        if self.must_show and all(character in WHITE for character in value):
            raise OutOfBounds("a text shows nothing")


def check_text(value: str, greatest: int, forbidden: set[str]) -> None:
    length = len(value.encode("utf-8"))
    if length > greatest:
        raise OutOfBounds(f"{length} bytes of text are more than {greatest}")
    for character in value:
        if character in forbidden:
            raise OutOfBounds(f"U+{ord(character):04X} is not allowed in a text")


def ascending(items: Iterable[Any], what: str) -> None:
    """Raises `OutOfBounds` unless each item is greater than the one before it."""
    items = list(items)
    if any(left >= right for left, right in zip(items, items[1:])):
        raise OutOfBounds(f"{what} are not strictly ascending")


def decode(kind: Type, data: bytes, limit: int) -> Any:
    """Reads a value that takes all of the bytes and is written in its only way."""
    if len(data) > limit:
        raise NotCanonical(f"{len(data)} bytes are more than the limit of {limit}")
    reader = Reader(data)
    value = kind.read(reader)
    if reader.at != len(data):
        raise NotCanonical(f"{len(data) - reader.at} bytes follow the end of the value")
    if kind.write(value) != data:
        raise NotCanonical("the bytes are not those in which the value is written")
    return value
