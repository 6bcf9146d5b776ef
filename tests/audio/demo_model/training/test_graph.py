"""The tables of the decoding graph."""

from __future__ import annotations

from audio.demo_model.training import graph
from audio.demo_model.words import phones


def test_phones_know_their_place_in_the_word() -> None:
    """Begin, inside, end, or alone."""
    assert graph.in_word(("k", "a", "t")) == ("k_B", "a_I", "t_E")
    assert graph.in_word(("@",)) == ("@_S",)


def test_all_copies_of_a_phone_share_one_output() -> None:
    """The four places of a phone map to the same network output; silence has one."""
    table = graph.PhoneTable.of([phones.SILENCE, "a", "b"])
    assert table.outputs == [0, 1, 1, 1, 1, 2, 2, 2, 2]
    assert (table.ids["b_S"], table.transitions) == (9, 18)
