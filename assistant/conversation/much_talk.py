"""Notices that much is answered and nothing of it is followed up: others are talking, or a television runs.

It counts only while everything that is heard counts as meant for the assistant. It does not know what was said, nor
what is done about it.
"""

from __future__ import annotations

from collections import deque

MOST_TURNS = 6  # in a minute, of which none was followed up; a person waits for the answer and thinks
WINDOW_SECONDS = 60.0


class MuchTalk:
    """A command, a yes, or a reply that was asked for shows that somebody listens, and begins the count anew."""

    def __init__(self) -> None:
        self._answered_at: deque[float] = deque(maxlen=MOST_TURNS + 1)
        self._told = False

    def followed_up(self) -> None:
        """Notes words that only somebody says who listens to the assistant."""
        self._answered_at.clear()

    def answered(self, now: float) -> bool:
        """Notes a question at `now`, in seconds. True once, when more than `MOST_TURNS` came within a minute."""
        self._answered_at.append(now)
        is_much = len(self._answered_at) > MOST_TURNS and now - self._answered_at[0] <= WINDOW_SECONDS
        is_news = is_much and not self._told
        self._told = self._told or is_much
        return is_news
