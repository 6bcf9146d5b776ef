"""Spoken numbers with units, dates, times and money: what is read from dials and tags, and what people say back.

The forms are those that a spoken measurement may take: "four point two bar", "minus twelve degrees", "one oh five",
"two and a half liters", "three hundred and fifty volts", "double seven".
"""

SLOTS = {
    "digit": "zero|one|two|three|four|five|six|seven|eight|nine",
    "teen": "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen",
    "ten": "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety",
    "nonzero": "one|two|three|four|five|six|seven|eight|nine",
    "number": "{digit}|{digit}|{teen}|{ten}|{ten} {nonzero}|{ten} {nonzero}|{nonzero} hundred|one hundred",
    "spoken_digit": "{digit}|{digit}|{digit}|{digit}|{digit}|{digit}|oh|oh|nought|naught|o|double {nonzero}"
    "|triple {nonzero}|treble {nonzero}",
    "two_digits": "{teen}|{ten}|{ten} {nonzero}|{ten} {nonzero}|{ten} {nonzero}|{nonzero}",
    "hundreds": "{nonzero} hundred|{nonzero} hundred and {two_digits}|{nonzero} hundred {two_digits}|a hundred"
    "|a hundred and {two_digits}|one hundred|hundred",
    "thousands": "{nonzero} thousand|{two_digits} thousand|{nonzero} thousand {hundreds}"
    "|{nonzero} thousand and {two_digits}|a thousand|{teen} hundred|{nonzero} thousand {hundreds}"
    "|{hundreds} thousand|{nonzero} million|{nonzero} billion|{nonzero} point {digit} million"
    "|{teen} hundred and {two_digits}|one thousand",
    "decimal": "{digit} point {digit}|{digit} point {digit}|{digit} point {digit} {digit}|{two_digits} point {digit}"
    "|{two_digits} point {digit}|{two_digits} point {digit} {digit}|{hundreds} point {digit}"
    "|{digit} point oh {digit}|{digit} point zero {digit}|zero point {digit}|zero point {digit} {digit}"
    "|point {digit}|point {digit} {digit}|{digit} dot {digit}|{digit} decimal {digit}|oh point {digit}"
    "|nought point {digit}"
    "|{digit} point {two_digits}|{two_digits} dot {digit}",
    "with_half": "{digit} and a half|{two_digits} and a half|a half|half|half a|one half|a quarter|one quarter"
    "|three quarters|quarter|{digit} and a quarter|{digit} and three quarters",
    "signed": "minus {any_plain}|minus {digit}|minus {two_digits}|negative {digit}|negative {two_digits}"
    "|plus {digit}|plus {two_digits}|minus {decimal}|negative {decimal}",
    "any_plain": "{digit}|{two_digits}|{two_digits}|{hundreds}|{decimal}|{decimal}",
    "value": "{digit}|{two_digits}|{two_digits}|{hundreds}|{hundreds}|{thousands}|{decimal}|{decimal}|{decimal}"
    "|{signed}|{with_half}|one oh {nonzero}|{nonzero} oh {nonzero}|one {two_digits}",
    "unit": "percent|percent|per cent|bar|bar|bars|millibar|pascal|kilopascals|megapascals|psi|psi|p s i"
    "|pounds per square inch|degrees|degrees|degrees celsius|degrees celsius|celsius|degrees fahrenheit|fahrenheit"
    "|degrees centigrade|degrees c|degrees f"
    "|degree|kelvin|kelvin|volts|volts|millivolts|kilovolts|amps|amps|amperes|milliamps|watts|watts|kilowatts"
    "|megawatts|kilowatt hours|hertz|kilohertz|ohms|rpm|r p m|revolutions per minute|turns per minute|millimeters"
    "|centimeters|meters|kilometers|inches|feet"
    "|liters|liters|milliliters|cubic meters|gallons|liters per minute|liters per hour|cubic meters per hour|grams"
    "|kilograms|kilos|tonnes|tons|metric tons|newtons|kilonewtons|newton meters|seconds|minutes|hours"
    "|millimeters per second|meters per second|ppm|p p m|parts per million"
    "|{rare_unit}",
    "rare_unit": "volt|amp|ampere|watt|kilowatt|megawatt|kilowatt hour|kilovolt|millivolt|milliamp|milliampere"
    "|milliamperes|megapascal|kilopascal|pascals|millibars|ohm|millimeter|centimeter|meter|kilometer|inch|foot|liter"
    "|milliliter|cubic meter|gallon|gram"
    "|kilogram|kilo|tonne|newton|kilonewton|newton meter|second|minute|hour|kelvins|centigrade|degree celsius"
    "|degree fahrenheit|liter per minute|metre|metres|litre|litres|millimetre|millimetres|centimetre|centimetres"
    "|kilometre|kilometres|millilitre|millilitres|mm|m|c|f|k",
    "measured": "{value} {unit}|{value} {unit}|{value} {unit}|{value}|half a liter|half a bar|half a meter",
    "quantity": "pressure|temperature|level|voltage|current|power|speed|flow|weight|length|distance|height|width"
    "|depth|humidity|frequency|resistance|volume|thickness|vibration|torque|load|concentration|reading|value"
    "|oil level|water level|oil pressure|water temperature"
    "|tank level|fuel level|flow rate|inlet pressure|outlet pressure|room temperature|oil temperature|counter"
    "|gas meter|water meter|electricity meter|blood pressure|blood sugar|heart rate|body temperature|clearance"
    "|diameter|dose",
    "ordinal": "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth"
    "|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth|twenty {low_ordinal}"
    "|thirty first|last|next|previous",
    "low_ordinal": "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth",
    "month": "january|february|march|april|may|june|july|august|september|october|november|december",
    "year": "twenty twenty {nonzero}|two thousand {two_digits}|two thousand and {two_digits}|nineteen {two_digits}"
    "|twenty {two_digits}|this year|next year|last year",
    "date": "{month} {ordinal}|the {ordinal} of {month}|{month} {year}|{month} {two_digits}|{day} the {ordinal}"
    "|{month} the {ordinal}|{month}|{month} {ordinal} {year}|{day} {month} {ordinal}",
    "clock_time": "{hour} o'clock|{hour} {minutes}|half past {hour}|quarter past {hour}|quarter to {hour}"
    "|a quarter to {hour}|{two_digits} past {hour}|{two_digits} to {hour}|{hour} thirty|{hour} fifteen"
    "|{hour} forty five|{hour} a m|{hour} p m|noon|midnight|{hour} oh {nonzero}",
    "hour": "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve",
    "minutes": "{teen}|{ten}|{ten} {nonzero}|oh {nonzero}",
    "part_of_day": "morning|afternoon|evening|night|weekend|week|month",
    "cash": "one|two|five|ten|twenty|fifty|hundred",
    "currency": "dollar|euro|pound|franc|yen",
    "currencies": "dollars|euros|pounds|cents|francs|yen|pence|bucks",
    "coin": "coin|penny|nickel|dime|quarter|cent|note|banknote|bill|{cash} {currency} bill|{cash} {currency} note"
    "|{cash} cent coin",
    "money": "{two_digits} {currencies}|{nonzero} {currencies}|{hundreds} {currencies}"
    "|{nonzero} {currencies} {two_digits}|{nonzero} ninety nine|{two_digits} {currencies} and {two_digits} cents"
    "|{decimal} {currencies}",
    "priced": "{grocery}|{beverage}|{clothing}|{thing}|{vegetable}|{tool}|ticket|one|coffee|newspaper|menu|room",
    "money_q": "how much money is this|how much money is that|how much money do i have|how much money is in my hand"
    "|how much money is {where}|how much is this|how much is this bill|how much is it|how much is it worth"
    "|how much does it cost|how much does {det} {priced} cost|how much is {det} {priced}"
    "|how much are {dets} {things}|how much do {dets} {fruits} cost"
    "|how much is the total|how much do i owe|how much do i have to pay|how much change is this"
    "|how much change do i get|how much was it|what does {det} {priced} cost|what does this cost|what's the price"
    "|what's the price of {det} {priced}|what is the price of {det} {priced}|what's the total"
    "|what's the total of {det} bill|what's the amount|what bill is this|what note is this|what coin is this"
    "|which {coin} is this|which bill is this|which coin is that|which note is it|what kind of money is this"
    "|is this a {coin}|is this a {cash} {currency} bill|is that a {cash}|is this a {cash} or a {cash}"
    "|is it a {cash} or a {cash} {currency} note|is this {money}|is it {money}|is that a {coin} or a {coin}"
    "|is this a real {coin}|is this enough money|is this the right change|are these {currencies}"
    "|how many {currencies} is this|how many {currencies} do i have|how many coins are there|how many {coins}"
    "|count the money|count my money|count the coins|count the bills|sort the coins|is there any money {where}"
    "|is there a discount|is it on sale|which one is cheaper|which {priced} is cheaper|what is the cheapest {priced}"
    "|do i have a {cash} {currency} bill|do i have {money}|where is the {coin}|where's the price|where is my money"
    "|find a {coin}|can you identify this bill|can you tell me what bill this is|could you tell me how much this is"
    "|tell me how much money this is|tell me the price|what's the exchange rate|{money}",
    "coins": "coins|pennies|nickels|dimes|quarters|cents|notes|banknotes|bills",
    "time_q": "what time is it|is it {clock_time}|is it {clock_time} yet|is it after {clock_time}"
    "|does it open at {clock_time}|does it close at {clock_time}|does the {vehicle} leave at {clock_time}"
    "|is the appointment on {date}|is the appointment at {clock_time}|is it on {day}|is it {day} {part_of_day}"
    "|is today {day}|is it the {ordinal}|is it due on {date}|is it good until {date}"
    "|does it say {date}|does it expire in {month}|does it expire on {date}|does it expire in {year}"
    "|is it from {year}|is it {month}|what's on {day}|what happens on {date}|what day is {date}"
    "|what day is the {ordinal}|when is it|at {clock_time}|on {date}|on {day}|in {month}|in {year}"
    "|in the {part_of_day}|this {part_of_day}|next {day}|last {day}|tomorrow {part_of_day}|{clock_time}|{date}"
    "|{day} at {clock_time}|until {clock_time}"
    "|set the alarm for {clock_time}|wake me at {clock_time}|set a timer for {two_digits} minutes"
    "|set a timer for half an hour|in {two_digits} minutes|in an hour|half an hour|for {two_digits} seconds"
    "|what is the {ordinal} line|read the {ordinal} line|read the {ordinal} page|the {ordinal} floor"
    "|the {ordinal} one|the {ordinal} word|the {ordinal} digit|spell the {ordinal} word|press the {ordinal} button"
    "|it's the {ordinal} door",
    "measure_q": "what's the {quantity}|what is the {quantity}|what's the {quantity} {where}|what {quantity} is it"
    "|what {quantity} does it show|what {quantity} does {det} {machine} show"
    "|what's the {quantity} of {det} {machine}|what's the {quantity} in {det} {machine}"
    "|what does the {quantity} gauge say|what does the {quantity} read|what does {det} gauge read"
    "|what does {det} meter read|read the {quantity}|read me the {quantity}|read the {quantity} of {det} {machine}"
    "|is the {quantity} {measured}|is the {quantity} above {measured}|is the {quantity} below {measured}"
    "|is the {quantity} over {measured}|is the {quantity} under {measured}"
    "|is the {quantity} between {any_plain} and {any_plain}|is the {quantity} too high|is the {quantity} too low"
    "|is the {quantity} normal|is the {quantity} okay|is it {measured}|is it above {measured}"
    "|is it more than {measured}|is it less than {measured}|does it say {measured}|does it show {measured}"
    "|how high is the {quantity}|how much is the {quantity}|how many {unit}|how many {unit} is it"
    "|how many {unit} are there|how many {unit} does it show|how warm is it|how cold is it {where}"
    "|how hot is {det} {machine}|how fast is it|how fast is {det} {machine} turning|the {quantity} is {measured}"
    "|the {quantity} is {measured}|the {quantity} is {measured}|{quantity} {measured}|{quantity} {measured}"
    "|it's {measured}|it is {measured}|it reads {measured}|it shows {measured}|it says {measured}"
    "|about {measured}|around {measured}|almost {measured}|exactly {measured}|more than {measured}"
    "|less than {measured}|set it to {measured}|set the {quantity} to {measured}|i read {measured}|i see {measured}"
    "|i get {measured}|i measured {measured}|the value is {measured}|the reading is {measured}|no {measured}"
    "|not {measured} but {measured}|number {any_plain}|room {any_plain}|line {any_plain}|page {any_plain}"
    "|bus {any_plain}|platform {digit}|gate {digit}|floor {two_digits}",
    "code": "{spoken_digit} {spoken_digit}|{spoken_digit} {spoken_digit} {spoken_digit}"
    "|{spoken_digit} {spoken_digit} {spoken_digit} {spoken_digit}"
    "|{spoken_digit} {spoken_digit} {spoken_digit} {spoken_digit} {spoken_digit}"
    "|{digit} {digit} {digit} {digit} {digit} {digit}|{letter} {spoken_digit} {spoken_digit}|{letter} {two_digits}"
    "|{letter} {digit}|{letter} {letter} {digit} {digit}",
    "letter": "a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p|q|r|s|t|u|v|w|x|y|z|alpha|bravo|charlie|delta|echo|foxtrot|golf|hotel"
    "|india|juliet|kilo|lima|mike|november|oscar|papa|quebec|romeo|sierra|tango|uniform|victor|whiskey|x ray|yankee"
    "|zulu",
}  # fmt: skip

TEMPLATES: tuple[tuple[float, str], ...] = (
    (9, "{measured}"), (5, "{measure_q}"), (3, "{aside} {measure_q}"), (2, "{measured} {tail}"), (2, "{value}"),
    (4, "{code}"), (4, "{money_q}"),
    (1, "{aside} {money_q}"), (3, "{time_q}"), (1, "{polite} how much this is"), (1, "{polite} what time it is"),
    (1, "{polite} how much {det} {priced} costs"),
    (1, "{polite} what the {quantity} is"), (1, "{quantity}"), (1, "{unit}"), (1, "{ordinal}"),
    (1, "{any_plain} {any_plain} {any_plain}"),
)  # fmt: skip
