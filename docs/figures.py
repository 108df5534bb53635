"""Draw the figures of docs/guide.md from the bundled model. For developers.

    pip install -r requirements.txt -r docs/requirements.txt
    python docs/figures.py              all figures; a second run gives the same bytes
    python docs/figures.py --measure    the same, after measuring the times for cache.svg anew

The measured times stand in docs/figures/cache.json. Everything is drawn on a white panel, so that
it can be read on a light page and on a dark one, and narrow, so that it can be read on a phone.
"""
import json
import os
import platform
import re
import sys
import time
from pathlib import Path
from xml.sax.saxutils import escape

import matplotlib
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "docs" / "figures"
sys.path.insert(0, str(ROOT))

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.patches import FancyBboxPatch  # noqa: E402

from gpt2 import (attention, empty_kv_cache, gelu, gpt2, layer_norm, linear,  # noqa: E402
                  next_token_probs, softmax, transformer_block)
from utils import load_encoder_hparams_and_params  # noqa: E402

ENCODER, HPARAMS, PARAMS = load_encoder_hparams_and_params("3M", ROOT / "models")
N_HEAD = HPARAMS["n_head"]
PROMPT = "The boy ran as fast as he"
SENTENCE = '"Good morning," said the fox. "Good'
WORDS = ["king queen prince princess", "mother father sister brother",
         "red blue green white yellow", "two three four five six", "fox wolf bear cat dog"]
INK, GREY, PALE = "#1f2933", "#7b8794", "#e4e7eb"
BLUE, RED, GREEN, YELLOW, PURPLE = "#2563a8", "#c0392b", "#2e7d4f", "#b7791f", "#7d4fa8"
plt.rcParams.update({
    "svg.hashsalt": "gpt2", "svg.fonttype": "path", "font.family": "DejaVu Sans", "font.size": 12,
    "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": GREY, "xtick.color": INK,
    "ytick.color": INK, "axes.spines.top": False, "axes.spines.right": False,
    "figure.facecolor": "none", "savefig.facecolor": "none", "axes.facecolor": "none"})


def save(figure, name):
    """Write an SVG on a white panel with round corners."""
    width, height = figure.get_size_inches()
    figure.add_artist(FancyBboxPatch(
        (0.1, 0.1), width - 0.2, height - 0.2, boxstyle="round,pad=0,rounding_size=0.14",
        transform=figure.dpi_scale_trans, facecolor="white", edgecolor=PALE, zorder=-1))
    path = FIGURES / f"{name}.svg"
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    slim = re.sub(r"\s*\n\s*", "\n", path.read_text(encoding="utf-8"))
    path.write_text(slim, encoding="utf-8", newline="\n")


def pieces(ids):
    """Tokens as labels, in which a space can be seen."""
    return [ENCODER.decode([i]).replace(" ", "·").replace("\n", "⏎") for i in ids]


def layers(ids):
    """Yield x before the first block and after each one, with the weights of the block's heads."""
    x = PARAMS["wte"][ids] + PARAMS["wpe"][:len(ids)]
    yield x, None
    for block in PARAMS["blocks"]:
        qkv = linear(layer_norm(x, **block["ln_1"]), **block["attn"]["c_attn"])
        q, k, _ = qkv.reshape(len(ids), 3, N_HEAD, -1).transpose(1, 2, 0, 3)
        x = transformer_block(x, **block, n_head=N_HEAD)
        yield x, attention(q, k, np.eye(len(ids)))


def words():
    """Words as points: their rows of wte, along the two directions in which they differ most."""
    groups = [[word for word in line.split() if len(ENCODER.encode(" " + word)) == 1]
              for line in WORDS]
    rows = np.array([PARAMS["wte"][ENCODER.encode(" " + word)[0]] for group in groups
                     for word in group])
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    rows = rows - rows.mean(axis=0)
    directions = np.linalg.svd(rows, full_matrices=False)[2][:2]
    directions *= np.sign(directions[:, np.abs(directions).argmax(axis=1)].diagonal())[:, None]
    points = rows @ directions.T
    figure, axes = plt.subplots(figsize=(5, 5.2))
    figure.subplots_adjust(.06, .06, .94, .94)
    colours = [BLUE, RED, GREEN, YELLOW, PURPLE]
    labels = [(word, colours[n]) for n, group in enumerate(groups) for word in group]
    spread(axes, points, labels)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    save(figure, "words")


def spread(axes, points, labels):
    """Write each label at its point, moved up or down where it would cover another."""
    low, high = points.min(axis=0), points.max(axis=0)
    points = (points - low) / (high - low)
    axes.set_xlim(-.13, 1.13)
    axes.set_ylim(-.05, 1.05)
    placed = []
    for n in np.argsort(points[:, 1], kind="stable"):
        (x, y), (word, colour) = points[n], labels[n]
        width = .019 * len(word) + .02
        moved = True
        while moved:
            moved = False
            for other_x, other_y, other_width in placed:
                if abs(x - other_x) < width + other_width and abs(y - other_y) < .0419:
                    y, moved = other_y + .042, True
        placed.append((x, y, width))
        axes.text(x, y, word, color=colour, ha="center", va="center", fontsize=12.5)
    axes.set_ylim(-.05, max(1.05, max(y for _, y, _ in placed) + .05))


def heads():
    """Weights of three heads on a sentence: picked by what they do."""
    ids = ENCODER.encode(SENTENCE)
    n, labels = len(ids), [piece.strip("·") for piece in pieces(ids)]
    weights = np.array([w for _, w in layers(ids) if w is not None])  # [layer, head, n, n]
    previous = weights[:, :, range(1, n), range(n - 1)].mean(axis=-1)
    recall = weights[:, :, n - 1, ids.index(ids[-1]) + 1]
    even = -(weights * np.log(weights + 1e-9)).sum(axis=-1)[:, :, 1:].mean(axis=-1)
    chosen = [("the token before", previous), ("what followed last time", recall),
              ("a bit of everything", even)]
    figure, all_axes = plt.subplots(3, 1, figsize=(5, 11.6))
    figure.subplots_adjust(.22, .09, .94, .963, hspace=.5)
    for axes, (what, measure) in zip(all_axes, chosen):
        layer, head = np.unravel_index(np.argmax(measure), measure.shape)
        axes.imshow(weights[layer, head], cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for i in range(n):
            for j in range(i + 1):
                if weights[layer, head, i, j] >= .095:
                    axes.text(j, i, f"{weights[layer, head, i, j]:.1f}".lstrip("0"),
                              ha="center", va="center", fontsize=9.5,
                              color="white" if weights[layer, head, i, j] > .5 else INK)
        axes.set_xticks(range(n), labels, rotation=90)
        axes.set_yticks(range(n), labels)
        axes.set_xticks(np.arange(n + 1) - .5, minor=True)
        axes.set_yticks(np.arange(n + 1) - .5, minor=True)
        axes.grid(which="minor", color=PALE, linewidth=.7)
        axes.tick_params(length=0, which="both")
        axes.set_title(f"Block {layer + 1}, head {head + 1}: {what}", fontsize=12, loc="right")
    save(figure, "attention")


def gelu_curve():
    x = np.linspace(-4, 4, 161)
    figure, axes = plt.subplots(figsize=(5, 3.6))
    figure.subplots_adjust(.12, .17, .93, .92)
    axes.axhline(0, color=PALE, zorder=0)
    axes.plot(x, np.maximum(x, 0), color=GREY, linestyle=(0, (4, 2)), label="max(x, 0)")
    axes.plot(x, gelu(x), color=BLUE, linewidth=2.4, label="gelu(x)")
    axes.set_xlabel("x goes in")
    axes.legend(frameon=False, loc="upper left")
    axes.set_ylim(-.6, 4.1)
    save(figure, "gelu")


def knobs():
    """The likeliest tokens under each knob; what is struck out is marked so."""
    n = 7
    logits = gpt2(ENCODER.encode("The old king looked"), **PARAMS, n_head=N_HEAD)[-1]
    best = np.argsort(-logits)[:n]
    first, greedy = pieces(best)[0], np.zeros_like(logits)
    greedy[best[0]] = 1
    twice, once = logits.copy(), logits.copy()
    twice[best[0]] -= 2
    once[best[0]] -= 1
    settings = [("temperature 1: as the model has it", next_token_probs(logits)),
                ("temperature 0", greedy),
                ("temperature 0.5", next_token_probs(logits, temperature=.5)),
                ("temperature 2", next_token_probs(logits, temperature=2)),
                ("top_k 4", next_token_probs(logits, top_k=4)),
                ("top_p 0.5", next_token_probs(logits, top_p=.5)),
                (f"frequency_penalty 1, {first} written twice", next_token_probs(twice)),
                (f"presence_penalty 1, {first} written twice", next_token_probs(once))]
    figure, all_axes = plt.subplots(len(settings), 1, figsize=(5, 13), sharex=True)
    figure.subplots_adjust(.2, .02, .93, .935, hspace=.27)
    figure.text(.5, .97, 'The likeliest after "The old king looked"', ha="center", fontsize=12)
    for axes, (title, all_probs) in zip(all_axes, settings):
        probs = all_probs[best]
        axes.barh(range(n), probs, color=BLUE, height=.72)
        for i, p in enumerate(probs):
            axes.text(p + .015, i, f"{p:.2f}" if p > 1e-9 else "out", va="center_baseline",
                      fontsize=9.5, color=INK if p > 1e-9 else RED)
        axes.set_yticks(range(n), pieces(best), fontsize=10.5)
        axes.invert_yaxis()
        axes.set_xlim(0, 1.14)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.tick_params(length=0)
        axes.set_title(title, fontsize=12, loc="left", fontweight="bold")
        rest = f"all others: {max(1 - probs.sum(), 0):.2f}"
        axes.text(1.14, n - .7, rest, ha="right", fontsize=10, color=GREY)
    save(figure, "knobs")


def lens():
    """The likeliest next token at each position, were we to stop after 0, 1, ... blocks."""
    ids = ENCODER.encode(PROMPT)
    probs = np.array([softmax(layer_norm(x, **PARAMS["ln_f"]) @ PARAMS["wte"].T)
                      for x, _ in layers(ids)])  # [n_layer + 1, n_seq, n_vocab]
    best, sure = probs.argmax(axis=-1).T, probs.max(axis=-1).T
    figure, axes = plt.subplots(figsize=(5.2, 4.7))
    figure.subplots_adjust(.14, .06, .96, .84)
    axes.imshow(sure, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for i, row in enumerate(best):
        for j, label in enumerate(pieces(row)):
            axes.text(j, i, label if label.isprintable() and "�" not in label else "?", ha="center",
                      va="center", fontsize=10.5 if len(label) < 8 else 8.5,
                      color="white" if sure[i, j] > .55 else INK)
    n_layer = HPARAMS["n_layer"]
    axes.set_xticks(range(n_layer + 1), range(n_layer + 1))
    axes.set_yticks(range(len(ids)), pieces(ids))
    axes.xaxis.set_ticks_position("top")
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("the likeliest next token after ... blocks", labelpad=8)
    axes.set_xticks(np.arange(n_layer + 2) - .5, minor=True)
    axes.set_yticks(np.arange(len(ids) + 1) - .5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(length=0, which="both")
    for spine in axes.spines.values():
        spine.set_visible(False)
    save(figure, "lens")


def measure():
    """Time one more token with and without the cache: the best of some tries, in milliseconds."""
    shape = HPARAMS["n_layer"], N_HEAD, HPARAMS["n_ctx"], HPARAMS["n_embd"]
    ids = (ENCODER.encode("Once upon a time there was a little girl who lived in a house. ") * 40)
    lengths, times = [1, *range(32, HPARAMS["n_ctx"], 32), HPARAMS["n_ctx"]], {"with": [],
                                                                             "without": []}
    for n in lengths:
        cache = empty_kv_cache(*shape)
        if n > 1:
            gpt2(ids[:n - 1], **PARAMS, n_head=N_HEAD, kv_cache=cache)
        best = {"with": 1e9, "without": 1e9}
        for _ in range(15):
            cache["n_past"] = n - 1
            start = time.perf_counter()
            gpt2(ids[n - 1:n], **PARAMS, n_head=N_HEAD, kv_cache=cache)
            middle = time.perf_counter()
            gpt2(ids[:n], **PARAMS, n_head=N_HEAD)
            best["with"] = min(best["with"], middle - start)
            best["without"] = min(best["without"], time.perf_counter() - middle)
        for name in times:
            times[name].append(round(1000 * best[name], 2))
    result = {"machine": f"{os.cpu_count()} cores, {platform.machine()}, NumPy {np.__version__}",
              "lengths": lengths, **times}
    (FIGURES / "cache.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def cache():
    measured = json.loads((FIGURES / "cache.json").read_text(encoding="utf-8"))
    figure, axes = plt.subplots(figsize=(5, 4))
    figure.subplots_adjust(.13, .16, .93, .88)
    for name, colour in [("without", GREY), ("with", BLUE)]:
        y = measured[name]
        axes.plot(measured["lengths"], y, color=colour, linewidth=2.4)
        axes.text(measured["lengths"][-1], y[-1] + .045 * max(measured["without"]),
                  f"{name} the cache: {y[-1]:.1f}", ha="right", color=colour, fontsize=12)
    axes.set_ylim(0, 1.15 * max(measured["without"]))
    axes.text(0, .8 * max(measured["without"]), measured["machine"], color=GREY, fontsize=10)
    axes.set_xlabel("tokens in the text")
    axes.set_title("milliseconds for one more token", fontsize=12, loc="left")
    save(figure, "cache")


def dataflow():
    """The picture of the whole, drawn by hand: boxes, arrows, shapes at each step."""
    out = []
    font = 'font-family="DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"'

    def text(x, y, words, size=15, colour=INK, anchor="middle", weight="normal"):
        out.append(f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}" '
                   f'text-anchor="{anchor}" font-weight="{weight}">{escape(words)}</text>')

    def mono(x, y, words, colour=GREY):
        out.append(f'<text x="{x}" y="{y}" font-size="13.5" fill="{colour}" text-anchor="start" '
                   f'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace">'
                   f'{escape(words)}</text>')

    def box(y, height, label, colour, x=45, width=220, note=None):
        out.append(f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="8" '
                   f'fill="{colour}" fill-opacity="0.13" stroke="{colour}" stroke-width="1.6"/>')
        text(x + width / 2, y + height / 2 + (5 if note is None else -3), label, weight="bold")
        if note:
            text(x + width / 2, y + height / 2 + 15, note, 12.5)

    def line(*points, arrow=True, width=2, colour=INK):
        path = " ".join(f"{'ML'[n > 0]}{x} {y}" for n, (x, y) in enumerate(points))
        end = f' marker-end="url(#{"round" if colour == PURPLE else "head"})"' if arrow else ""
        out.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{end}/>')

    def plus(y):
        out.append(f'<circle cx="60" cy="{y}" r="11" fill="white" stroke="{INK}" '
                   'stroke-width="2"/>')
        line((54, y), (66, y), arrow=False)
        line((60, y - 6), (60, y + 6), arrow=False)

    shape_x = 290
    text(155, 42, f'"{PROMPT}"', 14.5)
    line((155, 52), (155, 72))
    box(74, 38, "encode", YELLOW)
    line((155, 112), (155, 140))
    ids = ENCODER.encode(PROMPT)
    mono(shape_x, 118, f"ids [{len(ids)}]")
    box(142, 52, "wte[ids] + wpe", GREEN, note="what it is + where it stands")
    mono(shape_x, 173, f"x [{len(ids)}, {HPARAMS['n_embd']}]")
    # the block
    out.append(f'<rect x="26" y="222" width="408" height="380" rx="12" fill="none" stroke="{GREY}" '
               'stroke-width="1.6" stroke-dasharray="6 4"/>')
    text(422, 246, f"a block, {HPARAMS['n_layer']} times", 13.5, GREY, "end", "bold")
    line((155, 194), (155, 208), (60, 208), (60, 395), width=4)
    plus(409)
    line((60, 420), (60, 571), width=4)
    plus(585)
    n, d, h = len(ids), HPARAMS["n_embd"], N_HEAD
    for y, name, notes in [
            (262, "attention", [f"q, k, v: {h} x [{n}, {d // h}]", f"weights: {h} x [{n}, {n}]"]),
            (438, "feed-forward", [f"widen: [{n}, {4 * d}]", f"back:  [{n}, {d}]"])]:
        colour = BLUE if name == "attention" else RED
        line((60, y + 12), (108, y + 12))
        box(y, 28, "layer_norm", GREY, 110, 130)
        line((175, y + 28), (175, y + 46))
        box(y + 48, 54, name, colour, 110, 130,
            "tokens meet" if name == "attention" else "each by itself")
        line((175, y + 102), (175, y + 147), (73, y + 147))
        mono(252, y + 72, notes[0])
        mono(252, y + 92, notes[1])
    text(190, 403, "added to x", 13, INK, "start")
    text(190, 579, "added to x", 13, INK, "start")
    line((60, 596), (60, 624), (155, 624), (155, 650), width=4)
    mono(shape_x, 636, f"x [{n}, {d}]")
    box(652, 38, "layer_norm", GREY)
    line((155, 690), (155, 708))
    box(710, 52, "x @ wte.T", GREEN, note="compare with every token")
    mono(shape_x, 730, "logits")
    mono(shape_x, 748, f"[{n}, {HPARAMS['n_vocab']}]")
    line((155, 762), (155, 780))
    box(782, 52, "choose", PURPLE, note="last row, softmax, knobs")
    line((155, 834), (155, 856))
    box(858, 38, "decode", YELLOW)
    line((155, 896), (155, 918))
    text(155, 938, "the next piece of text", 14.5)
    # round again
    line((265, 808), (446, 808), (446, 127), (160, 127), width=1.8, colour=PURPLE)
    text(282, 799, "the new id: round again", 12, PURPLE, "start")
    body = "\n".join(out)
    markers = "".join(
        f'<marker id="{name}" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="9" '
        f'markerHeight="9" orient="auto" markerUnits="userSpaceOnUse"><path d="M0 0L10 5L0 10z" '
        f'fill="{colour}"/></marker>' for name, colour in [("head", INK), ("round", PURPLE)])
    (FIGURES / "dataflow.svg").write_text(f"""<svg xmlns="http://www.w3.org/2000/svg" \
viewBox="0 0 460 964" width="460" height="964" {font}>
<title>The way of the data through GPT-2, with the shape at each step</title>
<defs>{markers}</defs>
<rect x="2" y="2" width="456" height="960" rx="14" fill="white" stroke="{PALE}"/>
{body}
</svg>
""", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    FIGURES.mkdir(exist_ok=True)
    if "--measure" in sys.argv[1:]:
        measure()
    for draw in [words, dataflow, heads, gelu_curve, knobs, lens, cache]:
        draw()
