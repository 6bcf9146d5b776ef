"""What the assistant obeys, and questions with nothing to fill in. All of it is always part of training.

It is pure data in plain English. Alternatives are separated by bars.
"""

# Commands that are said word for word.
COMMANDS = """stop|stop talking|be quiet|quiet|silence|stop it|stop reading|repeat|repeat that|say that again|say it again|again
|help|help me|what can you do|what can i say|what can i ask|new picture|take a new picture|take a picture|take another picture
|take a photo|same picture|keep the picture|keep this picture|use the same picture|quit|goodbye|exit|shut down|slower|faster|speak slower
|speak faster|speak more slowly|louder|speak louder|quieter|speak up|volume up|volume down|softer|spell that|spell it|spell the word
|more detail|more details|less detail|tell me more|shorter|shorter please|look closer|look again|zoom in|zoom out|read the text
|what has changed|has anything changed|status|battery|battery level|what time is it|what is the time|what is the date|what day is it
|hey camera|yes|no|please|thank you|thanks|yes please|no thank you|okay|never mind|cancel|wait|wait a moment|one moment|go on|carry on
|continue|pause|resume|go back|next|previous|start|begin|start over|restart|hello|good morning|good evening|good night|wake up
|go to sleep|start listening|stop listening|mute|unmute|ready|left|right|up|down|forward|backward|undo|done|finish|settings|menu
|turn on the light|turn off the light|switch camera|save this|save the picture|delete that|remember this|forget this|call for help"""

# Questions that name no thing.
QUESTIONS = """what do you see|what can you see|what is this|what is that|what is in the picture|what is in this picture
|what is in the image|describe the picture|describe this picture|describe the image|describe it|describe the scene|describe this
|describe the room|describe what you see|tell me what you see|what is in front of me|what's in front of me|what is around me
|what is it|what's this|what's that|what am i looking at|what am i holding|what is in my hand|what is there|what else is there
|what else do you see|what else|anything else|is there anything else|is anything there|is there anything in front of me
|how many shapes are there|how many shapes do you see|how many shapes can you see|how many things are there
|how many are there|how many do you see|how many|count the shapes|count them|count everything|how many shapes are in the picture
|how many people are there|how many words are there|how many colors are there|what colors do you see|what colors are there
|what shapes do you see|what shapes are there|which shapes do you see|which shapes are there|name the shapes|name the colors
|what color is it|what color is this|what color is that|which color is it|what color are they|where is it|where are they
|where is that|where am i|what shape is it|what shape is this|which shape is it|what color is the background
|which color is the background|is it bright or dark|is the picture bright or dark|is it bright|is it dark|is it bright in here
|is it light or dark|is the picture bright|is the picture dark|is it too dark|is it day or night|is the light on|is the light off
|what does it say|what does this say|what does that say|read it|read this|read that|read it again|read that again|read it to me
|read it please|read everything|read all of it|read it aloud|read the rest|keep reading|what is the number|what number is it
|what number is this|what number do you see|which number is it|read the number|is there a number|do you see a number
|what is the word|what word is it|what word is this|which word is it|read the word|is there a word|do you see a word
|what does the sign say|what does the label say|what does the text say|is there any text|is there text|do you see any text
|can you see any text|is there any writing|what is written there|what is written here|is anything written there
|can you read it|can you read that|can you read this|who is that|who is there|who is it|who is here|is anyone there|is anyone here
|is anybody there|is there anyone in front of me|is someone there|is it safe to cross|can i cross|can i cross the street
|can i go|is it safe|is the way clear|is the path clear|is anything in my way|is there anything in my way|what is happening
|what is going on|what is new|is it open|is it closed|is it on|is it off|is it empty|is it full|is it hot or cold
|is it open or closed|is it on or off|is it full or empty|is it moving|how far is it|how big is it|how close is it
|how much is it|how much does it cost|which one is bigger|which one is closer|which one|is it raining|is it still there
|are you there|are you ready|can you hear me|what did you say|i did not understand|i do not understand|are you sure|why
|how sure are you|what does it look like|how do i look|what am i wearing|does this match|is that all|is that right|what happened
|hey camera what do you see|hey camera what is this|hey camera read the text|hey camera stop|hey camera describe the picture
|hey camera what does it say|hey camera help"""

# Forms of the spoken commands, beside those above.
SLOTS = {
    # Openings that may stand before any sentence, before "what …", and before "read …".
    "opening": "hey camera|okay|excuse me|and|now|hey camera",
    "opening_question": "can you tell me|tell me|hey camera",
    "opening_request": "please|please|can you|hey camera",
    "speak": "speak|speaking|talk|talking|go|read|be|say it|make it|please speak|can you speak|can you talk",
    "bit": "a bit|a little bit|a little|much|even|some",
    "it": "that|it|this",
    "again_word": "again|once more|one more time",
    "page_word": "page|document|sheet",
    "the_page": "the page|this page|that page|the whole page|this whole page|the entire page|the document"
    "|the whole document|the entire document|the sheet|this sheet|this document",
    "some_code": "code|codes|bar code|bar codes|barcode|barcodes|qr code|qr codes|q r code|cue are code|queue are code",
    "light_place": "here|in here|in this room|in the room|around here|around me|at the moment",
    "this_turn": "this|that|it|these|those|this one|that one|this picture|this question|this answer|the last picture"
    "|the last question|the last answer|the last turn|that picture|that question",
    "line_number": "{number}|{two_digits}",
    "said_stop": "no stop|stop it|stop this|stop that|stop talking|stop speaking|stop reading|be quiet|keep quiet"
    "|quiet|silence|enough|that is enough|that's enough|no more|shut up|hush|cancel|cancel it|cancel that|never mind"
    "|pause|wait|wait a moment|wait a minute|wait a second|hold on|one moment",
    "said_repeat": "repeat|repeat {it}|repeating|repeat yourself|repeat the answer|repeat the last answer"
    "|repeat the last sentence|repeat the last part|repeat what you said|say {it} {again_word}|{again_word}"
    "|what did you say|what was that|come again|pardon|pardon me|i beg your pardon|tell me {it} {again_word}"
    "|i did not hear you|i did not hear {it}|i did not catch {it}|i didn't catch {it}|i didn't hear you"
    "|i did not get {it}|i did not understand|i did not understand {it}|i could not hear {it}|i couldn't hear you"
    "|i could not understand you|can i hear {it} again|could you repeat {it}|can you repeat {it}"
    "|can you say {it} again|would you mind repeating {it}",
    "said_speed": "{speak} slower|{speak} faster|{speak} more slowly|{speak} {bit} slower|{speak} {bit} faster"
    "|{speak} slowly|{speak} quicker|{speak} more quickly|{speak} quickly|slow down|slow down {bit}|speed up"
    "|speed up {bit}|not so fast|not so slow|too fast|too slow|that is too fast|that's too fast|that's too slow"
    "|you are too fast|you're too fast|you are speaking too fast|you speak too fast"
    "|you talk too fast|you're talking too slowly|decrease the speed|reduce the speed|increase the speed|hurry up"
    "|{bit} slower|{bit} faster|slower|faster",
    "said_volume": "{speak} louder|{speak} quieter|{speak} softer|{speak} more loudly|{speak} more quietly"
    "|{speak} more softly|{speak} loudly|{speak} quietly|{speak} softly|{speak} {bit} louder|{speak} {bit} quieter"
    "|{speak} less loud|speak up|volume up|volume down|turn the volume up|turn the volume down|turn volume up"
    "|turn the sound up|turn the sound down|sound up|turn it up|turn it down|turn yourself up"
    "|turn yourself down|turn up the volume|turn down the volume|turn up the sound|turn down the sound"
    "|increase the volume|raise the volume|decrease the volume|reduce the volume|lower the volume|more volume"
    "|less volume|too quiet|too loud|that is too loud|that's too loud|you are too loud|you are too quiet"
    "|i can not hear you|i cannot hear you|i can't hear you|not so loud|lower your voice|louder|quieter|{bit} louder"
    "|{bit} quieter",
    "said_spell": "spell|spelling|spell {it}|spell {it} out|spell out {it}|spell the word|spell out the words"
    "|spell that word|spell this name|spell the number|spell the answer|spell out that text|how is {it} spelled"
    "|how do you spell {it}|letter by letter|digit by digit|spell {it} letter by letter|spell {it} digit by digit",
    "said_detail": "more|more detail|more details|more information|give me more detail|give me {bit} more detail"
    "|tell me more|say more|with more detail|in more detail|i want more detail|a little more information"
    "|describe {it} in more detail|describe {it} in greater detail|describe the picture in more detail"
    "|describe everything in detail|describe {it} more|tell me more about {it}|say more about {it}|be more detailed"
    "|more detailed|a longer answer|longer|go on"
    "|shorter|a shorter answer|shorter answers|make it short|make it shorter|keep it short|keep it brief"
    "|say it shorter|make it briefer|with less detail|less detail|less details|be brief|be briefer|be short|briefly"
    "|in short|too long|that is too long|that was too long|that's too long|in one sentence|say it in one sentence",
    "said_picture": "take a new picture|take the new picture|make a new picture|get a fresh picture"
    "|use a new picture|new picture|fresh picture|one more picture|take one more picture|take another picture"
    "|make another picture|take a picture|take the picture|take it again|take the picture again|look again"
    "|take a new look|take another look|retake the picture|take a photo|take a snapshot|take a shot"
    "|take a photograph"
    "|use the same picture|keep the same picture|take the same picture|stay on the same picture"
    "|stay with the picture|keep the picture|use the last picture|keep the old picture|the previous picture"
    "|hold this picture|stay on this picture|use that picture|look closer|look more closely|look {bit} closer"
    "|look closely|look closer at {it}|look at {it} closer|look at {it} more closely|take a closer look"
    "|have a closer look|closer look|go closer|get closer|come closer|move closer"
    "|zoom|zoom in|zoom in {bit}|zoom in on {it}|enlarge {it}|magnify {it}|look harder|zoom out",
    "said_read": "read|read the text|read me the text|read out the text|read all the text|read all of the text"
    "|read the writing|read the words|read the print|read the text out|read the text aloud|read the text out loud"
    "|read {it}|read {it} out|read {it} aloud|read {it} to me|read everything|read everything aloud|read aloud"
    "|read out aloud|read {the_page}|read me {the_page}|read out {the_page}|read what is written"
    "|read what is written here|read what is written on {it}"
    "|read me what {it} says|read what this says|continue|continue reading|resume|resume reading|go on|go on reading"
    "|carry on|proceed|continue with the page|continue with the text|keep reading|keep going|go on going"
    "|continue to read|read on|read further|go back|one back|back|read back|go back one sentence|back a sentence"
    "|go back a sentence|one sentence back|go back one|go back one more|go back to the previous sentence"
    "|go back to the last sentence|the previous sentence|read the previous sentence"
    "|say the previous sentence|repeat the sentence before|the sentence before|read {it} sentence again"
    "|that sentence again|this sentence again|repeat that sentence|repeat the line|repeat this line"
    "|read the line again|say that line again|that line again|next|next sentence|the next sentence"
    "|go to the next sentence|read the next one|skip|skip it|skip this|skip this sentence|next paragraph"
    "|the next paragraph|go to the next paragraph|read the next section|read me the next paragraph"
    "|skip to the next section|skip this paragraph"
    "|next section|next part|next block|next text|next lines|skip the section|from the top|read from the top"
    "|read it from the top|start from the beginning|begin again from the start|start again from the top"
    "|go back to the top|go to the beginning|back to the start|to the beginning of the page"
    "|go to the top of the text|start over|begin again|begin over|start again|start over again|restart|read it again"
    "|read the text once more|read the page one more time|line {line_number}|read line {line_number}"
    "|go to line {line_number}|the line number {line_number}|read from line {line_number}"
    "|start at line {line_number}|repeat line {line_number}|read me line {line_number}|from line {line_number}"
    "|the last line|read the last line|the {ordinal} line|go to the {ordinal} line",
    "said_changed": "what changed|what has changed|what is changed|what have changed|what has changed since then"
    "|what changed since before|what changed since last time|what has changed since the last picture"
    "|what has changed here|what has changed in the picture|what is different|what is different from before"
    "|what is the difference|what are the changes|what are the differences|has anything changed"
    "|has something changed|did anything change|is anything different|is something different"
    "|anything changed|something changed|anything different|any changes|any change|any difference|what's different"
    "|what's changed|what's the difference",
    "said_code": "read the {some_code}|scan the {some_code}|read this {some_code}|scan that {some_code}"
    "|read out the {some_code}|read the {some_code} aloud|scan it|scan this|scan that|what is this {some_code}"
    "|what is the {some_code}|what does the {some_code} say|what is in the {some_code}|what is on that {some_code}"
    "|is there a {some_code}|find the {some_code}|look for a {some_code}|{some_code}",
    "said_light": "how bright is it|how dark is it|how bright is it {light_place}|is it bright {light_place}"
    "|is it dark {light_place}|is it light {light_place}|is the light on|are the lights on|is the light on or off"
    "|are the lights off {light_place}|how much light is there|how much light is there {light_place}"
    "|is there any light {light_place}|is there some light here|light level|what is the light level|brightness"
    "|what is the brightness|light meter|start the light meter|use the light meter"
    "|turn on the light meter|give me a light meter|light detector|light sensor|start the light detector"
    "|find the light|find me the light|look for the light|look for the lights|help me find the light"
    "|help me find the lights|measure the light|measure the brightness|what color is in the middle"
    "|which color is it there in the middle|what color is right in the center|what is the color in the middle"
    "|tell me the color in the center|name the color in the middle|the color of the middle"
    "|what is the color of the center|what color is the middle"
    "|what color am i pointing at|which color do i point at",
    "said_other": "help|help me|i need help|what can you do|what can i say|what can i ask|what can i do"
    "|what do i say|what are the commands|list the commands|tell me the commands|how do i use this|how do i use you"
    "|how does this work|status|your status|the system status|system status|give me a status report"
    "|give me your status|tell me your status|status report|what is your status|what is the system status|battery"
    "|battery level|battery status|your battery level|how are you|how are you doing|how are you feeling|are you ok"
    "|how hot are you|how warm are you|what is your temperature|how much power do you use|how much memory do you use"
    "|which model are you|what model do you use|tell me the time|tell me what time it is|what time|the time"
    "|what time is it|what is the time|what time do you have|do you have the time|have you got the time"
    "|do you know the time|do you know what time it is|do not keep {this_turn}|never save {this_turn}"
    "|do not store {this_turn}|do not record {this_turn}|do not log {this_turn}|don't keep {this_turn}"
    "|don't save {this_turn}"
    "|delete {this_turn}|erase {this_turn}|remove {this_turn}|this is off the record|that was off the record"
    "|off the record|quit|quit the program|exit the program|end the program|close the program",
    "said_talk": "yes|yeah|yep|yes i did|correct|right|that is right|exactly|no|nope|no i did not|i did not|wrong"
    "|that is wrong|not that|no no|thank you|thank you very much|thank you so much|thanks a lot|thanks a bunch"
    "|thanks so much|good|very good|great|fine|nice|perfect|wonderful|cool|wow|goodbye|good bye|bye|bye bye|see you"
    "|see you later|see you soon|good morning|good evening|good afternoon|good night|i see|got it|you are welcome"
    "|my god|my goodness|ok|all right|alright|well|so|oh|ah|hey|hi|hello|sorry|excuse me"
    "|um|uh|er|erm|hm|hmm|mm|huh|just|kindly|the|a|and|but",
    "filler_before": "hey|hi|hello|ok|okay|all right|now|well|so|oh|ah|and|but|then|yes|sorry|excuse me|thanks"
    "|thank you|hey camera|camera|can you|could you|would you|will you|would you mind|do you mind|you can"
    "|i want you to|i need you to|i would like you to|i would like|i'd like|i want to|i want|let us|go ahead and"
    "|try to|i said|please|um|uh|just|kindly",
    "filler_after": "now|right now|thank you|thanks|thank you very much|for me|to me|again|once more|if you can"
    "|if you could|would you|will you|could you|can you|ok|then|immediately|at once|already|for now|this time|please",
    "unfinished": "what is|where is|what does|can you|could you|how many|what color is|what number is|in front of"
    "|on top of|do you|did you|should i|would it|is there|there is|what kind of|how much|how far|how big|whose"
    "|because|and|or|if|but|into|behind|between|beside|than|as|my|your|his|her|its|our|their|any|every|very|of|to"
    "|under|does it|will it|can we|could they|would we|what have|have|was|from|by|with|these|those|that's|it's|how's"
    "|what've|you're|couldn't|colour|centre|spelt|fourty",
    "asked": "{said_stop}|{said_repeat}|{said_speed}|{said_volume}|{said_spell}|{said_detail}|{said_picture}"
    "|{said_read}|{said_read}|{said_changed}|{said_code}|{said_light}|{said_other}",
}  # fmt: skip

TEMPLATES: tuple[tuple[float, str], ...] = (
    (20, "{asked}"), (3, "{filler_before} {asked}"), (3, "{asked} {filler_after}"), (3, "{said_talk}"),
    (1, "{unfinished}"), (1, "{said_talk} {asked}"),
    (1, "{filler_before} {said_talk}"), (2, "hey camera {asked}"), (2, "{said_stop}"), (1, "hey camera"),
)  # fmt: skip
