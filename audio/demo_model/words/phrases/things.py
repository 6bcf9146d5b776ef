"""The things that people point a camera at, and the words that go with them: only slots, no sentences.

A slot may hold the names of other slots, so that "{thing}" may be any of them.
"""

SLOTS = {
    # colors and other properties
    "anycolor": "red|green|blue|yellow|orange|purple|white|black|brown|gray|pink|{color}|{color}|beige|silver|gold"
    "|violet|turquoise|dark blue"
    "|light blue|dark green|light green|dark red|light gray|navy|maroon|cream|copper|transparent|striped|plain"
    "|checkered|dotted",
    "size": "big|small|large|tall|close|near|clean|dirty|wet|dry|broken|empty|full|hot|cold|heavy|new|old|safe|sharp",
    "state": "{size}|soft|hard|thick|thin|wide|narrow|deep|flat|round|straight|bent|rusty|dusty|greasy|sticky"
    "|scratched|cracked|torn|stained"
    "|damaged|loose|tight|missing|complete|ripe|rotten|fresh|frozen|cooked|raw|burnt|moldy|spilled|slippery|smooth"
    "|rough|crooked|upside down"
    "|inside out|plugged in|unplugged|charged|charging|locked|unlocked|ready|done|melted|leaking|dripping|blocked"
    "|free|taken|occupied"
    "|available|worn|faded|wrinkled|folded|warm|cool|quiet|loud|bright|dark|dim|expired|sealed|tidy|messy|alive|dead"
    "|real|fake|correct",
    "material": "wood|metal|plastic|glass|paper|leather|cotton|wool|steel|stone|rubber|concrete|cardboard|aluminum"
    "|brass|brick|silk|linen|clay",
    # things by kind
    "furniture": "chair|table|bed|sofa|couch|desk|shelf|bench|stool|armchair|bookcase|cupboard|cabinet|closet"
    "|wardrobe|drawer|dresser|mattress"
    "|nightstand|counter|sideboard|rocking chair|coffee table|dining table|high chair|coat rack|hook",
    "household": "lamp|clock|mirror|carpet|rug|curtain|pillow|blanket|cushion|vase|candle|picture|painting|photo"
    "|frame|basket|bucket|broom|mop"
    "|dustpan|vacuum cleaner|trash can|garbage bag|ladder|light switch|light bulb|socket|outlet|plug|extension cord"
    "|heater|radiator|fireplace"
    "|doorbell|door handle|doorknob|keyhole|lock|mailbox|fan|thermostat|smoke detector|fire alarm|iron|ironing board"
    "|clothesline|clothespin"
    "|hanger|matches|lighter|ashtray|flower pot|plant|toy|ball|doll|puzzle|game|crib|stroller|leash|cage|aquarium",
    "kitchenware": "cup|mug|glass|plate|bowl|spoon|fork|knife|pan|pot|lid|kettle|teapot|jug|pitcher|tray"
    "|cutting board|can opener|bottle opener"
    "|corkscrew|peeler|grater|whisk|spatula|ladle|strainer|scale|measuring cup|teaspoon|tablespoon|napkin|sponge"
    "|dishcloth|dish soap|foil"
    "|jar|tin|can|bottle|box|package|packet|carton|container|lunch box|thermos|straw|wine glass|saucer|frying pan"
    "|saucepan|egg timer",
    "appliance": "stove|oven|microwave|fridge|refrigerator|freezer|dishwasher|washing machine|dryer|toaster|blender"
    "|mixer|coffee machine"
    "|coffee maker|rice cooker|kettle|vacuum cleaner|air conditioner|television|radio|printer|scanner|computer"
    "|laptop|tablet|speaker|router"
    "|telephone|remote control|hair dryer|electric shaver|sewing machine|water heater|boiler|humidifier|alarm clock"
    "|camera|projector|burner",
    "electronics": "phone|cell phone|charger|cable|battery|batteries|headphones|earphones|headset|microphone"
    "|keyboard|mouse|monitor|screen"
    "|webcam|memory card|hard drive|adapter|power bank|power strip|remote|antenna|flash drive|joystick|touch screen"
    "|smart watch",
    "fruit": "apple|banana|orange|lemon|lime|pear|peach|plum|cherry|grape|strawberry|raspberry|blueberry|melon"
    "|watermelon|pineapple|mango|kiwi"
    "|coconut|apricot|avocado|fig|date",
    "fruits": "apples|bananas|oranges|lemons|limes|pears|peaches|plums|cherries|grapes|strawberries|raspberries"
    "|blueberries|berries|nuts"
    "|almonds|peanuts|raisins|walnuts|potatoes|tomatoes|carrots|onions|mushrooms|peppers|cucumbers|beans|peas|olives"
    "|eggs|cookies|crackers"
    "|chips|noodles|pancakes|sausages|sandwiches|lentils|chickpeas",
    "vegetable": "potato|tomato|carrot|onion|garlic|cucumber|lettuce|cabbage|broccoli|cauliflower|spinach|celery"
    "|corn|pumpkin|zucchini|eggplant"
    "|mushroom|pepper|radish|leek|ginger|parsley|basil|salad|beetroot|asparagus|pickle",
    "drink": "milk|water|coffee|tea|juice|bread|cheese|rice|soup|sugar|salt|pepper|butter|meat|fish|chocolate|cake",
    "food": "{drink}|apple|banana|egg",
    "beverage": "milk|water|coffee|tea|juice|orange juice|apple juice|beer|wine|red wine|white wine|soda|lemonade"
    "|cola|mineral water|hot chocolate"
    "|green tea|black tea|whiskey|almond milk|soy milk|oat milk|smoothie|energy drink|iced tea|decaf|espresso",
    "grocery": "bread|cheese|rice|pasta|noodles|soup|sugar|salt|pepper|butter|margarine|meat|beef|pork|chicken"
    "|turkey|ham|bacon|sausage|fish|tuna"
    "|salmon|shrimp|chocolate|cake|pie|cookies|ice cream|yogurt|cream|sour cream|cereal|oatmeal|flour|yeast"
    "|baking powder|oil|olive oil|vinegar"
    "|ketchup|mustard|mayonnaise|sauce|tomato sauce|soy sauce|honey|jam|marmalade|peanut butter|maple syrup|cinnamon"
    "|curry|paprika|vanilla|beans"
    "|lentils|corn|peas|tofu|pizza|lasagna|sandwich|hamburger|hot dog|salad|dressing|spices|herbs|nuts|popcorn|candy"
    "|chewing gum|snack|dessert"
    "|breakfast|lunch|dinner|pudding|broth|stew|chili|baby food|cat food|dog food|muffin|donut|bagel|toast|roll"
    "|waffles|steak|omelet",
    "clothing": "shirt|sweater|jacket|coat|dress|skirt|tie|hat|cap|scarf|belt|suit|blouse|vest|hoodie|raincoat"
    "|uniform|bra|underwear|swimsuit"
    "|bathrobe|cardigan|jumper|glove|sock|shoe|boot|sleeve|collar|pocket|zipper|button|hood|helmet|apron|costume",
    "clothes": "pants|trousers|jeans|shorts|socks|shoes|boots|sneakers|sandals|slippers|gloves|mittens|glasses"
    "|sunglasses|pajamas|tights|leggings"
    "|clothes|shoelaces|earrings|underpants|overalls|buttons",
    "personal": "phone|key|wallet|bag|cup|book|hat|coat|umbrella|medicine|watch|white cane|cane|remote|charger"
    "|ticket|bottle|jacket|drink|coffee"
    "|chair|dog|computer|pen|screwdriver|hammer|flashlight|helmet|purse|backpack|suitcase|passport|credit card"
    "|bank card|driver's license"
    "|toothbrush|comb|hairbrush|razor|ring|necklace|bracelet|guide dog|wheelchair|walker|crutch|hearing aid"
    "|phone charger|laptop|notebook"
    "|sandwich|lunch|water bottle|mask|handkerchief|pocket knife|lipstick|perfume|headset|seat|luggage|house key"
    "|car key|bus pass|id card",
    "bathroom": "toilet|sink|shower|bathtub|faucet|tap|drain|towel|soap|shampoo|conditioner|toothpaste|toothbrush"
    "|mouthwash|toilet paper|tissue"
    "|lotion|sunscreen|deodorant|shaving cream|razor|hand cream|shower gel|hair gel|detergent|bleach|fabric softener"
    "|disinfectant|washcloth",
    "medicine": "medicine|pill|tablet|capsule|vitamin|aspirin|antibiotic|painkiller|bandage|plaster|ointment"
    "|cough syrup|eye drops|insulin|inhaler"
    "|thermometer|syringe|first aid kit|prescription|blood pressure monitor|glucose meter|sleeping pill|ear drops"
    "|nose spray|ibuprofen",
    "tool": "hammer|screwdriver|wrench|pliers|saw|drill|drill bit|nail|screw|bolt|nut|washer|tape measure|ruler"
    "|level|clamp|chisel|file|axe|shovel"
    "|rake|hose|paint|brush|paintbrush|roller|glue|tape|duct tape|rope|chain|wire|string|flashlight|toolbox"
    "|workbench|vise|sandpaper|crowbar"
    "|soldering iron|multimeter|torch|spanner|socket wrench|allen key|hacksaw|grinder|ladder|wheelbarrow|bucket"
    "|nozzle|spring|hinge|bracket",
    "machine": "machine|pump|valve|motor|tank|gauge|meter|pipe|panel|engine|compressor|generator|turbine|conveyor"
    "|crane|forklift|boiler|furnace"
    "|filter|fan|heat exchanger|gearbox|bearing|shaft|belt|pulley|piston|cylinder|hose|fitting|flange|gasket|seal"
    "|sensor|switch|breaker|fuse"
    "|relay|transformer|cabinet|control panel|display|indicator|lever|handwheel|pedal|emergency stop"
    "|fire extinguisher|hydrant|sprinkler|duct"
    "|vent|exhaust|chimney|nozzle|burner|elevator|escalator|robot|lathe|press|welder|battery|charger|terminal"
    "|connector|inverter|solar panel"
    "|drain|coupling|actuator|solenoid|strainer|pressure gauge|flow meter|thermometer|level indicator|safety valve"
    "|check valve|shutoff valve",
    "office": "pen|pencil|eraser|paper|envelope|stamp|stapler|scissors|folder|binder|calendar|notebook|notepad"
    "|sticky note|paper clip|ruler|calculator"
    "|marker|whiteboard|blackboard|chalk|desk|file|document|form|letter|card|business card|postcard|label|sticker"
    "|tape|clipboard|briefcase|badge",
    "printed_thing": "book|newspaper|magazine|map|ticket|receipt|bill|invoice|menu|poster|sign|leaflet|brochure"
    "|catalog|manual|recipe|letter|postcard"
    "|birthday card|bank statement|contract|form|calendar|timetable|schedule|coupon|voucher|certificate|prescription"
    "|passport|note|card|page",
    "street": "street|road|sidewalk|curb|crosswalk|intersection|corner|traffic light|street lamp|bus stop|taxi stand"
    "|bridge|tunnel|fence|gate|wall"
    "|house|building|church|school|hospital|pharmacy|bank|post office|police station|supermarket|bakery|butcher"
    "|restaurant|cafe|hotel|library"
    "|museum|theater|cinema|station|train station|subway|platform|parking lot|gas station|park|playground|bench"
    "|fountain|statue|tree|bush|hedge"
    "|path|driveway|garage|stairs|staircase|ramp|railing|escalator|elevator|entrance|exit|door|window|mailbox|pole"
    "|trash can|construction site"
    "|hole|puddle|barrier|cone|manhole|roundabout|pedestrian crossing|airport|gate|ticket machine|vending machine"
    "|cash machine|information desk",
    "vehicle": "car|bus|truck|train|tram|bicycle|bike|motorcycle|scooter|van|taxi|ambulance|fire truck|police car"
    "|tractor|trailer|boat|ship|airplane"
    "|plane|helicopter|subway|wheelchair|stroller|cart|shopping cart|garbage truck|delivery van",
    "animal": "dog|cat|bird|horse|cow|sheep|goat|pig|chicken|duck|rabbit|mouse|rat|squirrel|fish|snake|spider|fly"
    "|bee|wasp|ant|mosquito|butterfly"
    "|puppy|kitten|turtle|frog|pigeon|insect|bug|hamster|parrot|guide dog|worm|deer|fox|crow|goose",
    "person": "man|woman|child|person|boy|girl|baby|lady|guy|waiter|waitress|doctor|nurse|driver|teacher|student"
    "|policeman|police officer|cashier"
    "|mailman|worker|technician|electrician|plumber|operator|colleague|neighbor|friend|stranger|somebody|someone"
    "|visitor|guest|customer|manager",
    "relative": "wife|husband|mother|father|mom|dad|son|daughter|brother|sister|grandmother|grandfather|uncle|aunt"
    "|cousin|boyfriend|girlfriend|partner",
    "body": "face|hair|hand|finger|thumb|arm|elbow|shoulder|leg|knee|foot|toe|back|neck|nose|mouth|eye|ear|skin|nail"
    "|beard|chin|cheek|forehead|tooth"
    "|head|lips|stomach|ankle|wrist|eyebrow|tongue",
    "nature": "sky|sun|moon|cloud|rain|snow|ice|grass|flower|leaf|branch|tree|garden|lawn|field|forest|river|lake"
    "|beach|sea|mountain|hill|rock|sand|mud"
    "|fire|smoke|shadow|rainbow|sunset|bush|weed|rose|tulip|seed|soil|wind|storm|fog|star",
    "room": "room|kitchen|bathroom|bedroom|living room|dining room|hallway|basement|attic|garage|garden|office"
    "|balcony|corridor|closet|lobby|laundry room"
    "|classroom|workshop|elevator|store|shop|restaurant|yard|hall|waiting room|meeting room|restroom|cellar|porch"
    "|pantry|toilet|lounge|warehouse"
    "|control room|boiler room|engine room|storage room|pump house|server room|reception|cafeteria|factory"
    "|hotel room|stairwell",
    "thing": "car|dog|cat|cup|door|chair|table|person|man|woman|child|phone|book|bottle|key|bag|tree|bus|sign"
    "|traffic light|window"
    "|bed|box|lamp|screen|camera|clock|glass|plate|bird|flower|bicycle|truck|train|wall|bench|shelf|desk|hat|shoe"
    "|coat|umbrella"
    "|computer|keyboard|button|switch|handle|mirror|picture|stop sign|ladder|bowl|spoon|sofa|fence|gate|house"
    "|building|horse"
    "|cable|tool|machine|pump|valve|motor|tank|gauge|meter|pipe|panel|engine|letter|ticket|newspaper|map|towel|sink"
    "|stove|oven"
    "|{furniture}|{furniture}|{household}|{household}|{household}|{kitchenware}|{kitchenware}|{appliance}"
    "|{appliance}|{electronics}|{electronics}"
    "|{fruit}|{vegetable}|{clothing}|{clothing}|{personal}|{personal}|{bathroom}|{medicine}|{tool}|{tool}|{machine}"
    "|{machine}|{office}"
    "|{printed_thing}|{street}|{street}|{vehicle}|{vehicle}|{animal}|{person}|{body}|{nature}",
    "things": "people|cars|chairs|bottles|cups|books|dogs|cats|doors|windows|steps|coins|boxes|bags|plates"
    "|lights|buttons|shoes|children|birds|trees|buses|letters|fingers|objects|tables|screens|signs|men|women|keys"
    "|flowers|glasses|pumps|valves|gauges|switches|tools|cables|pipes|numbers|words|bicycles|trucks|houses|{fruits}"
    "|{clothes}|pills|tablets|jars"
    "|cans|pages|lines|holes|stairs|seats|spoons|forks|knives|screws|nails|bolts|nuts|washers|batteries|cards|bills"
    "|notes|pictures|photos|stars"
    "|legs|wheels|floors|rooms|shelves|drawers|hooks|towels|pillows|candles|toys|balls|stickers|labels|stamps"
    "|envelopes|folders|pens|pencils"
    "|leaves|clouds|spots|stains|scratches|cracks|leaks|wires|fuses|motors|tanks|filters|panels|lamps|bulbs|leds"
    "|indicators|animals|vehicles"
    "|drinks|packages|sandwiches|pieces|slices|cookies|strangers|workers|guests|kids|boys|girls|babies|lanes|paths"
    "|poles|cones|barriers",
    "my": "{personal}",
    "mys": "keys|glasses|shoes|gloves|headphones|pills|socks|tools|children|things|{clothes}|documents|papers|cards"
    "|contact lenses|hands|groceries|bags",
    "openable": "door|window|gate|box|drawer|fridge|valve|shop|cupboard|elevator|bag|book|garage|exit|entrance|lid"
    "|store|restaurant|pharmacy|bank|bakery"
    "|curtain|blinds|shutter|umbrella|jar|bottle|can|package|envelope|cabinet|closet|trunk|freezer|oven|dishwasher"
    "|front door|back door|hatch|tap",
    "onoff": "light|lamp|pump|motor|stove|oven|television|screen|machine|heater|switch|fan|computer|engine|camera"
    "|alarm|power|radio|dishwasher"
    "|washing machine|dryer|microwave|kettle|iron|coffee machine|water|gas|burner|air conditioner|heating|printer"
    "|laptop|monitor|router|compressor"
    "|generator|breaker|toaster|blender|tv|porch light|ceiling light|headlights|warning light|hot plate|charger|tap"
    "|faucet|shower",
    "fillable": "cup|glass|bottle|bowl|tank|bag|box|bus|fridge|bucket|room|plate|kettle|printer|trash can|mug|jar"
    "|sink|bathtub|pot|basket|drawer|shelf"
    "|dishwasher|washing machine|coffee machine|mailbox|gas tank|reservoir|pan|container|pitcher|dog bowl"
    "|soap dispenser|paper tray|suitcase",
    # where things are
    "surface_place": "table|floor|wall|desk|shelf|counter|bed|sofa|chair|stove|windowsill|door|ceiling|ground|street"
    "|sidewalk|screen|bench|plate"
    "|roof|kitchen table|kitchen counter|top shelf|bottom shelf|nightstand|workbench|fridge|couch|carpet|stairs"
    "|grass|back seat",
    "inside_place": "box|drawer|fridge|bag|sink|cupboard|closet|oven|corner|room|kitchen|bathroom|picture|image"
    "|basket|garage|bowl|pocket|freezer|car|cabinet"
    "|water|hallway|garden|backpack|dishwasher|washing machine|microwave|envelope|package|trash|{room}|{room}|{room}",
    "where": "in front of me|behind me|on my left|on my right|ahead of me|near me|next to me|on the table"
    "|on the floor|on the wall"
    "|in the room|in the picture|on the screen|on the desk|on the shelf|in the box|outside|inside|here|over there"
    "|in the kitchen"
    "|at the door|in the corner|under the table|behind the door|across the street|above me|below me|in the image"
    "|on the street"
    "|on the {surface_place}|on the {surface_place}|in the {inside_place}|in the {inside_place}"
    "|under the {furniture}|behind the {thing}|next to the {thing}"
    "|on this {surface_place}|in this {inside_place}|in my hand|in my way|to my left|to my right|on my plate"
    "|in there|around me|around here|nearby"
    "|between the {thing} and the {thing}|beside the {thing}|upstairs|downstairs|at the end of the {room}"
    "|in my pocket|on top of the {furniture}"
    "|in the background|in the distance|at my feet|within reach|at the entrance|at the bus stop|anywhere|somewhere"
    "|left of me|right of me",
    "relation": "above|below|under|next to|near|behind|in front of|left of|right of|to the left of|to the right of"
    "|inside|beside|on top of|underneath"
    "|opposite|close to|around|against|beyond|across from",
}  # fmt: skip
