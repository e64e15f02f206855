"""SPEC sections 3 and 8.2: hashes, each under a context of its own, and Merkle trees."""

from __future__ import annotations

from typing import Sequence

from blake3 import blake3

COMMUNITY_ID = "mutua 1 community id"
RECORD_BODY = "mutua 1 record body"
RECORD_ID = "mutua 1 record id"
TERMS = "mutua 1 proposal terms"
SEAL_ID = "mutua 1 seal id"
SEAL_TREE = "mutua 1 seal tree"
ROLL_TREE = "mutua 1 roll tree"
DECISIONS = "mutua 1 outcome decisions"
OUTCOME = "mutua 1 outcome digest"
SHARES = "mutua 1 members shares"

ZEROS = bytes(32)


def hash_of(context: str, data: bytes) -> bytes:
    return blake3(data, derive_key_context=context).digest()


def merkle_root(context: str, leaves: Sequence[bytes]) -> bytes:
    """The root over leaves, as in RFC 6962 section 2.1."""
    if not leaves:
        return hash_of(context, b"")
    if len(leaves) == 1:
        return hash_of(context, b"\0" + leaves[0])
    left = 1 << (len(leaves) - 1).bit_length() - 1  # the greatest power of two below the number of leaves
    return hash_of(context, b"\1" + merkle_root(context, leaves[:left]) + merkle_root(context, leaves[left:]))
