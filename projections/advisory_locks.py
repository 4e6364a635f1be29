"""Advisory locks that decide which process does what, with a read model for instance (WallE)."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import Connection
from psycopg.pq import TransactionStatus


def lock_key(purpose: str, name: str) -> int:
    """Return the 64-bit key of the lock for a purpose (`projection`, `rebuild`, `prune`) and what it is about."""
    digest = hashlib.blake2b(f"weaver {purpose} {name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def try_lock(connection: Connection[Any], key: int) -> bool:
    """Take the lock for as long as the connection lives, unless another one has it; return whether it is ours."""
    [(is_ours,)] = connection.execute("select pg_try_advisory_lock(%s)", (key,)).fetchall()
    return bool(is_ours)


@contextmanager
def letting_go(connection: Connection[Any], key: int) -> Iterator[None]:
    """Let go of the lock at the end, before the connection is closed.

    The server hears of a closed connection later than the next process may ask for the lock: that would be refused.
    """
    try:
        yield
    finally:
        # a connection that is lost, or in the middle of something, takes the lock with it
        if connection.info.transaction_status is TransactionStatus.IDLE:
            connection.execute("select pg_advisory_unlock(%s)", (key,))
