"""The corpus: which sentences are drawn, which are held out, and which words are known."""

from __future__ import annotations

import itertools
import random
from decimal import Decimal

from assistant.language import english_numbers, spoken_units
from assistant.language.phrases.en import PHRASES
from audio.demo_model.words import corpus


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


def test_words_that_sound_alike_and_mean_the_same_have_one_spelling() -> None:
    """No sentence is drawn with "ok" for "okay", whole words only, and the other spellings remain words of the model."""
    assert corpus.spelled("ok is the queue are code nought metres") == "okay is the qr code naught meters"
    assert corpus.spelled("a token of kilometres") == "a token of kilometers"
    rng = random.Random(4)
    drawn = [corpus.sentence(rng) for _ in range(5000)]
    assert [corpus.spelled(text) for text in drawn] == drawn
    assert {"ok", "nought", "litre", "colour"} <= set(corpus.vocabulary())


def test_natural_sentences_are_for_measuring_only() -> None:
    """All hundred natural sentences are held out, whatever their hash."""
    assert (len(corpus.NATURAL), len(corpus.NATURAL_BLIND)) == (40, 60)
    natural = {*corpus.NATURAL, *corpus.NATURAL_BLIND}
    assert all(corpus.is_held_out(text) for text in natural)
    assert not natural & set(corpus.FIXED)
    assert not natural & set(corpus.SAID)


def test_what_was_said_is_said_about_other_things_of_the_same_kind() -> None:
    """A color becomes a color, the words around it stay, and the article suits what stands behind it."""
    colors = set(corpus.SLOTS["anycolor"])
    rng = random.Random(1)
    drawn = {corpus.varied("can you see a purple one", rng) for _ in range(200)}
    assert len(drawn) > 5
    for text in drawn:
        article, *color = text.removeprefix("can you see ").removesuffix(" one").split()
        assert " ".join(color) in colors
        assert article == ("an" if color[0].startswith("o") else "a")


def test_words_that_often_are_no_things_stay() -> None:
    """ "Can" is a thing, but not in "can you watch it"."""
    rng = random.Random(2)
    assert {corpus.varied("can you watch it", rng) for _ in range(100)} == {"can you watch it"}
