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
SENTENCES = ["The old man went down to the river, and the boy followed him.",
             "Once upon a time there was a little girl who lived in a small house near the wood.",
             '"I am very hungry," said the wolf. "What have you got in your basket?"',
             "She put on her hat and went out into the garden to look for her brother.",
             "The king had three sons, and the youngest of them was the best.",
             "It was so dark that they could not see the road any more.",
             '"Oh, please tell me a story, mother!" cried the child.',
             "When the morning came, the birds began to sing in the trees."]
WORDS = ["king queen prince princess", "mother father sister brother",
         "red blue green white yellow", "two three four five six", "ran went came flew jumped"]
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
    figure, axes = plt.subplots(figsize=(5, 5.6))
    figure.subplots_adjust(.05, .05, .95, .95)
    colours = [BLUE, RED, GREEN, YELLOW, PURPLE]
    labels = [(word, colours[n]) for n, group in enumerate(groups) for word in group]
    spread(axes, points, labels)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    save(figure, "words")


def spread(axes, points, labels):
    """A dot at each point, and its label at the side that is freest."""
    low, high = points.min(axis=0), points.max(axis=0)
    points = (points - low) / (high - low)
    axes.set_xlim(-.16, 1.16)
    axes.set_ylim(-.1, 1.06)
    height, gap = .045, .024
    dots = [(x - .014, x + .014, y - .014, y + .014) for x, y in points]
    placed = []

    def overlap(a, b):
        return (max(0, min(a[1], b[1]) - max(a[0], b[0])) *
                max(0, min(a[3], b[3]) - max(a[2], b[2])))

    for n in np.argsort(-points[:, 1], kind="stable"):
        (x, y), (word, colour) = points[n], labels[n]
        width, best = .0285 * len(word) + .012, None
        for distance in [0, .03, .06, .09]:
            for side, up in [(1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1), (0, 1), (0, -1)]:
                left = x + side * gap - width * (side < 0) - width / 2 * (side == 0)
                middle = y + up * (distance + (.035 if side == 0 else .02))
                area = left, left + width, middle - height / 2, middle + height / 2
                cost = (sum(overlap(area, other) for other in placed) * 3 +
                        sum(overlap(area, dot) for m, dot in enumerate(dots) if m != n) +
                        (left < -.16) + (left + width > 1.16) + (area[2] < -.1) + distance * 1e-4)
                if best is None or cost < best[0] - 1e-9:
                    best = cost, area
        area = best[1]
        placed.append(area)
        nearest = np.clip(x, area[0], area[1]), np.clip(y, area[2], area[3])
        if np.hypot(nearest[0] - x, nearest[1] - y) > .035:
            axes.plot([x, nearest[0]], [y, nearest[1]], color=colour, linewidth=.7, alpha=.6)
        axes.plot([x], [y], "o", color=colour, markersize=6)
        axes.text((area[0] + area[1]) / 2, (area[2] + area[3]) / 2, word, color=colour, ha="center",
                  va="center_baseline", fontsize=12)


def head_weights(ids):
    """-> the attention weights of all heads, [n_layer, n_head, n_seq, n_seq]"""
    return np.array([weights for _, weights in layers(ids) if weights is not None])


def heads():
    """Weights of three heads on a sentence: picked by what they do."""
    ids = ENCODER.encode(SENTENCE)
    n, labels = len(ids), [ENCODER.decode([i]).strip() for i in ids]
    weights = head_weights(ids)
    recall = weights[:, :, n - 1, ids.index(ids[-1]) + 1]
    previous, even = np.zeros_like(recall), np.zeros_like(recall)
    for sentence in [*SENTENCES, SENTENCE]:  # what a head does on the whole
        some = head_weights(ENCODER.encode(sentence))
        places = np.arange(1, some.shape[-1])
        previous += some[:, :, places, places - 1].mean(axis=-1)
        even -= (some * np.log(some + 1e-9)).sum(axis=-1)[:, :, 1:].mean(axis=-1)
    even[np.unravel_index(np.argmax(previous), previous.shape)] = 0
    even[np.unravel_index(np.argmax(recall), recall.shape)] = 0
    chosen = [("often the token before", previous), ("what followed last time", recall),
              ("a bit of everything", even)]
    figure, all_axes = plt.subplots(3, 1, figsize=(5, 12.6))
    figure.subplots_adjust(.25, .093, .95, .966, hspace=.53)
    for axes, (what, measure) in zip(all_axes, chosen):
        layer, head = np.unravel_index(np.argmax(measure), measure.shape)
        axes.imshow(weights[layer, head], cmap="Blues", vmin=0, vmax=1, aspect="auto")
        steps = np.repeat(np.arange(n + 1) - .5, 2)  # what the mask hides, right of the diagonal
        axes.fill([*steps[1:-1], n - .5], [*steps[:-2], -.5], facecolor="#eef0f2",
                  edgecolor="#b8c0ca", hatch="////", linewidth=0)
        for i in range(n):
            for j in range(i + 1):
                if weights[layer, head, i, j] >= .095:
                    axes.text(j, i, f"{weights[layer, head, i, j]:.1f}".lstrip("0"),
                              ha="center", va="center_baseline", fontsize=10.5,
                              color=ink_on(weights[layer, head, i, j]))
        axes.set_xticks(range(n), labels, rotation=90)
        axes.set_yticks(range(n), labels)
        axes.set_xlabel("... at whom", loc="left", fontweight="bold")
        axes.set_ylabel("who looks ...", loc="top", fontweight="bold")
        axes.set_xticks(np.arange(n + 1) - .5, minor=True)
        axes.set_yticks(np.arange(n + 1) - .5, minor=True)
        axes.grid(which="minor", color=PALE, linewidth=.7)
        axes.tick_params(length=0, which="both")
        axes.set_title(f"Block {layer + 1}, head {head + 1}: {what}", fontsize=12, x=-.28,
                       ha="left", fontweight="bold")
    save(figure, "attention")


def gelu_curve():
    x = np.linspace(-4, 4, 161)
    figure, axes = plt.subplots(figsize=(5, 3.6))
    figure.subplots_adjust(.15, .17, .94, .94)
    axes.axhline(0, color=PALE, zorder=0)
    axes.plot(x, np.maximum(x, 0), color=GREY, linestyle=(0, (4, 2)), label="max(x, 0)")
    axes.plot(x, gelu(x), color=BLUE, linewidth=2.4, label="gelu(x)")
    axes.set_xlabel("x goes in")
    axes.set_ylabel("this comes out")
    axes.legend(frameon=False, loc="upper left")
    axes.set_ylim(-.6, 4.1)
    save(figure, "gelu")


def knobs():
    """The likeliest tokens under each knob; what is struck out is marked so."""
    n = 6
    logits = gpt2(ENCODER.encode("The old king looked"), **PARAMS, n_head=N_HEAD)[-1]
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
    figure.text(.05, .962, 'The likeliest after "The old king looked"', fontsize=12,
                fontweight="bold")
    figure.text(.05, .937, "Outline: temperature 1", fontsize=10.5)
    figure.text(.05, .022, f"* after {pieces(best)[0]} was written twice", fontsize=10.5)
    for axes, (title, all_probs) in zip(all_axes.flat, settings):
        probs = all_probs[best]
        axes.barh(range(n), probs, color=BLUE, height=.72)
        axes.barh(range(n), plain[best], facecolor="none", edgecolor="#9aa5b1", height=.72,
                  linewidth=.9)
        for i, p in enumerate(probs):
            axes.text(max(p, plain[best[i]]) + .03, i, f"{p:.2f}" if p > 1e-9 else "out",
                      va="center_baseline", fontsize=10, color=INK if p > 1e-9 else RED)
        axes.set_yticks(range(n), pieces(best), fontsize=10)
        axes.invert_yaxis()
        axes.set_xlim(0, 1.3)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.tick_params(length=0)
        axes.set_title(title, fontsize=11, x=-.38, ha="left", fontweight="bold")
        axes.text(1.3, n - .4, f"all others: {max(1 - probs.sum(), 0):.2f}", ha="right",
                  fontsize=10, color="#52606d")
    save(figure, "knobs")


def lens():
    """The likeliest next token at each position, were we to stop after 0, 1, ... blocks."""
    ids = ENCODER.encode(PROMPT)
    probs = np.array([softmax(layer_norm(x, **PARAMS["ln_f"]) @ PARAMS["wte"].T)
                      for x, _ in layers(ids)])  # [n_layer + 1, n_seq, n_vocab]
    best, sure = probs.argmax(axis=-1).T, probs.max(axis=-1).T
    figure, axes = plt.subplots(figsize=(5.6, 4.9))
    figure.subplots_adjust(.14, .06, .97, .83)
    axes.imshow(sure, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for i, row in enumerate(best):
        for j, label in enumerate(pieces(row)):
            axes.text(j, i, label, ha="center", va="center_baseline", color=ink_on(sure[i, j]),
                      fontsize=min(10.5, 88 / len(label)))
    n_layer = HPARAMS["n_layer"]
    axes.set_xticks(range(n_layer + 1), range(n_layer + 1))
    axes.set_yticks(range(len(ids)), pieces(ids))
    axes.xaxis.set_ticks_position("top")
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("the likeliest next token after ... blocks", labelpad=8, fontweight="bold")
    axes.text(-.01, 1.035, "token\nread", transform=axes.transAxes, fontweight="bold", ha="right")
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
    figure, axes = plt.subplots(figsize=(5, 4.3))
    figure.subplots_adjust(.11, .21, .94, .9)
    for name, colour in [("without", RED), ("with", BLUE)]:
        y = measured[name]
        axes.plot(measured["lengths"], y, color=colour, linewidth=2.4)
        axes.text(measured["lengths"][-1], y[-1] + .045 * max(measured["without"]),
                  f"{name} the cache: {y[-1]:.1f} ms", ha="right", color=colour, fontsize=12)
    axes.set_ylim(0, 1.15 * max(measured["without"]))
    figure.text(.05, .045, f"Measured on {measured['machine']}", fontsize=10.5)
    axes.set_xlabel("tokens in the text")
    axes.set_title("Milliseconds (ms) for one more token", fontsize=12, x=-.07, ha="left",
                   fontweight="bold")
    save(figure, "cache")


def dataflow():
    """The picture of the whole, drawn by hand: boxes, arrows, shapes at each step."""
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
    box(142, 52, "wte[ids] + wpe", GREEN, note="what it is + where it stands")
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
    text(440, 915, "shapes: those of 3M,", 12.5, anchor="end")
    text(440, 933, f"for a text of {n} tokens", 12.5, anchor="end")
    # round again
    line((265, 808), (446, 808), (446, 127), (160, 127), width=1.8, colour=PURPLE)
    text(278, 799, "the new id: round again", 12.5, PURPLE, "start")
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
