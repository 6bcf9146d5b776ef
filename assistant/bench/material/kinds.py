"""The three kinds of question that are measured: what is asked, how long the answer is, and a typical answer.

They are values, and those of the reference design: describe a picture, read text, reason over a table's trend. Its
answers have 124, 89 and 156 tokens, so ours are made as long: then speed is compared, and not how talkative a model
is. A model with random weights speaks no language. So `answer` lends its words to it, one for each token, so that the
first sentence ends where a first sentence would. It does not know how a picture is drawn (`pictures`) nor how
anything is measured.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.language.sentences import SentenceCutter

# One token each, as in Qwen's tokenizer for common English: a word with its space, a digit, a mark. Rare words take
# more.
_PIECE = re.compile(r"\s*(?:\d|[^\W\d_]+|[^\w\s])")


@dataclass(frozen=True)
class Kind:
    name: str
    title: str
    question: str
    answer: str
    answer_tokens: int
    reference_seconds: float  # for the whole answer, in the reference design's own report

    @property
    def pieces(self) -> list[str]:
        """The answer in pieces of one token each."""
        return pieces(self.answer)

    @property
    def first_sentence_tokens(self) -> int:
        """The number of tokens after which the voice can begin.

        A mark ends a sentence only when something follows it.
        """
        cutter = SentenceCutter(early=True)
        for count, piece in enumerate(self.pieces, start=1):
            if cutter.push(piece):
                return count
        return len(self.pieces)


@dataclass(frozen=True)
class Reference:
    """The other figures of the reference design's report; the seconds stand with each kind."""

    peak_bytes: tuple[float, float] = (7.3e9, 7.6e9)
    watts: float = 9.7
    encode_seconds: float = 3.8
    load_seconds: float = 90.0


REFERENCE = Reference()

_SCENE = (
    "A red apple and a blue cup stand on a wooden table in a small, bright room. The apple is on the left, and the cup is to "
    "the right of it, with its handle turned towards you. Behind them there is a yellow lamp, which is not lit. On the wall at "
    "the back you can see a window with four panes, and the sky outside is light blue with two white clouds. A closed green book "
    "lies at the right edge of the table, near the cup. There are no people in the picture, and the floor cannot be seen. "
    "The warm light comes from the right side."
)
NOTICE = (
    "Notice to all visitors.",
    "The lift is out of order until Friday,",
    "the third of May. Please use the stairs",
    "beside the main door, or ask at the desk",
    "for help. The office on the second floor",
    "is open from nine to five, Monday to",
    "Thursday, and closed on Friday.",
    "Letters may also be left in the green box",
    "next to the window. Dogs must stay outside,",
    "even small ones.",
    "Thank you very much for your patience.",
)
TABLE = (("January", 120), ("February", 134), ("March", 151), ("April", 149), ("May", 172), ("June", 190))
_TREND = (
    "The numbers rise over the six months, with one small step back. The table lists visitors for each month, from January to "
    "June. It begins with 120 in January, then 134 in February and 151 in March. In April it falls a little, to 149, and after "
    "that it grows again, to 172 in May and 190 in June. From the first month to the last that is 70 more, so more than half "
    "again as many. The largest step is the one from April to May, with 23. If it goes on in the same way, July should have "
    "about 200 visitors, but six months are few, and a summer may be different. Of all months January had the fewest."
)

KINDS = (
    Kind("describe", "describe a picture", "What is in front of me? Describe the whole picture.", _SCENE, 124, 8.2),
    Kind("read", "read text", "Read all of the text in this picture aloud.", " ".join(NOTICE), 89, 9.7),
    Kind(
        "trend", "reason over a table", "What is the trend in this table, and what follows from it?", _TREND, 156, 11.4
    ),
)


def pieces(text: str) -> list[str]:
    """A text in pieces of about one token each. Joined, they are the text."""
    return _PIECE.findall(text)
