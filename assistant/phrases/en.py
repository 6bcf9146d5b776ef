"""English."""

from __future__ import annotations

from assistant.phrases import Command, Phrases

PHRASES = Phrases(
    voice="",
    ready="I am ready. Ask me what I see.",
    ready_demo_models=(
        "I am ready, with the small demo models. I know colors, shapes, counts, places, and large printed words."
    ),
    help=(
        "Ask a question about what is in front of the camera. "
        "You can also say: stop, repeat, new picture, same picture, help, or quit."
    ),
    not_understood="Sorry, I did not understand. Please say it again.",
    nothing_to_repeat="I have not said anything yet.",
    no_picture_yet="I have not taken a picture yet.",
    new_picture="New picture.",
    same_picture="I keep this picture until you say new picture.",
    no_answer="I have no answer to that.",
    answer_failed="Sorry, something went wrong and I cannot answer that. Please ask again.",
    picture_failed="I cannot get a picture from the camera.",
    goodbye="Goodbye.",
    device_lost="The microphone has gone. I am waiting for it to come back.",
    device_back="The microphone is back.",
    commands={
        Command.STOP: ("stop", "stop it", "stop talking", "stop that", "be quiet", "quiet", "silence", "enough"),
        Command.REPEAT: (
            "repeat", "repeat that", "repeat it", "say that again", "say it again", "again", "once more",
            "what did you say",
        ),
        Command.HELP: ("help", "help me", "what can you do", "what can i say"),
        Command.NEW_PICTURE: (
            "new picture", "take a new picture", "a new picture", "take another picture", "take a picture",
            "another picture", "look again",
        ),
        Command.SAME_PICTURE: ("same picture", "the same picture", "keep the picture", "keep this picture"),
        Command.QUIT: ("quit", "goodbye", "good bye", "quit the program", "exit the program"),
    },
    fillers_before=("please", "hey", "okay", "ok", "now", "well", "um", "uh", "can you", "could you", "would you"),
    fillers_after=("please", "now", "thank you", "thanks"),
)  # fmt: skip
