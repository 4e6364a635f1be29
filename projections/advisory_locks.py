"""Keys of the advisory locks that decide which process does what with a read model (WallE)."""

import hashlib


def lock_key(purpose: str, name: str) -> int:
    """Return the 64-bit key of the lock for a purpose (`projection`, `rebuild`) and a read model's name."""
    digest = hashlib.blake2b(f"weaver {purpose} {name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
