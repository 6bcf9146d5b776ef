"""The pages of the weights are really dropped, and the engine answers the same after it."""

from __future__ import annotations

from assistant.bench.taken_back import drop_pages, measure
from assistant.models.catalog import demo_vlm
from vision.engine.checkpoint.checkpoint import open_checkpoint
from vision.engine.engine import Engine
from vision.engine.packed.cache import packed_path, weights_folder


def test_an_answer_after_the_pages_were_dropped_reads_them_again() -> None:
    """All of the mapping goes, and nothing is lost."""
    folder = demo_vlm()
    packed = packed_path(weights_folder(), open_checkpoint(folder))
    with Engine.load(folder) as engine:
        before = [chunk.text for chunk in engine.see(None).ask("what is this")]
        found = measure(engine, packed, 8)
        assert packed.stat().st_size <= found["dropped_bytes"] < packed.stat().st_size + 2**21
        assert found["usual"]["first_token_seconds"] > 0
        drop_pages(packed)
        assert [chunk.text for chunk in engine.see(None).ask("what is this")] == before
