from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.language.command_parser import (
    MAX_COMMAND_CHARACTERS,
    asks_nothing,
    ends_open,
    is_no,
    is_yes,
    parse_command,
    parse_note,
    parse_reading_command,
    parse_round_command,
)
from assistant.language.phrases import LANGUAGES, Command, Phrases, ReadingCommand, RoundCommand, phrases_for, spoken

ENGLISH, CHINESE = phrases_for("en"), phrases_for("zh")

# What people say, both as they type it and as a recogniser writes it.
ENGLISH_COMMANDS = {
    Command.STOP: """stop|Stop!|please stop|okay stop talking please|stop it|stop that now|be quiet|Be quiet, please.|quiet|silence|hey stop
        |enough|that's enough|okay that's enough|stop stop stop|no stop|could you stop|can you please be quiet|never mind|cancel|cancel that
        |shut up|um stop|the stop|stop the|stop reading|no more|hey camera stop|pause""",
    Command.REPEAT: """repeat|Repeat that, please!|can you say that again|could you say that again|say it again|say again|again|once more
        |what did you say|what did you just say|sorry what was that|pardon|pardon me|I didn't catch that|i didn’t hear you|i did not understand
        |would you mind repeating that|repeat the last sentence|tell me again|repeat that one more time|sorry i couldn't hear that
        |could you please repeat the answer""",
    Command.SLOWER: """slower|speak slower please|talk slower|slow down|slow down a bit|speak more slowly|can you speak a little slower
        |could you speak a little bit more slowly please|you're too fast|that's too fast|not so fast|a bit slower|you are speaking too fast
        |read slower|go slower""",
    Command.FASTER: """faster|speak faster|a little faster please|speed up|can you talk much faster|you're too slow|go faster
        |would you speak more quickly|even faster""",
    Command.LOUDER: """louder|speak louder|speak up|speak up please|volume up|turn it up|turn up the volume|turn the volume up|i can't hear you
        |I cannot hear you|a bit louder please|could you be a little louder|make it louder|too quiet|you're too quiet""",
    Command.QUIETER: """quieter|softer|be quieter please|speak more quietly|volume down|turn it down|turn the volume down|too loud|you are too loud
        |not so loud|a little quieter|lower your voice""",
    Command.SPELL: """spell that|spell it|spell|please spell that out|can you spell it for me|spell the word|how is that spelled|how's that spelt
        |how do you spell that|letter by letter|spell it letter by letter|spell that again|spell the number""",
    Command.MORE_DETAIL: """more detail|more details please|in more detail|tell me more|more|give me more information|describe it in more detail
        |could you describe the picture in detail|a bit more detail|tell me more about it|a longer answer""",
    Command.SHORTER: """shorter|shorter please|a shorter answer|make it short|keep it short|be brief|less detail|too long|that was too long
        |in one sentence|can you make it shorter""",
    Command.NEW_PICTURE: """new picture|take a new picture|a new picture please|take another picture|take a photo|take a new photo|new photo
        |another picture|look again|take one more picture|okay take a picture now|another image|can you take a new picture for me""",
    Command.SAME_PICTURE: """same picture|the same picture|keep the picture|keep this picture|use the same picture|stay on this picture|the same photo
        |keep that image|use the last picture""",
    Command.LOOK_CLOSER: """look closer|look a bit closer|take a closer look|zoom in|look more closely|closer|can you look closer at that
        |look closely|zoom in a bit|zoom in on that|could you take a closer look please""",
    Command.ARE_YOU_SURE: """are you sure|Are you sure?|are you really sure about that|how sure are you|is that right|are you very sure|check that again
        |double check that please|okay are you sure|check the number|take a second look|hey camera are you sure""",
    Command.READ_TEXT: """read the text|read the text please|read it|read this to me|read out the text|can you read the text for me|read all the text
        |read it aloud|hey camera read the text|read everything|read the writing|read it again|please read me the text
        |read this page|read the whole page to me please|can you read this document|read what is written here|read me what it says""",
    Command.WHAT_CHANGED: """what has changed|what's changed|what changed|has anything changed|what is different|what's different now|did anything change
        |what has changed since then|anything different|what is the difference|any changes|what changed since the last picture""",
    Command.READ_CODE: """read the code|scan the code|read the code please|what is the barcode|what's the bar code|scan the qr code|read the barcode
        |barcode|scan it|can you scan this for me|read the q r code|scan the barcode again|is there a barcode|find the barcode|Scan the QR code!
        |read this code|what does the qr code say|hey camera read the code|qr code""",
    Command.READ_GAUGE: """read the gauge|read the gauge please|what does the gauge say|what does this dial show|can you read the dial for me
        |read the pressure gauge|where is the needle|read that manometer|read the gage|what is the reading of the gauge""",
    Command.READ_DISPLAY: """read the display|read this display please|what does the display say|what does the digital display show
        |read the read out|what is on the display|can you read the display""",
    Command.LIGHT: """how bright is it|how bright is it here|is the light on|are the lights on|is the light on in here|how dark is it in here
        |is it dark in here|is it bright in this room|is the light on or off|brightness|what is the brightness|light level|is the light off""",
    Command.LIGHT_METER: """light meter|find the light|start the light meter|light detector|find the lights please|help me find the light
        |measure the light|can you find the light for me|the light meter""",
    Command.MIDDLE_COLOR: """which color is in the middle|what color is in the middle|color in the middle|what's the color in the middle
        |what colour is in the centre|the color in the middle please|what color is it in the middle|tell me the color in the middle
        |what color am i pointing at|what color is the middle""",
    Command.HELP: "help|help me|please help|what can you do|what can i say|I need help|what are the commands|can you help me please|how do i use this",
    Command.STATUS: """status|status report|what's your status|your status please|system status|battery level|how are you|how are you doing
        |are you okay|how hot are you|how much memory do you use""",
    Command.FORGET: """do not keep this|don't keep this|please don't keep that|do not keep it|do not save this|never record this
        |delete this|delete the last answer|erase that please|that was off the record|off the record|do not keep these
        |do not keep this picture|don’t keep that one""",
    Command.TIME: """what time is it|what's the time|What’s the time?|what is the time please|what time is it now|tell me the time
        |can you tell me the time|could you tell me what time it is|do you know what time it is|the time please|have you got the time
        |what time is it again""",
    Command.QUIT: "quit|exit the program|please quit|okay quit|thank you quit|quit the program",
}

ABOUT_A_PAGE: dict[ReadingCommand | int, str] = {
    ReadingCommand.CONTINUE: "continue|Continue, please.|go on|carry on|keep reading|resume|continue reading|okay go on|read on|继续|继续读|请 继续|接着读",
    ReadingCommand.BACK: "back|go back|go back one sentence|previous sentence|the previous one|one back|please go back a sentence|上一句|退一句",
    ReadingCommand.AGAIN: "this one again|read that line again|repeat this sentence|say this sentence again|这一句再读一遍",
    ReadingCommand.NEXT: "next|next sentence|skip this|the next one|下一句|跳过",
    ReadingCommand.NEXT_PARAGRAPH: "next paragraph|skip this paragraph|go to the next section|the next text|下一段|跳过这段",
    ReadingCommand.FROM_THE_TOP: "from the top|start again|read it again|from the beginning|begin again|restart|read it from the top|从头读|重新读一遍",
    1: "line one|the first line|line number 1|第一行|读 第 一 行",
    3: "line three|read line three|Read line 3, please.|the third line|go to line number three|read me line three again|第三行|读第三行",
    21: "line twenty one|line twenty-one|line 21|第二十一行|第 二十 一 行",
    99: "line ninety nine|第九十九行",
    120: "line 120|第120行",
    -1: "the last line|read the last line",
}  # fmt: skip
NOT_ABOUT_A_PAGE = """is there a line|what is on line three|where is the next bus|is the red line back|read the text|spell that|stop|line zero|line|
    |what is in line|line twenty twenty|how long is the first line|what comes next on the right|第几行|第行|下一班车几点""".split(
    "|"
)

# Each of these holds the words of a command and is not one.
ENGLISH_QUESTIONS = """what does the stop sign say|is there a stop sign|is this the bus stop|where is the stop button|when does the bus stop
    |where does it stop|how many quiet people are there|is it quiet here|how many people stop here|does the sign say stop|don't stop
    |is there a help button|where is the help desk|can you help me find my keys|help me read this letter|where is the exit|is this the exit
    |what is on the repeat button|does the pattern repeat|what word is written again and again|is this car faster than the other one
    |which one is slower|is the speaker louder now|which of them is quieter|where is the volume knob|how do you spell the name on the door
    |spell the word on the sign|spell the sign|what is more expensive|are there more people on the left|is there more milk|which rope is shorter
    |is the red line shorter|which picture is new|is there a new picture on the wall|what is in the picture|is it the same picture as before
    |are these the same|is there a closer chair|look at the door|what is closer the chair or the table|read the sign|read the text on the sign
    |what does the text say|is there any text|read the number on the bus|who changed the sign|what has changed on the screen
    |what is different about the two cups|what is the difference between these cups|what is the status of the machine
    |what does the status light show|what is the time on the station clock|what time does the clock show|what time does the shop close
    |what time is it on that clock|is there a clock|what is this|what do you see|what is that now|can you see it|can you see the time table
    |is the light on the machine on|please|the|okay|now|can you|thank you||what is this please|is it too loud in the room|is the sign too long
    |is the text shorter on the left|who says goodbye|is it quitting time|what is on the spelling test|what can you see|is somebody there
    |how are they doing|where are you|is the battery in the box|how many details are there|tell me what you see|take the red one
    |what does the code of conduct say|read the code of conduct|what is the code|what is the code on the door|what is the dress code|scan the room
    |what is the zip code|where is the barcode|what is above the barcode|is the barcode torn|read the code on the box|what color is the barcode
    |which code is on the left|is there a code on the door|what does the code say|how many codes are there|scan the shelf for milk
    |is there a qr code on the poster|what is the error code on the screen|code|read the morse code|what language is this code
    |what color is the circle|what color is it|which color is the circle in the middle|what color is the car in the middle|what color is the light
    |what is in the middle|what is the color of the circle|which color is the light in the middle|is it in the middle|color|what color is this
    |what color is the middle button|what shape is in the middle|is the color in the middle red|what color is behind the middle one
    |how bright is the lamp|how bright is the red one|is the lamp on|is the light red|is the light green|is the oven light on|is the traffic light on
    |where is the light|where is the light switch|what color is the light bulb|is it light|is it dark|is it bright|is the light switch on
    |which light is on|is there a light meter|where is the light meter|what does the light meter say|find the light switch|find the red light
    |is the status light on|are the lights on the car on|is the light on the left|how bright are the colors|is it too dark|is the light box open""".split(
    "|"
)

CHINESE_COMMANDS = {
    Command.STOP: "停止|停|停下|停下来|请停止|别说了|不要说了|安静|请 安静|请安静一点|好了好了够了|够了|停停停|停止停止|你能安静吗|闭嘴|取消",
    Command.REPEAT: "重复|请 再 说 一遍|再说一遍|再说一次|重复一遍|请重复一下|你能再说一遍吗|刚才说了什么|你刚才说什么|没听清|我没听清楚|可以再说一次吗|麻烦你再说一遍",
    Command.SLOWER: "慢一点|慢点|说慢一点|请说得慢一点|你能说慢一点吗|太快了|你说得太快了|语速慢一点|慢慢说|慢 一点 说|放慢语速|慢一点儿",
    Command.FASTER: "快一点|快点|说快点|请说快一些|太慢了|你说得太慢了|语速快一点|加快语速|可以快一点吗",
    Command.LOUDER: "大声一点|大声点|请大声一点|声音大一点|声音 大 一点|音量调高|调高音量|把声音调大一点|我听不见|能大声一点吗|声音太小了",
    Command.QUIETER: "小声一点|小声点|声音小一点|音量调低|把音量调小|声音太大了|请小声说|能不能小声一点|轻一点",
    Command.SPELL: "拼出来|拼一下|这个怎么拼|怎么写|一个字一个字说|请逐字读|拼写出来",
    Command.MORE_DETAIL: "详细一点|说详细一点|请说得详细一些|更多细节|多说一点|再详细点|请详细说说|具体一点",
    Command.SHORTER: "简短一点|说短一点|太长了|请简单一点|长话短说|用一句话说",
    Command.NEW_PICTURE: "新照片|拍照|拍一张新照片|再拍一张|重新拍照|再 拍 一张 照片|换一张照片|拍张照片|请拍照|新的照片|再看一次",
    Command.SAME_PICTURE: "同一张照片|保留照片|保留这张照片|还用这张照片|用同一张照片|不要换照片",
    Command.LOOK_CLOSER: "看近一点|看仔细一点|仔细看|请仔细看一看|放大|放大一点|靠近一点|再看清楚一点|仔细看一下",
    Command.ARE_YOU_SURE: "确定吗|你确定吗|你 确定 吗|你肯定吗|真的吗|再确认一下|你确不确定|没读错吗|请再核对一遍",
    Command.READ_TEXT: "读文字|读一下文字|念一下|读出来|把文字读出来|请读一下上面的字|念给我听|读一读|请把上面的字念一下|读这一页|请把这页读出来",
    Command.WHAT_CHANGED: "有什么变化|什么变了|哪里变了|有变化吗|有什么不同|有没有变化|变了什么|和刚才比有什么变化|哪儿变了",
    Command.READ_CODE: "读条码|扫一下二维码|扫描条码|读一下条形码|条码是什么|二维码|请扫描二维码|把条码读出来|扫码|有没有条码|扫 一下 条码|这个条码是什么",
    Command.READ_GAUGE: "读仪表|读一下这个仪表|看一下压力表|仪表显示多少|指针指在哪里|读表盘的读数|压力表是多少|请读一下仪表",
    Command.READ_DISPLAY: "读显示屏|读一下显示屏|显示屏显示多少|请读一下显示屏的数字|显示屏上是什么|数码管显示多少",
    Command.LIGHT: "这里有多亮|有多亮|灯开着吗|灯亮着吗|这里亮不亮|房间里暗不暗|灯关了吗|光线怎么样|这里亮吗|亮度是多少",
    Command.LIGHT_METER: "测光|开始测光|测一下光线|找灯|找光源|找一下灯|测光表",
    Command.MIDDLE_COLOR: "中间是什么颜色|中间什么颜色|中间的颜色|请问中间是什么颜色|正中间是什么颜色|中心是什么颜色|中间的颜色是什么",
    Command.HELP: "帮助|帮助 一下|帮帮我|你能做什么|我能说什么|有什么命令|怎么用|你会做些什么",
    Command.STATUS: "状态|报告状态|你的状态怎么样|系统状态|你怎么样|电量多少",
    Command.FORGET: "不要保存|不要 保存 这个|别记录|请不要记录这条|不要保留这张照片|删除上一条|请把这一条删掉|删掉刚才的|别存|不要记录下来",
    Command.TIME: "现在几点|现在 几点 了|几点了|现在是几点|现在什么时间|请问现在几点了|告诉我时间|请告诉我现在的时间|几点钟了",
    Command.QUIT: "退出|退出程序|谢谢退出|请退出",
}

CHINESE_QUESTIONS = """前面 有 什么|停止标志上写着什么|前面有停止标志吗|这里可以停车吗|停车场在哪里|车停了吗|这里安静吗|有几个安静的人|出口在哪里
    |退出键在哪里|帮助中心在哪里|哪辆车快一点|哪个慢一点|哪根绳子短一点|这张照片里有什么|墙上有新照片吗|这是同一个人吗|上面写着什么|读一下牌子上的字
    |这个字怎么读|牌子上的文字是什么|屏幕上有什么变化|这两个杯子有什么不同|钟上几点|商店几点关门|车几点来|机器的状态灯是什么颜色|请问这是什么
    |你看到了什么|谁在说再见|音量旋钮在哪里|更大的是哪个|有多少人|这是什么|请|现在|你好|谢谢|有人吗|机器上的灯开着吗|天黑了吗|左边更多吗||电池在哪里
    |重复的图案是什么|放大镜在哪里|这个多少钱|时间表在哪里|别墅在哪里
    |条码在哪里|条码上面写着什么|有几个条码|门上的密码是什么|邮政编码是多少|条码是什么颜色|圆形是什么颜色|这是什么颜色|中间是什么|中间的圆是什么颜色
    |中间有什么|灯在左边吗|灯是什么颜色|红灯亮着吗|哪个灯亮着|台灯有多亮|灯的开关在哪里|颜色|中间那个人是谁|中间的灯亮着吗|左边是什么颜色|光线从哪里来""".split(
    "|"
)


def table(commands: dict[Command, str], questions: list[str]) -> list[tuple[str, Command | None]]:
    said = [(line.strip(), command) for command, lines in commands.items() for line in lines.split("|")]
    return said + [(line.strip(), None) for line in questions]


ENGLISH_TABLE = table(ENGLISH_COMMANDS, ENGLISH_QUESTIONS)
CHINESE_TABLE = table(CHINESE_COMMANDS, CHINESE_QUESTIONS)


@pytest.mark.parametrize(("text", "command"), ENGLISH_TABLE)
def test_only_a_whole_utterance_is_a_command(text: str, command: Command | None) -> None:
    """Fillers are forgiven; a question that holds a command word stays a question."""
    assert parse_command(text, ENGLISH) is command


@pytest.mark.parametrize(("text", "command"), CHINESE_TABLE)
def test_chinese_commands_need_no_spaces(text: str, command: Command | None) -> None:
    """The recogniser puts spaces between Chinese words; the table has none."""
    assert parse_command(text, CHINESE) is command


@pytest.mark.parametrize(
    ("text", "command"),
    [(text.strip(), command) for command, texts in ABOUT_A_PAGE.items() for text in texts.split("|")]
    + [(text.strip(), None) for text in NOT_ABOUT_A_PAGE],
)
def test_commands_about_a_page(text: str, command: ReadingCommand | int | None) -> None:
    """In whichever language they are said; a question that holds their words stays a question."""
    phrases = CHINESE if re.search("[\u4e00-\u9fff]", text) else ENGLISH
    assert parse_reading_command(text, phrases) == command


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_wording_about_a_page_means_two_things(language: str) -> None:
    """Every wording of the table is understood; none says stop, spells or changes the voice."""
    phrases = phrases_for(language)
    words = phrases.reading
    listed = [wording for wordings in words.commands.values() for wording in wordings]
    assert len(listed) == len(set(listed))
    assert {wording: parse_reading_command(wording, phrases) for wording in listed} == words.command_of
    also = {parse_command(wording, phrases) for wording in listed}
    assert also <= {None, Command.REPEAT, Command.MORE_DETAIL, Command.READ_TEXT}
    numbered = {
        (wording.format(number=said), number) for wording in words.line for said, number in words.numbers.items()
    }
    assert all(parse_reading_command(wording, phrases) == number for wording, number in numbered)
    assert {parse_command(wording, phrases) for wording, _ in numbered} == {None}


@pytest.mark.parametrize(
    ("phrases", "questions", "nothing"),
    [
        (ENGLISH, ENGLISH_QUESTIONS, "please|the|okay|can you|thank you"),
        (CHINESE, CHINESE_QUESTIONS, "请|你好|谢谢"),
    ],
)
def test_what_asks_nothing_is_told_from_questions(phrases: Phrases, questions: list[str], nothing: str) -> None:
    """Thanks, hesitations and the like ask for nothing, and no question is taken for them."""
    assert [text.strip() for text in questions if asks_nothing(text, phrases)] == [
        text.strip() for text in questions if text.strip() in nothing.split("|")
    ]


@pytest.mark.parametrize(
    ("text", "nothing", "no"),
    [
        ("No.", True, True), ("no no", True, True), ("um no thanks", True, True), ("Yes!", True, False),
        ("okay thank you very much", True, False), ("goodbye", True, False), ("no milk", False, False),
        ("is there no exit", False, False), ("and the right", False, False), ("the right", False, False),
        ("the right and the wrong", False, False), ("right or left", False, False), ("so what is it", False, False), ("what is good", False, False), ("the exit", False, False), ("red", False, False), ("and now", False, False), ("now", False, False),
        ("stop", False, False), ("", False, False),
    ],
)  # fmt: skip
def test_small_talk(text: str, nothing: bool, no: bool) -> None:
    """A word that may mean something is a question, like "red" after "which one"."""
    assert (asks_nothing(text, ENGLISH), is_no(text, ENGLISH)) == (nothing, no)


def test_a_babble_is_judged_at_once() -> None:
    """A long babble of fillers is judged quickly, because each way of dividing it is tried only once."""
    assert not asks_nothing("对" * 119 + "灯", CHINESE)
    assert asks_nothing("对" * 120, CHINESE)


@pytest.mark.parametrize("text", ["行不行", "好不好", "那好不好", "对不对", "是不是", "那是不是好的", "是不是对的"])
def test_right_or_not_is_a_question_in_chinese(text: str) -> None:
    """A Chinese question like 对不对 stays a question, although it is made of a yes, a no and a yes."""
    assert not asks_nothing(text, CHINESE)
    assert not is_yes(text, CHINESE)


@pytest.mark.parametrize("text", ["再见", "拜拜", "谢谢你", "嗯", "不用了", "不 是"])
def test_small_talk_in_chinese(text: str) -> None:
    """Thanks and goodbyes to somebody else are no questions and no commands."""
    assert asks_nothing(text, CHINESE)


@pytest.mark.parametrize(("commands", "least"), [(ENGLISH_TABLE, 150), (CHINESE_TABLE, 80)])
def test_the_tables_hold_every_command_and_enough_of_both_kinds(
    commands: list[tuple[str, Command | None]], least: int
) -> None:
    """The tables of this file are not empty: a table that lost its lines would pass every test above."""
    assert len(commands) >= least
    assert {command for _, command in commands} == {*Command, None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrase_means_two_commands(language: str) -> None:
    """No wording stands for two commands, in any language."""
    wordings = [words for phrases in phrases_for(language).commands.values() for words in phrases]
    assert len(wordings) == len(set(wordings))
    assert set(phrases_for(language).commands) == set(Command)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_wording_of_the_tables_is_understood(language: str) -> None:
    """Every wording of the tables gives its command; fillers, synonyms and capitals hide none."""
    phrases = phrases_for(language)
    wrong = {
        wording: got
        for command, wordings in phrases.commands.items()
        for wording in wordings
        if (got := parse_command(wording, phrases)) is not command
    }
    assert wrong == {}


def wordings(phrases: Phrases) -> st.SearchStrategy[tuple[str, Command]]:
    return st.sampled_from([(words, command) for command, spoken in phrases.commands.items() for words in spoken])


QUESTIONS_AROUND = [
    "what does the {} sign say", "is there a {} button", "where is the {} on the left", "how many people {} here",
    "who is the man that says {}", "does it say {}",
]  # fmt: skip


@given(wordings(ENGLISH), st.sampled_from(QUESTIONS_AROUND))
def test_a_question_around_a_command_is_never_stolen(wording: tuple[str, Command], around: str) -> None:
    """Whatever command's words stand in it."""
    assert parse_command(around.format(wording[0]), ENGLISH) is None


@given(wordings(CHINESE), st.sampled_from(["牌子上写着{}对不对呢", "哪里写着{}这两个字", "有几个人在说{}"]))
def test_a_chinese_question_around_a_command_is_never_stolen(wording: tuple[str, Command], around: str) -> None:
    """Whatever command's words stand in it."""
    assert parse_command(around.format(wording[0]), CHINESE) is None


@given(wordings(ENGLISH), st.data())
def test_fillers_signs_and_capitals_change_no_command(wording: tuple[str, Command], data: st.DataObject) -> None:
    """A filler before and one after, any case, any end mark: it is the same command."""
    words, command = wording
    before = data.draw(st.sampled_from(["", "please", "could you", "hey camera", "okay", "um"]))
    after = data.draw(st.sampled_from(["", "please", "thank you", "now", "for me"]))
    said = f"{before} {words} {after}".strip()
    marked = data.draw(st.sampled_from([said, said.upper(), said.capitalize() + ".", said + "!"]))
    assert parse_command(marked, ENGLISH) is command


@given(
    wordings(CHINESE),
    st.sampled_from(["", "请", "麻烦你", "好的", "嗯", "请你"]),
    st.sampled_from(["", "谢谢", "好吗", "吧"]),
    st.sampled_from(["", "。", "！", " "]),
)
def test_chinese_fillers_change_no_command(wording: tuple[str, Command], before: str, after: str, mark: str) -> None:
    """Chinese fillers, marks and the recogniser's spaces between characters do not change a command."""
    said = before + wording[0] + after + mark
    assert parse_command(said, CHINESE) is wording[1]
    assert parse_command(" ".join(said), CHINESE) is wording[1]


@given(st.text(max_size=300))
def test_no_text_breaks_the_parser(text: str) -> None:
    """Any text gives a command or None, with the tables of both languages."""
    for phrases in (ENGLISH, CHINESE):
        assert parse_command(text, phrases) in {*Command, None}


def test_a_long_utterance_is_a_question_at_once() -> None:
    """A very long utterance is a question at once: its thousand fillers are not tried one by one."""
    assert parse_command("okay " * 1000 + "stop", ENGLISH) is None
    assert parse_command("please " * 1000 + "stop", ENGLISH) is Command.STOP
    assert len("okay stop now") < MAX_COMMAND_CHARACTERS


def test_templates_stand_for_every_wording() -> None:
    """In a template [a|b] may be left out, (a|b) may not, and they can be nested."""
    assert tuple(spoken("[please] (stop|be [so] quiet)")) == (
        "please stop", "please be so quiet", "please be quiet", "stop", "be so quiet", "be quiet",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("language", "text", "agrees"),
    [
        ("en", "yes", True), ("en", "Yes, please.", True), ("en", "yes yes", True), ("en", "that's right", True),
        ("en", "no", False), ("en", "yes what is this", False), ("en", "is it right", False), ("en", "", False),
        ("zh", "是的", True), ("zh", "对 对 对", True), ("zh", "不是", False), ("zh", "是什么", False),
    ],
)  # fmt: skip
def test_yes_is_told_from_another_question(language: str, text: str, agrees: bool) -> None:
    """After "Did you ask: …?" only a plain yes asks it."""
    phrases = phrases_for(language)
    assert is_yes(text, phrases) is agrees
    assert parse_command(text, phrases) is None


def test_the_manual_s_commands_are_obeyed() -> None:
    """Everything that docs/using.md tells a user to say is a command, in both languages."""
    manual = (Path(__file__).parents[3] / "docs" / "using.md").read_text(encoding="utf-8")
    table = manual.partition("| say | and |")[2].partition("\n\n")[0]
    english = [words for row in table.splitlines()[2:] for words in row.split("|")[1].split(",")]
    chinese = manual.partition('(`language = "zh"`): ')[2].partition(", and many")[0].split(",")
    assert {parse_command(words, ENGLISH) for words in english} == set(Command)
    assert {parse_command(words, CHINESE) for words in chinese} == set(Command)
    assert all(re.search(r"\w", words) for words in (*english, *chinese))


def test_the_manual_s_words_about_a_page_are_obeyed() -> None:
    """Everything that docs/using.md tells a user to say about a page is understood, in both languages."""
    manual = (Path(__file__).parents[3] / "docs" / "using.md").read_text(encoding="utf-8")
    table = manual.partition("| say | and it reads on from |")[2].partition("\n\n")[0]
    english = [words.strip() for row in table.splitlines()[2:] for words in row.split("|")[1].split(",")]
    chinese = [words.strip() for words in manual.partition("In Mandarin: ")[2].partition(".")[0].split(",")]
    repeats = {"again", "repeat", "再说一遍"}  # the same as everywhere
    for words, phrases in [(words, ENGLISH) for words in english] + [(words, CHINESE) for words in chinese]:
        if words in repeats:
            assert parse_command(words, phrases) is Command.REPEAT
        else:
            assert parse_reading_command(words, phrases) is not None, words
    assert len(english) > 12


@pytest.mark.parametrize(
    ("language", "text", "ends"),
    [
        ("en", "what color is the", True), ("en", "What color is", True), ("en", "is there a", True), ("en", "is it red or", True),
        ("en", "what is in front of", True), ("en", "the", True), ("en", "what color is it", False), ("en", "is it on", False),
        ("en", "how many circles are there", False), ("en", "breathe", False), ("en", "where am i", False), ("en", "", False),
        ("zh", "照片 里", True), ("zh", "这 是 红色 还是", True), ("zh", "照片 里 有 什么", False), ("zh", "这 是 什么 颜色 的", False),
    ],
)  # fmt: skip
def test_a_question_in_the_middle_is_told_from_a_whole_one(language: str, text: str, ends: bool) -> None:
    """A question that must go on is recognised by its last words, and only by whole words."""
    assert ends_open(text, phrases_for(language)) is ends


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_command_ends_open(language: str) -> None:
    """No wording of any command looks like the beginning of a longer question."""
    phrases = phrases_for(language)
    assert [wording for wording in phrases.command_of if ends_open(wording, phrases)] == []


@pytest.mark.parametrize(
    ("language", "text", "command"),
    [
        ("en", "next", RoundCommand.NEXT),
        ("en", "okay next please", RoundCommand.NEXT),
        ("en", "go back", RoundCommand.BACK),
        ("en", "skip this station", RoundCommand.SKIP),
        ("en", "say that again", RoundCommand.AGAIN),
        ("en", "i'm here", RoundCommand.LOOK),
        ("en", "where am i", RoundCommand.WHERE),
        ("en", "how many are left", RoundCommand.LEFT),
        ("en", "finish the round", RoundCommand.FINISH),
        ("en", "what is next to the door", None),
        ("en", "how many cups are there", None),
        ("zh", "下 一站", RoundCommand.NEXT),
        ("zh", "还剩几个", RoundCommand.LEFT),
        ("zh", "确认", RoundCommand.CONFIRM),
    ],
)
def test_the_commands_of_a_round(language: str, text: str, command: RoundCommand | None) -> None:
    """Only a whole utterance is one."""
    assert parse_round_command(text, phrases_for(language)) is command


@pytest.mark.parametrize(
    ("language", "text", "note"),
    [
        ("en", "note the floor is wet", "the floor is wet"),
        ("en", "make a note that it leaks", "it leaks"),
        ("en", "note", ""),
        ("en", "notes are nice", None),
        ("zh", "备注 地上 有水", "地上有水"),
    ],
)
def test_a_note_has_its_words_behind_it(language: str, text: str, note: str | None) -> None:
    """ "" if they are still to come."""
    assert parse_note(text, phrases_for(language)) == note
