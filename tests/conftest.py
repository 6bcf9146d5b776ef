"""What holds for every test: nothing of the user's is read or written.

Packed weights go into a cache folder of this run. numba's machine code stays where it always is, beside its source or where
NUMBA_CACHE_DIR says: it is the same for all, and compiling it anew would take minutes.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _cache_of_this_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Also for the processes that tests start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield
