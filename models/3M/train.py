"""Train the bundled model: from the story world to the six files that OpenAI's code reads.

    pip install torch tokenizers tensorflow numpy regex requests tqdm fire
    python models/3M/train.py [--minutes 31] [--out models/3M]

Three steps: a vocabulary (tokenizers), the weights (PyTorch), the files (TensorFlow, so that the
checkpoint is one of its own). world.py makes up the stories while the model learns, so no story
is seen twice. The model is written as in gpt2.py, with OpenAI's variable names; only the
learning is new here. Nothing else in the repository needs this file or what it imports.
"""
import json
import math
import random
import re
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from world import story

HERE = Path(__file__).parent
HPARAMS = {"n_vocab": 2048, "n_ctx": 320, "n_embd": 192, "n_head": 6, "n_layer": 6}
END = "<|endoftext|>"


# ---- the vocabulary: byte-level BPE in OpenAI's two files

def make_vocabulary(out, n_stories=30000):
    """Write encoder.json and vocab.bpe: 256 bytes, then the merges in order, then <|endoftext|>."""
    from tokenizers import ByteLevelBPETokenizer
    rng = random.Random("vocabulary")
    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator((story(rng) for _ in range(n_stories)),
                                  vocab_size=HPARAMS["n_vocab"] - 1, show_progress=False)
    merges = [tuple(merge) if isinstance(merge, list) else tuple(merge.split(" "))
              for merge in json.loads(tokenizer._tokenizer.to_str())["model"]["merges"]]
    # OpenAI's order of the bytes: those that print, then the rest under stand-ins from chr(256) on
    printable = [b for b in range(256) if chr(b).isprintable() and chr(b) not in " \xad"]
    symbols = [chr(b) for b in printable] + [chr(256 + n) for n in range(256 - len(printable))]
    tokens = symbols + ["".join(merge) for merge in merges] + [END]
    assert len(set(tokens)) == len(tokens) == HPARAMS["n_vocab"]
    out.mkdir(parents=True, exist_ok=True)
    (out / "encoder.json").write_bytes(
        json.dumps({token: i for i, token in enumerate(tokens)}).encode("utf-8"))
    (out / "vocab.bpe").write_bytes(
        ("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges)).encode("utf-8"))


# ---- the texts: rows of ids, each made from stories that nobody has seen before

def make_rows(tokenizer, rng, n_stories):
    """Rows of n_ctx + 1 ids. [n_rows, n_ctx + 1]

    A prompt starts at position 0, with no <|endoftext|> before it. So does each row: it starts
    with a whole story (half of the rows with <|endoftext|> before it, as for the empty prompt)
    and goes on with another, cut where the row is full. One row in ten starts at a sentence in
    the middle of a story, since a prompt may start anywhere.
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
    """Causal attention, some rows of queries at a time: a part of the scores needs no computing."""
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
    """The loss over all of the rows, in whole batches."""
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        losses = [loss(p, batch).item() for batch in rows.split(n_batch) if len(batch) == n_batch]
    return sum(losses) / len(losses)


def train(out, minutes, n_batch=16, rate=3e-3, seed=0):
    """Learn for so many minutes, and save the parameters."""
    from tokenizers import ByteLevelBPETokenizer
    tokenizer = ByteLevelBPETokenizer(str(out / "encoder.json"), str(out / "vocab.bpe"))
    held_out = make_rows(tokenizer, random.Random("held-out stories"), 1000)
    rng, rows = random.Random("training stories"), held_out[:0]
    torch.manual_seed(seed)
    p = init_params(**HPARAMS)
    print(f"{sum(value.numel() for value in p.values()):,} parameters", flush=True)
    # Muon turns the matrices in fewer steps than AdamW, which sees to all the rest
    matrices = [value for name, value in p.items() if name.endswith("/w")]
    the_rest = [value for name, value in p.items() if not name.endswith("/w")]
    optimizers = [torch.optim.Muon(matrices, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"),
                  torch.optim.AdamW(the_rest, betas=(0.9, 0.95), weight_decay=0.01, fused=True)]
    fast_loss = torch.compile(loss)
    step, n_stories, losses, start = 0, 0, [], time.time()
    while True:
        progress = (time.time() - start) / (60 * minutes)
        if step % 250 == 0 or progress >= 1:
            print(f"{progress * minutes:5.1f} min  step {step:5d}  {n_stories:7,} stories  "
                  f"{step * n_batch * HPARAMS['n_ctx']:10,} tokens  "
                  f"train {np.mean(losses[-500:] or [math.nan]):.4f}  held out "
                  f"{mean_loss(fast_loss, p, held_out, n_batch // 2):.4f} nats a token", flush=True)
        if progress >= 1:
            break
        if len(rows) < n_batch:
            rows = make_rows(tokenizer, rng, 4000)
            n_stories += 4000
        batch, rows = rows[:n_batch], rows[n_batch:]
        for half in batch.split(n_batch // 2):  # what fits the processor's cache is learned faster
            with torch.autocast("cpu", torch.bfloat16):
                half_loss = fast_loss(p, half) / 2
            half_loss.backward()
            losses.append(2 * half_loss.item())
        # up in 200 steps, flat for a while, then down to nothing
        now = rate * min(1, (step + 1) / 200) * min(1, 1.5 * (1 - progress))
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = now
            optimizer.step()
            optimizer.zero_grad()
        step += 1
    return {name: value.detach().numpy() for name, value in p.items()}


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


def main(minutes=31, out=HERE):
    """minutes: how long to learn; out: where the files go."""
    out = Path(out)
    make_vocabulary(out)
    export(train(out, minutes), out)


if __name__ == "__main__":
    import fire
    fire.Fire(main)
