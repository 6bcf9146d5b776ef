"""What the system says about the processor."""

from __future__ import annotations

from pathlib import Path

from vision.engine.host import processor_name


def test_the_processor_is_named_with_its_generation(tmp_path: Path) -> None:
    """The family and the model are added, because "AMD EPYC" alone says little."""
    path = tmp_path / "cpuinfo"
    path.write_text("processor\t: 0\nmodel name\t: AMD EPYC\ncpu family\t: 25\nmodel\t\t: 17\n\nprocessor\t: 1\n")
    assert processor_name(path) == "AMD EPYC (family 25, model 17)"
    assert processor_name(tmp_path / "none") != ""
