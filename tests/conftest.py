"""What holds for every test: nothing of the user's is read or written.

Packed weights go into a cache folder of this run. numba's machine code stays where it always is, beside its source or
where NUMBA_CACHE_DIR says: it is the same for all, and compiling it anew would take minutes.

`make test` runs two files side by side (pytest-xdist). What has to keep time with a sound card comes at the end, by
itself: it would hear the other file's load.

Hypothesis tries the same examples each time, however long one takes on a busy machine: a gate that opens by chance is
none. `pytest --hypothesis-profile=explore` tries others.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("gate", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("gate")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A group for each file, whose fixtures are then made once, and one for all that wants the machine to itself."""

    def alone(item: pytest.Item) -> bool:
        return any(item.get_closest_marker(mark) for mark in ("device", "soak"))

    items.sort(key=alone)  # keeps the order otherwise
    for item in items:
        item.add_marker(pytest.mark.xdist_group("alone" if alone(item) else str(item.path)))


@pytest.fixture(scope="session", autouse=True)
def _cache_of_this_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Also for the processes that tests start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield
