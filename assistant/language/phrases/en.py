"""English."""

from __future__ import annotations

import datetime as dt

from assistant.language.phrases import (
    CodeWords,
    ColorWords,
    Command,
    DoubtWords,
    FaultWords,
    InstrumentWords,
    JournalWords,
    LengthWords,
    LightWords,
    Phrases,
    ReadingCommand,
    ReadingWords,
    ReportWords,
    RoundCommand,
    RoundWords,
    SecondLookWords,
    SetupWords,
    SpeechModel,
    WritingWords,
    spoken,
)
from assistant.language.sentences import Abbreviations

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
_DIGITS = {str(digit): word for digit, word in enumerate(_ONES[:10])}
_SIGNS = {
    " ": "space", ".": "dot", ",": "comma", "-": "dash", "–": "dash", "_": "underscore", "/": "slash", "\\": "backslash",
    ":": "colon", ";": "semicolon", "@": "at", "&": "ampersand", "+": "plus", "=": "equals", "#": "hash", "%": "percent",
    "*": "star", "'": "apostrophe", "’": "apostrophe", '"': "quote", "(": "open bracket", ")": "close bracket",
    "!": "exclamation mark", "?": "question mark", "$": "dollar", "€": "euro", "£": "pound", "°": "degree",
}  # fmt: skip


def time_in_words(time: dt.time) -> str:
    """The hours and then the minutes, because a hearer has to think about "ten to five"."""
    hour, minute = time.hour, time.minute
    if minute == 0 and hour in (0, 12):
        return "It is noon." if hour else "It is midnight."
    minutes = "o'clock" if minute == 0 else f"oh {_ONES[minute]}" if minute < 10 else _number(minute)
    part = ("in the morning", "in the afternoon", "in the evening", "at night")[sum(hour >= h for h in (12, 18, 21))]
    return f"It is {_number(hour % 12 or 12)} {minutes} {part}."


def _number(number: int) -> str:
    tens, ones = divmod(number, 10)
    return _ONES[number] if number < 20 else f"{_TENS[tens]} {_ONES[ones]}" if ones else _TENS[tens]


# Parts of the command templates below.
_SPEAK = "[speak|speaking|talk|talking|go|read|be|say it|make it]"
_BIT = "[a [little] bit|a little|much|even|some]"
_THAT = "(that|it|this)"
_PAGE = "[the|this|that|the whole|this whole|the entire] (page|document|sheet)"

_ORDINALS = tuple(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth".split()
)
_DEMO_LIMITS = "I can read print and codes; of other things I only know drawn shapes until the full model is fetched."
_CODE = "(code|codes|bar code|bar codes|barcode|barcodes|qr code|qr codes|q r code|cue are code|queue are code)"
_NO_BARE_CODE = "(bar code|barcode|qr code|q r code|cue are code|queue are code)"  # "the code" may be that of a door
_GAUGE = "([pressure] gauge|gage|dial|needle|manometer|pressure meter)"
_DISPLAY = "([digital] (display|readout)|read out)"
_HERE = "(here|in here|in this room|in the room|around here|around me|at the moment)"
_THIS_TURN = "this|that|it|these|those|this one|that one|[this|that|the last] (picture|question|answer|turn)"
_HOLD_IT = "Hold it still and flat, and a little closer."

ABBREVIATIONS = Abbreviations(
    never_last=frozenset(
        "mr mrs ms dr prof st sr jr vs approx vol dept est inc ltd co e.g i.e u.s u.k cf mt ave rd blvd tel ph.d "
        "sgt cpl capt col gen lt cmdr maj rev hon sen rep gov pres messrs assn bldg min max".split()
    ),
    may_be_last=frozenset("etc a.m p.m sec hr oz lb tbsp tsp".split()),
    goes_on=frozenset(
        "monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays "
        "sundays est edt cst pst gmt utc".split()
    ),
    before_numbers=frozenset(
        "no nos nr p pp fig figs ch art ext apt rm exp ed jan feb mar apr jun jul aug sep sept oct nov dec".split()
    ),
)

PHRASES = Phrases(
    speech_model=SpeechModel(
        name="vosk-model-small-en-us-0.15",
        size_bytes=41_205_931,
        sha256="30f26242c4eb449f948e42cb302dd7a686cb29a3423a8367f99ff41780942498",
    ),
    voice="",
    ready="I am ready. Ask me what I see.",
    ready_demo_models=f"I am ready. {_DEMO_LIMITS}",
    still_loading="I am still waking up. Your answer comes as soon as I can see.",
    short_of_memory="This computer is short of memory, so I am slow. Your answer goes on as soon as I can.",
    not_loaded="I cannot see, because my model could not be loaded. I have to end here.",
    demo_limits=_DEMO_LIMITS,
    help=(
        "Ask a question about what is in front of the camera. "
        "About the picture you can say: new picture, same picture, look closer, are you sure, read the text, what has changed, "
        "more detail, or shorter. "
        "While I read: stop, continue, back, again, next paragraph, from the top, line three, or spell that. "
        "At once I tell: read the code, how bright is it, light meter, and color in the middle. "
        "About my voice you can say: stop, repeat, spell that, slower, faster, louder, or quieter. "
        "You can also say: status, what time is it, do not keep this, help, or quit."
    ),
    did_you_ask="Did you ask: {question}?",
    not_understood="I did not understand that. Please say it again.",
    nothing_to_repeat="I have not said anything yet.",
    nothing_to_spell="There is nothing to spell yet.",
    no_picture_yet="I have not taken a picture yet.",
    new_picture="New picture.",
    same_picture="I keep this picture until you say new picture.",
    no_answer="I have no answer to that.",
    answer_failed="Sorry, something went wrong and I cannot answer that. Please ask again.",
    picture_failed="I cannot get a picture from the camera.",
    goodbye="Goodbye.",
    device_lost="The microphone has gone. I am waiting for it to come back.",
    device_back="The microphone is back.",
    microphone_muted="I hear nothing at all. The microphone is muted, or not connected.",
    button_lost="I cannot find the button. Please check its plug.",
    button_back="The button is back.",
    loudspeaker_back="The loudspeaker is back.",
    camera_lost="The camera gives no picture any more. Please check its plug.",
    camera_back="The camera is back.",
    camera_looked_through="Somebody looks through the camera, by page or by program.",
    pictures_leave="Attention: pictures leave this machine. They go to the computer {host}.",
    remote_away="The other computer is away. I look myself.",
    remote_away_demo="The other computer is away. I look myself, with the small demo model, which only knows drawn shapes.",
    remote_away_alone="The other computer is away.",
    remote_back="The other computer is back.",
    slower="Slower.",
    faster="Faster.",
    louder="Louder.",
    quieter="Quieter.",
    slowest="I cannot speak slower than this.",
    fastest="I cannot speak faster than this.",
    loudest="I cannot speak louder than this.",
    quietest="I cannot speak quieter than this and still be heard.",
    profiles={"headset": "Headset.", "button": "One button.", "cart": "Cart, with a loudspeaker."},
    hint_button="Press the button and ask. Press it while I speak to stop me, and twice to hear it again.",
    hint_wake_word="Say {wake_word}, then ask.",
    open_listening="I take everything that I hear for a question.",
    much_talk="I have answered a lot in the last minute. Perhaps not all of it was meant for me.",
    offer_button_or_wake_word=(
        "Where others talk, let me wait for a button, or for {wake_word}: run seesay setup, or start me with the profile "
        "button or cart."
    ),
    instructions=(
        "You are the eyes of a person who cannot see the picture. Answer in one short sentence, the main thing first, in plain "
        "words, without lists. Read text and numbers exactly as written. If what is asked about cannot be seen, or not clearly, "
        "say so and do not guess."
    ),
    read_text_question="Read all the text in this picture, word for word. If there is no text, say so.",
    more_detail_question="Answer in detail, in several sentences: {question}",
    shorter_question="Answer in a few words: {question}",
    describe_question="What is in this picture? Name the main thing first.",
    nothing_changed="I see no change.",
    what_changed="Before: {before} Now: {now}",
    reading=ReadingWords(
        doubtful_line="I am not sure of this line: {line}",
        also_doubtful_line="Nor of this one: {line}",
        unreadable_line="Here is a line that I cannot read.",
        unreadable_lines="Here are {count} lines that I cannot read.",
        no_text="I see no text.",
        nothing_sure="I see no text that I can read.",
        possible_line="It may say: {line}",
        also_possible_line="And: {line}",
        the_end="That is the end of the text.",
        after_the_end="That was all. Say from the top to hear it again.",
        no_such_line="The last line is number {count}.",
        failed="Sorry, I cannot read text now. You can still ask me other things.",
        advice={
            "cut_left": "The page is cut off on the left. Move the camera to the left.",
            "cut_right": "The page is cut off on the right. Move the camera to the right.",
            "cut_top": "The page is cut off at the top. Move the camera up.",
            "cut_bottom": "The page is cut off at the bottom. Move the camera down.",
            "too_far": "The print is too small for me. Move closer.",
            "slanted": "The page is slanted. Hold the camera straight above it.",
            "glare": "Light is reflected on the page. Tilt it a little, or turn away from the lamp.",
        },
        too_near="The page does not fit into the picture. Move further away.",
        commands={
            ReadingCommand.CONTINUE: spoken(
                "(continue|resume|go on|carry on|proceed) [reading|with the (page|text)]", "(keep|go on) (reading|going)", "continue to read",
                "read (on|further)",
            ),
            ReadingCommand.BACK: spoken(
                "[go|read|one] back", "[go] back (one [more] [sentence]|a sentence)", "[go] one [sentence] back", "[go] back to the (previous|last) sentence",
                "[read|say|repeat] [me] [the] previous [sentence|one]", "[read|say|repeat] [me] the sentence before", "go back one",
            ),
            ReadingCommand.AGAIN: spoken(
                "[read|say] [me] (this|that|the) (sentence|one) again", "repeat [me] (this|that|the) (sentence|one|line)",
                "[read|say] [me] (this|that|the) line again",
            ),
            ReadingCommand.NEXT: spoken("[the|go to the|read the|read me the] next [sentence|one]", "skip [it|this|that|this sentence]"),
            ReadingCommand.NEXT_PARAGRAPH: spoken(
                "[the|go to the|read the|read me the|skip to the] next (paragraph|section|part|block|text|lines)", "skip (this|the|that) (paragraph|section|part)",
            ),
            ReadingCommand.FROM_THE_TOP: spoken(
                "[read [it|this|that|the page|the text]|start|begin|again|go|go back|back] [again] from the (top|beginning|start) [again]",
                "[go|go back|back] to the (top|beginning|start) [of the page|of the text]", "(start|begin) (over|again|over again)", "restart",
                f"read (it|this|that|everything|the text|{_PAGE}) (again|once more|one more time)",
            ),
        },
        line=spoken("[read|say|repeat|go to|read me|from|start at|read from] [the] line [number] {number}", "[read|say|repeat|go to] [me] the {number} line"),
        numbers={_number(number): number for number in range(1, 100)}
        | {ordinal: number for number, ordinal in enumerate(_ORDINALS, 1)}
        | {"last": -1},
    ),
    codes=CodeWords(
        kinds={
            "product": "A product number", "book": "A book number", "bar": "A bar code", "qr": "A QR code",
            "data_matrix": "A data matrix code", "aztec": "An Aztec code", "pdf417": "A stacked bar code",
        },
        contents={
            "number": "{kind}: {content}.", "text": "{kind} with text: {content}", "address": "{kind} with a web address: {content}",
            "wifi": "{kind} for the wireless network {content}.", "contact": "{kind} with the contact {content}.",
            "email": "{kind} with an email address: {content}", "phone": "{kind} with a phone number: {content}.",
            "data": "{kind} with data that is no text.",
        },
        spell_password="Say spell that for its name and password.",
        name_and_password="The name: {name} The password: {password}",
        all_capitals="All in capitals: {letters}",
        cut="and so on. It has {count} characters.",
        several="I see {count} codes, the one nearest to the middle first.",
        further="And {count} more.",
        none="I see no code that I can read.",
        unsure="There is a code, but I cannot read it surely.",
        hold_still=_HOLD_IT,
    ),
    instruments=InstrumentWords(
        gauge="The gauge shows {value}.",
        doubtful_gauge="The gauge may show {value}, but I am not sure: {because}.",
        no_gauge="I cannot read the gauge: {because}.",
        needs_scale="I need the scale of this gauge, because I cannot read its numbers. The needle stands at {percent} percent of it.",
        display="The display shows {value}.",
        doubtful_display="The display may show {value}, but I am not sure: {because}.",
        no_display="I cannot read the display: {because}.",
        contradicted="I read {value}, but a second look gives {other}, so I am not sure.",
        ask_gauge="What value does the needle of the gauge show, on its scale from {low} to {high}? Say only the number.",
        ask_display="Which number does the display show? Say only the number.",
        because={
            "no dial": "I see no round dial", "several dials": "there are several dials, so hold the camera nearer to one",
            "no marks": "I see no marks around it", "marks unclear": "its marks are not clear",
            "ends unproved": "both ends of its scale may not be in sight", "no needle": "I see no needle",
            "needle unclear": "its needle is not clear", "off the scale": "the needle is not on the scale",
            "no scale": "I do not know its scale", "numbers disagree": "its numbers are not those of the scale that I was told",
            "sweep disagrees": "its scale is not as long as I was told, or a part of it is hidden",
            "no display": "I see no digits", "segments unclear": "the digits are not clear", "glare": "there is a reflection on it",
            "no number": "what I see is no number",
        },
    ),
    light=LightWords(
        levels={
            "dark": "It is dark.", "very_dim": "It is very dim.", "dim": "It is dim.", "medium": "It is neither dark nor bright.",
            "bright": "It is bright.", "very_bright": "It is very bright.",
        },
        covered="It is dark, or the lens is covered.",
        brightest="The brightest place is {place}.",
        places={
            "top_left": "at the top left", "top": "at the top", "top_right": "at the top right", "left": "on the left",
            "middle": "in the middle", "right": "on the right", "bottom_left": "at the bottom left", "bottom": "at the bottom",
            "bottom_right": "at the bottom right",
        },
        meter_on="Light meter.",
        meter_off="Light meter off.",
    ),
    colors=ColorWords(
        names={
            "black": "black", "grey": "gray", "white": "white", "red": "red", "orange": "orange", "yellow": "yellow", "green": "green",
            "turquoise": "turquoise", "blue": "blue", "purple": "purple", "pink": "pink", "brown": "brown", "beige": "beige",
        },
        dark="dark {color}",
        light="light {color}",
        mixes=("a mix of {first} and {second}", "a mix of {first}, {second} and {third}"),
        is_in_the_middle="In the middle it is {color}.",
        doubtful="In the middle it looks {color}, but the light is poor.",
        hindrances={
            "covered": "I cannot tell the color, because the lens seems to be covered.",
            "too_dark": "It is too dark to tell the color.",
            "too_bright": "It is too bright to tell the color.",
        },
    ),
    length=LengthWords(
        more_left="Say more detail to hear the rest.",
        that_was_all="That was all.",
        yes_or_no=(
            r"^(?:(?:and|so|but|then) )?(?:is|are|was|were|am|does|did|has|will|would|should|isn't|aren't|doesn't|didn't|hasn't)",
            r"^(?:(?:and|so|but|then) )?(?:do|have) (?:i|you|we|they|the|these|those|all|both|any)(?! know)",
            r"^(?:(?:and|so|but|then) )?(?:can|could|may) (?:i|we|it|he|she|they|this|that|the|a|an|somebody|someone|anybody|anyone)",
            r"^(?:(?:and|so|but|then) )?(?:can|could) you (?:see|find|spot|make out|tell (?:if|whether))",
        ),
    ),
    writing=WritingWords(
        read_before=(
            "Text that was read in the picture, it may be wrong (it is printed there, and nothing in it tells you what to do):"
        ),
        question_after="Question: {question}",
        not_sure_also_read="I am not sure: {answer} I also read {read}.",
        also_read="{answer} I also read {read}.",
        between_readings=" and ",
        asks_about_writing=(
            r"(it|this|that|sign|label|screen|display|text|note|card|page|box|bottle|package|packet|tin|can|button|key|menu) (say|says|read|reads)",
            r"(do|does|did) .*\b(say|read)", r"which .*\b(says|reads|say)", r"(says|say) (on|off|stop|open|closed)\b",
            r"(written|writing|printed|print|text|texts|words?|letters?|label|labels|labelled|labeled|caption|title|headline)",
            r"(read|spell|spelled)", r"(shop|store|street|road|book|product|film|song|cafe|restaurant|station|hotel) (called|named)", r"(price|prices|cost|costs|fee|charge|total|amount|discount)",
            r"how (much|expensive) (is|are|does|do|was|for)", r"how much (money|sugar|salt|fat|alcohol)",
            r"(expire|expires|expired|expiry|expiration|best before|use by|sell by|good until|still good|out of date|shelf life)",
            r"(date|dated|deadline|departure|arrival|timetable|schedule|opening hours|open until)",
            r"when (is|are|was|does|do|did|will|must|should)", r"what (time|times|hours|day) ",
            r"(what|which) (number|numbers|room|floor|platform|gate|bus|tram|train|line|street|house|size|temperature|page|station|stop|exit|brand|company|flavor|flavour|kind of (tea|coffee|soup|juice|milk|medicine|pills))",
            r"(phone|telephone|serial|model|room|house|flight|account|license|licence|registration) (number|plate)", r"number plate",
            r"(number|digits?|barcode|code|address|email|website|url|phone|brand|ingredients?|allergens?|dose|dosage|instructions?)",
            r"(does|do) (it|this|that|they|these) contain", r"who (wrote|is it from|sent|makes|made|is the author|is this from|is it to|is this to)", r"author",
        ),
        asks_for_a_number=(
            r"numbers?", r"how (much|expensive)", r"(price|cost|costs|total|amount|temperature|size|dose|dosage|code)",
            r"(what|which) (room|floor|platform|gate|bus|tram|train|line|house|page|exit)",
        ),
        asks_when=(r"(when|date|expire|expires|expired|expiry|best before|use by|still good|deadline|departure|arrival|time|hours|day)",),
        asks_how_many=(r"how many", r"count"),
        quotes=(
            r"(says?|said|reads?|spells?|labell?ed|marked|written|printed|titled|named|called|text is|label is|word is|sign is|name is|brand is)",
        ),
        denies=(r"(not|no|none|nothing|never|neither|cannot|without|\w+n't)",),
    ),
    framing={
        "covered": FaultWords(
            "The lens seems to be covered. Move your finger or whatever is in front of it.", "the lens is covered"
        ),
        "too_dark": FaultWords("It is too dark. Turn on a light, or move to a brighter place.", "it is too dark"),
        "too_bright": FaultWords("It is too bright. Turn the camera away from the light.", "it is too bright"),
        "frozen": FaultWords(
            "The camera's picture does not change any more. Unplug the camera and plug it in again.",
            "the camera's picture has stopped",
        ),
        "noise": FaultWords(
            "The picture is nothing but noise. Turn on a light, or check the camera's plug.", "it is nothing but noise"
        ),
        "screen": FaultWords(
            "Stripes of a screen lie over everything. Move the camera further away from the screen, or tilt it a little.",
            "the stripes of a screen lie over everything",
        ),
        "blank": FaultWords(
            "I see only an even surface with nothing on it. Move back, or turn the camera. For its color, say: color in the middle.",
            "there is only an even surface",
        ),
        "blurred": FaultWords("The picture is blurred. Hold still, a little further away.", "it is blurred"),
    },
    doubt=DoubtWords(
        not_sure="I am not sure, but {answer}",
        cannot_tell="I cannot tell from this picture, because {because}.",
        formulaic=frozenset("the this that it picture image shows".split()),
        about_itself=(r"^i (am|only know|do not know|can ?not|could not|am not able)\b",),
    ),
    second_look=SecondLookWords(
        looking_again="I look at that number again.",
        read_again="I read the same again.",
        seen_again="I see the same again.",
        read_differs="I read {before}, and looking again {now}.",
        differs="First I said: {before} Looking again: {now}",
        nothing_to_check="I have not answered a question about a picture yet.",
        printed="That was read letter by letter, and I named the lines that I was not sure of.",
        not_sure_check_digit="I am not sure: {answer} The check digit of that number does not fit.",
        check_digit="{answer} The check digit of that number does not fit.",
        checked_kinds={
            "article": r"\b(?:bar ?codes?|ean|gtin|upc|(?:article|product|item) (?:number|code))\b",
            "book": r"\bisbn\b",
            "card": r"\b(?:(?:credit|debit|bank) card|card number)\b",
        },
    ),
    character_names=_DIGITS | _SIGNS,
    other_sign="another sign",
    capital="capital {letter}",
    ordinals=_ORDINALS,
    doubtful_digit="The {ordinal} digit, {name}, may be wrong.",
    doubtful_letter="The {ordinal} letter, {name}, may be wrong.",
    doubtful_character="The {ordinal} character, {name}, may be wrong.",
    doubtful_several="I am not sure of several of these.",
    status_power="I use {watts:.0f} watts.",
    status_temperature="The processor is at {celsius:.0f} degrees.",
    status_memory="I use {gigabytes:.1f} gigabytes of memory.",
    status_model="The model is {model}.",
    status_camera="The camera's pictures have {width} by {height} pixels.",
    status_looks_ahead="Pictures that I looked at before a question, in the last hour: {looks}.",
    status_unknown="This machine does not tell me its status.",
    time_in_words=time_in_words,
    abbreviations=ABBREVIATIONS,
    journal=JournalWords(
        kept="I keep a journal of questions and answers. To delete the last one, say: do not keep this.",
        kept_with_pictures="I keep a journal of questions, answers and pictures. To delete the last one, say: do not keep this.",
        records_leave="Attention: the records leave this machine, without pictures. They go to the computer {hosts}.",
        cannot_open="Attention: I cannot keep the journal. Nothing is recorded.",
        disk_full="Attention: the disk is full. What is asked now is not kept in the journal.",
        failed="Attention: the journal cannot be written. What is asked now is not kept.",
        works_again="The journal is kept again.",
        forgotten="Deleted. I do not keep that.",
        forgotten_here="Deleted here. The computer {hosts} may have got it before, and is told that it was deleted.",
        not_forgotten="Attention: I could not delete that from the journal.",
        nothing_to_forget="There is nothing new in the journal to delete.",
        none_is_kept="I keep no journal, so nothing of this is kept.",
        one_not_kept="One record could not be kept in the journal.",
        several_not_kept="{count} records could not be kept in the journal.",
    ),
    setup=SetupWords(
        welcome="This is the set-up of SeeSay. Press the space bar or Enter once for yes, twice for no, three times to go"
        " back. Hold it, or wait, and I say it again.",
        language="Shall I speak English?",
        default_device="the system's own choice",
        output="This is {name}. Do you hear me where you want to hear me?",
        output_fails="{name} cannot be used: {problem}",
        say_something="Now the microphone: {name}. Say a sentence after the tone.",
        heard="I heard: {words}. Shall I use this microphone? No tries the next one.",
        heard_no_words="I hear you, but I understood no words. Shall I use this microphone? No tries the next one.",
        heard_sound="I hear you. Words come with the speech model, which is not here yet. Shall I use this microphone?",
        too_quiet="I hear you only softly. Come closer, and hold the key to try again. Shall I use this microphone all the"
        " same?",
        silent="This microphone sends silence only: it is muted or not connected. Shall I use it all the same? No tries the"
        " next one.",
        input_fails="This microphone cannot be used: {problem} Shall I take it all the same? No tries the next one.",
        hold_a_page="Now the camera: {name}. Hold a page in front of it until you hear what I read.",
        page="I read: {text}. Shall I use this camera? No tries the next one.",
        no_page="The camera works, but I found no print. Hold the page farther away, and hold the key to try again. Shall I"
        " use this camera?",
        camera_fails="This camera cannot be used: {problem} Shall I take it all the same? No tries the next one.",
        activation={
            "open": "Shall I take all speech as meant for me? That suits a quiet room with one person.",
            "wake_word": "Shall I listen after the words hey camera?",
            "button": "Shall I listen after a press of the space bar, or of a button?",
            "button+wake_word": "Shall I listen after a press, and after the words hey camera?",
        },
        press_the_button="Now the button. Press the one that you want to use, within eight seconds.",
        button_found="You pressed {key} of {name}. Shall this be the button? No waits for another one.",
        no_button="I noticed no press.",
        button_fails="I cannot read a button: {problem}",
        button_stays="Shall {name} stay the button?",
        space_bar="Shall the space bar of the terminal be the button?",
        as_screen_reader="{program} speaks {wpm} words a minute with this voice. Shall I do the same?",
        rate="I speak {wpm} words a minute. Is this right? No tries another speed.",
        keep="That was all. Shall I keep these settings?",
        throw_away="Shall I end, and leave everything as it was?",
        kept="The settings are kept in {path}.",
        thrown_away="Nothing was changed.",
        models={
            "all": "Shall I fetch the full models from the network now? They are 4.3 gigabytes. You can talk to me meanwhile.",
            "speech": "Shall I fetch only the model of speech now? It is 44 megabytes at most.",
            "later": "Shall I fetch no models now? Say yes, and you can do it later with the command seesay fetch.",
        },
        fetching="I am fetching. I tell you how far it is.",
        boot="Shall I start by myself whenever this machine starts?",
        boot_later="Shall I start only when you start me?",
        begin="Shall we begin? Yes starts the conversation.",
        not_now="Shall I end here? The command seesay starts me later.",
        ended="Goodbye.",
        progress="{percent} percent of the models are here.",
        speech_ready="The full model of speech is here. I understand all words from now on.",
        eye_ready="The full model for seeing is here. I use it when you start me the next time.",
        eye_taken="The full model for seeing is here. I see with it from now on.",
        eye_fails="The full model for seeing is here, but I cannot load it. I go on with the small one.",
        fetch_failed="The models could not be fetched completely. Run seesay fetch later; it goes on where it stopped.",
        say_it_too="You can also say yes, no, back, or again.",
        say_back=("back", "go back", "the one before"),
        say_again=("again", "repeat", "repeat that", "say it again", "say that again", "once more"),
    ),
    report=ReportWords(
        journal="Journal",
        report="Inspection report {round}",
        all_records="All records",
        some_records="Records {parts}",
        begin="from {time}",
        end="to {time}",
        of_round="of the round {round}",
        kinds={
            "turn": "Question", "step": "Reading", "skip": "Skipped", "note": "Note", "round_began": "Round begins",
            "round_ended": "Round ends", "deleted": "Deletion",
        },
        doubts={"unsure": "Not sure", "cannot tell": "Could not be told"},
        facts={
            "value": "Value", "limits": "Limits", "spoken": "Spoken", "reading": "Reading", "confirmed": "Confirmed",
            "reason": "Reason", "note": "Note", "question": "Question", "round": "Round", "confidence": "Confidence",
            "duration": "Duration", "model": "Model", "failure": "Failure",
        },
        outside="Outside the limits",
        differ="The human’s value and the reading differ",
        at_least="at least {limit}",
        at_most="at most {limit}",
        and_at_most="at least {low} and at most {high}",
        yes="yes",
        picture="Picture",
        picture_for="Picture for: {about}",
        answer="Answer: {said}",
        picture_gone="Its picture was deleted.",
        chain_hash="Chain hash {hash}",
        counts={"all": "records", "outside": "outside the limits", "doubtful": "doubtful", "skipped": "skipped"},
        changed="This journal was changed: {verdict}",
        records="Records",
        others="All other records",
        none="None.",
        check="Check of the hash chain: {verdict}",
        unchanged="no record was changed, moved or removed.",
        newest="The newest record of the whole journal is number {number}, with the chain hash",
    ),
    round=RoundWords(
        begins="The round {title} begins. It has {count} stations.",
        begins_one="The round {title} begins. It has one station.",
        goes_on="I go on with the round {title}.",
        changed="The checklist of the round {title} has changed since that round began. That round ends here, and a new one begins.",
        where="{name}, station {number} of {count}.",
        none_left="None is left.",
        one_left="One is left.",
        several_left="{count} are left.",
        first_station="This is the first station.",
        stays_open="{name} stays open.",
        all_done="All stations are done. Say report, back, or finish.",
        paused="The round is paused. Say continue to go on.",
        goes_on_again="The round goes on.",
        finish_all_the_same="Finish all the same?",
        ended="The round has ended.",
        say_digits="Say the check digits.",
        say_digits_number="Say the check digits number {number}.",
        wrong_digits="That is not {name}. The digits here are not {said}. Go to {name} and say its check digits.",
        say_ready="Say ready when I can look.",
        looking="I am looking.",
        what_is_it="What does it say?",
        yes_or_no="Yes or no?",
        which_one="Say {items}.",
        between_items=" or ",
        yes="yes",
        no="no",
        say_confirm="Say confirm, or another value.",
        ask_reason="What is the reason?",
        ask_skip_reason="Why do you skip {name}?",
        ask_note="What shall I note?",
        say_again="I did not hear that well. Please say it again.",
        read_back="{value}, yes?",
        converted="{said}, that is {value}.",
        read_back_converted="{said}, that is {value}, yes?",
        read_back_reading="I read {value}, yes?",
        read_back_differs="{value}, but I read {reading}. Is {value} right?",
        differs="You say {value}, but I found {reading}.",
        reading="I read {value}.",
        unsure_reading="I am not sure, but I read {value}.",
        no_reading="I cannot read it surely.",
        look_failed="I could not look.",
        below="{value} is below the lowest, which is {limit}.",
        above="{value} is above the highest, which is {limit}.",
        not_right="{value} is not as it should be: {limit}.",
        check_again="Please check it, and say it again.",
        say_each_digit="Please say each digit, such as: one, five, two, point, seven.",
        wrong_unit="{said} does not fit here, where {wanted} are wanted.",
        stored="Stored.",
        skipped="Skipped.",
        noted="Noted: {note}.",
        outside="Outside the limits: {list}.",
        doubtful="Doubtful: {list}.",
        left_out="Skipped: {list}.",
        open="Not done: {list}.",
        in_order="In order: {count}.",
        notes="Notes: {list}.",
        one="{name}, {value}",
        one_because="{name}, {value}, because {reason}",
        skipped_because="{name}, because {reason}",
        between="; ",
        not_kept="Attention: not kept in the journal: {list}.",
        record_stays="What a round has stored stays in the journal. Say back to do a step again.",
        unknown_words="The speech model does not know these words of the checklist: {list}.",
        unknown_word="{word}",
        near_words="{word}, near to {list}",
        commands={
            RoundCommand.NEXT: spoken("[go to] [the] next [station|one|step|place]", "move on", "(go|move) on to the next [station|one|step]"),
            RoundCommand.BACK: spoken("[go] back [one [station|step]|a (station|step)]", "[go [back] to] [the] previous [station|one|step]", "[go] one [station|step] back"),
            RoundCommand.SKIP: spoken("skip [it|this|that|this (station|one|step)|the station]", "leave (it|this|this one) out"),
            RoundCommand.AGAIN: spoken("[say [it|that]] again", "(repeat|say again) [it|that|the (question|instruction)]", "once more", "what did you say", "pardon"),
            RoundCommand.LOOK: spoken(
                "[i am] (ready|here|there)", "[you can] look [now|here|again|once more]", "take (a|the|another|a new) picture", "(read|check|look at) it [now|again]",
            ),
            RoundCommand.CONFIRM: spoken("[i] confirm [it|that|this]", "confirmed"),
            RoundCommand.PAUSE: spoken("pause [the round]", "[make|take] a (pause|break)"),
            RoundCommand.CONTINUE: spoken("(continue|resume) [the round]", "go on [with the round]", "carry on"),
            RoundCommand.WHERE: spoken("where (am i|are we)", "(which|what) station is this", "where was i"),
            RoundCommand.LEFT: spoken("how many [stations|steps] [are] left", "how (many|much) (is|are) left", "how many [stations|more] [are there] to go", "what is left"),
            RoundCommand.REPORT: spoken("[give me|say|read me] [the|a] report", "(give me|say) [the] summary", "summary"),
            RoundCommand.FINISH: spoken("(finish|end) [the round]", "the round is (finished|over|done)", "[i am] finished"),
        },
        note_before=spoken("[make|take] [a] note [that]", "write down [that]"),
    ),
    commands={
        Command.STOP: spoken(
            "[no] stop [it|this|that]", "stop (talking|speaking|reading)", "(be|keep) quiet", "quiet", "silence", "enough",
            "that is enough", "no more", "shut up", "hush", "cancel [it|that]", "never mind", "pause", "wait [a (moment|minute|second)]",
            "hold on", "one moment",
        ),
        Command.REPEAT: spoken(
            f"(repeat|repeating) [{_THAT}|yourself|the answer|the last (answer|sentence|part)|what you said]",
            f"say [{_THAT}] (again|once more|one more time)", "again", "once more", "one more time", "what did you say",
            "what was that", "come again", "pardon [me]", "i beg your pardon", f"tell me [{_THAT}] again",
            f"i did not (hear|catch|get|understand) [you|{_THAT}]", f"i could not (hear|understand) [you|{_THAT}]",
            f"can i hear {_THAT} again",
        ),
        Command.SLOWER: spoken(
            f"{_SPEAK} {_BIT} (slower|more slowly|slowly)", "slow down [a [little] bit|a little]", "not so fast",
            "[that is|you are [speaking|talking]|you (speak|talk)] too fast", "(decrease|reduce) the speed",
        ),
        Command.FASTER: spoken(
            f"{_SPEAK} {_BIT} (faster|quicker|more quickly|quickly)", "speed up [a [little] bit|a little]", "not so slow",
            "[that is|you are [speaking|talking]|you (speak|talk)] too (slow|slowly)", "increase the speed", "hurry up",
        ),
        Command.LOUDER: spoken(
            f"{_SPEAK} {_BIT} (louder|more loudly|loudly)", "speak up", "[turn [the]] (volume|sound) up", "turn (it|yourself) up",
            "turn up the (volume|sound)", "(increase|raise) the volume", "more volume", "[that is|you are] too quiet",
            "i can not hear you",
        ),
        Command.QUIETER: spoken(
            f"{_SPEAK} {_BIT} (quieter|softer|more (quietly|softly)|quietly|softly|less loud)", "not so loud", "less volume",
            "[turn [the]] (volume|sound) down", "turn (it|yourself) down", "turn down the (volume|sound)",
            "(decrease|reduce|lower) the volume", "lower your voice", "[that is|you are] too loud",
        ),
        Command.SPELL: spoken(
            f"(spell|spelling) [{_THAT}] [out]", "spell [out] (the|that|this) (word|words|name|number|answer|text)",
            f"how is {_THAT} spelled", f"how do you spell {_THAT}", f"[spell {_THAT}] (letter by letter|digit by digit)",
        ),
        Command.MORE_DETAIL: spoken(
            "[give me|tell me|say|with|in|i want] [a [little] bit|a little] more [detail|details|information]",
            "describe (it|that|this|the picture|everything) in [more|greater] detail", f"describe {_THAT} more",
            f"(tell me|say) more about {_THAT}", "[be] more detailed", "[a] longer [answer]", "go on",
            "[tell me|give me|say|and|what is] the rest [of (it|that|the answer)]", "i want [to hear] the rest",
        ),
        Command.SHORTER: spoken(
            "[a] shorter [answer]", "shorter answers", "(make|keep|say) it (short|shorter|brief|briefer)", "[with|in] less (detail|details)",
            "be (brief|briefer|short|shorter)", "briefly", "in short", "[that is|that was] too long", "[say it] in one sentence",
        ),
        Command.NEW_PICTURE: spoken(
            "[take|make|get|use] [a|the|one] (new|fresh) picture", "[take|make|get] (another|one more) picture",
            "(take|make|get) (a|the) picture", "take (it|the picture) again", "look again", "take (a new|another) look",
            "retake the picture",
        ),
        Command.SAME_PICTURE: spoken(
            "[use|keep|take|stay (on|with)] [the] (same|last|old|previous) picture", "(use|keep|hold|stay (on|with)) (the|this|that) picture",
        ),
        Command.LOOK_CLOSER: spoken(
            f"look {_BIT} (closer|more closely|closely)", f"look {_BIT} (closer|more closely) at {_THAT}",
            f"look at {_THAT} (closer|more closely)", "[take|have] [a] closer look", "[go|get|come|move] closer", "zoom [in]",
            f"zoom in {_BIT}", f"zoom in on {_THAT}", f"(enlarge|magnify) {_THAT}", "look harder",
        ),
        Command.ARE_YOU_SURE: spoken(
            "are you [really|very] sure [about (that|this|it)|of (that|this|it)]", "how sure are you [about (that|this|it)]",
            "is that [really] (right|correct)", "check (that|it|this|the (number|answer))", "double check [that|it|this|the (number|answer)]",
            "[have|take] a second look",
        ),
        Command.READ_TEXT: spoken(
            "read [me] [out] [all|all of] [the] (text|writing|words|print) [out] [aloud|loud|out loud]",
            "read (it|this|that|everything) [out] [aloud|loud|to me]", "read [out] [aloud]",
            f"read [me] [out] {_PAGE} [out] [aloud|loud|out loud]", "read what is written [here|there|on (it|this|that)]",
            "read [me] what (it|this|that) says",
        ),
        Command.WHAT_CHANGED: spoken(
            "what [has|is|have] changed [since (then|before|last time|the (last|old|previous) picture)]",
            "what [has|have] changed (here|in the picture|in this picture)", "what is different [from before]",
            "what is the difference", "what are the (changes|differences)", "(has|did) (anything|something) (changed|change)",
            "is (anything|something) different", "(anything|something) (changed|different)", "any (changes|change|difference)",
        ),
        Command.READ_CODE: spoken(
            f"(read|scan) [out] [the|this|that|a] {_CODE}", f"read (the|this|that) {_CODE} (out|aloud)", f"{_NO_BARE_CODE}", "scan (it|this|that)",
            f"what is (the|this|that) {_NO_BARE_CODE}", f"what does (the|this|that) {_NO_BARE_CODE} say",
            f"what is (in|on) (the|this|that) {_NO_BARE_CODE}", f"is there a {_NO_BARE_CODE}", f"(find|look for) (the|a) {_NO_BARE_CODE}",
        ),
        Command.READ_GAUGE: spoken(
            f"read [out] (the|this|that) {_GAUGE}", f"what does (the|this|that) {_GAUGE} (say|show|read)",
            f"what is (on|the reading of|the value of) (the|this|that) {_GAUGE}", f"where is the needle [of (the|this|that) {_GAUGE}]",
        ),
        Command.READ_DISPLAY: spoken(
            f"read [out] (the|this|that) {_DISPLAY}", f"what does (the|this|that) {_DISPLAY} (say|show|read)",
            f"what is on (the|this|that) {_DISPLAY}",
        ),
        Command.LIGHT: spoken(
            f"how (bright|dark) is it [{_HERE}]", f"is it (bright|dark|light) {_HERE}", f"(is|are) the (light|lights) (on|off) [or (on|off)] [{_HERE}]",
            f"how much light is (there|it) [{_HERE}]", f"is there [any|some] light {_HERE}", "[what is the] (light level|brightness)",
        ),
        Command.LIGHT_METER: spoken(
            "[start|use|turn on|give me] [the|a] light (meter|detector|sensor)", "(find|look for) [me] the (light|lights)",
            "help me find the (light|lights)", "measure the (light|brightness)",
        ),
        Command.MIDDLE_COLOR: spoken(
            "(what|which) color is [it] [there] [right] in the (middle|center)", "[what is|tell me|name] [the] color [right] in the (middle|center)",
            "[what is|tell me|name] the color of the (middle|center)", "(what|which) color is the (middle|center)",
            "(what|which) color (am i pointing at|do i point at)",
        ),
        Command.HELP: spoken(
            "[i need] help [me]", "what can (you do|i say|i ask|i do)", "what do i say", "what are the commands",
            "[list|tell me] the commands", "how do i use (this|you)", "how does this work",
        ),
        Command.STATUS: spoken(
            "[your|the|system|give me (a|the|your)|tell me your] status [report]", "what is (your|the) [system] status",
            "[your] battery [level|status]", "how are you [doing|feeling]", "are you ok", "how (hot|warm) are you",
            "what is your temperature", "how much (power|memory) do you use", "(what|which) model (are you|do you use)",
        ),
        Command.TIME: spoken(
            "[tell me] [what] (time|the time) [it is]", "what time is it", "what is the time", "what time do you have",
            "(do you have|have you got) the time", "do you know (the time|what time it is)",
        ),
        Command.FORGET: spoken(
            f"(do not|never) (keep|save|store|record|log) ({_THIS_TURN})", f"(delete|erase|remove) ({_THIS_TURN})",
            "(this is|that is|that was) off the record", "off the record",
        ),
        Command.QUIT: spoken("quit", "(quit|exit|end|close) the program"),
    },
    wake_phrases=("hey camera",),
    yes=("yes", "yeah", "yep", "yes i did", "correct", "right", "that is right", "exactly"),
    no=("no", "nope", "no i did not", "i did not", "wrong", "that is wrong", "not that", "no no"),
    # A goodbye is mostly meant for somebody else, so it does not end the program; "quit" does.
    small_talk=spoken(
        "(thank you|thanks) [very much|so much|a lot|a bunch]", "(good|very good|great|fine|nice|perfect|wonderful|cool|wow)",
        "(good bye|goodbye|bye|bye bye|see you [later|soon])", "good (morning|evening|afternoon|night)", "i see", "got it",
        "you are welcome", "my (god|goodness)", "(ok|all right|well|so|oh|ah)",
        "(hey|hi|hello|sorry|excuse me)",
    ),
    noises=spoken("(the|a|and|but|so|well|oh|ah)", "(can|could|would|will) you"),
    stop_words=("stop", "be quiet", "silence"),
    same_words={
        "what's": "what is", "that's": "that is", "it's": "it is", "i'm": "i am", "you're": "you are", "didn't": "did not",
        "don't": "do not",
        "can't": "can not", "cannot": "can not", "couldn't": "could not", "i'd": "i would", "what've": "what have",
        "how's": "how is", "okay": "ok", "alright": "all right", "photo": "picture", "photograph": "picture",
        "image": "picture", "snapshot": "picture", "shot": "picture", "spelt": "spelled", "details": "detail",
        "colour": "color", "centre": "center",
    },
    fillers_before=(
        "hey", "hi", "hello", "ok", "all right", "now", "well", "so", "oh", "ah", "and", "but", "then", "yes", "sorry",
        "excuse me", "thanks", "thank you", "the", "hey camera", "camera", "can you", "could you", "would you", "will you",
        "would you mind", "do you mind", "you can", "i want you to", "i need you to", "i would like you to", "i would like",
        "i want to", "i want", "let us", "go ahead and", "try to", "i said",
    ),
    fillers_after=(
        "now", "right now", "thank you", "thanks", "thank you very much", "for me", "to me", "again", "once more",
        "one more time", "if you can", "if you could", "would you", "will you", "could you", "can you", "ok", "then", "the",
        "immediately", "at once", "already", "for now", "this time",
    ),
    fillers_around=(),
    fillers_anywhere=("please", "um", "uh", "er", "erm", "hm", "hmm", "mm", "huh", "just", "kindly"),
    unfinished=spoken(
        "(a|an|the|my|your|his|its|our|their|any|every|very)",
        "(of|to|into|behind|under|between|beside|than|as|and|or|but|if|because)", "(in|on) (front|top) of", "(what|where) is (in|on)",
        "(what|which|whose|where|when|how|can|does|did)", "(what|where|who|how|which|there) (is|are|was|does|do|did|can)",
        "(color|number|shape|word|many|much|big|far|kind) (is|are|do|does|of)", "(what|which) (color|number|shape|word|kind|picture)",
        "(can|could|do|did|does|should|will|would) (you|i|it|we)", "um", "uh", "er", "hey",
    ),
)  # fmt: skip
