"""Train the bundled model: from the story world to the six files that OpenAI's code reads.

    pip install -r requirements.txt -r models/3M/requirements.txt
    python models/3M/train.py [--n_steps N] [--out models/3M]

Three parts: a vocabulary (tokenizers), the weights (PyTorch), the files (TensorFlow, which has
its own checkpoint format). world.py makes up the stories while the model learns, so hardly any is
seen twice. The length is a number of steps, so the same command trains on the same stories on any
machine. A run that was cut off goes on from its last checkpoint (training.pt in --out, written
every 250 steps) when the command is given again. The model is written as in gpt2.py, with OpenAI's
variable names; only the learning is new here. Nothing else in the repository needs this file.
"""
import json
import math
import os
import random
import re
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from world import story

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
from encoder import bytes_to_unicode  # noqa: E402

HPARAMS = {"n_vocab": 2048, "n_ctx": 320, "n_embd": 192, "n_head": 6, "n_layer": 6}
END = "<|endoftext|>"
N_STEPS = 7000


# ---- the vocabulary: byte-level BPE in OpenAI's two files

def make_vocabulary(out, n_stories=30000):
    """Write encoder.json and vocab.bpe: 256 bytes, then the merges in order, then <|endoftext|>."""
    from tokenizers import ByteLevelBPETokenizer
    rng = random.Random("vocabulary")
    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator((story(rng) for _ in range(n_stories)),
                                  vocab_size=HPARAMS["n_vocab"] - 1, show_progress=False)
    out.mkdir(parents=True, exist_ok=True)
    tokenizer.save_model(str(out))  # merges.txt and vocab.json; OpenAI's names and order differ
    (out / "vocab.json").unlink()
    (out / "merges.txt").replace(out / "vocab.bpe")
    merges = (out / "vocab.bpe").read_text(encoding="utf-8").split("\n")[1:-1]
    tokens = [*bytes_to_unicode().values(), *("".join(merge.split(" ")) for merge in merges), END]
    assert len(set(tokens)) == len(tokens) == HPARAMS["n_vocab"]
    (out / "encoder.json").write_bytes(
        json.dumps({token: i for i, token in enumerate(tokens)}).encode("utf-8"))


# ---- the texts: rows of ids, each made from new stories

def make_rows(tokenizer, rng, n_stories):
    """Rows of ids. [n_rows, n_ctx + 1]

    A prompt starts at position 0, without <|endoftext|>, and so do half of the rows; the others
    start with it, as an empty prompt does. A row holds a few stories, the last cut where the row
    is full. One story in ten begins at a sentence in the middle, since a prompt may start anywhere.
    """
    texts = [story(rng) for _ in range(n_stories)]
    for i in range(0, n_stories, 10):
        sentences = [match.end() for match in re.finditer(r'[.!?]"?\s+', texts[i])]
        texts[i] = texts[i][rng.choice(sentences[:-1]):]
    end, length, rows, row = HPARAMS["n_vocab"] - 1, HPARAMS["n_ctx"] + 1, [], []
    for encoding in tokenizer.encode_batch(texts):
        if not row and rng.random() < .5:
            row = [end]
        row = row + encoding.ids + [end]
        if len(row) >= length:
            rows.append(row[:length])
            row = []
    return torch.tensor(rows, dtype=torch.long)


# ---- the model: gpt2.py in PyTorch, over a batch of sequences

def init_params(n_vocab, n_ctx, n_embd, n_layer, **_):
    """GPT-2's initialisation; what is added to the residual stream starts smaller (paper, 2.3)."""
    def w(n_in, n_out, std=0.02):
        return torch.randn(n_in, n_out) * std

    p = {"wte": w(n_vocab, n_embd), "wpe": w(n_ctx, n_embd, 0.01)}
    for n in range(n_layer):
        proj_std = 0.02 / math.sqrt(2 * n_layer)
        for name, n_in, n_out, std in [("attn/c_attn", n_embd, 3 * n_embd, 0.02),
                                       ("attn/c_proj", n_embd, n_embd, proj_std),
                                       ("mlp/c_fc", n_embd, 4 * n_embd, 0.02),
                                       ("mlp/c_proj", 4 * n_embd, n_embd, proj_std)]:
            p[f"h{n}/{name}/w"], p[f"h{n}/{name}/b"] = w(n_in, n_out, std), torch.zeros(n_out)
    for name in [f"h{n}/ln_{i}" for n in range(n_layer) for i in (1, 2)] + ["ln_f"]:
        p[f"{name}/g"], p[f"{name}/b"] = torch.ones(n_embd), torch.zeros(n_embd)
    return {name: torch.nn.Parameter(value) for name, value in p.items()}


def attention(q, k, v, n_rows=160):
    """Causal attention, some rows of queries at a time, which skips a part of the scores.

    F.scaled_dot_product_attention(q, k, v, is_causal=True) gives the same, but on two cores a step
    took 0.74 s with it and 0.58 s with this (torch 2.13, bfloat16).
    """
    out = []
    for i in range(0, q.shape[2], n_rows):
        scores = q[:, :, i:i + n_rows] @ k[:, :, :i + n_rows].mT / math.sqrt(q.shape[3])
        future = torch.ones(scores.shape[2:], dtype=torch.bool).triu(1 + i)
        out.append(F.softmax(scores.masked_fill(future, -1e10), -1) @ v[:, :, :i + n_rows])
    return torch.cat(out, 2)


def loss(p, ids, n_head=HPARAMS["n_head"], n_layer=HPARAMS["n_layer"]):
    """Mean surprise at each next token, in nats. [n_batch, n_seq + 1] -> scalar"""
    inputs, targets = ids[:, :-1], ids[:, 1:]
    n_batch, n_seq = inputs.shape

    def layer_norm(x, name):
        return F.layer_norm(x, x.shape[-1:], p[f"{name}/g"], p[f"{name}/b"])

    def linear(x, name):
        return x @ p[f"{name}/w"] + p[f"{name}/b"]

    x = p["wte"][inputs] + p["wpe"][:n_seq]
    for n in range(n_layer):
        qkv = linear(layer_norm(x, f"h{n}/ln_1"), f"h{n}/attn/c_attn")
        q, k, v = qkv.view(n_batch, n_seq, 3, n_head, -1).permute(2, 0, 3, 1, 4)
        heads = attention(q, k, v).transpose(1, 2).reshape(n_batch, n_seq, -1)
        x = x + linear(heads, f"h{n}/attn/c_proj")
        hidden = F.gelu(linear(layer_norm(x, f"h{n}/ln_2"), f"h{n}/mlp/c_fc"), approximate="tanh")
        x = x + linear(hidden, f"h{n}/mlp/c_proj")
    logits = layer_norm(x, "ln_f") @ p["wte"].T
    return F.cross_entropy(logits.float().flatten(0, 1), targets.flatten())


# ---- the learning

def mean_loss(loss, p, rows, n_batch):
    """The mean loss over the whole batches in rows."""
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        losses = [loss(p, batch).item() for batch in rows.split(n_batch) if len(batch) == n_batch]
    return sum(losses) / len(losses)


def save(path, state):
    """Replace the checkpoint in one step: a run cut off here leaves the old one or the new one."""
    torch.save(state, path.with_suffix(".part"))
    os.replace(path.with_suffix(".part"), path)


def train(out, n_steps, n_batch=16, rate=3e-3, seed=0, n_between=250):
    """Train for n_steps steps; return the parameters."""
    from tokenizers import ByteLevelBPETokenizer
    tokenizer = ByteLevelBPETokenizer(str(out / "encoder.json"), str(out / "vocab.bpe"))
    held_out = make_rows(tokenizer, random.Random("held-out stories"), 1000)
    rng, rows = random.Random("training stories"), torch.empty(0, held_out.shape[1]).long()
    torch.manual_seed(seed)
    p = init_params(**HPARAMS)
    print(f"{sum(value.numel() for value in p.values()):,} parameters", flush=True)
    # Muon trains the matrices in fewer steps than AdamW, which trains the rest
    matrices = [value for name, value in p.items() if name.endswith("/w")]
    the_rest = [value for name, value in p.items() if not name.endswith("/w")]
    optimizers = [torch.optim.Muon(matrices, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"),
                  torch.optim.AdamW(the_rest, betas=(0.9, 0.95), weight_decay=0.01, fused=True)]
    fast_loss, start = torch.compile(loss), time.time()
    step, n_stories, losses, checkpoint = 0, 0, [], out / "training.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=False)
        if state["n_steps"] != n_steps:
            sys.exit(f"{checkpoint} is from a run of {state['n_steps']} steps: delete it, or set "
                     "--n_steps to that number")
        step, n_stories, losses = state["step"], state["n_stories"], state["losses"]
        rows = state["rows"]
        rng.setstate(state["rng"])  # the only random numbers that are drawn after the start
        for name, value in p.items():
            value.data.copy_(state["p"][name])
        for optimizer, saved in zip(optimizers, state["optimizers"]):
            optimizer.load_state_dict(saved)
    while True:
        if step % n_between == 0 or step == n_steps:
            print(f"{(time.time() - start) / 60:5.1f} min  step {step:5d}  {n_stories:7,} stories  "
                  f"{step * n_batch * HPARAMS['n_ctx']:10,} tokens  "
                  f"train {np.mean(losses[-500:] or [math.nan]):.4f}  held out "
                  f"{mean_loss(fast_loss, p, held_out, n_batch // 2):.4f} nats a token", flush=True)
            save(checkpoint, {"n_steps": n_steps, "step": step, "n_stories": n_stories,
                              "losses": losses[-500:], "rows": rows, "rng": rng.getstate(),
                              "p": {name: value.detach() for name, value in p.items()},
                              "optimizers": [each.state_dict() for each in optimizers]})
        if step == n_steps:
            return {name: value.detach().numpy() for name, value in p.items()}
        if len(rows) < n_batch:
            rows = make_rows(tokenizer, rng, 4000)
            n_stories += 4000
        batch, rows = rows[:n_batch], rows[n_batch:]
        for half in batch.split(n_batch // 2):  # a half fits into the processor's cache: faster
            with torch.autocast("cpu", torch.bfloat16):
                half_loss = fast_loss(p, half) / 2
            half_loss.backward()
            losses.append(2 * half_loss.item())
        # up for 200 steps, flat until 40 % of all steps, then down to 0
        now = rate * min(1, (step + 1) / 200) * min(1, (1 - step / n_steps) / .6)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = now
            optimizer.step()
            optimizer.zero_grad()
        step += 1


# ---- the files

def export(params, out):
    """Write hparams.json and a TensorFlow checkpoint that OpenAI's code can restore."""
    import tensorflow.compat.v1 as tf
    tf.disable_eager_execution()
    (out / "hparams.json").write_text(json.dumps(HPARAMS, indent=2) + "\n", encoding="utf-8")
    with tf.Session() as session:
        with tf.variable_scope("model"):
            for name, value in params.items():
                if name.endswith("/w"):  # to OpenAI's code a convolution of width 1
                    value = value[None]  # [n_in, n_out] -> [1, n_in, n_out]
                tf.get_variable(name, initializer=value)
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, str((out / "model.ckpt").resolve()), write_meta_graph=False)
    (out / "checkpoint").write_text('model_checkpoint_path: "model.ckpt"\n'
                                    'all_model_checkpoint_paths: "model.ckpt"\n', encoding="utf-8")


def main(n_steps=N_STEPS, out=HERE):
    """n_steps: how long to learn; out: where the files go."""
    out = Path(out)
    if not (out / "training.pt").exists():
        make_vocabulary(out)
    export(train(out, n_steps), out)
    (out / "training.pt").unlink()


if __name__ == "__main__":
    import fire
    fire.Fire(main)
