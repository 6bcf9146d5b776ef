"""`seesay round --simulate`: a whole round with the demo models, the real readers and a real journal."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from assistant.cli.main import main
from assistant.inspection.journal import Journal, journal_folder
from assistant.inspection.record import NOTE, ROUND_BEGAN, ROUND_ENDED, SKIP, STEP
from assistant.inspection.verify import verify
from tests.assistant.drawn_round import make

ROOT = Path(__file__).parents[4]
EXAMPLE = ROOT / "docs/examples/pump-room.toml"


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, in which the embedded models are used."""
    monkeypatch.chdir(tmp_path)
    for name in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("SEESAY_CONFIG", "SEESAY_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_a_whole_round_without_hands_or_devices(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All stations of the example are done, the report says what is outside first, and the page can be handed in."""
    pictures, answers = make(at_home)
    assert main(["round", str(EXAMPLE), "--simulate", str(pictures), str(answers)]) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[1:4] == [
        "you: four eight",
        "seesay: That is not pump two. The digits here are not four eight. Go to pump two and say its check digits.",
        "you: four seven",
    ]
    report = (
        "Outside the limits: pressure of pump two, nine point one bar, because the filter is blocked; alarm panel, yes,"
        " because the oil is low. Skipped: belt guard, because the belt is running. In order: four."
        " Notes: the floor is wet. The round has ended."
    )
    assert lines[-1] == f"seesay: {report}"
    assert "does not know these words" not in printed.err

    with Journal.read(journal_folder({"XDG_STATE_HOME": str(at_home / "XDG_STATE_HOME")})) as journal:
        assert verify(journal).problem == ""
        records = [entry.record for entry in journal.entries() if entry.record is not None]
    kinds = [record.kind for record in records]
    assert kinds == [ROUND_BEGAN, *[STEP] * 6, NOTE, SKIP, ROUND_ENDED]
    steps = {record.station: record for record in records if record.kind == STEP}
    assert {name: step.value for name, step in steps.items()} == {
        "pump two": "PUMP-2", "pressure of pump two": "9.1", "alarm panel": "yes", "valve four": "open",
        "motor plate": "KB-7731", "tank": "42.5",
    }  # fmt: skip
    assert {name for name, step in steps.items() if step.is_out_of_limits} == {"pressure of pump two", "alarm panel"}
    assert {name for name, step in steps.items() if step.has_picture} == {"alarm panel", "valve four", "motor plate"}
    assert steps["pump two"].picture_sha256  # only the hash: the checklist says that its picture is not kept
    assert steps["alarm panel"].answer.lower().endswith("yes, there is a red circle.")  # with doubt or without
    assert steps["alarm panel"].reading == "yes"
    assert steps["alarm panel"].model == "demo_model"
    assert steps["alarm panel"].timings["total"] is not None
    assert {record.round_title for record in records} == {"Pump room (simulated)"}

    found = re.search(r"the round (\S+): `seesay (journal export --html --round \S+) -o report\.html`", printed.err)
    assert found is not None
    assert main([*found[2].split(), "-o", "report.html"]) == 0
    page = (at_home / "report.html").read_text(encoding="utf-8")
    assert page.index("pressure of pump two") < page.index("motor plate")
    assert page.count("Outside the limits") >= 2
    assert page.count("<img") == 3
    assert "the filter is blocked" in page
    capsys.readouterr()
    assert main(["journal", "export", "--json", "--round", found[1]]) == 0
    assert len(json.loads(capsys.readouterr().out)["records"]) == len(records)


def test_replies_that_do_not_suffice_are_told_and_the_round_goes_on_later(
    at_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The next run begins at the first open station."""
    pictures, answers = make(at_home)
    all_replies = (answers / "3.txt").read_text(encoding="utf-8")
    (answers / "3.txt").write_text("ready\n", encoding="utf-8")
    command = ["round", str(EXAMPLE), "--simulate", str(pictures), str(answers)]
    assert main(command) == 1
    told = capsys.readouterr().err
    assert "the replies of the station 'alarm panel' are used up, and it was asked: " in told
    assert "Yes or no?" in told
    (answers / "3.txt").write_text(all_replies, encoding="utf-8")
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("seesay: ")
    assert "I go on with the round Pump room (simulated). Five are left. Alarm panel." in lines[0]
    assert "In order: four." in lines[-1]


def test_missing_files_are_told_before_anything_is_loaded(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the number and the name of the station."""
    pictures, answers = make(at_home)
    (pictures / "valve four.png").unlink()
    assert main(["round", str(EXAMPLE), "--simulate", str(pictures), str(answers)]) == 2
    assert f"there is no picture of station 4 in {pictures}: name it 4.png or valve four.png" in capsys.readouterr().err
    make(at_home)
    (answers / "6.txt").unlink()
    assert main(["round", str(EXAMPLE), "--simulate", str(pictures), str(answers)]) == 2
    assert "there is no text of replies of station 6" in capsys.readouterr().err
    assert main(["round", str(EXAMPLE), "--simulate", str(at_home / "none"), str(answers)]) == 2
    assert "cannot read the folder" in capsys.readouterr().err


def test_a_fault_in_the_checklist_is_told_before_anything_is_loaded(
    at_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the exit status of wrong use, the file and the line; no journal is made."""
    path = at_home / "round.toml"
    path.write_text('title = "t"\n[[station]]\nnam = "x"\n', encoding="utf-8")
    assert main(["round", str(path)]) == 2
    assert capsys.readouterr().err == f"seesay: {path}, line 3: unknown key 'nam'; did you mean 'name'?\n"
    assert not (at_home / "XDG_STATE_HOME").exists()
