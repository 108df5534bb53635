"""Write trace.html: the source of gpt2.py and, beside each line, what it computed in a real run.

    python docs/trace.py "Once upon a time there was a boy named" 4 --model_size 3M

It takes gpt2.py's arguments and prints the same text. A *stop* is a statement that has just run,
with what it assigned or returned; the stop at a def has the arguments. This file names no line or
variable of gpt2.py, only functions, and OpenAI's names in params and hparams."""
import ast
import base64
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
STATEMENTS = {line: node for node in ast.walk(ast.parse(SOURCE))  # the innermost one on each line
              if isinstance(node, ast.stmt) for line in range(node.lineno, node.end_lineno + 1)}


def targets(node):
    """What a statement assigns, as source: ["q", "k"], ["cache[:, n]"]"""
    found = getattr(node, "targets", [getattr(node, "target", ast.Pass())])
    return [ast.unparse(part) for target in found for part in ast.walk(target)
            if isinstance(getattr(part, "ctx", None), ast.Store) and not hasattr(part, "elts")]


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
        self.stops, self.passes = [], [0]  # tokens seen after each pass (a call of gpt2)
        self.n_done = self.n_blocks = 0  # passes that are complete; blocks begun in this one
        self.numbers, self.starts = bytearray(), {}  # of all arrays; where each array begins
        self.stack = [(None, {"block": None})]  # for each call: its statement, and the stop there

    def __call__(self, frame, event, arg):
        function, node = frame.f_code.co_name, STATEMENTS.get(frame.f_lineno)
        if frame.f_code.co_filename != gpt2.__file__ or function.startswith("<"):
            return None
        if event == "call":  # of a function, or of a generator that goes on after a yield
            if function == "generate":
                self.n_done += frame.f_lineno > frame.f_code.co_firstlineno
            elif function == "gpt2":
                self.n_done = max(self.n_done, len(self.passes) - 1)  # a long prompt takes several
                self.passes.append(self.passes[-1] + len(next(iter(frame.f_locals.values()))))
                self.n_blocks = 0
            elif function == "transformer_block":
                self.stack[-1][1]["block"] = self.n_blocks
                self.n_blocks += 1
            self.stack.append((None, None))
        elif event == "return" or node is not self.stack[-1][0]:
            self.finish(frame, event, arg)
        if event == "return":  # or a yield
            self.stack.pop()
        elif node is not self.stack[-1][0]:
            self.stack[-1] = node, {"line": node.lineno, "depth": len(self.stack),
                                    "function": function, "block": self.stack[-2][1]["block"]}
        return self

    def finish(self, frame, event, returned):
        node, stop = self.stack[-1]
        if isinstance(node, ast.FunctionDef):
            made = dict(frame.f_locals)
        elif isinstance(node, ast.Return):
            made = {"returns": returned}
        elif isinstance(getattr(node, "value", None), (ast.Yield, ast.YieldFrom)):
            if event == "line":
                return  # a generator went on, and this line had nothing more to do
            made = {} if returned is None else {"yields": returned}
        else:
            made = {name: eval(name, frame.f_globals, frame.f_locals) for name in targets(node)}
        stop["values"] = [self.value(name, made[name], stop["function"]) for name in made]
        stop["pass"], stop["number"] = self.n_done, len(self.stops)
        self.stops.append(stop)
        if stop["function"] == "generate" and "yields" in made:
            self.ids.append(returned)
            self.add_bars()

    def value(self, name, value, function):
        """What the page keeps of a value: its numbers, or a table, or tokens, or some text"""
        is_array, (n_vocab, n_embd) = isinstance(value, np.ndarray), self.params["wte"].shape
        kept = {"name": name, "shape": getattr(value, "shape", None)}
        if id(value) in self.weights:
            kept["text"] = self.weights[id(value)]
        elif is_array and value.size == n_vocab:
            self.waiting.append((kept, value.ravel().copy()))
        elif is_array and value.size < 2 * n_embd * self.hparams["n_ctx"]:  # not a whole cache
            if np.abs(value).max() > np.finfo(np.float16).max:  # as for masked scores
                kept["numbers"] = [float(f"{x:.5g}") for x in value.flat]
            else:  # each array once
                data = value.astype("<f2").tobytes()
                kept["start"] = self.starts.setdefault(data, len(self.numbers) // 2)
                self.numbers += data if kept["start"] == len(self.numbers) // 2 else b""
            if function in ("gpt2", "transformer_block") and value.shape[1:] == (n_embd,):
                self.add_lens(kept, value)  # it is the residual stream
        elif isinstance(value, list) and value == self.ids[len(self.ids) - len(value):]:
            kept["ids"] = [self.token(i) for i in value]
        elif type(value) is int and name in ("returns", "yields"):
            kept["ids"] = [self.token(value)]
        elif isinstance(value, (str, int, float, np.generic, type(None))):
            kept["text"] = str(value)[:400]
        return kept

    def add_lens(self, kept, x):
        """x [n_seq, n_embd]: for each row, the likely next tokens if this were the last x"""
        probs = gpt2.softmax(gpt2.layer_norm(x, **self.params["ln_f"]) @ self.params["wte"].T)
        kept["caption"] = "What each row would predict if the model stopped here (“logit lens”)"
        kept["rows"] = [(i, "", None, *(f"{self.labels[self.token(j)]} {100 * row[j]:.1f} %"
                                        for j in np.argsort(-row)[:3]))
                        for i, row in zip(self.ids[self.passes[-2]:], probs)]

    def add_bars(self):
        """Of logits and the like, keep the likely tokens: id, state, share (twice), value"""
        order = np.argsort(-self.waiting[0][1], kind="stable")
        ids, left = dict.fromkeys([*order[:12], self.ids[-1]]), np.full(len(order), True)
        for kept, x in self.waiting:
            if (np.diff(x) <= 0).all():  # sorted: put it back into the order of ids
                x = x[np.argsort(order)]
            order, left = np.argsort(-x, kind="stable"), left & (x > -1e9)  # -1e10: removed
            is_score = (x % 1).any() and (x.min() < 0 or x.max() > 1)
            shares = gpt2.softmax(x.astype(float)) if is_score else x / max(x.sum(), 1)
            bars = "what softmax makes of these scores" if is_score else "shares of the total"
            kept["caption"] = f"{left.sum()} of {len(x)} tokens are left. The bars are {bars}"
            state = np.where(left, "", "removed").astype(object)
            state[self.ids[-1]] = "next"
            kept["rows"] = [(self.token(i), state[i], float(f"{shares[i]:.4g}"),
                             f"{100 * shares[i]:.1f} %", f"{x[i]:.5g}", state[i]) for i in ids]
        self.waiting = []

    def token(self, i):
        """An id; the page gets a label for it: · for a space, ↵ for a newline, \\x07 for BEL"""
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
        raise utils.UsageError(f"{n} tokens make a page of {size / 1e6:.0f} MB; the limit is 16\n"
                               "Take a shorter prompt or fewer new tokens, but at least one.")
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
        "labels": recorder.labels, "hparams": hparams, "sections": sections, "nPrompt": len(ids)})
    packed = gzip.compress(data.encode() + b"\n" + recorder.numbers, mtime=0)
    page = (DOCS / "trace.template.html").read_bytes()
    Path(path).write_bytes(page.replace(b"{{data}}", base64.b64encode(packed)))
    return pieces


def main(*args, **kwargs):
    options = inspect.signature(gpt2.main).bind(*args, **kwargs)
    options.apply_defaults()
    yield from write("trace.html", options.arguments)


if __name__ == "__main__":
    main.__signature__ = inspect.signature(gpt2.main)  # of which Fire makes the command line
    main.__doc__ = "Write trace.html. " + gpt2.main.__doc__
    utils.run(main)
