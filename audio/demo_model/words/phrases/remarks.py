"""What people say around a question: a remark before it, a reason behind it, and small words of everyday English.

The remark and the question are one breath, so the model hears them as one sentence.
"""

SLOTS = {
    "before_q": "sorry to bother you but|excuse me|hey|okay|well|so|just quickly|one more thing|by the way|before i forget"
    "|before i leave|before we go|before i start|while you are at it|if you can|if possible|when you have a moment|actually"
    "|anyway|instead|i'm not sure but|i was wondering|i've been wondering|i wonder|quick question|let's see|wait a second"
    "|hang on|my eyes are tired|my eyes are not so good|my hands are full|my hands are wet|it's too dark for me|it's late"
    "|i'm hungry|i'm thirsty|i'm tired|i'm in a hurry|i'm a bit lost|i feel lost|i just moved|i just woke up|i just got home"
    "|i just came in|i just bought this|i live alone|i'm alone here|i'm standing still|i've got it in my hand"
    "|i hear something|i heard a noise|i heard someone|i hear a hiss|i hear water|i smell something|something smells burnt"
    "|something smells bad|it feels wet|it feels cold|it feels heavy|it feels hot|it sounds strange|it seems strange"
    "|this feels important|this looks important|it's been a while|it's a surprise|it's for my {relative}|this is for my {relative}"
    "|my {relative} gave me this|my {relative} sent me this|my {relative} told me to ask|somebody gave me this|a friend brought this"
    "|i found this|i found this {where}|i found this on the {surface_place}|i just found it|i picked this up|i picked it up {where}"
    "|someone knocked|someone rang the bell|i think someone is here|i lost it|i dropped it|i dropped some {grocery}|i spilled some {beverage}"
    "|i can't tell these apart|i can't tell them apart|i never know|i never remember|i always forget|i usually know but|i forgot"
    "|i forgot my {personal}|i believe this is {a:thing}|i suppose it's {where}|i thought it was {where}|i thought this was {a:thing}"
    "|it used to be {where}|it was {where} earlier|it was {where} yesterday|they moved it|it keeps beeping|the {appliance} keeps beeping"
    "|the {onoff} keeps going off|the light went out|the power went out|the {appliance} stopped|it stopped working|it doesn't seem to work"
    "|the {thing} is broken|the {thing} fell|the {thing} fell down|the label is dirty|the label is torn|the print is too small"
    "|there's water everywhere|there's a lot of noise here|there's a mess here|the kids are playing|we have guests tonight",
    "after_q": "or is it just me|or am i wrong|or not|if so where|if so how many|and if so where|i can't find it|i can't see it"
    "|i can't feel it|i can't tell|i have no idea|i need it now|i need it tonight|i need it tomorrow|it's for tonight|it's for tomorrow"
    "|before i go|before i eat it|before i throw it away|before i leave|because i'm late|because i'm in a hurry|because it smells"
    "|because it feels wet|since i can't see it|so i can find it|so that i don't trip|without touching it|without moving|as far as you can see"
    "|as well as you can|if you can see it|if you know|if there is one|if there are any|and what does it say|and what color is it"
    "|and where is it|and which one is it|and how far is it|and what else|and tell me where|and read it to me|and describe it|and read it out"
    "|yet|already|by now|these days|this time|at least|instead|together|altogether|exactly|probably|again please|more carefully|once more please",
    "general_q": "did you already look|did you find it|did you find anything|have you found it|what did you find|is there another one|is there one left"
    "|is there anyone near enough to help|is nobody here|are we alone|is everybody there|is everyone inside|is it mine|is it yours|is it ours"
    "|whose {thing} is this|whose is it|is this really mine|what is it used for|what do i use it for|what do people use it for|how do people do that"
    "|what should i do|what should i do next|what do i do first|what do i do with it|what happens if i press it|what happens if i pull it"
    "|which one should i use|which one would you take|which one do you like|which one is better|which one is cheaper|which one is worse"
    "|which is the best one|which one looks best|which one did i use before|what else could it be|what could it be|could it be {a:thing}"
    "|might it be {a:thing}|is it likely|is it possible|is it certain|is that certain|is it supposed to be {state}|is it supposed to look like that"
    "|is it meant to be {state}|does it have to be {state}|does it need to be {state}|does it seem {state}|does it feel {state} to you"
    "|does the {thing} seem {state}|does the {person} seem {mood_word}|does he seem {mood_word}|does she seem {mood_word}|what mood is {he} in"
    "|what is {he} up to|what is {he} trying to do|what did {he} say|what did {he} want|what is {he} waiting for|who just came in|who just left"
    "|who just walked by|who went out|who else is here|who else came|who started it|who knocked|did anyone come in|did someone just leave"
    "|did {he} leave already|did {he} laugh|did {he} take it|did {he} bring it|has {he} gone|has {he} come home|is {he} coming towards me"
    "|is {he} walking toward us|is the {person} still there|is the {person} in line|how long is the line|am i next in line|where does the line start"
    "|what's ahead|what's along the wall|what's along the {street}|what's among these things|what's near the {thing}|what's underneath"
    "|what's on either side|what's on each side|what's in the middle|what's at the edge|what's on the edge of the {thing}|is the edge near"
    "|is there a drop|is there a step down|does the path turn|does the path rise|does the road turn left|how wide is the gap|is the ground even"
    "|can i walk straight on|can i walk through|can i get through|can i climb over it|can i reach it|can i lift it|can i throw it away|can i leave it here"
    "|can i fold it|can i hang it up|can i fill it myself|can i trust it|can i wipe it off|did i wipe it all|did i get all of it|did i miss anything"
    "|did i pour too much|did i spill it|did i break it|did i fill it enough|did i drop it|did i lose it|did i cut it straight|did i pay already"
    "|have i paid|how much have i paid|how much did it cost|is it expensive|is it cheap|is it worth it|is it on sale|is there a special price"
    "|what's the least expensive one|what's the most expensive one|is there a table free|is there anywhere to sit|is there a chance of rain"
    "|will it rain|will it snow tonight|how cold is it|how hot is it|is it freezing|is it winter already|is it early|is it late|how late is it"
    "|what year is it|what month is it|what week is it|how many weeks are left|how many days are left|how many hours are left|how long ago was that"
    "|when was that|when did that happen|what happened here|what happened to the {thing}|what happened to my {personal}|why did it stop"
    "|why does it smell|why is it making that noise|what makes that noise|what's making that sound|where does the noise come from"
    "|where's it coming from|where does the water come from|where is the smell coming from|is something burning|is anything burning"
    "|is anything boiling|is the water boiling|is the {fillable} boiling over|is there smoke|is anyone hurt|is anybody hurt|am i bleeding"
    "|does it look bad|does it look worse|does it look better now|is it worse than before|is it better than yesterday|is it the same as before"
    "|is it different|what's different about it|what changed|did anything change|has it changed since yesterday|does it look the same"
    "|are these the same|are they both the same|are both of them {state}|are several of them {state}|how many of these are there"
    "|is every {thing} {state}|is each one {state}|is neither of them {state}|is either of them {state}|is none of them {state}"
    "|is there a couple of {things} here|is there a lot of {grocery} left|are there lots of people|are there only a few people|is it crowded inside"
    "|what kind of place is this|what kind of area is this|what town is this|what area am i in|am i in town|am i on the right side"
    "|whatever it is read it|give me an example|tell me a story|tell me something funny|sing a song|play some music|say something"
    "|teach me how to use it|explain it in simple words|explain it again|keep going|keep looking|keep listening|keep quiet for a while"
    "|let me know if something changes|let me know when you see it|let me know if anything happens|warn me if i get too near"
    "|tell me if i'm wrong|tell me if i missed something|tell me if anyone comes|tell me where to cut|tell me where the others are"
    "|tell me which is which|put that in other words|join the words together|use fewer words|is it any use|never mind i found it"
    "|i'm glad|i'm fine|i'm just kidding|that's funny|that's great|that's a great help|that's too bad|that was quick|that was a mistake"
    "|that's not what i meant|i meant something else|i meant the other one|i mean something different|you didn't listen|you missed one"
    "|you missed something|look along the wall|look underneath|look in each corner|look everywhere|look a little higher|look a little lower"
    "|look on either side|look toward the window|look towards the door|turn around slowly|wait until i say so|wait until he's gone"
    "|do it yourself|do it without me|do you think so|do you believe that|do you think it's safe|do you think it's {state}|do you think he's {mood_word}"
    "|do you think i should throw it away|do you know what i mean|do you know how it works|do you know whose it is|do you trust it"
    "|would you eat it|would you mind describing it|would you mind reading this|would you mind looking again|would you say it's {state}"
    "|shall i wait|shall we go|shall i turn it|shall i move it|am i late|am i early|am i bothering anyone|am i blocking the way",
}

TEMPLATES: tuple[tuple[float, str], ...] = (
    # What is so, said to the assistant or by it: the words run into each other, "the circles red".
    (1, "the {shape} is {color}"),
    (1, "the {thing} is {anycolor}"),
    (1, "the {thing} is {state}"),
    (1, "the {thing} is {where}"),
    (1, "the {shape} is {where}"),
    (1, "there is {a:color} {shape}"),
    (1, "there are {digit} {things}"),
    (1, "there is {a:thing} {where}"),
    (1, "yes there is {a:anycolor} {thing}"),
    (8, "{general_q}"), (2, "{aside} {general_q}"), (3, "{before_q} {general_q}"), (1, "{general_q} {after_q}"),
    (4, "{before_q} {whis}"), (4, "{before_q} {yesno}"), (3, "{before_q} {says_q}"), (2, "{before_q} {request}"),
    (1, "{before_q} {read_request}"), (1, "{before_q} {when_q}"), (1, "{before_q} {button_q}"), (1, "{before_q} {round_q}"),
    (1, "{before_q} {polite} {wh_said}"), (2, "{before_q} {please_do} {request}"),
    (3, "{whis} {after_q}"), (3, "{yesno} {after_q}"), (1, "{says_q} {after_q}"), (1, "{request} {after_q}"),
    (1, "{round_q} {after_q}"), (1, "{when_q} {after_q}"), (1, "{round_answer} {after_q}"),
    (1, "{before_q}"), (1, "{doing_q} {whis}"), (1, "{doing_q} {yesno}"), (1, "i think {doing_q}"), (1, "i believe {doing_q}"),
)  # fmt: skip
