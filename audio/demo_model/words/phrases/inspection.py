"""Inspection rounds: steps of a checklist, answers to them, remarks, and what one says to steer the round."""

SLOTS = {
    "part": "pump|valve|motor|filter|gauge|tank|pipe|hose|bearing|belt|seal|gasket|fan|panel|breaker|fuse|cable"
    "|switch|sensor|lamp|door|hatch|ladder|railing|guard|cover|bolt|flange|weld|compressor|boiler|burner|generator"
    "|battery|extinguisher|alarm|emergency exit|emergency stop"
    "|oil filter|air filter|water filter|pressure gauge|safety valve|check valve|inlet valve|outlet valve"
    "|drain valve|cooling fan|control panel|drive belt|coupling|gearbox|shaft|heat exchanger|conveyor|crane|forklift"
    "|hydrant|sprinkler|smoke detector|first aid kit|fire door|fire extinguisher|oil level|coolant|inverter|strainer"
    "|{machine}",
    "named_part": "{part} {digit}|{part} {two_digits}|{part} number {digit}|{letter} {digit}|station {digit}"
    "|line {digit}|unit {digit}|tank {letter}|the {part}|the left {part}|the right {part}|the main {part}"
    "|the second {part}|the upper {part}|the lower {part}|the front {part}|the rear {part}|this {part}",
    "condition": "okay|good|fine|in order|clean|dry|tight|closed|open|locked|sealed|intact|complete|legible|normal"
    "|unchanged|charged|accessible|clear|secured|bad|defective|faulty|broken|damaged|worn|cracked|corroded|rusty"
    "|dirty|dusty|clogged|blocked|loose|missing|leaking|wet|bent|burnt|overheated|hot|noisy|vibrating|frayed|torn"
    "|expired|illegible|not accessible"
    "|out of order|off|on|running|stopped|overdue|replaced|repaired|tripped|disconnected|misaligned|stuck|jammed"
    "|deformed|discolored|low|high|too low|too high|too hot|empty|half full|full|partly open|not working|unsafe"
    "|within limits|out of range|below the limit|above the limit",
    "defect": "leak|oil leak|water leak|gas leak|air leak|crack|scratch|dent|hole|rust|corrosion|wear|play|noise"
    "|vibration|smell|smoke|spark|burn mark|stain|puddle|oil on the floor|water on the floor|loose bolt|loose wire"
    "|missing bolt|missing label|missing cover|broken glass|damage|obstruction|blockage|misalignment|overheating"
    "|short circuit|trip hazard|dirt|sludge|foam|ice|mold|insects",
    "steer": "next|next step|next point|next one|go on|continue|skip|skip this|skip this one|skip it|skip this step"
    "|back|go back|one back|previous|previous step|last step|go back one step|repeat|repeat the question"
    "|repeat the step|say that again|pause|pause the round|pause the inspection|take a break|resume|resume the round"
    "|continue the round|where are we|where was i|what's next|what comes next|how many are left"
    "|how many steps are left|how many points are left"
    "|start the round|start round {digit}|start the inspection|begin the inspection|begin the round"
    "|start checklist {digit}|which rounds are there|which checklists are there|list the rounds|read the checklist"
    "|read the checklist aloud|finish|finish the round|finish the inspection|end the round|end the inspection"
    "|stop the round|cancel the round|abort|abort the round|discard|discard the round|close the round|complete"
    "|complete the round|done|all done|that's all|everything done|save|save the round|sign off"
    "|confirm|confirmed|i confirm|confirm that|correct|that's correct|right|yes confirm|yes that's right|no"
    "|no that's wrong|wrong|wrong value|not correct|correct that|change that|change the value|change the last value"
    "|change it to {measured}|undo|undo that|delete the last value|delete the note|again|once more|new value"
    "|new photo|new picture|take a photo|take a picture of it|take another photo|add a photo|photo|add a note|note"
    "|new note|make a note|take a note|read the note|end of note|remark"
    "|report|read the report|make the report|export the report|send the report|save the report|print the report"
    "|summary|give me a summary|what's the result|what have i recorded|what did i say|what's the limit"
    "|what are the limits|what is allowed|what's the last value|what was the last value|what was it last time"
    "|compare with last time|is that normal|is that in range|is that within limits|help|what can i say"
    "|what do i do now|how do i do this|explain|explain the step|more information|details"
    "|not applicable|does not apply|not possible|can't reach it|i can't reach it|not accessible|i can't read it"
    "|i can't see it|it's too dark|locked out|skip with reason|reason|the reason is {defect}|reason {condition}"
    "|postponed|later|do it later|remind me later|mark as defective|mark as okay|mark it|flag it|open a ticket"
    "|call maintenance|call the supervisor|needs repair|needs cleaning|needs maintenance|needs replacement"
    "|replace the {part}|clean the {part}|tighten the {part}|lubricate the {part}|refill the {part}"
    "|order a new {part}",
    "round_answer": "{condition}|{condition}|{measured}|{measured}|it's {condition}|it is {condition}"
    "|{named_part} {condition}|{named_part} is {condition}|the {part} is {condition}|the {part} is {condition}"
    "|no {defect}|no {defect} found|slight {defect}|small {defect}|heavy {defect}|there's {a:defect}"
    "|there is {a:defect}|{a:defect} at {named_part}|{defect} at the {part}|i see {a:defect}|i hear a noise"
    "|nothing found|no findings|no remarks|one finding|all okay|everything okay|everything in order"
    "|everything's fine|all good|the {quantity} is {measured}|{quantity} {measured}"
    "|yes|no|open|closed|pass|passed|fail|failed|okay|not okay|good|bad|on|off|green|yellow|red|the light is {color}"
    "|the {anycolor} light is on|the {anycolor} light is off|the needle is in the {color}"
    "|the needle is at {measured}|the valve is {condition}|the door is {condition}",
    "round_q": "is {named_part} {condition}|is the {part} {condition}|are the {part} bolts tight|is there {a:defect}"
    "|is there any {defect}|is there {a:defect} on the {part}|do you see {a:defect}|do you see any {defect}"
    "|can you see {a:defect} {where}|where is the {defect}|where does it come from|where's {named_part}"
    "|where is the {part}|which {part} is this|which station is this|what station is this|what number is this {part}"
    "|what's the serial number of {named_part}|what's the position of the {part}|what position is the {part} in"
    "|what's the state of {named_part}|what condition is {named_part} in|what does the {part} look like"
    "|what does the {part} display show|what's wrong with {named_part}|read the nameplate of the {part}"
    "|read the type plate|read the gauge|read the gage|read the dial|read the manometer|read the display"
    "|read the digital display|read the readout|read the {part}|check the {part}|check {named_part}"
    "|inspect the {part}|inspect {named_part}|look at {named_part}|is the needle in the green|where is the needle"
    "|is the seal intact|is the seal broken|is the tag there|is the label legible|is it leaking|is it vibrating"
    "|is oil dripping|is it running|is it rusty|is the warning light on|are all lights green"
    "|are there any alarms|is there an alarm|which alarm is active|what's the error|is the guard in place"
    "|is the cover on|is the exit clear|is the extinguisher there|is the pin in place|when was the last inspection"
    "|when was it last checked|when is the next inspection|when is it due|is the inspection overdue"
    "|is the lever horizontal|is the lever vertical|is the handle turned left|is the valve open or closed"
    "|is the switch up or down|is the switch on or off|what is the switch position|how many pumps are running"
    "|what's the oil level|is the oil level okay|is there enough oil",
    "note_text": "note {defect} at the {part}|note the {part} is {condition}|note {part} {condition}"
    "|note replace the {part}|note needs {care}|the {part} needs {care}|the {part} should be replaced"
    "|the {part} was replaced|oil dripping from the {part}|water under the {part}|the {part} makes a noise"
    "|the {part} vibrates|strong smell near the {part}|label missing on the {part}"
    "|the {part} at station {digit} is {condition}|cleaned the {part}|tightened the {part}|reset the {part}"
    "|closed the {part}|opened the {part}|topped up the oil",
    "care": "repair|cleaning|maintenance|replacement|adjustment|lubrication|a new {part}|a new filter|grease|oil"
    "|paint|attention|inspection|calibration|a label",
}  # fmt: skip

TEMPLATES: tuple[tuple[float, str], ...] = (
    (5, "{steer}"), (5, "{round_answer}"), (4, "{round_q}"), (2, "{note_text}"), (1, "{named_part}"),
    (1, "{steer} please"), (1, "{aside} {round_q}"),
    (1, "{aside} {round_answer}"), (1, "station {digit}"), (1, "go to station {digit}"), (1, "go to {named_part}"),
    (1, "{part}"), (1, "{condition}"), (1, "{defect}"),
)  # fmt: skip
