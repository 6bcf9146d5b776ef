"""Questions about the home, the street and people, as one asks them without choosing the words.

The second block is made of parts: `whis` asks for something, `yesno` can be answered by yes or no, `request` asks for
an act, and `polite`, `aside` and `tail` stand before and behind them. `wh_said` is what follows "could you tell me".
"""

SLOTS = {
    "day": "monday|tuesday|wednesday|thursday|friday|saturday|sunday|today|tomorrow|yesterday",
    "doing": "doing|holding|wearing|saying|looking at",
    "made": "made of|for|called",
    "det": "the|the|the|this|that|my",
    "dets": "the|the|these|those|my",
    "polite": "can you tell me|could you tell me|tell me|do you know|can you see|can you say|i want to know"
    "|i'd like to know|please tell me|would you tell me"
    "|i need to know|could you check|can you check|could you see|any idea|do you see|can you find out|i wonder"
    "|show me|let me know|could you please tell me",
    "aside": "excuse me|sorry|okay|so|well|and|now|oh|hey|hello|hi|um|okay so|all right|wait|by the way|and now|then"
    "|but|alright|thanks|thank you|yes|no|please|and also"
    "|one more question|another question|first|next",
    "tail": "please|now|right now|here|there|exactly|again|today|in the picture|or not|at all|anywhere|at the moment"
    "|then|for me|over there|still|anymore|in this room"
    "|from here|too|as well|yet|already|in here",
    "please_do": "please|could you|can you|would you|will you|could you please|can you please|i want you to"
    "|i need you to|i'd like you to|would you please|just",
    "act": "find {det} {thing}|find my {personal}|find {det} {street}|find the way out|find the nearest {street}|find the {room}"
    "|look for my {personal}|check {det} {thing}|turn on {det} {onoff}|turn off {det} {onoff}|open {det} {openable}"
    "|close {det} {openable}|put it {where}|go to {det} {room}|cross {det} {street}|get to {det} {street}|get {det} {thing}"
    "|open it|use this|sit down|cook {det} {grocery}|wash {dets} {clothes}|wear this {clothing}|clean {det} {thing}"
    "|fix {det} {thing}|buy some {grocery}|make some {beverage}|call {det} {relative}|read {det} {read}|use {det} {thing}"
    "|know what this is|see what's {where}|know if it's {state}|get out of here|press {det} button|set {det} {appliance}",
    "help_me": "help me|help me to|i want to|i need to|i'm trying to|let's|i have to|i'd like to|how do i|how can i"
    "|where can i|can i|should i|may i|do i have to",
    "ask": "{whis}|{whis}|{yesno}|{yesno}|{doing_q}",
    # "what is the …" in all its forms
    "what_is": "what is|what's|what was|what are|what's",
    "where_is": "where is|where's|where did i put|where can i find|where do you see|where was|where can i get"
    "|where do i find",
    "where_are": "where are|where did i put|where did i leave|where can i find",
    "who_is": "who is|who's|who was",
    "which": "which|what|which kind of|what kind of|what sort of|what type of|which of these|what brand of"
    "|which one of these",
    "whis": "{what_is} {det} {thing}|{what_is} {det} {thing} {where}|{what_is} that {where}|{what_is} this {where}"
    "|what's in {det} {fillable}|what's on {det} {surface_place}"
    "|what's {where}|{what_is} this thing|what's this made of|what's it made of|what is {det} {thing} made of"
    "|what's that sound|what's that smell|what happened {where}"
    "|what's the weather like|what's the weather outside|what's inside|what's outside|what's going on {where}"
    "|what's happening {where}|what's wrong with {det} {thing}"
    "|what's next to {det} {thing}|what's {relation} {det} {thing}|what's between them"
    "|what's the difference between them|what's on tv|what's for {meal}|what's on the menu"
    "|what does {det} {thing} look like|what do {dets} {things} look like|what does it do|what does {det} {thing} do"
    "|what can you tell me about {det} {thing}"
    "|what am i pointing at|what am i touching|what do i have in my hand|what did i just pick up|what's in my {hand}"
    "|what's in the way|what's that {anycolor} thing {where}"
    "|what is he {doing}|what is she {doing}|what are they {doing}|what's the {person} {doing}"
    "|what's {det} {relative} {doing}|what is that person {doing}"
    "|what color is {det} {thing}|what color are {dets} {things}|what color are {dets} {clothes}"
    "|what color is {det} {clothing}|what color is the {thing} {where}"
    "|what colors are in {det} {thing}|what color is this {clothing} {tail}|what pattern is on {det} {clothing}"
    "|what pattern does it have|what shape is {det} {thing}|what size is {det} {clothing}"
    "|{which} {thing} is this|{which} {thing} is that|{which} {grocery} is this|{which} {beverage} is this"
    "|{which} {food} is it|{which} {animal} is that|{which} {medicine} is this"
    "|{which} {vehicle} is that|{which} {thing} is {anycolor}|{which} {thing} is {state}|{which} one is the {thing}"
    "|which one is {anycolor}|which one is {state}|which is the {grocery}"
    "|which one of these is {grocery}|which of these is the {thing}|which of these {things} is {anycolor}"
    "|which side is {state}|which way is {det} {thing}|which way do i go|which way is the exit"
    "|which way should i turn|which direction is {det} {thing}|which floor is this|which button is the {thing}"
    "|which hand is it in|which end is up|which key is this|which room is this|which drawer is it in"
    "|{where_is} {det} {thing}|{where_is} {det} {personal}|{where_is} {det} {thing} {tail}"
    "|{where_is} {det} {appliance}|{where_is} {det} {room}|{where_is} {det} {street}|{where_is} the nearest {street}"
    "|{where_are} {dets} {things}|{where_are} {dets} {clothes}|{where_are} my {mys}|where am i now|where are we"
    "|where should i go|where do i go|where does this {street} lead|where did it go|where did i drop it"
    "|where does it hurt|where is the {anycolor} {thing}|where's {det} {relative}|where's everybody"
    "|where's the {person}|where is everyone|where can i sit|where can i put this|where can i plug this in"
    "|{who_is} {where}|{who_is} that {person}|{who_is} the {person}|{who_is} in the picture|{who_is} at the door"
    "|who are they|who are these people|who's calling|who's talking|who's coming"
    "|how far is {det} {thing}|how far away is {det} {thing}|how far is it to {det} {street}"
    "|how close am i to {det} {thing}|how big is {det} {thing}|how long is {det} {thing}|how tall is {det} {thing}"
    "|how wide is {det} {thing}|how high is {det} {thing}|how deep is {det} {thing}|how old is {det} {person}"
    "|how old is it|how heavy is it|how full is {det} {fillable}|how clean is {det} {thing}"
    "|how many {things} are {where}"
    "|how many {things} are on {det} {surface_place}|how many {things} do i have|how many {things} are left"
    "|how many {things} are in {det} {fillable}|how many of them are {anycolor}|how many people are {where}"
    "|how many {fruits} are left"
    "|how much {drink} is in {det} {fillable}|how much {grocery} is left"
    "|how much {beverage} is left in {det} {fillable}|how much is in {det} {fillable}|how much is left"
    "|how much space is there|how much room is left|how do i look in this {clothing}"
    "|how does it look|how does {det} {thing} look|how does this {clothing} look on me|how do i get to {det} {room}"
    "|how do i get to {det} {street}|how do i get out|how do i get there|how do i open {det} {openable}"
    "|how do i turn {det} {onoff} on"
    "|how do i turn on {det} {onoff}|how do i turn off {det} {onoff}|how do i use {det} {thing}"
    "|how do i start {det} {appliance}|how do i close {det} {openable}|how is the weather"
    "|how does {det} {thing} work|how does it work|how is {det} {relative} dressed"
    "|when is {det} {relative} coming|when did {det} {thing} change|why is {det} {onoff} on|why is it {state}"
    "|why doesn't {det} {onoff} work|why is {det} {thing} {state}|why is it so dark|why can't you see it",
    "meal": "breakfast|lunch|dinner|dessert|supper|a snack",
    "hand": "hand|left hand|right hand|pocket|bag|mouth|hair",
    # yes or no
    "is_the": "is|is|is|was|isn't",
    "are_the": "are|are|are|were|aren't",
    "is_there": "is there|is there|is there|isn't there|do you see|can you see|was there|have you seen|can you find"
    "|do i have|do we have|can you spot|did you see|could there be",
    "are_there": "are there|are there|are there|do you see|can you see|aren't there|do i have|were there|do we have"
    "|can you find",
    "yesno": "{is_the} {det} {thing} {state}|{is_the} {det} {thing} {where}|{is_the} {det} {thing} {anycolor}"
    "|{is_the} it {state}|{is_the} this {state}|{is_the} that {state}|{is_the} this {a:thing}"
    "|{is_the} that {a:thing}|is it {a:thing}"
    "|is this my {personal}|is that my {personal}|is this {det} {thing}|is that the {thing}|is that {det} {relative}"
    "|is this the {person}|is this the {room}|is this the right {street}|is this the right {thing}|is this {grocery}"
    "|is that {grocery}"
    "|is this {grocery} or {grocery}|is it {grocery} or {grocery}|is this {a:thing} or {a:thing}"
    "|is it {anycolor} or {anycolor}|is {det} {clothing} {anycolor} or {anycolor}|is it {state} or {state}"
    "|is it made of {material}|is {det} {thing} made of {material}"
    "|is this {thing} {material}|is it on the left or on the right|{is_the} {det} {onoff} on"
    "|{is_the} {det} {onoff} off|{is_the} {det} {onoff} still on|is {det} {onoff} running|is {det} {onoff} working"
    "|{is_the} {det} {onoff} turned off|is {det} {onoff} plugged in"
    "|did i turn off {det} {onoff}|did i leave {det} {onoff} on|did i close {det} {openable}"
    "|did i lock {det} {openable}|did i leave {det} {openable} open|did i drop something|did i spill anything"
    "|did i forget anything|did i miss a spot|have i got everything"
    "|{is_the} {det} {openable} open|{is_the} {det} {openable} closed|{is_the} {det} {openable} locked"
    "|{is_the} {det} {openable} still open|are {dets} {things} {state}|{are_the} {dets} {things} {anycolor}"
    "|{are_the} {dets} {clothes} {anycolor}|{are_the} {dets} {clothes} {state}"
    "|are these {fruits}|are those {fruits}|are these my {mys}|are these {things} or {things}"
    "|are {dets} {fruits} {state}|are the lights on|are all the lights off|are the {things} {where}"
    "|are there people {where}"
    "|{is_there} {a:thing}|{is_there} {a:thing} {where}|{is_there} {a:anycolor} {thing}"
    "|{is_there} a free {furniture}|{is_there} any {grocery}|{is_there} any {beverage} left"
    "|{is_there} any {grocery} {where}|{is_there} anything {where}|{is_there} anything on {det} {surface_place}"
    "|{is_there} anything in {det} {fillable}|{is_there} something {where}|{is_there} anyone {where}"
    "|{is_there} anybody {where}|{is_there} somebody {where}|{is_there} someone {where}"
    "|{is_there} any {material} {where}|{is_there} a hole in {det} {clothing}|{is_there} a stain on {det} {clothing}"
    "|{is_there} dirt on {det} {thing}|{is_there} any dust {where}|{is_there} any mail"
    "|{is_there} any mold on {det} {grocery}|{is_there} a problem|{is_there} something wrong with {det} {thing}"
    "|{is_there} anything missing|{is_there} anything else {where}|{is_there} enough light|{is_there} room for me"
    "|{are_there} any {things}|{are_there} any {things} {where}|{are_there} {things} {where}"
    "|{are_there} any {fruits} left|{are_there} any {things} left|{are_there} any spots on {det} {clothing}"
    "|{are_there} any people {where}|{are_there} any cars coming|{are_there} any seats left"
    "|{are_there} any bugs in it"
    "|do you see {det} {thing}|do you see my {personal}|do you see my {mys}|do you see {det} {thing} {where}"
    "|do you see {a:thing} {where}|do you see anything {state}|do you see anybody|do you see who it is"
    "|do you recognize this {thing}|do you recognize me|do you know who that is|do you know what this is"
    "|do you know where i am|do you see anything strange"
    "|do {dets} {clothes} match|do {dets} {clothes} go with {det} {clothing}"
    "|does {det} {clothing} match {det} {clothing}|does {det} {clothing} go with {det} {clothes}"
    "|does this {clothing} look good|does it look {state}|does {det} {thing} look {state}|does {det} {thing} work"
    "|does this look right|does it fit"
    "|does this {grocery} look {state}|does {det} {person} look happy|does she look angry|does he look sad"
    "|does it have a {thing}|does {det} {thing} have {a:thing}|do i look okay|do i look good|do i look tired"
    "|do i have something on my {body}|do i have anything on my {clothing}|do i need {a:personal}"
    "|do i need an umbrella"
    "|am i in the {room}|am i near {det} {street}|am i at {det} {street}|am i facing {det} {thing}"
    "|am i holding it right|am i close enough|am i too close|am i wearing {det} {clothing}"
    "|am i pointing at {det} {thing}|am i going the right way|am i on the right {street}"
    "|am i in front of {det} {thing}|am i alone"
    "|is anyone {where}|is anybody {where}|is somebody {where}|is anyone looking at me|is anybody sitting {where}"
    "|is someone coming|is he {mood}|is she {mood}|is {det} {relative} {where}|is {det} {person} {where}"
    "|is the {person} {mood}|is {det} {relative} {mood}|are they {mood}|is the baby asleep|is the dog outside"
    "|is it raining outside"
    "|is it snowing|is it sunny|is it cloudy|is it foggy outside|is it windy|is it getting dark"
    "|is it still light outside|is the sun shining|is the road clear|is the street empty|is a car coming"
    "|is it my turn|is the seat free|is this seat taken|is the bus here|is the bus coming|is the train here yet"
    "|is the traffic light {color}"
    "|is the light {color}|is it green now|can i cross now|can i cross the {street}|can i go now|can i go in"
    "|can i sit {where}|can i eat this|can i drink this|can i wear this|can i use this {thing}|can i put it {where}"
    "|can you see {det} {thing}|can you see my {mys}|can you see me|can you see my {body}|can you see anything"
    "|can you see anything {where}"
    "|can you see what's {where}|can you see where {det} {thing} is|can you see who's {where}"
    "|can you see if {det} {openable} is open|can you see if {det} {onoff} is on|has {det} {thing} moved"
    "|has {det} {person} left|has the mail come|has anybody been here|has anything moved|have the {things} changed"
    "|has it stopped raining|has {det} {appliance} finished"
    "|is {det} {grocery} {state}|is {det} {fruit} {state}|is {det} {vegetable} {state}|is {det} {fillable} {state}"
    "|is {det} {room} {state}|is {det} {clothing} {state}|is {det} {appliance} {state}|is my {body} {state}"
    "|is my {clothing} {state}|is my {clothing} on straight|is my hair okay|is my makeup okay|is my zipper open"
    "|is my collar straight|is this {clothing} clean",
    "mood": "happy|sad|angry|smiling|laughing|crying|sleeping|asleep|awake|sitting|standing|walking|waiting"
    "|looking at me|talking|talking to me|alone|young|old|leaving|waving|tired|running|eating|reading|working"
    "|still there|here|there|busy|hurt|sick|wearing a {clothing}|wearing glasses|close|lying on the floor",
    # said after "could you tell me"
    "wh_said": "what this is|what that is|what it is|what's {where}|what's in {det} {fillable}"
    "|what's on {det} {surface_place}|what {det} {thing} looks like|what color {det} {thing} is|what color this is"
    "|what color it is|what color {dets} {clothes} are|what you see|what you can see|what i'm holding"
    "|what i'm looking at|what happened|what's going on"
    "|what kind of {thing} this is|what the {person} is doing|what's wrong|what's missing|what shape it is"
    "|what it looks like|where {det} {thing} is|where my {personal} is|where my {mys} are|where {dets} {things} are"
    "|where i am|where the {street} is|where it is|where they are|where i can sit|which {thing} is {anycolor}"
    "|which one is {det} {thing}|which way to go"
    "|who that is|who's {where}|who is {where}|who they are|how many {things} there are|how many people are {where}"
    "|how far it is|how far {det} {thing} is|how much is left|how big it is|how i look|how it looks"
    "|how to get to {det} {street}|how to turn {det} {onoff} on|if {det} {openable} is open|if {det} {onoff} is on"
    "|if it's {state}|if {det} {thing} is {state}"
    "|if there's {a:thing} {where}|if there is {a:thing}|if anyone is {where}|if i can cross|if it's safe"
    "|if this is {a:thing}|if {dets} {clothes} match|if it's raining|if i dropped anything|if my {clothing} is clean"
    "|whether {det} {openable} is closed|whether {det} {onoff} is off|whether it's {state}|whether anyone is {where}"
    "|when it changes|when the light is green|about {det} {thing}|about this",
    "doing_q": "i lost my {personal}|i can't find my {personal}|i can't find my {mys}|i'm looking for {det} {thing}"
    "|i'm looking for my {personal}|i'm looking for the {street}|i need {a:thing}|i need some {grocery}"
    "|i want {a:thing}|i dropped {det} {thing}|i dropped my {personal}|i think it's {where}"
    "|i think this is {a:thing}|it should be {where}|it's {where}|it must be {where}|that's not {det} {thing}"
    "|that's {a:thing}|i mean the {anycolor} one|i mean the {thing} {where}|i mean the other one|not that one"
    "|the other one|the {anycolor} one|the one {where}|the {thing} {where}|the {thing}|{anycolor}|{thing}|{grocery}"
    "|{room}|i'm in the {room}|i'm at the {street}|i'm in front of {det} {street}|i don't see it|i don't know"
    "|i can't see it|i don't understand|i didn't get that|i'm not sure|i'm ready|let's go|let's try again"
    "|don't worry|that's right|that's wrong|that's it|that's fine|that's enough|never mind that|it doesn't matter"
    "|it doesn't work|you're wrong|you're right|you're welcome|i'd like that|i've got it|i'll try|it's okay"
    "|it's gone|there it is|here it is"
    "|nothing|everything|both|all of them|none of them|maybe|perhaps|of course|sure|exactly|i think so|i hope so"
    "|i guess so|not yet|not now|later|soon|what a pity|really|what else is {where}|what about {det} {thing}"
    "|how about {det} {thing}|and what about {where}|and {where}|and now|and on the other side|and the other one"
    "|anything else {where}|anything {state}|any {things}",
    "request": "describe {det} {thing}|describe {det} {room}|describe the {person}|describe what's {where}"
    "|describe what you see {where}|describe my {clothing}|describe the {thing} in detail|find {det} {thing}"
    "|find my {personal}|find my {mys}|find {det} {street}|find {a:thing}|find the nearest {street}"
    "|find me {a:furniture}|find a free {furniture}|find the way out|look for {det} {thing}|look for my {personal}"
    "|look for {a:thing} {where}"
    "|look at {det} {thing}|look at my {clothing}|look at the {thing} {where}|look {where}|check {det} {thing}"
    "|check if {det} {openable} is open|check if {det} {onoff} is on|check whether {det} {onoff} is off"
    "|check my {clothing}|check the {fillable}|check {where}|check again|count {dets} {things}|count the {fruits}"
    "|count the people|count the {things} {where}|compare these {things}|compare them|name the {things}"
    "|name the {things} {where}|list the {things}"
    "|list everything {where}|tell me about {det} {thing}|tell me about the {person}"
    "|tell me more about {det} {thing}|tell me what's {where}|tell me when {det} {onoff} is on"
    "|tell me when the light is green|tell me when {det} {vehicle} comes|tell me when {det} {fillable} is full"
    "|tell me if {det} {thing} is {state}|tell me if someone comes|tell me if it's {state}"
    "|tell me if {det} {onoff} is on|watch {det} {thing}|watch the {onoff}|watch the {person}"
    "|keep an eye on {det} {thing}|identify {det} {thing}|identify this"
    "|recognize this {thing}|guide me to {det} {street}|guide me to {det} {thing}|take me to {det} {room}"
    "|show me {det} {thing}|help me find {det} {thing}|help me find my {personal}|help me match {dets} {clothes}"
    "|help me choose {a:clothing}|help me cross {det} {street}|help me with {det} {appliance}"
    "|help me sort {dets} {things}|turn on {det} {onoff}|turn off {det} {onoff}|turn the {onoff} on"
    "|turn the {onoff} off|open {det} {openable}|close {det} {openable}|take a picture of {det} {thing}"
    "|take a picture of my {body}|remember this {thing}|remember this as {det} {thing}"
    "|remember where i put my {personal}|remind me of {det} {thing}|use {det} {thing}|find the {anycolor} {thing}"
    "|find the {thing} {where}|pick the {anycolor} one|put it {where}|put {det} {thing} {where}|go to {det} {room}"
    "|cross {det} {street}|get to {det} {street}|get {det} {thing}|open it|use this|sit down|cook {det} {grocery}"
    "|wash {dets} {clothes}|wear this {clothing}|clean {det} {thing}|fix {det} {thing}|buy some {grocery}"
    "|make some {beverage}|call {det} {relative}|send this to {det} {relative}|water the plants|feed the {animal}",
}  # fmt: skip

TEMPLATES: tuple[tuple[float, str], ...] = (
    (2, "what is {where}"), (1, "what's {where}"), (1, "what do you see {where}"), (1, "what can you see {where}"),
    (1, "is there anything {where}"), (1, "is there anyone {where}"), (1, "is someone {where}"), (1, "who is {where}"),
    (2, "is the {openable} open"), (1, "is the {openable} closed"), (1, "is the {openable} open or closed"),
    (1, "is the {openable} locked"),
    (2, "is the {onoff} on"), (1, "is the {onoff} off"), (1, "is the {onoff} on or off"),
    (1, "is the {onoff} still on"),
    (1, "is the {fillable} empty"), (1, "is the {fillable} full"), (1, "how full is the {fillable}"),
    (1, "what is in the {fillable}"),
    (1, "is this {food}"), (1, "where is the {food}"), (1, "is the {food} still good"), (1, "how much {drink} is left"),
    (1, "is the {thing} {size}"), (1, "is it {size}"), (1, "is this {thing} {size}"), (1, "is the {thing} {where}"),
    (1, "is my {my} {where}"), (1, "find the {thing}"), (1, "find my {my}"), (1, "can you find my {my}"),
    (1, "find {a:thing}"),
    (1, "look for the {thing}"), (1, "look for my {my}"), (1, "look at the {thing}"), (1, "describe the {thing}"),
    (1, "tell me about the {thing}"), (1, "tell me what is {where}"),
    (1, "how far is the {thing}"), (1, "how far away is the {thing}"), (1, "how big is the {thing}"),
    (1, "how close is the {thing}"),
    (1, "what is on the {thing}"), (1, "what is {relation} the {thing}"), (1, "what kind of {thing} is this"),
    (1, "what is the {thing} {made}"), (1, "what is the man {doing}"), (1, "what is the woman {doing}"),
    (1, "what is the child {doing}"),
    (1, "what is the person {doing}"), (1, "is this {a:thing}"), (1, "is that {a:thing}"), (1, "what is the {thing}"),
    (1, "take a picture of the {thing}"), (1, "remember this {thing}"), (1, "zoom in on the {thing}"),
    (1, "zoom in on the {shape}"), (1, "tell me when you see {a:thing}"), (1, "tell me when the {onoff} is on"),
    (1, "show me the {thing}"),
    (1, "guide me to the {thing}"), (1, "has the {thing} changed"), (1, "has the {thing} moved"),
    (1, "is the {thing} moving"),
    (1, "is it {day}"), (1, "what day is {day}"), (1, "set the volume to {number}"),
    (1, "set a timer for {number} minutes"),
    (1, "wait {number} seconds"), (1, "turn on the {onoff}"), (1, "turn off the {onoff}"), (1, "wait {number} minutes"),
    # what people ask when they do not choose their words
    (6, "{ask}"), (2, "{polite} {wh_said}"), (2, "{whis}"), (2, "{yesno}"), (1.5, "{aside} {yesno}"),
    (1, "{aside} {whis}"), (1, "{yesno} {tail}"),
    (1, "{whis} {tail}"), (2, "{doing_q}"), (1, "{request}"), (1, "{please_do} {request}"), (1, "{aside} {request}"),
    (1, "{help_me} {act}"),
)  # fmt: skip
