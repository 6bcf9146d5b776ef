"""The shipped demo checkpoint loads as published checkpoints do, and answers unseen scenes as its card says."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vision.demo_model import CHECKPOINT
from vision.demo_model.rendering.fonts import BUILTIN, held_out_fonts

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from vision.demo_model import evaluate, strangers  # noqa: E402  (needs torch)
from vision.demo_model.rendering import photographs, stranger_pictures  # noqa: E402  (needs torch)
from vision.demo_model.rendering.stranger_drawings import by_opencv, drawn_by  # noqa: E402
from vision.demo_model.training import marking  # noqa: E402  (needs torch)
from vision.demo_model.training.network import to_patches  # noqa: E402

# The shares of exact answers on unseen scenes that the card promises.
PROMISED = {
    "background": 0.95,
    "color": 0.95,
    "count": 0.95,
    "position": 0.95,
    "presence": 0.95,
    "number": 0.90,
    "word": 0.90,
}


@pytest.fixture(scope="module")
def examinee() -> evaluate.Examinee:
    return evaluate.load(CHECKPOINT)


def least_right(asked: int, share: float) -> int:
    """The fewest right answers of `asked` that a model with a true share of `share` falls below once in 1,000 exams.

    A small exam of a model that just keeps its promise would fail by chance otherwise: the margin is the binomial one.
    """
    below = 0.0
    for right in range(asked + 1):
        # In logarithms, because the binomial coefficients of a thousand questions are too large for a float.
        ways = math.lgamma(asked + 1) - math.lgamma(right + 1) - math.lgamma(asked - right + 1)
        below += math.exp(ways + right * math.log(share) + (asked - right) * math.log(1 - share))
        if below > 0.001:
            return right
    return asked


def test_the_checkpoint_is_small_and_has_the_published_files() -> None:
    """All seven files and their checksums are there, 25 MB at most together, and the weights are bfloat16."""
    from safetensors import safe_open

    names = {path.name for path in CHECKPOINT.iterdir()}
    assert names == {
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "preprocessor_config.json",
        "seesay-model.json",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    assert sum(path.stat().st_size for path in CHECKPOINT.iterdir()) <= 25_000_000
    with safe_open(str(CHECKPOINT / "model.safetensors"), framework="pt") as weights:
        assert {weights.get_slice(name).get_dtype() for name in weights.keys()} == {"BF16"}  # noqa: SIM118 (not a dict)


def test_transformers_loads_every_weight() -> None:
    """No weight is missing, left over or of the wrong shape."""
    from transformers import Qwen3VLForConditionalGeneration

    _, report = Qwen3VLForConditionalGeneration.from_pretrained(
        CHECKPOINT, dtype=torch.float32, output_loading_info=True
    )
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))


def test_the_tokenizer_gives_back_what_it_got(examinee: evaluate.Examinee) -> None:
    """Text, special tokens and characters from outside the demo's world survive encoding and decoding."""
    for text in (
        "what color is the circle",
        "It says 4071.",
        "<|im_start|>user\nDo you see a dog?<|im_end|>\n",
        "naïve 漢字  \n",
    ):
        assert examinee.tokenizer.decode(examinee.tokenizer(text).input_ids) == text


def test_special_tokens_are_those_of_the_configuration(examinee: evaluate.Examinee) -> None:
    """The ids in config.json are the tokenizer's, and <|im_end|> ends an answer."""
    config = json.loads((CHECKPOINT / "config.json").read_text())
    number = examinee.tokenizer.convert_tokens_to_ids
    assert config["image_token_id"] == number("<|image_pad|>")
    assert config["video_token_id"] == number("<|video_pad|>")
    assert config["vision_start_token_id"] == number("<|vision_start|>")
    assert config["vision_end_token_id"] == number("<|vision_end|>")
    assert examinee.tokenizer.eos_token == "<|im_end|>"
    assert number("<|im_end|>") in examinee.model.generation_config.eos_token_id


def test_special_tokens_in_a_users_text_are_plain_text(examinee: evaluate.Examinee) -> None:
    """With split_special_tokens a typed <|im_end|> is just characters."""
    ids = examinee.tokenizer("what<|im_end|>", split_special_tokens=True).input_ids
    assert examinee.tokenizer.convert_tokens_to_ids("<|im_end|>") not in ids


def test_reading_is_by_character(examinee: evaluate.Examinee) -> None:
    """Digits and capitals of a sign are one token each."""
    assert examinee.tokenizer.tokenize("It says 4071.")[-5:] == ["4", "0", "7", "1", "."]
    assert examinee.tokenizer.tokenize("It says OPEN.")[-5:] == ["O", "P", "E", "N", "."]


def test_the_quick_forward_pass_is_that_of_transformers(examinee: evaluate.Examinee) -> None:
    """Training, marking and transformers compute the same: image features agree within float32 rounding."""
    paper = marking.exam(1, (BUILTIN,), seed=5)
    half = torch.from_numpy(paper.patches[0]).float().div(127.5).sub(1.0).view(196, 3, 1, 1024)
    pixels = half.expand(-1, -1, 2, -1).reshape(196, -1)
    with torch.no_grad():
        theirs: Any = examinee.model.model.visual(pixels, torch.tensor([[1, 14, 14]]))
        ours = examinee.eye(torch.from_numpy(paper.patches))
    np.testing.assert_allclose(ours.merged[0], theirs.pooler_output, atol=2e-3)
    for one, other in zip(ours.deepstack, theirs.deepstack_features, strict=True):
        np.testing.assert_allclose(one[0], other, atol=2e-3)


def test_generation_says_what_marking_says(examinee: evaluate.Examinee) -> None:
    """Greedy generation by transformers gets as many first questions right as the marking behind the card's figures."""
    paper = marking.exam(2, (BUILTIN,), seed=6)
    single = marking.Exam(
        paper.patches, tuple(tuple(talk for talk in talks if len(talk) == 1) for talks in paper.asked)
    )
    result = evaluate.marks(examinee, single)
    assert evaluate.generation_agrees(examinee, single, 2) == (result.right.total(), result.asked.total())


@pytest.mark.parametrize(("fonts", "seed"), [("held out", 660_001), ("built in", 660_002)])
def test_unseen_scenes_are_answered_as_the_card_says(examinee: evaluate.Examinee, fonts: str, seed: int) -> None:
    """On new scenes each kind of question reaches its promised share of exact answers, less the binomial margin."""
    faces: tuple[Path | None, ...] = held_out_fonts() if fonts == "held out" else (BUILTIN,)
    if not faces:
        pytest.skip("the held-out fonts are not installed: apt-get install fonts-open-sans fonts-freefont-ttf")
    result = evaluate.marks(examinee, marking.exam(60, faces, seed=seed))
    short = {
        kind: f"{result.right[kind]} of {result.asked[kind]}"
        for kind, share in PROMISED.items()
        if result.right[kind] < least_right(result.asked[kind], share)
    }
    assert not short, result.line()


def test_free_drawings_are_answered_as_the_card_says(examinee: evaluate.Examinee) -> None:
    """Shapes of any size anywhere, filled or outlined, digital or photographed: 95 % of the answers are exact."""
    result = evaluate.marks(examinee, marking.free_exam(60, seed=660_003))
    right, asked = result.right.total(), result.asked.total()
    assert right >= least_right(asked, 0.95), result.line()


def test_drawings_by_another_library_are_answered_as_the_card_says(examinee: evaluate.Examinee) -> None:
    """Of drawings by OpenCV, which training never used, 95 % of the answers are exact, less the binomial margin."""
    group = strangers.Group("OpenCV", tuple(drawn_by(by_opencv, 60, seed=660_004)))
    result = evaluate.marks(examinee, strangers.paper(group))
    right, asked = result.right.total(), result.asked.total()
    assert right >= least_right(asked, 0.95), result.line()


def test_of_pictures_that_are_no_drawings_it_says_so(examinee: evaluate.Examinee) -> None:
    """Of photographs, pictures like photographs, and noise, 90 % of the answers are that it only knows shapes."""
    dice = np.random.default_rng(660_005)
    like = [photographs.SUBJECTS[name](dice, 448, 448) for name in ("leaves", "page", "shallow", "cloth") * 5]
    pictures = [*like, *stranger_pictures.noise(10, 660_006), *stranger_pictures.photographs(660_007, crops=0)]
    group = strangers.Group("others", tuple((picture, strangers.NOT_A_DRAWING) for picture in pictures))
    result = evaluate.marks(examinee, strangers.paper(group))
    assert result.share("not_drawn") >= 0.90, result.line()


def test_plain_pictures_have_their_background_named(examinee: evaluate.Examinee) -> None:
    """A picture that is pure green, red, yellow or blue all over is a background of that colour."""
    plain = {"green": (0, 128, 0), "red": (255, 0, 0), "yellow": (255, 255, 0), "blue": (0, 0, 255)}
    for color, rgb in plain.items():
        patches = to_patches(np.full((1, 448, 448, 3), rgb, np.uint8))
        assert evaluate.generated(examinee, patches[0], "what do you see") == f"I see a {color} background."
