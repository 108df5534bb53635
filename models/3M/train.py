"""Train the bundled model: from a folder of texts to the six files that OpenAI's code reads.

    pip install torch tokenizers tensorflow fire
    python models/3M/train.py TEXTS [--minutes 100]

TEXTS holds one book a file (*.txt, utf-8), paragraphs parted by a blank line, tales parted by
<|endoftext|>. Three steps: a vocabulary (tokenizers), the weights (PyTorch), the files
(TensorFlow, so that the checkpoint is one of its own). The model is written as in gpt2.py, with
OpenAI's variable names; only the learning is new here. A processor with bfloat16 matrix units
helps a great deal. Nothing else in the repository needs this file or what it imports.
"""
import json
import math
import re
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

HERE = Path(__file__).parent
HPARAMS = {"n_vocab": 4096, "n_ctx": 512, "n_embd": 192, "n_head": 6, "n_layer": 5}
HELD_OUT = ["adventures-of-old-mr-toad", "happy-prince-and-other-tales",
            "east-of-the-sun-and-west-of-the-moon-old-tales-from-the-nort",
            "little-wizard-stories-of-oz", "tale-of-solomon-owl", "velveteen-rabbit"]
END = "<|endoftext|>"


# ---- the texts

def double_quotes(text):
    """Give a book that sets speech in 'single quotes' the "double" ones of all the others."""
    opened = len(re.findall(r"(?<!\S)'(?=\w)", text))
    if opened < 4 * text.count('"'):
        return text
    text = text.replace('"', "\0")  # quotations within speech: they become single at the end
    text = re.sub(r"(?<!\w)'(?=(tis|twas|twere|twill|em|un|cause)\b)", "\1", text, flags=re.I)
    text = re.sub(r"(?<!\w)'((?:\w'\w|[^'\n])*[^\w\s'])'(?!\w)", r'"\1"', text)
    text = re.sub(r"(?<!\w)'(\w+)'(?!\w)", r'"\1"', text)
    text = re.sub(r"^'", '"', text, flags=re.M)  # speech that goes on in the next paragraph
    return text.replace("\0", "'").replace("\1", "'")


def read_books(folder):
    """-> (training books, held-out books), each {name: [tale, ...]}"""
    books = {path.stem: [tale.strip() for tale in
                         double_quotes(path.read_text(encoding="utf-8")).split(END) if tale.strip()]
             for path in sorted(Path(folder).glob("*.txt"))}
    held_out = {name: books.pop(name) for name in HELD_OUT}
    return books, held_out


# ---- the vocabulary: byte-level BPE in OpenAI's two files

def make_vocabulary(books, out):
    """Write encoder.json and vocab.bpe: 256 bytes, then the merges in order, then <|endoftext|>."""
    from tokenizers import ByteLevelBPETokenizer
    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator((tale for tales in books.values() for tale in tales),
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


def encode_books(books, out):
    """All tales as one row of ids, each tale behind an <|endoftext|>. -> [n_tokens]"""
    from tokenizers import ByteLevelBPETokenizer
    tokenizer = ByteLevelBPETokenizer(str(out / "encoder.json"), str(out / "vocab.bpe"))
    tales = [tale for tales in books.values() for tale in tales]
    ids = [[HPARAMS["n_vocab"] - 1] + encoding.ids for encoding in tokenizer.encode_batch(tales)]
    return torch.tensor(np.concatenate(ids), dtype=torch.long)


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


def attention(q, k, v, n_rows=128):
    """Causal attention, a few rows of queries at a time: half of the scores need no computing."""
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

def windows(ids, n_seq, offset=0):
    """Cut a row of ids into windows of n_seq + 1 that overlap by one. -> [n_windows, n_seq + 1]"""
    return ids[offset:].unfold(0, n_seq + 1, n_seq)


def mean_loss(loss, p, ids, n_batch):
    """The loss over all of ids, in whole batches of windows that each start from nothing."""
    batches = windows(ids, HPARAMS["n_ctx"]).split(n_batch)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        losses = [loss(p, batch).item() for batch in batches if len(batch) == n_batch]
    return sum(losses) / len(losses)


def passes(ids, n_batch):
    """Yield batches without end; each pass cuts ids at other places, and takes another order."""
    while True:
        rows = windows(ids, HPARAMS["n_ctx"], offset=int(torch.randint(HPARAMS["n_ctx"], ())))
        for batch in torch.randperm(len(rows)).split(n_batch):
            if len(batch) == n_batch:
                yield rows[batch]


def train(train_ids, valid_ids, n_valid_bytes, out, minutes, n_batch=8, seed=0):
    """Learn for so many minutes; keep the parameters that do best on the held-out books."""
    torch.manual_seed(seed)
    p = init_params(**HPARAMS)
    print(f"{sum(value.numel() for value in p.values()):,} parameters, "
          f"{len(train_ids):,} training tokens, {len(valid_ids):,} held out", flush=True)
    # Muon turns the matrices in fewer steps than AdamW, which sees to all the rest
    matrices = [value for name, value in p.items() if name.endswith("/w")]
    the_rest = [value for name, value in p.items() if not name.endswith("/w")]
    optimizers = [torch.optim.Muon(matrices, weight_decay=0.2, adjust_lr_fn="match_rms_adamw"),
                  torch.optim.AdamW(the_rest, betas=(0.9, 0.95), weight_decay=0.01, fused=True)]
    fast_loss = torch.compile(loss)
    best, losses, start = math.inf, [], time.time()
    for step, batch in enumerate(passes(train_ids, n_batch)):
        progress = (time.time() - start) / (60 * minutes)
        if step % 250 == 0 or progress >= 1:
            valid = mean_loss(fast_loss, p, valid_ids, n_batch // 2)
            bits = valid / math.log(2) * len(valid_ids) / n_valid_bytes
            seen = step * n_batch * HPARAMS["n_ctx"] / len(train_ids)
            print(f"{progress * minutes:6.1f} min  step {step:6d}  passes {seen:5.2f}  "
                  f"train {np.mean(losses or [math.nan]):.4f}  "
                  f"held out {valid:.4f} nats a token, {bits:.4f} bits a byte", flush=True)
            losses = []
            if valid < best:
                best = valid
                np.savez(out / "best.part.npz", **{k: v.detach().numpy() for k, v in p.items()})
                (out / "best.part.npz").replace(out / "best.npz")
        if progress >= 1:
            return
        rate = min(1, (step + 1) / 200) * min(1, 2 * (1 - progress))  # flat, then down to nothing
        for half in batch.split(n_batch // 2):  # what fits the processor's cache is learned faster
            with torch.autocast("cpu", torch.bfloat16):
                half_loss = fast_loss(p, half) / 2
            half_loss.backward()
            losses.append(2 * half_loss.item())
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = 3e-3 * rate
            optimizer.step()
            optimizer.zero_grad()


# ---- the files

def export(out):
    """best.npz -> hparams.json and a TensorFlow checkpoint that OpenAI's code can restore."""
    import tensorflow.compat.v1 as tf
    tf.disable_eager_execution()
    (out / "hparams.json").write_text(json.dumps(HPARAMS, indent=2) + "\n", encoding="utf-8")
    with tf.Session() as session, np.load(out / "best.npz") as params:
        with tf.variable_scope("model"):
            for name, value in params.items():
                if name.endswith("/w"):  # to OpenAI's code a convolution of width 1
                    value = value[None]  # [n_in, n_out] -> [1, n_in, n_out]
                tf.get_variable(name, initializer=value)
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, str((out / "model.ckpt").resolve()), write_meta_graph=False)
    (out / "checkpoint").write_text('model_checkpoint_path: "model.ckpt"\n'
                                    'all_model_checkpoint_paths: "model.ckpt"\n', encoding="utf-8")


def measure(books, out):
    """Print the bits that each byte of a book costs gpt2.py, which reads the files just written."""
    sys.path.insert(0, str(HERE.parents[1]))
    from gpt2 import gpt2, softmax
    from utils import load_encoder_hparams_and_params
    out = Path(out).resolve()
    encoder, hparams, params = load_encoder_hparams_and_params(out.name, out.parent)
    all_bits = all_bytes = 0
    for name, tales in books.items():
        bits = 0
        for tale in tales:
            ids = [encoder.encoder[END]] + encoder.encode(tale)
            for i in range(0, len(ids) - 1, hparams["n_ctx"]):  # each window starts from nothing
                window = ids[i:i + hparams["n_ctx"] + 1]
                probs = softmax(gpt2(window[:-1], **params, n_head=hparams["n_head"]))
                bits -= np.log2(probs[np.arange(len(window) - 1), window[1:]]).sum()
        n_bytes = sum(len(tale.encode("utf-8")) for tale in tales)
        print(f"{bits / n_bytes:.3f} bits a byte  {n_bytes:7,} bytes  {name}")
        all_bits, all_bytes = all_bits + bits, all_bytes + n_bytes
    print(f"{all_bits / all_bytes:.3f} bits a byte  {all_bytes:7,} bytes  all of them")


def main(texts, minutes=100, out=HERE):
    """texts: a folder of *.txt; minutes: how long to learn; out: where the files go."""
    out = Path(out)
    books, held_out = read_books(texts)
    make_vocabulary(books, out)
    n_valid_bytes = sum(len(tale.encode("utf-8")) for tales in held_out.values() for tale in tales)
    train(encode_books(books, out), encode_books(held_out, out), n_valid_bytes, out, minutes)
    export(out)
    measure(held_out, out)


if __name__ == "__main__":
    import fire
    fire.Fire(main)
