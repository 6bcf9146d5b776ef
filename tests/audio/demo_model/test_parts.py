"""The pure parts of the scripts that made the small Vosk model."""

from __future__ import annotations

import itertools
import math
import random
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import torch

from assistant.language import english_numbers, spoken_units
from assistant.language.phrases.en import PHRASES
from audio.demo_model import (
    alignment,
    corpus,
    dataset,
    evaluate,
    graph,
    kaldi_io,
    lm,
    noise,
    phones,
    phrases,
    strangers,
    waves,
)
from audio.demo_model.augment import NoiseBank, augmented
from audio.demo_model.features import ENERGY_FLOOR, MELS
from audio.demo_model.network import Network, from_layers, padded_length, widened
from audio.demo_model.train import MODEL_FOLDER, begun, learning_rate, loss_and_hits, train


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


def _trained_looking(network: Network) -> Network:
    for norm in network.norms:  # as after training: mean is not 0 and variance is not 1
        torch.nn.init.uniform_(norm.running_mean, -0.5, 0.5)
        torch.nn.init.uniform_(norm.running_var, 0.5, 2.0)
        torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
    return network.eval()


def test_folded_layers_compute_what_the_network_does() -> None:
    """The plain affine layers written to the model file give the network's own outputs."""
    torch.manual_seed(0)
    network = _trained_looking(Network(7, narrow=12, wide=16))
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


def test_every_slot_has_one_name_and_exists() -> None:
    """No two subjects define the same slot, and no template names a slot that nobody defines."""
    names = [name for subject in (*phrases.SUBJECTS, phrases.things) for name in subject.SLOTS]
    assert len(names) == len(set(names))
    texts = [*phrases.SLOTS.values(), *(template for _, template in phrases.TEMPLATES)]
    used = {name for text in texts for name in re.findall(r"\{(?:a:)?(\w+)\}", text)}
    assert used <= set(names)


def test_subjects_have_their_share() -> None:
    """The weights of all templates make one, so that a subject's share is what the table says."""
    assert sum(weight for weight, _ in phrases.TEMPLATES) == pytest.approx(1)
    assert sum(phrases.SUBJECTS.values()) == pytest.approx(1)


def test_vocabulary_has_the_size_of_a_small_model() -> None:
    """The model knows between 1,500 and 3,000 words."""
    assert 1500 <= len(corpus.vocabulary()) <= 3000


def test_every_word_that_is_obeyed_is_in_the_vocabulary() -> None:
    """Each word of the spoken commands, of numbers and of units can be heard."""
    spoken = PHRASES
    texts = [text for wordings in (*spoken.commands.values(), *spoken.reading.commands.values()) for text in wordings]
    texts += [
        *spoken.yes,
        *spoken.no,
        *spoken.stop_words,
        *spoken.wake_phrases,
        *spoken.reading.numbers,
        *spoken.ordinals,
    ]
    texts += [*spoken.fillers_before, *spoken.fillers_after, *spoken.fillers_anywhere, *spoken.same_words]
    texts += [name for unit in spoken_units.all_units() for name in unit.english]
    texts += [english_numbers.english_words(Decimal(number)) for number in ("12.05", "-110", "1013", "2000000")]
    texts += (
        "oh nought naught double triple treble dot negative plus half quarter quarters hundred thousand million".split()
    )
    words = {word for text in texts for word in text.replace("{number}", " ").split()}
    assert not words - set(corpus.vocabulary())


def test_natural_sentences_are_for_measuring_only() -> None:
    """All forty natural sentences are held out, whatever their hash."""
    assert len(corpus.NATURAL) == 40
    assert all(corpus.is_held_out(text) for text in corpus.NATURAL)
    assert not set(corpus.NATURAL) & set(corpus.FIXED)


def test_layers_of_a_model_file_come_back(tmp_path: Path) -> None:
    """A network that was written to a model file and read again computes the same."""
    torch.manual_seed(0)
    network = _trained_looking(Network(7, narrow=12, wide=16))
    kaldi_io.write_model(tmp_path / "final.mdl", [0, 1], MELS, network.folded(), np.full(7, 1 / 7))
    again = from_layers(kaldi_io.read_layers(tmp_path / "final.mdl")).eval()
    mels = torch.clamp(torch.randn(2, MELS, padded_length(6)) * 4 + 10, min=ENERGY_FLOOR)
    with torch.no_grad():
        torch.testing.assert_close(again(mels), network(mels), atol=2e-3, rtol=1e-3)


def test_a_file_without_layers_is_refused(tmp_path: Path) -> None:
    """A model of another maker gives a sentence, not wrong weights."""
    (tmp_path / "final.mdl").write_bytes(b"\0B<TransitionModel> ")
    with pytest.raises(ValueError, match="no layers of this project's kind"):
        kaldi_io.read_layers(tmp_path / "final.mdl")


def test_wider_network_computes_what_the_small_one_does() -> None:
    """New channels change nothing before they are trained, with the batches' own norms as with the kept ones."""
    torch.manual_seed(0)
    small = _trained_looking(Network(7, narrow=12, wide=16))
    mels = torch.clamp(torch.randn(6, MELS, padded_length(40)) * 4 + 10, min=ENERGY_FLOOR)
    large = widened(small, 20, 28, mels)
    with torch.no_grad():
        expected = small(mels)
        torch.testing.assert_close(large.eval()(mels), expected, atol=2e-3, rtol=1e-3)
        torch.testing.assert_close(large.train()(mels), expected, atol=2e-2, rtol=2e-2)


def test_best_path_goes_through_all_phones_in_order() -> None:
    """Each phone lasts at least one step, silence only where it is heard, and the boundaries lie where the scores say."""
    sure = np.full((8, 5), -9.0)  # states: silence, a, silence, b, silence
    for step, state in enumerate([0, 1, 1, 1, 3, 3, 4, 4]):
        sure[step, state] = -0.1
    found = alignment.best_path(sure, [True, False, True, False, True])
    assert found is not None
    assert found[0] == [0, 1, 1, 1, 3, 3, 4, 4]
    assert found[1] == pytest.approx(-0.1)


def test_best_path_needs_a_step_for_each_phone() -> None:
    """Two steps cannot hold three phones."""
    assert alignment.best_path(np.zeros((2, 3)), [False, False, False]) is None


def test_room_dies_away_by_sixty_decibels() -> None:
    """The echoes of a made-up room fall by about 60 dB in its RT60."""
    response = waves.room_response(0.5, 1.0, np.random.default_rng(3))[1:]
    decay = 10 * np.log10(np.cumsum(response[::-1] ** 2)[::-1] / (response**2).sum())  # Schroeder's curve
    at = [int(np.argmax(decay < level)) / 16_000 for level in (-5, -25)]
    assert 3 * (at[1] - at[0]) == pytest.approx(0.45, abs=0.12)


@pytest.mark.parametrize(("hz", "is_kept"), [(100, False), (1000, True), (3000, True), (5000, False)])
def test_telephone_keeps_its_band_only(hz: float, is_kept: bool) -> None:
    """A tone of 300 to 3400 Hz passes a telephone, others do not."""
    tone = (1000 * np.sin(2 * np.pi * hz * np.arange(16_000) / 16_000)).astype(np.float32)
    assert (waves.telephone(tone).std() > 0.9 * tone.std()) == is_kept
    assert (waves.band_limited(tone, 300, 3400).std() < 0.05 * tone.std()) != is_kept


def test_headset_code_errs_a_little() -> None:
    """Four bits in each band keep the speech and add audible noise."""
    sound = np.random.default_rng(1).standard_normal(16_050).astype(np.float32) * 1000
    coded = waves.headset_coded(sound, 4)
    assert coded.shape == sound.shape
    assert 10 < 10 * np.log10(np.var(sound) / np.var(coded - sound)) < 40


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
