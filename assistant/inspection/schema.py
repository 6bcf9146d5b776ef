"""The tables of the journal's database and their versions, and how words are indexed and searched.

It does not know when records are written, nor files.
"""

from __future__ import annotations

import re
import sqlite3

from assistant.inspection.chain import FIRST
from assistant.inspection.record import record_of

_IDEOGRAPH = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_VERSION_1 = (
    # The second line has copies from the content, for searching. They are NULL where the record was deleted.
    """CREATE TABLE records (number INTEGER PRIMARY KEY,
        at_ms INTEGER, kind TEXT, round_id TEXT, picture_sha256 TEXT,
        salt TEXT, content TEXT, content_sha256 TEXT NOT NULL, chain_sha256 TEXT NOT NULL)""",
    "CREATE INDEX records_by_time ON records (at_ms)",
    "CREATE INDEX records_by_round ON records (round_id, number)",
    "CREATE TABLE pictures (sha256 TEXT PRIMARY KEY, bytes INTEGER NOT NULL, kept_ms INTEGER NOT NULL)",
    "CREATE TABLE head (number INTEGER NOT NULL, chain_sha256 TEXT NOT NULL)",
    f"INSERT INTO head VALUES (0, '{FIRST}')",
)
# The index keeps no second copy of the words. So it has to be told the words of a record that is deleted, exactly as it
# got them: whoever changes `Record.words` or `indexed` adds a migration that builds the index anew.
_SEARCH_TABLE = (
    "CREATE VIRTUAL TABLE search USING fts5(words, content='', tokenize='porter unicode61 remove_diacritics 2')"
)


def _to_version_1(database: sqlite3.Connection) -> None:
    for statement in _VERSION_1:
        database.execute(statement)


def _to_version_2(database: sqlite3.Connection) -> None:
    """Adds the index of words."""
    database.execute(_SEARCH_TABLE)
    for number, content in database.execute("SELECT number, content FROM records WHERE content IS NOT NULL").fetchall():
        words = indexed(record_of(content).words)
        database.execute("INSERT INTO search(rowid, words) VALUES (?, ?)", (number, words))


# Each brings a database to the next version. One that was released never changes: a change is a further one.
MIGRATIONS = (_to_version_1, _to_version_2)
VERSION = len(MIGRATIONS)


def search_query(words: str) -> str:
    """The user's words as a query of SQLite's FTS5, "" if there is no word among them.

    Each word stands in quotation marks, so that no sign and no word such as OR has a meaning of its own.
    """
    spoken = [word for word in words.split() if any(character.isalnum() for character in word)]
    quoted = ['"' + indexed(word).replace('"', '""') + '"' for word in spoken]
    return " ".join(quoted) + "*" if quoted else ""


def indexed(text: str) -> str:
    """The text with spaces around each Chinese or Japanese character: FTS5 finds words at spaces only."""
    return _IDEOGRAPH.sub(r" \g<0> ", text)
