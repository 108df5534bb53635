"""Write trace.html: the source of gpt2.py and, beside each line, what it computed in a real run.

    python docs/trace.py "Once upon a time there was a boy named" 4 --model_size 3M

It takes the arguments of gpt2.py, prints the same text, and writes one file, which a browser (of
2025 or later) opens without a network. gpt2.py runs as it is, while sys.settrace reports each line.
A *stop* is a statement that has just run, with what it made: the variables that it assigned, or
what it returned; the stop at a def has the arguments. Nothing here depends on a line or a variable
of gpt2.py, only on some names of functions, and on OpenAI's names in params and hparams.json."""
import ast
import base64
import functools
import gzip
import inspect
import json
import os
import re
import sys
from pathlib import Path
from unittest import mock

import numpy as np

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))
import gpt2  # noqa: E402
import utils  # noqa: E402

SOURCE = Path(gpt2.__file__).read_text(encoding="utf-8").strip()
STATEMENTS = {line: node for node in ast.walk(ast.parse(SOURCE))  # the innermost one in each line
              if isinstance(node, ast.stmt) for line in range(node.lineno, node.end_lineno + 1)}
N_BARS, N_LENS = 12, 3  # how many tokens are shown for a row of logits, and in the logit lens


def targets(node):
    """What a statement assigns, as source: ["q", "k"], ["cache[:, n]"]; the arguments of a def"""
    if isinstance(node, ast.FunctionDef):
        return [argument.arg for argument in node.args.args + node.args.kwonlyargs]
    if isinstance(node, (ast.Tuple, ast.List)):
        return [name for part in node.elts for name in targets(part)]
    if not isinstance(node, ast.stmt):
        return [ast.unparse(node)]
    found = getattr(node, "targets", [getattr(node, "target", None)])
    return [name for target in found if target for name in targets(target)]


def paths(tree, path="params"):
    """Yield (id, path) of everything in params: "params['blocks'][0]['attn']" is one path."""
    yield id(tree), path
    nodes = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for name, node in nodes if isinstance(tree, (dict, list)) else ():
        yield from paths(node, f"{path}[{name!r}]")


class Recorder:
    """sys.settrace(Recorder(...)) collects the stops, each when its statement is done."""

    def __init__(self, encoder, hparams, params, ids):
        self.encoder, self.hparams, self.params, self.ids = encoder, hparams, params, list(ids)
        self.weights, self.labels, self.waiting = dict(paths(params)), {}, []
        self.stops, self.passes = [], [0]  # a pass is a call of gpt2: the tokens seen after it
        self.n_done = self.n_blocks = 0  # passes that are complete; blocks begun in this one
        self.numbers, self.known = bytearray(), {}  # of all arrays; where an array is in it
        self.stack = [None]  # the frames that are running, and for each its statement and stop:
        self.running = {None: (None, {"block": None})}

    def __call__(self, frame, event, arg):
        function = frame.f_code.co_name
        if frame.f_code.co_filename != gpt2.__file__ or function.startswith("<"):
            return None
        if event == "call":  # of a function, or of a generator that goes on after a yield
            is_new = frame not in self.running
            if function == "generate":
                self.n_done += not is_new
            elif function == "gpt2":
                self.n_done = max(self.n_done, len(self.passes) - 1)  # a long prompt takes several
                n_seq = len(frame.f_locals[frame.f_code.co_varnames[0]])
                self.passes.append(self.passes[-1] + n_seq)
                self.n_blocks = 0
            elif function == "transformer_block":
                self.running[self.stack[-1]][1]["block"] = self.n_blocks
                self.n_blocks += 1
            self.stack.append(frame)
            self.begin(frame)
            if is_new:
                self.finish(frame)
        elif event == "line" and STATEMENTS[frame.f_lineno] is not self.running[frame][0]:
            if "pass" not in self.running[frame][1]:  # a stop at a def is complete
                self.finish(frame)
            self.begin(frame)
        elif event == "return":  # or a yield
            self.finish(frame, [arg])
            self.stack.pop()
        return self

    def begin(self, frame):
        node = STATEMENTS[frame.f_lineno]
        path = [self.weights[id(x)] for x in frame.f_locals.values() if id(x) in self.weights]
        names = re.findall(r"'(\w+)'", path[0]) if path else []  # part: whose weights these are
        self.running[frame] = node, {
            "line": node.lineno, "depth": len(self.stack), "function": frame.f_code.co_name,
            "block": self.running[self.stack[-2]][1]["block"],
            "part": [name for name in names[-2:-1] if name != "blocks"]}

    def finish(self, frame, returned=()):
        (node, stop), function = self.running[frame], frame.f_code.co_name
        if isinstance(node, ast.Return):
            made = {"returns": returned[0]}
        elif isinstance(getattr(node, "value", None), (ast.Yield, ast.YieldFrom)):
            if not returned:
                return  # a generator went on, and this line had nothing more to do
            made = {} if returned == [None] else {"yields": returned[0]}
        else:
            made = {name: eval(name, frame.f_globals, frame.f_locals) for name in targets(node)}
        stop["values"] = [self.value(name, made[name], function) for name in made]
        stop["pass"] = self.n_done
        self.stops.append(stop)
        if function == "generate" and "yields" in made:
            self.ids.append(made["yields"])
            self.add_bars()

    def value(self, name, value, function):
        """What the page keeps of a value: its numbers, or bars, or tokens, or some text"""
        kept, (n_vocab, n_embd) = {"name": name}, self.params["wte"].shape
        if isinstance(value, np.ndarray):
            kept["shape"] = value.shape
        if id(value) in self.weights:
            kept["weights"] = self.weights[id(value)]
        elif isinstance(value, np.ndarray) and value.size == n_vocab:
            self.waiting.append((kept, value.ravel().copy(), function))
        elif isinstance(value, np.ndarray):
            if value.size < 2 * n_embd * self.hparams["n_ctx"]:  # not a whole cache
                kept.update(self.keep(value))
            if function in ("gpt2", "transformer_block") and value.shape[1:] == (n_embd,):
                kept["lens"] = self.lens(value)  # it is the residual stream
        elif isinstance(value, list) and value == self.ids[len(self.ids) - len(value):]:
            kept["ids"] = [self.token(i) for i in value]
        elif type(value) is int and name in ("returns", "yields"):
            kept["ids"] = [self.token(value)]
        else:
            is_simple = isinstance(value, (str, int, float, np.generic, type(None)))
            kept["text"] = str(value if is_simple else type(value).__name__)[:400]
        return kept

    def keep(self, array):
        """Keep an array once, in float16, or as text if a number is too large, as masked scores"""
        if not np.abs(array).max() < np.finfo(np.float16).max:
            return {"numbers": [float(f"{x:.5g}") for x in array.flat]}
        data = array.astype("<f2").tobytes()
        start = self.known.setdefault(data, len(self.numbers) // 2)
        self.numbers += data if start == len(self.numbers) // 2 else b""
        return {"start": start}

    def lens(self, x):  # [n_seq, n_embd] -> for each row, the next token if this were the last x
        probs = gpt2.softmax(gpt2.layer_norm(x, **self.params["ln_f"]) @ self.params["wte"].T)
        return [[(self.token(i), float(f"{row[i]:.3g}")) for i in np.argsort(-row)[:N_LENS]]
                for row in probs]

    def add_bars(self):
        """Of logits and the like, keep the likely tokens: id, value, probability, is it left"""
        order = np.argsort(-self.waiting[0][1], kind="stable")
        ids = dict.fromkeys([*order[:N_BARS], self.ids[-1]])
        for kept, x, function in self.waiting:
            if (np.diff(x) <= 0).all():  # sorted: put it back into the order of ids
                x = x[np.argsort(order)]
            order = np.argsort(-x, kind="stable")
            is_score = (x % 1).any() and (x.min() < 0 or x.max() > 1)
            is_count = not (x % 1).any() and function not in ("softmax", "next_token_probs")
            shares = gpt2.softmax(x.astype(float)) if is_score else x / max(x.sum(), 1e-9)
            left = x > (-1e9 if is_score or is_count else 0)  # what is removed is set to -1e10
            kept.update(isScore=bool(is_score), left=int(left.sum()), bars=[
                (self.token(i), float(f"{x[i]:.5g}"), float(f"{shares[i]:.4g}"), bool(left[i]))
                for i in ids])
        self.waiting = []

    def token(self, i):
        """An id, for which the page gets a label: · for a space, ↵ for a new line, else \\x07"""
        text = self.encoder.token_bytes(int(i)).decode("utf-8", "backslashreplace")
        text = text.replace(" ", "·").replace("\n", "↵")
        self.labels[int(i)] = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
        return int(i)


def write(path, options):
    """Run gpt2.main with these options and write the page -> the text, in pieces"""
    model = encoder, hparams, _ = utils.load_encoder_hparams_and_params(
        options["model_size"], options["models_dir"])
    n_new = options["n_tokens_to_generate"]
    ids = utils.encode_prompt(options["prompt"], encoder, n_new, hparams["n_ctx"])
    n = len(ids) + n_new  # a token leaves about 26 rows in each block, and its scores
    size = 8 / 3 * hparams["n_layer"] * n * (26 * hparams["n_embd"] + 5 * hparams["n_head"] * n)
    if n_new == 0 or size > 16e6:
        raise utils.UsageError(
            f"{len(ids)} tokens of prompt and {n_new} new ones make a page of {size / 1e6:.0f} MB\n"
            "Take a shorter prompt or fewer new tokens, but at least one: 16 MB is the limit.")
    recorder = Recorder(*model, ids)
    with mock.patch.multiple(utils, load_encoder_hparams_and_params=lambda *_: model,
                             encode_prompt=lambda *_: ids):  # neither has to happen twice
        sys.settrace(recorder)
        try:
            pieces = list(gpt2.main(**options))
        finally:
            sys.settrace(None)
    guide, heading, sections = DOCS / "guide.md", "", {}  # a function's section quotes its def
    link = os.path.relpath(guide, Path(path).resolve().parent).replace(os.sep, "/")
    for title, name in re.findall(r"(?m)^##+ (.*)|^def (\w+)\(", guide.read_text("utf-8")):
        heading = title or heading
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")  # as GitHub makes it
        sections.setdefault(name, (heading, f"{link}#{anchor}"))
    data = json.dumps({
        "source": SOURCE, "stops": recorder.stops, "passes": recorder.passes, "ids": recorder.ids,
        "labels": recorder.labels, "hparams": hparams, "sections": sections, "nPrompt": len(ids),
    }, separators=(",", ":"))
    page = (DOCS / "trace.template.html").read_text(encoding="utf-8")
    for name, part in [("data", data.encode()), ("numbers", recorder.numbers)]:
        packed = base64.b64encode(gzip.compress(part, mtime=0)).decode()
        page = page.replace(f"{{{{{name}}}}}", packed)
    Path(path).write_bytes(page.encode("utf-8"))
    return pieces


@functools.wraps(gpt2.main)  # Fire makes the command line from gpt2.main's signature
def main(*args, **kwargs):
    options = inspect.signature(gpt2.main).bind(*args, **kwargs)
    options.apply_defaults()
    yield from write("trace.html", options.arguments)


if __name__ == "__main__":
    main.__doc__ = "Write trace.html. " + gpt2.main.__doc__
    utils.run(main)
