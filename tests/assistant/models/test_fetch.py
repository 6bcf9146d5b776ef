"""Fetching models, against a server on this machine that misbehaves in every way that was thought of."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.errors import FetchError, exit_status_of
from assistant.files import locked
from assistant.language.phrases import SpeechModel
from assistant.models import download as downloading
from assistant.models import fetch as fetching
from assistant.models.catalog import MANIFEST, HubModel, PiperVoice, failed_fetch, fetched_vlm, models_folder
from assistant.models.download import RemoteFile, download
from assistant.models.fetch import Sources, fetch
from assistant.models.unpack import unpack

REVISION = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "Somebody/Small-VL"
WEIGHTS = bytes(range(256)) * 4000  # 1 MB, which is several blocks
HUB_FILES = {
    ".gitattributes": b"*.safetensors filter=lfs\n",
    "README.md": b"# Small\n",
    "config.json": b'{"model_type": "qwen3_vl"}\n',
    "tokenizer.json": b"{}\n",
    "model.safetensors": WEIGHTS,
    "onnx/model.onnx": b"not wanted",
}


def zipped(entries: dict[str, bytes], mode: int = stat.S_IFREG | 0o644, level: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip file of these entries, each with the given Unix mode."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", level) as archive:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = level
            archive.writestr(info, data)
    return content.getvalue()


VOSK_ZIP = zipped(
    {"vosk-small/": b"", "vosk-small/am/final.mdl": b"model" * 9, "vosk-small/conf/model.conf": b"--beam=12\n"}
)


@dataclass
class Server:
    """What is served, what goes wrong, and what was asked."""

    files: dict[str, bytes]
    listing: dict[str, Any]
    asked: list[tuple[str, str]] = field(default_factory=list)  # (path, Range header)
    cut_after: list[int] = field(default_factory=list)  # the next answers break off after this many bytes
    statuses: list[int] = field(default_factory=list)  # the next answers are these errors
    ignores_range: bool = False
    shifts_range: bool = False
    moved: dict[str, str] = field(default_factory=dict)  # from a path to its new place
    url: str = ""

    def ranges_of(self, name: str) -> list[str]:
        """The Range headers with which a file was requested, "" for none."""
        return [asked_range for path, asked_range in self.asked if path.endswith(name)]


def hub_listing() -> dict[str, Any]:
    """What the hub's API answers for the model: names, sizes, git ids, and the sha256 of files in LFS."""
    siblings = []
    for name, content in HUB_FILES.items():
        git_id = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        sibling: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": git_id}
        if name.endswith(".safetensors"):
            sibling["lfs"] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "pointerSize": 135}
        siblings.append(sibling)
    return {
        "id": REPOSITORY,
        "modelId": REPOSITORY,
        "sha": REVISION,
        "private": False,
        "tags": [],
        "siblings": siblings,
    }


def handler_of(server: Server) -> type[BaseHTTPRequestHandler]:
    """A request handler that serves `server`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            server.asked.append((path, self.headers.get("Range", "")))
            if path == f"/api/models/{REPOSITORY}/revision/{REVISION}":
                assert "blobs=" in self.path
                self.answer(200, json.dumps(server.listing).encode())
                return
            if path in server.moved:
                self.send_response(302)
                self.send_header("Location", server.moved[path])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if server.statuses:
                self.answer(server.statuses.pop(0), b"")
                return
            content = server.files.get(path)
            if content is None:
                self.answer(404, b"")
                return
            begin = 0
            if self.headers.get("Range") and not server.ignores_range:
                begin = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-")) - server.shifts_range
            self.answer(206 if begin else 200, content[begin:], f"bytes {begin}-{len(content) - 1}/{len(content)}")

        def answer(self, status: int, content: bytes, content_range: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            if status == 206:
                self.send_header("Content-Range", content_range)
            self.end_headers()
            if status in (200, 206) and server.cut_after and "/api/" not in self.path:
                content = content[: server.cut_after.pop(0)]
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    return Handler


@pytest.fixture
def server() -> Iterator[Server]:
    """A hub and a Vosk server in one, on a free port of this machine."""
    files = {f"/{REPOSITORY}/resolve/{REVISION}/{name}": content for name, content in HUB_FILES.items()}
    served = Server(files={**files, "/vosk/vosk-small.zip": VOSK_ZIP}, listing=hub_listing())
    with ThreadingHTTPServer(("127.0.0.1", 0), handler_of(served)) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,), name="hub")
        thread.start()
        served.url = f"http://127.0.0.1:{httpd.server_port}"
        yield served
        httpd.shutdown()
        thread.join(5)


@pytest.fixture
def user(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a user whose servers are ours and whose data folder is empty."""
    # Another test of this process may have switched to offline, and huggingface_hub remembers that.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return {"XDG_DATA_HOME": str(tmp_path), "HF_ENDPOINT": server.url, "SEESAY_VOSK_URL": server.url + "/vosk"}


SOURCES = Sources(
    vlm=HubModel(
        REPOSITORY,
        REVISION,
        required=("config.json", "tokenizer.json"),
        pinned={"model.safetensors": (len(WEIGHTS), hashlib.sha256(WEIGHTS).hexdigest())},
    ),
    speech={"en": SpeechModel("vosk-small", len(VOSK_ZIP), hashlib.sha256(VOSK_ZIP).hexdigest())},
)


def bring(
    user: dict[str, str], which: fetching.Which = "all", sources: Sources = SOURCES, **options: Any
) -> list[Path]:
    """Calls fetch() without pauses."""
    return fetch("en", which, environ=user, sources=sources, wait=lambda seconds: None, **options)


def refused(user: dict[str, str], *arguments: Any, **options: Any) -> str:
    """The message with which a fetch fails. Afterwards there is no model under its own name."""
    with pytest.raises(FetchError) as caught:
        bring(user, *arguments, **options)
    assert exit_status_of(caught.value) == 1
    assert [p.name for p in models_folder(user).glob("*") if p.is_dir() and p.suffix != ".part"] == []
    return str(caught.value)


def weights_of(user: dict[str, str]) -> Path:
    """The file that holds the weights while they arrive."""
    return models_folder(user) / "Small-VL.part" / "model.safetensors.part"


# All goes well


def test_both_models_come_whole(user: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every wanted file is there and nothing else, with a manifest and without partial files."""
    speech, eye = bring(user)
    assert {p.name: p.read_bytes() for p in eye.iterdir() if p.name != MANIFEST} == {
        name: HUB_FILES[name] for name in ("README.md", "config.json", "tokenizer.json", "model.safetensors")
    }
    assert (speech / "am" / "final.mdl").read_bytes() == b"model" * 9
    assert sorted(p.name for p in models_folder(user).iterdir()) == [".lock", "Small-VL", "vosk-small"]
    monkeypatch.setattr("assistant.models.catalog.FULL_VLM", SOURCES.vlm)
    assert fetched_vlm(user) == eye


def test_the_second_fetch_asks_for_nothing(user: dict[str, str], server: Server) -> None:
    """Complete models on this machine are not requested again."""
    first = bring(user)
    server.asked.clear()
    assert bring(user) == first
    assert server.asked == []


def test_one_kind_alone_can_be_fetched(user: dict[str, str], server: Server) -> None:
    """The speech model or the vision model can be fetched alone."""
    assert [p.name for p in bring(user, "speech")] == ["vosk-small"]
    assert all("vosk" in path for path, _ in server.asked)
    assert [p.name for p in bring(user, "vision")] == ["Small-VL"]


def test_progress_counts_up_to_the_whole(user: dict[str, str]) -> None:
    """The progress begins at 0, never goes back, and ends at the file's size."""
    seen: dict[str, list[int]] = {}
    bring(user, progress=lambda name, done, total: seen.setdefault(name, []).append(done))
    assert seen["model.safetensors"][0] == 0
    assert seen["model.safetensors"][-1] == len(WEIGHTS)
    assert seen["model.safetensors"] == sorted(seen["model.safetensors"])
    assert len(seen["model.safetensors"]) > 3
    assert seen["vosk-small.zip"][-1] == len(VOSK_ZIP)


def test_a_running_assistant_sees_whether_a_fetch_failed(user: dict[str, str], server: Server) -> None:
    """Only after a fetch that came to no good end, and no longer once the next one is at work or has brought all."""
    assert failed_fetch(user) is None
    server.listing["sha"] = "0" * 40
    refused(user, "vision")
    failed_at = failed_fetch(user)
    assert failed_at is not None
    assert failed_at == pytest.approx(time.time(), abs=60.0)
    server.listing = hub_listing()
    meanwhile: list[float | None] = []
    bring(user, progress=lambda name, done, total: meanwhile.append(failed_fetch(user)))
    assert set(meanwhile) == {None}
    assert failed_fetch(user) is None


def test_a_look_at_the_lock_does_not_stop_a_fetch(user: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A running assistant holds it for a moment; the fetch tries again."""
    tries = []

    def held_once(path: Path, *, wait: bool) -> Any:
        tries.append(path)
        if len(tries) == 1:
            raise BlockingIOError
        return locked(path, wait=wait)

    monkeypatch.setattr(fetching, "locked", held_once)
    assert len(bring(user)) == 2
    assert len(tries) == 2


def test_an_unknown_language_is_refused(user: dict[str, str]) -> None:
    """The error names the languages that have a model."""
    with pytest.raises(FetchError, match="no speech model for 'tlh': choose one of en"):
        fetch("tlh", environ=user, sources=SOURCES)


VOICE = b"voice" * 100_000
VOICE_CONFIG = b'{"num_symbols": 256}'
VOICE_SOURCES = replace(
    SOURCES,
    voices={
        "en": PiperVoice(
            "joe",
            "voices/joe",
            model=(len(VOICE), hashlib.sha256(VOICE).hexdigest()),
            config=(len(VOICE_CONFIG), hashlib.sha256(VOICE_CONFIG).hexdigest()),
        )
    },
)


def test_the_voice_comes_only_when_it_is_asked_for(user: dict[str, str], server: Server) -> None:
    """A voice comes whole with a manifest, after a cut line too, and is then not asked for again."""
    server.files |= {"/voices/joe/joe.onnx": VOICE, "/voices/joe/joe.onnx.json": VOICE_CONFIG}
    server.cut_after = [len(VOICE_CONFIG), 200_000]
    (folder,) = bring(user, "voice", VOICE_SOURCES)
    assert {path.name for path in folder.iterdir()} == {"joe.onnx", "joe.onnx.json", MANIFEST}
    assert (folder / "joe.onnx").read_bytes() == VOICE
    assert server.ranges_of("joe.onnx") == ["", "bytes=200000-"]
    server.asked.clear()
    assert bring(user, "voice", VOICE_SOURCES) == [folder]
    assert server.asked == []
    assert [path.name for path in bring(user, sources=VOICE_SOURCES)] == ["vosk-small", "Small-VL"]


def test_a_voice_with_a_wrong_checksum_is_no_voice(user: dict[str, str], server: Server) -> None:
    """Another file under the voice's name is thrown away."""
    server.files |= {"/voices/joe/joe.onnx": VOICE[::-1], "/voices/joe/joe.onnx.json": VOICE_CONFIG}
    assert "wrong checksum" in refused(user, "voice", VOICE_SOURCES)


def test_a_language_without_a_voice_is_refused(user: dict[str, str]) -> None:
    """The error names the languages that have one, and what else can be done."""
    with pytest.raises(FetchError, match=r"no Piper voice for 'zh'.*choose one of en, or name.*piper_voice"):
        fetch("zh", "voice", environ=user, sources=VOICE_SOURCES)


# The connection


def test_a_cut_connection_is_taken_up_where_it_broke(user: dict[str, str], server: Server) -> None:
    """After two cuts in the middle, the file is requested from the first missing byte."""
    server.cut_after = [len(VOSK_ZIP), 10**9, 10**9, 10**9, 300_000, 200_000]
    eye = bring(user)[1]
    assert server.ranges_of("model.safetensors") == ["", "bytes=300000-", "bytes=500000-"]
    assert (eye / "model.safetensors").read_bytes() == WEIGHTS


def test_the_next_run_goes_on_where_the_last_one_ended(user: dict[str, str], server: Server) -> None:
    """Ctrl-C in the middle leaves no model and loses nothing: the next run requests the rest."""

    def interrupt(name: str, done: int, total: int) -> None:
        if name == "model.safetensors" and done > 400_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring(user, "vision", progress=interrupt)
    have = weights_of(user).stat().st_size
    assert 400_000 < have < len(WEIGHTS)
    assert not (models_folder(user) / "Small-VL").exists()
    server.asked.clear()
    bring(user, "vision")
    assert server.ranges_of("model.safetensors") == [f"bytes={have}-"]
    assert server.ranges_of("config.json") == [], "what was whole does not come again"


def test_weights_that_lie_on_another_server_are_followed_there(user: dict[str, str], server: Server) -> None:
    """The hub sends large files elsewhere; each attempt asks the hub anew and keeps the range."""
    hub, elsewhere = f"/{REPOSITORY}/resolve/{REVISION}/model.safetensors", "/elsewhere/0815"
    server.moved, server.files[elsewhere] = {hub: elsewhere + "?signed=1"}, server.files.pop(hub)
    server.cut_after = [10**9, 10**9, 10**9, 300_000]
    assert (bring(user, "vision")[0] / "model.safetensors").read_bytes() == WEIGHTS
    assert server.ranges_of("model.safetensors") == server.ranges_of("0815") == ["", "bytes=300000-"]


def test_a_server_without_ranges_sends_all_of_it(user: dict[str, str], server: Server) -> None:
    """If a request for the rest is answered with 200, the answer begins at the first byte and is used like that."""
    server.cut_after, server.ignores_range = [10**9, 10**9, 10**9, 300_000], True
    assert (bring(user, "vision")[0] / "model.safetensors").read_bytes() == WEIGHTS


def test_another_range_than_asked_is_not_taken(user: dict[str, str], server: Server) -> None:
    """A server that sends other bytes than requested is refused, and no file is damaged."""
    server.cut_after, server.shifts_range = [10**9, 10**9, 10**9, 300_000], True
    assert "another range" in refused(user, "vision")
    assert weights_of(user).read_bytes() == WEIGHTS[:300_000]


def test_a_busy_server_is_asked_again_with_growing_pauses(user: dict[str, str], server: Server) -> None:
    """After 503 and 429 the request is repeated, and the pauses double."""
    pauses: list[float] = []
    server.statuses = [503, 429]
    fetch("en", "speech", environ=user, sources=SOURCES, wait=pauses.append)
    assert pauses == [1.0, 2.0]


def test_a_server_that_gives_nothing_is_given_up(user: dict[str, str], server: Server) -> None:
    """It ends, and says what the server said and how much is kept."""
    server.statuses = [503] * 99
    message = refused(user, "speech")
    assert "the server says 503" in message
    assert f"0 of {len(VOSK_ZIP):,} bytes are kept" in message
    assert len(server.asked) == 3


def test_a_missing_file_is_an_error_at_once(user: dict[str, str], server: Server) -> None:
    """A 404 is not tried again."""
    del server.files["/vosk/vosk-small.zip"]
    assert "the server says 404" in refused(user, "speech")
    assert len(server.asked) == 1


def test_no_network_is_one_sentence(user: dict[str, str], server: Server) -> None:
    """If nothing listens there is one sentence and no traceback, for the hub as for the zip."""
    nowhere = {**user, "HF_ENDPOINT": "http://127.0.0.1:9", "SEESAY_VOSK_URL": "http://127.0.0.1:9"}
    for which in ("vision", "speech"):
        message = refused(nowhere, which)
        assert "http://127.0.0.1:9" in message
        assert "\n" not in message


def test_only_web_addresses_are_fetched(user: dict[str, str]) -> None:
    """A file: address would avoid the ranges, so it is refused by name."""
    assert "only http and https" in refused({**user, "SEESAY_VOSK_URL": "file:///tmp"}, "speech")


# Wrong content


def test_a_wrong_checksum_is_never_kept(user: dict[str, str], server: Server) -> None:
    """Bytes of the right number and the wrong value are thrown away."""
    server.files[f"/{REPOSITORY}/resolve/{REVISION}/model.safetensors"] = bytes(len(WEIGHTS))
    assert "wrong checksum" in refused(user, "vision")
    assert not weights_of(user).exists()


def test_a_small_file_is_verified_by_its_git_id(user: dict[str, str], server: Server) -> None:
    """Files outside LFS have no sha256 on the hub, so their git id is used."""
    server.files[f"/{REPOSITORY}/resolve/{REVISION}/tokenizer.json"] = b"[]\n"
    assert "tokenizer.json came with a wrong checksum" in refused(user, "vision")


def test_a_damaged_beginning_is_fetched_again(user: dict[str, str], server: Server) -> None:
    """If an older partial file has a wrong byte, the file is fetched once more from its first byte."""
    part = weights_of(user)
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 1000)
    assert (bring(user, "vision")[0] / "model.safetensors").read_bytes() == WEIGHTS
    assert server.ranges_of("model.safetensors") == ["bytes=1000-", ""]


def test_a_part_that_is_too_long_begins_again(user: dict[str, str]) -> None:
    """A partial file that is longer than the file cannot be its beginning."""
    weights_of(user).parent.mkdir(parents=True)
    weights_of(user).write_bytes(WEIGHTS + b"more")
    assert (bring(user, "vision")[0] / "model.safetensors").read_bytes() == WEIGHTS


def test_more_bytes_than_announced_are_refused(user: dict[str, str], server: Server) -> None:
    """A server that never stops sending does not fill the disk."""
    server.files["/vosk/vosk-small.zip"] = VOSK_ZIP + b"more"
    assert "is longer than" in refused(user, "speech")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sha": "f" * 40}, "gave revision ffff"),
        ({"siblings": []}, "lists no config.json, model.safetensors, tokenizer.json"),
        ({"siblings": [{"rfilename": "model.safetensors", "size": 3}]}, "another size or checksum"),
    ],
)
def test_a_listing_that_is_not_ours_is_refused(
    change: dict[str, Any], words: str, user: dict[str, str], server: Server
) -> None:
    """With another revision, missing files or other weights than the pinned ones, nothing is downloaded."""
    server.listing.update(change)
    assert words in refused(user, "vision")
    assert server.ranges_of("model.safetensors") == []


def test_a_damaged_model_is_mended(user: dict[str, str], server: Server) -> None:
    """A fetch over a model with a flipped byte brings that file again, and only that one."""
    eye = bring(user, "vision")[0]
    (eye / "config.json").write_bytes(b'{"model_type": "qwen3_VL"}\n')
    server.asked.clear()
    assert bring(user, "vision") == [eye]
    assert (eye / "config.json").read_bytes() == HUB_FILES["config.json"]
    assert [path.rpartition("/")[2] for path, _ in server.asked] == [REVISION, "config.json"]


# The disk


def test_too_little_room_is_said_before_anything_comes(
    user: dict[str, str], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The free space is checked first, and the message says how much is needed and where."""
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda path: SimpleNamespace(free=5))
    for which in ("vision", "speech"):
        assert "not enough room in" in refused(user, which)
    assert server.ranges_of("model.safetensors") == server.ranges_of(".zip") == []


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets files take only this many more bytes, as on a disk that others are filling."""
    real_open = Path.open

    def fill(room: int) -> None:
        left = [room]

        def open_limited(path: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
            file = real_open(path, mode, *arguments, **options)
            if "b" not in mode or mode == "rb":
                return file
            real_write = file.write

            class Limited:
                def __enter__(self) -> Limited:
                    return self

                def __exit__(self, *details: object) -> None:
                    file.close()

                def __getattr__(self, name: str) -> Any:
                    return getattr(file, name)

                def write(self, block: bytes) -> int:
                    if len(block) > left[0]:
                        raise OSError(28, "No space left on device")
                    left[0] -= len(block)
                    return int(real_write(block))

            return Limited()

        monkeypatch.setattr(Path, "open", open_limited)

    return fill


def test_a_disk_that_fills_up_keeps_what_fits(user: dict[str, str], full_disk: Callable[[int], None]) -> None:
    """One sentence says that the disk is full, and the partial file stays for the next time."""
    full_disk(600_000)
    assert "No space left on device; make room" in refused(user, "vision")
    assert weights_of(user).read_bytes() == WEIGHTS[: weights_of(user).stat().st_size]
    assert weights_of(user).stat().st_size > 300_000


def test_a_disk_that_fills_up_while_unpacking_leaves_no_model(
    user: dict[str, str], full_disk: Callable[[int], None], server: Server
) -> None:
    """The half-unpacked folder is removed, the zip stays, and the next run needs no network."""
    full_disk(len(VOSK_ZIP) + 20)
    assert "No space left on device" in refused(user, "speech")
    assert sorted(p.name for p in models_folder(user).iterdir()) == [".lock", ".unfinished", "vosk-small.zip"]
    server.asked.clear()
    full_disk(10**9)
    bring(user, "speech")
    assert server.asked == []


def test_an_unwritable_folder_is_one_sentence(user: dict[str, str], tmp_path: Path) -> None:
    """A file where the data folder should be ends it with one sentence."""
    (tmp_path / "seesay").touch()
    with pytest.raises(FetchError, match="cannot write below"):
        bring(user, "speech")


def test_two_at_once_are_refused(user: dict[str, str]) -> None:
    """The second of two downloads into one folder ends with a sentence instead of mixing the files."""

    def again(name: str, done: int, total: int) -> None:
        with pytest.raises(FetchError, match="another `seesay fetch` is at work"):
            bring(user, "speech")

    bring(user, "speech", progress=again)


@pytest.mark.parametrize("name", ["Small-VL.part", "vosk-small.part"])
def test_a_file_in_the_place_of_a_part_is_no_obstacle(name: str, user: dict[str, str]) -> None:
    """A stray file under a name that the download needs is removed."""
    models_folder(user).mkdir(parents=True)
    (models_folder(user) / name).write_text("?")
    bring(user)
    assert sorted(p.name for p in models_folder(user).iterdir()) == [".lock", "Small-VL", "vosk-small"]


@pytest.mark.parametrize(
    "name",
    ["vosk-small.zip", "vosk-small.zip.part", "Small-VL.part/model.safetensors.part", "Small-VL.part/config.json",
     "Small-VL.part/stray", "vosk-small.part/am", "Small-VL", "vosk-small"],
)  # fmt: skip
def test_a_folder_in_the_place_of_a_file_is_no_obstacle(name: str, user: dict[str, str]) -> None:
    """A stray folder is removed with what is in it."""
    (models_folder(user) / name / "in it").mkdir(parents=True)
    bring(user)
    assert sorted(p.name for p in models_folder(user).iterdir()) == [".lock", "Small-VL", "vosk-small"]
    assert not (models_folder(user) / "Small-VL" / "stray").exists()


def test_what_a_killed_fetch_left_is_cleaned(user: dict[str, str], server: Server) -> None:
    """Partial files that cannot be continued are removed, and so are those of models that are complete."""
    bring(user)
    server.asked.clear()
    folder = models_folder(user)
    (folder / "vosk-small.part" / "am").mkdir(parents=True)
    (folder / "Small-VL.part").mkdir()
    (folder / "Small-VL.part" / "model.safetensors.part").write_bytes(b"half")
    (folder / "Older-VL.part").mkdir()
    (folder / "vosk-small.zip.part").write_bytes(b"half")
    (folder / "vosk-small.zip").write_bytes(b"whole, and the process was killed before it was removed")
    bring(user)
    assert sorted(p.name for p in folder.iterdir()) == [".lock", "Small-VL", "vosk-small"]
    assert server.asked == []


def test_what_can_be_gone_on_with_is_kept(user: dict[str, str]) -> None:
    """Fetching one model keeps the other one's partial file."""
    work = models_folder(user) / "Small-VL.part"
    work.mkdir(parents=True)
    (work / "model.safetensors.part").write_bytes(WEIGHTS[:1000])
    bring(user, "speech")
    assert (work / "model.safetensors.part").read_bytes() == WEIGHTS[:1000]


# The zip


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        (zipped({"../evil": b"x"}), "could write outside"),
        (zipped({"vosk-small/../../evil": b"x"}), "could write outside"),
        (zipped({"/evil": b"x"}), "could write outside"),
        (zipped({"C:evil": b"x"}), "could write outside"),
        (zipped({"..\\evil": b"x"}), "could write outside"),
        (zipped({"vosk-small//evil": b"x"}), "could write outside"),
        (zipped({"link": b"/etc/passwd"}, mode=stat.S_IFLNK | 0o777), "is a link or a device"),
        (zipped({"pipe": b""}, mode=stat.S_IFIFO | 0o666), "is a link or a device"),
        (zipped({"bomb": bytes(1_000_001)}), "would unpack to more than 1,000,000 bytes"),
        (zipped({f"{n}": b"" for n in range(1001)}), "holds 1,001 files"),
        (zipped({"short": b"x" * 100})[:-60], "is not a usable zip file"),
        (zipped({"crc": b"all is well here"}, level=zipfile.ZIP_STORED).replace(b"is well", b"is hell"), "Bad CRC-32"),
        (b"", "is not a usable zip file"),
    ],
)
def test_a_hostile_zip_is_refused(archive: bytes, words: str, tmp_path: Path) -> None:
    """Nothing is written outside the folder, no link is made, and no zip bomb is unpacked."""
    path = tmp_path / "a.zip"
    path.write_bytes(archive)
    folder = tmp_path / "deep" / "out"
    folder.mkdir(parents=True)
    with pytest.raises(FetchError) as caught:
        unpack(path, folder, 1_000_000)
    assert words in str(caught.value)
    assert sorted(p.name for p in tmp_path.rglob("*") if p.name != "crc") == ["a.zip", "deep", "out"]


def test_a_zip_that_lies_about_its_size_stops_at_it(tmp_path: Path) -> None:
    """An entry that declares 10 bytes and holds a million is cut at 10 and fails its checksum."""
    honest = zipped({"bomb": bytes(1_000_000)})
    path = tmp_path / "a.zip"
    path.write_bytes(honest.replace((1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with pytest.raises(FetchError, match="Bad CRC-32"):
        unpack(path, tmp_path, 1_000)
    assert (tmp_path / "bomb").stat().st_size <= 10


def test_a_zip_without_a_model_is_refused(user: dict[str, str], server: Server) -> None:
    """A zip with the right checksum and other content leaves nothing behind."""
    other = zipped({"vosk-small/readme": b"no model"})
    server.files["/vosk/vosk-small.zip"] = other
    speech = {"en": SpeechModel("vosk-small", len(other), hashlib.sha256(other).hexdigest())}
    assert "holds no Vosk model 'vosk-small'" in refused(user, "speech", replace(SOURCES, speech=speech))


# One file


def test_an_empty_file_is_a_file(server: Server, tmp_path: Path) -> None:
    """An empty file is there although nothing has to be downloaded."""
    remote = RemoteFile("empty", server.url + "/empty", 0, sha256=hashlib.sha256(b"").hexdigest())
    download(remote, tmp_path / "empty")
    assert (tmp_path / "empty").read_bytes() == b""


def test_a_long_wait_is_cut_off(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that never answers runs into the time-out at each attempt, and then an error says so."""

    def hang(request: Any, timeout: float) -> Any:
        assert timeout <= 60
        raise TimeoutError("timed out")

    monkeypatch.setattr(downloading.urllib.request, "urlopen", hang)
    with pytest.raises(FetchError, match="timed out"):
        download(RemoteFile("f", server.url, 5, sha256="0"), tmp_path / "f", wait=lambda seconds: None)
