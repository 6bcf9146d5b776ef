"""PP-OCRv6 as the package rapidocr ships it: where print stands, whether a line is upside down, and what it says.

The three networks run in onnxruntime sessions that are built here, and not by rapidocr's own classes. Those would
download a missing model, and would let idle threads spin. Of rapidocr's code two classes are used: one turns the
detector's map into boxes, the other turns the recogniser's probabilities into text. Nothing here opens a connection.

It works on pictures as arrays. It does not know frames, reading order, threads or idle times.
"""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vision.errors import Cancelled, ReaderError
from vision.frame import Rgb

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Boxes = NDArray[np.float32]  # (lines, 4 corners, x and y)

REPAIR = "reinstall it with `pip install --force-reinstall --no-deps rapidocr==3.9.2`"

# The picture is reduced to this longest side before lines are looked for. At 1312 pixels every line is found that is
# high enough to be recognised, in less than half the time that 1920 pixels take. Larger pictures also mislead the
# detector: it judges by the mean over the whole picture, so that at 1920 pixels it missed two words on a white wall,
# and took a smooth dark table for print. It is worth a try where the print may be very small.
FIRST_LOOK_PX, SECOND_LOOK_PX = 1312, 1920
_SECOND_ENLARGED = 1.5  # a second look enlarges no more than this, and is taken only if it shows so much more
_SECOND_LARGER = 1.2
DETECT_SHORTEST_PX = 736  # smaller pictures are enlarged to this, because small print is found better then
MOST_ENLARGED = 4.0  # beyond that a picture has no more to show
_DETECT_STEP_PX = 32  # both sides must be a multiple of this
_LINE_HEIGHT_PX = 48  # the recogniser's and the classifier's input
_SHORTEST_LINE_PX = 320  # a shorter line is padded to this, as in the recogniser's training
# Nothing that is read aloud has lines 60 times as wide as high; a scratch across the picture has.
_LONGEST_LINE_PX = 60 * _LINE_HEIGHT_PX
_CLASSIFIER_WIDTH_PX = 192


@dataclass(frozen=True)
class _ModelFile:
    name: str
    task: str  # these three find the file's checksum in rapidocr's own list
    version: str
    key: str


_DETECTOR = _ModelFile("PP-OCRv6_det_small.onnx", "det", "PP-OCRv6", "multi_PP-OCRv6_det_small")
_CLASSIFIER = _ModelFile("ch_ppocr_mobile_v2.0_cls_mobile.onnx", "cls", "PP-OCRv4", "ch_ppocr_mobile_v2.0_cls_mobile")
_RECOGNISER = _ModelFile("PP-OCRv6_rec_small.onnx", "rec", "PP-OCRv6", "multi_PP-OCRv6_rec_small")


class Models:
    """The three networks, loaded. Its methods raise whatever the libraries raise: call them within `failures`.

    They take about 70 MB, 180 MB after the first page and up to 0.35 GB while they detect; 0.5 GB in a second look.
    """

    def __init__(self, threads: int) -> None:
        """Loads and verifies them, which takes about half a second. Raises ReaderError also."""
        # rapidocr logs to stderr from the moment it is imported, in colour.
        log = logging.getLogger("RapidOCR")
        log.addHandler(logging.NullHandler())  # it adds its own handler only where there is none
        try:
            import rapidocr
            from rapidocr.ch_ppocr_det.utils import DBPostProcess
            from rapidocr.ch_ppocr_rec.utils import CTCLabelDecode
            from rapidocr.inference_engine.base import InferSession
        except (ImportError, OSError) as error:  # OSError: one of its YAML files is missing
            raise ReaderError(f"the package rapidocr, which reads print, is missing or broken: {REPAIR}") from error
        log.setLevel(logging.CRITICAL)
        folder = Path(rapidocr.__file__).parent / "models"
        listed = InferSession.model_info.onnxruntime
        self._detector, self._classifier, self._recogniser = (
            _session(folder / file.name, listed[file.version][file.task][file.key].SHA256, threads)
            for file in (_DETECTOR, _CLASSIFIER, _RECOGNISER)
        )
        # rapidocr's own settings, but for max_candidates: it keeps the first thousand, counted from the picture's foot,
        # so that a full page in small print would lose its top.
        self._boxes_of = DBPostProcess(
            thresh=0.3, box_thresh=0.5, max_candidates=5000, unclip_ratio=1.6, score_mode="fast", use_dilation=True
        )
        characters = self._recogniser.get_modelmeta().custom_metadata_map["character"].splitlines()
        self._text_of = CTCLabelDecode(character=characters)

    def boxes_in(self, picture: Rgb, closely: bool = False) -> Boxes:
        """Where lines of print stand: four corners each in pixels of the picture, clockwise from the one that is at
        the top left in the picture. In no order. `closely` is the second look.
        """
        import cv2

        height, width = picture.shape[:2]
        scale = _closer_scale(height, width) if closely else first_look_scale(height, width)
        size = _in_steps(width * scale), _in_steps(height * scale)
        # INTER_AREA averages, so that thin strokes do not vanish between the pixels that are kept.
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        score_map = _run(self._detector, _as_input(small)[None], shrink=True)
        boxes, _ = self._boxes_of(score_map, (size[1], size[0]))
        found: Boxes = np.asarray(boxes, dtype=np.float32).reshape(-1, 4, 2)
        return found * np.array([width / size[0], height / size[1]], dtype=np.float32)

    def upside_down(self, lines: Sequence[Rgb]) -> list[float]:
        """For each line, which was cut out as if upright, the probability that it stands on its head."""
        import cv2

        inputs = np.zeros((len(lines), 3, _LINE_HEIGHT_PX, _CLASSIFIER_WIDTH_PX), np.float32)
        for number, line in enumerate(lines):
            # Its beginning is enough. A whole line squeezed into this width is judged right half of the time only.
            line = line[:, : max(1, line.shape[0] * _CLASSIFIER_WIDTH_PX // _LINE_HEIGHT_PX)]
            wanted = int(np.ceil(_LINE_HEIGHT_PX * line.shape[1] / line.shape[0]))
            width = min(max(wanted, 1), _CLASSIFIER_WIDTH_PX)
            inputs[number, :, :, :width] = _as_input(cv2.resize(line, (width, _LINE_HEIGHT_PX)))
        return [float(turned) for _, turned in _run(self._classifier, inputs)]

    def text_in(self, line: Rgb) -> tuple[str, float]:
        """The text of a line that was cut out upright, and the mean probability of its characters."""
        import cv2

        height, width = line.shape[:2]
        wanted = min(max(int(np.ceil(_LINE_HEIGHT_PX * width / height)), 1), _LONGEST_LINE_PX)
        how = cv2.INTER_AREA if height > _LINE_HEIGHT_PX else cv2.INTER_LINEAR
        values = np.zeros((1, 3, _LINE_HEIGHT_PX, max(wanted, _SHORTEST_LINE_PX)), np.float32)
        values[0, :, :, :wanted] = _as_input(cv2.resize(line, (wanted, _LINE_HEIGHT_PX), interpolation=how))
        [(text, confidence)], _ = self._text_of(_run(self._recogniser, values))
        return str(text), float(confidence)


def _session(path: Path, sha256: str, threads: int) -> InferenceSession:
    """One network, on `threads` threads that sleep while they have nothing to do. Raises ReaderError."""
    import onnxruntime

    try:
        # A weight that was changed by one bit would give wrong text in a sure voice.
        intact = _sha256_of(path) == sha256
    except OSError as error:
        raise ReaderError(f"rapidocr's model {path.name} cannot be read: {REPAIR}") from error
    if not intact:
        raise ReaderError(f"rapidocr's model {path.name} is damaged: {REPAIR}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Idle threads that spin would take the cores from the engine, which answers questions meanwhile.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Without this the arena plans the memory anew for each size of picture, and keeps 0.3 GB more.
    options.enable_mem_pattern = False
    options.log_severity_level = 4  # errors arrive as exceptions; nothing is written to stderr beside them
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _sha256_of(path: Path) -> str:
    total = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            total.update(block)
    return total.hexdigest()


def _run(session: InferenceSession, values: NDArray[np.float32], shrink: bool = False) -> NDArray[np.float32]:
    """The network's only output. `shrink` gives the memory of the run back at its end."""
    import onnxruntime

    options = onnxruntime.RunOptions()
    if shrink:
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    output: NDArray[np.float32] = session.run(None, {session.get_inputs()[0].name: values}, options)[0]
    return output


def _as_input(picture: NDArray[Any]) -> NDArray[np.float32]:
    """(3, height, width), from −1 to 1. Blue comes first: the networks were trained on OpenCV's pictures."""
    values = picture[:, :, ::-1].transpose(2, 0, 1).astype(np.float32)
    values *= 1 / 127.5
    values -= 1.0
    return values


def has_closer_look(picture: Rgb) -> bool:
    """Whether a second look shows more of this picture than the first."""
    height, width = picture.shape[:2]
    return _closer_scale(height, width) > _SECOND_LARGER * first_look_scale(height, width)


def first_look_scale(height: int, width: int) -> float:
    """By how much a picture is enlarged or reduced for the first look."""
    enlarged = min(max(1.0, DETECT_SHORTEST_PX / min(height, width)), MOST_ENLARGED)
    return min(enlarged, FIRST_LOOK_PX / max(height, width))


def _closer_scale(height: int, width: int) -> float:
    # Memory goes with the area: a square picture gets no more pixels than a camera's wide one.
    by_area = math.sqrt(SECOND_LOOK_PX * SECOND_LOOK_PX * 9 / 16 / (height * width))
    return min(_SECOND_ENLARGED, SECOND_LOOK_PX / max(height, width), by_area)


def _in_steps(length: float) -> int:
    return max(1, round(length / _DETECT_STEP_PX)) * _DETECT_STEP_PX


@contextmanager
def failures() -> Iterator[None]:
    """Turns what numpy, OpenCV and onnxruntime raise within it into a ReaderError with one sentence."""
    try:
        yield
    except (ReaderError, Cancelled):
        raise
    except MemoryError as error:
        raise ReaderError("there is not enough memory to read print: close other programs") from error
    except Exception as error:
        # onnxruntime and OpenCV report a failed allocation by exceptions of their own.
        text = str(error).lower()
        if "alloc" in text or "memory" in text:
            raise ReaderError("there is not enough memory to read print: close other programs") from error
        raise ReaderError(f"reading print failed ({_first_line_of(error)}): {REPAIR} if it happens again") from error


def _first_line_of(error: BaseException) -> str:
    lines: list[Any] = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
