"""Which questions are about writing in the picture."""

from __future__ import annotations

import pytest

from assistant.language.phrases import phrases_for
from assistant.language.writing_questions import asks_about_writing

EN, ZH = phrases_for("en"), phrases_for("zh")


@pytest.mark.parametrize(
    "question",
    [
        "how much is it", "How much does this cost?", "when does it expire", "what's the best before date", "which button says off",
        "what does the label say", "what does it say", "what is written here", "what number is on the door", "which bus is this",
        "what brand is it", "when does the shop open", "is there a phone number", "what is the price", "please read the sign",
        "Answer in detail, in several sentences: what does it say", EN.read_text_question,
    ],
)  # fmt: skip
def test_english_questions_about_writing(question: str) -> None:
    """The print is read for these."""
    assert asks_about_writing(question, EN)


@pytest.mark.parametrize(
    "question",
    [
        "what is this", "what color is the circle", "how many cups are there", "is the light on", "where is the door",
        "describe the picture", "is somebody there", "what am I holding", "is the bread done", "how big is it", EN.describe_question, "",
    ],
)  # fmt: skip
def test_other_english_questions(question: str) -> None:
    """These are not to wait for the reader."""
    assert not asks_about_writing(question, EN)


@pytest.mark.parametrize(
    "question",
    [
        "这个多少钱",
        "什么 时候 过期",
        "哪个按钮是关",
        "标签上写着什么",
        "上面写的什么",
        "几号房间",
        "这是什么牌子的",
        "电话号码是多少",
    ],
)
def test_chinese_questions_about_writing(question: str) -> None:
    """The same in Chinese, with spaces between the words as the recogniser writes them, or without."""
    assert asks_about_writing(question, ZH)


@pytest.mark.parametrize(
    "question", ["这是什么", "圆是什么颜色", "有几个杯子", "灯亮着吗", "门在哪里", ZH.describe_question]
)
def test_other_chinese_questions(question: str) -> None:
    """These are not to wait for the reader."""
    assert not asks_about_writing(question, ZH)
