"""Mandarin. espeak-ng's voice is `cmn`; `zh` fails."""

from __future__ import annotations

from assistant.phrases import Command, Phrases

PHRASES = Phrases(
    voice="cmn",
    ready="我准备好了。请问我看到了什么。",
    ready_demo_models="我准备好了，现在用的是英语的小型演示模型。",
    help="请问摄像头前面有什么。你也可以说：停止，重复，新照片，同一张照片，帮助，退出。",
    not_understood="对不起，我没听懂。请再说一遍。",
    nothing_to_repeat="我还没有说过话。",
    no_picture_yet="我还没有拍照片。",
    new_picture="新照片。",
    same_picture="我会一直用这张照片，直到你说新照片。",
    no_answer="这个问题我没有答案。",
    answer_failed="对不起，出错了，我不能回答。请再问一次。",
    picture_failed="我得不到摄像头的画面。",
    goodbye="再见。",
    device_lost="麦克风断开了。我在等它恢复。",
    device_back="麦克风恢复了。",
    commands={
        Command.STOP: ("停止", "停", "停下", "别说了", "安静"),
        Command.REPEAT: ("重复", "再说一遍", "再说一次", "重复一遍"),
        Command.HELP: ("帮助", "帮帮我", "你能做什么"),
        Command.NEW_PICTURE: ("新照片", "拍照", "拍一张新照片", "再拍一张", "重新拍照"),
        Command.SAME_PICTURE: ("同一张照片", "保留照片", "保留这张照片"),
        Command.QUIT: ("退出", "再见"),
    },
    fillers_before=("请", "你好", "现在"),
    fillers_after=("一下", "谢谢", "吧"),
)
