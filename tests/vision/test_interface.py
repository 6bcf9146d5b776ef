"""Every engine, view and frame source has all members of `vision.interface`, also the fakes of the tests.

For the code that ships, mypy checks the signatures as well as the names, at the end of `vision/remote/fallback.py`.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
from PIL import Image

from assistant.bench.engines.forced import ForcedView
from assistant.bench.material.pictures import Drawings
from tests.assistant.fakes import FakeCamera, FakeEngine
from tests.assistant.simulated_time import World
from tests.assistant.slow_stages import Stages
from tests.assistant.web.api.serving import SteppedEngine
from tests.vision.engine.test_engine import INFO, Remembering
from vision import interface
from vision.camera import Camera
from vision.engine.engine import Engine
from vision.engine.settings import EngineSettings
from vision.frame import Frame
from vision.interface import Answerer
from vision.remote.engine import RemoteEngine
from vision.remote.fallback import FallbackEngine
from vision.remote.server import Server
from vision.remote_settings import RemoteSettings, ServerSettings
from vision.still import StillPicture

FRAME = Frame(np.zeros((30, 40, 3), np.uint8), captured_at=1.0)


def missing(thing: object, protocol: type) -> list[str]:
    """The public members of the protocol that the object does not have."""
    wanted = [name for name in dir(protocol) if not name.startswith("_")]
    assert len(wanted) > 3
    return [name for name in wanted if not hasattr(thing, name)]


def test_every_engine_and_every_view_has_all_of_the_interface() -> None:
    """A missing member would otherwise be noticed only when somebody asks for it."""
    remote = RemoteEngine(Server(ServerSettings("http://127.0.0.1:9/v1")), RemoteSettings(model="eye"))
    with (
        contextlib.closing(Engine(Remembering(), INFO, EngineSettings())) as local,
        FallbackEngine(remote, None, lambda change: None) as fallback,
    ):
        for engine in (local, remote, fallback, FakeEngine(), Stages(World()).engine, SteppedEngine()):
            assert missing(engine, interface.Engine) == [], engine
        for view in (engine.see(FRAME) for engine in (local, remote, fallback, FakeEngine(), SteppedEngine())):
            assert missing(view, interface.View) == [], view
            assert view.frame is FRAME
    assert [name for name in dir(interface.View) if not name.startswith("_") and not hasattr(ForcedView, name)] == []


def test_every_frame_source_has_all_of_the_interface(tmp_path: Path) -> None:
    """This holds for a camera, a still picture, and the fake camera."""
    Image.new("RGB", (4, 4)).save(tmp_path / "picture.png")
    sources = (StillPicture(tmp_path / "picture.png"), Drawings(), FakeCamera(), Stages(World()).camera, Camera)
    assert [missing(source, interface.FrameSource) for source in sources] == [[]] * len(sources)
    assert not sources[0].live  # it may show the same image for ever, which is no fault


def test_engine_and_view_of_this_machine_say_that_the_model_is_the_demo() -> None:
    """The caller that makes the engine knows this, and nobody else has to be told."""
    for is_demo in (True, False):
        with contextlib.closing(Engine(Remembering(), INFO, EngineSettings(is_demo=is_demo))) as engine:
            who = Answerer("letters", is_demo)
            assert (engine.answerer, engine.answerers, engine.see(None).answerer) == (who, (who,), who)
            assert (engine.pictures_go_to, engine.away_host) == (None, None)


def test_an_engine_on_another_computer_says_where_pictures_go() -> None:
    """It has no other answerer, and does not know whether it is away."""
    remote = RemoteEngine(Server(ServerSettings("http://127.0.0.1:9/v1")), RemoteSettings(model="eye"))
    who = Answerer("eye at 127.0.0.1", host="127.0.0.1")
    assert (remote.answerer, remote.answerers, remote.see(None).answerer) == (who, (who,), who)
    assert (remote.pictures_go_to, remote.away_host) == ("127.0.0.1", None)
