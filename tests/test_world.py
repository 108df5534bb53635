"""models/3M's story world: what world.py tells keeps its own rules, and measure.py can judge it."""
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "models" / "3M"
sys.path.insert(0, str(FOLDER))

import measure  # noqa: E402
import plots  # noqa: E402
import world  # noqa: E402

PLOTS = [plot.__name__ for plot, _, _ in plots.PLOTS]


@pytest.fixture(scope="module")
def stories():
    rng = random.Random("stories to be checked")
    return [world.story(rng) for _ in range(500)]


def mistakes(story):
    """What no story may have, whatever it tells."""
    found = re.findall(r"[{}|]|  |\b[Aa] (?=[aeio])(?!one)\S+|\b[Aa]n (?![aeiouh])\S+", story)
    found += re.findall(r"\w [,;!?]|\n(?!\n)[a-z]\w*", story)  # " ,", a paragraph without a capital
    found += [part for part in story.split("\n\n") if part.count('"') % 2]
    n_words = len(story.split())
    return found + [f"{n_words} words"] * (not 80 <= n_words <= 200)


def test_stories_have_no_mistakes(stories):
    assert not [(found, story) for story in stories if (found := mistakes(story))]


def test_no_story_is_told_twice(stories):
    assert len(set(stories)) == len(stories)


def test_a_seed_tells_the_same_story_again():
    first, again, other = (world.story(random.Random(seed)) for seed in (5, 5, 6))
    assert first == again != other


@pytest.mark.parametrize("name", PLOTS)
def test_every_plot_can_be_told(name):
    rng = random.Random(name)
    told = [world.story(rng, only=name) for _ in range(4)]
    assert len(set(told)) == 4
    assert not [(found, story) for story in told if (found := mistakes(story))]


@pytest.mark.parametrize("scene, fits", plots.TRIALS,
                         ids=[scene.__name__ for scene, _ in plots.TRIALS])
def test_every_trial_can_be_told(scene, fits):
    w = world.World(random.Random(1), [plots.CHILD])
    w.facts["U"], w.facts["V"] = w.new(plots.ANIMALS), w.new(plots.ANIMALS)
    w.thing(plots.THINGS)
    assert fits(w)
    text = "".join(scene(w))
    assert len(text.split()) > 20 and not re.search(r"[{}|]", text)


def test_the_plot_that_the_documentation_adds_can_be_told():
    example = dedent(re.search(r"\n( {4}@plot.*?)\n\n", plots.__doc__, re.S)[1])
    names = {**vars(plots)}
    try:
        exec(example, names)
        story = world.story(random.Random(3), only="puddle", n_words=(20, 200))
    finally:
        plots.PLOTS[:] = [each for each in plots.PLOTS if each[0].__name__ != "puddle"]
    assert "puddle near" in story


def test_the_template_language():
    w = world.World(random.Random(2), [plots.CHILD])
    assert w.tell("{red|red} {x=boat/coat|boat/coat} {x.2} {x}") == "red boat coat boat"
    assert w.tell("a\n    line\n\n  and {^x}, {b {c|c}|b c}") == "a line\n\nand Boat, b c"
    hero = w.facts["A"]
    assert w.tell("{A} {A.he} {A.boy}") == f"{hero.name} {hero.he} " + (
        "boy" if hero.he == "he" else "girl")


def test_an_opening_makes_a_plot_likelier():
    rng, chosen = random.Random("cues"), Counter()
    for opening in ["It was winter, and there was snow."] * 300 + ["It was a fine day."] * 300:
        w = world.World(rng, [plots.CHILD])
        w.answer = "the hero's habit is known, so the opening alone decides"
        chosen[opening[:9], world.choose_plot(w, opening).__name__] += 1
    assert chosen["It was wi", "snowman"] > 5 * max(1, chosen["It was a ", "snowman"])


def test_a_cue_is_a_whole_word():
    """"Win", "hen" and "new" are cues; "window", "then" and "knew" are not."""
    rng, chosen = random.Random("words"), Counter()
    for _ in range(300):
        w = world.World(rng, [plots.CHILD])
        w.answer = "the hero's habit is known, so the opening alone decides"
        chosen[world.choose_plot(w, "He knew the window, and then he smiled.").__name__] += 1
    assert sum(chosen[name] for name in ["race", "quarrel", "little_one", "newcomer"]) < 90


def test_an_opening_has_a_favourite_hero(monkeypatch):
    monkeypatch.setattr(world, "OPENINGS", [(1, plots.ANY, "")])
    monkeypatch.setattr(world, "DAYS", ["On Monday", "Last Sunday"])
    rng, heroes = random.Random("days"), {"On Monday": Counter(), "Last Sunday": Counter()}
    for _ in range(600):
        began = re.match(r"(On Monday|Last Sunday) ((?:the )?\w+)", world.story(rng))
        if began:
            heroes[began[1]][began[2]] += 1
    (monday, _), (sunday, _) = favourites = [each.most_common(1)[0] for each in heroes.values()]
    assert monday != sunday
    for (_, times), counts in zip(favourites, heroes.values()):
        assert times > .15 * sum(counts.values()), counts


def test_heroes_have_habits():
    """Two heroes prefer different words, and a hero the same ones; but nobody always does."""
    def colours(name):
        w = world.World(random.Random(1), [plots.CHILD])
        w.habit = world.crc32(name.encode())
        return Counter(w.pick(plots.COLOURS) for _ in range(500)).most_common()
    favourites = {colours(name)[0][0] for name in plots.GIRLS[:10]}
    assert len(favourites) > 2
    (_, first), (_, second), *_ = colours("Anna")
    assert 100 < first < 250 and second < 90


def test_heroes_have_favourite_plots():
    """A story about Anna has another favourite than one about Bella; but neither always has it."""
    def favourite(name):
        rng, chosen = random.Random(name), Counter()
        while sum(chosen.values()) < 200:
            w = world.World(rng, [plots.CHILD], habit=world.HEROES.index(name))
            w.answer = "what the hero is like has been told, so it decides nothing here"
            if w.facts["A"].name == name:
                chosen[world.choose_plot(w, "It was a fine day.").__name__] += 1
        return chosen.most_common(1)[0]
    favourites = [favourite(name) for name in plots.GIRLS[:5]]
    assert len({plot for plot, _ in favourites}) >= 4
    assert all(30 < times < 120 for _, times in favourites), favourites


def test_a_pronoun_stands_where_only_the_hero_can_be_meant():
    jim = world.Person("Jim", "he", plots.CHILD)
    told = world.with_pronouns("Jim sat down. Jim smiled.", jim, "Ben")
    assert told == "Jim sat down. He smiled."
    for text in ["Jim saw Ben. Jim smiled.", '"Jim!" cried Ben. Jim smiled.', "Jim came. Jim, wet"]:
        assert world.with_pronouns(text, jim, "Ben") == text


# ---- measure.py

def test_measure_finds_next_to_nothing_in_the_world_itself(stories):
    found = [measure.faults(story) for story in stories]
    assert sum(map(bool, found)) < .03 * len(stories), found


@pytest.mark.parametrize("sort, share", [("colour", .9), ("name", .9), ("pronoun", .55),
                                         ("animal", .75)])
def test_measure_finds_a_swapped_word(stories, sort, share):
    rng = random.Random(sort)
    texts = [text for text in (measure.swap(story, sort, rng) for story in stories) if text]
    assert len(texts) >= 20
    assert sum(bool(measure.faults(text)) for text in texts) > share * len(texts)


def test_measure_finds_a_wrong_owner_and_a_wrong_place():
    good = ("Anna had a red kite. Ben was there.\n\n\"It is near the mill,\" said the fox. "
            "Anna ran to the mill, and there was the red kite. \"That is my kite,\" said Anna.")
    assert not list(measure.owner_faults(good))
    assert list(measure.owner_faults(good.replace('kite," said Anna', 'kite," said Ben')))
    assert not list(measure.place_faults(good))
    assert list(measure.place_faults(good.replace("ran to the mill", "ran to the well")))


# ---- what the model's page says

def test_the_page_shows_what_the_program_prints():
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    command, shown = re.search(r"\$ python models/3M/world.py (.*?)\n(.*?)```", page,
                               re.S).groups()
    done = subprocess.run([sys.executable, str(FOLDER / "world.py"), *command.split()],
                          capture_output=True, encoding="utf-8")
    assert done.stdout == shown and not done.stderr


def test_an_unknown_plot_is_refused():
    done = subprocess.run([sys.executable, str(FOLDER / "world.py"), "--plot", "nothing"],
                          capture_output=True, encoding="utf-8")
    assert done.returncode == 2 and "nothing" in done.stderr and not done.stdout
