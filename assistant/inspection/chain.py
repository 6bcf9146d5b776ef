"""The hash chain of the journal: a later change, gap or exchange of records shows in it.

The chain proves that no record was changed after a later hash became known to somebody else. It does not prove who
wrote a record, and somebody who rewrites the whole chain leaves no trace in it. This module knows hashes only.
"""

from __future__ import annotations

import hashlib

FIRST = "0" * 64  # stands before the first record


def content_hash(salt: str, content: str) -> str:
    """SHA-256 of a record's salt and canonical JSON, in hexadecimal digits."""
    return hashlib.sha256(f"{salt}\n{content}".encode()).hexdigest()


def chain_hash(previous: str, content_sha256: str) -> str:
    """SHA-256 of the previous record's chain hash and this record's content hash, in hexadecimal digits."""
    return hashlib.sha256(f"{previous}\n{content_sha256}".encode()).hexdigest()
