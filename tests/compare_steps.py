"""What the comparisons share: recorded steps, the table of differences, the two texts.

recorded() wraps the functions of gpt2.py, or of OpenAI's model.py, while a forward pass runs, and
keeps what they return. The names of the steps are OpenAI's variable scopes: h0/attn/c_attn is the
linear layer c_attn in the attention of block 0.
"""
import collections
from unittest import mock

import numpy as np

import gpt2
import utils

OURS, OPENAIS = 0, 1
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
    """Call run() while the functions of a module are wrapped -> {step: result}, result of run"""
    results, n_calls = {}, collections.Counter()

    def wrap(name, steps):
        function = getattr(module, name)

        def wrapped(x, *args, **kwargs):
            results.setdefault("embedding", x)  # the input of the first call
            layer, n = divmod(n_calls[name], len(steps))
            n_calls[name] += 1
            result = function(x, *args, **kwargs)
            x = result[0] if isinstance(result, tuple) else result  # or (x, present)
            results[f"h{layer}/{steps[n]}".rstrip("/")] = x
            return result
        return wrapped

    with mock.patch.multiple(module, **{row[whose]: wrap(row[whose], row[2]) for row in FUNCTIONS}):
        returned = run()
    n_layer = n_calls[FUNCTIONS[0][whose]]
    results["ln_f"] = results.pop(f"h{n_layer}/ln_1")
    return results, returned


def steps(ids, params, n_head):
    """ids -> {step: array}, what each function of gpt2.py returns in one call of gpt2.gpt2"""
    n_ctx, n_embd = params["wpe"].shape
    cache = np.zeros([len(params["blocks"]), 2, n_head, n_ctx, n_embd // n_head], np.float32)
    results, logits = recorded(gpt2, OURS, lambda: gpt2.gpt2(ids, **params, n_head=n_head,
                                                             cache=cache))
    return {**results, "logits": logits, "present": cache[:, :, :, :len(ids)]}


def difference(ours, theirs):
    """The largest difference between two arrays, relative to the largest value"""
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def largest_differences(ours, theirs):
    """{h0/ln_1: array, h1/ln_1: array, ...}, twice -> {ln_1: (shape, difference, block), ...}

    Of the blocks, it keeps the one with the largest difference. The output of a block is "block".
    """
    rows = {}
    for name in theirs:
        block, _, step = name.partition("/") if name[0] == "h" else ("", "", name)
        row = (ours[name].shape, difference(ours[name], theirs[name]), block)
        rows[step or "block"] = max(row, rows.get(step or "block", row), key=lambda row: row[1])
    return rows


def table(ours, theirs):
    """The same as text, a line for each step"""
    lines = [f"{'step':14}{'shape':22}largest difference, relative to the largest value"]
    for step, (shape, largest, block) in largest_differences(ours, theirs).items():
        shape = " x ".join(map(str, shape))
        lines.append(f"{step:14}{shape:22}{largest:.1e}{block and '  in '}{block}")
    return "\n".join(lines)


def encode(encoder, prompt):  # with our encoder, or OpenAI's
    return encoder.encode(prompt) or [encoder.encoder["<|endoftext|>"]]


def load(prompt, n_tokens, model_size, models_dir):
    """-> encoder, hparams, params, and the ids of the prompt"""
    encoder, hparams, params = utils.load_encoder_hparams_and_params(model_size, models_dir)
    ids = encode(encoder, prompt)
    utils.check_length(len(ids), n_tokens, hparams["n_ctx"])
    return encoder, hparams, params, ids


def print_greedy(encoder, params, n_head, ids, their_ids, their_name):
    """Print our greedy text and theirs, and the first token where they part, if they do."""
    our_ids = list(gpt2.generate(ids, params, n_head, len(their_ids)))
    for name, new_ids in [("gpt2.py", our_ids), (their_name, their_ids)]:
        print(f"\n{name}:\n{encoder.decode([*ids, *new_ids])}")
    logits = np.sort(gpt2.gpt2([*ids, *our_ids[:-1]], **params, n_head=n_head)[len(ids) - 1:])
    leads = logits[:, -1] - logits[:, -2]  # of the most likely token over the second
    for n, (ours, theirs) in enumerate(zip(our_ids, their_ids)):
        if ours != theirs:
            print(f"\nToken {n + 1} is the first that differs: {encoder.decode([ours])!r} in "
                  f"gpt2.py, {encoder.decode([theirs])!r} in {their_name}. "
                  f"The two highest logits there are {leads[n]:.1e} apart.")
            return
    print(f"\nAll {len(our_ids)} tokens are the same. "
          f"The two highest logits are never closer than {leads.min():.1e}.")
