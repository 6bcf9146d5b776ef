"""Questions about print: labels, letters, dates of expiry, money, brands, instructions, codes, screens."""

SLOTS = {
    "one_to_read": "sign|label|menu|letter|number|price|title|headline|name|date|message|address|phone number"
    "|price tag|bus number"
    "|street sign|word|serial number|gauge|meter|barcode|timetable|house number|license plate|warning|receipt|poster",
    "read": "text|sign|label|page|menu|letter|screen|display|number|numbers|price|title|headline|name|date|time"
    "|clock|first line"
    "|last line|next line|next page|instructions|receipt|bill|warning|poster|message|address|phone number|price tag"
    "|bus number"
    "|room number|street sign|expiry date|small print|word|words|serial number|gauge|meter|temperature|pressure"
    "|level|newspaper"
    "|package|email|barcode|timetable|street name|house number|license plate|second line|large print|model number"
    "|{detail}|{detail}|{detail}|{detail}|{printed_thing}",
    "detail": "expiration date|best before date|use by date|ingredients|allergens|nutrition facts|directions|dosage"
    "|dose|brand|brand name|flavor|total|amount"
    "|subject|sender|author|chapter|paragraph|heading|footnote|caption|table of contents|index|first page|last page"
    "|next paragraph|first paragraph|last paragraph"
    "|top line|bottom line|third line|opening hours|departure time|arrival time|platform|gate number|flight number"
    "|seat number|room number|order number|invoice number"
    "|account number|reference number|tracking number|customer number|model|version|size|weight|volume|code|bar code"
    "|qr code|password|website|web address|email address"
    "|return address|postal code|zip code|signature|logo|back|front|side|top|bottom|rest|important part|warnings"
    "|notice|error message|error code|notification|caller|settings"
    "|temperature|humidity|speed|channel|station|program|cycle|timer|countdown|battery level|percentage|calories"
    "|sugar content|fat content|alcohol content|percentage of alcohol"
    "|washing instructions|care label|cooking instructions|cooking time|instructions for use|recipe"
    "|storage instructions|side effects|active ingredient|prescription|patient name|doctor's name"
    "|country of origin|manufacturer|company|date of birth|due date|deadline|appointment|time of departure|name tag"
    "|nameplate|type plate|rating plate|inspection date|handwriting"
    "|date on top|name on it|number on it|biggest word|big letters|small letters|fine print|capital letters"
    "|exit sign|door sign|traffic sign|street number|floor number|bus stop sign|train number",
    "surface": "sign|label|page|screen|display|door|box|bottle|package|wall|letter|bus|ticket|receipt|poster|machine"
    "|panel|shirt"
    "|medicine|envelope|book|tank|pump|valve|motor|gauge|card|{printed_thing}|{packed}|{packed}|{screened}|{street}"
    "|{machine}",
    "packed": "can|tin|jar|bottle|box|carton|package|packet|bag|tube|tray|wrapper|lid|back|front|bottom|pack"
    "|{grocery}|{beverage}|{medicine}|{bathroom}",
    "screened": "phone|screen|display|computer|laptop|monitor|tv|microwave|oven|thermostat|washing machine"
    "|dishwasher|dryer|scale|clock|alarm clock|radio|elevator"
    "|calculator|printer|coffee machine|copier|ticket machine|cash machine|card reader|watch|tablet|meter"
    "|control panel|thermometer|blood pressure monitor|air conditioner",
    "printed": "open|closed|exit|stop|push|pull|danger|start|ready|full|empty|hot|cold|water|milk|tea|coffee|salt"
    "|sugar|north|south"
    "|left|right|up|down|fire|pump|valve|motor|tank|off|on|door|gate|lift|room|bus|taxi|entrance|emergency exit"
    "|no entry|no smoking|private|staff only|out of order|sold out|sale"
    "|for rent|reserved|occupied|vacant|men|women|ladies|gentlemen|restroom|caution|warning|wet floor|high voltage"
    "|keep out|fragile|this side up|handle with care|organic|gluten free"
    "|sugar free|decaf|low fat|made in china|poison|flammable|yield|one way|no parking|detour|east|west|power|error"
    "|paused|complete|low battery|no signal|welcome|thank you|happy birthday",
    "say_past": "say|says|said|read|mean",
    "expires": "expire|go bad|run out|go off|expire|need to be used",
    "date_of": "the expiration date|the expiry date|the best before date|the use by date|the sell by date|the date",
    "when_q": "when does {det} {grocery} {expires}|when does {det} {medicine} {expires}|when does it {expires}"
    "|when does this {expires}|when do {dets} {things} {expires}|has {det} {grocery} expired|has this expired"
    "|has it expired|has {det} {medicine} expired"
    "|is {det} {grocery} expired|is {det} {grocery} out of date|is this still good|is this {grocery} still good"
    "|is {det} {grocery} past its date|what's {date_of}|what is {date_of}|what's {date_of} on {det} {packed}"
    "|read {date_of}|read me {date_of}|read {date_of} on {det} {packed}"
    "|where is {date_of}|find {date_of}|can you read {date_of}|can you find {date_of}"
    "|until when is {det} {grocery} good|how long is {det} {grocery} good|how old is this {grocery}"
    "|was this made this year|which {grocery} expires first|what day does it expire"
    "|when is {det} appointment|when is {det} {read} due|when is it due|when does {det} {street} open"
    "|when does {det} {street} close|when does the {vehicle} leave|when does the next {vehicle} come"
    "|when does the {vehicle} arrive|when is the next {vehicle}|what time does the {street} open"
    "|what time does the {vehicle} leave"
    "|what time does it close|what time does it say|what time is on {det} {screened}|what time is it on {det} clock"
    "|what date is on {det} {printed_thing}|what day is it today|what's today's date|how long does it take"
    "|how long should it cook|how long do i cook {det} {grocery}|how much longer does {det} {appliance} run",
    "says_q": "what does it say|what does this say|what does that say|what does it say here|what does it say there"
    "|what does it say {where}|what does {det} {surface} say|what does {det} {surface} say here"
    "|what does {det} {read} say|what do {dets} {things} say|what does it say on {det} {surface}"
    "|what does it say on the {side} of {det} {surface}"
    "|what's written on {det} {surface}|what's written {where}|what's printed on {det} {surface}"
    "|what's on {det} {screened}|what's on the display of {det} {screened}|what does the {screened} display show"
    "|what's {det} {screened} showing|what is {det} {screened} set to|what does {det} {screened} show"
    "|what's the {screened} at"
    "|what's {det} {read}|what is {det} {read}|what's {det} {read} on {det} {surface}|what's the {detail}"
    "|what is the {detail}|what's the {detail} of {det} {packed}|what's the {detail} on {det} {packed}"
    "|what's the {read} of {det} {printed_thing}|what are the {detail}|what are the ingredients"
    "|what are the ingredients of {det} {grocery}|what are the washing instructions"
    "|what are the side effects|what are the directions on {det} {packed}|what's {det} {printed_thing} about"
    "|what is {det} {printed_thing} about|what kind of {printed_thing} is this|what's in this {packed}"
    "|what's in {det} {packed}|what's this {packed}|what is in this {packed}"
    "|what kind of {grocery} is in this {packed}|what {grocery} is this|what flavor is this"
    "|what flavor is {det} {grocery}"
    "|what brand is {det} {grocery}|what brand is this|what brand is it|what brand of {grocery} is this"
    "|what size is this|what size are {dets} {clothes}|what channel is it|what station is this|what page is this"
    "|what page am i on|what floor are we on|what street is this|what room is this|what bus is that|what bus is this"
    "|what number is {det} {vehicle}|what number is on {det} {surface}|what number is this {thing}"
    "|what's the number of {det} {vehicle}|what's the name of {det} {printed_thing}"
    "|what's the name of {det} {street}|what's the name of {det} {medicine}"
    "|what's the title of {det} {printed_thing}|what's it called|what is this {street} called|which {street} is this"
    "|which {vehicle} is this|which page is this|which platform is it|which gate is it|which line is this"
    "|which medicine is this|which button says {printed}"
    "|which button is {printed}|which one says {printed}|which {packed} says {printed}|which of these says {printed}"
    "|which way does the sign point|which side says {printed}|which bin is for {material}"
    "|who is {det} {printed_thing} from|who's it from|who wrote {det} {printed_thing}|who sent {det} {printed_thing}"
    "|who is it addressed to|who is {det} author|who made {det} {thing}|is there a name on it"
    "|is there a name on {det} {surface}"
    "|is there a number on {det} {surface}|is there a label on {det} {surface}"
    "|is there anything written on {det} {surface}|is there any text on {det} {surface}"
    "|is there writing on {det} {surface}|is there sugar in {det} {grocery}|are there nuts in {det} {grocery}"
    "|is there any braille|is there a phone number on {det} {printed_thing}|is there an error on {det} {screened}"
    "|is there a sign {where}|is there a message on {det} {screened}"
    "|does it say {printed}|does {det} {surface} say {printed}|does it say {printed} or {printed}"
    "|does it say how to use it|does it say when it {expires}|does it say where to sign|does it say who it's from"
    "|does it contain {grocery}|does this contain {grocery}|does {det} {grocery} contain {grocery}"
    "|does {det} {printed_thing} say {printed}|does it have {grocery} in it|does it mention {grocery}"
    "|is it vegetarian|is it vegan|is it gluten free|is it sugar free"
    "|is this {medicine} or {medicine}|is this the {read}|is this the {packed} with {grocery}"
    "|is this {printed_thing} for me|is it addressed to me|is {det} {printed_thing} upside down"
    "|is {det} {printed_thing} important|is it in english|what language is it|what language is this"
    "|is this handwritten|is it typed|can you make out {det} {read}|can you read {det} {read}"
    "|can you read {det} {read} on {det} {surface}|can you read what's on {det} {surface}"
    "|can you read {det} {read} to me",
    "side": "front|back|side|top|bottom|left|right|cover|inside|lid|first page|label|left side|right side|middle|edge",
    "say_read": "read|read me|read out|please read|can you read|could you read|would you read|could you please read"
    "|read aloud|read me out|read again|read just|only read|can you please read|will you read|try to read|just read"
    "|please read me",
    "read_request": "{say_read} {det} {read}|{say_read} {det} {read} {tail}|{say_read} {det} {detail}"
    "|{say_read} {det} {read} on {det} {surface}|{say_read} what's on {det} {surface}|{say_read} what it says"
    "|{say_read} what's written {where}|{say_read} {det} {printed_thing}|{say_read} {det} {packed}"
    "|{say_read} this to me|{say_read} all of it|{say_read} everything on {det} {surface}"
    "|{say_read} the {detail} slowly"
    "|{say_read} the {detail} of {det} {packed}|{say_read} from the beginning|{say_read} only the {detail}"
    "|{say_read} the first line|{say_read} the last paragraph|{say_read} the next page"
    "|{say_read} the bottom of {det} {printed_thing}|spell {det} {read}|spell {det} {detail}|spell the name"
    "|spell the last word|scan {det} {read}|scan {det} code|scan the bar code|scan {det} {packed}"
    "|find {det} {detail}|look for {det} {detail}|tell me {det} {detail}|tell me the {detail} of {det} {packed}"
    "|tell me what {det} {surface} says|tell me what {det} {read} says|could you tell me what {det} {surface} says"
    "|can you tell me what {det} {surface} says|could you tell me what {det} {read} is"
    "|do you know what {det} {surface} says|tell me what's written on {det} {surface}|tell me what it says {where}"
    "|tell me which button says {printed}|tell me when it {expires}|tell me who it's from"
    "|translate {det} {printed_thing}|summarize {det} {printed_thing}|skip the {detail}|go to the {detail}"
    "|save the {detail}|repeat the {detail}",
    "button_q": "which button is {printed}|which button do i press|which button do i press for {printed}"
    "|which button turns it off|which button turns it on|which knob is for the {burner}"
    "|which button starts {det} {appliance}|where's the {printed} button|where is the button for {printed}"
    "|where is the power button|where's the start button|is this the {printed} button|am i on the {printed} button"
    "|what does this button do|what does the {anycolor} button do|what does the {anycolor} light mean"
    "|what is the {appliance} set to|what temperature is {det} {appliance} set to|what program is it on"
    "|what mode is it in|what mode is {det} {screened} in|how much time is left"
    "|how much time is left on {det} {appliance}|how many minutes are left|is the {anycolor} light on"
    "|is the {anycolor} light blinking|is it blinking|is the display on|is the screen on|is the screen black"
    "|is {det} {screened} showing an error|is it finished|is {det} {appliance} done|is it charged|is it charging"
    "|is it connected|is it ready|what's the battery level of {det} {screened}"
    "|what's the error code|what does the error mean|what's on the screen now|is the cursor there|what's selected"
    "|what is highlighted|which option is selected|which menu is it|which window is open|where is the cursor"
    "|what icon is this|press the {printed} button|move my finger to the {printed} button"
    "|guide my finger to {printed}",
    "burner": "front burner|back burner|left burner|right burner|oven|temperature|timer|volume|heat|light",
}  # fmt: skip

TEMPLATES: tuple[tuple[float, str], ...] = (
    (4, "read the {read}"), (2, "read the {read} please"), (2, "please read the {read}"),
    (2, "can you read the {read}"),
    (1, "could you read the {read}"), (1, "read the {read} again"), (1, "read me the {read}"),
    (1, "read the {read} slowly"),
    (2, "what is the {read}"), (2, "what does the {surface} say"), (2, "read the {read} on the {surface}"),
    (1, "what is written on the {surface}"), (1, "what is the {read} on the {surface}"),
    (1, "what does it say on the {surface}"),
    (1, "is there {a:one_to_read}"), (1, "do you see {a:one_to_read}"), (1, "where is the {read}"),
    (1, "spell the {read}"),
    (2, "does it say {printed}"), (1, "does the sign say {printed}"), (1, "is the word {printed}"),
    (1, "does it say {printed} or {printed}"),
    (1, "do you see the word {printed}"), (1, "is the number {number}"), (1, "is it number {number}"),
    (1, "does it say {number}"),
    (1, "is it bus number {number}"), (1, "is this room {number}"), (1, "read page {number}"),
    (1, "go to page {number}"),
    (1, "read line {number}"), (1, "is it above {number}"), (1, "is it below {number}"), (2, "{number}"),
    (1, "{digit} {digit}"),
    (1, "{digit} {digit} {digit}"), (1, "{digit} {digit} {digit} {digit}"), (1, "{shape}"), (1, "{color}"),
    (1, "{printed}"),
    # as one asks without choosing the words
    (14, "{says_q}"), (3, "{aside} {says_q}"), (2, "{says_q} {tail}"), (10, "{read_request}"),
    (2, "{aside} {read_request}"), (9, "{when_q}"),
    (2, "{aside} {when_q}"), (4, "{button_q}"), (1, "{aside} {button_q}"), (1, "{read}"), (1, "{detail}"),
    (1, "the {detail} of {det} {packed}"),
    (1, "the {detail} please"), (1, "and the {detail}"), (1, "what about the {detail}"),
    (1, "{polite} what {det} {surface} says"),
    (1, "{polite} what the {detail} is"), (1, "{polite} when it {expires}"),
    (1, "{polite} which button is {printed}"), (1, "{polite} what's on {det} {screened}"),
    (1, "{polite} if {det} {grocery} is expired"), (1, "{polite} who it's from"),
    (1, "{polite} how long to cook {det} {grocery}"),
)  # fmt: skip
