"""The configuration reader and hostile files."""

from __future__ import annotations

from pathlib import Path

from assistant.errors import ConfigError
from assistant.settings.config_reader import SHIPPED_FILE, read_config
from tests.fuzz.door import Target, usual_faults
from tests.fuzz.mutations import lines_mutated

_VALUES = (
    *(b'"a"', b'"a\\nb"', b'"\\u0000"', b'""', b"true", b"[]", b"{}", b"[[1]]", b"{a = 1}", b"1979-05-27T07:32:00Z", b"07:32:00"),
    *(b'"""\na\n"""', b"'''\na'''", b"[\n1,\n2]", b"0o7", b"'auto'", b'"local"'),
)  # fmt: skip


def _seeds() -> list[bytes]:
    """Parts of the shipped file, each with a few tables, and profiles."""
    lines = [line for line in SHIPPED_FILE.read_bytes().split(b"\n") if line and not line.startswith(b"#")]
    tables = b"\n".join(lines).split(b"\n[")
    return [
        *(b"[" + table for table in tables[1:]),
        b'[seesay]\n[conversation]\nprofile = "mine"\n[profile.mine.engine]\nthreads = 2\ntemperature = 0.5\n',
        b'[engine]\nbackend = "local"\nthreads = 0\n\n[prompt]\nen = """\nBe\nbrief."""\n',
        b'hearing.end_silence_seconds = 1\nengine."threads" = 1\nspeaking = {earcons = true}\n',
    ]


def _read(data: bytes, folder: Path) -> None:
    path = folder / "config.toml"
    path.write_bytes(data)
    read_config(path)


TARGET = Target(
    "config",
    _seeds,
    _read,
    (ConfigError,),
    tokens=(b"[engine]", b"[[engine]]", b"threads", b"[profile.a.b]", b" = ", b"profile", b"[seesay]"),
    rewrite=lambda seed, rng: lines_mutated(seed, _VALUES, rng),
)


def test_a_hostile_configuration_is_refused_with_a_sentence() -> None:
    """Whatever the file holds, there are settings or one ConfigError."""
    assert usual_faults(TARGET) == []
