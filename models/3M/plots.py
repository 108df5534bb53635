"""The story world's words, openings, trials and plots. world.py says how they become a story.

To add a plot, write a function that takes a world `w` and yields paragraphs:

    @plot(CHILD, BEAST, cues="rain puddle boots")
    def puddle(w):
        \"\"\"A puddle is deeper than it looks.\"\"\"
        yield w.tell(\"\"\"{day} {A} found a {big|deep} puddle near {P}. "{How deep is it|Can I
            jump over it}?" asked {A}.\"\"\")
        yield from w.trial(.5)
        w.helper = "X"
        yield w.tell(\"\"\"A {X} looked out. "{Come in|It is warm}," said the {X}.\"\"\")
        yield w.end("{A} went home without a dry sock.", "And the {X} has the puddle to itself.")

`plot` names the kinds of heroes that fit, and the cues: when one of these words stands in the
opening, in the hero's name or in what the hero is usually like, the plot becomes much likelier.
`w.trial(chance)` lets something happen on the way. `w.helper` says which animal now likes the
hero, `w.friend = True` that there is a friend {B} (introduced as "a {B.boy} named {B}"). `w.end`
takes the plot's own endings, to which it adds one that answers the opening. `w.new(words)` gives a
word that means nothing in this story yet, for w.facts, where {X}, {T} and all the others are kept.

    python models/3M/world.py --plot puddle

shows the plot, and pytest tests/test_world.py tells it a few times and looks for mistakes.
"""
CHILD, GROWN, ROYAL, BEAST = "child", "grown-up", "king or queen", "beast"
STRANGER, ODD = "stranger", "odd name"  # a robot; Alan Turing: grown-ups from outside the world


# ---- the words

GIRLS = """Anna Bella Clara Daisy Ella Flora Greta Ida Ivy Jane Kate Lena Lily Lucy Maja Emma Mia
    Molly Nora Olive Polly Rosa Ruby Sara Tilda Vera""".split()
BOYS = """Adam Ben Carl Daniel Emil Felix Finn Fred George Hugo Jack Jim Leo Max Ned Oscar Otto
    Paul Peter Nick Sam Theo Tim Tom Bruno""".split()
TRADES = {"baker": "he", "miller": "he", "fisherman": "he", "king": "he", "farmer": "he",
          "shoemaker": "he", "tailor": "he", "giant": "he", "queen": "she", "teacher": "she",
          "princess": "she", "cook": "she", "gardener": "she", "shepherd": "he", "witch": "she"}
BEASTS = {"Old Bear": "he", "Grandfather Frog": "he", "Mr. Badger": "he", "Little Hare": "he",
          "Little Hedgehog": "he", "Young Fox": "he", "Little Mouse": "she", "Mrs. Duck": "she",
          "Old Owl": "she", "Mother Hen": "she", "Little Squirrel": "she", "Mrs. Goose": "she"}
ANIMALS = """fox hare owl mouse crow hedgehog frog squirrel goat cat dog duck badger robin donkey
    goose""".split()
SMALL = "hare mouse crow hedgehog frog squirrel robin duckling".split()
THINGS = """ball kite drum doll boat bell cup hat lantern whistle basket scarf bucket blanket
    ribbon spoon box umbrella cap bag""".split()
HOLLOW = "boat basket hat bucket cap bag box cup lantern umbrella".split()
COLOURS = "red blue green yellow white brown golden silver black grey".split()
PLACES = ["the well", "the mill", "the bridge", "the old oak", "the barn", "the pond",
          "the church", "the market", "the brook", "the big stone", "the garden wall",
          "the apple tree", "the school", "the haystack", "the little wood", "the old tower"]
FOODS = ["apple", "bun", "pear", "plum", "honey cake", "carrot", "pie", "nut cake", "cookie"]

# When a story without an opening begins; "*" stands for the weather.
WEATHER = "sunny windy cold rainy foggy warm bright".split()
DAYS = """One * morning|One * day|It was a * day when|It was a * morning when|On a * afternoon|One
    morning|One day|Early one morning|Last Sunday|Last Monday|Last summer|Last week|One fine day|On
    the first day of spring|On the first day of winter|On the first day of autumn|On the first day
    of summer|On market day|Yesterday|On Monday|On Friday|On Saturday|One spring morning|One summer
    day|One summer evening|One autumn day|One autumn evening|One winter morning|One winter
    evening|In spring|In summer|In autumn""".replace("\n   ", "").split("|")

# Who comes from outside the world, because people who type a prompt do not know it.
RARE = {
    **dict.fromkeys("""astronaut wizard pirate president doctor captain policeman soldier knight
        prince detective professor scientist magician sailor emperor thief hunter monk clown
        programmer lawyer banker driver pilot farmhand engineer philosopher postman samurai ninja
        cowboy vampire wolfman boy man father grandfather uncle stranger old man, poet inventor
        musician carpenter butcher dentist explorer viking caveman gentleman minister""".replace(
            "old man,", "oldtimer").split(), "he"),
    **dict.fromkeys("""nurse mermaid fairy dancer singer girl woman mother grandmother aunt
        librarian ballerina actress empress goddess sorceress student artist writer""".split(),
                    "she"),
    **dict.fromkeys("""robot dragon computer unicorn alien monster ghost zombie dinosaur machine
        tiger lion elephant monkey wolf bear horse cow rabbit penguin whale shark dolphin turtle
        snake spider butterfly parrot camel giraffe kangaroo crocodile octopus bee ant lizard panda
        koala flamingo raccoon hamster peacock seal walrus zebra hippo rhino gorilla eagle hawk
        pigeon seagull lobster crab jellyfish snowflake train car ship rocket spaceship truck
        tractor bicycle bus phone telephone television camera clock piano violin guitar trumpet
        book letter map key sword mirror chair table lamp candle teapot kettle shoe coat mountain
        river ocean island volcano desert forest city castle house tree flower cloud storm wind
        rain snow sun moon star planet comet shadow dream potato tomato banana pizza sandwich
        cheese chocolate pancake lemon onion cactus mushroom strawberry algorithm internet neural
        network language model program website stone statue toy puppet
        snowman gnome goblin troll phoenix werewolf creature cat dog fox mouse owl goat frog
        donkey duck hedgehog""".split(), "it")}
NAMES = {
    **dict.fromkeys("""Alan Albert Alexander Arthur Bob Charles Charlie David Edward Elon Frank
        Harry Henry Isaac James John Johnny Joseph Julius Leonardo Mario Mark Martin Michael Robert
        Roger Romeo Sherlock Steve Thomas William Winston Zack Ali Ahmed Ivan Juan Pedro Hans Kevin
        Ryan""".split(), "he"),
    **dict.fromkeys("""Ada Alice Amelia Barbara Beth Cleopatra Cinderella Diana Dorothy Elizabeth
        Eve Grace Hannah Helen Jessica Julia Juliet Laura Linda Marie Maria Mary Matilda Olivia
        Rachel Sarah Sophie Susan Victoria Wendy Yuki Fatima Priya Natasha""".split(), "she")}
SURNAMES = """Turing Einstein Newton Potter Smith Jones Lovelace Brown Curie Darwin Shakespeare
    Holmes Watson Johnson Lincoln Bond Caesar Columbus Hopper Mozart Musk Obama Skywalker Baggins
    Williams Miller Wonder Poppins Twist""".split()
SYLLABLES = """ba be bo da fi fra ga gle ho ka ki lo lu ma mi na ne o pa pi ra ri sa si ta tu va zo
    an el in or us the lan tur ni ter qu x sch w y ch ph br st ex con pro""".split()

PLOTS, TRIALS = [], []


def plot(*kinds, cues=""):
    """Add a plot for heroes of these kinds; an underscore in a cue stands for a space."""
    cues = [cue.replace("_", " ") for cue in cues.split()]
    return lambda function: PLOTS.append((function, kinds, cues)) or function


def trial(fits=lambda w: True):
    """Add a trial for worlds that it fits."""
    return lambda function: TRIALS.append((function, fits)) or function


# ---- the openings

# What a hero is like, and how the end of the story remembers it.
TRAITS = [
    ("sang from morning to night",
     "That evening {A} sang so loudly that {the cat went out|the windows shook|even the owls "
     "asked for silence}."),
    ("was never on time", "And for once {A} was home in time for supper."),
    ("asked a hundred questions a day",
     '"Just one more question," said {A} that evening. But everyone was asleep.'),
    ("was always hungry",
     "That evening {A} ate {two|three|four} bowls of soup and was {still a little|only a "
     "little} hungry."),
    ("could not whistle",
     "On the way home {A} whistled. It was a very small whistle, but it was {a whistle|enough}."),
    ("never said much",
     '"That was a good day," said {A}. It was the longest speech {A.he} had ever made.'),
    ("counted everything",
     '"One good day," counted {A} in bed, and {A.he} fell asleep before two.'),
    ("liked nothing better than warm bread",
     "There was warm bread for supper, and {A} {ate the first piece with both hands|was happy}."),
    ("wore big boots, even in bed",
     "That night {A} slept in the big boots, as always, and smiled."),
    ("lost something every day", "And for a whole week {A} did not lose a thing."),
    ("got up before the sun", "The next morning the sun got up first, for {A} slept until noon."),
    ("was a little afraid of the dark",
     "That night {A} was not afraid of the dark, or only a {little|very little}."),
    ("was always in a hurry", "And that evening {A} walked home very slowly, for once."),
    ("told long stories",
     "{^A} told the story all over the village, and every time it grew a little {longer|better}."),
    ("slept longer than anyone else", "And after such a day {A} slept until {noon|Sunday}."),
    ("had a very loud voice", '"Good night!" said {A}, so loudly that the hens woke up.'),
    ("said good night to the moon every evening",
     '"Good night, moon," said {A}. "You have missed {something|a lot} today."'),
    ("laughed at everything",
     "{^A} laughed about it {all evening|until supper}, and soon everyone else did, too."),
    ("was smaller than all the others", "And that night {A} felt a little bigger."),
    ("never forgot anything", "And {A} never forgot that day."),
    ("forgot everything", "{^A} forgot many things after that, but {A.he} never forgot that day."),
    ("wanted to see the sea", '"The sea can wait," said {A}. "It is nice here, too."'),
    ("talked to {A.himself}", '"Well done," said {A} to {A.himself}, and {A.he} was right.'),
    ("could not sit still",
     "That evening {A} sat still for a whole hour. {Nobody could believe it.|Then {A.he} fell "
     "off the chair.}"),
    ("always had cold feet", "And when {A} went to bed, even {A.his} feet were warm."),
    ("danced when nobody was looking",
     "That evening {A} danced, and this time everyone was {looking|allowed to look}."),
    ("collected stones", "There was one more stone on {A}'s shelf that night, and it had a story."),
    ("never wanted to go to bed",
     "That night {A} went to bed all by {A.himself}, and without a word."),
    ("wanted to win everything", '"Today we have both won," said {A}, and {A.he} meant it.'),
    ("had never been far from home",
     "{^A} had come no farther than {P}, but it felt like a long journey."),
    ("gave everything away", "{^A} gave away many things after that, and had more friends than "
     "anyone."),
    ("believed everything that people said",
     '"And is that really true?" people asked. "Every word," said {A}.'),
    ("was afraid of nothing, except spiders",
     "A spider sat over {A}'s bed that night. \"Good night,\" said {A}, and {A.he} only shook a "
     "little."),
]

HOUSE = """{a {small|little|tiny} house {by|behind|near}|a {crooked|green|little} house
    {by|behind|near}|the last house {before|behind}} {R}"""
FACT = """{the moon is made of cheese|every fox is a little afraid of geese|nobody is ever really
    lost|good things come in the rain|a kind word opens every door|the sea is only a very big
    puddle|{noun}s are made of {noun}s|all {noun}s can talk at night}"""
NUMBER = "{1|2|3|4|5|6|7|8|9|10|12|17|20|25|42|50|100|365|1000}"

# A sentence that somebody types who has never heard of the story world. `World.half` may cut it.
SENTENCES = """{{The|A|My|Your|Our|This|That|Every|One|Some|No}
    {{old|little|big|red|first|last|best| happy|sad|new|young|lonely|strange} |||}{noun}
    {is|was|has|had|went|said|wanted|looked at|can| will|lives|lived|came|walked|ran|loves|does not
    like|would one day become|woke up and saw} {the| a|my|his|her|no|to the|in the|under
    the|very|not|always|all} {noun|old|small|{noun}} {of|in|and| with|because|when|that|for|from}
    {the {noun}|{noun}s|life|love|{^odd}|me|you|time|space}|{I|You|
    We|They|He|She|It|Nobody|Everybody|Somebody} {am|is|are|was|were|love|loves|have|had|want to|
    would like to|can|think that|know that|need|saw|hate|will|must|wish that|like|do not know|
    never|remember|dreamed of} {the|a|my|your|you|it|no|some|all|to|so} {{noun} |{noun}s |very
    |happy |}{in|and|or|but|of|with|for|because|today|again|more} {the {noun}|{^odd}|me|you|school|
    time}|{What|Who|Why|Where|When|How|Which} {is|are|was|do|does|can|should|will|would|did|many}
    {the| a|you|I|we|my|your|it} {{noun} |{noun}s |best {noun} |meaning
    |}{of|in|to|for|on|like|go|do|eat| mean|live} {the
    {noun}|{^odd}|{noun}s|life|love}?|{Do|Can|Is|Are|Will|Should|Could|Would|Have} {you|
    I|we|there|it|a {noun}} {know|like|be|have|tell me|please|ever|really} {the {noun}|a {noun}|
    {odd}|{noun}s|about {noun}s}?|{Tell|Write|Give|Explain|Show|Make|Please tell|Translate|Imagine|
    Describe|Help|Let} {me|us|a {noun}|the {noun}|him|that} {a story|a poem|a joke|the {noun}|to|
    about|how|why} {about|of|for|with|to|like} {a {noun}|{noun}s|the {noun}|{^odd}|love|me}|{To be|
    Love|Life|Time|Music|Money|Art|War|Peace|Happiness|Science|Winter|Water|Truth|{^noun}s} {or not
    to be|is|are|and|was|never|makes|cannot|flies} {that is|the|a|like|not|what|all} {the {noun}|
    {noun}|question|answer|end}|{^odd} {odd} {odd} {odd} {odd}|{According to|Because of|In spite
    of|Without|Before|After|During|Although|If|While|Since|Between|And|But|So|However|Meanwhile|
    Unfortunately|Finally|First|Perhaps} {the|a|my|you|I|it|we} {{noun} |{noun}s |new
    |}{is|was|and| went|of|are|had} {the {noun}|{^odd}|me|there|gone}|{^odd} {^odd}
    {is|was|said|says|theorized that| once wrote|thought|believed|invented|discovered|lived in}
    {the|a|one day|that|in} {{noun}| {noun}s|{^odd}} {would|could|will|of|and|in} {the
    {noun}|become|{noun}s|{^odd}}}"""


ANY = (CHILD,) * 10 + (GROWN,) * 5 + (BEAST,) * 4 + (ROYAL,)
PEOPLE = (CHILD,) * 10 + (GROWN,) * 5 + (ROYAL,)
NEWCOMERS = (STRANGER,) * 3 + (ODD,)
ALL = (CHILD,) * 4 + (GROWN, BEAST, STRANGER, ODD)

# (how often, heroes, the first paragraph). Without one, the plot begins at once.
OPENINGS = [
    (34, ANY, ""),
    (2, NEWCOMERS, ""),
    # the usual ones
    (7, PEOPLE, "Once upon a time there {was|was|lived} {who} who {trait}."),
    (5, PEOPLE, "Once upon a time there {was|lived} {who}. {^A.he} {trait}."),
    (3, PEOPLE, "Once upon a time{|,} {who} lived near {R}. {^A.he} {trait}."),
    (2, PEOPLE, "Once upon a time there was {who}."),
    (2, NEWCOMERS, "Once upon a time there {was|lived} {who}{. {^A.he}| who} {trait}."),
    (3, PEOPLE, "There {was once|once was} {who}{. {^A.he}| who} {trait}."),
    (2, PEOPLE, "In " + HOUSE + " lived {who}{. {^A.he}| who} {trait}."),
    (2, PEOPLE, "{A long time ago|Long ago|Many years ago|Long, long ago}{, near {R},|,|} there "
                "{lived|was} {who}{. {^A.he}| who} {trait}."),
    (3, (CHILD,), "{A} was a {A.boy} who {trait}."),
    (1, (CHILD,), "The little {A.boy} {who lived near {R} was called {A}. {^A.he} {trait}.|was "
                  "called {A}, and {A.he} {trait}.|named {A} {trait}.|{trait}. {^A.his} name was "
                  "{A}.|looked out of the window. {^A.his} name was {A}, and {A.he} {trait}.}"),
    (1, (CHILD,), "{A|One} {little|small|young} {A.boy} {named|called} {A} {trait}."),
    (2, (GROWN, ROYAL), "{^A} {trait}. {Everyone knew that.|}"),
    (2, (GROWN, ROYAL, STRANGER), "The {old|young|little|poor|good} {A.noun} {trait}."),
    (3, (BEAST,), "{A} lived in " + HOUSE + ". {^A.he} {trait}."),
    (2, (BEAST,), "{A} {trait}."),
    (1, (BEAST,), "In " + HOUSE + " lived {A}. {^A.he} {trait}."),
    (3, ANY, """{^A} woke up and {sneezed three times|could not remember what day it was|was in a
        {good|bad} mood|looked out of the window|looked for {A.his} left {sock|shoe}|stretched like
        a cat|felt that it was a special day}. {Something was going to happen. {^A.he} could feel
        it in {A.his} {toes|nose}.|It smelled of {rain|bread|spring}.|There was nobody else in the
        house.|"{Good morning, world|This will be a long day}," said {A}.}"""),
    (1, PEOPLE, """{When|As soon as} {A} woke up, {the sun was shining|it was still dark|it was
        raining|there was snow on the roof}. {^A.he} {put on two different socks|ate an
        apple|opened the window}. "{Good morning, world|Today something will happen}," {A.he}
        said."""),
    # time and weather
    (4, ALL, """It was {a {dark|cold|warm|stormy|quiet|dark and stormy|cold and dark|clear|
        bright and cold|long} {winter |summer |autumn |spring |||} {night|evening|morning|day}|a
        {dark|cold|warm|bright} {night|day} in {winter|summer|spring|autumn|April|May|June|
        November|December}|the {first|last|longest|best|worst} {night|day} of the
        {year|winter|summer|holidays}}{.|; the rain fell.|, and the wind {blew around the
        house|sang in the chimney}.|, and nobody was outside.|, just right for a story.}
        {^A} {sat by the stove and listened| looked out of the window|was wide awake|thought about
        tomorrow}."""),
    (3, ALL, """It was {Monday|Friday|Sunday|Christmas|Christmas Eve|midnight|noon|winter|summer|
        spring|autumn|early|late|very late|raining|snowing|cold|hot|dark|the middle of the
        night|the first day of school|the last day of summer|half past six|time for supper}
        {again|}{, and {A} {was {still|already} awake|had nothing to do|was on the way home}|. {^A}
        {looked out of the window|had waited for it all week|put on {A.his} warmest coat}}.
        {Somewhere a dog barked.| Nobody knew yet what would happen.|Even the hens were
        quiet.|}"""),
    (3, ALL, """{Winter|Spring|Summer|Autumn|Christmas|Night|Evening|Morning|Sunday|The winter|The
        summer|Snow|Rain|The rain|The storm|The night} {came|came early|came late|came at last|had
        come|arrived|was over|was long} {that year |to the village ||||}{, and {A} {was glad|could
        hardly wait|did not like it|stood at the window}|. {^A} {was glad|had waited for it|put on
        {A.his} warmest coat}}. {The hens saw it first.|"Good," said {A}. "I was bored."|"There you
        are," said {A}.|}"""),
    (3, ALL, """{Yesterday|Last night|Last week|Last summer|Last winter|Last Monday|Last
        year|Today|This morning|One day|One night|One evening|On Monday|On Sunday|On Tuesday|On
        Friday|On a Saturday|At midnight|At noon|At dawn|At six o'clock|In the morning|In the
        evening|In the middle of the night|In spring|In winter|In autumn|In summer|In June|In
        December|Every morning|Every evening|Every Sunday|Every night|Early in the morning|Late at
        night|After supper|Before breakfast|After the storm|When the sun went down|When the snow
        fell|Once|One dark night|Long before breakfast|Suddenly|Tonight|Three days ago|A week
        ago|Many years ago}{,|,|} {{A} {looked out of the window|went for
        a walk|sat at the table and drew|cleaned the whole house|talked to the hens|sat on the step
        and thought}. {It was a good day for a story.|{^A.he} {trait}.|{A} was like that.|Nothing
        much happened, at first.|That is how it began.}|the wind {blew|sang} around the house of
        {A}{.|, who {trait}.}|something strange happened to {A}. {It began quite quietly.|And it
        began with nothing at all.|Here is the story.}}"""),
    (1, ALL, """In {the year|||} {1|1|2|2|3}{0|3|9}{0|2|5|8}{0|4|5|9}, {{A} {looked out of the
        window|went for a walk|was already very old|was the first to get up}. {^A.he} {trait}.|there
        {lived|was} {who}{. {^A.he}| who} {trait}.}"""),
    (1, ALL, """{Tomorrow|Tomorrow morning|Next week|Next year|Soon|One day|Some day}{,|} {I|we}
        will {see the sea|find a treasure|do it|be famous|get up early}, said {A} every evening.
        {^A.he} {trait}."""),
    (1, ALL, """It is {Monday|Sunday|Christmas|late|midnight|winter|cold|raining|time for supper|a
        {lovely|bad|beautiful|new} day|{odd}|a {noun}|not {easy|true|a {noun}}|me|the {noun}}, said
        {A} to the {hens|stove|mirror|{G}}. {^A} {trait}."""),
    (2, ALL, """The {{sun|moon} {was shining|had set|rose|set|came up}|{wind|storm} {blew|sang|was
        cold}|{snow|rain} {fell|was falling|had stopped}|night {was dark|was
        long|fell}|{clock|bell} {rang|struck midnight|struck ten}|{stars|lights} {were shining|went
        out|came out}|sky {was dark|was red}} {over the village |on the hill ||||}{when|, and|. It
        was late, and} {A} {was still awake|came home|closed the door|stood at the window}. {It was
        very quiet.|{^A.he} {trait}.|"What a day," said {A}.}"""),
    # far away
    (3, ALL, """{In|Once, in|Long ago, in} {a|the}
        {galaxy|land|country|kingdom|town|village|city|castle| forest|house|little
        town|world|{noun}|{odd}} {far away|far, far away|very far away|by the sea| behind the
        hills|on the moon|at the end of the world|where it always rained|called {^odd}| without a
        name|} {{,|} there {lived|was}| lived} {who}{. {^A.he}| who} {trait}."""),
    (3, ALL, """{Far away|Far, far away|Far from here|Far away from home|Deep in the {forest|sea|
        wood| {noun}}|High in the mountains|Behind the {mountains|hills|moon}|Beyond the sea|On a
        {small| lonely|distant} {island|planet|hill|mountain|{noun}}|On the moon|On Mars|On the
        planet {^odd}|On top of {a|the} {mountain|hill|{noun}}|Under the {sea|bed|stairs|{noun}}|At
        the end of the {world|road|rainbow|street}|At the bottom of the sea|Somewhere|Somewhere in
        {^odd}|In {London|Paris|New York|Rome|Berlin|Tokyo|America|Africa|China|space|the desert|
        the jungle|the future|{^odd}}|In the {desert|jungle|future|garden|kitchen|{noun}}|Inside
        the {noun}|Not far from here|Next to the {noun}}{{,|} there {lived|was}| lived} {who}{.
        {^A.he}| who} {trait}."""),
    # the first person, letters and diaries
    (2, (CHILD,), """{Hello|Hello!|Hi|Hey|Good morning|Good day|Good evening|Hello there|Hello,
        world|Dear reader|My friends|Ladies and gentlemen|Welcome|Nice to meet you}{,|.|!} {my|My}
        name is {A}{,| and|.|!} {I live near {R}.|I am {six|seven|eight} years old, and I live near
        {R}.|I like {D}s and rain.} {That is what {A} wrote on the first page of a new book.|So
        began the letter that {A} wrote to {A.his} aunt.} {The next day there was much more to
        write.|And the rest of the story goes like this.}"""),
    (2, (CHILD, CHILD, BEAST, ODD), """{My|My|my} name is {A}{.|, and I am not from here.|, said
        the newcomer.|, and I am very pleased to meet you.} {That was how {A} began every letter.|
        {^A} said it three times, once to each hen.|{^A} wrote it on the door, so that everyone
        could read it.} {^A.he} {trait}."""),
    (4, ALL, """{I am|I'm|We are|You are|I was|I will be|I want to be|I would like to be} {{so
        |very |} {tired| hungry|happy|sad|late|cold|old|alone|lost|bored|afraid}|a {noun}|the
        {noun}|not {a {noun}|tired|here|happy}|the {smallest|best|oldest|happiest|last} {noun} {in
        the world|of all|here}|{six|seven|ten} years old|{odd}|going to {bed|school|the
        {noun}|{^odd}}|in love|{^odd}| your {friend|father|{noun}}}{, said {A} to the mirror. The
        mirror said nothing.|, said {A} to the hens. The hens were not surprised.|, wrote {A} in
        {A.his} diary. Then {A.he} put down the pen.|, said {A} every morning. {^A.he}
        {trait}.}"""),
    (4, ALL, """{{I|We|You|They}
        {love|like|hate|want|need|have|had|see|saw|remember|know|miss|dreamed of|cannot find|do not
        like|have lost|believe in|think of|met|will buy|must have|was eaten by} {you|it|a
        {noun}|the {noun}|my {noun}|{noun}s|this {noun}|my {mother|friend|cat|dog}|nothing|
        everything|{^odd}|{odd}}|{I|We|You|They} {think|believe|know|hope|dreamed|heard} {|that
        }""" + FACT +
        """|Last night I dreamed {|that }{I was a {noun}|of a {noun}|I could fly|of
            you|""" + FACT + """}|{I|
            We} {went|want to go|was going|walked|ran|woke up} {to school|to the
            {noun}|home|out|early|in the night|to {^odd}}|{I|We} {can|cannot|will|would like
            to|have to|used to} {fly|sing|sleep| swim|go home|be {odd}|see the {noun}}}{, said {A}
            {one morning|at breakfast|to the moon|to the stove|in {A.his} sleep}.|, wrote {A} in
            {A.his} diary.|, sang {A} under the apple tree.|. {^A} wrote it in big letters on the
            wall of the barn.|. Those were the first words of {A}'s letter.} {And nobody
            laughed.|It was true, too.|Then something happened.|The cat heard it and said
            nothing.|{^A.he} {trait}.}"""),
    (3, ALL, """{{{Dear|My dear|Dearest} {diary|Diary|grandmother|aunt|friend|Santa|Santa Claus|
        mother| mom|dad|Mr. President|Sir|sir or madam|teacher|king|{noun}|{^odd}|{^odd} {^odd}|
        all|world| future me}{,|,|:|!|} {how are you?|I am well.|today it rained.|today was a
        strange day.|I hope this letter finds you.|I am writing to you because I am bored.|nothing
        has happened today.| today I met a {noun}.|thank you for the {noun}.|you will not believe
        it.|I miss you.}}|{{Day| Chapter|Part|Page|Lesson|Number} """ + NUMBER + """{:|
            .} {Today it rained.|Nothing happened.|The {noun} has not come.|It begins.|We have no
            more bread.}}|{{Monday|Tuesday|Friday|Sunday|May {1|3|12}|January 1|December 24|{3|6|
            10} {June|March|October}}{, {morning|evening}.|:|.} {It rained.|Dear diary.|Nothing
            happened today.|I got up early.}}} {So {A} began a letter.|{^A} wrote this and
            stopped.|That was all that {A} wrote that day.|{^A} read it again, and it was not bad.}
            Then something happened, and {A} put down the pen."""),
    (1, ALL, """{Have you {ever |}heard of {A}|Do you know {A}|Who is {A}|Who was {A}|Do you
        remember {A}}? {^A.he} {trait}{, and this is what happened to {A.him}|}."""),
    (2, ALL, """{Listen, this is about {A}|Look, this is {A}|Let me tell you {a story about|
        something about|about} {A}|I will tell you {a story|} about {A}|This is {a|the} {true |}
        {story|tale} {of|about} {A}|Here is a story about {A}|Everybody knows {A}|Everyone knows
        the story of {A}|Nobody knew {A}|Nobody had ever heard of {A}}{.|.|!} {^A.he} {trait}{, and
        this is what happened to {A.him}|}."""),
    # questions and sums
    (4, ALL, """{What is {the capital of {^odd}|the name of the {wind|moon|{noun}}|the best
        {thing|{noun}} in the world|the biggest number|a {noun}|a {odd}|the meaning of
        {life|love|{noun}s}|your {name| favourite {noun}}|love|time|that|the {noun}|the {odd} of
        {the wind|{^odd}}|the word for {noun}}|Where {does the wind sleep|is {the {noun}|my
        {noun}|{^odd}|everybody}|are you|do {noun}s go at night|is it}|Why {is the {sky so high|sky
        blue|sea salty|{noun} {so sad|here}}|do {fish never close their eyes|{noun}s
        {sleep|dance|fly}|we sleep}|are {you here|{noun}s so small|we here}| not|me}|Who {is afraid
        of a {noun}|are you|am I|was that|is the {king|{noun}}|ate the {noun}| invented the
        {noun}|made the {moon|{noun}}}|When {is a {noun} ripe|will it {rain|snow|end}|does the
        {noun} come|is my birthday}|How {many {noun}s are there {in the world|in {^odd}|}|do {fish
        sleep|I {bake a cake|find a {noun}|get to {^odd}}|{noun}s {sleep|fly}}|old is the
        {moon|{noun}}|are you|does it work|far is it to {^odd}}|{Can|Do|Will|Should|Could} {you
        {hear me|help me|fly|tell me a story|see the {noun}}|{noun}s {dream|fly|talk|think}|a
        {noun} {fly|think|talk}|we be friends|I ask something}|{Is|Are} {there {anybody|anyone}
        {here|there|at home}|you {there|happy|a {noun}| sure}|it {true|real|late|possible}|this {a
        {noun}|real|the end}}|Which {way|{noun}|came first}}? {{^A} wanted to know it, but {nobody
        could say|nobody in the village knew|everyone gave another answer}.|{^A} asked everyone,
        and everyone {laughed|had to think}.|That was a question that {A} asked {every day|three
        times a day}.|"Ask again tomorrow," said the {G}, but {A} could not wait.|"I do not know,"
        said the {G} to {A}. "But it is a good question."|"That is a secret," said the {G}, and {A}
        did not believe it.} {{^A} {trait}.|}"""),
    (1, ALL, """{Why|Who|What|Where|When|How|Why not|Really|What now|What if|So what|Hello}? {That
        was {the first word that {A} learned|{A}'s favourite word|what {A} said every morning}.|It
        was always {A}'s first word in the morning.} {^A.he} {trait}."""),
    (3, ALL, NUMBER + "{+|+|-|*|/|x| + | + | - | x | plus | minus | times | and }" + NUMBER + """{=|
        = | = | is | is | equals }{a lot|more than one|a very big number|not so easy|something with
        a tail|a secret|enough for everyone|as many as the hens have legs}, {said {A}, who
        {trait}.|said {A} at school. "Almost," said the teacher.|wrote {A} on the wall, and the
        hens looked at it.} {Then there was no more time for numbers.|That was the end of the
        lesson.|But that day {A} had other things to think about.}"""),
    (1, ALL, """{{1, 2, 3|1 2 3|One, two, three|One two three|123|A, B, C|ABC|1, 2, 3, 4|10, 9,
        8|1984|2024| 42|7|3.14|100|0} {, counted {A}|, said {A}|, wrote {A} on the wall}. {That
        was how every day began.|Farther {A.he} did not come that day.|The hens were the first to
        hear it.} {^A.he} {trait}.}"""),
    # shouts and spoken words
    (4, ALL, """{Help|Help me|Stop|Stop it|Fire|Look|Look out|Watch out|Hurry|Hurry up|Come here|
        Come back| Surprise|Hooray|Oh no|Oh dear|Run|Wait|Go away|Wake up|Good morning|Good night|
        Good evening|Hello| Hello, {world|friend|there|{noun}}|Hi|Hey|Hey you|Goodbye|Happy
        birthday|Merry Christmas|Thank you|Thanks|Sorry|Yes|No|Never|Silence|Attention|Listen|Wow|
        Ouch|Hurrah|Not again|Thief|Be careful|Get up|Open the door|Breaking news|Eureka|Please|
        Please help|Freedom|Boo|Test|Bang|Boom|Ready|{^noun}| Where is the {noun}|A {noun}|The
        {noun} is {gone|here|coming}|My {noun} is gone|{^odd}|Give me the {noun}}{{!|!|!!|.} {It
        came from {near|behind} {R}|A voice {near|behind} {R} called it|That was the parrot of the
        {G}|Somebody called it {near|behind} {R}}|, {cried|called} a voice {near|behind} {R}|, said
        the parrot of the {G}}. {{A} {looked around|jumped|put down the spoon|ran to the window|
        opened the door}{.|, but there was only {a hen|the wind}.}|{^A} heard it. {^A.he}
        {trait}.}"""),
    (3, ALL, """"{{Hello|Good morning|Who are you|Where are you going|I am hungry|Help|Come in|Once
        upon a time|I have an idea|What is that|Tell me a story|It is late|Stop|Yes|No|Why|Let us
        go|Wake up| Where is my {noun}|I have seen a {noun}|I want to be a {noun}|You are late|The
        {noun} is gone| Do you like {noun}s}{,|!|?|,}|{half}{,|,|?|!}}"
        {said|asked|cried|whispered} {A}{. {^A.he} {trait}.| one {morning|evening}. {Nobody
        answered.|Only the hens heard it.|It was the first word that day.}|, who {trait}.}"""),
    (2, ALL, """{Roses are red{,| and|} violets are blue|Twinkle, twinkle, little star|Row, row,
        row your boat|Happy birthday to you|To be{,|} or not to be|All you need is love|Let it be|
        Hello darkness, my old friend|Mary had a little lamb|Humpty Dumpty sat on a wall|Jingle
        bells|The itsy bitsy spider| All work and no play|Shall I compare thee to a summer's day|I
        think, therefore I am|{^odd}, {odd}, {odd}|The {noun} is {red|blue|green}, the {noun} is
        {grey|white|{odd}}|{^noun}s are {red|blue|sweet}, {noun}s are {green|{odd}}}{,|,|,| ...}
        {sang {A}, who {trait}|sang {A} all day long|said {A}, and forgot the rest|it goes in the
        song that {A} liked best}. {The hens sang along.|The cat went out.|Then the song was over,
        and the story began.}"""),
    (2, ALL, """{Tell me|Tell us|Write|Write me|Give me|Read me|Sing|Please tell me|Can you tell
        me|Please write} {a|another|the} {story|poem|joke|song|tale|long story|bedtime story|short
        story|letter} {about {a|the|my} {{small|brave|sad|happy} |}{noun}|about {noun}s|about
        {love|me|{^odd}|{A}}||}{, said {A} {to the {G}|every evening}.|, said {A}.|! cried {A}.|.
        That is what {A} {said every evening|wanted most}.} {So the {G} told this one.|And this is
        the story that {A} heard.|But that day {A} had a story to tell.} {{^A} {trait}.|}"""),
    # whoever and whatever nobody has heard of
    (7, NEWCOMERS, """{^A} {trait}. {Nobody had ever seen {one|anyone like {A.him}} before.|{^A.he}
        was new in the village.|Everyone knew that.|}"""),
    (4, NEWCOMERS, """{^A} {came to the village {on a Monday|one winter|in the rain}|lived all
        alone {near|behind} {R}|was {old|tired|lost|hungry|sad|happy|lonely|new here|not at
        home}|had {never seen the sea|no friends|come a long way|lost the way|a dream|one
        wish}|wanted to {see the world|go home|find a friend|learn to dance|be somebody
        else}|looked {out of the window|at the stars|up| around|sad}|said {nothing|good morning to
        everyone}|stood at the {door|window}|could {talk|not swim|sing}|sat {down|by the fire|near
        {R}}|woke up {early|in the dark|and yawned}|and the {noun} were friends|is {old|kind|not
        like others}|landed {near|behind} {R}|stopped {near|in front of} {R}|fell {from the
        sky|asleep near {R}}|flew over the village|smiled|laughed|ran {away|home}|slept all
        day|opened {A.his} eyes|began to {sing|talk|cry}|loved {music|the rain|everybody}}.
        {{^A.he} {trait}.|}"""),
    (3, (STRANGER,), """{A|An old|One|A little|A young|A lonely|A strange|Another} {A.noun}
        {trait}."""),
    (4, ALL, """{The|A|An|My|This|That|Our|Every|One|Two|All|Some|Many|No}
        {{old|little|big|red|last|first| best|lost|golden|magic|strange|happy|sad}
        |||}{noun}{s||||} {is|was|has|had|are|were|can|and the {noun}|of {^odd}|of the {noun}|in
        the {noun}|that|with|on the {noun}|who|from {^odd}} {{old|new| here|gone|{odd}|sad|the
        best|a {noun}|not a {noun}|always late|very small|good} ||}{, the {G} always said. {^A} was
        not so sure.|, {A} read in an old book. {^A.he} read it twice.|, it said on a piece of
        paper. {^A} had found it {near|behind} {R}.|: that was the name of {A}'s favourite book.|.
        That was the beginning of a story that {A} wanted to write. But then something
        happened.}"""),
    (1, ALL, """{A|The} {noun} and {a|the} {noun} {were {old |good |} friends|lived together|met
        near {R}|went for a walk|had a quarrel}. {So began the story that the {G} told|That was the
        favourite story of the {G}}, and {A} {always listened|knew it by heart}. But one day {A}
        had a story, too."""),
    (4, ALL, """{half}{{.|...| ...|!} {That is what it said on {a piece of paper|an old sign|the
        door}.|So began an old book.|That was all that was left of the old letter.}|{,|,|...} {it
        said on {a piece of paper|an old sign|the first page}|{A} read in an old book|said {A} in
        {A.his} sleep|said the parrot of the {G}|the {G} always said}.} {{^A} read it twice and
        {did not understand a word|laughed}.|{^A} thought about it {for a long time|at breakfast}.|
        And what came next? {^A} wanted to know it.|{^A} did not know what it meant.}"""),
    (3, ALL, """{half}? {{^A} asked {everyone|the hens|the moon|the {G}}|That was what {A} wanted
        to know}. {Nobody knew.|"Ask again tomorrow," said the {G}.|"That is a good question," said
        the {G}.} {{^A.he} {trait}.|}"""),
    (3, (ODD,), """{^A} {said|thought|believed|once wrote|was sure|theorized|dreamed|says|knew|
        discovered| wrote|told everyone|claimed} {|that }{""" + FACT + """|
            {noun}s would one day {be friends|become {noun}s|dance}|the {noun} {is|was} {a {noun}|
            {odd}}}. {Everyone laughed.|Nobody believed it.|That is what people say.|} {^A.he}
            {trait}."""),
    (2, (ODD,), """{^A} {was|is} {a|the} {{famous|young|old|great|good|first} |}{scientist|
        inventor|poet|doctor|sailor|musician|captain|writer|artist|pilot|detective} {from {^odd}|
        who {trait}|and {trait}|}. {Nobody in the village had heard of
        {A.him}.|}"""),
    (1, ALL, """{^odd} is {a {small town|big city|country|{odd}|{noun}} {far away|behind the
        hills|by the sea|}|far away}. {^A} had never been there, but {A.he}
        {often thought about it|had an aunt in {^odd}}."""),
    (1, ALL, """The {meaning|secret|end|name|history|problem|answer|best thing|future|key|{odd}}
        {of|about|to|with} {life|the wind|{noun}s|{^odd}|love|the {noun}|everything} is {a warm
        stove|a good friend|bread with honey|very simple|hard to say|that nobody knows it|that it
        never ends}, the {G} always said. {^A} was not so sure."""),
]


# ---- the trials: what may happen on the way

@trial()
def hungry(w):
    """A hungry animal, and half of the food."""
    w.helper = "U"
    yield w.tell("""{On the way|On the road|Near {Q}|Behind {Q}} {{A} met|sat|{A} found} a {U}. "{I
        am so hungry|I have not eaten since {Sunday|yesterday}|My stomach is as empty as a drum},"
        said the {U}.

        {{A} had only a {D}, but {A.he} {broke|cut} it in two. "{Half of it is yours|There is
        enough for both of us|It tastes better together}," said {A}.|{A} was hungry, too. But
        {A.he} gave the {U} half of the {D} {that {A.he} had with {A.him}|from {A.his} pocket}.
        "{Eat slowly|Take the bigger half}," said {A}.|"Do you like {D}s?" asked {A}. "I like
        everything," said the {U}, and it ate the {D} in one bite.}{| "Thank you," said the {U}. "I
        will not forget {it|that}."}""")


@trial()
def on_the_bridge(w):
    """Somebody stands in the way, and a kind word helps."""
    w.helper = "U"
    yield w.tell("""{On the way {A} came to a narrow bridge|The road went over a little bridge}. In
        the middle {stood|sat} a {U}, and it did not move. "{This is my bridge|I was here
        first|Nobody may pass}," said the {U}.

        {"Please," said {A}. "{Nobody has said please to me {before|for years}|That is a nice
        word|Say it again}," said the {U}, and it {stepped aside|let {A} pass}.|"Then I shall
        wait," said {A}, and {A.he} sat down. They {looked at the water together|talked about
        fish}. After a while the {U} said, "You may pass. {It is nice to have company|You are good
        at waiting}."|"{What does it cost|What must I pay}?" asked {A}. "A {joke|song|story}," said
        the {U}. So {A} gave it the only one {A.he} knew, and the {U} {laughed so hard that it fell
        into the water|asked for another one}.}""")


@trial()
def in_the_rain(w):
    """It rains, and two share a roof."""
    w.helper = "U"
    yield w.tell("""{Then it began to rain|Suddenly dark clouds came up, and it began to
        rain|Halfway there it began to rain}. {A} {ran|hurried} {into an old barn|under a big
        tree|into a hollow tree}. {A wet {U}|A {U}, wet from nose to tail,} {sat there already|came
        in after {A.him}}. "{There is no room for two|I was here first|I am cold}," said the
        {U}.

        "{Come closer|There is always room|Two are warmer than one}," said {A}. They {sat close
        together|told each other stories|counted the drops} until the {rain stopped|sun came
        out}.""")


@trial()
def caught(w):
    """An animal is caught, and set free."""
    w.helper = "U"
    yield w.tell("""{Suddenly {A} heard a small cry|Then something cried for help|"Help!" cried a
        small voice}. A {U} {was caught in the thorns|was caught under a gate|had fallen into a
        hole|sat in the mud and could not get out|was stuck in a hole in the wall}. {"{Hold
        still|Do not be afraid|Wait, I will help you}," said {A}, and {A.he} {pulled|pulled and
        pulled|worked with both hands} until the {U} was free.|{A} pulled with all {A.his} might.
        Plop! The {U} was free, and {A} sat on the ground.} "{Thank you|You are very kind|You are
        strong}," said the {U}. "{One day I will help you|I will never forget it}.\"""")


@trial()
def heavy_wood(w):
    """Somebody old has much to carry."""
    yield w.tell("""{On the road|Near {Q}} an old woman was carrying {a big bag of wood|two heavy
        buckets|a sack of apples}. "{Let me help you|Let me carry that|That looks heavy}," said
        {A}. {It was {very heavy|heavier than it looked|as heavy as a cow}, but {A} did not say
        so.|They went slowly, and the old woman talked about {her cat|the weather|her seven sons}
        all the way.} "{Kind hands are never empty for long|Good things come back|You are stronger
        than you look}," said the old woman, and she gave {A} a {D} for the way.""")


@trial()
def riddle(w):
    """A riddle must be answered."""
    w.facts["U"] = w.new(["magpie"] if "owl" in w.used else ["owl"])
    w.helper = "U"
    yield w.tell("""{On a low branch|On a fence|In an old tree} sat a {U}. "{Nobody passes without
        a riddle|Stop! First a riddle|I have a riddle for you}," said the {U}. "What {r=has teeth,
        but cannot bite/A comb|has a neck, but no head/A bottle|gets wetter when it dries you/A
        towel|has hands, but cannot clap/A clock|runs all day and never gets tired/The brook|can
        you break without touching it/A promise|goes up when the rain comes down/An umbrella|has
        four legs and cannot walk/A table|is yours, but others use it more than you do/Your
        name|has a bed, but never sleeps/A river}?"

        {A} {thought for a long time|thought and thought|scratched {A.his} head}. "{r.2}!"
        {said|cried} {A}{| at last}.

        "{Right|Yes|That is right}," said the {U}. "{You are clever|I knew it only because my
        mother told me|Now I need a new riddle}. {You may pass|Go on, and good luck}.\"""")


@trial()
def dog_barks(w):
    """A loud animal only wants to play."""
    w.facts["U"] = w.new(["ram"] if "dog" in w.used else ["dog"])
    w.helper = "U"
    yield w.tell("""Suddenly a big {U} jumped out {from behind {Q}|of the bushes|in front of {A}}
        and made a terrible noise. {A} {stood very still|wanted to run away|held {A.his} breath}.
        "{What do you want|Are you angry|Why are you so loud}?" {asked|whispered} {A}.

        "{y=I am bored/threw a stick, and the {U} brought it back ten times|I only want to play/ran
        three times around {Q}, and the {U} ran behind|Nobody ever plays with me/threw a stick, and
        the {U} brought it back ten times|My back itches/scratched the {U} behind the ears and all
        along the back}," said the {U}. So {A} {y.2}. {After that the {U} was quite quiet.|The {U}
        was so happy that it {rolled in the grass|followed {A} a little way}.}""")


@trial()
def fog(w):
    """The way is lost, and found again."""
    yield w.tell("""{Then fog came up|A thick fog came down from the hill}, and {A} {could not see
        {A.his} own feet|did not know the way any more|walked in a circle}. {^A.he} {stopped|stood
        still} and listened. {Far away a bell was ringing|Somewhere water was running|Somewhere a
        donkey was singing}. {"{That must be|I know that sound. It is} {Q}," said {A}.|} So {A}
        {went after the sound|walked very slowly, with {A.his} arms stretched out}, and soon {A.he}
        {stood at {Q}. From there {A.he} knew the way.|bumped into {Q}. "There you are," said {A},
        and rubbed {A.his} nose.}""")


@trial()
def goose(w):
    """An animal that does not move until it is asked nicely."""
    w.helper = "U"
    yield w.tell("""{At {Q}|Near {Q}} a fat {U} lay in the middle of the road. {A} {clapped {A.his}
        hands|called "Shoo!"|asked the {U} to move}, but the {U} only {opened one eye|yawned|turned
        over}. "{I am sleeping|This is the warmest place|I am tired}," said the {U}.

        {So {A} sat down in the sun, too. It was warm there, and {A.he} almost fell asleep. "Now we
        are both lazy," said the {U}, and it {laughed|made room}.|{A} whispered something in its
        ear. "Cake?" cried the {U}. "Where?" And it was on its feet.|"Have a nice dream," said {A},
        and {A.he} walked around the {U} on tiptoe. "Wait," said the {U}. "I will come with
        you."}""")


@trial()
def mud(w):
    """The hero falls into the mud, and laughs."""
    yield w.tell("""{Then {A} {slipped|did not look where {A.he} was going} and|Near {Q} {A}} fell
        into {the mud|a big puddle|a heap of leaves}. {{A} was {brown|wet} from head to toe.|Only
        {A.his} nose was still clean.} {A {V} saw it and laughed. "{Do it again|That was a big one|
        What a fine bath}!" cried the {V}. {A} wanted to be angry, but then {A.he} laughed, too.|
        {A} {sat there for a while and thought|looked around}. "{Nobody has seen it|It is soft
        here|Mud is good for the skin}," {A.he} said, and {A.he} got up again.}""")


@trial()
def berries(w):
    """Berries along the road take time."""
    yield w.tell("""{Behind {Q}|Beside the road} grew {blackberries|wild strawberries|the sweetest
        berries}. "{Only one|Just three}," said {A}. But {one became two, and two became
        twenty|after the first came ten more}. {When {A} went on, {A.his} {mouth was blue|hands
        were sticky}.|"{I wanted some, too|You have left me nothing}," said a {V}. {A} turned red
        and picked a whole handful for the {V}.|A {V} came by and helped, and the two of them ate
        until {they could not stand up|the sun stood high}.}""")


@trial(lambda w: "T" in w.facts)
def bad_ears(w):
    """Somebody understands only half of it."""
    w.facts["Z"] = {"boat": "coat", "ball": "wall", "cup": "pup", "hat": "cat", "bell": "well",
                    "box": "fox", "bag": "flag", "drum": "plum", "cap": "map",
                    "kite": "bite", "spoon": "moon"}.get(w.facts["T"], "spring")
    yield w.tell("""{At {Q}|Near {Q}|On the road} {A} asked the old {G}. "{Have you seen my {T}|Do
        you know where my {T} is}?"

        "{A {Z}|Your {Z}|Did you say a {Z}}?" asked the {G}, who {did not hear well|was a little
        deaf}. "{I have no {Z}.|It is too late for a {Z}.|What do you want with a {Z}?}"

        "{No, a {T}|My {T}}!" cried {A}. "{Oh, a {T}," said the {G}. "|Why did you not say so?"
        said the {G}. "}{No, I have not seen one|I have seen no {T}}." {{A} said thank you all the
        same.|So {A} went on.|"Thank you," said {A}, "and good night to your {Z}."}""")


@trial(lambda w: not w.friend)
def company(w):
    """A friend comes along."""
    w.friend = True
    yield w.tell("""{At {Q}|On the road} {A} met a {B.boy} named {B}. "{Where are you going|Why are
        you in such a hurry|May I come with you}?" asked {B}.

        {A} told {B} {the whole story|what had happened}. "{Then I will come with you|Four eyes see
        more than two|I have nothing else to do today}," said {B}. {So they went on together.|And
        the two of them went on together.|So {A} and {B} went on side by side.}""")


# ---- the plots

@plot(CHILD, CHILD, GROWN, BEAST, cues="lost forgot far_from_home")
def lost(w):
    """A thing is lost, and somebody has seen it."""
    yield w.thing(THINGS)
    yield w.tell("""{{day} {A} {went to|walked past|was busy near} {P}, and when {A.he} {came
        home|looked again}, the {T} was gone.|{day} the {T} was gone. {^A} looked {behind the
        stove|in every corner|on the shelf and under the table}, but the {T} was not there.} {"{Oh
        no|Oh dear}!" cried {A}. "{Where is my {T}|Who has seen my {C} {T}}?"|"{I have lost my
        {T}|My {C} {T}}!" cried {A}.|{^A} {was very sad|could not eat a bite|looked under the bed
        twice}.}""")
    yield from w.trial(.75)
    if w.helper and w.rng.random() < .6:
        w.facts["X"] = w.facts["U"]
        yield w.tell("""{"{But why do you look so sad|What are you looking for}?" asked the
            {X}.|Then the {X} looked at {A}. "{What have you lost|Why are you so sad}?" it asked.}
            "{I have lost my {T}|I am looking for my {T}}," said {A}. "{It|The {T}} is {C}."

            "{Something {C}|A {C} {T}}? {I have seen that|I know where it is|I saw it this
            morning}!" said the {X}. "The {T} is {near|at|behind} {R}.\"""")
    else:
        yield w.tell("""{Then|At last|Near {Q}} {A} met a {X}. "{Why are you so sad|What are you
            looking for}?" asked the {X}.

            "{I have lost my {T}|I am looking for my {T}}," said {A}. "{It|The {T}} is {C}."

            "{I have seen it|I know where it is|Then come along}," said the {X}. "The {T} is
            {near|at|behind} {R}. {I thought it was a {strange|very small} animal|I wanted to eat
            it, but it was too hard|I sat on it for a while|Somebody must have forgotten it
            there}.\"""")
    w.helper = "X"
    yield w.tell("""{So {A} ran|{^A} ran|{A} and the {X} went} to {R}, and there {lay|was} the {C}
        {T}{|, a little wet|, without a scratch|, just as {A} had left it}. {{A} {laughed|jumped
        for joy|danced around it three times}.|"{There you are!|How did you come here?}" said {A}
        to the {T}. The {T} did not answer.|} {{A} gave the {X} a {D}{|, and the {X} ate it in one
        bite}.|"What can I give you for it?" asked {A}. "{A {D} would be nice|Nothing|A story},"
        said the {X}.}""")
    yield w.end("""From that day on {A} {tied the {T} to {A.his} arm|always knew where the {T}
        was|looked twice before {A.he} went home}.""",
                """And that night the {T} lay {under {A}'s pillow|beside {A}'s bed}, where it was
                    safe.""", "From that day on {A} and the {X} were friends.",
                "That evening the {C} {T} was back {in its place|on the shelf}, and all was well.")


@plot(CHILD, CHILD, BEAST, GROWN, cues="thief sleep stranger box queen")
def stolen(w):
    """A thing is stolen, and the thief has a reason."""
    yield w.thing(THINGS)
    yield w.tell("""{day} {A} put the {T} down {beside|near|behind} {P} and fell asleep. When
        {A.he} woke up, {the {T} was gone|there was no {T}}. A {X} was running away with it!
        "{Stop|Come back|Thief}!" cried {A}. "That is my {T}!" But the {X} {did not stop|only ran
        faster|had no ears for that}.""")
    w.helper = "X"
    yield from w.trial(.4)
    w.helper = "X"
    yield w.tell("""{{A} ran after the {X} {past {Q}|over three fences|as fast as {A.he} could}|{A}
        followed the footprints of the {X}}. {At|Behind} {R} {A.he} found the {X}. It was
        {crying|shaking|sitting in the grass with its back to the road}. "{Why did you take my
        {T}|Why did you do that}?" asked {A}.

        "{w=I have never had anything {C}/You may have the {T} on Sundays|I wanted to have
        something nice, too/Let us share it|My little ones are cold, and the {T} is so big/I have
        an old coat at home that would keep them warm|I thought nobody would play with me without a
        {T}/Come and play with me, with or without a {T}|I only wanted to look at it/Come and look
        at it whenever you like}," said the {X}. "I am sorry." And it gave back the {T}.""")
    yield w.tell("""{{A} {thought for a while|was not angry any more}. "{You could have asked|Next
        time you must ask|You only have to ask}," {A.he} said.|"Do not cry," said {A}.}
        "{w.2}.\"""")
    yield w.end("""{And the {X} never stole again, except once, and that was only a {D}.|The {X}
        had never been so happy.}""",
                "So {A} had a {T} and a friend, and that is better than a {T} alone.",
                "And after that the {X} came every Sunday, and it always knocked first.")


@plot(CHILD, CHILD, GROWN, cues="market box prince gold")
def trade(w):
    """Two trade their things, and are sorry."""
    w.friend = True
    yield w.thing(THINGS)
    w.facts["T2"] = w.new(THINGS)
    w.facts["C2"] = w.new(COLOURS)
    yield w.tell("""{day} {A} met a {B.boy} named {B} {at|near} {P}. {B} had a {C2} {T2}. "{How
        beautiful|What a fine {T2}}!" said {A}. "{Will you give me your {T2} for my {T}|Shall we
        trade}?"

        "{Yes|All right|Why not}," said {B}. So {A} got the {C2} {T2}, and {B} got the {C} {T}.""")
    yield w.tell("""But {that night|in the evening} {A} could not sleep. {^A.he} looked at the {C2}
        {T2}{, and the {T2} looked strange|, and it was not the same|}. "{I miss my {T}|I want my
        {T} back}," {thought|said} {A}.""")
    yield w.tell("""{In the morning|As soon as it was light} {A} set out to look for {B}.""")
    yield from w.trial(.4)
    yield w.tell("""{At last|Then} {A} found {B}. {^B.he} sat {at|near} {R} and looked {sad|tired},
        too. {"I miss my {T2}," said {B}. "And I miss my {T}," said {A}.|"{How is my {T}|Is my {T}
        well}?" asked {A}. "It is a good {T}," said {B}, "but it is not my {T2}."} They looked at
        each other and {laughed|began to laugh}.

        Then {A} gave back the {C2} {T2}, and {B} gave back the {C} {T}.""")
    yield w.end(""""Now everything is right again," said {A}, and they shared a {D}.""",
                """And after that they played together every day, with the {C} {T} and the {C2}
                    {T2}.""",
                "That night two people slept very well.")


@plot(CHILD, GROWN, BEAST, cues="hurry old_bear shoemaker machine clock robot")
def broken(w):
    """A broken thing is mended."""
    yield w.thing(THINGS)
    yield w.tell("""{day} {A} {fell over a stone|fell over the cat|slipped at {P}}, and {crack|
        crash}! The {T} {was broken|had a {big|deep} crack|broke in two}. {"{Oh no|Oh dear}!" cried
        {A}. "{My {C} {T}|Now it is gone for ever|It was the best {T} in the world}!"|{A} {held the
        pieces in {A.his} hands and did not say a word|sat down beside the {T} and cried}.}""")
    w.facts["G"] = w.new(["tailor", "shoemaker", "farmer"])
    yield w.tell("""{First|So} {A} went to the {G}. "{Can you mend a {T}|Can this be mended}?"
        asked {A}. {The {G} {looked at the {T} from all sides|put on his glasses|turned the {T}
        around}.|The {G} shook his head.} "{I can mend {anything else|what people wear}, but not
        this|For that you need better eyes than mine|I have no glue}," said the {G}. "{Ask at
        {R}|Go to {R}. Somebody clever lives there|Try your luck at {R}}.\"""")
    yield from w.trial(.5)
    w.facts["Y"] = w.new(["mole", "beaver", "spider", "snail"])
    yield w.tell("""At {R} lived an old {Y}. {It|The {Y}} looked at the pieces and
        {nodded.|smiled.|said, "Hm."} Then, with {glue and string|thread and wax}, it {worked|was
        busy} {until the sun went down|for an hour|all afternoon}, and {A} {held the light|was not
        allowed to talk}. "{There|Ready}!" said the {Y}. The {T} was whole again. There was {only a
        thin line|a small line} where the crack had been.""")
    yield w.end(""""I like it even better now," said {A}. "Now the {T} has a story.\"""",
                "{A} gave the {Y} a {D}, and from then on {A} walked more slowly.",
                """"What do I owe you?" asked {A}. "{A {D}|A song}," said the {Y}, and {that|it}
                    was {soon paid|a good price}.""")


@plot(CHILD, BEAST, GROWN, cues="gave_everything aunt grandmother birthday lily christmas")
def present(w):
    """A present is needed, and the best one costs nothing."""
    w.facts["k"] = w.rng.choice(["mother", "aunt", "grandmother", "sister"])
    yield w.tell("""{{day} {A} remembered that it was the birthday of {A.his} {k}.|It was the day
        before the birthday of {A}'s {k}.} {{^A} had no present.|"And I have no present," said
        {A}.} {In {A.his} pocket {there was only|{A.he} found only} a {button|bent nail|piece of
        string} and a {D}.|"{What can I give her|What does she like}?" asked {A}.}""")
    if w.rng.random() < .5:
        yield from w.trial(1)
    yield w.tell("""{{A} went to the market, but everything {was too dear|cost money}.|{A} looked
        in every shop, but {A.he} had no money.} {At {Q}|Near {Q}} {A.he} met {the old {G}|the
        {G}}. "{What does your {k} like best|What makes your {k} happy}?" asked the {G}.

        {A} {thought for a while|thought hard}. "My {k} likes {p=flowers/picked flowers near {R}
        until {A.his} arms were full|stories/thought of a story about a fox who was afraid of
        hens|songs/made a song about the rain and a lost shoe|to sit in the sun/carried a chair
        behind the house, where the sun shone all day}," {said {A}|{A.he} said}. "{There you
        are|Then you have a present already|Well then}," said the {G}.

        So {A} {p.2}. {And that was the present.|It cost nothing at all.}""")
    yield w.end(""""{This is the best present I ever had!|How did you know that I like {p}?}" said
        the {k}, and she {hugged {A}|gave {A} the biggest piece of cake}.""",
                """{A}'s {k} {laughed and cried|smiled all day}, and she told everyone about
                    it.""",
                "There had never been a better birthday, and there was cake as well.")


@plot(CHILD, CHILD, GROWN, BEAST, cues="dark middle_of_the_night midnight ghost noise help spiders")
def night_noise(w):
    """A noise in the night is something small."""
    w.facts["X"] = w.new(["kitten", "mouse", "hedgehog", "puppy", "frog"])
    yield w.tell("""{Every night {A} heard a noise|One night {A} heard a noise|In the middle of the
        night {A} woke up. There was a noise} {under the bed|in the chimney|behind the door|in the
        cellar}. {n=Scratch, scratch|Thump, thump|Tap, tap|Hoo, hoo}, it went. "{It is only the
        wind|That must be a monster|It is a bear, or two}," {A} {thought|whispered}, and {A.he}
        pulled the blanket {over {A.his} head|up to {A.his} nose}.

        {{^n}!|And again: {n}.|There it was again.} {"Go away, please," said {A}. "{There is nobody
        here|I am asleep|I taste very bad}." It did not help.|}""")
    yield w.tell("""{At last {A} lost patience|Then {A} made up {A.his} mind to be brave}. {^A.he}
        {took a {wooden spoon|candle|big boot}|put a pot on {A.his} head|took a deep breath} and
        {went to look|bent down, very slowly}. {Two {green|yellow} eyes looked at
        {A.him}.|Something moved. {A} almost ran away.|"Who is there?" asked {A}.} It was {only a
        {X}|a {X}, as small as a {bun|pear}}! {"I am sorry," said the {X}. "I {was looking for my
        mother|was so cold|wanted to play with a button|heard you snore, and I was afraid of
        it}."|"Are you a monster?" asked the {X}. "No," said {A}. "Are you?"}

        {A} {laughed|had to laugh}. {^A.he} {fetched|brought} {a bowl of milk|a piece of cheese}
        and made a bed for the {X} out of {an old sock|an old shirt|a hat}.""")
    w.helper = "X"
    yield w.end("""After that {A} still heard the noise at night. But now {A.he} only {smiled|said,
        "Good night, down there"|turned over}.""",
                "And then they both slept until morning.",
                "Since then {A} says good night twice, once to the moon and once to the {X}.",
                """"Good night, monster," said {A}. "Good night, monster," said the {X}.""")


@plot(GROWN, CHILD, BEAST, cues="never_said school alone lonely new teacher hello")
def newcomer(w):
    """Somebody shy is new, and finds a friend."""
    w.friend = True
    yield w.tell("""{{day} a new {B.boy} came to the village. {^B.his} name was {B}, and {B} {did
        not say a word|looked only at {B.his} shoes|stood at {P} all alone}.|{day} a {B.boy} named
        {B} came to live near {P}. {B} was so shy that {nobody knew {B.his} voice|{B.he} hid when
        somebody said hello}.} {"{Maybe {B} does not like us|Some people are proud}," said the {G}.
        But {A} did not think so.|{A} saw it and thought about it.}""")
    yield w.tell("""{The next day|That afternoon} {A} {went to {P}|took a {D} and went to see {B}}.
        {{A} sat down beside {B} and did not ask anything.|"Hello," said {A}. {B} {turned red|said
        nothing}.} {They {watched the ants|listened to the wind|looked at the clouds} side by
        side.|{A} broke a {D} in two and gave half of it to {B}.} {After a long while|At last} {B}
        {said|whispered}, "{w=I can {walk on my hands|talk to hens|whistle like a bird}/Show me|I
        was afraid that you would laugh at me/Only when you tell a joke|At home I had a dog/Tell me
        about it}." "{w.2}!" said {A}. And {B} {smiled for the first time|began to talk, and did
        not stop until supper|stood up and laughed}.""")
    yield from w.trial(.45)
    yield w.end("From that day on {A} and {B} went everywhere together.",
                "And now {B} talks so much that {A} can hardly say a word.",
                """"Come again tomorrow," said {B}. And {A} did.""",
                "One friend is enough, and now {B} had one.")


@plot(GROWN, BEAST, CHILD, cues="warm_bread hungry cook supper harvest summer")
def feast(w):
    """There is not enough for a feast, until everybody brings something."""
    w.facts["N"] = w.new(ANIMALS)
    yield w.tell("""{day} {A} wanted to {give a feast|have a party|cook supper} for {the whole
        village|all the neighbours}. But in the kitchen there was {only one {D}|nothing but water
        and a {D}|a {D}, and nothing else}. "{That is enough for one mouth|Nobody can dance on one
        {D}}," said {A}{.|, and {A.he} {sat down on the step|was sad|put the big pot away}.}""")
    yield w.tell("""{A {X} came by and heard it.|A {X} put its head through the window.|"What is
        the matter?" asked a {X} at the door.} "{I have|I can bring|At home I have} {a few
        carrots|three eggs|a pot of honey|a bag of nuts|a basket of apples|half a pumpkin}," said
        the {X}. {Then the {G} came|The {G} came next|The {G} came, too,} with {a big cheese|a sack
        of flour|a pot of soup|butter and milk}. {A {N} brought {salt|a handful of peas|berries|a
        very long carrot}.|And a {N} brought nothing, but it could {sing|play the fiddle}.|A {N}
        brought {three spoons|a big spoon}.} {"Put everything into one pot," said {A}.|They carried
        all of it to {R}.|{A} fetched the biggest pot in the house.|Somebody {made a fire|brought
        chairs} near {R}.}""")
    w.helper = "X"
    yield w.tell("""{They cooked and stirred|They all worked|Everybody helped a little} until {it
        smelled wonderful|the stars came out|the pot was full}. {Everybody ate as much as they
        could, and there was still something left.|The soup was so good that nobody said a word for
        an hour.|Even the {D} was cut into small pieces, one for each of them.|There was so much
        that even the ants had to help.} "{How can so little be so much|Where did all this come
        from|How did that happen}?" asked {A}.

        "{From everybody|It always begins with one {D}|A pot has room for many|You only had to
        ask}," said the {X}.""")
    yield w.end("And then they danced until {the moon went down|the hens woke up}.",
                "And they did the same again every year.",
                """"Next time," said the {G}, "we will begin with a bigger pot.\"""",
                "That was the feast of {A}, and people still talk about it.")


@plot(GROWN, CHILD, BEAST, cues="bed slept sleep tired miller night_was long_stories")
def cannot_sleep(w):
    """Somebody cannot sleep, and the cure is simple."""
    yield w.tell("""{{day} {A} was so tired that {A.he} put {the shoes into the oven|salt into the
        tea|on two hats}.|{day} {A} fell asleep {in the middle of a word|with {A.his} nose in the
        soup|on the garden wall}.} "{I have not slept for a week|I cannot sleep at night|I only
        sleep in the daytime}," {A.he} said. "{I count sheep, but they are so loud|My bed is full of
        thoughts|As soon as I lie down, I am awake|I hear every mouse in the house}.\"""")
    yield w.tell(""""{Drink warm milk|Walk three times around {P}|Count the stars|Put your head
        where your feet are}," said the {G}. {{A} tried it|{A} did so}, but {it did not help|{A.he}
        was more awake than before|it only made {A.him} hungry|then {A.his} feet could not sleep,
        either}. {"{Eat an onion|Stand on your head}," said the {N=weaver|postman|smith}. {A} tried
        that, too.|}""")
    yield from w.trial(.35)
    w.facts["X"] = w.new(["kitten", "lamb", "puppy", "chick", "duckling"])
    w.helper = "X"
    yield w.tell("""{{That night|In the evening|At midnight} there was a knock at the door. It was
        a|{That night|In the evening} {A} heard something at the window. It was a|{That night|When
        it was dark,} somebody scratched at the door. There stood a} {little|small|wet|tired} {X}.
        "{I have lost my mother|It is so cold outside|I am afraid of the dark|I cannot sleep,
        either|The wind is so loud}," said the {X}. {"{May I stay here|Can you sing|Do you know a
        story|Is there room for two}?"|} {{A} took the {X} into {A.his} bed|{A} made room under the
        blanket|{A} put the {X} on the pillow|"Come in," said {A}, and {A.he} lifted the blanket}.
        {Then|And then|And because it was so quiet,} {A.he} {told {a|the {X} a} story|sang {a|the
        {X} a} song}. It was {an old one, about a sleepy bear|about the moon and a
        spoon|about a sheep that ran away|very long, and nothing happened in it|about a boat that
        went slower and slower}. {Before it was over, {both of them|{A} and the {X}} were fast
        asleep.|Nobody heard the end of it.|In the middle of it {A} {yawned, and the {X} yawned,
        too|fell asleep, and so did the {X}}.|The {X} fell asleep first, and {A} only a moment
        later.}""")
    yield w.end("After that {A} slept well every night. It is easier for two.",
                "In the morning the sun had to knock three times.",
                "And in the whole village it was so quiet that you could hear {A} snore.")


@plot(CHILD, BEAST, cues="win hurry hare fast run horse car")
def race(w):
    """A race is lost, and something better is won."""
    w.friend = True
    w.facts["X"] = w.new(SMALL)
    yield w.tell("""{{day} {A} came to {P} for the great race.|{day} {A} wanted to run in the race
        from {P} to {R}.|Every {spring|summer} there was a race from {P} to {R}.} {The prize was a
        {C=golden|silver} {T=cup|bell}.|The winner would get a {C=golden|silver} {T=cup|bell}.}
        {{A} had run up and down the hill for weeks.|"I will win," said {A}. {"I have practised
        every day."|"I can feel it in my toes."}} {B}, a {B.boy} {from the mill|with long legs},
        {wanted to win, too|was fast, too}. "{Go|Ready? Go}!" called the {G}, and they ran.""")
    yield w.tell("""{{A} was in front|Soon {A} was first}. But {near|at} {Q} {a {X} lay on the
        road|{A.he} saw a {X} in the grass}. {Its foot was hurt.|There was a thorn in its foot.}
        {"{I cannot stop now|Only a few more steps}," thought {A}. But {A.he} stopped.|{A} looked
        at the road, and then at the {X}.} {^A.he} {picked up the {X}|took the {X} in {A.his} arms}
        and {carried it to the water|wrapped it in {A.his} coat}. {{B} ran past like the wind.|Then
        {B} ran past.}""")
    w.helper = "X"
    yield w.tell("""{So {B} won the {C} {T}.|{B} was the first at {R} and got the {C} {T}.} {A}
        came last, with the {X}. {Then {B} said, "{I saw what you did|You stopped, and I did not}.
        {We can share|Half of the {T} is yours|The {T} is for both of us}."|"{Why are you so late?"
        asked {B}. "Because of a {X}|What have you got there?" asked {B}. "Something better than a
        {T}}," said {A}. "{It needs a {bed|friend}|Feel how fast its heart beats}."}""")
    yield w.end("""{After a week the {X} was well again, and it was faster than {all of them|both
        of them}.}""",
                "And the {X} stayed with {A}, and that was the best prize.",
                "The {T} stands on {B}'s shelf now. But the {X} sits on {A}'s shoulder.")


@plot(CHILD, GROWN, BEAST, cues="wish fish golden magic wizard witch fisherman life")
def wishes(w):
    """Three wishes, and what comes of them."""
    w.facts["X"] = w.new(["golden fish", "small green frog", "white mouse", "silver fish"])
    w.helper = "X"
    yield w.tell("""{day} {A} {found|saw} a {X} {in a bucket near|in a puddle near} {P}. "{Please
        carry me back to the brook|Help me, I am so dry|Please take me home|Oh, please carry me to
        the water}," said the {X}. {{A} did it {at once|with both hands}.|{A} carried it to the
        water.|It was not far, and {A} ran all the way.|{A} ran to the water with it.} "{You have
        three wishes|For that you may wish for three things|Thank you. Make three wishes|Now wish
        for something, three times}," said the {X}.""")
    yield w.tell("""{"I wish for|"First I wish for|"Then I wish for} {w=a mountain of cake/The cake
        was so high that nobody could open the door/the cake was gone|shoes that never stop/The
        shoes ran off with {A} and did not stop at {Q}/the shoes stood still|rain for the garden/It
        rained for three days, and the hens learned to swim/the sun was back|a horse/The horse ate
        all the beans and then the curtains/the horse was gone|a house as big as a church/It took
        an hour to walk to the kitchen, and there was an echo in the soup/the house was small
        again|a singing kettle/The kettle sang all night, and always the same song/the kettle was
        quiet|a hundred hens/There were hens in the bed and hens in the boots/the hens were gone|a
        bed of feathers/The bed was so soft that {A} sank in up to the chin/the bed was hard again|
        a river of soup/The soup ran down the street, and the {G} came by in a boat/the soup was
        gone}," said {A}. {w.2}. {"{That is too much|I did not want that|Stop, stop}!" cried {A}.|
        "Oh dear," said {A}.|{A} held {A.his} head.|{A} did not know where to look.|"That was a
        mistake," said {A}.} "I wish {that everything was as it was before|that it had never
        happened|only that it would stop|that I had said nothing|that today were yesterday}." {And|
        At once|One, two, three, and|There was a bang, and|The {X} nodded, and} {w.3}.""")
    yield w.tell("""{Now there was only one wish left|So there was one wish left|Two wishes were
        gone, and one was left|That left one wish}. {A} {thought for a whole day|sat down and
        thought|asked the {G}, who only laughed|slept on it|walked up and down near {R}|did not say
        a word for an hour}. "{I wish that you come to supper on Sunday|I wish that I could sing a
        little better|I wish that nobody in the village is alone tonight|I wish for {warm bread|a
        {D}} and somebody to eat it with|I wish for a good story, and somebody to tell it to|I wish
        that the {G} sleeps well tonight|I wish that nobody has to be afraid of the dark}," {A.he}
        said at last.

        {"{That is the best wish I ever heard|For that you do not need magic|That is easy|It is
        done|I hoped that you would say that|Nobody ever asked for that}," said the {X}.|The {X}
        {nodded|smiled|thought about it|was quiet for a moment}. "{Very well|That is a small wish|
        So it will be|I like that one}," said the {X}.}""")
    yield w.end("And that evening they sat together near {R}, and there was enough for everybody.",
                """And since then {A} thinks twice before {A.he} says "I wish".""",
                "And so it was.", """From then on the {X} came every Sunday, and it always brought
                    a joke.""")


@plot(CHILD, BEAST, cues="moon frog mars planet space owl astronaut")
def moon(w):
    """The moon has fallen into the water."""
    yield w.tell("""{One {clear|warm|still} night|Late one evening|One evening, when everybody
        slept,} {A} {looked into|came past|stopped at|went to} the {p=pond|well|brook|bucket}.
        {There {lay|was}|And there {lay|was}|In it {lay|was}|And what did {A.he} see? It was} the
        moon, {in the middle of the water|round and white, under the water|as white as milk|wet and
        round}! "{Oh no|Help|Oh dear|Poor moon}!" {cried|called} {A}. "{The moon has fallen into the
        {p}|The moon will get wet|It will drown|It cannot swim|Now it will be dark for ever}!\"""")
    yield w.tell("""{A} ran to {fetch|get} help. {On the way {A.he} met a {X}|A {X} heard it|A {X}
        woke up and came along|A {X} put its head out of the window}. {"{We need a
        {net|rope|spoon}|We must pull it out|Help me|The moon is in the {p}}," said {A}.|"Who did
        that?" asked the {X}. "Not I," said {A}.|"{Is it deep|Is it heavy|Does it hurt}?" asked the
        {X}. "{I do not know|I think so}," said {A}.} {Together|So|And so} they {pulled and
        pulled|fished and fished|tried and tried|worked half the night} with a {net|rope|long
        stick|big spoon|fork and a string}. {Plop! They fell on their backs into the grass.|{A}
        slipped and {fell into the water|got wet up to the ears}.|Something heavy came up. It was an
        old {boot|pot|shoe}.|The moon broke into a hundred pieces. "Now it is broken!" cried the
        {X}.|Then something broke, and {A} and the {X} sat in the grass.|They caught {a leaf|a
        button|an old hat}, but no moon.} {They looked up|Then {A} looked up|"Look up!" said the
        {X}|Then a cloud went away, and they looked up}. There {was|stood} the moon, high {in the
        sky|above the {trees|roofs}}, and it was {not even wet|quite dry|as round as before|as
        bright as ever|back in its place}.""")
    w.helper = "X"
    yield w.tell("""{"{We did it|We have saved it|It is out|It is safe}!" {said|cried} {A}. {"It
        flew up all by itself," said the {X}.|And the {X} was very proud.|"It did not even say thank
        you," said the {X}.|The {X} {danced|jumped} for joy.}|"{It must have jumped|How strong we
        are|That was hard work|It looks cleaner than before}," said the {X}. {A} {said nothing|did
        not say a word|did not ask|did not want to talk} about the second moon in the water.}""")
    yield w.end("""And if you look into the {p} on a clear night, you can see that the moon still
        comes down for a bath.""", """Then they went to bed, and the moon shone through
                    both their windows.""",
                """"Good night, moon," said {A}. "Be more careful next time.\"""",
                "Since then {A} looks up first.")


@plot(CHILD, GROWN, cues="slept lazy tired work sunday")
def lazy(w):
    """A lazy helper learns something."""
    w.facts["X"] = w.new(["cat", "dog", "goat", "donkey", "pig"])
    yield w.tell("""{^A} had a {lazy|very lazy} {X}. The {X} {lay in the sun|slept|lay near the
        stove|sat in the best chair} {all day|from morning to night}. "{I am tired|Tomorrow|It is
        too warm for work|Work is for others|I am thinking|After supper, perhaps|I have a bad
        leg}," it {always said|said}.""")
    yield w.tell("""{day} {w={A} was ill and had to stay in bed./In the evening {A} got up|{A} had
        to go away for a day./In the evening {A} came home|{A} had to visit {A.his} aunt./Late in
        the evening {A} came back|{A} hurt {A.his} foot {near|at} {P} and could not stand./In the
        evening {A} got out of bed on one foot} {"{Who will fetch the water|Who will bring in the
        wood|Who will feed the hens|Who will cook the soup}?" asked {A}.|Nobody {fetched the water|
        brought in the wood}, and nobody {fed the hens|made a fire}.|The {fire went out|hens were
        hungry}, and the bucket was empty.|There was no {wood|water|soup}, and nobody to ask for
        it.} The {X} {opened one eye|turned around twice|looked at the empty bowl|waited for
        supper, but no supper came|listened|looked at the door|put its head on its feet}. {The
        house was so quiet.|It was not comfortable at all.|Somebody had to do something, but who?|
        It could not even sleep.|"Hm," said the {X}.|There was nothing in any pot.} {So|At last|
        After a long time|When nobody else came,} the {X} {got up|stood up|put one foot on the
        floor, and then the others}. It {carried in the wood, one stick at a time|pulled the bucket
        from the well, and only half of the water was lost|fed the hens, and the hens were very
        surprised|swept the floor with its tail|washed the plates, and only three of them broke|
        cooked soup, and it was nearly good|watered the garden, and its own feet, too|dug up the
        potatoes, and bit only one of them}. {"So this is work," said the {X}. "{It is not as bad
        as it looks|It makes the feet warm|I had heard of it|My mother told me about it|I thought
        that it was bigger}."|It took a long time, and the {X} fell over {the bucket|its own feet}
        twice.|Then it had to {rest|lie down} for an hour.|A {Y} saw it and laughed.|Nobody said
        thank you, so it thanked itself.}""")
    yield w.tell("""{w.2} {and could not believe it|and looked around|and rubbed {A.his} eyes|and
        thought that it was a dream}. {The fire was burning.|The stove was warm.|The bucket was
        full again.|Something smelled good.|There was wood for a week.|"{How warm it is in here|
        What a clean house|How nice it is here}!" said {A}.} "{Who did that|Did you do that|Was
        somebody here|Who has been so busy|Has the {G} been here}?" asked {A}. "{I was bored|It was
        an accident|Somebody had to|I walked in my sleep|Do not tell anybody|It will not happen
        again}," said the {X}. {A} {laughed|smiled|said nothing|shook {A.his} head} and gave the
        {X} {a whole {D}|the best place near the stove|a {D}|a long kiss on the nose|a second
        supper|the softest pillow in the house}.""")
    yield w.end("""After that the {X} worked every day, from {ten o'clock|lunch} until five minutes
        later.""",
                "The {X} slept well that night, for now it had a reason.",
                "And from then on they did the work together.",
                """"And tomorrow?" asked {A}. "Tomorrow," said the {X}, "we will see.\"""")


@plot(GROWN, CHILD, BEAST, cues="spring bird princess tree egg")
def nest(w):
    """A bird has made its nest in a thing that is needed."""
    yield w.thing(HOLLOW)
    w.facts["X"] = w.new(["robin", "sparrow", "swallow"])
    w.helper = "X"
    yield w.tell("""{day} {A} {left the {T} outside|forgot the {T} near {P}}{|, and that was a
        mistake}. When {A.he} came back after three days, a {X} sat in it, on {three|four|two}
        {tiny|little} eggs. "{This is my {T}|You cannot live here|Please go away|That is no place
        for eggs}," said {A}.

        "{Please, do not move it|I was so tired, and it was just the right size|Only until they can
        fly|There was no room in the tree}," said the {X}.""")
    yield w.tell("""{A} {scratched {A.his} head|thought about it|looked at the eggs}. "{Eggs cannot
        wait|You were quicker than I was|Very well|Then stay}," {A.he} said. {So for many weeks {A}
        had no {T}.|And {A} built a little roof over the {T}, so that it would not get wet.} {When
        it rained, {A} held an umbrella over the {X}.|"Where is your {T}?" people asked. "{It has
        guests|It is busy|Ask me again later}," said {A}.|Every day {A} brought the {X} some
        crumbs.}""")
    yield w.tell("""{Then|At last} the eggs {opened|broke}, and {small|hungry} birds {looked out|
        cried for food}. {One day they all flew away|In summer they could fly}, and the {C} {T} was
        empty. {In the bottom lay one small feather.|The {T} was a little dirty, but {A} did not
        mind.|It was very quiet all at once.}""")
    yield w.end("And every morning the {X} sang {at|under} {A}'s window. That was the rent.",
                "Next spring {A} put the {T} outside, all by {A.himself}, and waited.",
                "{A} got the {T} back, and a song every morning.")


@plot(ROYAL, cues="king queen crown castle president")
def royal(w):
    """A king or a queen has a small trouble, and a child helps."""
    w.friend = True
    w.facts["K"] = "king" if w.facts["A"].he == "he" else "queen"
    w.facts["t"] = w.rng.choice(["crown", "ring", "golden shoe", "golden spoon", "little crown"])
    yield w.tell("""{{^A} had lost {A.his} {t}.|{day} the {old|young|fat|sleepy} {K} woke up, and
        {A.his} {t} was gone.|The {old|young|fat|sleepy} {K} looked {under the bed|into the
        mirror|around} and could not believe it. {^A.his} {t} was gone.|{Who takes a {t}|Where does
        a {t} go}? The {old|young|fat|sleepy} {K} asked {A.himself} this question {all morning|at
        breakfast}, for {A.his} {t} {was gone|was not in its place}.} "{Who has taken my {t}|Where
        is my {t}|How can I be a {K} without my {t}|Has anybody seen my {t}}?" {cried|asked} {A}.
        {The cook looked in all the pots.|The guards looked under the beds.|Everybody had to turn
        out their pockets.|They even asked the horses.|They looked behind every door.} They
        {found|brought} {three buttons|a lost sock|a very old pie|a sleeping guard|a letter from
        last year|half a cookie|a bag of nuts}, but no {t}.""")
    yield w.tell("""{In the yard|Near {P}|Not far from {P}|Behind the kitchen} {stood a {B.boy}
        named {B}|a {B.boy} named {B} was {feeding the hens|picking daisies|eating a {D}|looking at
        the clouds}}. {{B} looked up. Something was shining|{B} saw something shine|"What is that?"
        thought {B}. There was a light|Something shone in the sun. It was} {on the roof of the
        tower|high up in a tree|under the roof of the barn|in the chimney|above an old door}. {{B}
        climbed up, and there was a nest.|{B} {fetched|brought} a ladder and found a nest.|{B} went
        up, step by step. There was a nest.|It was a nest, and {B} climbed up to it.} {In the nest
        {was|lay} the {t}, and {on|beside} the {t} sat {three|four|five} {little|hungry|tiny}
        birds.|The {t} was in it, and so were {two|three} {little|sleepy|tiny} birds.|There lay the
        {t}, and {two|three|four} birds {slept beside it|opened their mouths}.} {{B} {did not touch
        anything|left everything as it was|put one finger on {B.his} lips} and {ran to|went to}
        {A}.|{B} came down again without a sound and {told {A}|went to {A}|looked for {A}}.|"Shh,"
        said {B} and {climbed down|went} to tell {A}.}

        "{Your {t} is a bed now|There are birds in your {t}|I have found your {t}, but there are
        birds in it|Your {t} has {guests|children}}," said {B}. {"{What shall we do|Shall I take
        them out|Do you need it today}?"|"They are very {small|young|hungry}."|"I did not want to
        wake them."|"They have {no feathers yet|just gone to sleep}."} {^A} {laughed|thought for a
        while|smiled|went to look|did not know what to say at first|looked up for a long time|sat
        down on the steps}. "{Then they need it more than I do|Let them sleep|They may have it until
        they can fly|A {K} can wait|I will not take a bed away from a bird}," said {A}. {||And the
        {K} went away on tiptoe.|Nobody was allowed to shout near the nest.}""")
    yield w.end("""{All spring|Until summer} {A} wore {a crown of daisies|an old straw hat|a flower}
        instead, and {people said|everybody thought} that {A.he} had never looked so
        {fine|merry}.""",
                "And {B} got {a {D}|a bag of cookies} every day, and one for each bird.",
                """When the birds had flown, {B} brought back the {t}. It was {a little dirty|full
                    of feathers}, but nobody minded.""")


@plot(CHILD, BEAST, GROWN, cues="birthday questions secret whisper friends believed badger")
def secret(w):
    """Everybody whispers, and the secret is a good one."""
    w.friend = True
    yield w.tell("""{day} {A} came to {P}, and suddenly nobody {was talking|said a word} any more.
        {"What were you talking about?" asked {A}. "{Nothing|The weather}," said the {G}.|The {G}
        hid something behind the door.} {It was the same {at|near} {Q}. A {B.boy} named {B} {began
        to whistle|looked at the sky|dropped a spoon|hid behind a tree}.|Near {Q} a {B.boy} named
        {B} saw {A} and ran away.}""")
    yield w.tell("""{"{Does nobody like me any more|What have I done}?" thought {A}.|{A} was sad
        and could not eat.} {^A.he} went home {slowly|the long way} and {sat down on the
        step|looked at {A.his} feet}.""")
    yield from w.trial(.3)
    yield w.tell("""In the evening {A} {opened the door, and the room was full of
        {light|candles}|came to {R}, and there were lights in the trees}. "{Surprise|Happy
        birthday}!" they all cried. {There stood {B} with {a big cake|a pot of flowers}, and the
        {G} {laughed|danced}.|There were {B} and the {G}, and between them a cake as big as a
        wheel.} "{Did you know it|Did you see anything}?" asked {B}. "{Nothing at all|I thought it
        was the weather}," said {A}.""")
    yield w.end("{A} had forgotten {A.his} own birthday, but nobody else had forgotten it.",
                "And they talked until midnight, and this time {A} heard every word.",
                """"Next year," said {A}, "please whisper a little louder.\"""")


@plot(CHILD, GROWN, cues="still school counted where fox")
def hide_and_seek(w):
    """Somebody hides too well."""
    w.friend = True
    yield w.tell("""{day} {A} played hide-and-seek with a {B.boy} named {B}. {A} stood near {P} and
        counted to {twenty|fifty|a hundred}. "{I am coming|Here I come}!" {A.he} called. {{A}
        looked behind {P}, but there was only a {Y}.|First {A} looked near {Q}. There was only a
        {Y}, which was hiding, too.} {"Are you {B}?" asked {A}. "No," said the {Y}. "But do not
        tell anybody."|} {A} looked and looked. "{B}! You have won!" {A.he} called. Nobody
        answered.""")
    yield from w.trial(.5)
    yield w.tell("""{It grew dark.|The moon came up.} {"{What if {B} is lost|Where can {B} be}?"
        thought {A}.|Now {A} was worried.} {Then {A.he} heard a noise. It sounded like {a little
        saw|a sleepy bear}.|Then the {G} came with a light. "{Listen|Be quiet}," said the {G}.
        "Somebody is snoring."} It came from {h=a big basket/the basket|an empty barrel/the
        barrel|a heap of hay/the hay}. And in {h.2} lay {B}, fast asleep. "{Did I win|Have you
        found me already}?" asked {B}.

        "{You won by three hours|Nobody has ever hidden so long|You won, and you snore}," said
        {A}.""")
    yield w.end("Then they went home, and there was {soup|warm milk} for both of them.",
                "The next day they played something else.",
                "And {A} put a blanket over {h.2}, for the next time.")


@plot(CHILD, GROWN, BEAST, cues="gardener garden spring mouse flower tree")
def seed(w):
    """A seed needs patience."""
    yield w.tell("""{day} {A} put {a seed|a small brown seed} into the earth {near|behind} {P}. {It
        was a present from the {G}.|"{Grow|Grow quickly}," said {A}.} {{A} sat down beside the seed
        and waited. Nothing came.|The next morning {A} looked. Nothing. The morning after that {A}
        looked again. Still nothing.} "{Maybe it is asleep|Maybe it does not like me|It must be
        broken|I must have put it in the wrong way}," said {A}.""")
    yield from w.trial(.35)
    w.helper = "X"
    w.facts["X"] = w.new(["mole", "worm", "sparrow", "snail"])
    yield w.tell("""{{A} {sang to the seed|told the seed a story|shouted at the seed|read the seed
        a book}.|{A} gave the seed {soup|warm milk}.|{A} wanted to dig it up again.} {Then a {X}
        looked out of the grass.|A {X} came by.|"What are you doing?" asked a {X}.} "{Leave it in
        peace|Stop that|That does not help|Let it sleep}," said the {X}. "{I saw the seed this
        morning. It is very busy down there|Good things grow slowly|It has to make its feet
        first|It is telling the earth a story|It is only afraid of noise}." {So {A} {waited|gave it
        only water} and {looked at the clouds|counted to a thousand|went fishing} instead.|It was
        hard, but {A} waited.|{A} went away on tiptoe.}""")
    yield w.tell("""{After two weeks|One morning, when {A} had almost forgotten it,} there was
        something green{.|, no bigger than an ear.} It grew and grew, {up to {A}'s knees, and up to
        {A.his} nose|past the window and up to the roof|over the wall|faster than the grass|until
        the {G} could see it from far away}. It was {f=a sunflower/the sunflower|a pumpkin/the
        pumpkin|a bean/the bean}!""")
    yield w.end(""""I knew it," said {A}. And the {X} was kind and said nothing.""",
                "{A} gave one seed of it to the {X}, and {all the others|the rest} to the {G}.",
                "And the {X} sat in the shade under {f.2}, and so did {A}.")


@plot(CHILD, BEAST, GROWN, cues="loud win love_you goose two we")
def quarrel(w):
    """Two friends quarrel, and make peace."""
    w.friend = True
    w.facts["T"], w.facts["C"] = w.new(THINGS), w.new(COLOURS)
    yield w.tell("""{A} {had a friend named {B}|played every day with a {B.boy} named {B}}. {{day}
        they found a {C} {T} {near|behind} {P}.|{day} a {C} {T} lay near {P}, and they both saw
        it.} "{w=I saw the {T} first/No, I did|The {T} is mine/No, it is mine}," said {A}. "{w.2},"
        said {B}. They {pulled and pulled, one on each side|talked louder and louder}, {until the
        {G} closed the window|and even the hens ran away}. {Then {B} went home without a
        word.|"{Then keep it|I do not want to play with you any more}," said {B}, and {B.he} went
        away.}""")
    yield w.tell("""{So {A} had the {T}.|Now the {T} belonged to {A}.} But {A} {did not know what
        to do with it|could not play with it alone}. {It rained.|The day was very long.} {"{This
        {T} is not even {pretty|new}}," said {A}.|{A} looked out of the window ten times.}""")
    yield from w.trial(.4)
    yield w.tell("""{In the evening|The next day} {A} {took the {T} and went to|carried the {T} to}
        {B}'s house. {Halfway there|Near {R}} {A.he} met {B}. {"{I am sorry|I was stupid}," they
        both said, at the same time.|"{It is yours|You may have it}," said {A}. "{No, it is yours|I
        do not want it without you}," said {B}.} {Then they laughed until {their sides hurt|they
        had to sit down}.|And they shook hands.}""")
    yield w.end("""The {C} {T} lives {one week with {A} and one week with {B}|at {A}'s house on
        weekdays and at {B}'s on Sundays}.""", """They gave the {T} to the {G}, who had
                    always wanted a {T}.""",
                "And they never quarrelled again, or not before Monday.")


@plot(CHILD, GROWN, BEAST, cues="storm rain wind cold house far_away")
def small_house(w):
    """A storm, a small house, and more and more guests."""
    w.facts["M"], w.facts["N"] = w.new(ANIMALS), w.new(ANIMALS)
    w.helper = "X"
    yield w.tell("""{One stormy night|On a dark and rainy evening|It was raining cats and dogs
        when|In the middle of a great storm|One evening it rained and thundered, and} {A} {sat by
        the fire|was eating soup|wanted to go to bed|was mending a sock|had just put out the
        light}. {{Then there|There|Suddenly there} was a {|loud|small} knock at the door.|Then
        somebody knocked at the {door|window}.} {Outside stood|It was} a {X}, {wet through|with
        water in both ears|very wet|cold and wet|as wet as a fish}. "{May I come in|Have you room
        for me|Is there a dry corner for me|May I wait here until it stops|Do you mind a wet
        guest}?" asked the {X}.

        "{There is always room for one more|Come in, and shut the door|My house is small, but it is
        dry|Wipe your feet and come in|Come in, come in|Sit down and get dry}," said {A}. {||The
        {X} shook itself, and then everything was wet.|The {X} sneezed three times.|They sat down
        by the stove.}""")
    yield w.tell("""{Soon|After a while|Before long|They had just sat down when} {there was another
        knock|somebody knocked again|somebody scratched at the door}. {This time it was|Now it was|
        In the rain stood} a {M}{.|.|, and it looked very cold.|, even wetter than the first.}
        {"{Come in|Only one more|Sit down|Come in, too}," said {A}.|"Is it warm in there?" asked
        the {M}. "It is now," said {A}.|"Is there a corner left?" asked the {M}. "A small one,"
        said {A}.|The {M} did not ask. It walked in and lay down.|"Move over a little," said {A} to
        the {X}.} {And then came a {N}{, and it|, which} took up half the floor.|A {N} came, too,
        and sat down on the table.|Then a {N} climbed in through the window.|Last of all came a
        {N}, and it was hungry.} {Now the house was so full that nobody could sit down|They sat on
        the bed, under the bed and in the soup pot|The {M} sat on the {X}, and the {N} sat on the
        {M}|There was a nose in every cup and a foot in every pot|Nobody could turn around without
        asking first}. "{Who is standing on my foot|Whose tail is this|Can everybody breathe|Is
        that my nose or yours|Who has such cold feet|Where is my chair}?" asked {A}.""")
    yield w.tell("""{All night the wind blew|Outside the storm went on|The rain beat on the roof|
        The wind shook the door|It thundered over the hill}, but {in the house it was warm|nobody
        was cold|inside it was nice|nobody was afraid|nobody listened to it}. {{A} put more wood on
        the fire.|They ate soup from one bowl.|The {M} told a joke about a {Y}.|Somebody sang.|
        There was one blanket for all of them.|{A} made tea with honey.|The {X} dried its feet near
        the stove.|} {They told stories until {the fire was out|midnight}.|They sang every song
        that they knew{.|, and then again from the beginning.}|The {M} slept in the soup pot.|The
        {N} snored, and the {X} dreamed of {D}s.|They slept in a heap, and nobody knew whose foot
        was whose.|{A} slept on the floor, with the {N} for a pillow.|The {X} and the {M} danced,
        each on one foot.} {In the morning|The next morning|When they woke up,} {the sun was
        shining|the sky was blue|the storm was over|the birds were singing}. {"{How quiet it is|How
        big my house is|Come again|So that is where my chair was|Now I can find my bed}," said {A},
        when they {had gone|went away}.|They all said thank you and went home, {one after another|
        over the wet grass}.|Each of them shook {A}'s hand and went home.|{A} opened the door, and
        out they went, the {N} first.}""")
    yield w.end("""On the table lay {three nuts|a {D}|a feather|a flower|a round stone}. That was
                the thank-you.""",
                "And since then nobody is afraid of storms.",
                "A week later the {X} came back, and it brought its own chair.",
                "The next time it rained, {A} put {four|five} cups on the table, and waited.",
                """"A house is as big as its door," said {A}, and {A.he} never locked it again.""")


@plot(GROWN, CHILD, BEAST, cues="clock bell silence church quiet late on_time")
def silent(w):
    """Something does not work any more, and something small is the reason."""
    yield w.tell("""{day} the {t=bell/ring/in the church|clock/go/in the tower|big wheel/turn/at the
        mill} {t.3} {did not {t.2}|would not {t.2} any more|stopped and did not {t.2} again}. {The
        whole village was late for {school|work|breakfast}.|It was so quiet that you could hear the
        mice.|The hens did not know when to get up.|Everybody {came out|stood still} and
        listened.|Nobody knew what to do.} "{What is wrong with the {t}|Is the {t} ill|Who has
        broken the {t}|What has happened to our {t}}?" {people|everybody} asked. {The {G} pulled and
        pushed|The {G} hit it with a stick|The {G} spoke to it kindly|The {G} brought a bucket of
        oil|The {G} shouted at it}, but {it did not help|it was no use|the {t} did not {t.2}|nothing
        happened}. {"I will go and look," said {A}.|So {A} went to look.|"Let me see," said
        {A}.|"Perhaps there is a reason," {A} {said|thought}.}""")
    yield from w.trial(.4)
    w.facts["X"] = w.new(["bat", "swallow", "sparrow", "dormouse"])
    yield w.tell("""{A} {climbed up, step by step|looked into every hole|crept inside|took a light
        and went in|went in on tiptoe}. {There sat|And what did {A.he} find? It was|Something moved.
        It was|In the dark there was} a {X} {in a nest of straw|with three little ones|, fast
        asleep|under a leaf|as small as a thumb}, right in the middle of the {t}. "{Shh|Please be
        quiet|Not so loud|Oh, a visitor}," {said|whispered} the {X}. "{My children have just fallen
        asleep|I only wanted a warm place|The {t} is so loud|It was so cold outside|I did not know
        where to go}."

        {"But we need the {t}," {whispered|said} {A}.|{A} {scratched {A.his} head|sat down and
        thought|thought for a while}.|"{You cannot stay here|I know a better place}," {whispered|
        said} {A}.} {^A.he} {made a new bed for the {X} out of|made the {X} a new nest of|found the
        {X} a little box full of} {hay|old socks|wool|feathers|leaves}, {a little higher up|in a
        quiet corner|where nobody would step on it|close to the wall}, and {carried the {X}
        over|took the {X} there|moved the {X}}, {very slowly|without a sound|on tiptoe|holding
        {A.his} breath}.""")
    w.helper = "X"
    yield w.tell("""{Then|At once|A moment later|And} the {t} {began to {t.2} again|did what a {t}
        must do}, {a little more softly than before|louder than ever|as if nothing had happened|and
        people {clapped|laughed|threw up their hats}}. {"{How did you do that|What was it}?" asked
        the {G}. "{It was only tired|It had a visitor|Somebody was asleep|That is a secret}," said
        {A}.|}""")
    yield w.end("And only {A} knew who lived {t.3}.",
                "And when the {t} is a minute late, {A} smiles and says nothing.",
                "Every Sunday {A} brought the {X} a piece of {cheese|bread}.")


@plot(CHILD, BEAST, GROWN, cues="letter dear talk write language message hugo talked")
def letter(w):
    """A message goes from mouth to mouth, and changes."""
    w.facts["M"], w.friend = w.new(ANIMALS), True
    yield w.tell("""{day} {A} {wanted to invite|asked} {a {B.boy} named {B}|a friend named {B}} to
        supper. "{Please tell|Tell} {B} that there is {p=soup/a goose in a hoop|cake/a snake|pie/a
        fly|bread/somebody in bed|jam/a lamb|rice/ice}," said {A} to the {G}. {The {G} told it to a
        {X}.|The {G} was busy and told a {X}.} {The {X} told a {M}.|The {X} forgot half of it and
        told a {M}.} And the {M} {ran to {B} and cried|said to {B}}, "{Come quickly|Listen}! At
        {A}'s house there is {p.2}!\"""")
    yield w.tell("""{{B} {took a net and a rope|put on {B.his} big boots} and ran.|{B} was a little
        afraid, but {B.he} came at once.|"{I must see that|Poor {A}|That cannot be true}!" cried
        {B}.} {When {B} came through the door, {A} was {laying the table|lighting a candle}.|{A}
        opened the door and {smiled|was surprised}.} "{Where is it|Am I too late|Is it dangerous}?"
        asked {B}. {"It is on the table," said {A}. "Sit down."|"What do you mean?" asked {A}.}""")
    yield w.tell(""""{^p.2}?" said {A}. "No, I said {p}!" They looked at each other and laughed
        {until the windows shook|so hard that the {G} came to look}. "{I like {p} much better|I
        would have come for either}," said {B}.""")
    yield w.end("And there was enough {p} for everyone, even for the {X}.",
                "Since then {A} always goes {A.himself}.",
                "And the {M} got a plate, too. It had run the whole way.")


@plot(BEAST, CHILD, cues="hungry clever fox crow pear hedgehog")
def trick(w):
    """Somebody is tricked, and tricks back."""
    w.facts["X"] = w.new([a for a in ["fox", "crow", "cat"] if a not in w.used] or ["wolf"])
    yield w.tell("""{day} {A} was {on the way home with a {D}|eating a {D}} {near|at} {P}. A
        {hungry|clever} {X} saw it. "{Good morning|What a fine day|How nice to see you}," said the
        {X}. "{Look, there is a flying pig|Look, your house is on the moon|Look behind you, there
        is a king|Look, the stars are falling}!" {A} {turned around|looked}, {and it was only for a
        moment|but there was nothing|and that was a mistake}. {Snap|And snap}! The {D} was gone,
        and so was the {X}.""")
    yield w.tell("""{A} was {hungry and a little angry|very angry|so angry that {A.he} forgot to be
        hungry}. {"Wait," said {A}. "{I can do that, too|You will see}."|{A} thought all night.}
        The next {day|morning} {A.he} took {a round stone|a flat stone|a piece of wood} and
        {painted it like a {D}|put sugar on it, so that it looked like a {D}}. {Then {A.he} sat
        down {near|at} {P} and {sang|hummed}.|And {A.he} carried it past {P}, very slowly.}""")
    yield w.tell("""{Soon|At once} the {X} {was there|came back}. "{Look, there is a whale in the
        tree|Look, it is snowing|Look, the church has lost its roof}!" it said. {A} {looked away
        and smiled|turned around very slowly}. {Snap|Crunch|Crack}! "{Ow, my tooth|That is the
        hardest {D} in the world|Bah|I have been tricked}!" cried the {X}. {A} laughed, {and after
        a while the {X} laughed, too|and the {X} turned red}. {"{That was good|You are as clever as
        I am|I did not see it coming}," said the {X}. "{Let us be friends|Forgive me}."|Then {A}
        took a real {D} from {A.his} pocket and {gave half of it to the {X}|broke it in two}.}""")
    w.helper = "X"
    yield w.end("""Now the two of them play tricks together, and the whole {village|forest} takes
        care.""",
                "After that the {X} always {asked first|said please}, and that works best.",
                "And {A} never looks up any more, not even for a flying pig.")


@plot(CHILD, GROWN, BEAST, cues="never_forgot promise tomorrow friend yesterday ill")
def promise(w):
    """A promise is hard to keep, and is kept."""
    w.friend = True
    yield w.tell("""{{B}, a {B.boy} from the mill, was ill|A {B.boy} named {B} was ill}. "{I am so
        bored|Please do not forget me}," said {B}. "{Will you come tomorrow|Will you tell me a
        story tomorrow|Will you bring me a {D}}?"

        "{I promise|Of course}," said {A}{.|, and {A.he} meant it.} But the next day {w=there was a
        fair at {P}, with {music|a dancing bear}/Come with us/If {A} cannot come to the fair, the
        fair must come to {A}|the sun was shining, and the whole village went to the river to
        swim/Come with us/It was not nice without you|it rained so hard that the road was like a
        river/You cannot go out today/We were worried, so we all came}. "{{w.2}|{B} will
        understand}," said the {G}. {A} {looked at {A.his} feet|would have liked to say yes}. "{I
        have promised it|A promise is a promise}," said {A}.""")
    yield from w.trial(.5)
    yield w.tell("""{{B} was sitting at the window.|{B} lay in bed and looked at the door.} "{I
        knew that you would come|I thought you had forgotten me|So you are here after all}," said
        {B}. {"{I was in the neighbourhood|It was too loud there}," said {A}.|"I had something
        better to do," said {A}.} {They played {cards|kings and robbers} all afternoon.|{A} told
        {B} a story about a {X} in a boat, and {B} {laughed|asked for another one}.|They shared a
        {D} and looked at the clouds.}""")
    yield w.tell("""{In the evening|Then|Before it was dark,} {there was a noise outside|they heard
        music|somebody knocked|a dog began to bark}. {The {G} had come, and half the village,
        with|It was the {G}, and behind the {G} came half the village with|There stood the {G} and
        all the others, with} {lanterns and songs|the fiddle and a pot of soup|a drum and a big
        cake|apples and a lot of noise}.
        "{w.3}," said the {G}.""")
    yield w.end("So {A} had kept a promise, and missed nothing.",
                "And the next day {B} was well again. Some people say it was the {soup|music}.",
                """"See you tomorrow," said {A}. And {B} knew that it was true.""")


@plot(CHILD, ROYAL, cues="laughed king queen princess clown joke funny")
def laugh(w):
    """Somebody at the castle cannot laugh, or cannot stop being bored."""
    if w.facts["A"].kind == CHILD:
        w.facts["K"] = w.new(["princess", "queen", "king", "prince"])
        w.facts["N"] = w.tell("{A}")
    else:  # the story began with the king or queen, but the hero is the child who comes
        w.facts["K"] = w.facts["A"].name[4:]
        w.facts["A"], w.answer = w.facts["B"], None
        w.facts["N"] = w.tell("a {A.boy} named {A}")
    yield w.tell("""{The {K} had not laughed for {a year|seven weeks|a long time}.|The {old|young}
        {K} looked out of the window and did not smile.|{day} the {K} stopped laughing.|Nothing made
        the {K} laugh any more.} {The cook made jokes with {eggs|a cake|a spoon}.|A man {danced on a
        rope|walked on his hands}.|Three wise men told three jokes.} {The {K} only {yawned|looked at
        the clock}.|"No," said the {K}. "That is not funny."|The {K} asked for a glass of water.|"Is
        it over?" asked the {K}.} "{Who can make the {K} laugh|Is there nobody who can help|Does
        nobody know a better joke|What shall we do now}?" asked {the guards|the {G}|the cook}. {^N}
        {heard about it|was at the market that day|sold eggs near the castle| lived near the castle}
        and {went in.|thought, "I can try."|knocked at the gate.|wanted to help.}""")
    w.facts["X"] = w.new(["pig", "goose", "goat", "duck", "hen"])
    yield w.tell("""{{A} had a {X} with {A.him}.|Behind {A} walked a {X}.|Under {A.his} arm {A} had
        a {X}.|{A} brought a {X} on a string.} {The floor was as smooth as ice|The guards had washed
        the floor|The hall was very long|The floor was still wet|Everybody looked at them}. {A}
        {slipped|fell over a carpet|stepped on a cherry} and {slid|flew|rolled} {through the whole
        hall|under the table|past all the guards}, and the {X} {came after {A.him}|landed on the
        head of the {G}|sat down on the throne|ran {in a circle|around the table} and screamed}.
        {The {two|three} biggest vases {went crash|fell down}.|Plop! A {cake|pudding} fell on {A}'s
        head.|The {X} {put on the crown|ate the flowers|jumped through a drum}.|One of the guards
        {lost a shoe|sat down in a pie}.|The soup flew {out of the window|through the air}.} {It was
        very quiet|Nobody dared to move|Nobody said a word|It was so quiet that you could hear a
        fly}.

        {Then somebody made a small noise.|"Ha," said somebody.|Then there was a strange sound, like
        {a door|an old cart|a kettle}.|Somebody began to cough. But it was no cough.|Then somebody
        {hiccupped|snorted}.|"Hee," said a small voice.} {It was the {K}!|And it was the {K}!|Was
        that the {K}? It was!} "{Do it again|Look at that {X}|My stomach hurts|Oh, that {X}|Stop,
        stop|Once more|I cannot breathe}!" cried the {K}, and the {K} laughed {until the windows
        shook|and could not stop|and had to sit down|until the tears came|and held on to a chair}.
        {"I did not do it on purpose," said {A}.|{A} {sat on the floor and laughed|had to laugh},
        too.| And the {X} {bowed|looked very proud}.|"We can come again tomorrow," said {A}.}""")
    w.helper = "X"
    yield w.end("And on Sundays {A} and the {X} had tea with the {K}.",
                """"What do you want for it?" asked the {K}. "A clean shirt," said {A}.""",
                "The {X} got a silver bowl, and {A} got {a {D}|a whole cake}.",
                """From that day on the {K} laughed {every day at four o'clock|at everything}, even
                    at the soup.""")


@plot(CHILD, GROWN, BEAST, cues="farmer smaller lamb alone mother hen")
def little_one(w):
    """A small animal has lost its mother."""
    w.facts["X"], w.facts["M"], w.facts["V"] = w.rng.choice([
        ("lamb", "sheep", "baa"), ("duckling", "duck", "quack"), ("chick", "hen", "cheep"),
        ("kitten", "cat", "meow"), ("piglet", "pig", "oink"), ("calf", "cow", "moo")])
    w.used |= {w.facts["X"], w.facts["M"]}
    w.helper = "X"
    yield w.tell("""{day} {A} {found|saw|met} a little {X} {near|behind} {P}. It {was all alone|was
        crying|looked to the left and to the right|sat in the grass|was no bigger than a {D}}.
        {"{^V}," said the {X}.|} {"{Where is your mother|Are you lost|Who are you|Are you all
        alone}?" asked {A}. "{I only looked at a butterfly, and then everybody was gone|I do not
        know|I fell asleep for a moment|My mother is big and warm, and she smells good|I went the
        wrong way, and then it was too far}," said the {X}.|{A} looked around, but there was
        nobody.|It came to {A} and sat down on {A.his} foot.} {"{Come, we will find her|Do not
        cry|I will take you home|Come along}," said {A}, and {A.he} took the {X} {in {A.his}
        arms|under {A.his} coat}.|So {A} took the {X} {in {A.his} arms|under {A.his} coat}.}""")
    yield w.tell("""{First they went|They went first} to {Q}. {There stood|There they saw|There
        sat} a {Y}. "Is that your mother?" asked {A}. "{No|Oh no}," said the {X}. "{My mother is
        nicer|Mine does not look so angry|That is only somebody|My mother does not smell like
        that|Mine is much bigger}."{| "{Thank you very much|Well, well}," said the {Y}.} {{Then they
        asked|They asked} the {G}. "{I have seen nothing|Mine are all here|Ask at {R}|Not today, but
        I will look}," said the {G}.|Then it grew {cold|dark}, and the {X} was {hungry|tired}. {A}
        gave it {a bit of {D}|some milk|a place near {A.his} heart}.|They looked behind every tree
        and under every cart.|"Is it still far?" asked the {X}. "Only a little," said {A}, who did
        not know it.}""")
    yield w.tell("""{Then, |At last, |It was nearly evening, and }{at|near} {R} {they heard
        {something|a loud voice|somebody}|somebody was calling}. "{^V}! {^V}!" {It was the {M}!|A
        {M} came running.|There came a big {M}.|And there stood a {M}.} {The {X} {jumped down|fell
        over its own feet|gave a little cry} and {ran to its mother|ran as fast as it
        could}.|"{Mama|There she is}!" cried the {X}{.|, and it ran.}|The {X} was so glad that it
        forgot to run.} {"{There you are|I have been so worried|I have looked everywhere|I have
        asked everybody}!" said the {M}. |The {M} washed its face first. |}"{I was not lost, I was
        only somewhere else|I have found a friend, and that is {A}|I have seen the whole world|I was
        not afraid, or only a little}," said the {X}.""")
    yield w.end("""Whenever {A} came to {R} after that, somebody called, "{^V}!\"""",
                """The {M} gave {A} {an egg|a warm place to rest|a kiss on the nose}, and then {A}
                    went home.""",
                "That night the {X} slept close to its mother, and {A} slept well, too.")


@plot(CHILD, GROWN, cues="baker bread cake flour kitchen")
def baking(w):
    """Something is forgotten in the dough."""
    yield w.tell("""{"Today you may bake all by yourself," said the {G} to {A}.|{day} {A} wanted to
        bake {a cake|bread}.|{day} {A} stood in the kitchen and put on the big apron.} {A} took
        flour, {water|milk} and {eggs|honey|butter}. {^A.he} {mixed and mixed|pushed it and pulled
        it|worked until {A.his} arms were tired|sang to the dough|beat it with both hands} {for an
        hour|all morning|until the cat left the room}. {There was flour on the table, on the floor
        and on the cat.|There was even flour on {A.his} nose.|It stuck to every finger.|The spoon
        stood up in it all by itself.|} {But the dough {did not grow|stayed flat|lay there and did
        nothing}|It went into the oven, and it {stayed as flat as a plate|came out as hard as a
        stone|came out no bigger than before}|{A} waited and waited, but
        the dough stayed as it was}. "{What is wrong|Is it asleep|Why does it not grow|What have I
        forgotten}?" asked {A}.""")
    yield w.tell("""{A {X} looked {in at the window|around the corner}.|There was a knock, and in
        came a {X}.|A {X} came by and stopped at the door.} "{That smells strange|You are doing
        something wrong|I smell something|I am so hungry}," said the {X}. {"I am
        baking," said {A}. "{It is a new kind|But it will not grow}."|{A} showed it the
        {dough|bowl}.|"There would be bread, if it would only grow," said {A}.} The {X} {put its
        nose into the bowl|looked at the shelf|thought for a moment|tasted it|walked once around the
        table}. "{Did you forget the yeast|What is in that little pot|And where is the yeast|Is
        there no yeast in it}?" it asked. {{A} turned red.|"Oh!" cried {A}.|{A} opened {A.his}
        mouth and closed it again.} {There it stood, {behind the milk|on the shelf|under a cloth},
        and {nobody had opened it|it was still full}.|The yeast was still in its pot.|{A} had
        thought of everything else.}""")
    w.helper = "X"
    yield w.tell("""{So {A} began again from the beginning.|{A} laughed and began again.|"Once
        more," said {A}, and {A.he} washed the bowl.|They began again, and this time there were two
        of them.} {This time it|Now the dough} grew and grew, {out of the bowl|over the table|as
        high as a chair|like a cloud} {and down to the floor|and up to the window|and out of the
        door|and up to
        the lamp}. {"Stop!" cried {A}.|"Is that enough?" asked the {X}.|They
        had to push it into the oven together.|It even lifted the lid.|} {They baked {twenty|
        thirty} {rolls|cakes} that day.|It was the biggest {cake|loaf} that anybody had ever
        seen.|The whole street smelled of it.|Soon it was brown on every side.}""")
    yield w.end("The whole village got a piece, and the {X} got two.",
                "And the first one, the flat one? The {X} {ate it, too|took it home as a hat}.",
                """"Well done," said the {G}. "And now wash the cat.\"""",
                "They ate it warm, with butter, while the rain fell outside.")


@plot(CHILD, BEAST, cues="whistle danced sang swim teach school")
def learn(w):
    """Somebody cannot do what all the others can."""
    w.friend, w.answer = True, None
    w.facts["s"] = w.pick([
        ["swim", "swam", "swimming", "in the pond", "was safe on dry land"],
        ["climb", "climbed", "climbing", "on the garden wall", "was safe on the ground"],
        ["whistle", "whistled", "whistling", "behind the barn", "found its way home by the sound"],
        ["dance", "danced", "dancing", "in the barn", "danced, too, and was not afraid any more"],
        ["sing", "sang", "singing", "under the apple tree", "fell asleep in {A}'s arms"]])
    w.facts["s"][4] = w.tell(w.facts["s"][4])
    yield w.tell("""{^A} could not {s}. {All the others could.|"{It is easy|Just try}!" they all
        said.|Nobody knew why.|It was a great pity.} {day} a {B.boy} named {B} said, "{Come|Look},
        I will show you. {It is quite easy|Do it like this|You must not think, that is all|First
        you take a deep breath}." {A} tried it {three times|all morning} {s.4}. {{^A.he} fell on
        {A.his} nose.|A {Y} laughed so hard that it fell off the wall.|It looked like a chicken on
        ice.|"Not like that," said {B}.} "{I will never learn it|I am made the wrong way|Everybody
        is laughing|I do not want to any more}," said {A}, and {A.he} {went home|sat down}.""")
    yield from w.trial(.25)
    w.facts["X"] = w.new(["kitten", "puppy", "chick", "lamb"])
    w.helper = "X"
    yield w.tell("""{The next day|In the evening|A week later} {A} {was alone|walked} {near|at}
        {R}. {Suddenly {A.he} heard|There was} a small cry. It was a {X}, and it was {in trouble|
        afraid}. "{Help|I cannot get home}!" cried the {X}. {There was nobody else there.|There was
        no time to fetch anybody.} {So|And|Then} {A} {forgot to be afraid, forgot to think, and|
        forgot that {A.he} could not, and| took a deep breath and|did not think at all and} {s.2}!
        {And a moment later|Soon|It was not pretty, but} the {X} {s.5}. "{Look, you can {s}|That
        was wonderful|How well you {s}}!" {cried|said} the {X}.

        "But I cannot {s} at all," said {A}. And then {A.he} laughed.""")
    yield w.end("After that {A} {s.2} every day, with {B} and without.",
                """{B} came to watch. "Who taught you?" asked {B}. "A {X}," said {A}.""",
                """"Now teach me," said the {X}. And so they both went {s.3}.""")


@plot(CHILD, CHILD, BEAST, cues="winter snow cold_feet cold christmas december")
def snowman(w):
    """A snowman has something that somebody lost."""
    w.friend = True
    w.facts["T"], w.facts["C"] = w.new(["mitten", "scarf", "hat", "cap"]), w.new(COLOURS)
    yield w.tell("""{Snow had fallen all night.|It was snowing.|On the first day of winter
        everything was white.} {A} {ran out before breakfast|was the first one outside} in {A.his}
        {new|warm} {C} {T}. All morning {A.he} {slid down the hill|threw snowballs at the barn|made
        footprints like a giant}. But when {A.he} {stopped to rest|wanted to go home}, the {T} was
        gone. "{Oh no|Oh dear}! My {C} {T}!" cried {A}.""")
    yield w.tell("""{^A.he} looked {near|behind} {P} and found {only a frozen leaf|only {A.his} own
        footprints}. {^A.he} looked {near|behind} {Q}. {A {Y} sat there and shook the snow from its
        ears. "I have seen nothing but snow," said the {Y}.|There was nothing but snow.}""")
    yield from w.trial(.3)
    yield w.tell("""{Then {A} {turned around|heard somebody laugh}|At {R} {A} stopped}. A {B.boy}
        named {B} had built a {big|fat|crooked} snowman, and {it wore|there it was. The snowman
        wore} the {C} {T}! "{He is beautiful now|He was so cold|I found the {T} in the snow}," said
        {B}. {"But it is mine," said {A}.|"That is my {T}," said {A}.} {{B} {turned red|was sorry}
        and gave it back.|"{Then we must find him something else|Take it. But now he is cold
        again}," said {B}.} So they {put an old bucket on his head|made him a hat of
        {straw|paper}|gave him an old sock}, {and he looked like a king|and he looked very
        proud}.""")
    yield w.end("Then {A} and {B} built a second snowman, so that the first one was not alone.",
                "In spring there was only a puddle left. But {A} and {B} were still friends.",
                "{A} wore the {T} home, and it was a little wet, but that did not matter.")


@plot(GROWN, ROYAL, cues="king queen work tailor giant emperor easy")
def change_places(w):
    """Two change their work for a day."""
    w.facts["H"] = w.new([trade for trade in TRADES if trade not in ("king", "queen", "princess",
                                                                     "giant", "witch")])
    yield w.tell("""{day} {A} {met|visited} the {H}. "{Your work is easy|I would like to have your
        work|You have a good life|I wish I were you}," said {A}. "{Mine is so hard|You only stand
        around|You sing all day|You can sleep until ten|Nobody ever shouts at you}." {The {H}
        laughed.|The {H} put down a heavy basket.|The {H} {looked at the sky|thought for a
        while}.|The {H} had just thought the same.} {"Then let us change places for a day|"Tomorrow
        you do my work, and I do yours|"Very well. Tomorrow I am you, and you are me|"Try it, then.
        But only for a day}," said the {H}. {A} said {yes|yes at once|that nothing could be
        better}.""")
    yield w.tell("""The next morning {A} had to get up {before the sun|when it was still dark|before
        the hens}. {Everything went wrong.|Nothing went right.|It was cold.|The work was
        waiting.|"That is easy," {A.he} said. It was not.|Nobody had told {A.him} how heavy
        everything was.} {A} {fell into a bucket|spilled the milk|broke a window|fell asleep in the
        hay|hit {A.his} thumb|pushed the wrong cart}, {a {X} ran away with {A.his} left shoe|a {X}
        ate {A.his} breakfast|a {X} sat down on {A.his} lunch|a {X} laughed at {A.him}}, and {by
        noon|before lunch|long before noon} {A.his} {back hurt|arms were as heavy as stones|feet
        were wet|ears were full of dust}. "{Is it evening yet|How does the {H} do it|And this every
        day|When is it over}?" {asked|thought} {A}.""")
    yield w.tell("""{And the {H}?|And how was it for the {H}?|It was no better for the {H}.} {The
        {H} fell asleep {at noon|in {A}'s chair} and {broke|lost} {three cups|two spoons}.|The {H}
        got lost on the way to {P}, twice.|The {H} had to talk to forty people and lost {the keys|a
        shoe}.|The {H} did not know where anything was, and sat {on a cake|in the wrong chair}.|
        Everybody wanted something from the {H}, all at the same time.} In the evening they met
        {near|at} {R}. {They looked at each other.|Both of them were {tired|dirty from head to
        foot}.|For a while they only {sat|stood} there.|Neither of them said a word at first.} {"My
        work is {hard|very hard}," said the {H}. "But yours is harder."|"I am sorry," said {A}.
        "{Your work is not easy at all|I will never say that again|I did not know}."|"May I have my
        work back?" {asked both of them at once|said {A}}.|"How do you do it every day?" asked {A}.
        "I was going to ask you," said the {H}.} {Then they laughed|And they shook hands|So they
        ate a {D} together|They sat down and took off their boots}.""")
    yield w.end("The next day they both did their own work again, and did it gladly.",
                "And since then {A} always says good morning to the {H}, and says it twice.",
                """"Do that again tomorrow," said the {X}. It was the only one who had a good
                    day.""")


@plot(CHILD, GROWN, BEAST, cues="thief cake detective sherlock badger mystery who_is")
def crumbs(w):
    """A cake is gone, and the crumbs tell the story."""
    w.facts["p"] = w.new(["cake", "tart", "plum cake", "loaf"])
    yield w.tell("""{day} {A} {put a {p} on the window to cool|baked a {p} and put it on the window
        to cool|baked a {p} and left it on the window to cool}. {It was for Sunday.|It was a big
        one.|It smelled so good that the birds stopped singing.|It was round and brown.|} {But
        when|When} {A.he} {came back|came back with a plate|looked again|wanted to fetch it}, the
        {p} {was gone|was not there any more|had disappeared}. {"Who has eaten my {p}?" cried
        {A}.|"{Thief|Help}! My {p}!" cried {A}.|"{Where is my {p}|Who was so hungry}?" asked {A}.|"A
        {p} has no legs," thought {A}.} {Nobody had seen anything.|There was only {half a crumb|a
        fly} on the window.|Everybody came and looked at the window.|} {"It was the {Y}," said the
        {G}. "{It always looks so guilty|It is fat enough|It is always hungry}."|"It must have been
        the {Y}," {people|the neighbours} said.|"I think it was the {Y}," said the {G}.|"A {Y} was
        here this morning," said the {G}.} {But the {Y} {shook its head|began to cry|looked very
        sad}. "{I was asleep|I have a sore tooth|It was not me|I did not even smell it}," it
        said.|"I was {at {Q}|in bed|at home} {all day|all morning}," said the {Y}.|"Why is it always
        me?" asked the {Y}.}""")
    yield w.tell("""{{A} did not say anything.|{A} thought about it.|"We will {see|find out}," said
        {A}.|"Wait," said {A}.} {^A.he} {looked at the ground|went down on {A.his} knees|looked
        around|put on {A.his} hat and looked under the window}. There were crumbs, {one here, one
        there|one after another|big ones and small ones|a whole row of them}. {They went|The crumbs
        led {A}|{A} went after them,|{^A.he} followed them} {past {P}|over the bridge|through the
        garden|along the fence} and {all the way to|up to|as far as} {R}. {There sat|And there
        sat|Behind it sat|And who sat there? It was} a {X} {with a round belly|with crumbs on its
        nose|with its mouth full|, as round as a ball}. "{I have a stomach ache|Hic|Good evening|Oh
        dear|I know why you are here}," said the {X}.

        {"Did it taste good?" asked {A}.|"So it was you," said {A}.|"{There is a crumb on your
        ear|Good evening, thief}," said {A}.|{A} said nothing and only looked at it.} "{The first
        half was better than the second|It called me|I only wanted to smell it|It was so alone on
        the window}," said the {X}. "{I am so sorry|I will bake you a new one|Please do not be
        angry|I will never do it again}.\"""")
    w.helper = "X"
    yield w.tell("""{So the {X} had to help {A} bake a new one.|{A} tried to look angry, but it was
        not easy. So they baked a new one together.|They went home and baked a new one, and the {X}
        had to wash {the bowl|all the spoons}.|Then the {X} had to {carry the flour|stir|fetch the
        wood}, and {A} baked a new one.} {And the|The|But first the} {G} said sorry to the {Y}, and
        {the {Y} got the first piece|the first piece was for the {Y}|the {Y} got the biggest
        piece}.""")
    yield w.end("And {A} never again put a {p} on the window, or only a small one.",
                "And the {Y} and the {X} shared it, to the surprise of the whole village.",
                "Since then {A} looks for crumbs first, and for thieves later.")


@plot(CHILD, BEAST, cues="thunder afraid storm dark_and boom counted")
def thunder(w):
    """A storm is less terrible for two."""
    w.friend, w.answer = True, None
    yield w.tell("""{Boom! The thunder rolled over the {village|hill}.|It was the middle of the
        night when the thunder began.|One night there was a terrible storm.} {A} {pulled the
        blanket over {A.his} head|sat up in bed|crept under the table}. "{Is the sky breaking|Will
        it come into the house|What is that}?" {whispered|asked} {A}. A {B.boy} named {B}, who was
        {a guest that night|there for the night}, {sat up, too|was awake, too|had heard it,
        too}.""")
    yield w.tell("""{"It is only {the clouds bumping their heads|somebody moving the beds in
        heaven|a giant with boots}," said {B}.|"I am not afraid," said {B}, {and {B.his} voice was
        very small|but {B.he} did not let go of {A}'s hand}.} "{When you see the light, count until
        the boom|Let us count}." {There was a flash.|The whole room was white.|A light ran over the
        wall.} {"One, two, three," counted {A}.|"One, two," counted {A}.|They counted to
        {three|four}.} Boom! {"That was near," said {A}.|The cups danced on the shelf.|{A}
        jumped.|The windows shook.} The next time {it was {five|six}|{A} counted to {five|six}},
        and then it was {eight|nine|ten}. "{It is going away|It is afraid of us|We have counted it
        away}!" cried {A}.""")
    yield w.tell("""{Then something scratched at the door.|There was a knock at the door.} {B}
        {gave a cry|held {B.his} breath}. {But {A} was not afraid any more|But {A} was brave now}.
        {{^A.he} opened the door, and there stood a {X}, {wet through|shaking all over}.|It was
        only a {X}, {wet through|shaking all over}.} "{It is so loud out here|Let me in, please|I
        think the sky is broken}," said the {X}. "{Come in|There is room for you}," said {A}. "I
        will teach you to count.\"""")
    w.helper = "X"
    yield w.end("""They sat under one blanket, {all three of them|and counted}, until the stars
        came out.""",
                "The {X} could only count to {two|three}, but that was enough.",
                "And when the thunder was far, far away, they were all asleep.")


@plot(GROWN, CHILD, cues="farmer goat shepherd pig run gate away")
def escape(w):
    """An animal runs away, and comes back by itself."""
    w.facts["X"] = w.new(["goat", "pig", "sheep", "donkey", "goose"])
    yield w.tell("""{^A} had a {X}. {It was a {clever|stubborn} {X}, and it could open every
        gate.|The {X} ate everything, even {socks|books|soap}.|People said that there was no fatter
        {X} in the land.|It {did what|went where} it wanted.|The {X} was not as stupid as it
        looked.} {day} the gate was open, and the {X} was {gone|not there|nowhere to be seen}.
        {"{Come back!|Come home!|Where are you?}" called {A}.|{A} called and called.|{A} {looked
        behind the house|ran out into the road} and called.} But {there was no answer|only the wind
        answered|nobody answered|nothing moved}.""")
    yield from w.trial(.3)
    yield w.tell("""{A} asked the {G}{|, who stood in front of the door|, who was eating a {D}}.
        "{It ran past like the wind|I saw it near {Q}. It had a flower in its mouth|It ate my hat|It
        went to {Q}, and it was singing|It did not even say good morning}," said the {G}. {At {Q}
        {A} found only {footprints|half a sock|a few hairs|half a cabbage}.|But when {A} came to
        {Q}, {nobody|no {X}} was there.|{A} ran to {Q}, but there was no {X}.} {{A} ran here and
        there until it was dark.|{A} climbed {a wall|a tree} and fell down again.|{A} asked a {Y},
        but the {Y} {only laughed|knew nothing}.|It began to {rain|snow}.|{A} called until {A.his}
        voice was gone.|{A} looked {behind every bush|under every cart}.} {At last {A.he} was so
        {tired|cold| hungry} that {A.he} went home.|"{I give up|It has forgotten me|It will never
        come back}," said {A}, and {A.he} {went home|walked home slowly}.|It was late when {A} came
        home, {alone and tired|with sore feet}.}""")
    yield w.tell("""{And who|Who|But who} {lay in {A.his} bed|stood in the kitchen|sat at the
        table|looked out of {A.his} window|lay in front of the stove}? {It was the|The} {X}!
        {"{Where have you been|What took you so long}?" asked the {X}. "I have been waiting for
        {hours|my supper|you}."|"You are late," said the {X}.|There was {jam|cabbage|flour} on its
        nose.|"{Shut the door|Wipe your feet|The soup is cold}," said the {X}.|It {yawned|had eaten
        all the carrots}.} {A} {did not know whether to laugh or to cry|opened {A.his} mouth and
        closed it again|sat down on the floor|took off {A.his} wet shoes|did not say anything at
        first}. {"I was looking for you," said {A}. "And I was looking for you," said the {X}.|Then
        {A} had to laugh.|"There you are," said {A}, and was glad.|"Next time, {leave a letter|take
        me with you}," said {A}.}""")
    yield w.end("After that {A} left the gate open, and the {X} always came home for supper.",
                "{A} put a bell on the {X}. Now everybody knows where it is.",
                "And they shared a {D}, half and half.")


@plot(CHILD, GROWN, BEAST, cues="dragon loud roar monster knight giant mountain")
def dragon(w):
    """Somebody big has a small trouble."""
    w.facts["X"] = w.new(["dragon", "bull", "wild boar"])
    w.helper = "X"
    yield w.tell("""{On the hill behind {P} lived a {X}|Near {P} there lived a {X}}, and it
        {roared|cried} all day and all night. {Nobody could sleep.|The cups fell from the
        shelves.|The hens stopped laying eggs.|People put wool into their ears.} "{Somebody must go
        up there|It must stop|Somebody has to ask it why}," said the {G}. {But nobody wanted to
        go.|Everybody looked at the floor.|And everybody had something else to do.} {Then|At last}
        {A} said, "{I will go|I can ask it|Then I will do it}."{| {^A.his} {knees|hands}
        shook.}""")
    yield from w.trial(.3)
    yield w.tell("""The {X} lay {in front of its cave|between the stones|in the grass} and {looked
        very unhappy|had tears in its eyes|held its head}. "{Why are you so loud|What is the
        matter|Does something hurt}?" asked {A}.

        "{Yes, it hurts|I cannot help it|Oh, oh, oh}," said the {X}. "I have {p=a thorn in my
        foot/pulled out the thorn|a fly in my ear/blew into its ear, and the fly came out|a bad
        tooth/tied a string to the tooth and pulled|a stone in my shoe/shook the stone out of the
        shoe|a bee under my tail/caught the bee in a cup}." {{A} took a deep breath.|"Hold still,"
        said {A}.|"Is that all?" asked {A}.} {Then|And then} {A} {p.2}.""")
    yield w.tell("""{It was quiet.|Suddenly everything was quiet.|The {X} opened one eye.} "{It is
        gone|It does not hurt any more|Oh, how nice}!" {whispered|said} the {X}{.|, and it
        {smiled|wagged its tail|fell over with joy}.} {"You are the first one who asked," it
        said.|"You are very small for somebody so brave," it said.|"Why did nobody ask me before?"
        it said.}""")
    yield w.end("That night the whole village slept, and the {X} slept, too.",
                "And every Sunday {A} went up the hill and drank tea with the {X}.",
                "Since then the {X} only roars on birthdays.",
                """"What did it want?" asked the {G}. "{Nothing|A friend}," said {A}.""")


@plot(CHILD, GROWN, cues="tree climb high cat squirrel mountain")
def up_a_tree(w):
    """An animal sits in a tree and does not come down."""
    w.facts["X"] = w.new(["cat", "kitten", "goat", "hen"])
    yield w.tell("""{{day} {A}'s {X} {sat|was} high up in a tree near {P}.|{^A} had a {X}. {day}
        the {X} climbed up the highest tree near {P}.} It {did not come down|cried and cried|held
        on with all its feet}. "{Come down|Jump}!" called {A}. {The {X} only looked at the sky.|But
        the {X} {shook its head|did not dare}.}""")
    yield w.tell("""{{Then the|The} {G} came with a ladder. The ladder was too short.|{Then
        the|The} {G} climbed up, and then there were two in the tree.|The {G} shook the tree, and
        ten apples fell on the {G}.} {"{You must sing to it|Wait until winter|Call it by its full
        name}," said a {Y}. That did not help.|Somebody {brought a pillow|held up a blanket|fetched
        a drum}. It was no use.|Soon the whole village stood under the tree, and each of them had
        another idea.}""")
    yield from w.trial(.2)
    yield w.tell("""{{A} thought.|{A} sat down and thought.|"Be quiet," said {A}.} Then {A.he}
        {fetched|brought} {a bowl of milk|a {D}|a plate of soup|an old blanket}, put it on the
        grass and {turned around|went away a few steps|began to eat|looked at something else}.
        {Nothing happened.|One minute went by, then two.|Nobody dared to breathe.} {Then there was
        a small noise.|Something rustled.} {The {X} sat in the grass, as if it had always been
        there.|And the {X} stood beside {A} and said, "{Is that for me|Were you looking for me|What
        are you all doing here}?"}""")
    yield w.end(""""It could do that all the time," said the {G}. "Yes," said {A}. "It only had to
        want it.\"""",
                "And the ladder? It is still there, for next time.",
                "After that {A} kept a bowl under every tree.",
                """The {X} slept in {A}'s bed that night and never told anybody how it had come
                    down.""")


@plot(CHILD, GROWN, BEAST, cues="wind washing cook collected duck sky")
def washing(w):
    """The wind takes the washing, and everybody gets something."""
    w.facts["M"] = w.new(ANIMALS)
    w.facts["c"], w.facts["d"] = w.new(COLOURS), w.new(COLOURS)
    w.facts["t"], w.facts["u"] = w.rng.sample(["shirt", "apron", "sock", "nightgown", "coat"], 2)
    w.helper = "X"
    yield w.tell("""{{day} {A} hung up the washing {behind|near} {P}.|{day} the washing was ready,
        and {A} hung it up {behind|near} {P}.} There was a {c} {t} and a {d} {u}. {Then|Suddenly} a
        {great|strong} wind came {down the hill|over the wall|around the corner}, and {whoosh|up,
        up}! {Everything flew away.|The whole line flew away like a kite.} "{Stop|Come back|Oh
        no}!" cried {A}{.|, and {A.he} ran after it with one shoe.}""")
    yield from w.trial(.3)
    w.facts["X"] = w.new(ANIMALS)
    yield w.tell("""{Near|At} {Q} {A.he} {found|met} a {X}. It {wore|was lying on|slept in} the {c}
        {t}. "{It fell from the sky|I thought it was a present|Look what the wind has brought me},"
        said the {X}. "{It is so soft|It fits me very well|I have always been cold}." {{A} looked
        at the {X} and had to laugh.|The {t} was much too big for it.|It really looked nice.}
        {Near|At} {R} a {M} {was trying to fly with|had made a tent of|was dancing with} the {d}
        {u}.""")
    yield w.tell("""{"Keep them until Sunday," said {A}. "{Then I must wash them again|They have to
        dry anyway}."|"{You may keep the {t}|The {t} is yours}," said {A} to the {X}. "I have
        {another one|two}."|"All right," said {A}. "But you must help me to {carry the rest
        home|find the socks}."} {The {X} {jumped for joy|was proud}.|They found the rest {in a
        tree|on the roof of the church|on a scarecrow}.}""")
    yield w.end("Since then {A} hangs up something for the {X}, too.",
                """On windy days {A} does the washing gladly, for then {there are guests|nobody is
                    cold}.""",
                "And the wind was never thanked for it, but it came again.")


@plot(CHILD, BEAST, cues="apple autumn tree hungry squirrel last")
def last_apple(w):
    """Two want the same apple."""
    w.friend = True
    w.facts["f"] = w.rng.choice(["apple", "pear", "plum", "cherry", "nut"])
    yield w.tell("""{High up in the tree near {P} hung|On the tree near {P} there hung} the last
        {f} of the year{.|, round and {red|yellow|shining}.} {day} {A} {saw it|looked up} and
        {wanted it|could think of nothing else}. {{A} jumped.|{A} threw a stick.|{A} shook the
        tree.|{A} asked it nicely.} {It did not fall.|It stayed where it was.|It only swung a
        little.} {Then {B}, a {B.boy} from the mill, came by|Then a {B.boy} named {B} came along}
        and {looked up, too|wanted the {f}, too}. "{I saw it first|It belongs to me}," said {A}.
        "{I am taller|You cannot reach it|I am hungrier than you}," said {B}.""")
    yield w.tell("""{They both jumped.|They jumped until they had no breath left.|{A} pulled {B}
        away, and {B} pulled {A} away.} {It was no use.|Nobody got it.|The {f} only laughed, or so
        it looked.} "{Climb on my back|Let me climb on your shoulders}," said {A} {at last|after a
        while}. {So they did.|{B} said yes.|It was a good plan.} {They shook like a tower of
        plates.|"Higher!" called one. "You are heavy!" called the other.|They could nearly touch
        it.} {But just then|And at that moment} a {X} {came along the branch and took|jumped down
        from the roof and took} the {f}{.|, and ate it in front of them.}""")
    w.helper = "X"
    yield w.tell("""{A} and {B} {lay in the grass|sat on the ground} and {looked at each other|did
        not say a word}. {Then they {had to laugh|laughed until their sides hurt}.|"{Now nobody has
        it|That was our {f}}," said {B}.} {"It was good," said the {X}. "{There is one more on the
        other side|Thank you for waiting}."|Something small fell on {A}'s head. It was the {seed|
        stone}.|"Tomorrow there will be {soup|cake} at my house," said {A}. "Come along."}""")
    yield w.end("They put the {seed|stone} into the earth, and they are still waiting together.",
                "And since then {A} and {B} share everything, even when there is nothing.",
                "Next year they came early, and they brought the {X} a basket.")


@plot(CHILD, GROWN, BEAST, cues="star galaxy night rocket light universe wanted_to_see dream")
def star(w):
    """A light in the grass."""
    yield w.tell("""{One {dark|clear} night|Late in the evening|One night in summer} {A} {looked
        out of the window|walked home past {P}|could not sleep} and saw {a small light in the
        grass|something shine in the grass|a light under a leaf}. "{A star has fallen down|That is
        a star|One of the stars is missing up there, and here it is}," {thought|said} {A}. {^A.he}
        {went closer|bent down|went out in {A.his} nightshirt} and {took it in {A.his} hand|put it
        into a glass|put it into {A.his} hat}. {It was not hot at all.|It was quite cold, and it
        blinked.|It was smaller than {A} had thought.|It was as light as a feather.|It went out,
        and then it shone again.} "{You must be lonely down here|Wait, I will help you|I will bring
        you back|Do not be afraid|The others will be looking for you}," said {A}.""")
    yield from w.trial(.35)
    yield w.tell("""{{A} climbed up the hill|{A} climbed onto the roof|{A} went to the highest
        tree|{A} stood on a chair behind {Q}|{A} fetched the longest ladder} and held the light up
        to the sky. {"Here it is!" called {A}. But the sky {said nothing|did not answer}.|Nobody
        took it.|"Please take it back!" called {A}. Nothing happened.|A cloud moved over, but that
        was all.|{^A.he} stood on {A.his} toes, but it was not high enough.|{^A.he} waited until
        {A.his} arm was tired.} {A {X} came by.|A {X} looked out of its hole.|Below stood a
        {X}.|"Hm," said somebody. It was a {X}.} "{What are you doing up there|What have you got
        there|Who are you talking to|Why are you holding that}?" it asked. "{I am bringing back a
        star|This star has fallen down|A star has lost its place|This one belongs up there}," said
        {A}.

        {The {X} looked at it {for a long time|from all sides|with one eye}.|The {X} put on its
        glasses.|The {X} came closer, {and then it smiled|and sniffed at it}.} "{That is no
        star. That is {a firefly|my friend, the firefly}|It has six legs. Stars have none|Stars do
        not have legs. Fireflies do|That is a firefly, and a tired one}," said the {X}. {"Yes,"
        said the light. "{I was on my way to a dance|I only wanted to sleep|I did not want to be
        rude|But it was so nice to be carried}."|The light gave a small cough. "{Good evening|That
        is true|I am sorry}," it said.|The light turned around and showed its legs.|"I wanted to
        say it all the time," said the light.}""")
    w.helper = "X"
    yield w.tell("""{{A} turned red.|{A} had to laugh.|"Oh," said {A}. "I am sorry."|{A} looked at
        the light, and then at the sky.} {^A.he} {opened {A.his} hand|let it go}, and the light
        {flew away|flew up, higher and higher|flew once around {A.his} head}{.|, and came back once
        more.} {Soon there were ten, and then a hundred.|It flew over the grass, and from
        everywhere other lights came.|Another one came, and then many.|Behind {R} there was a whole
        field of lights.|Its friends had waited {near|behind} {R}.} {"Now it is among the stars
        after all," said the {X}.|It was as if the sky {lay in the grass|had come to visit}.|Nobody
        could say which were the stars.|"How bright it is," {whispered|said} {A}.}""")
    yield w.end("{A} and the {X} sat there until midnight and counted them.",
                "And when a star really falls, {A} looks first if it has legs.",
                """"Good night, stars," said {A}, to those above and to those below.""")


@plot(CHILD, BEAST, cues="boots fog shoe shoemaker noise music")
def shoes(w):
    """New shoes make a noise, and the noise is good for something."""
    w.friend = True
    w.facts["n"] = w.rng.choice(["squeak", "quack", "knock", "peep"])
    yield w.tell("""{^A} {got|had} new shoes, and they {made a noise|were loud|were not quiet|could
        talk}. {^n}, {n}, {they went|they said|went the shoes}, {at every step|all day long|upstairs
        and downstairs|from morning to evening}. {The cat ran away from them.|In church everybody
        turned around.|The other children laughed.|The hens answered.|Even the fish could hear
        them.} {"I am sorry," said the shoemaker. "{It is in the leather|I tried oil, and I tried
        soap|Nobody can help it}."|"{I must give them back|I cannot wear these}," said {A}.|"{What
        shall I do|Why can you not be quiet}?" asked {A}.|The shoemaker {shook his head|tried
        butter}, but the noise stayed.} {When {A} played hide-and-seek, {A.he} was always found
        first.|{A} walked on tiptoe, but it did not help.|{A} put {hay|wool} in them, but they were
        as loud as before.|}""")
    yield w.tell("""{day} {a thick fog came up|there was a fog as thick as soup|the fog came up from
        the brook|everything was white with fog}, and {B}, a {B.boy} from the mill, {was not at home
        yet|was lost near {P}|had not come home|could not find the way home}. {"{B}!" people
        called.|They rang the bell, but the fog ate the sound.|The {G} went out with a light and
        came back alone.|They called and called, but nobody answered.|The {G} walked into a tree.}
        {Nobody could see anything.|You could not see your own nose.|You could not see the road.|}
        {"I will go," said {A}.|Then {A} put on the new shoes.|{A} looked at the new shoes and had
        an idea.|"My shoes can help," said {A}.} {^n}, {n}, {A} {went|walked|ran} {up and down the
        road|past {P} and past {Q}|around {Q}|all the way to {Q}|three times around {Q}}.""")
    yield w.tell("""{Suddenly somebody laughed in the fog.|Then a voice said, "I know that
        noise!"|Then something moved in the fog.|"{Hello|Here I am}!" {called|cried} somebody.}
        {"Those are {A}'s shoes," said the voice. It was {B}.|There stood {B}, {wet and cold|with a
        {X} under one arm|tired and hungry|with leaves in {B.his} hair}.|It was {B}, {as wet as a
        fish|with only one boot}.} "{I heard you from far away|I only had to go after the noise|That
        was the most beautiful sound in the world|I thought it was a {big mouse|strange bird}|Nobody
        else is so loud}," said {B}. {{And they|They|Then they} {went home together, {n}, {n}|walked
        home, and the shoes sang all the way|went home hand in hand, {n}, {n}}.|{A} took {B} by the
        hand, and the shoes {showed the way|were louder than ever}.}""")
    yield w.end("After that nobody laughed at the shoes any more.",
                """"Shall I make them quiet?" asked the shoemaker. "No," said {A}. "They are right
                    as they are.\"""",
                """And {B} went to the shoemaker. "I want shoes like {A}'s," said {B}.""")


@plot(CHILD, GROWN, BEAST, cues="autumn pumpkin big farm contest")
def pumpkin(w):
    """A contest, and a prize that nobody had thought of."""
    w.friend = True
    w.facts["p"] = w.rng.choice(["pumpkin", "cabbage", "turnip"])
    yield w.tell("""{{day} {A} {went|came} to the contest {at|near} {P}, where the biggest
        {p} would win. {^A.his} own was {only a small one|very small}, no bigger than a {D}.|Every
        {autumn|year} there was a contest {at|near} {P}. {The biggest {p} won.|Who had the biggest
        {p}?} This time {A} came, too, with one that was no bigger than a {D}.} "{Why did you bring
        that|Is that an egg|Did you lose the rest}?" said {B}, a {B.boy} {with a {p} as big as a
        cow|whose {p} came on a cart}. {People laughed.|{A} turned red and wanted to go home.|{A}
        stood in the last row.}""")
    yield w.tell("""{The {G} went from one {p} to the next and {measured them|knocked on them}.|The
        {G} was the judge, and looked very serious.} {{B}'s {p} was so heavy that {the table
        broke|three men had to carry it}.|"Very big," said the {G} to {B}.} {Then the {G} stopped
        in front of {A}.|At last it was {A}'s turn.} {There was a little {door|hole} in {A}'s
        {p}|Something moved in {A}'s {p}}, and a {X} looked out. "{Good morning|Please be
        quiet|Somebody knocked}," said the {X}. "{I live here now|This is my house|Please do not
        make soup of it}."

        "{How long have you lived there|Is it warm in there}?" asked the {G}. "{Since Monday|It is
        dry, and it smells good|It is the best house I ever had}," said the {X}.""")
    w.helper = "X"
    yield w.tell("""{The {G} {thought for a while|thought hard|laughed}.|Nobody said a word.} "{{B}
        gets the prize for the biggest {p}|The biggest one is {B}'s}," said the {G}. "{But {A} gets
        a prize, too, for the only one with a view|And {A}'s is the best house}." {{B} came and
        looked, too.|And even {B} clapped.} {"May I come to tea?" asked {B}.|"Have you a cousin?"
        asked {B}. "Mine is empty."}""")
    yield w.end("{A} carried the {p} home very carefully, and the {X} looked out of the window.",
                "And in spring there was {a second door|a small chimney}, too.",
                "Since then {A} never asks how big a thing is, but who lives in it.")


@plot(CHILD, GROWN, BEAST, cues="paint picture artist red mirror alan")
def painting(w):
    """Somebody is painted, and does not like it."""
    w.facts["M"] = w.new(ANIMALS)
    yield w.tell("""{{day} a painter came to the village|{day} {A} met a painter {near|at}
        {P}}{.|, with a {big|heavy} box full of colours.} {"Shall I paint you?" asked the painter,
        and looked at {A}.|"I will paint you for a {D}," said the painter to {A}.} {{A} sat down
        {near|at} {P} and did not move.|{A} sat still for {an hour|two hours|a long time}{, and it
        was not easy| and did not even sneeze}.| {A} put on {A.his} best face and kept it on.} {A
        fly sat on {A.his} nose.|{^A.his} foot fell asleep.|The sun went behind the church.|"Do not
        laugh," said the painter.|A {M} came to look and stayed.|"Are you still breathing?" asked
        the painter.|There was paint everywhere.} {Then|At last|In the end} the picture was
        {ready|done}, and {everybody came to look|the whole village came to see it|people stood
        around it}. "{The nose is too long|{A} looks like my aunt|Nobody has such a chin|One eye is
        bigger than the other}," said the {G}. "{The ears are too small|I see a potato|And where is
        the tail|It looks hungry|It smells of paint|I would not buy it}," said a {Y}. {A} {said
        nothing|was sad|looked at the floor| turned red}.""")
    yield w.tell("""{So the|The} painter painted {a shorter nose|bigger ears|other hair|a longer
        neck}{.|.|, just as they wanted.} {Now it was worse.|Now it looked
        like {a king|somebody else|a horse}.|"That is not it," said the {G}.} {"And the mouth!"
        said one. "And the hat!" said another.|Each of them wanted something else.|They talked
        until it grew dark.|And still nobody was happy.|"Now the other way around," said the {Y}.}
        {The painter threw away the brush.|By evening the picture was quite black.|"I will paint
        only stones from now on," said the painter.|The painter closed the box.|"Paint it
        yourselves," said the painter.|There was no white left.|The painter sat down and ate an
        onion.} {Then a little {X} came by|Then a {X} came along|A small {X} came out of the grass|
        Behind all the others stood a {X}, which came closer|There was also a {X}, which climbed on
        a chair} and looked {for a long time|with its head on one side|from near and from far|
        without a word|with both eyes}.

        "{That is {A}|I know who that is|I would know {A.him} anywhere|It is very good|Nothing is
        wrong with it}," said the {X}. "{I can see it by the eyes|It smiles like {A}|It looks as if
        somebody would give me a {D}|Nobody else looks so kind|It has the same eyes|It looks as if
        it had a good joke to tell}.\"""")
    w.helper = "X"
    yield w.tell("""{Then {A} {smiled|had to laugh}, and everybody saw it.|They all looked once
        more. {"That is true," they said.|Nobody said a word.|The {G} coughed.}|For a moment nobody
        said a word.} {"{Then it is ready|Now it is right|Thank you}," said the painter.|The
        painter took back the brush and painted the {X}, too.}""")
    yield w.end("The picture hangs {at|near} {P}, and the {X} says good morning to it every day.",
                "And the {X} got its {D}.",
                """"Next time," said the painter, "I will ask only the {X}.\"""")


@plot(GROWN, CHILD, cues="gardener crow farmer field bird straw")
def scarecrow(w):
    """A scarecrow that scares nobody."""
    w.facts["X"] = w.new(["crow", "sparrow", "robin", "jackdaw"])
    w.facts["C"], w.facts["T"] = w.new(COLOURS), w.new(["hat", "scarf", "cap", "coat"])
    yield w.tell("""{^A} {built|made} a scarecrow {for the garden|out of straw and two sticks|out of
        an old broom} and gave it a {C} {T}. "{Now the birds will stay away|You must look
        angry|Keep the birds away from my peas|Nobody eats my peas this year}," said {A}. {But it
        had a friendly face.|The scarecrow did its best.|But {A} had painted its mouth too
        wide.|The scarecrow looked over the {wall|field} and said nothing.|It had {two buttons|two
        nuts} for eyes and a carrot for a nose.} {day} a {X} {sat on its shoulder|came and looked
        at it|flew three times around its head|sat down on the {T}}. "{Good morning|What a nice
        {T}|You look tired|How soft you are|You are new here}," said the {X}.""")
    yield w.tell("""{Soon there were {ten|twenty} birds.|The next day its whole family came.|By
        noon the garden was full of birds.|It called the others.|And it told everybody about it.}
        {{A} {clapped|shouted|ran into the garden}, and they flew away. But they came back.|"Shoo!"
        called {A}. They only moved over a little.|{A} danced and waved both arms. The birds liked
        it.|"Go away!" cried {A}. "Why?" asked the {X}.|{A} beat on a pot with a spoon. The birds
        sang along.} {One had made a nest in the {T}.|They sat on both arms, like washing on a
        line.|The {X} told them all a joke.|Two of them were asleep.|One was eating the straw from
        its sleeve.|The smallest sat on its nose.} "{You are a bad scarecrow|This will not do|You
        are no use at all|A potato could do it better|You are much too kind}," said {A} to the
        scarecrow. {{It rained|Then it began to rain|That night it rained}, and {the colour|a tear}
        ran down its face{.|, or so it looked.}|The scarecrow looked at its feet.|The wind blew,
        and it shook its head.}""")
    yield from w.trial(.25)
    w.facts["Y"] = w.new(["snail", "beetle", "worm"])
    yield w.tell("""{But when {A} looked at the peas|When {A} went to see the peas|But
        when {A} counted the peas}, {A.he} {could not believe it|stood still|had to look twice}.
        They {were as tall as a man|were full and green|had never been so fat}, and there was not
        one {Y} on them. {"{We had them for breakfast|The {Y}s were very good|We do not like
        peas|Are there any more {Y}s}," said the birds.|The birds had eaten all the {Y}s.|"We only
        like {Y}s," said the {X}.|The {X} had the last {Y} in its beak.} {So that was it.|Nobody had
        touched the peas.|All that noise, and nothing was missing.|"Oh," said {A}.|} {A} {went to
        the scarecrow and put its {T} straight|gave the scarecrow an umbrella|said sorry to the
        scarecrow|brought the scarecrow a chair|shook the scarecrow's hand}.""")
    yield w.end("And it smiled, but it had always done that.",
                """"You are a very good scarecrow," said {A}. "You only have another trade.\"""",
                "In autumn {A} cooked pea soup for everybody, and put a bowl out for the birds.")
