"""Which model is used: the named one, the fetched one or the demo model, and never a broken one."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from assistant.errors import ModelMissing, exit_status_of
from assistant.models import catalog
from assistant.models.catalog import FULL_SPEECH, FULL_VLM, MANIFEST, ChosenModel
from assistant.models.sums import write_sums
from assistant.models.verified import damaged_file
from assistant.settings.config import Config, HearingConfig


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment of a user with an empty data folder."""
    return {"XDG_DATA_HOME": str(tmp_path / "data"), "HOME": "/none"}


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Embedded models of a few bytes: the folders of the vision model and of the speech model."""
    eye, ear = tmp_path / "eye", tmp_path / "ear"
    (ear / "am").mkdir(parents=True)
    eye.mkdir()
    (eye / "config.json").touch()
    (ear / "am" / "final.mdl").touch()
    monkeypatch.setattr(catalog, "_DEMO_VLM", eye)
    monkeypatch.setattr(catalog, "_DEMO_SPEECH", {"en": ear})
    return eye, ear


def put(environ: dict[str, str], name: str) -> Path:
    """Writes a fetched model of one file of seven bytes."""
    folder = catalog.models_folder(environ) / name
    folder.mkdir(parents=True)
    (folder / "weights").write_bytes(b"weights")
    catalog.write_manifest(folder, "test", {"weights": 7}, {"weights": "abc"})
    return folder


def test_models_lie_in_the_xdg_data_folder(tmp_path: Path) -> None:
    """The folder is $XDG_DATA_HOME/seesay/models, or below ~/.local/share if that is unset or relative."""
    assert catalog.models_folder({"XDG_DATA_HOME": "/data"}) == Path("/data/seesay/models")
    for environ in ({"HOME": "/home/me"}, {"HOME": "/home/me", "XDG_DATA_HOME": "data"}):
        assert catalog.models_folder(environ) == Path("/home/me/.local/share/seesay/models")


def test_with_nothing_fetched_the_demo_models_are_used(environ: dict[str, str], demo: tuple[Path, Path]) -> None:
    """On a newcomer's machine the embedded models are used and marked as such."""
    assert catalog.choose_vlm("", environ) == ChosenModel(demo[0], is_demo=True)
    assert catalog.choose_speech("", "en", environ) == ChosenModel(demo[1], is_demo=True)


def test_fetched_models_are_used_by_themselves(environ: dict[str, str], demo: tuple[Path, Path]) -> None:
    """After a fetch nothing needs to be set."""
    eye, english, chinese = (put(environ, m.name) for m in (FULL_VLM, FULL_SPEECH["en"], FULL_SPEECH["zh"]))
    assert catalog.choose_vlm("", environ) == ChosenModel(eye, is_demo=False)
    assert catalog.choose_speech("", "en", environ) == ChosenModel(english, is_demo=False)
    assert catalog.choose_speech("", "zh", environ) == ChosenModel(chinese, is_demo=False)


def test_a_named_folder_wins(environ: dict[str, str], tmp_path: Path) -> None:
    """A folder in the configuration is used whatever was fetched."""
    put(environ, FULL_VLM.name)
    assert catalog.choose_vlm(str(tmp_path), environ) == ChosenModel(tmp_path, is_demo=False)
    assert catalog.choose_speech(str(tmp_path), "en", environ) == ChosenModel(tmp_path, is_demo=False)


def test_a_named_folder_that_is_missing_is_an_error(environ: dict[str, str]) -> None:
    """No other model is silently used: the error names the key to correct, and the exit status is 3."""
    with pytest.raises(ModelMissing, match=r"no model folder at /nowhere: correct engine\.model") as caught:
        catalog.choose_vlm("/nowhere", environ)
    assert exit_status_of(caught.value) == 3
    with pytest.raises(ModelMissing, match=r"correct hearing\.speech_model"):
        catalog.choose_speech("/nowhere", "en", environ)


def test_a_language_without_a_model_says_how_to_get_one(environ: dict[str, str]) -> None:
    """Only English is embedded; for Mandarin the error says that it has to be fetched."""
    with pytest.raises(ModelMissing, match="run `seesay fetch --language zh`"):
        catalog.choose_speech("", "zh", environ)
    with pytest.raises(ModelMissing, match=r"name a Vosk model in hearing\.speech_model"):
        catalog.demo_speech("xx")  # a language that is only one file in assistant/phrases
    assert catalog.fetched_speech("tlh", environ) is None


def test_a_lost_demo_model_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without its embedded models says so in one sentence."""
    monkeypatch.setattr(catalog, "_DEMO_VLM", tmp_path)
    monkeypatch.setattr(catalog, "_DEMO_SPEECH", {"en": tmp_path})
    with pytest.raises(ModelMissing, match="install seesay again"):
        catalog.demo_vlm()
    with pytest.raises(ModelMissing, match="install seesay again"):
        catalog.demo_speech("en")


@pytest.mark.parametrize("damage", ["no manifest", "empty manifest", "other manifest", "short file", "no file"])
def test_a_broken_model_is_no_model(damage: str, environ: dict[str, str], demo: tuple[Path, Path]) -> None:
    """A fetched folder does not count without its manifest, or with a file missing or cut short."""
    folder = put(environ, FULL_VLM.name)
    assert catalog.fetched_vlm(environ) == folder
    if damage == "no manifest":
        (folder / MANIFEST).unlink()
    elif damage == "empty manifest":
        (folder / MANIFEST).write_text("")
    elif damage == "other manifest":
        (folder / MANIFEST).write_text('{"files": [1]}')
    elif damage == "short file":
        (folder / "weights").write_bytes(b"wei")
    else:
        (folder / "weights").unlink()
    assert catalog.fetched_vlm(environ) is None
    assert catalog.choose_vlm("", environ).is_demo


def test_going_offline_is_complete() -> None:
    """Every switch of the libraries that could ask the network is set."""
    environ: dict[str, str] = {}
    catalog.go_offline(environ)
    assert environ == {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


@pytest.fixture
def speech_models(environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Complete copies of the real embedded model: embedded, fetched, and in a folder of the user's own.

    The last one has no manifest.
    """
    real = catalog.demo_speech("en")
    places = {
        "embedded": tmp_path / "embedded",
        "fetched": catalog.models_folder(environ) / FULL_SPEECH["en"].name,
        "named": tmp_path / "named",
    }
    for place in places.values():
        shutil.copytree(real, place)
    (places["named"] / MANIFEST).unlink()
    monkeypatch.setattr(catalog, "_DEMO_SPEECH", {"en": places["embedded"]})
    return places


def speech_of(origin: str, models: dict[str, Path], environ: dict[str, str]) -> Path:
    """The verified folder of the model of that origin, by a configuration that makes the program use it."""
    if origin == "embedded":
        shutil.rmtree(models["fetched"], ignore_errors=True)
    named = str(models["named"]) if origin == "named" else ""
    config = Config(hearing=HearingConfig(speech_model=named))
    return catalog.speech_folder(config, environ | {"XDG_CACHE_HOME": environ["XDG_DATA_HOME"]})


@pytest.mark.parametrize("folder", [catalog.demo_speech("en"), catalog.demo_vlm()], ids=["speech", "vision"])
def test_each_embedded_model_has_a_manifest_of_all_its_files(folder: Path) -> None:
    """It names every file with the right checksum, in the form of the fetched models.

    After a wanted change of a model, `python -m assistant.models.sums` writes it anew.
    """
    manifest = catalog.read_manifest(folder)
    assert manifest is not None
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(manifest) == files - {MANIFEST}
    assert damaged_file(folder, manifest) is None


@pytest.mark.parametrize("origin", ["embedded", "fetched", "named"])
def test_a_whole_speech_model_is_used(origin: str, speech_models: dict[str, Path], environ: dict[str, str]) -> None:
    """Its folder is returned, the first time and the next."""
    for _ in range(2):
        assert speech_of(origin, speech_models, environ) == speech_models[origin]


@pytest.mark.parametrize(
    ("origin", "remedy"), [("embedded", "install seesay again"), ("fetched", "run `seesay fetch --language en`")]
)
@pytest.mark.parametrize("damage", ["one byte", "a line less", "no manifest"])
def test_a_damaged_speech_model_is_refused(
    origin: str, remedy: str, damage: str, speech_models: dict[str, Path], environ: dict[str, str]
) -> None:
    """There is one sentence with the remedy for that origin and status 3, and neither another model nor nonsense."""
    speech_of(origin, speech_models, environ)
    folder = speech_models[origin]
    if damage == "one byte":
        content = (folder / "graph" / "disambig_tid.int").read_bytes()
        (folder / "graph" / "disambig_tid.int").write_bytes(b"9" + content[1:])
    elif damage == "a line less":
        words = (folder / "graph" / "words.txt").read_text().splitlines(keepends=True)
        (folder / "graph" / "words.txt").write_text("".join(words[:-1]))
    else:
        (folder / MANIFEST).unlink()
    with pytest.raises(ModelMissing, match=rf"^the speech model at {folder} is damaged.*: {remedy}\.$") as caught:
        speech_of(origin, speech_models, environ)
    assert exit_status_of(caught.value) == 3
    if origin == "embedded":
        with pytest.raises(ModelMissing, match="install seesay again"):
            catalog.whole_demo_speech(catalog.demo_speech("en"))


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_damaged_embedded_vision_model_is_refused(name: str, tmp_path: Path) -> None:
    """One changed byte in any of its files is told with the remedy and status 3; the sums can be written anew."""
    folder, environ = Path(shutil.copytree(catalog.demo_vlm(), tmp_path / "eye")), {"XDG_CACHE_HOME": str(tmp_path)}
    assert catalog.whole_demo_vlm(folder, environ) == folder
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(
        ModelMissing, match=rf"^the embedded vision model at .*{name} has changed.*: install seesay"
    ) as caught:
        catalog.whole_demo_vlm(folder, environ)
    assert exit_status_of(caught.value) == 3
    assert write_sums(folder) == 7
    assert catalog.whole_demo_vlm(folder, environ) == folder


@pytest.mark.parametrize(
    "text",
    ['{"files": ' + "[" * 100_000, '{"files": {"a": {"bytes": 1e999, "sha256": "a"}}}'],
    ids=["deep", "an infinite size"],
)
def test_a_hostile_manifest_is_none(text: str, tmp_path: Path) -> None:
    """What Python's JSON reader or its numbers cannot take is as good as no manifest."""
    (tmp_path / MANIFEST).write_text(text)
    assert catalog.read_manifest(tmp_path) is None


def test_a_name_that_no_file_can_have_is_damage(tmp_path: Path) -> None:
    """A zero byte in a manifest's name is no reason to fail in another way."""
    assert damaged_file(tmp_path, {"a\0b": (1, "a" * 64)}) == "a\0b"


def test_a_damaged_folder_of_the_users_own_is_refused(speech_models: dict[str, Path], environ: dict[str, str]) -> None:
    """An empty file kills the process that loads the model, which is a separate one."""
    (speech_models["named"] / "graph" / "disambig_tid.int").write_bytes(b"")
    with pytest.raises(ModelMissing, match=r"is damaged \(loading it ends with SIGSEGV\): fetch it again"):
        speech_of("named", speech_models, environ)


def test_a_fetched_model_that_the_user_names_is_compared_with_its_manifest(
    speech_models: dict[str, Path], environ: dict[str, str]
) -> None:
    """Its checksums find a wrong weight, which loading does not."""
    path = speech_models["named"] / "am" / "final.mdl"
    shutil.copy(speech_models["embedded"] / MANIFEST, speech_models["named"])
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelMissing, match=r"am/final.mdl has changed"):
        speech_of("named", speech_models, environ)


def test_the_hash_of_the_weights_is_that_of_the_manifest(tmp_path: Path) -> None:
    """Of one file it is the published one; of several it covers all, in the order of their names."""
    sizes = {"config.json": 1, "model.safetensors": 7}
    catalog.write_manifest(tmp_path, "test", sizes, {"config.json": "c" * 64, "model.safetensors": "a" * 64})
    assert catalog.weights_hash(tmp_path) == "a" * 64
    digests = {"1.safetensors": "a" * 64, "2.safetensors": "b" * 64}
    catalog.write_manifest(tmp_path, "test", dict.fromkeys(digests, 7), digests)
    both = catalog.weights_hash(tmp_path)
    assert both == hashlib.sha256(f"{'a' * 64}\n{'b' * 64}".encode()).hexdigest()


def test_without_a_manifest_only_small_weights_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gigabytes would delay the start."""
    assert catalog.weights_hash(tmp_path) == ""
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    assert catalog.weights_hash(tmp_path) == hashlib.sha256(b"weights").hexdigest()
    monkeypatch.setattr(catalog, "_MOST_HASHED_BYTES", 6)
    assert catalog.weights_hash(tmp_path) == ""
