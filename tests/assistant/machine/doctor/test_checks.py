"""The run of all checks: time limits, failures inside a check, and probes on files that stand in for the system's."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from assistant.machine.commands import run
from assistant.machine.doctor import models
from assistant.machine.doctor.camera import check_camera, judge_seen, look, rate_of
from assistant.machine.doctor.checks import CHECKS, NAMES, Check, run_checks
from assistant.machine.doctor.finding import Finding, Level, ok
from assistant.machine.doctor.power import judge_power
from assistant.machine.doctor.web import check_proxy, judge_network, judge_proxy, proxy_blocks
from assistant.machine.power.keeper import Budget
from assistant.machine.power.overview import overview
from assistant.machine.power.readings import PowerReader
from assistant.machine.power.sysfs import Sysfs
from assistant.settings.config import (
    Config,
    EngineConfig,
    HearingConfig,
    RemoteConfig,
    SeeingConfig,
    WebConfig,
)
from tests.vision.network_camera import NetworkCamera


def test_a_check_that_hangs_or_breaks_is_a_warning_and_the_next_one_runs() -> None:
    """The report goes on in any case."""
    forever = threading.Event()

    def hang(config: Config) -> list[Finding]:
        forever.wait(30)
        return []

    def fall(config: Config) -> list[Finding]:
        raise ZeroDivisionError("by zero")

    checks = [Check("one", hang, 0.01), Check("two", fall), Check("three", lambda config: [ok("three", "fine")])]
    found = list(run_checks(Config(), checks))
    forever.set()
    assert [(one.check, one.level) for one in found] == [
        ("one", Level.WARNING),
        ("two", Level.WARNING),
        ("three", Level.OK),
    ]
    assert "did not end within 0.01 s" in found[0].says
    assert "ZeroDivisionError: by zero" in found[1].says


def test_every_check_has_a_name_and_a_limit() -> None:
    """Names are unique, and no check may take longer than three minutes."""
    assert len(set(NAMES)) == len(NAMES)
    assert all(0 < check.limit_seconds <= 180 for check in CHECKS)


def test_a_command_that_is_not_there_is_told() -> None:
    """It is told apart from one that fails."""
    assert not run(["no-such-command-4711"]).installed
    failed = run(["false"])
    assert failed.installed
    assert not failed.worked


def test_a_byte_of_a_speech_model_that_changed_is_found(tmp_path: Path) -> None:
    """The checksums of the manifest are compared, not only the sizes."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "words.txt").write_text("one two")
    digest = "0" * 64
    manifest = {"source": "x", "files": {"words.txt": {"bytes": 7, "sha256": digest}}}
    (folder / "seesay-model.json").write_text(json.dumps(manifest))
    config = replace(Config(), hearing=replace(HearingConfig(), speech_model=str(folder)))
    (finding,) = models.check_speech_model(config, {"HOME": str(tmp_path)})
    assert finding.level is Level.FAILURE
    assert "words.txt has changed" in finding.says


def test_a_model_folder_that_is_not_there_keeps_the_words_of_its_error(tmp_path: Path) -> None:
    """The key of the configuration is named."""
    config = replace(Config(), engine=replace(EngineConfig(), model=str(tmp_path / "nowhere")))
    (finding,) = models.check_vision_model(config, {"HOME": str(tmp_path)})
    assert finding.missing
    assert finding.fix == "correct engine.model, or leave it empty for the fetched model"


def test_a_full_model_that_is_not_whole_is_a_failure(tmp_path: Path) -> None:
    """Without the report the small model would take its place."""
    (tmp_path / "share/seesay/models/Qwen3-VL-2B-Instruct").mkdir(parents=True)
    environ = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "share")}
    (finding,) = models.check_vision_model(Config(), environ)
    assert finding.level is Level.FAILURE
    assert "is not whole" in finding.says


def test_a_dark_picture_is_seen_and_kept_where_it_is_wanted(tmp_path: Path) -> None:
    """The real camera code looks at a picture that stands in for the camera."""
    picture, kept = tmp_path / "dark.png", tmp_path / "kept.png"
    Image.effect_noise((640, 480), 2).point(lambda level: level // 16).convert("RGB").save(picture)
    config = replace(Config(), seeing=replace(SeeingConfig(), camera=str(picture)))
    (finding,) = check_camera(config, save_to=kept)
    assert finding.level is Level.WARNING
    assert "is dark" in finding.says or "covered" in finding.says
    assert finding.figures["width_px"] == 640
    with Image.open(kept) as saved:
        assert saved.size == (640, 480)


def test_the_rate_of_a_camera_is_the_one_that_it_really_has() -> None:
    """A camera on the loopback sends four pictures a second, which is too slow, and its picture has no edges."""
    with NetworkCamera(interval_seconds=0.25) as server:
        config = replace(Config(), seeing=replace(SeeingConfig(), camera=server.url))
        seen = look(config)
    assert seen.pictures_per_second == pytest.approx(4.0, rel=0.2)
    assert seen.given == (640, 480)
    assert any("pictures a second" in finding.says for finding in judge_seen(seen))


def test_a_camera_that_gives_one_picture_in_two_seconds() -> None:
    """One picture has no distance to another, so the rate is that of the time that was waited."""
    assert rate_of([3.0]) == 0.5
    assert rate_of([3.0, 3.1, 3.2]) == pytest.approx(10.0)


def test_a_camera_that_is_not_there_is_missing(tmp_path: Path) -> None:
    """The real camera code's error becomes the finding."""
    config = replace(Config(), seeing=replace(SeeingConfig(), camera="/dev/video97"))
    (finding,) = check_camera(config)
    assert finding.missing
    assert "there is no camera at /dev/video97" in finding.says


def test_a_machine_without_sensors_cannot_hold_its_budget(tmp_path: Path) -> None:
    """The reason is told; where nothing is to be held, nothing is wrong."""
    sysfs = Sysfs(tmp_path)
    machine = overview(sysfs, PowerReader(sysfs).sample(), Budget(10.0, 0.0, 85.0))
    finding = judge_power(machine, governs=True)
    assert finding.level is Level.WARNING
    assert "no watts can be read" in finding.says
    assert "docs/power.md" in finding.fix
    assert judge_power(machine, governs=False).level is Level.OK


# The network.


def test_what_leaves_the_machine_is_named() -> None:
    """An engine on this machine does not count, and an address's password is not shown."""
    offline = {"HF_HUB_OFFLINE": "1"}
    assert judge_network(Config(), offline).level is Level.OK
    remote = replace(
        Config(),
        engine=replace(EngineConfig(), backend="openai"),
        remote=replace(RemoteConfig(), base_url="https://ada:pw@big.example/v1"),
    )
    finding = judge_network(remote, offline)
    assert finding.level is Level.WARNING
    assert "pictures and questions go to big.example" in finding.says
    local = replace(remote, remote=replace(RemoteConfig(), base_url="http://127.0.0.1:8080/v1"))
    assert judge_network(local, offline).level is Level.OK
    opened = replace(Config(), web=replace(WebConfig(), host="0.0.0.0"))
    assert "can be reached" in judge_network(opened, offline).says
    assert judge_network(Config(), {}).level is Level.FAILURE


NGINX = """
server {
    listen 443 ssl;
    location / {
        proxy_pass http://127.0.0.1:8765;
        # proxy_read_timeout 600s;
    }
    location /other { proxy_pass http://127.0.0.1:3000; }
}
"""


def test_a_proxy_that_gives_up_too_soon_is_found(tmp_path: Path) -> None:
    """A comment is no setting, nginx's own limit is 60 s, and another program's block does not count."""
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "seesay.conf").write_text(NGINX)
    found = check_proxy(Config(), tmp_path)
    assert [finding.level for finding in found] == [Level.WARNING, Level.WARNING]
    assert "gives up after 60 s" in found[0].says
    assert "proxy_buffering off" in found[1].fix
    good = NGINX.replace("# proxy_read_timeout 600s;", "proxy_read_timeout 10m; proxy_buffering off;")
    assert judge_proxy(proxy_blocks([good], 8765)) == []


def test_the_shipped_example_of_a_proxy_is_right() -> None:
    """What docs/nginx.conf says passes the check."""
    text = (Path(__file__).parents[4] / "docs" / "nginx.conf").read_text(encoding="utf-8")
    blocks = proxy_blocks([text], 8765)
    assert blocks
    assert judge_proxy(blocks) == []


@pytest.mark.parametrize("trusted", ["", "127.0.0.1"])
def test_a_proxy_elsewhere_cannot_be_checked(trusted: str, tmp_path: Path) -> None:
    """That is a warning where the configuration has a proxy."""
    config = replace(Config(), web=replace(WebConfig(), trusted_proxy=trusted))
    (finding,) = check_proxy(config, tmp_path)
    assert finding.level is (Level.WARNING if trusted else Level.OK)
