"""The pure parts of the scripts that made the small Vosk model."""

from __future__ import annotations

import itertools
import math
import random
import subprocess
import sys

import numpy as np
import pytest
import torch

from audio.demo_model import corpus, evaluate, graph, lm, noise, phones
from audio.demo_model.augment import NoiseBank, augmented
from audio.demo_model.features import ENERGY_FLOOR, MELS
from audio.demo_model.network import Network, padded_length
from audio.demo_model.train import learning_rate, loss_and_hits


def test_held_out_sentences_are_never_trained_on() -> None:
    """The training stream and the two held-out sets share no sentence."""
    trained = set(itertools.islice(corpus.training_sentences(random.Random(1)), 5000))
    tested = set(corpus.held_out_sentences(200, random.Random(2)))
    tuned_on = set(corpus.held_out_sentences(100, random.Random(2), development=True))
    assert not trained & (tested | tuned_on)
    assert not tested & tuned_on


def test_about_a_tenth_of_templated_sentences_is_held_out() -> None:
    """The hash holds out one templated sentence in ten."""
    rng = random.Random(3)
    sentences = {corpus.templated(rng) for _ in range(4000)}
    many = [text for text in sentences if " " in text]
    assert 0.07 < sum(map(corpus.is_held_out, many)) / len(many) < 0.13


def test_fixed_phrases_are_always_trained_on() -> None:
    """No command is held out, whatever its hash."""
    assert not any(corpus.is_held_out(text) for text in corpus.FIXED)


def test_article_follows_the_sound() -> None:
    """Nouns get the right article."""
    assert [corpus.with_article(noun) for noun in ("orange", "star")] == ["an orange", "a star"]


def _probability(grammar: lm.Acceptor, state: int, word: str) -> float:
    """The probability of a word by the graph: of its arc, or of the back-off arc and then the word."""
    if word == lm.END and state in grammar.finals:
        return math.exp(-grammar.finals[state])
    arcs = {arc[2]: arc for arc in grammar.arcs if arc[0] == state}
    if word in arcs:
        return math.exp(-arcs[word][3])
    _, lower, _, cost = arcs[lm.BACK_OFF]
    return math.exp(-cost) * _probability(grammar, lower, word)


def test_language_model_is_a_distribution() -> None:
    """In every state the probabilities of all words and of the end sum to one."""
    sentences = ["what color is it", "what color is the star", "where is the star", "where is it", "stop"] * 5
    words = ["what", "color", "is", "it", "the", "star", "where", "stop", "cup"]
    grammar = lm.ngram(sentences, words, order=3)
    states = {arc[0] for arc in grammar.arcs}
    for state in states:
        assert sum(_probability(grammar, state, word) for word in [*words, lm.END]) == pytest.approx(1, abs=2e-3)


def test_language_model_prefers_what_it_saw() -> None:
    """A word seen in its context costs less than one that never followed."""
    grammar = lm.ngram(["where is the star"] * 9 + ["where is it"], ["where", "is", "the", "star", "it"], order=3)
    after_where = next(arc[1] for arc in grammar.arcs if arc[0] == 0 and arc[2] == "where")
    assert _probability(grammar, after_where, "is") > 0.5 > _probability(grammar, after_where, "star")


def test_phones_know_their_place_in_the_word() -> None:
    """Begin, inside, end, or alone."""
    assert graph.in_word(("k", "a", "t")) == ("k_B", "a_I", "t_E")
    assert graph.in_word(("@",)) == ("@_S",)


def test_all_copies_of_a_phone_share_one_output() -> None:
    """The four places of a phone map to the same network output; silence has one."""
    table = graph.PhoneTable.of([phones.SILENCE, "a", "b"])
    assert table.outputs == [0, 1, 1, 1, 1, 2, 2, 2, 2]
    assert (table.ids["b_S"], table.transitions) == (9, 18)


def test_flite_vowels_before_r_are_one_unit() -> None:
    """flite's "aa r" is the vowel of "star", not that of "stop"."""
    assert phones.from_flite(["s", "t", "aa", "r"]) == ["fl:s", "fl:t", "fl:aar", "fl:aarr"]
    assert all(name.removeprefix("fl:") in phones.FLITE_TO_PHONES for name in phones.from_flite(["aa", "r", "ah", "l"]))


def test_folded_layers_compute_what_the_network_does() -> None:
    """The plain affine layers written to the model file give the network's own outputs."""
    torch.manual_seed(0)
    network = Network(7, narrow=12, wide=16)
    for norm in network.norms:  # as after training: mean is not 0 and variance is not 1
        torch.nn.init.uniform_(norm.running_mean, -0.5, 0.5)
        torch.nn.init.uniform_(norm.running_var, 0.5, 2.0)
        torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
    network.eval()
    mels = torch.clamp(torch.randn(1, MELS, padded_length(5)) * 4 + 10, min=ENERGY_FLOOR)
    expected = network(mels)[0].T.detach().numpy()  # (5, 7)
    frames = dict(enumerate(mels[0].T.numpy().astype(np.float64)))
    before: dict[int, np.ndarray] = {}
    for layer in network.folded():
        now = {}
        for at in frames:
            if all(at + offset in frames for offset in layer.offsets):
                y = layer.weights @ np.concatenate([frames[at + offset] for offset in layer.offsets]) + layer.bias
                y = np.maximum(y, 0) if layer.relu else y
                now[at] = y + before[at] if layer.residual else y
        frames = before = now
    first = min(frames)
    got = np.stack([frames[first + 3 * index] for index in range(5)])
    np.testing.assert_allclose(got, expected, atol=1e-4)


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


def test_augmentation_keeps_shape_and_floor() -> None:
    """Whatever is drawn, the features keep their shape and never fall below the energy floor."""
    rng = np.random.default_rng(1)
    bank = NoiseBank(rng.normal(8, 1, (3, 50, MELS)).astype(np.float16))
    for _ in range(20):
        changed = augmented(rng.normal(12, 3, (70, MELS)).astype(np.float16), bank, rng)
        assert changed.shape == (70, MELS)
        assert changed.min() >= ENERGY_FLOOR
        assert np.isfinite(changed).all()


@pytest.mark.parametrize("kind", [*noise.BANK])
def test_noise_has_unit_power(kind: str) -> None:
    """Every kind of noise comes at the same power, so that a signal-to-noise ratio means something."""
    made = noise.BANK[kind][0](16_000, np.random.default_rng(2))
    assert made.shape == (16_000,)
    assert made.std() == pytest.approx(1, rel=0.05)


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


def test_voices_import_nothing_heavy() -> None:
    """The demo may name its held-out voices without paying for numpy, torch or vosk."""
    program = "import sys, audio.demo_model.voices; print(sorted({'numpy', 'torch', 'vosk'} & set(sys.modules)))"
    assert (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
        == "[]"
    )
