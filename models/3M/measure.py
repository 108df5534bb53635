"""Judge the stories that the bundled model tells by the rules of the story world (world.py).

    python models/3M/measure.py [FOLDER] [N]

FOLDER: the model, models/3M unless given; N: how many stories it tells, 200 unless given.

A story of the world keeps its facts straight: the kite of Anna stays red, Anna stays a girl, and
the helper who says "It is at the mill" is right. `faults` reads a text and lists what does not fit
together. It knows the words of the world, but not how the story came about, so it can be used on
the stories of the world (it must find next to nothing), on stories of the world in which one word
was swapped (it should find that), and on the model's.
"""
import random
import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import plots
import world

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))
from gpt2 import generate, gpt2, softmax  # noqa: E402
from utils import load_encoder_hparams_and_params  # noqa: E402

OPENINGS = ["Once upon a time", "Once upon a time there was a", "One morning the baker",
            "Old Bear woke up and", "The queen had lost her", "There was once a", "Anna had a",
            "It was a foggy day when", "In a small house by the mill lived", "The old king looked"]


# ---- what does not fit together in a text

def one_of(words):
    return "(" + "|".join(sorted(map(re.escape, words), key=len, reverse=True)) + ")"


SEX = {**plots.RARE, **plots.NAMES, **plots.TRADES, **plots.BEASTS,
       **dict.fromkeys(plots.GIRLS, "she"), **dict.fromkeys(plots.BOYS, "he")}
KIN = {**dict.fromkeys("boy man father grandfather uncle brother son snowman".split(), "he"),
       **dict.fromkeys("girl woman mother grandmother aunt sister daughter".split(), "she")}
PRONOUNS = {**dict.fromkeys("he him his himself".split(), "he"),
            **dict.fromkeys("she her herself".split(), "she")}
CHILD = one_of(plots.GIRLS + plots.BOYS)
COLOUR, THING, PLACE = one_of(plots.COLOURS), one_of(plots.THINGS), one_of(plots.PLACES)
ANIMAL = one_of(plots.ANIMALS + "kitten puppy mole beaver spider snail toad magpie".split())
WHO = one_of(plots.GIRLS + plots.BOYS + list(plots.BEASTS) + ["the " + t for t in plots.TRADES])


def name_faults(text):
    """A child whom nobody has introduced (the hero needs no introduction), or a boy named Anna."""
    names = Counter(re.findall(rf"\b{CHILD}\b(?! (?:you|I|he|she|it)\b)", text))
    strange = [name for name in names if not re.search(
        rf"(named|called|name was|in came) {name}\b|{name}, a (girl|boy)", text)]
    for name in strange:
        if len(strange) > 1 and name == min(strange, key=names.get) or names[name] == 1:
            yield f"who is {name}?"
    for child, name in re.findall(rf"(boy|girl) (?:named|called) {CHILD}\b", text):
        if SEX[name] != KIN[child]:
            yield f"a {child} named {name}"


def pronoun_faults(text, n_before=3):
    """"She", but nobody in this sentence or the ones just before is a "she"."""
    heard = [set()] * n_before
    plain = re.sub(r'"[^"]*"', '""', text.replace("\n\n", " "))
    names = re.findall(r'[a-z,"] ([A-Z]\w+)(?<!day)', plain)  # a capital inside of a sentence
    known = " ".join(SEX).split()
    strangers = {name for name in names if name not in known}  # who may be he or she
    for sentence in re.split(r"(?<=[.!?])(?<!Mr\.)(?<!Mrs\.) ", plain):
        heard = heard[1:] + [set()]
        for word in re.findall(r"(?:Old|Little|Young|Mrs\.|Mr\.|Mother|Grandfather) [A-Z]\w+|\w+",
                               sentence):
            who = word.title() if word.isupper() else word
            if who in strangers:
                heard[-1] |= {"he", "she"}
            for sexes in SEX, KIN:
                heard[-1] |= {sexes[form] for form in (who, who.lower()) if form in sexes}
            sex = PRONOUNS.get(word.lower())
            if sex and sex not in set().union(*heard) and not (sex == "he" and "snowman" in text):
                yield f"who is '{word}'?"
            elif sex:
                heard[-1].add(sex)


def colour_faults(text):
    """A thing that changes its colour."""
    colours = {}
    for colour, thing in re.findall(rf"\b{COLOUR} {THING}\b", text):
        if colours.setdefault(thing, colour) != colour:
            yield f"{colours[thing]} {thing}, then {colour} {thing}"


def owner_faults(text):
    """A thing that is said to be somebody else's, or is given back by the one who owns it."""
    owners = {}
    for who, thing in re.findall(rf"{WHO} (?:had|owned) an? \w+ {THING}\b", text, re.I):
        owners.setdefault(thing, set()).add(who.lower())
    for found in re.finditer(rf"\bmy (?:\w+ )?{THING}\b[^\"]*\" \w+ {WHO}|\b{WHO}'s (?:\w+ )?"
                             rf"{THING}\b", text, re.I):
        thing, who = (found[1], found[2]) if found[1] else (found[4], found[3])
        if who.lower() not in owners.setdefault(thing, {who.lower()}):
            yield f"the {thing} of {who}?"
    for who, thing in re.findall(rf"{WHO} gave back the \w+ {THING}\b", text, re.I):
        if len(owners) > 1 and who.lower() in owners.get(thing, ()):
            yield f"{who} gave back {who}'s own {thing}"


def place_faults(text):
    """The helper says where something is, and it is found somewhere else."""
    for found in re.finditer(rf"(?:ran|went|hurried|walked) to {PLACE}, and there\b", text):
        said = re.findall(rf"(?:near|at|behind|to) {PLACE}\b", text[:found.start()])
        if said and found[1] not in said[-2:]:
            yield f"{said[-1]}, then {found[1]}"


def kind_faults(text):
    """"The fox", but there was no fox; "the kite", once, but it was the drum that got lost."""
    things = Counter(re.findall(rf"\b{THING}\b", text))
    owned = re.search(rf"(had|owned) a \w+ {THING}\b", text)
    for thing in things:
        if owned and things[thing] == 1 and re.search(rf"\b[Tt]he (\w+ )?{thing}\b", text):
            yield f"which {thing}?"
    for animal in sorted(set(re.findall(rf"\b[Tt]he {ANIMAL}\b", text))):
        hero = re.search(rf"\b[Tt]he (\w+ )?{animal}\b", text.split("\n\n")[0])
        before = text[:re.search(rf"\b{animal}\b", text).end()]
        if animal != "cat" and not hero and re.search(rf"\b[Tt]he (\w+ )?{animal}\b", before):
            if not re.search(f"[Ii]t (was|must have been) the {animal}", text):
                yield f"which {animal}?"


CHECKS = [name_faults, pronoun_faults, colour_faults, owner_faults, place_faults, kind_faults]


def faults(text):
    """What does not fit together in a text. -> list of str"""
    return [fault for check in CHECKS for fault in check(text)]


def swap(text, sort, rng):
    """The text with one word swapped for another of its sort, as a test. -> str or None"""
    pattern, words = {
        "colour": (rf"\b{COLOUR} (?={THING}\b)", plots.COLOURS),
        "name": (rf"\b{CHILD}\b", plots.GIRLS + plots.BOYS),
        "pronoun": (r"\b(he|she|his)\b", ["he", "she"]),
        "owner": (rf'my {THING}[^"]*" \w+ (?P<owner>{CHILD})\b', re.findall(rf"\b{CHILD}\b", text)),
        "place": (rf"(?:ran|went|hurried|walked) to {PLACE}(?=, and there\b)", plots.PLACES),
        "animal": (rf"\bthe {ANIMAL}\b", plots.ANIMALS)}[sort]
    found = list(re.finditer(pattern, text))
    if sort in ("colour", "name", "animal"):
        found = found[1:]  # the first one says what is so
    if not found:
        return None
    place = rng.choice(found)
    group = "owner" if sort == "owner" else 1
    words = [word for word in words if word != place[group]
             and (sort != "pronoun" or PRONOUNS[place[1]] != PRONOUNS[word])]
    return words and text[:place.start(group)] + rng.choice(words) + text[place.end(group):]


def try_the_checks(n_stories=2000):
    """Print how often the checks complain of the world itself, and of a swapped word."""
    rng = random.Random("checks")
    stories = [world.story(rng) for _ in range(n_stories)]
    share = np.mean([bool(faults(story)) for story in stories])
    print(f"faults found in {n_stories} stories of the world: {share:.2%}")
    for sort in "colour", "name", "pronoun", "owner", "place", "animal":
        texts = [text for text in (swap(story, sort, rng) for story in stories) if text]
        share = np.mean([bool(faults(text)) for text in texts])
        print(f"  with one {sort} swapped: {share:.0%} of {len(texts)}")


# ---- the model's stories

def words_of(text):
    return re.findall(r"[a-z]+(?:'[a-z]+)?", text.lower())


def runs(text, n=40):
    words = words_of(text)
    return {tuple(words[i:i + n]) for i in range(len(words) - n + 1)}


def tell(model, prompt, rng=None, n_tokens=None):
    """The prompt and what the model makes of it. -> text, and whether the story has ended"""
    encoder, hparams, params = model
    ids = encoder.encode(prompt)
    end, new = encoder.encoder["<|endoftext|>"], []
    for token in generate(ids, params, hparams["n_head"], n_tokens or hparams["n_ctx"] - len(ids),
                          temperature=0.7 if rng else 0, top_k=40 if rng else 0, rng=rng):
        if token == end and not n_tokens:
            return prompt + encoder.decode(new), True
        new.append(token)
    return prompt + encoder.decode(new), False


def repeated(text, n=4):
    """The share of the n-word sequences that have stood in the text before."""
    words = words_of(text)
    sequences = [tuple(words[i:i + n]) for i in range(len(words) - n + 1)]
    return 1 - len(set(sequences)) / len(sequences)


def loss(model, seed, n_stories=100):
    """Mean surprise at each next token of the stories that a seed of train.py gives, in nats."""
    encoder, hparams, params = model
    rng, losses = random.Random(seed), []
    for _ in range(n_stories):
        ids = encoder.encode(world.story(rng)) + [encoder.encoder["<|endoftext|>"]]
        ids = ids[:hparams["n_ctx"] + 1]
        probs = softmax(gpt2(ids[:-1], **params, n_head=hparams["n_head"]))
        losses.extend(-np.log(probs[np.arange(len(ids) - 1), ids[1:]]))
    return np.mean(losses)


def main(folder=HERE, n_stories=200):
    try_the_checks()
    folder, n_stories = Path(folder).resolve(), int(n_stories)
    model = load_encoder_hparams_and_params(folder.name, folder.parent)
    told = [tell(model, OPENINGS[i % 10], np.random.default_rng(i)) for i in range(n_stories)]
    rng = random.Random("training stories")
    read = [world.story(rng) for _ in range(10_000)]
    counts = Counter(word for story in read for word in set(words_of(story)))
    known = {word for word in counts if counts[word] > 1}
    words = [word for text, _ in told for word in words_of(text)]
    seen = {run for story in read for run in runs(story)}
    among = Counter(run for text, _ in told for run in runs(text))
    shared = [any(run in seen or among[run] > 1 for run in runs(text)) for text, _ in told]
    found = [faults(text) for text, _ in told]
    greedy = [repeated(tell(model, prompt, n_tokens=100)[0]) for prompt in OPENINGS]
    print(f"{n_stories} stories at temperature 0.7, top_k 40:")
    print(f"  {np.mean([not each for each in found]):.1%} keep their facts straight (85 %)")
    print(f"  {np.mean([word in known for word in words]):.2%} of the words are known (99.5 %)")
    print(f"  {np.mean([ended for _, ended in told]):.1%} end within the context (85 %)")
    print(f"  {np.mean(shared):.1%} share 40 words in a row with each other or with 10,000 "
          "training stories (at most 5 %)")
    print(f"100 greedy tokens from 10 openings: {np.mean(greedy):.1%} of the sequences of four "
          "words are repeated (at most 10 %)")
    print(f"loss: {loss(model, 'training stories'):.3f} nats a token on 100 training stories, "
          f"{loss(model, 'held-out stories'):.3f} on 100 held-out ones")
    print("faults:")
    for i, each in enumerate(found):
        if each:
            print(f"  story {i}: {'; '.join(dict.fromkeys(each))}")


if __name__ == "__main__":
    main(*sys.argv[1:])
