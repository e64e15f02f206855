"""SPEC section 4: keys and signatures, by the rule of ZIP-215.

The library `cryptography` is stricter than ZIP-215: what it accepts holds. What it refuses is decided by the
arithmetic below, which is slow, plain, and seldom needed. (Names of the curve's numbers as in RFC 8032.)
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

RECORD = b"mutua 1 signature of a record\0"
VOTE = b"mutua 1 signature of a vote\0"
PROPOSAL = b"mutua 1 signature of a proposal\0"
SUCCESSION = b"mutua 1 signature of a succession\0"
REPLACEMENT = b"mutua 1 signature of a replacement\0"

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)

# A point (x, y) as (X, Y, Z, T): x = X/Z, y = Y/Z, xy = T/Z.
Point = tuple[int, int, int, int]
NEUTRAL: Point = (0, 1, 1, 0)


def add(a: Point, b: Point) -> Point:
    """RFC 8032, 5.1.4."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar: int, point: Point) -> Point:
    total = NEUTRAL
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


def same(a: Point, b: Point) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def point_of(encoding: bytes) -> Point | None:
    """The point of any encoding, canonical or not: y is taken modulo P, and x = 0 may have either sign."""
    number = int.from_bytes(encoding, "little")
    sign, y = number >> 255, (number & (1 << 255) - 1) % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P  # -1/D is no square: the denominator is never 0
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * SQRT_OF_MINUS_1 % P
    if x * x % P != square:
        return None
    if x & 1 != sign:
        x = -x % P
    return x, y, 1, x * y % P


def bytes_of(point: Point) -> bytes:
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = point_of((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def holds_by_zip215(key: bytes, message: bytes, signature: bytes) -> bool:
    """8·S·B = 8·R + 8·h·A, with S below the order of B."""
    a, r, s = point_of(key), point_of(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    return same(times(8 * s, BASE), add(times(8, r), times(8 * h, a)))


def holds(purpose: bytes, key: bytes, signed: bytes, signature: bytes) -> bool:
    """Whether a signature of 64 bytes for a purpose is valid."""
    message = purpose + signed
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return holds_by_zip215(key, message, signature)


def is_strong(key: bytes) -> bool:
    """The canonical encoding of a point that is not of small order."""
    point = point_of(key)
    return point is not None and bytes_of(point) == key and not same(times(8, point), NEUTRAL)
