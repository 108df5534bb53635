"""Draw the figures of docs/guide.md from the bundled model. For developers.

    pip install -r requirements.txt -r docs/requirements.txt
    python docs/figures.py              all figures; a second run writes the same bytes
    python docs/figures.py --measure    measures the times in cache.svg again before that

docs/figures/cache.json holds the measured times. dataflow.svg, the map, was drawn by hand: edit it
with Inkscape or as text. Every figure has a white panel, so that it is legible on light and dark
pages, and is narrow enough for a phone.
"""
import json
import os
import platform
import re
import sys
import time
from pathlib import Path

import matplotlib
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "docs" / "figures"
sys.path.insert(0, str(ROOT))

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.patches import FancyBboxPatch  # noqa: E402

from gpt2 import (attention, gelu, gpt2, layer_norm, linear, next_token_probs,  # noqa: E402
                  softmax, transformer_block)
from utils import load_encoder_hparams_and_params  # noqa: E402

ENCODER, HPARAMS, PARAMS = load_encoder_hparams_and_params("3M", ROOT / "models")
N_HEAD = HPARAMS["n_head"]
HEADS = [(1, 1, "spread out"), (5, 3, "colour"), (6, 1, "thing")]  # block, head, label
HEADS_PROMPT = 'Lily had a red kite. "Where is my'
KNOBS_PROMPT = "Anna"
WORDS = "red blue green king queen baker fox owl mouse ball kite drum".split()
INK, GREY, PALE = "#1f2933", "#7b8794", "#e4e7eb"
BLUE, RED, GREEN, YELLOW, PURPLE = "#2563a8", "#c0392b", "#2e7d4f", "#b7791f", "#7d4fa8"
FONTS = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"
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
    slim = path.read_text(encoding="utf-8").replace("DejaVuSans-", "D-")  # the ids of letters
    slim = re.sub(r"<!--.*?-->", "", slim, flags=re.DOTALL)
    slim = re.sub(r"scale\([^)]*\)|(\.\d\d)\d+", lambda match: match[1] or match[0], slim)
    path.write_text(re.sub(r"\s*\n\s*", "\n", slim), encoding="utf-8", newline="\n")


def pieces(ids):
    """Tokens as labels, as the guide prints them; "(part)" for a part of a character."""
    tokens = [ENCODER.decode([i]) for i in ids]
    return ["(part)" if "\N{REPLACEMENT CHARACTER}" in token else repr(token) for token in tokens]


def ink_on(weight):
    """A colour for text on a cell of the colour map Blues, so that it can be read."""
    return "white" if weight > .68 else INK


def layers(ids):
    """Yield x before the first block and after each one, with the weights of the block's heads."""
    x = PARAMS["wte"][ids] + PARAMS["wpe"][:len(ids)]
    yield x, None
    for block in PARAMS["blocks"]:
        qkv = linear(layer_norm(x, **block["ln_1"]), **block["attn"]["c_attn"])
        q, k, _ = qkv.reshape(len(ids), 3, N_HEAD, -1).transpose(1, 2, 0, 3)
        x = transformer_block(x, **block, n_head=N_HEAD)
        yield x, attention(q, k, np.eye(len(ids)))


def label_grid(axes, rows, columns):
    """Name the rows and columns of a heat map by their tokens; draw a thin line between cells."""
    axes.set_xticks(range(len(columns)), columns, rotation=90)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xticks(np.arange(len(columns) + 1) - .5, minor=True)
    axes.set_yticks(np.arange(len(rows) + 1) - .5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(length=0, which="both")
    for spine in axes.spines.values():
        spine.set_visible(False)


def words():
    """The cosine similarity of every pair among some words."""
    rows = PARAMS["wte"][[i for word in WORDS for i in ENCODER.encode(" " + word)]]
    assert len(rows) == len(WORDS), "each word must be one token"
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = rows @ rows.T
    figure, axes = plt.subplots(figsize=(5, 4.9))
    figure.subplots_adjust(.17, .16, .96, .96)
    axes.imshow(cosines, cmap="Blues", vmin=0, vmax=1)
    for i, j in np.ndindex(cosines.shape):
        axes.text(j, i, f"{cosines[i, j]:.1f}".replace("0.", ".").replace("-.0", ".0"),
                  ha="center", va="center_baseline", fontsize=9.5, color=ink_on(cosines[i, j]))
    label_grid(axes, WORDS, WORDS)
    save(figure, "words")


def heads():
    """What the last token attends to, in three heads."""
    ids = ENCODER.encode(HEADS_PROMPT)
    weights = [weights for _, weights in layers(ids) if weights is not None]
    last = np.array([weights[layer - 1][head - 1][-1] for layer, head, _ in HEADS]).T
    height = .9 + .27 * len(ids)
    figure, axes = plt.subplots(figsize=(5, height))
    figure.subplots_adjust(.24, .03, .96, 1 - .65 / height)
    axes.imshow(last, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for i, j in np.ndindex(last.shape):
        if last[i, j] >= .045:
            axes.text(j, i, f"{last[i, j]:.2f}".lstrip("0"), ha="center", va="center_baseline",
                      fontsize=10, color=ink_on(last[i, j]))
    label_grid(axes, pieces(ids), [f"block {layer}, head {head}:\n{what}"
                                   for layer, head, what in HEADS])
    axes.xaxis.set_ticks_position("top")
    axes.tick_params(axis="x", rotation=0, labelsize=10)
    save(figure, "attention")


def gelu_curve():
    x = np.linspace(-4, 4, 161)
    figure, axes = plt.subplots(figsize=(5, 3.6))
    figure.subplots_adjust(.15, .17, .94, .94)
    axes.axhline(0, color=PALE, zorder=0)
    axes.plot(x, np.maximum(x, 0), color=GREY, linestyle=(0, (4, 2)), label="max(x, 0)")
    axes.plot(x, gelu(x), color=BLUE, linewidth=2.4, label="gelu(x)")
    axes.set_xlabel("input x")
    axes.set_ylabel("output")
    axes.legend(frameon=False, loc="upper left")
    axes.set_ylim(-.6, 4.1)
    save(figure, "gelu")


def knobs():
    """The most likely tokens under each setting; a token that a filter removes is marked."""
    n = 5
    logits = gpt2(ENCODER.encode(KNOBS_PROMPT), **PARAMS, n_head=N_HEAD)[-1]
    best = np.argsort(-logits)[:n]
    plain, greedy = next_token_probs(logits), np.zeros_like(logits)
    greedy[best[0]] = 1
    twice, once = logits.copy(), logits.copy()
    twice[best[0]] -= 2
    once[best[0]] -= 1
    settings = [("temperature 1", plain),
                ("temperature 0", greedy),
                ("temperature 0.5", next_token_probs(logits, temperature=.5)),
                ("temperature 2", next_token_probs(logits, temperature=2)),
                ("top_k 3", next_token_probs(logits, top_k=3)),
                ("top_p 0.6", next_token_probs(logits, top_p=.6)),
                ("frequency_penalty 1 *", next_token_probs(twice)),
                ("presence_penalty 1 *", next_token_probs(once))]
    figure, all_axes = plt.subplots(4, 2, figsize=(5, 8.6), sharex=True)
    figure.subplots_adjust(.16, .055, .97, .885, hspace=.36, wspace=.5)
    figure.text(.05, .962, f'Most likely tokens after "{KNOBS_PROMPT}"', fontsize=11.5,
                fontweight="bold")
    figure.text(.05, .937, "Outline: temperature 1", fontsize=10.5)
    figure.text(.05, .022, f"* after {pieces(best)[0]} was generated twice", fontsize=10.5)
    for axes, (title, all_probs) in zip(all_axes.flat, settings):
        probs = all_probs[best]
        axes.barh(range(n), probs, color=BLUE, height=.72)
        axes.barh(range(n), plain[best], facecolor="none", edgecolor="#9aa5b1", height=.72,
                  linewidth=.9)
        for i, p in enumerate(probs):
            axes.text(max(p, plain[best[i]]) + .03, i, f"{p:.2f}" if p > 1e-9 else "removed",
                      va="center_baseline", fontsize=10, color=INK if p > 1e-9 else RED)
        axes.set_yticks(range(n), pieces(best), fontsize=10)
        axes.invert_yaxis()
        axes.set_xlim(0, 1.3)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.tick_params(length=0)
        axes.set_title(title, fontsize=11, x=-.38, ha="left", fontweight="bold")
        axes.text(1.3, n - .1, f"all others: {max(1 - probs.sum(), 0):.2f}", ha="right",
                  fontsize=10, color="#52606d")
    save(figure, "knobs")


def lens():
    """The most likely next token at each position, if the model stopped after 0, 1, ... blocks."""
    ids = ENCODER.encode(HEADS_PROMPT)
    probs = np.array([softmax(layer_norm(x, **PARAMS["ln_f"]) @ PARAMS["wte"].T)
                      for x, _ in layers(ids)])  # [n_layer + 1, n_seq, n_vocab]
    best, sure = probs.argmax(axis=-1).T, probs.max(axis=-1).T
    figure, axes = plt.subplots(figsize=(5.6, 6.6))
    figure.subplots_adjust(.17, .03, .97, .88)
    axes.imshow(sure, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for i, row in enumerate(best):
        for j, label in enumerate(pieces(row)):
            axes.text(j, i, label, ha="center", va="center_baseline", color=ink_on(sure[i, j]),
                      fontsize=min(10.5, 88 / len(label)))
    n_layer = HPARAMS["n_layer"]
    label_grid(axes, pieces(ids), range(n_layer + 1))
    axes.tick_params(axis="x", rotation=0)
    axes.xaxis.set_ticks_position("top")
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("most likely next token after block ...", labelpad=8, fontweight="bold")
    axes.text(-.01, 1.02, "input\ntoken", transform=axes.transAxes, fontweight="bold", ha="right")
    save(figure, "lens")


def measure():
    """Time one more token with and without the cache: the best of several runs, in ms."""
    n_ctx, n_layer, d = HPARAMS["n_ctx"], HPARAMS["n_layer"], HPARAMS["n_embd"] // N_HEAD
    ids = [0] * n_ctx
    lengths = [1, *range(32, n_ctx, 32), n_ctx]
    times = {"with": [], "without": []}
    room = np.empty([n_layer, 2, N_HEAD, n_ctx, d], np.float32)
    gpt2(ids, **PARAMS, n_head=N_HEAD, cache=room)  # fills it
    for n in lengths:
        calls = {"with": lambda n=n: gpt2(ids[n - 1:n], **PARAMS, n_head=N_HEAD, n_past=n - 1,
                                          cache=room),
                 "without": lambda n=n: gpt2(ids[:n], **PARAMS, n_head=N_HEAD)}
        for name, call in calls.items():
            best = 1e9
            for _ in range(15):
                start = time.perf_counter()
                call()
                best = min(best, time.perf_counter() - start)
            times[name].append(round(1000 * best, 2))
    result = {"machine": f"{os.cpu_count()} cores, {platform.machine()}, NumPy {np.__version__}",
              "lengths": lengths, **times}
    (FIGURES / "cache.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def cache():
    measured = json.loads((FIGURES / "cache.json").read_text(encoding="utf-8"))
    figure, axes = plt.subplots(figsize=(5, 4.3))
    figure.subplots_adjust(.11, .21, .94, .9)
    for name, colour in [("without", RED), ("with", BLUE)]:
        y = measured[name]
        axes.plot(measured["lengths"], y, color=colour, linewidth=2.4)
        axes.text(measured["lengths"][-1], y[-1] + .045 * max(measured["without"]),
                  f"{name} the cache: {y[-1]:.1f} ms", ha="right", color=colour, fontsize=12)
    axes.set_ylim(0, 1.15 * max(measured["without"]))
    figure.text(.05, .045, f"Measured on {measured['machine']}", fontsize=10.5)
    axes.set_xlabel("tokens before it")
    axes.set_title("Time to generate one token (ms)", fontsize=12, x=-.07, ha="left",
                   fontweight="bold")
    save(figure, "cache")


def maps():
    """The map of the guide as a strip of boxes, once for each chapter, with that chapter's lit."""
    boxes = {"encode": YELLOW, "embed": GREEN, "blocks": BLUE, "logits": GREEN, "choose": PURPLE,
             "decode": YELLOW}
    lit_in = {"encode": ["encode", "decode"], "embeddings": ["embed"], "blocks": ["blocks"],
              "logits": ["logits"], "choose": ["choose"], "loop": []}
    for name, lit in lit_in.items():
        out = []
        for n, (box, colour) in enumerate(boxes.items()):
            x, opacity, weight = 8 + 75 * n, 0.13, "normal"
            if box in lit:
                opacity, weight = 0.45, "bold"
            out.append(f'<rect x="{x}" y="34" width="62" height="30" rx="7" fill="{colour}" '
                       f'fill-opacity="{opacity}" stroke="{colour}" stroke-width="1.4"/>')
            out.append(f'<text x="{x + 31}" y="53.5" font-size="13" fill="{INK}" '
                       f'text-anchor="middle" font-weight="{weight}">{box}</text>')
            if n:
                out.append(f'<path d="M{x - 12} 49h9" stroke="{INK}" stroke-width="1.6" '
                           'marker-end="url(#head)"/>')
        width, colour = (3.4, PURPLE) if name == "loop" else (1.4, GREY)
        out.append(f'<path d="M339 34V16H75.5V42" fill="none" stroke="{colour}" '
                   f'stroke-width="{width}"/><path d="M71 39l4.5 7l4.5 -7z" fill="{colour}"/>')
        title = "the loop" if name == "loop" else name
        (FIGURES / f"map-{name}.svg").write_text(f"""<svg xmlns="http://www.w3.org/2000/svg" \
viewBox="0 0 453 78" width="453" height="78" font-family="{FONTS}">
<title>The map of the guide: {title}</title>
<defs><marker id="head" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="5" markerHeight="5">\
<path d="M0 0L8 4L0 8z" fill="{INK}"/></marker></defs>
<rect x="1" y="1" width="451" height="76" rx="12" fill="white" stroke="{PALE}"/>
""" + "\n".join(out) + "\n</svg>\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    if "--measure" in sys.argv[1:]:
        measure()
    for draw in [maps, words, heads, gelu_curve, knobs, lens, cache]:
        draw()
