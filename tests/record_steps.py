"""What each function of gpt2.py, or of OpenAI's model.py, returns during a forward pass.

The names of the steps are OpenAI's variable scopes: h0/attn/c_attn is the linear layer c_attn in
the attention of block 0, h0/attn the result of that attention, and h0 the result of the block.
"""
import collections
from unittest import mock

import numpy as np

import gpt2

OURS, OPENAIS = 0, 1
MODEL = ("gpt2", "model")
FUNCTIONS = [  # ours, OpenAI's, and the steps of a block that they return, in this order
    ("transformer_block", "block", [""]),
    ("layer_norm", "norm", ["ln_1", "ln_2"]),  # and ln_f, after the last block
    ("linear", "conv1d", ["attn/c_attn", "attn", "mlp/c_fc", "mlp"]),
    ("softmax", "softmax", ["attn/softmax"]),
    ("mha", "attn", ["attn"]),
    ("gelu", "gelu", ["mlp/gelu"]),
    ("ffn", "mlp", ["mlp"]),
]


def recorded(module, whose, run):
    """Call run() while the functions of a module are wrapped.

    -> [{step: result}, ...] for the forward passes that it makes, and what run() returned. The last
    two steps of a pass are its logits and "present": the cache, or what OpenAI's code returns.
    """
    passes, n_calls = [], collections.Counter()

    def wrap_model(function):
        def wrapped(*args, **kwargs):
            passes.append({})
            n_calls.clear()
            result = function(*args, **kwargs)
            results = passes[-1]
            last = f"h{n_calls[FUNCTIONS[0][whose]]}/ln_1"
            if last in results:  # not in a copy of gpt2.py that leaves ln_f out
                results["ln_f"] = results.pop(last)
            if whose == OURS:
                results.update(logits=result, present=kwargs["cache"])
            else:
                results.update(logits=result["logits"], present=result["present"])
            return result
        return wrapped

    def wrap(name, steps, function):
        def wrapped(x, *args, **kwargs):
            passes[-1].setdefault("embedding", x)  # the input of the first call
            layer, n = divmod(n_calls[name], len(steps))
            n_calls[name] += 1
            result = function(x, *args, **kwargs)
            x = result[0] if isinstance(result, tuple) else result  # or (x, present)
            passes[-1][f"h{layer}/{steps[n]}".rstrip("/")] = x
            return result
        return wrapped

    wrappers = {row[whose]: wrap(row[whose], row[2], getattr(module, row[whose]))
                for row in FUNCTIONS}
    wrappers[MODEL[whose]] = wrap_model(getattr(module, MODEL[whose]))
    with mock.patch.multiple(module, **wrappers):
        returned = run()
    return passes, returned


def joined(passes, rows):
    """[{step: array}, ...] of passes that share a cache -> {step: array} for all positions

    rows: those of ln_f and logits that count in each pass, slice(None) for all of them
    """
    ends = np.cumsum([len(results["embedding"]) for results in passes])
    steps = {}
    for name in passes[0]:
        arrays = [results[name] for results in passes]
        if name == "present":
            steps[name] = arrays[-1][:, :, :, :ends[-1]]
        elif name in ("ln_f", "logits"):
            steps[name] = np.concatenate([np.atleast_2d(array)[rows] for array in arrays])
        elif name.endswith("softmax"):  # [n_head, n_seq, n_all]: tokens yet to come have weight 0
            steps[name] = np.concatenate([np.pad(array, [(0, 0), (0, 0), (0, ends[-1] - n_all)])
                                          for array, n_all in zip(arrays, ends)], axis=1)
        else:
            steps[name] = np.concatenate(arrays)
    return steps, ends


def steps(ids, params, n_head, pieces=None, module=gpt2):
    """ids -> {step: array}, what each function of gpt2.py returns

    In one call of gpt2.gpt2, or in several that share a cache: [5, 1, 12] for pieces of 18 ids.
    """
    n_ctx, n_embd = params["wpe"].shape
    cache = np.zeros([len(params["blocks"]), 2, n_head, n_ctx, n_embd // n_head], np.float32)
    ends = np.cumsum(pieces or [len(ids)])
    passes, _ = recorded(module, OURS, lambda: [
        module.gpt2(ids[n_past:end], **params, n_head=n_head, n_past=n_past, cache=cache)
        for n_past, end in zip([0, *ends.tolist()], ends.tolist())])
    return joined(passes, slice(None))[0]


def steps_of_generate(ids, params, n_head, n_tokens):
    """The same as generate() computes it: the prompt in pieces, then id by id from the cache.

    -> {step: array}, the new ids, and the positions whose ln_f and logits generate() uses
    """
    passes, new_ids = recorded(gpt2, OURS,
                               lambda: list(gpt2.generate(ids, params, n_head, n_tokens)))
    results, ends = joined(passes, slice(-1, None))
    return results, new_ids, ends - 1
