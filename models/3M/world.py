"""The story world's engine: a program that makes up the stories the bundled model learned from.

    python models/3M/world.py [N] [--seed S] [--plot NAME]      print N stories (3 unless given)

`story(rng)` tells one story. It chooses an opening and a hero, then a plot that suits both.
plots.py holds the words, the openings and the plots; this file holds the people, the template
language and the telling. A `World` keeps what is true in one story: who the hero is, whether "he",
"she" or "it" is right, which things there are and in which colours, who has become a friend. A plot
is a short script that changes the world and tells each change in one of many ways. On the way
something else may happen; those scenes are the trials. An ending may answer the beginning. No story
is stored anywhere, and hardly any story is ever told twice.

The templates:

    {red|blue}          one of them; an alternative may be empty, and may hold choices of its own
    {x=red|blue}        one of them, and {x} repeats it
    {x=boat/coat|ball/wall}   alternatives with parts: {x} or {x.1} is the first, {x.2} the second
    {A} {A.he} {A.boy}  the hero: a name, and the words that fit (he or she, boy or girl)
    {^A} {^A.he}        the same with a capital letter
    {day} {trait} {who} {odd} {noun} {half}   made up by the method of World of that name

A line break is a space (nothing after "|", "{" or "("), and an empty line starts a new paragraph.
{A} is the hero, {B} a child who becomes a friend, {G} a grown-up, {X} and {Y} are animals, {U} and
{V} the animals of a trial, {T} is a thing and {C} its colour, {D} is food, {P}, {Q} and {R} are
places. Other letters are a plot's own.

Heroes have habits: the name decides about one choice in seven (`World.pick`) and one plot in four
(`choose_plot`). An opening has a favourite hero (`story`). A model that has learned this tells
different stories after different openings, even where it always takes the most likely token.

measure.py checks stories by their wording ("a girl named", "gave back", "ran to ..., and there"),
so change such words there, too, if you change them here or in plots.py; tests/test_world.py checks.
"""
import argparse
import random
import re
from functools import cache
from zlib import crc32

from plots import (ANIMALS, BEAST, BEASTS, BOYS, CHILD, COLOURS, DAYS, FOODS, GIRLS, GROWN, NAMES,
                   ODD, OPENINGS, PLACES, PLOTS, RARE, ROYAL, SENTENCES, STRANGER, SURNAMES,
                   SYLLABLES, TRADES, TRAITS, TRIALS, WEATHER)

FORMS = {"she": {"him": "her", "his": "her", "himself": "herself", "boy": "girl"},
         "it": {"him": "it", "his": "its", "himself": "itself"}}
HABIT = .15  # the share of choices that a habit decides, unless something else is said
HEROES = [*GIRLS, *BOYS, *TRADES, *BEASTS, *RARE]  # their habits all differ


# ---- the template language

@cache
def tidy(template):
    """A single line break is a space; an empty line starts a paragraph."""
    template = re.sub(r"([|{(]) *\n *(?=\S)", r"\1", template)  # a break before an alternative
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", template))


def split(text, at):
    """Split where the character `at` stands outside all braces."""
    parts, depth = [""], 0
    for char in text:
        depth += (char == "{") - (char == "}")
        if char == at and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts


@cache
def parse(text):
    """A template -> texts, and slots: (name or None, alternatives or None)."""
    pieces, depth, start = [], 0, 0
    for i, char in enumerate(text):
        if char == "{":
            if depth == 0:
                pieces.append(text[start:i])
                start = i + 1
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                pieces.append(parse_slot(text[start:i]))
                start = i + 1
    assert depth == 0, text
    return pieces + [text[start:]]


def parse_slot(body):
    """What stands between two braces -> (name or None, alternatives or None)."""
    key = re.match(r"(\w+)=", body)
    if key:
        return key[1], [split(option, "/") for option in split(body[key.end():], "|")]
    return (body, None) if re.fullmatch(r"\^?\w+(\.\w+)?", body) else (None, split(body, "|"))


# ---- the people

class Person:
    """Somebody with a name and a pronoun: "he", "she" or "it"."""

    def __init__(self, name, he, kind):
        self.name, self.he, self.kind = name, he, kind

    def form(self, part):
        """The name, or the word that fits: part is "", "noun", "he", "him", "his", "boy" ..."""
        if part == "he":
            return self.he
        if part in ("", "noun"):  # "the baker", "baker"
            return self.name[4 * (part == "noun"):]
        return FORMS.get(self.he, {}).get(part, part)


class World:
    """The state of one story, and the voice that tells it."""

    def __init__(self, rng, kinds, when="One day", habit=0):
        self.rng = rng
        self.when = when             # the words for the day on which the story happens
        self.habit = habit           # a number that decides which choices are favourites
        self.facts = {}
        self.used = set()            # words that stand for somebody or something already
        self.helper = None           # the slot of the animal that owes {A} a favour
        self.friend = False          # is there a friend B?
        self.now = False             # has the day of the story begun?
        self.answer = None           # how the end remembers the beginning
        self.kind = self.pick(kinds, .45)
        hero = self.facts["A"] = self.person(self.kind, .45)
        name = hero.name.removeprefix("the ")
        self.habit = HEROES.index(name) if name in HEROES else crc32(name.encode())
        self.usual = TRAITS[self.habit % len(TRAITS)]
        for slot, words in [("P", PLACES), ("Q", PLACES), ("R", PLACES), ("D", FOODS),
                            ("X", ANIMALS), ("Y", ANIMALS)]:
            self.facts[slot] = self.new(words)
        self.facts["B"] = self.person(CHILD)
        self.facts["G"] = self.new([trade for trade in TRADES if trade not in
                                    ("king", "queen", "giant", "witch", "princess")])

    def pick(self, options, share=HABIT, n=0):
        """One of the options; this share of the times the favourite, or the n-th after it."""
        if self.rng.random() < share:
            return options[(self.habit + n) % len(options)]
        return self.rng.choice(options)

    def new(self, words, share=HABIT):
        """A word that this story has not used yet."""
        word = self.pick(list(words), share, len(self.used))  # each time another favourite
        if word in self.used:
            word = self.rng.choice([word for word in words if word not in self.used])
        self.used.add(word)
        return word

    def person(self, kind, share=HABIT):
        """Somebody new of this kind; share: how often the favourite."""
        if kind == CHILD:
            name = self.new(GIRLS + BOYS, share)
            return Person(name, "she" if name in GIRLS else "he", kind)
        if kind == BEAST:
            free = [name for name in BEASTS if name.split()[-1].lower() not in self.used]
            name = self.new(free, share)
            self.used.add(name.split()[-1].lower())
            return Person(name, BEASTS[name], kind)
        if kind == ODD:
            name = self.rng.choice(list(NAMES)) if self.rng.random() < .5 else self.odd().title()
            he = NAMES.get(name) or self.rng.choice(["he", "she"])
            last = self.rng.choice(SURNAMES + [self.odd().title()])
            return Person(self.rng.choice([name, f"{name} {last}"]), he, GROWN)
        who = {ROYAL: {"king": "he", "queen": "she"}, GROWN: TRADES, STRANGER: RARE}[kind]
        name = self.new(who, share)
        return Person("the " + name, who[name], GROWN)

    def thing(self, words):
        """Give the hero a thing T in the colour C, and say so."""
        self.colour(words)
        return self.tell("""{^A} {had|owned} a {C} {T}{.|, and there was no finer {T} in the
            {village|land}.|, and {A.he} took the {T} everywhere.} {|It was a present from {{A.his}
            {aunt|uncle|grandmother|grandfather}|an old friend}.|{A} {loved|was very proud of} the
            {T}.|The {T} was not new, but {A} loved it.}""")

    def colour(self, words):
        """A thing T in the colour C, both new."""
        self.facts["T"], self.facts["C"] = self.new(words), self.new(COLOURS)

    # -- the telling

    def tell(self, template):
        """The template with all its slots filled. -> text"""
        return "".join(map(self.fill, parse(tidy(template))))

    def fill(self, piece):
        """One piece of a parsed template. -> text"""
        if isinstance(piece, str):
            return piece
        name, options = piece
        if name is None:
            return "".join(map(self.fill, parse(self.pick(options))))
        if options:
            self.facts[name] = ["".join(map(self.fill, parse(part))) for part in self.pick(options)]
            return self.facts[name][0]
        capital, (name, _, part) = name[0] == "^", name.lstrip("^").partition(".")
        if name in ("day", "trait", "who", "odd", "half", "noun"):
            text = getattr(self, name)()
        else:
            fact = self.facts[name]
            text = (fact.form(part) if isinstance(fact, Person) else
                    fact[int(part or 1) - 1] if isinstance(fact, list) else fact)
        return text[:1].upper() + text[1:] if capital else text

    def day(self):
        """The beginning of a sentence that says when."""
        if not self.now:
            self.now = True
            return self.when
        return self.tell(f"""{{It was a {self.rng.choice(WEATHER)} {{day|morning}}, and|That day|
            After breakfast|That very day|Not long after that,|An hour later}}""")

    def trait(self):
        """What the hero is like; the ending may recall it."""
        trait, self.answer = self.usual if self.rng.random() < .5 else self.rng.choice(TRAITS)
        return self.tell(trait)

    def who(self):
        """The hero, as somebody new."""
        hero = self.facts["A"]
        if hero.kind == CHILD:
            return self.tell("{a|a|a little|a small} {A.boy} {named|named|called} {A}")
        if not hero.name.startswith("the "):
            return hero.name
        return self.tell("a{| young|n old|| poor| merry|| little}") + " " + hero.name[4:]

    def odd(self):
        """An invented word."""
        ends = "n r s l t nd a rk ing ce o".split()
        n_parts = self.rng.choice([1, 2, 2, 3])
        return "".join(self.rng.choices(SYLLABLES, k=n_parts)) + self.rng.choice(ends)

    def noun(self):
        """A person, an animal or a thing that does not belong to this world."""
        return self.odd() if self.rng.random() < .2 else self.rng.choice(list(RARE))

    def half(self):
        """A sentence foreign to this world, perhaps cut."""
        words = self.tell(SENTENCES).split()
        n_words = self.rng.randint(1, len(words)) if self.rng.random() < .6 else len(words)
        return " ".join(words[:n_words]).rstrip(",?")

    def trial(self, chance=.6):
        """What happens on the way, if anything does."""
        if self.rng.random() < chance:
            trial = self.rng.choice([trial for trial, fits in TRIALS if fits(self)])
            self.facts["U"], self.facts["V"] = self.new(ANIMALS), self.new(ANIMALS)
            yield from trial(self)

    def end(self, *endings):
        """An ending that answers the beginning, or one of the plot's own."""
        if self.answer and self.rng.random() < .65:
            endings = [self.answer]
        elif self.helper and self.rng.random() < .25:
            self.facts["helper"] = self.facts[self.helper]
            endings = ["""From that day on {A} and the {helper} were {good friends|the best of
                friends}.""", """The {helper} came to visit {A} every Sunday after that.""",
                """And the {helper} {got the biggest piece of cake|was asked to stay for
                supper}."""]
        return self.tell(self.pick(list(endings)))


# ---- the story

def choose_plot(w, opening, only=None):
    """A plot that fits the hero (None if `only` does not), more likely one whose cues are there."""
    hero = w.facts["A"]
    royal = hero.name in ("the king", "the queen")
    plots = [(plot, cues) for plot, kinds, cues in PLOTS
             if hero.kind in kinds or royal and ROYAL in kinds]
    if only:
        return next((plot for plot, _ in plots if plot.__name__ == only), None)
    if w.rng.random() < .25:
        return plots[w.habit % len(plots)][0]  # the hero's favourite
    text = re.sub(r"\W+", " ", f" {opening} {hero.name} {'' if w.answer else w.usual[0]} ".lower())
    weights = [1 + 25 * sum(f" {cue} " in text for cue in cues) for _, cues in plots]
    return w.rng.choices(plots, weights)[0][0]


def with_pronouns(text, hero, others):
    """"Jim sat down. Jim smiled." -> "Jim sat down. He smiled.", where nobody else can be meant.

    The first of the two sentences begins or ends with the hero's name, and holds nobody else of
    the same sex. others: a regular expression that finds people who may be of that sex
    """
    name = hero.name[:1].upper() + hero.name[1:]
    hero_says = rf'(?:But |Then |So )?{re.escape(name)}|"[^"]*" \w+ {re.escape(name)}'

    def change(match):
        alone = not re.search(others, match[1].replace(name, ""))
        return f"{match[1]} {hero.he.title()} " if alone else match[0]
    return re.sub(rf'(?:^|(?<=\n)|(?<=[.!?] ))((?:{hero_says})[^.!?"\n]*[.!?]) {re.escape(name)} '
                  "(?=[a-z])", change, text)


def finish(text, w):
    """Articles, capital letters, pronouns; now and then a beginning in capitals."""
    text = re.sub(r" (?=[,.:;!?](?!\.))(?<!=.)", "", re.sub(r" +", " ", text))
    text = re.sub(r"\b([Aa])n? (?=[aeiou])(?!uni|use|one)", r"\1n ", text)
    text = re.sub(r"\b([Aa])n (?![aeiou]|hour)", r"\1 ", text)
    # "the baker" is a name here, and begins a sentence like any other name
    text = re.sub(r"(^|(?<!\.\.)[.!?] |\n|[.!?]\" (?=the ))([a-z])",
                  lambda match: match[1] + match[2].upper(), text)
    hero = w.facts["A"]
    if hero.he != "it":
        others = rf"\b({w.facts['B'].name}|{w.facts['G']}|king|queen|princess|man|woman|she|he|" \
                 rf"her|him|mother|father|grandmother|aunt|sister|friend|who)\b"
        text = with_pronouns(text, hero, others)
    if w.rng.random() < .04:
        words = text.split(" ")
        n_loud = w.rng.randint(1, 6)
        text = " ".join([word.upper() for word in words[:n_loud]] + words[n_loud:])
    elif w.rng.random() < .03:
        text = text[:1].lower() + text[1:]
    return text


def story(rng, only=None, n_words=(80, 195)):
    """One story. rng: a random.Random; only: the name of a plot; n_words: from, to"""
    text = ""
    while not n_words[0] <= len(text.split()) <= n_words[1]:
        [(_, kinds, template)] = rng.choices(OPENINGS, [weight for weight, _, _ in OPENINGS])
        when = rng.choice(DAYS).replace("*", rng.choice(WEATHER))
        # an opening has habits, too: it is told of one hero more often than of others
        habit = crc32((tidy(template) or when).encode())
        w = World(rng, kinds, when, habit)
        opening = w.tell(template)
        if w.kind == ODD and w.facts["A"].name in opening:  # Alan Turing, from now on Turing
            w.facts["A"].name = w.facts["A"].name.split()[-1]
        w.now = bool(re.search(r"woke|day|morning|night|evening|Today", opening))
        plot = choose_plot(w, opening, only)
        parts = [opening, *plot(w)] if plot else []
        text = "\n\n".join(part.strip() for part in parts if part.strip())
    return finish(text, w)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Print stories of the small world.")
    parser.add_argument("n_stories", nargs="?", type=int, default=3, metavar="N")
    parser.add_argument("--seed", type=int, help="the same seed prints the same stories")
    parser.add_argument("--plot", help="the name of one of the plots in plots.py",
                        choices=[plot.__name__ for plot, _, _ in PLOTS], metavar="NAME")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    print("\n\n---\n\n".join(story(rng, only=args.plot) for _ in range(args.n_stories)))
