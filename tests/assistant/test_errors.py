"""Which exit status an error becomes, and what progress looks like if nobody watches it."""

from __future__ import annotations

import pytest

from assistant import errors
from assistant.errors import AssistantError, exit_status_of
from assistant.models.progress import ProgressBars
from audio import errors as audio_errors
from vision import errors as vision_errors

STATUSES = {
    errors.AssistantError: 1,
    errors.UsageError: 2,
    errors.ConfigError: 2,
    errors.ChecklistError: 2,
    errors.FetchError: 1,
    errors.ModelMissing: 3,
    errors.ButtonMissing: 3,
    errors.PackageMissing: 3,
    errors.JournalError: 1,
    errors.PowerError: 3,
    vision_errors.ReaderError: 3,
    vision_errors.RemoteError: 3,
    audio_errors.DeviceMissing: 3,
    audio_errors.DeviceLost: 3,
    audio_errors.SpeechModelError: 3,
    audio_errors.VoiceError: 2,
    audio_errors.VoiceModelError: 3,
    audio_errors.WavError: 1,
    audio_errors.WavWriteError: 1,
    vision_errors.CameraMissing: 3,
    vision_errors.CameraLost: 3,
    vision_errors.VisionModelError: 3,
    vision_errors.PictureError: 1,
    vision_errors.PictureTooLarge: 1,
    vision_errors.QuestionError: 2,
    vision_errors.Cancelled: 1,
    RuntimeError: 1,
    KeyboardInterrupt: 130,
}


@pytest.mark.parametrize(("kind", "status"), STATUSES.items(), ids=lambda value: getattr(value, "__name__", str(value)))
def test_every_error_has_its_exit_status(kind: type[BaseException], status: int) -> None:
    """The statuses are 1 it failed, 2 wrong use, 3 a device or model is missing, 130 Ctrl-C."""
    assert exit_status_of(kind("why")) == status


@pytest.mark.parametrize(
    ("module", "base"),
    [(errors, AssistantError), (audio_errors, audio_errors.AudioError), (vision_errors, vision_errors.VisionError)],
)
def test_no_error_is_forgotten(module: object, base: type[Exception]) -> None:
    """Every error class has a status in the table above and a line in its module's tree."""
    classes = {value for value in vars(module).values() if isinstance(value, type) and issubclass(value, base)}
    assert classes - {*STATUSES, audio_errors.AudioError, vision_errors.VisionError} == set()
    assert all(kind.__name__ in (getattr(module, "__doc__", "") or "") for kind in classes)


@pytest.mark.parametrize("kind", [errors.ConfigError, vision_errors.VisionModelError])
@pytest.mark.parametrize("name", ["\0\n\x1b\ud800" * 10_000, "x" * 1_000_000])
def test_an_error_is_one_printable_line_of_bounded_length(kind: type[Exception], name: str) -> None:
    """A name out of a hostile file neither commands a terminal nor fills it; both ends of the sentence stay."""
    said = str(kind(f"a{name}z"))
    assert said.isprintable()
    assert len(said) < 1_010
    assert (said[0], said[-1]) == ("a", "z")


def test_progress_in_a_log_is_a_line_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal there is no bar but one line on stderr for each file, and nothing on stdout."""
    with ProgressBars() as bars:
        for done in (0, 50, 100):
            bars.show("a", done, 100)
        bars.show("b", 0, 2_000)
    assert capsys.readouterr() == ("", "a: 100 bytes\nb: 2,000 bytes\n")


def test_progress_on_a_terminal_is_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the bar begins where the download is resumed, and ends full."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with ProgressBars() as bars:
        bars.show("model", 500, 1000)
        bars.show("model", 1000, 1000)
    shown = capsys.readouterr().err
    assert "model:  50%" in shown
    assert "model: 100%" in shown
