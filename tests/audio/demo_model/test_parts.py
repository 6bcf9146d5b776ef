"""The pure parts of the scripts that made the small Vosk model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from audio.demo_model import dataset, evaluate, strangers
from audio.demo_model.sounds import noise, waves
from audio.demo_model.sounds.features import ENERGY_FLOOR, MELS
from audio.demo_model.train import MODEL_FOLDER, begun, learning_rate, loss_and_hits, train
from audio.demo_model.training import kaldi_io
from audio.demo_model.training.network import from_layers, padded_length
from audio.demo_model.words import phones


def test_ambiguous_labels_accept_any_of_their_phones() -> None:
    """A label that may be either of two phones costs nothing when the network is sure that it is one of them."""
    targets = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 1]])
    logits = torch.tensor([[[0.0], [30.0], [30.0]]])  # (1, 3, 1): phone 1 or 2
    loss, hits, outputs = loss_and_hits(logits, torch.tensor([[3]]), targets)
    wrong, _, _ = loss_and_hits(logits, torch.tensor([[0]]), targets)
    assert (hits, outputs) == (1, 1)
    assert float(loss) < 0.5 < float(wrong)


def test_ended_utterances_do_not_count() -> None:
    """A label of −1 adds nothing to the loss."""
    targets, logits = torch.eye(2), torch.tensor([[[5.0, -9.0], [0.0, 9.0]]])
    alone, _, _ = loss_and_hits(logits[:, :, :1], torch.tensor([[0]]), targets)
    padded, _, outputs = loss_and_hits(logits, torch.tensor([[0, -1]]), targets)
    assert outputs == 1
    assert float(padded) == pytest.approx(float(alone))


def test_learning_rate_rises_then_falls() -> None:
    """Warm-up from almost nothing, the peak, and one hundredth at the end."""
    assert learning_rate(1.0, 0, 0.0) < 0.01
    assert learning_rate(1.0, 1000, 0.0) == pytest.approx(1.0)
    assert learning_rate(1.0, 9000, 1.0) == pytest.approx(0.01)


def test_noise_is_added_at_the_stated_level() -> None:
    """10 dB below the speech is a tenth of its power."""
    speech = (3000 * np.sin(np.arange(16_000) / 9)).astype(np.float32)
    (_, noisy), *_ = evaluate.with_noise([("x", speech)], noise.white, 10, 1)
    assert np.var(noisy - speech) / np.var(speech) == pytest.approx(0.1, rel=0.06)


def test_word_distance() -> None:
    """One change, one word too many, one missing."""
    assert evaluate.distance("read the text".split(), "read a text".split()) == 1
    assert evaluate.distance("stop".split(), "please stop".split()) == 1
    assert evaluate.distance("where is it".split(), "where it".split()) == 1


def _tiny_work(folder: Path) -> Path:
    """A work folder with a little data that no voice has spoken."""
    rng, part = np.random.default_rng(4), dataset.Part(names=["SIL", "a", "t"])
    for _ in range(12):
        part.frames.append(rng.normal(11, 3, (60, MELS)).astype(np.float16))
        part.labels.append(rng.integers(0, 3, 60).astype(np.uint8))
    part.save(folder / "espeak-1.npz")
    np.savez(folder / "noise-1.npz", bank=rng.normal(8, 1, (2, 100, MELS)).astype(np.float16))
    return folder


def test_killed_training_goes_on_where_it_was(tmp_path: Path) -> None:
    """A second run counts the minutes and the steps of the first, and keeps its sizes."""
    work = _tiny_work(tmp_path)
    train(work, 0.01, 12, 16, 1e-3, None, 1)
    first = torch.load(work / "checkpoint.pt", weights_only=False)
    train(work, 0.02, 99, 99, 1e-3, None, 1)
    second = torch.load(work / "checkpoint.pt", weights_only=False)
    assert second["progress"]["step"] > first["progress"]["step"] > 0
    assert second["progress"]["trained_s"] == pytest.approx(1.2, abs=0.5)
    assert (second["narrow"], second["wide"]) == (12, 16)
    assert len(torch.load(work / "network.pt", weights_only=False)["phones"]) == len(phones.CLASSES)


def test_training_begins_from_the_model_in_the_repository() -> None:
    """The first step's network knows phones already: it computes what the shipped one does."""
    shipped = from_layers(kaldi_io.read_layers(MODEL_FOLDER / "am" / "final.mdl"))
    narrow, wide = shipped.layers[0].outputs, shipped.layers[-1].outputs
    mels = torch.clamp(torch.randn(4, MELS, padded_length(20)) * 4 + 10, min=ENERGY_FLOOR)
    run = begun(len(phones.CLASSES), narrow + 8, wide + 8, 1e-3, MODEL_FOLDER, mels)
    with torch.no_grad():
        torch.testing.assert_close(run.network.eval()(mels), shipped.eval()(mels), atol=2e-2, rtol=1e-2)


def test_strangers_are_heard_in_a_room_at_the_stated_level() -> None:
    """The noise of the room lies 15 dB below the speech with its echoes."""
    speech = (3000 * np.sin(np.arange(16_000) / 9)).astype(np.float32)
    heard = strangers.in_room([("x", speech)], 1)[0][1]
    response = waves.room_response(strangers.ROOM_RT60_S, strangers.ROOM_ECHO, np.random.default_rng(1))
    echoed = waves.filtered(speech, response)
    assert 10 * np.log10(np.var(echoed) / np.var(heard - echoed)) == pytest.approx(15, abs=1)


def test_strangers_are_heard_by_a_microphone_of_8_khz() -> None:
    """Nothing above 4 kHz is left, and what lies below is unchanged."""
    low, high = (np.sin(2 * np.pi * hz * np.arange(16_000) / 16_000).astype(np.float32) for hz in (1000, 5000))
    np.testing.assert_allclose(strangers.narrow([("x", low + high)])[0][1], low, atol=0.05)
