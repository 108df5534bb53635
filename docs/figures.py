"""Draw the figures of docs/guide.md from the bundled model. For developers.

    pip install -r requirements.txt -r docs/requirements.txt
    python docs/figures.py              all figures; a second run writes the same bytes
    python docs/figures.py --measure    measures the times in cache.svg again before that

docs/figures/cache.json holds the measured times. Every figure has a white panel, so that it is
legible on light and dark pages, and is narrow enough for a phone.
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

from gpt2 import (attention, gelu, gpt2, layer_norm, linear, next_token_probs,  # noqa: E402
                  softmax, transformer_block)
from utils import load_encoder_hparams_and_params  # noqa: E402

ENCODER, HPARAMS, PARAMS = load_encoder_hparams_and_params("3M", ROOT / "models")
N_HEAD = HPARAMS["n_head"]
PROMPT = "Once upon a time"
HEADS = [(1, 1, "spread out"), (3, 6, "thing, colour"), (6, 3, "thing")]  # block, head, label
HEADS_PROMPT = 'Anna had a blue drum. One day she met a fox. "Have you seen my'
KNOBS_PROMPT = "The queen had lost her"
WORDS = "red blue green king queen baker fox owl mouse ball kite drum".split()
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
    """Tokens beside the cells of a heat map, and a thin line between the cells."""
    axes.set_xticks(range(len(columns)), columns, rotation=90)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xticks(np.arange(len(columns) + 1) - .5, minor=True)
    axes.set_yticks(np.arange(len(rows) + 1) - .5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(length=0, which="both")
    for spine in axes.spines.values():
        spine.set_visible(False)


def words():
    """The cosine similarity of the embeddings of some words, each with each."""
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
                ("top_p 0.5", next_token_probs(logits, top_p=.5)),
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
    axes.set_xlabel("most likely next token after ... blocks", labelpad=8, fontweight="bold")
    axes.text(-.01, 1.02, "input\ntoken", transform=axes.transAxes, fontweight="bold", ha="right")
    save(figure, "lens")


def measure():
    """Time one more token with and without the cache: the best of several tries, in ms."""
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


def dataflow():
    """The whole program, drawn by hand: boxes, arrows, and the shape at each step."""
    out = []
    font = 'font-family="DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"'

    def text(x, y, words, size=15, colour=INK, anchor="middle", weight="normal", turn=False):
        turned = ' transform="rotate(-90)"' if turn else ""
        out.append(f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}" '
                   f'text-anchor="{anchor}" font-weight="{weight}"{turned}>{escape(words)}</text>')

    def mono(x, y, words, colour=INK):
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
    mono(shape_x, 98, f"ids [{len(ids)}]")
    box(142, 52, "wte[ids] + wpe", GREEN, note="which token + which position")
    mono(shape_x, 173, f"x [{len(ids)}, {HPARAMS['n_embd']}]")
    # the block
    out.append(f'<rect x="26" y="222" width="408" height="380" rx="12" fill="none" stroke="{GREY}" '
               'stroke-width="1.6" stroke-dasharray="6 4"/>')
    text(422, 246, f"a block, {HPARAMS['n_layer']} times", 13.5, INK, "end", "bold")
    text(-318, 48, "x: the residual stream", 12.5, turn=True)
    line((155, 194), (155, 208), (60, 208), (60, 395), width=4)
    plus(409)
    line((60, 420), (60, 571), width=4)
    plus(585)
    n, d, h = len(ids), HPARAMS["n_embd"], N_HEAD
    for y, name, notes in [
            (262, "attention", [f"q, k, v: {h} x [{n}, {d // h}]", f"weights: {h} x [{n}, {n}]"]),
            (438, "feed-forward", [f"hidden: [{n}, {4 * d}]", f"output: [{n}, {d}]"])]:
        colour = BLUE if name == "attention" else RED
        line((60, y + 12), (108, y + 12))
        box(y, 28, "layer_norm", GREY, 110, 130)
        line((175, y + 28), (175, y + 46))
        box(y + 48, 54, name, colour, 110, 130,
            "across tokens" if name == "attention" else "each by itself")
        line((175, y + 102), (175, y + 147), (73, y + 147))
        mono(252, y + 72, notes[0])
        mono(252, y + 92, notes[1])
    text(190, 403, "added to x", 13, INK, "start")
    text(190, 579, "added to x", 13, INK, "start")
    line((60, 596), (60, 624), (155, 624), (155, 650), width=4)
    mono(shape_x, 636, f"x [{n}, {d}]")
    box(652, 38, "layer_norm", GREY)
    line((155, 690), (155, 708))
    box(710, 52, "x @ wte.T", GREEN, note="a score for every token")
    mono(shape_x, 730, "logits")
    mono(shape_x, 748, f"[{n}, {HPARAMS['n_vocab']}]")
    line((155, 762), (155, 780))
    box(782, 52, "choose", PURPLE, note="last row, softmax, sampling")
    line((155, 834), (155, 856))
    box(858, 38, "decode", YELLOW)
    line((155, 896), (155, 918))
    text(155, 938, "the next piece of text", 14.5)
    text(440, 915, "shapes: those of 3M,", 12.5, anchor="end")
    text(440, 933, f"for a text of {n} tokens", 12.5, anchor="end")
    # round again
    line((265, 808), (446, 808), (446, 127), (160, 127), width=1.8, colour=PURPLE)
    text(278, 799, "the new id, appended", 12.5, PURPLE, "start")
    body = "\n".join(out)
    markers = "".join(
        f'<marker id="{name}" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="9" '
        f'markerHeight="9" orient="auto" markerUnits="userSpaceOnUse"><path d="M0 0L10 5L0 10z" '
        f'fill="{colour}"/></marker>' for name, colour in [("head", INK), ("round", PURPLE)])
    (FIGURES / "dataflow.svg").write_text(f"""<svg xmlns="http://www.w3.org/2000/svg" \
viewBox="0 0 460 964" width="460" height="964" {font}>
<title>The path of the data through GPT-2, with the shape at each step</title>
<defs>{markers}</defs>
<rect x="2" y="2" width="456" height="960" rx="14" fill="white" stroke="{PALE}"/>
{body}
</svg>
""", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    if "--measure" in sys.argv[1:]:
        measure()
    for draw in [words, dataflow, heads, gelu_curve, knobs, lens, cache]:
        draw()
