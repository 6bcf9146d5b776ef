"""The sentences that the model is built around: fixed phrases, slot words and templates.

It is pure data in plain English. A template is a sentence with `{slot}`s; `{a:slot}` puts "a" or "an" before the
word. `corpus` draws sentences from the templates, and decides which are kept for testing.
"""

# Phrases that are said word for word and are always part of training: what the assistant reacts to, and what people
# ask without naming a thing.
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

SLOTS = {
    "color": "red|green|blue|yellow|orange|purple|white|black",
    "anycolor": "red|green|blue|yellow|orange|purple|white|black|brown|gray|pink",
    "shape": "circle|square|triangle|star|cross",
    "shapes": "circles|squares|triangles|stars|crosses",
    "count": "one|two|three|four",
    # Nouns that do not occur in a world of shapes but are asked for all the same, and things at which users really
    # point a camera.
    "thing": "car|dog|cat|cup|door|chair|table|person|man|woman|child|phone|book|bottle|key|bag|tree|bus|sign|traffic light|window"
    "|bed|box|lamp|screen|camera|clock|glass|plate|bird|flower|bicycle|truck|train|wall|bench|shelf|desk|hat|shoe|coat|umbrella"
    "|computer|keyboard|button|switch|handle|mirror|picture|stop sign|ladder|bowl|spoon|sofa|fence|gate|house|building|horse"
    "|cable|tool|machine|pump|valve|motor|tank|gauge|meter|pipe|panel|engine|letter|ticket|newspaper|map|towel|sink|stove|oven",
    "things": "people|cars|chairs|bottles|cups|books|dogs|cats|doors|windows|steps|apples|bananas|oranges|coins|boxes|bags|plates"
    "|lights|buttons|shoes|children|birds|trees|buses|letters|eggs|fingers|objects|tables|screens|signs|men|women|keys"
    "|flowers|glasses|pumps|valves|gauges|switches|tools|cables|pipes|numbers|words|bicycles|trucks|houses",
    "my": "phone|key|wallet|bag|cup|book|hat|coat|umbrella|medicine|watch|white cane|remote|charger|ticket|bottle|jacket|drink|coffee"
    "|chair|dog|computer|pen|screwdriver|hammer|flashlight|helmet",
    "mys": "keys|glasses|shoes|gloves|headphones|pills|socks|tools|children|things",
    "openable": "door|window|gate|box|drawer|fridge|valve|shop|cupboard|elevator|bag|book|garage|exit|entrance|lid",
    "onoff": "light|lamp|pump|motor|stove|oven|television|screen|machine|heater|switch|fan|computer|engine|camera|alarm|power",
    "fillable": "cup|glass|bottle|bowl|tank|bag|box|bus|fridge|bucket|room|plate|kettle|printer",
    "drink": "milk|water|coffee|tea|juice|bread|cheese|rice|soup|sugar|salt|pepper|butter|meat|fish|chocolate|cake",
    "food": "milk|water|coffee|tea|juice|bread|apple|banana|egg|cheese|rice|soup|sugar|salt|pepper|butter|meat|fish|chocolate|cake",
    "place": "at the top left|at the top|at the top right|on the left|in the middle|on the right|at the bottom left|at the bottom"
    "|at the bottom right",
    "where": "in front of me|behind me|on my left|on my right|ahead of me|near me|next to me|on the table|on the floor|on the wall"
    "|in the room|in the picture|on the screen|on the desk|on the shelf|in the box|outside|inside|here|over there|in the kitchen"
    "|at the door|in the corner|under the table|behind the door|across the street|above me|below me|in the image|on the street",
    "one_to_read": "sign|label|menu|letter|number|price|title|headline|name|date|message|address|phone number|price tag|bus number"
    "|street sign|word|serial number|gauge|meter|barcode|timetable|house number|license plate|warning|receipt|poster",
    "read": "text|sign|label|page|menu|letter|screen|display|number|numbers|price|title|headline|name|date|time|clock|first line"
    "|last line|next line|next page|instructions|receipt|bill|warning|poster|message|address|phone number|price tag|bus number"
    "|room number|street sign|expiry date|small print|word|words|serial number|gauge|meter|temperature|pressure|level|newspaper"
    "|package|email|barcode|timetable|street name|house number|license plate|second line|large print|model number",
    "surface": "sign|label|page|screen|display|door|box|bottle|package|wall|letter|bus|ticket|receipt|poster|machine|panel|shirt"
    "|medicine|envelope|book|tank|pump|valve|motor|gauge|card",
    "printed": "open|closed|exit|stop|push|pull|danger|start|ready|full|empty|hot|cold|water|milk|tea|coffee|salt|sugar|north|south"
    "|left|right|up|down|fire|pump|valve|motor|tank|off|on|door|gate|lift|room|bus|taxi",
    "digit": "zero|one|two|three|four|five|six|seven|eight|nine",
    "teen": "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen",
    "ten": "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety",
    "nonzero": "one|two|three|four|five|six|seven|eight|nine",
    "number": "{digit}|{digit}|{teen}|{ten}|{ten} {nonzero}|{ten} {nonzero}|{nonzero} hundred|one hundred",
    "day": "monday|tuesday|wednesday|thursday|friday|saturday|sunday|today|tomorrow|yesterday",
    "doing": "doing|holding|wearing|saying|looking at",
    "made": "made of|for|called",
    "size": "big|small|large|tall|close|near|clean|dirty|wet|dry|broken|empty|full|hot|cold|heavy|new|old|safe|sharp",
    "relation": "above|below|under|next to|near|behind|in front of|left of|right of|to the left of|to the right of|inside",
    # Openings that may stand before any sentence, before "what …", and before "read …".
    "opening": "hey camera|okay|excuse me|and|now|hey camera",
    "opening_question": "can you tell me|tell me|hey camera",
    "opening_request": "please|please|can you|hey camera",
}  # fmt: skip

# (weight, template). The first block is the demo's own world and what users ask most; it outweighs the rest.
TEMPLATES: tuple[tuple[float, str], ...] = (
    (9, "what color is the {shape}"), (3, "which color is the {shape}"), (1, "what color are the {shapes}"),
    (1, "what color is the {shape} {place}"), (1, "what is the color of the {shape}"), (2, "what color is the {thing}"),
    (1, "what color is my {my}"), (1, "what color is this {thing}"), (1, "what color is the {shape} on the {anycolor} background"),
    (5, "how many {shapes} are there"), (4, "how many {shapes} do you see"), (2, "how many {shapes} can you see"),
    (2, "how many {color} {shapes} are there"), (1, "how many {color} {shapes} do you see"), (1, "how many {color} shapes are there"),
    (2, "count the {shapes}"), (1, "count the {color} {shapes}"), (1, "how many {shapes} are in the picture"),
    (1, "are there {count} {shapes}"), (1, "do you see {count} {shapes}"), (1, "how many shapes are {color}"),
    (2, "how many {things} are there"), (1, "how many {things} do you see"), (1, "how many {things} can you see"),
    (1, "how many {things} are {where}"), (1, "count the {things}"),
    (7, "where is the {shape}"), (2, "where is the {color} {shape}"), (1, "where are the {shapes}"), (1, "where do you see the {shape}"),
    (1, "find the {shape}"), (1, "find the {color} {shape}"), (1, "is the {shape} {place}"), (1, "is the {color} {shape} {place}"),
    (3, "where is the {thing}"), (3, "where is my {my}"), (1, "where are my {mys}"), (1, "where are the {things}"),
    (5, "is there {a:shape}"), (4, "do you see {a:shape}"), (4, "can you see {a:shape}"), (4, "is there {a:color} {shape}"),
    (3, "do you see {a:color} {shape}"), (2, "can you see {a:color} {shape}"), (1, "is there {a:shape} {place}"),
    (1, "are there any {shapes}"), (1, "do you see any {shapes}"), (1, "do you see the {shape}"), (1, "is the {shape} there"),
    (3, "is there {a:thing}"), (3, "do you see {a:thing}"), (2, "can you see {a:thing}"), (1, "do you see the {thing}"),
    (2, "is there {a:thing} {where}"), (1, "do you see my {my}"), (1, "can you see my {my}"), (1, "are there any {things}"),
    (1, "do you see any {things}"), (1, "are there any {things} {where}"), (1, "is there any {drink}"),
    (2, "is the {shape} {color}"), (1, "is the background {color}"), (1, "is it {color}"), (1, "is the {thing} {anycolor}"),
    (1, "is it {a:shape}"), (1, "is it {a:shape} or {a:shape}"), (1, "is the {shape} {color} or {color}"), (1, "is this {a:shape}"),
    (1, "which shape is {color}"), (1, "which shape is {place}"), (1, "what shape is {place}"), (1, "what is the {color} shape"),
    (2, "what is {place}"), (1, "what do you see {place}"), (1, "is there anything {place}"), (1, "what color is it {place}"),
    (2, "and the {shape}"), (1, "and the {color} {shape}"), (1, "what about the {shape}"), (1, "what about the {color} {shape}"),
    (1, "and {place}"), (1, "and the {thing}"), (1, "what about the {thing}"),
    (1, "and the {color} one"), (1, "what about the {color} one"), (1, "where is the {color} one"), (1, "and the {shapes}"),
    (1, "is the {shape} {relation} the {shape}"), (1, "what is {relation} the {shape}"), (1, "tell me about the {shape}"),
    (1, "describe the {shape}"), (1, "describe the {color} {shape}"), (1, "how big is the {shape}"), (1, "is the {shape} big or small"),
    # reading
    (4, "read the {read}"), (2, "read the {read} please"), (2, "please read the {read}"), (2, "can you read the {read}"),
    (1, "could you read the {read}"), (1, "read the {read} again"), (1, "read me the {read}"), (1, "read the {read} slowly"),
    (2, "what is the {read}"), (2, "what does the {surface} say"), (2, "read the {read} on the {surface}"),
    (1, "what is written on the {surface}"), (1, "what is the {read} on the {surface}"), (1, "what does it say on the {surface}"),
    (1, "is there {a:one_to_read}"), (1, "do you see {a:one_to_read}"), (1, "where is the {read}"), (1, "spell the {read}"),
    (2, "does it say {printed}"), (1, "does the sign say {printed}"), (1, "is the word {printed}"), (1, "does it say {printed} or {printed}"),
    (1, "do you see the word {printed}"), (1, "is the number {number}"), (1, "is it number {number}"), (1, "does it say {number}"),
    (1, "is it bus number {number}"), (1, "is this room {number}"), (1, "read page {number}"), (1, "go to page {number}"),
    (1, "read line {number}"), (1, "is it above {number}"), (1, "is it below {number}"), (2, "{number}"), (1, "{digit} {digit}"),
    (1, "{digit} {digit} {digit}"), (1, "{digit} {digit} {digit} {digit}"), (1, "{shape}"), (1, "{color}"), (1, "{printed}"),
    # the wider household and work world
    (2, "what is {where}"), (1, "what's {where}"), (1, "what do you see {where}"), (1, "what can you see {where}"),
    (1, "is there anything {where}"), (1, "is there anyone {where}"), (1, "is someone {where}"), (1, "who is {where}"),
    (2, "is the {openable} open"), (1, "is the {openable} closed"), (1, "is the {openable} open or closed"), (1, "is the {openable} locked"),
    (2, "is the {onoff} on"), (1, "is the {onoff} off"), (1, "is the {onoff} on or off"), (1, "is the {onoff} still on"),
    (1, "is the {fillable} empty"), (1, "is the {fillable} full"), (1, "how full is the {fillable}"), (1, "what is in the {fillable}"),
    (1, "is this {food}"), (1, "where is the {food}"), (1, "is the {food} still good"), (1, "how much {drink} is left"),
    (1, "is the {thing} {size}"), (1, "is it {size}"), (1, "is this {thing} {size}"), (1, "is the {thing} {where}"),
    (1, "is my {my} {where}"), (1, "find the {thing}"), (1, "find my {my}"), (1, "can you find my {my}"), (1, "find {a:thing}"),
    (1, "look for the {thing}"), (1, "look for my {my}"), (1, "look at the {thing}"), (1, "describe the {thing}"),
    (1, "tell me about the {thing}"), (1, "tell me what is {where}"),
    (1, "how far is the {thing}"), (1, "how far away is the {thing}"), (1, "how big is the {thing}"), (1, "how close is the {thing}"),
    (1, "what is on the {thing}"), (1, "what is {relation} the {thing}"), (1, "what kind of {thing} is this"),
    (1, "what is the {thing} {made}"), (1, "what is the man {doing}"), (1, "what is the woman {doing}"), (1, "what is the child {doing}"),
    (1, "what is the person {doing}"), (1, "is this {a:thing}"), (1, "is that {a:thing}"), (1, "what is the {thing}"),
    (1, "take a picture of the {thing}"), (1, "remember this {thing}"), (1, "zoom in on the {thing}"),
    (1, "zoom in on the {shape}"), (1, "tell me when you see {a:thing}"), (1, "tell me when the {onoff} is on"), (1, "show me the {thing}"),
    (1, "guide me to the {thing}"), (1, "has the {thing} changed"), (1, "has the {thing} moved"), (1, "is the {thing} moving"),
    (1, "is it {day}"), (1, "what day is {day}"), (1, "set the volume to {number}"), (1, "set a timer for {number} minutes"),
    (1, "wait {number} seconds"), (1, "turn on the {onoff}"), (1, "turn off the {onoff}"), (1, "wait {number} minutes"),
)  # fmt: skip
FIXED_SHARE = 0.22  # the share of commands and fixed questions among all sentences
OPENING_SHARE = 0.05  # the share of templated sentences with "please …" or "hey camera …" before them
CLOSING_SHARE = 0.03  # the share with "… please" after them

# The questions that a user of the demo asks first. They must be understood nearly perfectly in every ordinary voice
# (`evaluate`).
DEMO_QUESTIONS = """what color is the circle|what color is the background|which color is the star|how many shapes are there
|how many circles are there|how many squares do you see|count the shapes|where is the star|is there a square|do you see a square
|can you see a triangle|is there a red circle|is it bright or dark|is the picture bright or dark|what does it say|read the text
|read it|what is the number|read the number|what number is it|what is the word|read the word|what does the sign say
|is there any text|what do you see|what is this|what is in the picture|describe the picture|describe it|what is in front of me
|what color is it|where is it|and the square|what color is the square|what color is the car|is there a dog|where is the cup
|is it safe to cross|who is that|what time is it|stop|stop talking|be quiet|repeat|repeat that|say that again|help
|what can you do|new picture|take a new picture|same picture|keep the picture|quit|goodbye|exit|slower|faster|speak slower
|speak faster|louder|quieter|spell that|more detail|tell me more|shorter|look closer|zoom in|what has changed|status|battery
|hey camera|yes|no|please|thank you|where is the triangle|where is the cross|what color is the star|what color is the triangle
|what color is the cross|how many triangles are there|how many stars are there|is there a blue square|is there a green triangle
|is there a star|do you see a circle|where is the red circle|where is the square"""
