"""`seesay serve` as its user has it, in a process of its own: alone, beside the voice, and refused at the start."""

from __future__ import annotations

import gc
import os
import platform
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from assistant.cli.demo import demo_scene
from assistant.cli.main import main
from assistant.errors import AssistantError, UsageError
from assistant.machine.memory import used_bytes
from assistant.settings.config import Config, ConversationConfig, RemoteConfig, WebConfig
from assistant.settings.voice_state import VoiceState, save_state, state_path
from assistant.web.app import create_app
from assistant.web.server import WebServer, try_address
from assistant.web.services import Services
from assistant.web.settings import WebSettings
from assistant.wiring import web
from assistant.wiring.assembly import Assembly
from assistant.wiring.remote import open_server
from assistant.wiring.web import read_token, web_settings
from tests.assistant.web.api.serving import (
    ANSWER,
    QUESTION,
    SteppedEngine,
    events_of,
    eventually,
    parts_with,
    picture,
    send,
    send_form,
    send_json,
)
from tests.virtual_sound import VirtualSoundCard, missing_tools
from vision.demo_model.world import draw
from vision.remote.engine import RemoteEngine
from vision.remote_settings import RemoteSettings

ROOT = Path(__file__).parents[4]
START_SECONDS = 60.0
TOKEN = "0123456789abcdefghij"


class Serving:
    """The program in a process of its own."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        environment: dict[str, str] | None = None,
        verb: tuple[str, ...] = ("serve",),
    ) -> None:
        draw(demo_scene()[0]).save(folder / "picture.png")
        settings = f'[seeing]\ncamera = "{folder / "picture.png"}"\n[web]\nrequests_per_minute = 100000\n'
        (folder / "config.toml").write_text(settings, encoding="utf-8")
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "assistant",
                *verb,
                "--config",
                str(folder / "config.toml"),
                "--port",
                "0",
                *options,
            ],
            env={**(environment or os.environ), "PYTHONPATH": str(ROOT), "XDG_DATA_HOME": str(folder)},
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said: list[str] = []
        self.port = 0
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Serving:
        assert eventually(lambda: self.port or self.process.poll() is not None, START_SECONDS)
        assert self.port, self.said
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self._reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])


def test_the_journal_that_it_keeps_is_shown(tmp_path: Path) -> None:
    """With the question of a moment ago and its picture; the start says who can read it where there is no token."""
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
    warning = "every user of this machine can read the journal there: --token-file keeps others out\n"
    with Serving(tmp_path, "--profile", "cart", environment=environment) as serving:
        status = send(serving.port, "GET", "/api/status").json
        assert status["journal"] == {"pictures": True, "records_go_to": []}
        send_json(serving.port, "/api/ask", {"question": QUESTION, "camera": True})
        assert eventually(lambda: send(serving.port, "GET", "/api/journal").json["records"])
        (record,) = send(serving.port, "GET", "/api/journal").json["records"]
        assert (record["question"], record["answer"], record["profile"]) == (QUESTION, ANSWER, "cart")
        assert send(serving.port, "GET", record["picture"]).body.startswith(b"\xff\xd8")
        assert ANSWER in send(serving.port, "GET", "/journal").body.decode()
        assert eventually(lambda: warning in serving.said)
    (tmp_path / "token").touch(0o600)
    (tmp_path / "token").write_text(TOKEN)
    options = ("--profile", "cart", "--token-file", str(tmp_path / "token"))
    with Serving(tmp_path, *options, environment=environment) as serving:
        assert send(serving.port, "GET", "/journal").status == 303
    assert warning not in serving.said


def test_it_serves_until_it_is_told_to_end(tmp_path: Path) -> None:
    """It ends at once, in good order, and prints nothing but its own sentences."""
    with Serving(tmp_path) as serving:
        reply = send_json(serving.port, "/api/ask", {"question": QUESTION, "camera": True, "speak": True})
        events = dict(events_of(reply.body))
        assert events["done"]["answer"] == ANSWER
        assert send(serving.port, "GET", events["sentence"]["audio"]).body.startswith(b"RIFF")
        spoken = send(serving.port, "GET", events["sentence"]["audio"]).body
        heard = send_form(serving.port, "/api/ask", {"audio": ("audio/wav", spoken), "camera": "1"})
        assert "circle" in dict(events_of(heard.body))["heard"]["text"]
        color = send_json(serving.port, "/api/ask", {"question": "which color is in the middle", "camera": True})
        assert dict(events_of(color.body))["done"]["model"] is None
        read = send_json(serving.port, "/api/read", {"camera": True})
        assert (read.status, read.json["finish"]) == (200, "stop")
        status = send(serving.port, "GET", "/api/status").json
        assert status["memory_bytes"] > 50_000_000
        assert status["camera_pixels"] == [448, 448]
        serving.process.send_signal(signal.SIGTERM)
        assert serving.process.wait(10) == 0
    assert not [line for line in serving.said if "Traceback" in line or "rror" in line]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="what is measured is glibc's doing")
def test_the_memory_of_large_pictures_is_given_back(tmp_path: Path) -> None:
    """After fifteen pictures of twelve megapixels, each on another worker, it holds only the reduced ones it keeps."""
    photograph = picture("JPEG", (4000, 3000))
    with Serving(tmp_path) as serving:
        memory = Path(f"/proc/{serving.process.pid}/status")
        before = used_bytes(memory) or 0
        for _ in range(15):
            reply = send_form(serving.port, "/api/ask", {"question": QUESTION, "image": ("image/jpeg", photograph)})
            assert events_of(reply.body)[-1][0] == "done"
        assert (used_bytes(memory) or 0) - before < 400_000_000


@pytest.fixture(scope="module")
def card() -> Iterator[VirtualSoundCard]:
    with VirtualSoundCard() as card:
        yield card


def write_spoken(text: str, path: Path, quiet_seconds: float = 0.2) -> None:
    """The text in a stranger's voice, as a WAV file with silence on both sides."""
    import numpy as np

    from audio.demo_model.synthesis.voices import HELD_OUT_VOICES
    from audio.pcm import AudioChunk
    from audio.speaking.synthesizer import Synthesizer
    from audio.wav import write_wav

    with Synthesizer(voice=HELD_OUT_VOICES[0], rate_wpm=200) as stranger:
        chunk = stranger.synthesize(text)
    quiet = np.zeros(int(chunk.sample_rate_hz * quiet_seconds), np.int16)
    write_wav(path, AudioChunk(np.concatenate([quiet, chunk.samples, quiet]), chunk.sample_rate_hz))


@pytest.mark.device
@pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools()))
def test_beside_a_round_the_page_sees_what_is_answered_aloud(card: VirtualSoundCard, tmp_path: Path) -> None:
    """A "yes" into the microphone is the value of the station a moment later, in the journal and on the page."""
    write_spoken("yes", tmp_path / "yes.wav", quiet_seconds=1.0)
    checklist = tmp_path / "round.toml"
    checklist.write_text(
        'title = "Guards"\n[[station]]\nname = "guard"\nstep = "say"\nanswer = "yes/no"\nquestion = "is it closed"\n',
        encoding="utf-8",
    )
    environment = {**card.env, "XDG_STATE_HOME": str(tmp_path / "state")}
    with Serving(
        tmp_path, environment=environment, verb=("round", str(checklist), "--with-page", "--profile", "cart")
    ) as serving:

        def state() -> str:
            return str(send(serving.port, "GET", "/api/status").json["state"])

        assert eventually(lambda: state() == "speaking", START_SECONDS)  # the greeting, with the first station
        assert eventually(lambda: state() != "speaking", START_SECONDS)
        before = send(serving.port, "GET", "/api/round").json
        assert (before["title"], before["station"], before["awaits"]) == ("Guards", 1, "answer")
        card.play_into_microphone(tmp_path / "yes.wav")
        assert eventually(lambda: send(serving.port, "GET", "/api/round").json["awaits"] == "command", 30.0)
        (guard,) = send(serving.port, "GET", "/api/round").json["stations"]
        assert (guard["value"], guard["state"]) == ("yes", "in_order")
        assert eventually(lambda: len(send(serving.port, "GET", "/api/journal").json["records"]) == 2)
        serving.process.send_signal(signal.SIGINT)
        assert serving.process.wait(10) == 130


@pytest.mark.device
@pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools()))
def test_beside_the_voice_the_page_sees_what_is_asked_aloud(card: VirtualSoundCard, tmp_path: Path) -> None:
    """A question into the microphone appears in the status, and a question by HTTP is answered meanwhile."""
    write_spoken(QUESTION, tmp_path / "question.wav")
    with Serving(tmp_path, "--with-voice", environment=card.env) as serving:

        def state() -> str:
            return str(send(serving.port, "GET", "/api/status").json["state"])

        # While the greeting is said, it is deaf; before that it listens for a moment.
        assert eventually(lambda: state() == "speaking", START_SECONDS)
        assert eventually(lambda: state() == "listening", START_SECONDS)
        card.play_into_microphone(tmp_path / "question.wav")
        reply = send_json(serving.port, "/api/ask", {"question": "how many circles are there", "camera": True})
        assert events_of(reply.body)[-1][0] == "done"
        assert eventually(lambda: send(serving.port, "GET", "/api/status").json["last_question"] == QUESTION, 30.0)
        assert eventually(lambda: send(serving.port, "GET", "/api/status").json["last_answer"], 30.0)
        assert "circle is red" in send(serving.port, "GET", "/api/status").json["last_answer"]
        serving.process.send_signal(signal.SIGINT)
        assert serving.process.wait(10) == 0


@pytest.mark.parametrize(
    "web",
    [
        WebConfig(host="0.0.0.0"),
        WebConfig(host="::"),
        WebConfig(host="192.168.1.9"),
        WebConfig(names="box.local"),
        WebConfig(trusted_proxy="127.0.0.1"),
    ],
)
def test_where_others_could_come_it_wants_a_token(web: WebConfig, tmp_path: Path) -> None:
    """This holds also behind a proxy on this machine, because others come through the proxy."""
    with pytest.raises(UsageError, match="give --token-file FILE"):
        web_settings(Config(web=web), None, None, None)
    file = tmp_path / "token"
    file.touch(mode=0o600)
    file.write_text(TOKEN + "\n")
    assert web_settings(Config(web=web), None, None, file).token == TOKEN


def test_the_command_line_counts_for_more_than_the_config(tmp_path: Path) -> None:
    """Options override the config, and its megabytes become bytes."""
    config = Config(
        web=WebConfig(port=9000, names="Box.local, other", max_body_megabytes=0.5, token_file=str(tmp_path / "t"))
    )
    (tmp_path / "t").touch(mode=0o600)
    (tmp_path / "t").write_text(TOKEN)
    settings = web_settings(config, "127.0.0.2", 9001, None)
    assert (settings.host, settings.port, settings.max_body_bytes) == ("127.0.0.2", 9001, 500_000)
    assert settings.names == {"box.local", "other"}
    with pytest.raises(UsageError, match="--port is 0 to 65535"):
        web_settings(config, None, 70_000, None)


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        ("short", 0o600, "16 characters or more"),
        (TOKEN, 0o644, "chmod 600"),
        (f"{TOKEN} {TOKEN}", 0o600, "without spaces"),
        ("é" * 20, 0o600, "plain letters"),
    ],
)
def test_a_token_that_protects_nothing_is_refused(tmp_path: Path, content: str, mode: int, why: str) -> None:
    """A token that is too short or that everybody on the machine can read is refused."""
    file = tmp_path / "token"
    file.write_text(content, encoding="utf-8")
    file.chmod(mode)
    with pytest.raises(UsageError, match=why):
        read_token(file)


def test_the_page_speaks_as_the_voice_was_last_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rate that was set by voice holds for the page too."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def seconds() -> float:
        with ExitStack() as stack:
            speak = web._voice(Assembly(Config(), stack))
            assert speak is not None
            return len(speak("what color is the circle").samples)

    usual = seconds()
    save_state(state_path(os.environ), VoiceState(rate_wpm=400, volume=0.75))
    assert seconds() < 0.7 * usual


def test_without_a_speech_model_questions_are_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The start says what to do, and the server starts all the same."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    chinese = Config(conversation=ConversationConfig(language="zh"))
    with ExitStack() as stack:
        assert web._hear(Assembly(chinese, stack)) is None
    said = capsys.readouterr().err
    assert "fetch" in said
    assert "questions to the page can only be typed" in said
    with ExitStack() as stack:
        assert web._hear(Assembly(Config(), stack)) is not None


def test_the_page_names_the_computer_that_answers() -> None:
    """The page names the other computer without its port, and names none if this machine answers."""
    remote = RemoteConfig(base_url="http://192.168.1.20:8000/v1")
    assert RemoteEngine(open_server(remote), RemoteSettings()).pictures_go_to == "192.168.1.20"
    with ExitStack() as stack:
        assert Assembly(Config(remote=remote), stack).engine.pictures_go_to is None


def test_an_address_that_cannot_be_had_is_named() -> None:
    """The address may be taken, another machine's, or no address at all; what was opened for it is closed again."""
    app = create_app(Services(parts_with(SteppedEngine()), WebSettings(port=0)))
    with WebServer(app, WebSettings(port=0)) as first:
        for host, port in (("127.0.0.1", first.port), ("192.0.2.1", 0), ("no.such.host.invalid", 0)):
            with pytest.raises(AssistantError, match=f"cannot listen at {host} port {port}: .*--host and --port"):
                WebServer(app, WebSettings(host=host, port=port))
    gc.collect()  # so that a socket that was left open would be reported now


@pytest.mark.parametrize("more", [[], ["--with-voice"]])
def test_an_address_that_is_taken_is_told_before_anything_is_loaded(
    more: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model takes minutes to load, and nobody waits for it only to read that the port is taken."""

    def load(assembly: Assembly) -> None:
        raise AssertionError("a model was loaded")

    for part in ("engine", "vision_model", "choose_models", "ears"):
        monkeypatch.setattr(Assembly, part, property(load))
    app = create_app(Services(parts_with(SteppedEngine()), WebSettings(port=0)))
    with WebServer(app, WebSettings(port=0)) as first:
        assert main(["serve", "--port", str(first.port), *more]) == 1
    assert (
        f"cannot listen at 127.0.0.1 port {first.port}: address already in use; choose another"
        in capsys.readouterr().err
    )
    try_address(WebSettings(port=first.port))  # free again: the trial itself must not keep it
    try_address(WebSettings(port=first.port))


def test_the_start_that_is_refused_is_wrong_use(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The refusal is one sentence that says what to do."""
    assert main(["serve", "--host", "0.0.0.0"]) == 2
    assert "openssl rand" in capsys.readouterr().err
    assert main(["serve", "--token-file", str(tmp_path / "none")]) == 2
    assert "cannot read the token file" in capsys.readouterr().err
