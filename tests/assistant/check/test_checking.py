"""The whole check, with the demo model and with a tiny random one: it proves, keeps, goes on, and reports."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from assistant.check import answers, checking, report
from assistant.check.checking import PARTS, CheckFailed, Wanted, check
from assistant.check.tasks import BLURRED, EMPTY, SCENES
from assistant.models import catalog, checked
from assistant.settings.config import Config, DoubtConfig, SeeingConfig
from assistant.wiring.engine import doubt_rule
from audio.errors import VoiceError
from tests.vision.engine.tiny_checkpoint import Tiny, make

DEMO = catalog.ChosenModel(catalog.demo_vlm(), is_demo=True)
ALL = SCENES + EMPTY + BLURRED


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The state of another user. Packed weights stay where they are, because packing takes seconds."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return {"XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], dict[str, Any]]]:
    def last() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
        return found

    return last


def wanted(*parts: str, **options: Any) -> Wanted:
    return Wanted(parts=parts or PARTS, as_json=True, **options)


def test_the_demo_model_passes(
    environ: Mapping[str, str], printed: Callable[[], dict[str, Any]], tmp_path: Path
) -> None:
    """Every part is done; it is right about the drawn world, hears itself, and both reports say so."""
    html = tmp_path / "check.html"
    check(Config(), DEMO, wanted(html=html, minutes=30), environ=environ)  # however busy the machine is
    found = printed()
    assert found["left"] == []
    assert found["failures"] == []
    arithmetic = found["parts"]["arithmetic"]
    assert (arithmetic["questions"], arithmetic["same_answers"]) == (10, 10)
    heard = found["parts"]["ears"]["commands"]
    assert len(heard) == 20
    assert sum(one["is_right"] for one in heard) >= 18
    drawn, nothing = (found["answers"][group][-1] for group in ("drawn", "nothing"))
    assert (drawn["answers"], nothing["answers"]) == (SCENES, EMPTY + BLURRED)
    assert drawn["right"] >= 0.97 * SCENES
    assert found["doubt"]["hedge_below"] is not None
    assert found["doubt"]["used"] == "demo"
    assert len(found["doubt"]["evidence"]) == ALL
    page, text = html.read_text(), report.text(found)
    for line in ("10 of 10 answers are those of transformers", "demo_model is whole"):
        assert line in page
        assert line in text
    assert "files: " in text
    assert "files: " not in page  # a heading says it there
    assert str(Path.home()) not in page + text  # it goes into bug reports
    assert "<img" not in page
    assert checked.read_result(DEMO.folder, environ) is not None


def test_it_goes_on_where_it_ended(environ: Mapping[str, str], printed: Callable[[], dict[str, Any]]) -> None:
    """A check that ran out of time keeps each answer, tells what is left, and asks only for the rest next time."""
    now = iter(range(0, 100_000, 20))
    check(Config(), DEMO, wanted("answers"), environ=environ, clock=lambda: float(next(now)))
    first = printed()
    done = [one["name"] for one in first["doubt"]["evidence"]]
    assert 0 < len(done) < ALL
    assert "answers" in first["left"]
    assert "not finished" in first["says"]
    result = checked.read_result(DEMO.folder, environ)
    assert result is not None
    assert not result.is_complete
    check(Config(), DEMO, wanted("answers"), environ=environ)
    names = [one["name"] for one in printed()["doubt"]["evidence"]]
    assert names[: len(done)] == done
    assert sorted(names) == sorted(task.name for task in answers.tasks())


def test_what_is_done_is_not_done_again(
    environ: Mapping[str, str], printed: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finished part is read from the state folder; `--again` begins anew."""
    check(Config(), DEMO, wanted("files"), environ=environ)
    calls = []
    kept = checking.files.compare_files
    monkeypatch.setattr(checking.files, "compare_files", lambda *given: calls.append(given) or kept(*given))
    check(Config(), DEMO, wanted("files"), environ=environ)
    assert not calls
    check(Config(), DEMO, wanted("files", again=True), environ=environ)
    assert calls
    assert printed()["parts"]["files"]["models"][0]["compared"] > 3


def test_what_could_not_be_done_is_tried_again(
    environ: Mapping[str, str], printed: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ears without a voice are told and left out, until there is one; they do not keep the check from being whole."""

    def no_voice(*given: Any) -> None:
        raise VoiceError("espeak-ng is missing: install it")

    heard = checking.ears.hear_commands
    monkeypatch.setattr(checking.ears, "hear_commands", no_voice)
    check(Config(), DEMO, wanted("ears"), environ=environ)
    found = printed()
    assert found["parts"]["ears"] == {"left_out": "espeak-ng is missing: install it"}
    assert "ears" not in found["left"]
    monkeypatch.setattr(checking.ears, "hear_commands", heard)
    check(Config(), DEMO, wanted("ears"), environ=environ)
    assert len(printed()["parts"]["ears"]["commands"]) == 20


def test_other_instructions_begin_anew(environ: Mapping[str, str], printed: Callable[[], dict[str, Any]]) -> None:
    """What a model says depends on what it was told, so earlier answers no longer count."""
    check(Config(), DEMO, wanted("files"), environ=environ)
    other = dataclasses.replace(Config(), seeing=SeeingConfig(fit="crop"))
    check(other, DEMO, wanted(), environ=environ, clock=iter(range(0, 10**6, 400)).__next__)
    assert printed()["parts"]["files"] is None


def test_a_damaged_part_of_the_state_is_done_again(environ: Mapping[str, str]) -> None:
    """A file that a full disk has cut is no result."""
    check(Config(), DEMO, wanted("files"), environ=environ)
    path = next(checked.check_folder(environ).glob("*/files.json"))
    path.write_text(path.read_text()[:30])
    check(Config(), DEMO, wanted("files"), environ=environ)
    assert json.loads(path.read_text())["found"]["models"]


def test_a_damaged_file_fails_the_check(environ: Mapping[str, str], tmp_path: Path) -> None:
    """The report comes first, then the status for a damaged model."""
    folder = Path(shutil.copytree(catalog.demo_vlm(), tmp_path / "copy"))
    with (folder / "tokenizer_config.json").open("a") as file:
        file.write(" ")
    with pytest.raises(CheckFailed, match=r"tokenizer_config\.json of copy is damaged") as failed:
        check(Config(), catalog.ChosenModel(folder, is_demo=False), wanted("files"), environ=environ)
    assert failed.value.exit_status == 3
    result = checked.read_result(folder, environ)
    assert result is not None
    assert not result.is_good


def test_a_tiny_random_model_is_checked_too(
    environ: Mapping[str, str], printed: Callable[[], dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its arithmetic is proved; its answers mean nothing, so it gets no thresholds and is no fault."""
    few = answers.tasks()[:40]
    monkeypatch.setattr(answers, "tasks", lambda: few)
    folder = make(tmp_path / "tiny", Tiny(seed=4))
    random = wanted("arithmetic", "answers", is_random=True, minutes=30)
    check(Config(), catalog.ChosenModel(folder, is_demo=False), random, environ=environ)
    found = printed()
    assert found["says"].startswith("the weights are random")
    assert set(found["part_seconds"]) == {"arithmetic", "answers"}
    assert found["parts"]["arithmetic"]["same_answers"] == 10
    assert found["answers"]["drawn"][-1]["right"] < 15
    assert found["doubt"]["hedge_below"] is None
    assert found["doubt"]["why_not"]
    assert "no thresholds were found" in report.text(found)


def test_an_arithmetic_that_takes_too_long_is_left_for_the_next_run(
    environ: Mapping[str, str], printed: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It neither hangs the check nor counts as done, and leaves half of the time to the answers that are not there yet."""
    limits = []

    def hang(*given: Any, timeout: float, **options: Any) -> None:
        limits.append(timeout)
        raise subprocess.TimeoutExpired("python", timeout)

    monkeypatch.setattr(checking.subprocess, "run", hang)
    monkeypatch.setattr(answers, "ask_all", lambda *given, **options: [])
    for parts in (("arithmetic", "answers"), ("arithmetic",)):
        check(Config(), DEMO, wanted(*parts), environ=environ, clock=lambda: 0.0)
    assert limits == [150.0, 300.0]
    found = printed()
    assert found["parts"]["arithmetic"] is None
    assert "arithmetic" in found["left"]


def test_a_model_that_is_hardly_ever_right_fails_the_check() -> None:
    """Unless its weights are known to be random, or too few pictures were asked about yet."""
    parts: dict[str, Any] = dict.fromkeys(PARTS)

    def found(right: int, answers: int, *, is_random: bool = False) -> list[str]:
        row = {"kind": "all", "answers": answers, "right": right}
        return report.failures(parts, {"drawn": [row], "nothing": []}, is_random=is_random)[0]

    assert found(12, 60)[0].startswith("the model was right about 12 of 60 drawn pictures only")
    assert found(0, 29) == found(15, 60) == found(0, 60, is_random=True) == []


def test_other_arithmetic_fails_the_check() -> None:
    """An answer that differs from the reference's is a failure with its number."""
    parts: dict[str, Any] = dict.fromkeys(PARTS)
    parts["arithmetic"] = {
        "questions": 10,
        "same_answers": 8,
        "tokens": 240,
        "same_tokens": 230,
        "ties": 0,
        "seconds": 1,
    }
    says, is_damaged = report.failures(parts, {"drawn": [], "nothing": []}, is_random=False)
    assert not is_damaged
    assert says == ["2 of 10 answers differ from those of transformers in float32: report it with this report"]


# What is used afterwards


RESULT = checked.Result(
    "2026-11-29", True, True, "60 of 60 right", hedge_below=0.34, cannot_tell_below=0.25, answers=80
)


def test_the_measured_thresholds_are_used_and_told() -> None:
    """They take the place of the defaults, and the start says so."""
    rule, says = doubt_rule(Config(), is_demo=False, checked=RESULT)
    assert (rule.hedge_below, rule.cannot_tell_below, rule.spell_below) == (0.34, 0.25, 0.9)
    assert says == "doubt: thresholds 0.34 and 0.25, measured on this model by `seesay check` on 2026-11-29"


def test_the_configs_own_thresholds_come_first() -> None:
    """What a user has set is kept, each threshold by itself; and `measured = false` keeps the defaults."""
    own = Config(doubt=DoubtConfig(hedge_below=0.5))
    rule, says = doubt_rule(own, is_demo=False, checked=RESULT)
    assert (rule.hedge_below, rule.cannot_tell_below) == (0.5, 0.25)
    assert "the config's own" in says
    rule, says = doubt_rule(Config(doubt=DoubtConfig(measured=False)), is_demo=False, checked=RESULT)
    assert (rule.hedge_below, rule.cannot_tell_below) == (0.2, 0.2)
    assert "not measured on this model" in says


def test_without_a_check_the_start_says_that_they_are_not_measured() -> None:
    """And it names the command. The demo model has its own, of which nothing is said."""
    rule, says = doubt_rule(Config(), is_demo=False)
    assert rule.hedge_below == 0.2
    assert "`seesay check` measures them" in says
    assert doubt_rule(Config(), is_demo=True, checked=RESULT)[1] == ""
