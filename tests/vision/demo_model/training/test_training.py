"""How the demo model is trained: batches, packing, mean weights and the learning rate, without any training."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from vision.demo_model.asking.conversations import conversations  # noqa: E402
from vision.demo_model.rendering.scene import random_scene  # noqa: E402
from vision.demo_model.training import labels  # noqa: E402  (as below: these need torch)
from vision.demo_model.training.feeding import picture_batch  # noqa: E402
from vision.demo_model.training.learning import Average, rate_scale  # noqa: E402
from vision.demo_model.training.network import (  # noqa: E402
    IMAGE_TOKENS,
    Eyesight,
    QuickLanguage,
    cosine_patterns,
    model_config,
    new_model,
    to_patches,
)
from vision.demo_model.training.packing import NO_TARGET, PREFIX, Packer  # noqa: E402
from vision.demo_model.training.state import begin, continue_from  # noqa: E402
from vision.demo_model.training.tokenizer import SPECIAL_TOKENS, world_tokenizer  # noqa: E402


def test_a_batch_has_pictures_labels_and_scenes_in_step() -> None:
    """Practice boards come without a scene and scenes of the world with one; the same seed gives the same batch."""
    batch = picture_batch(random.Random(3), 6, board_share=0.5)
    again = picture_batch(random.Random(3), 6, board_share=0.5)
    assert batch.pictures.shape == (6, 448, 448, 3)
    assert batch.labels.shape == (6, IMAGE_TOKENS, len(labels.GROUPS))
    assert {scene is None for scene in batch.scenes} == {True, False}
    assert np.array_equal(batch.pictures, again.pictures)
    assert batch.scenes == again.scenes


def test_batches_hold_all_three_sorts_of_scenes() -> None:
    """Scenes of the board world with signs, free drawings without a seed, and pictures of something else."""
    scenes = picture_batch(random.Random(8), 40, board_share=0.0).scenes
    assert any(scene is not None and scene.sign is not None for scene in scenes)
    assert any(scene is not None and scene.is_drawn and scene.seed == 0 for scene in scenes)
    assert any(scene is not None and not scene.is_drawn for scene in scenes)


def test_a_training_can_continue_from_a_checkpoint(tmp_path: Path) -> None:
    """It begins with the checkpoint's weights and tokenizer, and a training that has begun is left as it is."""
    from safetensors.torch import load_file

    from vision.demo_model import CHECKPOINT

    continue_from(tmp_path, CHECKPOINT)
    training = begin(tmp_path)
    weights = load_file(CHECKPOINT / "model.safetensors")
    for name, value in training.model.state_dict().items():
        if name in weights:
            assert torch.equal(value, weights[name].float())
    assert training.tokenizer.encode("It says 4071.").ids == _shipped_ids("It says 4071.")
    training.pictures = 7
    training.save()
    continue_from(tmp_path, CHECKPOINT)
    assert begin(tmp_path).pictures == 7


def _shipped_ids(text: str) -> list[int]:
    from tokenizers import Tokenizer

    from vision.demo_model import CHECKPOINT

    ids: list[int] = Tokenizer.from_file(str(CHECKPOINT / "tokenizer.json")).encode(text).ids
    return ids


def test_labels_are_within_their_classes() -> None:
    """No label of a crowded board reaches the number of classes of its group."""
    batch = picture_batch(random.Random(4), 8, board_share=1.0)
    for group, count in enumerate(labels.CLASSES):
        values = batch.labels[..., group]
        assert ((values == labels.IGNORED) | ((values >= 0) & (values < count))).all()


def test_patches_are_those_of_the_image_processor() -> None:
    """The quick patches, scaled, equal those of transformers' image processor, in both of its equal halves."""
    from PIL import Image
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    from vision.demo_model import CHECKPOINT

    pictures = picture_batch(random.Random(5), 1, board_share=1.0).pictures
    processor = Qwen2VLImageProcessorPil.from_pretrained(CHECKPOINT)
    theirs = processor(images=[Image.fromarray(pictures[0])], return_tensors="pt")
    halves = theirs["pixel_values"].view(196, 3, 2, 1024)
    ours = torch.from_numpy(to_patches(pictures)[0]).float().div(127.5).sub(1.0).view(196, 3, 1024)
    assert theirs["image_grid_thw"].tolist() == [[1, 14, 14]]
    for half in range(2):
        np.testing.assert_allclose(halves[:, :, half], ours, atol=1e-6)


def test_a_conversation_does_not_see_its_neighbours() -> None:
    """A conversation that is packed beside others has the same hidden states as alone."""
    tokenizer = world_tokenizer()
    ids = {token: tokenizer.token_to_id(token) for token in SPECIAL_TOKENS}
    language = QuickLanguage(
        new_model(model_config(tokenizer.get_vocab_size(), ids), 1).model.language_model, torch.float32
    )
    packer = Packer(tokenizer, torch.float32)
    rng = random.Random(2)
    talks = conversations(random_scene(rng), rng, 4)
    sight = Eyesight(torch.randn(1, IMAGE_TOKENS, 256), (torch.randn(1, IMAGE_TOKENS, 256),) * 2)
    together, _ = packer.pack([talks])
    alone, _ = packer.pack([talks[-1:]])
    with torch.no_grad():
        crowd = language(together.ids, together.positions, together.bias, sight)
        single = language(alone.ids, alone.positions, alone.bias, sight)
    length = alone.ids.shape[1] - PREFIX
    np.testing.assert_allclose(crowd[0, -length:], single[0, PREFIX:], atol=1e-4)


def test_only_answers_are_learnt() -> None:
    """The targets of a conversation, decoded, are its answers with their end marks and nothing of its questions."""
    tokenizer = world_tokenizer()
    rng = random.Random(6)
    talks = conversations(random_scene(rng), rng, 3)
    packed, answered = Packer(tokenizer).pack([talks])
    learnt = packed.targets[packed.targets != NO_TARGET].tolist()
    wanted = "".join(f"{turn.answer}<|im_end|>" for talk in talks for turn in talk)
    assert tokenizer.decode(learnt, skip_special_tokens=False) == wanted
    assert [place.turn for place in answered] == [turn for talk in talks for turn in talk]


def test_the_first_patterns_of_the_eye_differ() -> None:
    """The starting patterns are independent: none is a copy or a sum of the others."""
    patterns = cosine_patterns(96, 32).reshape(96, -1)
    assert np.linalg.matrix_rank(patterns) == 96


def test_mean_weights_are_lent_and_given_back() -> None:
    """Within the block the module has the mean of its weights over the steps, and afterwards its own again."""
    module = torch.nn.Linear(2, 1, bias=False)
    average = Average(module, keep=0.5)
    for value in (1.0, 3.0):
        torch.nn.init.constant_(module.weight, value)
        average.update()
    with average.in_place():
        assert module.weight.tolist() == [[2.0, 2.0]]
    assert module.weight.tolist() == [[3.0, 3.0]]


def test_the_learning_rate_rises_holds_and_falls() -> None:
    """The rate starts low, is full while it is held, and is nearly 0 at the end."""
    assert rate_scale(0, 0.0) < 0.1
    assert rate_scale(1000, 0.3) == 1.0
    assert rate_scale(1000, 1.0) == pytest.approx(0.02)
