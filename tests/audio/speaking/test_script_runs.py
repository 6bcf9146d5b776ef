import pytest

from audio.speaking.script_runs import Run, is_mandarin, runs


@pytest.mark.parametrize(
    ("sentence", "parts"),
    [
        ("There is a red mug.", [("There is a red mug.", "en-us")]),
        ("The sign says 出口.", [("The sign says", "en-us"), ("出口", "cmn")]),
        ("The sign 出口 is green.", [("The sign", "en-us"), ("出口", "cmn"), ("is green.", "en-us")]),
        ("营业时间 9:00", [("营业时间", "cmn"), ("9:00", "en-us")]),
        ("It says 第3层 twice.", [("It says", "en-us"), ("第3层", "cmn"), ("twice.", "en-us")]),
        ("It says 5公斤 there.", [("It says", "en-us"), ("5公斤", "cmn"), ("there.", "en-us")]),
        ("It says “小心， 地滑！” there.", [("It says “", "en-us"), ("小心， 地滑！”", "cmn"), ("there.", "en-us")]),
        ("", [("", "en-us")]),
        ("12 %", [("12 %", "en-us")]),
    ],
)
def test_chinese_in_english_is_said_by_a_mandarin_voice(sentence, parts):
    """Characters and the digits and marks that touch them go to the Mandarin voice, the rest stays English."""
    assert runs(sentence, "en-us") == [Run(*part) for part in parts]


@pytest.mark.parametrize(
    ("sentence", "parts"),
    [
        ("桌子上有一个杯子。", [("桌子上有一个杯子。", "cmn")]),
        ("请按 start 按钮。", [("请按", "cmn"), ("start", "en-us"), ("按钮。", "cmn")]),
        ("牌子上写着 No smoking, please。", [("牌子上写着", "cmn"), ("No smoking, please", "en-us")]),
        ("12 个", [("12 个", "cmn")]),
        ("12", [("12", "cmn")]),
    ],
)
def test_latin_words_in_mandarin_are_said_by_an_english_voice(sentence, parts):
    """Words in Latin letters go to the English voice, numbers stay Mandarin."""
    assert runs(sentence, "cmn") == [Run(*part) for part in parts]


@pytest.mark.parametrize("voice", ["yue", "ja", "sit/hak", "jpx/ja+f3"])
def test_other_languages_that_write_characters_read_them_themselves(voice):
    """A Japanese or Cantonese voice keeps the whole sentence."""
    assert runs("出口 is here", voice) == [Run("出口 is here", voice)]


def test_mandarin_voices_are_known_by_name():
    """Identifier, name and variant are all understood."""
    assert all(map(is_mandarin, ("cmn", "sit/cmn", "CMN+f3", "cmn-latn-pinyin")))
    assert not any(map(is_mandarin, ("en-us", "gmw/en", "yue", "ja")))
