"""The n-gram model of sentences."""

from __future__ import annotations

import math

import pytest

from audio.demo_model.words import lm


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


def test_what_no_sentence_said_is_still_possible_after_many_repetitions() -> None:
    """However often a few sentences were drawn, a word that never followed costs no more than two back-offs of 1 %."""
    sentences = ["where is the star"] * 10_000 + ["it is hot"] * 10_000
    grammar = lm.ngram(sentences, ["where", "is", "the", "star", "it", "hot"], order=3)
    after_where = next(arc[1] for arc in grammar.arcs if arc[0] == 0 and arc[2] == "where")
    after_where_is = next(arc[1] for arc in grammar.arcs if arc[0] == after_where and arc[2] == "is")
    assert _probability(grammar, after_where_is, "it") > 0.9e-4 * _probability(grammar, grammar.unigram_state, "it")


WITNESSES = ["did i leave the lamp on", "did i lock the door", "is the door open"]
WORDS = sorted({word for text in WITNESSES for word in text.split()} | {"cup"})


def _after(grammar: lm.Acceptor, *words: str) -> int:
    """The state after the words, which must all be known in their contexts."""
    state = 0
    for word in words:
        state = next(arc[1] for arc in grammar.arcs if arc[0] == state and arc[2] == word)
    return state


def test_a_sentence_drawn_often_is_one_witness() -> None:
    """Other words stay possible after it, by how many witnesses there are and not by how often each was drawn."""
    templated = lm.ngram(WITNESSES * 1000, WORDS, order=3)
    said = lm.ngram([], WORDS, order=3, said=WITNESSES * 1000, witnesses=WITNESSES)
    rarely, often = (
        _probability(grammar, _after(grammar, "did", "i", "leave"), "cup") for grammar in (templated, said)
    )
    assert often > 5 * rarely
    assert _probability(said, _after(said, "did", "i", "leave"), "the") > 0.5


def test_the_model_of_what_was_said_is_a_distribution_too() -> None:
    """In every state the probabilities sum to one, with sentences of both kinds."""
    grammar = lm.ngram(["is the cup open"] * 50, WORDS, order=3, said=WITNESSES * 100, witnesses=WITNESSES)
    for state in {arc[0] for arc in grammar.arcs}:
        assert sum(_probability(grammar, state, word) for word in [*WORDS, lm.END]) == pytest.approx(1, abs=2e-3)


def test_templates_are_as_sure_beside_what_was_said() -> None:
    """In a context that only templates have, what was said elsewhere takes nothing from them."""
    templates = ["where is the star", "where is the circle"] * 500
    words = sorted({*WORDS, "where", "star", "circle"})
    alone = lm.ngram(templates, words, order=3)
    beside = lm.ngram(templates, words, order=3, said=WITNESSES[:2] * 100, witnesses=WITNESSES[:2])
    first, second = (_probability(x, _after(x, "where", "is", "the"), "star") for x in (alone, beside))
    assert second == pytest.approx(first, rel=0.02)
