"""Your numbers beside those of OpenAI's code, step by step. docs/port.md explains it.

    python tests/compare_steps.py my-steps.npz

my-steps.npz, a .safetensors file or a folder of .npy files has what your GPT-2 computes for the ids
in tests/data/small/steps.npz, under the names that the steps have there. Steps may be missing. It
prints the first step that is off, a guess at the reason and a table. The exit status is 0 if all
that was given agrees, else 1. The other two comparisons share the table and the rest of this file.
"""
import itertools
import json
import math
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
import utils  # noqa: E402
from record_steps import steps  # noqa: E402, F401  (for those who import it from here)

SMALL = Path(__file__).parent / "data" / "small"
TOLERANCE = 5e-6  # float32 keeps 24 bits; adding 48 to 192 numbers in another order costs a few


# ---- reading

DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4"}


def read_safetensors(path):
    """-> {name: array}. The format: a length (8 bytes), a JSON header, then the arrays' bytes."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    return {name: np.frombuffer(data[start:][slice(*tensor["data_offsets"])],
                                DTYPES[tensor["dtype"]]).reshape(tensor["shape"])
            for name, tensor in header.items()}


def read_arrays(path):
    """-> {name: array} of a .npz file, a .safetensors file, or a folder of .npy files"""
    path = Path(path)
    try:
        if path.is_dir():
            arrays = {file.relative_to(path).as_posix()[:-len(".npy")]: np.load(file)
                      for file in sorted(path.rglob("*.npy"))}
        elif path.suffix == ".safetensors":
            arrays = read_safetensors(path)
        else:
            with np.load(path) as file:
                arrays = dict(file)
    except OSError as error:
        sys.exit(f"{path}: {error.strerror or error}")
    except (ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile):
        sys.exit(f"{path} is not a .npz file, a .safetensors file or a folder of .npy files")
    return {name.replace(".", "/"): array for name, array in arrays.items()}


# ---- comparing

class Row(NamedTuple):  # one step of one block
    name: str
    shape: tuple
    given: tuple  # the shape that was given
    difference: float
    agrees: bool
    notes: list

    @property
    def block(self):  # h0, or "" for a step outside the blocks
        return self.name.partition("/")[0] if self.name[0] == "h" else ""

    @property
    def step(self):  # attn/c_attn; the output of a block is "block"
        return self.name[len(self.block):].strip("/") or "block"


def difference(ours, theirs):
    """The largest difference between two arrays, relative to the largest value. NaN stays NaN."""
    with np.errstate(all="ignore"):
        return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def by(shape):  # (18, 48) -> "18 x 48"
    return " x ".join(map(str, shape)) or "one number"


def readings(array, shape):
    """Yield (array, note) for every way in which an array can be read as one of this shape."""
    if array.shape == shape:
        yield array, ""
    if array.ndim == len(shape):
        for axes in list(itertools.permutations(range(array.ndim)))[1:]:
            if array.transpose(axes).shape == shape:
                yield array.transpose(axes), f"right after transpose{axes}"
    if array.shape != shape and array.size == math.prod(shape):
        yield array.reshape(shape), f"read as {by(shape)}"
        yield array.reshape(shape, order="F"), f"read as {by(shape)}, column by column"


def compare(name, given, wanted, tolerance=TOLERANCE):
    """-> a Row. A batch of 1, float64 or another order of the axes is noted and then ignored."""
    notes, shape = [], given.shape
    if given.dtype != np.float32:
        notes.append(f"{given.dtype}, not float32")
    if given.ndim == wanted.ndim + 1 and len(given) == 1:
        notes.append("a batch of 1")
        given = given[0]
    ways = list(readings(given, wanted.shape)) if given.dtype.kind in "fiu" else []
    if not ways:
        return Row(name, wanted.shape, shape, math.inf, False, [*notes, "does not fit"])
    measured = [(difference(array, wanted), note) for array, note in ways]
    largest, note = next((way for way in measured if way[0] <= tolerance), measured[0])
    if not np.isfinite(given).all():
        notes.append("not finite")
    notes += [note] if note and largest <= tolerance else []
    return Row(name, wanted.shape, shape, largest, largest <= tolerance, notes)


def compare_all(given, wanted, tolerance=TOLERANCE):
    """{name: array}, twice -> a Row for each step that was given, in the order of computation"""
    return [compare(name, given[name], array, tolerance)
            for name, array in wanted.items() if name in given]


def by_step(rows):
    """-> {step: its rows}, a row for each block, that with the largest difference (or NaN) first"""
    found = {}
    for row in rows:
        found.setdefault(row.step, []).append(row)
    return {step: sorted(rows, key=lambda row: (math.isnan(row.difference), row.difference),
                         reverse=True) for step, rows in found.items()}


def largest_differences(ours, theirs):
    """{h0/ln_1: array, h1/ln_1: array, ...}, twice -> {ln_1: (shape, difference, block), ...}"""
    return {step: (rows[0].given, rows[0].difference, rows[0].block)
            for step, rows in by_step(compare_all(ours, theirs)).items()}


def table_of(rows, whose):
    """A line for each step: the largest difference, its block, and the first block that is off"""
    lines = [["step", "OpenAI", whose, "largest difference, relative to the largest value"]]
    for step, worst_first in by_step(rows).items():
        row = worst_first[0]
        off = [other.name for other in rows if other.step == step and not other.agrees]
        notes = dict.fromkeys(note for other in worst_first for note in other.notes)
        result = [f"{row.difference:.1e}", f"in {row.block}" if row.block else "     ",
                  "; ".join([f"OFF, first in {name}" for name in off[:1]] + list(notes))]
        lines.append([step, by(row.shape), by(row.given), "  ".join(result).rstrip()])
    widths = [max(map(len, column)) + 2 for column in zip(*lines)]
    return "\n".join("".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
                     for line in lines)


def table(ours, theirs):
    return table_of(compare_all(ours, theirs), "gpt2.py")


def summary(rows, wanted, tolerance=TOLERANCE):
    """-> the first step that is off, in a few sentences"""
    off = next((row for row in rows if not row.agrees), None)
    if off is None:
        return f"All {len(rows)} steps agree with OpenAI's code."
    text = f"The first step that is off is {off.name}. "
    if math.isinf(off.difference) and "does not fit" in off.notes:
        text += f"Its shape should be {by(off.shape)}, and is {by(off.given)}."
    elif "not finite" in off.notes:
        text += "It has a NaN or an infinity."
    else:
        text += (f"The largest difference is {off.difference:.1e} of the largest value; "
                 f"{tolerance:.0e} is allowed.")
    names = list(wanted)
    before = rows[rows.index(off) - 1].name if off is not rows[0] else None
    missing = names[names.index(before) + 1 if before else 0:names.index(off.name)]
    if missing:
        text += f"\nSteps just before it are missing, and may be off: {', '.join(missing)}."
    return text


# ---- the command

def guess(name, array):
    """-> a guess at the mistake that puts this array in the place of the step"""
    import mistakes
    same, similar = [], []
    for mistake in mistakes.MISTAKES["model"]:
        runs = [mistakes.steps_with(mistake.diff, pieces) for pieces in (None, mistakes.PIECES)]
        if any(compare(name, array, run[name]).agrees for run in runs if name in run):
            same.append(mistake.what)
        elif name == mistakes.first_off(mistake)[1]:
            similar.append(mistake.what)
    if same:
        return "gpt2.py gives your numbers there with this mistake: " + "; or ".join(same)
    return "\n  ".join(["None of the mistakes in docs/port.md gives your numbers there. "
                        "Those that first show at this step:", *(similar or ["(none)"])])


def main(path):
    wanted = dict(np.load(SMALL / "steps.npz"))
    ids = wanted.pop("ids")
    given = read_arrays(path)
    if "ids" in given and given["ids"].ravel().tolist() != ids.tolist():
        sys.exit(f"Your ids are not those of the recorded steps: {ids.tolist()}")
    rows = compare_all(given, wanted)
    unknown = [name for name in given if name not in wanted and name != "ids"]
    if not rows:
        sys.exit(f"{path} has none of the steps. Their names: {', '.join(wanted)}")
    print(summary(rows, wanted))
    off = next((row for row in rows if not row.agrees), None)
    if off:
        print(guess(off.name, given[off.name]))
    print(f"\n{table_of(rows, 'yours')}\n")
    print(f"{len(rows)} of {len(wanted)} steps compared, {len(wanted) - len(rows)} missing"
          + (f"; not the name of a step: {', '.join(unknown)}" if unknown else ""))
    return int(off is not None)


# ---- what compare_with_openai.py and compare_with_transformers.py share

def load(prompt, n_tokens, model_size, models_dir):
    """-> encoder, hparams, params, and the ids of the prompt. Exits if it is too long."""
    try:
        encoder, hparams, params = utils.load_encoder_hparams_and_params(model_size, models_dir)
    except (utils.UsageError, OSError, ValueError) as error:
        sys.exit(str(error))
    ids = encoder.encode(prompt) or [hparams["n_vocab"] - 1]  # <|endoftext|>
    room = hparams["n_ctx"] + 1 - len(ids)  # the last token is not read, so it needs no position
    if room < 1:
        sys.exit(f"The prompt has {len(ids)} tokens, and the model reads {hparams['n_ctx']}.")
    if not 1 <= n_tokens <= room:
        sys.exit(f"The prompt has {len(ids)} tokens, so --n_tokens must be from 1 to {room}.")
    return encoder, hparams, params, ids


def print_greedy(ids, ours, theirs, decoders, their_name, logits):
    """Print both greedy texts, and the first token where they part, if they do.

    ours, theirs: new ids; decoders: a decode for each; logits: ours, a row for each new id
    """
    for name, new_ids, decode in zip(["gpt2.py", their_name], [ours, theirs], decoders):
        print(f"\n{name}:\n{decode([*ids, *new_ids])}")
    second, best = np.sort(logits)[:, -2:].T
    leads = best - second
    for n, (a, b) in enumerate(zip(ours, theirs)):
        if a != b:
            print(f"\nToken {n + 1} is the first that differs: {decoders[0]([a])!r} in gpt2.py, "
                  f"{decoders[1]([b])!r} in {their_name}. "
                  f"The two highest logits there are {leads[n]:.1e} apart.")
            return
    print(f"\nAll {len(ours)} tokens are the same. "
          f"The two highest logits are never closer than {leads.min():.1e}.")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: python tests/compare_steps.py my-steps.npz")
    sys.exit(main(sys.argv[1]))
