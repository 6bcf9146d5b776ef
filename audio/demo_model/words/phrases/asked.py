"""Whole questions from the days of people who do not see well, each with the words that belong together.

The other files join any thing with any state. Here the pairs are those that occur: bread goes moldy, a seal is broken.
"""

SLOTS = {
    "eat": "eat|drink|use|touch|wear|taste|put in the microwave|give to the dog",
    "bill": "one dollar bill|five dollar bill|ten dollar bill|twenty dollar bill|fifty dollar bill|hundred dollar bill"
    "|five euro note|ten euro note|twenty euro note|fifty euro note|one euro coin|two euro coin|quarter|dime|nickel|penny",
    "flower": "flower|tree|plant|bird|dog|fish|leaf|insect|cheese|tea|soup|bread|sauce|wine|car|phone|cereal|juice",
    "stains": "stains|a stain|spots|a spot|a hole|holes|paint|dirt|dust|hair|food|a label|wrinkles|buttons",
    "hair": "hair|teeth|eye|beard|face|ear",
    "floor": "floor|sidewalk|path|road|crosswalk|street|table|ground|ramp|hallway|kitchen floor|bathroom floor",
    "empty": "empty|free",
    "seats": "seats|chairs|tables|benches|places|rooms|parking spaces",
    "seat": "seat|chair|table|bench|place|room|parking space|socket|shelf",
    "around": "around here|near me|in the room|on the table|nearby|here|in this room",
    "he": "he|she|the {person}|that {person}|this {person}",
    "this_thing": "it|this|that|this {thing}|the {printed_thing}|this {printed_thing}|the {thing}|the camera",
    "moved": "closer|further away|back|to the left|to the right|left|right|up|down|a bit closer|a little further back"
    "|a bit to the left|a bit to the right|over|around|upside down",
    "gone": "bad|off|moldy|stale|sour|cold|soft|hard|rotten|brown",
    "cooked_state": "done|burnt|cooked through|still raw|still frozen|hot enough|ready|ready to eat|still pink"
    "|still warm|overcooked|spicy",
    "fruit_state": "ripe|rotten|still green|too soft|still good|bruised|moldy|ready to eat",
    "kind": "decaf|organic|sweet|unsweetened|diet|low fat|sugar free|gluten free|vegetarian|vegan|whole grain|spicy"
    "|salted|with nuts|for two people|fresh|frozen",
    "place_state": "wet|clear|slippery|blocked|clean|icy|free|crowded|empty|dark|lit|flat|steep",
    "picture_state": "blurry|too dark|too bright|upside down|sharp|sharp enough|straight|crooked|clear|good enough",
    "frame": "in the frame|in the picture|in view|the right way up|upside down|straight|far enough|close enough"
    "|too close|centered|in the middle",
    "broken_part": "seal|lid|package|box|zipper|screen|glass|handle|label|cable|plug|strap",
    "was_done": "broken|opened|torn|damaged|bent|cracked|removed|changed|replaced|moved|switched off|turned on",
    "pairs": "salt or the pepper|salt or the sugar|shampoo or the conditioner|hot or the cold tap|milk or the cream"
    "|front or the back|black one or the blue one|big one or the small one|left one or the right one|tea or the coffee"
    "|morning or the evening pills|jam or the honey|men's room or the ladies room|push or the pull side",
    "kinds": "coffee or tea|red wine or white wine|apple juice or orange juice|salt or sugar|chicken or fish"
    "|toothpaste or hand cream|a boy or a girl|a man or a woman|day or night|hot or cold|full or empty|on or off"
    "|clean or dirty|left or right|a bill or a letter|cash or card|diet or regular|plain or flavored|a dog or a cat",
    "machine_action": "finish|stop|start|turn off|beep|run",
    "trip": "trip over|bump into|fall over|step on|step over",
    "mood_word": "happy|sad|angry|tired|friendly|worried|serious|surprised|bored|sick|nervous",
    "range": "green range|red range|yellow range|normal range|green zone|red zone|red|green|yellow",
    "unit_read": "number|part number|serial number|model number|order number|house number|bus number|room number"
    "|phone number|account number|reference number",
    "cost_thing": "soup of the day|menu of the day|coffee|ticket|bus ticket|meal|bread|cheapest one|small one|large one"
    "|medium one|total",
    "compass": "north|south|east|west|home|out|up|down|the exit|the station|the kitchen",
    "steps_ahead": "stairs|steps|people|cars|chairs|obstacles|bikes|dogs|trees|poles|holes|puddles|cables|boxes",
    "way": "ahead of me|in front of me|coming up|on the way|in my way|on my left|on my right|behind me|nearby|around",
    "seen_doing": "doing|eating|drinking|holding|wearing|reading|watching|looking at|carrying|pointing at|playing with",
    "small_talk": "how are you|how are you today|what's your name|who are you|are you still there|are you still listening"
    "|are you listening to me|can you still hear me|what can you do for me|what did i just ask you"
    "|what did i ask you before|what did you say before|what did you just say|do you understand me"
    "|say that in other words|are you sure about that|how sure are you about that|is that really true|thank you very much"
    "|thanks a lot|thanks for your help|that was helpful|that was not helpful|that's all for now|that's all thank you"
    "|forget it|never mind forget it|sorry what was that|sorry say that again|sorry i didn't hear that"
    "|can you say that more slowly|could you say that a bit slower|can you speak up a bit|go back to the last one"
    "|go back to the first one|tell me the first one again|what was the last one|what was the first one"
    "|i have a question|i have another question|one last question|let me ask you something|can i ask you something"
    "|what does it mean|what does that mean|what do you mean|can you explain that|can you translate that"
    "|what's that in english|what language is that|good job|well done|you're wrong about that|look at it once more"
    "|try it again|try again please|have another look|did you see that|do you still see it",
}

TEMPLATES: tuple[tuple[float, str], ...] = (
    (8, "{small_talk}"),
    # food and drink
    (2, "has {det} {grocery} gone {gone}"), (1, "is {det} {grocery} {gone}"), (1, "did {det} {beverage} go {gone}"),
    (2, "is {det} {grocery} {cooked_state}"), (1, "is the food {cooked_state}"), (1, "is the meat {cooked_state}"),
    (2, "is {det} {fruit} {fruit_state}"), (2, "are {dets} {fruits} {fruit_state}"),
    (2, "is this {beverage} {kind}"), (1, "is this {grocery} {kind}"), (1, "is it {kind}"),
    (2, "is this safe to {eat}"), (1, "is {det} {grocery} safe to {eat}"), (1, "is it safe to {eat} this"),
    (2, "does it contain any {fruits}"), (2, "does it contain {grocery}"), (1, "are there {fruits} in it"),
    (1, "is there any {grocery} in it"), (1, "is there any sugar in this"), (1, "what's in it"),
    (2, "how many calories does it have"), (1, "how many calories are in this {packed}"),
    (1, "how much sugar does it have"), (1, "how many calories does {det} {grocery} have"),
    (2, "how do i cook this"), (1, "how long do i cook this"), (1, "how long does it need to cook"),
    (1, "how hot should {det} oven be"), (1, "how long should it be in {det} oven"),
    (2, "what's on my plate"), (2, "where on {det} plate is {det} {grocery}"), (1, "what is left on my plate"),
    (1, "is there anything left {where}"), (1, "is there anything left in {det} {fillable}"),
    (1, "is there any {beverage} left in {det} {fillable}"), (2, "what kind of {beverage} is it"),
    (1, "what kind of {grocery} is it"), (2, "what flavor is {det} {beverage}"), (1, "what flavor is {det} {grocery}"),
    (2, "how much is {det} {cost_thing}"), (1, "how much does {det} {cost_thing} cost"),
    (1, "what's {det} price of {det} {cost_thing}"), (1, "how much do i owe"), (1, "how much do i have to pay"),
    (1, "what are the prices"), (1, "what would you recommend"), (1, "is this coke or pepsi"), (1, "how much money is this"), (1, "how much money is {where}"), (1, "how much is this {bill}"),
    (2, "is this {a:bill} or {a:bill}"), (1, "which bill is this"), (1, "which coin is this"),
    # which one it is
    (3, "is this the {pairs}"), (1, "which one is the {pairs}"), (1, "is that the {pairs}"), (3, "is it {kinds}"),
    (2, "is this {kinds}"), (1, "is that {kinds}"), (2, "which {packed} is this"), (2, "which {medicine} is this"),
    (1, "which pill bottle is this"), (1, "which of these is the {grocery}"), (1, "which of these is the {bathroom}"),
    (1, "which one of these is the {medicine}"), (1, "which side of {det} {printed_thing} is the front"),
    (1, "which side is the front"), (1, "which end is the top"), (1, "which way up does it go"),
    (1, "which way up is this"), (1, "what brand is {det} {thing}"), (1, "what kind of {flower} is this"),
    (1, "what kind of {flower} is that"), (2, "has {det} {broken_part} been {was_done}"),
    (1, "is {det} {broken_part} {was_done}"), (1, "has it been {was_done}"), (1, "has this been {was_done}"),
    (1, "is there a crack in {det} {thing}"), (1, "is there {a:defect} in {det} {part}"), (1, "is {det} {thing} damaged"),
    # clothes and looks
    (2, "does {det} {clothing} go with these {clothes}"), (1, "does this {clothing} go with these {clothes}"),
    (1, "do these {clothes} go with this {clothing}"), (1, "do these {clothes} match"),
    (1, "is {det} {clothing} clean or dirty"), (2, "does it have {stains} on it"), (1, "does this {clothing} have {stains} on it"),
    (1, "are there {stains} on my {clothing}"), (1, "is my {clothing} clean or does it have {stains} on it"),
    (1, "is there something in my {hair}"), (1, "do i have something in my {hair}"), (1, "is my {clothing} on the right way"),
    (1, "is my {clothing} buttoned correctly"), (1, "is my {clothing} buttoned up"),
    (1, "are these the {anycolor} {clothes} or the {anycolor} ones"), (1, "are these the {anycolor} ones"),
    (1, "which {clothing} should i wear"), (1, "what goes with this {clothing}"),
    # around me
    (3, "is {det} {floor} {place_state}"), (1, "is the way {place_state}"), (3, "are there {steps_ahead} {way}"),
    (2, "are there any {steps_ahead} {way}"), (1, "watch out for {steps_ahead}"), (1, "do you see {steps_ahead} {way}"),
    (2, "is there anything i could {trip}"), (1, "is there something i might {trip}"), (1, "what could i {trip}"),
    (2, "are there any {empty} {seats}"), (2, "are there any {empty} {seats} {where}"), (2, "is there {a:empty} {seat}"),
    (1, "is there {a:empty} {seat} {where}"), (1, "where is {a:empty} {seat}"), (1, "is there a bench to sit on"),
    (1, "is there a place to sit down"), (1, "is there {a:thing} nearby"), (1, "is there {a:street} nearby"),
    (2, "which way is {compass}"), (1, "which way to {det} {street}"), (1, "how do i get {where}"),
    (1, "where's the nearest {street}"), (1, "is the {street} this way"), (1, "is it getting dark outside"),
    (2, "what's the weather like outside"), (1, "what's it like outside"), (1, "is the sun out"), (1, "is the moon out"),
    (1, "is my {personal} anywhere {around}"), (1, "is {det} {thing} anywhere {around}"), (1, "i dropped something"),
    (2, "i dropped something can you see it"), (1, "i dropped my {personal} can you see it"), (1, "where did it fall"),
    (1, "i lost my {personal} can you find it"), (1, "what's that noise"), (1, "what was that noise"), (1, "what's that beeping"),
    (1, "is the table set"), (1, "is the bed made"), (1, "is everything put away"), (1, "is the room tidy"),
    # people and animals
    (3, "what is {det} {animal} {seen_doing}"), (1, "what's {det} {person} {seen_doing}"), (1, "what is {det} {relative} {seen_doing}"),
    (2, "does he look {mood_word}"), (2, "does she look {mood_word}"), (1, "do they look {mood_word}"), (1, "is he {mood_word}"),
    (1, "is somebody sitting {where}"), (1, "is someone standing {where}"), (1, "is anyone waiting {where}"),
    (1, "how old does {he} look"), (1, "what is {he} wearing"), (1, "is {he} looking at me"), (1, "where is {he} going"),
    # devices
    (2, "did {det} {appliance} {machine_action}"), (1, "why did {det} {appliance} {machine_action}"), (1, "is {det} {onoff} turned on"),
    (1, "is my {electronics} turned on"), (1, "is my {electronics} charged"), (2, "what does my {screened} say"),
    (1, "what does my {screened} screen say"), (1, "what's on my {screened}"), (1, "what is {det} dial set to"),
    (1, "what is {det} {onoff} set to"), (1, "what setting is {det} {onoff} on"), (1, "which setting is it on"), (2, "what buttons are there on {det} {thing}"), (1, "what buttons are there"),
    (1, "how many buttons are there on {det} {screened}"), (1, "which button is for {det} {burner}"),
    (1, "how much time is left on the timer"), (1, "is there any time left on the timer"), (1, "how do i turn this off"),
    (1, "how do i open this"), (1, "how does this open"), (1, "how does this work"), (1, "where do i plug it in"),
    (2, "is {det} {quantity} in the {range}"), (2, "is {det} needle in the {range}"), (1, "is {det} gauge in the {range}"),
    (2, "what's on {det} conveyor belt"), (1, "what is {where} on {det} conveyor belt"), (1, "is anything on {det} conveyor belt"),
    # print, and how the camera is held
    (2, "what's the {unit_read} on {det} {surface}"), (1, "read me the {unit_read}"), (1, "what's the {unit_read} of this {thing}"),
    (1, "is {det} {printed_thing} worth reading"), (1, "what's this {printed_thing} about"), (1, "who is this {printed_thing} for"),
    (1, "who is this {printed_thing} from"), (1, "is this {printed_thing} for {det} {relative}"), (1, "what does it mean"),
    (2, "is the picture {picture_state}"), (1, "is the photo {picture_state}"), (2, "is it {frame}"), (1, "is {det} {thing} {frame}"),
    (2, "am i holding {this_thing} {frame}"), (1, "am i pointing {det} camera at it"), (1, "am i pointing it at {det} {thing}"),
    (2, "should i move {moved}"), (2, "should i turn it {moved}"), (1, "do i need to move {moved}"), (1, "should i hold it {moved}"),
    (1, "describe {this_thing} to me"), (1, "describe this {printed_thing} to me"), (1, "describe {det} {thing} to me"),
    (1, "how often do i take {this_thing}"), (1, "how many do i take"), (1, "when do i take {det} {medicine}"),
    (1, "do i take {det} {medicine} with food"), (1, "how many pills are left"),
)  # fmt: skip
