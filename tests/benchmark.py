"""How fast is gpt2.py, compared with the fastest that it could be and with others? Four tables.

    python tests/benchmark.py 124M            (models/124M; if it is not there, random weights)
    python tests/benchmark.py 124M --write    also into docs/performance.md
    pip install torch transformers safetensors llama-cpp-python gguf     (to compare with these)

"floor" reads the same bytes and does nothing but the products that cannot be spared: one
matrix-vector product over the whole file for a token (and over the cache, for a late one), the
matrix products of the linear layers for a prompt. Each contender is a process of its own; they
take turns, so that what slows the machine for a while slows all. It takes about ten minutes.

Options: --only floor,gpt2.py  --threads 1  --rounds 5  --folder DIR (for the files that are made)
"""
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SHAPES = {  # n_vocab, n_ctx, n_embd, n_head, n_layer
    "3M": (2048, 320, 192, 6, 6), "124M": (50257, 1024, 768, 12, 12),
    "355M": (50257, 1024, 1024, 16, 24), "774M": (50257, 1024, 1280, 20, 36),
    "1558M": (50257, 1024, 1600, 25, 48)}
NEEDS = {"floor": [], "gpt2.py": [], "transformers": ["torch", "transformers", "safetensors"],
         "llama.cpp": ["llama_cpp", "gguf"]}
START = "Once upon a time"  # the prompt of which the first word is awaited
EARLY, N_STEPS = 10, 8  # tokens are timed at positions 10 to 17, and at eight late ones


# ---- the contenders: prompt(ids) ends with the first new token, step() makes one more

class Floor:
    def __init__(self, folder):
        self.hparams = json.loads((folder / "hparams.json").read_text())
        data = next(folder.glob("*.data-00000-of-00001"))
        self.weights = np.asarray(np.memmap(data, np.float32, "r"))
        self.x = np.ones(self.hparams["n_embd"], np.float32)

    def prompt(self, ids):
        n_embd, n_layer = self.hparams["n_embd"], self.hparams["n_layer"]
        self.cache = np.zeros((2 * n_layer * len(ids), n_embd), np.float32)
        at = 0
        for _ in range(n_layer):
            for n_in, n_out in ((1, 3), (1, 1), (1, 4), (4, 1)):
                w = self.weights[at:at + n_in * n_out * n_embd ** 2]
                at += len(w)
                np.ones((len(ids), n_in * n_embd), np.float32) @ w.reshape(n_in * n_embd, -1)
        self.step()

    def step(self):
        self.weights.reshape(-1, len(self.x)) @ self.x
        self.cache @ self.x


class Ours:
    def __init__(self, folder):
        import gpt2
        import utils
        self.gpt2 = gpt2
        _, hparams, self.params = utils.load_encoder_hparams_and_params(folder.name, folder.parent)
        self.n_head = hparams["n_head"]

    def prompt(self, ids):
        self.tokens = self.gpt2.generate(ids, self.params, self.n_head, N_STEPS + 1)
        self.step()

    def step(self):
        next(self.tokens)


class Transformers:
    def __init__(self, folder):
        import torch
        import transformers
        transformers.logging.disable_progress_bar()
        self.torch = torch
        self.model = transformers.GPT2LMHeadModel.from_pretrained(
            folder / "transformers", dtype=torch.float32).eval()

    def forward(self, ids, past):
        with self.torch.inference_mode():
            out = self.model(self.torch.tensor([ids]), past_key_values=past, use_cache=True,
                             logits_to_keep=1)
        self.past, self.token = out.past_key_values, int(out.logits[0, -1].argmax())

    def prompt(self, ids):
        self.forward(ids, None)

    def step(self):
        self.forward([self.token], self.past)


class LlamaCpp:
    def __init__(self, folder):
        from llama_cpp import Llama
        n_ctx = json.loads((folder / "hparams.json").read_text())["n_ctx"]
        n_threads = int(os.environ["OMP_NUM_THREADS"])
        self.model = Llama(str(folder / "model.gguf"), n_ctx=n_ctx, n_threads=n_threads,
                           n_threads_batch=n_threads, verbose=False)

    def prompt(self, ids):
        self.model.reset()
        self.model.eval(ids)
        self.token = self.best()

    def step(self):
        self.model.eval([self.token])
        self.token = self.best()

    def best(self):
        logits = np.ctypeslib.as_array(self.model._ctx.get_logits(), (self.model.n_vocab(),))
        return int(logits.argmax())


class TorchProducts:
    """A token's bare products in PyTorch, on transformers' weights: what its floor would be."""

    def __init__(self, folder):
        transformers = Transformers(folder)
        self.torch, model = transformers.torch, transformers.model
        self.layers = [layer for block in model.transformer.h for layer in (
            block.attn.c_attn, block.attn.c_proj, block.mlp.c_fc, block.mlp.c_proj)]
        self.wte = model.lm_head.weight
        self.rows = {n: self.torch.ones(1, n) for n in (self.wte.shape[1], 4 * self.wte.shape[1])}

    def prompt(self, ids):
        self.step()

    def step(self):
        with self.torch.inference_mode():
            for layer in self.layers:
                self.torch.addmm(layer.bias, self.rows[len(layer.weight)], layer.weight)
            self.torch.nn.functional.linear(self.rows[self.wte.shape[1]], self.wte)


# ---- gpt2.py with one of the changes undone that made it fast

class WeightsRead(Ours):
    def __init__(self, folder):
        super().__init__(folder)

        def read(node):
            if isinstance(node, dict):
                return {name: read(part) for name, part in node.items()}
            return list(map(read, node)) if isinstance(node, list) else np.array(node)

        self.params = read(self.params)


class NoCache(Ours):
    def prompt(self, ids):
        self.ids = list(ids)

    def step(self):
        logits = self.gpt2.gpt2(self.ids, **self.params, n_head=self.n_head, rows=-1)
        self.ids.append(int(logits.argmax()))


class Power(Ours):
    def __init__(self, folder):
        super().__init__(folder)
        self.gpt2.gelu = lambda x: 0.5 * x * (1 + np.tanh(
            (2 / np.pi) ** 0.5 * (x + 0.044715 * x ** 3)))


class OnePiece(Ours):
    def prompt(self, ids):
        n_ctx, n_embd = self.params["wpe"].shape
        cache = np.empty([len(self.params["blocks"]), 2, self.n_head, n_ctx,
                          n_embd // self.n_head], np.float32)
        self.gpt2.gpt2(ids, **self.params, n_head=self.n_head, cache=cache, rows=-1)


class FreshMemory(Ours):
    """With glibc's own thresholds held fixed, so that large freed arrays go back to the kernel."""
    env = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}


CONTENDERS = {"floor": Floor, "gpt2.py": Ours, "transformers": Transformers, "llama.cpp": LlamaCpp}
UNDONE = {  # name: contender, what it affects, what the program does
    "weights read": (WeightsRead, "start", "the weights are memory-mapped, not read"),
    "no cache": (NoCache, "late", "keys and values stay in a cache"),
    "x ** 3": (Power, "prompt", "`x * x * x` instead of `x ** 3` in gelu"),
    "one piece": (OnePiece, "prompt", "a prompt is read in pieces of 256 tokens"),
    "fresh memory": (FreshMemory, "prompt", "freed memory is kept for the next array")}
ALL = {**CONTENDERS, "PyTorch's products": TorchProducts,
       **{name: undone[0] for name, undone in UNDONE.items()}}


# ---- in a contender's process

def first_word(name, folder, n_prompt):
    """A whole process's work, from its start to the first token. Of text, only ours makes any."""
    contender = ALL[name](Path(folder))
    contender.prompt([0] * int(n_prompt))
    print("word", flush=True)


def worker(name, folder):
    """Answer each line of standard input, a task, with a line of seconds."""
    contender = ALL[name](Path(folder))
    for line in sys.stdin:
        task, ids, n_steps = json.loads(line)
        if task == "memory":  # the most it ever had, pages of mapped files included
            status = Path("/proc/self/status")  # Linux has it; elsewhere there is no answer
            answer = [int(kb) * 1024 for kb in re.findall(
                r"VmHWM:\s*(\d+)", status.read_text() if status.exists() else "")]
        else:
            times = [time.perf_counter()]
            contender.prompt(ids)
            times.append(time.perf_counter())
            if task != "prompt":
                times = times[1:]
                for _ in range(n_steps):
                    contender.step()
                    times.append(time.perf_counter())
            answer = np.diff(times).tolist()
        print(json.dumps(answer), flush=True)


# ---- the files

def make_random_model(folder, n_vocab, n_ctx, n_embd, n_head, n_layer):
    """Write a GPT-2 in OpenAI's format that says nothing of sense, as fast as one that does."""
    import encoder
    import utils
    from tf_bundle import write_bundle
    hparams = {"n_vocab": n_vocab, "n_ctx": n_ctx, "n_embd": n_embd, "n_head": n_head,
               "n_layer": n_layer}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hparams.json").write_text(json.dumps(hparams))
    (folder / "checkpoint").write_text('model_checkpoint_path: "model.ckpt"\n')
    symbols = list(encoder.bytes_to_unicode().values())  # 256, so there are 65,536 pairs of them
    merges = [(a, b) for a in symbols for b in symbols][:n_vocab - 257]
    tokens = [*symbols, *map("".join, merges), "<|endoftext|>"]
    (folder / "encoder.json").write_text(json.dumps({t: i for i, t in enumerate(tokens)}))
    (folder / "vocab.bpe").write_text("#version: 0.2\n" + "\n".join(map(" ".join, merges)) + "\n",
                                      encoding="utf-8")
    shapes = utils.gpt2_shapes(**hparams)
    random = np.random.default_rng(0).standard_normal(n_vocab * n_embd, np.float32) * 0.02
    tensors = {f"model/{name}": random[:np.prod(shape)].reshape(shape)
               for name, shape in shapes.items()}
    tensors.update((name, np.ones_like(g)) for name, g in tensors.items() if name.endswith("/g"))
    write_bundle(folder / "model.ckpt", tensors, checksums=False)


def save_for_llama_cpp(path, encoder, hparams, params):
    """Write the model as a GGUF file, in float32."""
    from gguf import GGUFWriter
    writer = GGUFWriter(path, "gpt2")
    writer.add_context_length(hparams["n_ctx"])
    writer.add_embedding_length(hparams["n_embd"])
    writer.add_block_count(hparams["n_layer"])
    writer.add_feed_forward_length(4 * hparams["n_embd"])
    writer.add_head_count(hparams["n_head"])
    writer.add_layer_norm_eps(1e-5)
    writer.add_file_type(0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([encoder.decoder[i] for i in range(hparams["n_vocab"])])
    writer.add_token_merges([" ".join(pair) for pair in encoder.bpe_ranks])
    writer.add_eos_token_id(hparams["n_vocab"] - 1)  # without it, text ends at token 11, a comma
    writer.add_tensor("token_embd.weight", params["wte"])
    writer.add_tensor("position_embd.weight", params["wpe"])
    names = {"ln_1": "attn_norm", "ln_2": "ffn_norm", "c_attn": "attn_qkv", "c_fc": "ffn_up"}

    def add(prefix, layer):
        for key, value in layer.items():  # there, w is stored as [n_out, n_in]
            writer.add_tensor(f"{prefix}.{'bias' if key == 'b' else 'weight'}",
                              np.ascontiguousarray(value.T))

    add("output_norm", params["ln_f"])
    for n, block in enumerate(params["blocks"]):
        add(f"blk.{n}.attn_output", block["attn"]["c_proj"])
        add(f"blk.{n}.ffn_down", block["mlp"]["c_proj"])
        for name, layer in {**block, **block["attn"], **block["mlp"]}.items():
            if name in names:
                add(f"blk.{n}.{names[name]}", layer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def convert(folder, names):
    """Write the other contenders' own files from our checkpoint."""
    import utils
    from compare_with_transformers import save_for_transformers
    encoder, hparams, params = utils.load_encoder_hparams_and_params(folder.name, folder.parent)
    if "transformers" in names:
        (folder / "transformers").mkdir(exist_ok=True)
        save_for_transformers(folder / "transformers", hparams, params)
    if "llama.cpp" in names:
        save_for_llama_cpp(folder / "model.gguf", encoder, hparams, params)


# ---- the race

def command(mode, name, *rest):
    """-> the arguments and the environment of a contender's process"""
    env = {**os.environ, **getattr(ALL[name], "env", {})}
    return [sys.executable, str(Path(__file__).resolve()), mode, name, *map(str, rest)], env


def time_starts(folder, names, rounds, n_prompt):
    """-> {name: [seconds from the start of a process to its first word, ...]}"""
    seconds = {name: [] for name in names}
    for n in range(rounds + 1):  # round 0 warms caches, and is not counted
        for name in names:
            words, env = command("first_word", name, folder, n_prompt)
            if name == "gpt2.py":
                words = [sys.executable, str(ROOT / "gpt2.py"), START, "1", "--model_size",
                         folder.name, "--models_dir", str(folder.parent)]
            start = time.perf_counter()
            process = subprocess.Popen(words, stdout=subprocess.PIPE, env=env)
            process.stdout.read(1)
            if n > 0:
                seconds[name].append(time.perf_counter() - start)
            process.communicate()
    return seconds


def ask(process, task, ids=None, n_steps=N_STEPS):
    process.stdin.write(json.dumps([task, ids, n_steps]).encode() + b"\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def time_tasks(folder, entrants, rounds, prompts):
    """entrants {task: names} -> {task: {name: [seconds, ...]}}, and the memory of each process"""
    seconds = {task: {name: [] for name in names} for task, names in entrants.items()}
    workers = {}
    for n in range(rounds + 1):  # round 0 warms caches, and is not counted
        for task, names in entrants.items():
            for name in names:
                if name not in workers:
                    words, env = command("worker", name, folder)
                    workers[name] = subprocess.Popen(words, env=env, stdin=subprocess.PIPE,
                                                     stdout=subprocess.PIPE)
                n_steps = 1 if name == "no cache" else N_STEPS
                times = ask(workers[name], task, prompts[task], n_steps)
                if n > 0:
                    seconds[task][name] += times
    memory = {name: ask(process, "memory") for name, process in workers.items()}
    for process in workers.values():
        process.communicate()
    return seconds, memory


def race(folder, names, rounds):
    """-> {task: {name: [seconds or bytes, ...]}}, {task: (what, unit)}"""
    from encoder import get_encoder
    hparams = json.loads((folder / "hparams.json").read_text())
    late = hparams["n_ctx"] - 24
    ids = np.random.default_rng(1).integers(0, hparams["n_vocab"] - 1, late).tolist()
    prompts = {"prompt": ids[:late - 100], "early": ids[:EARLY], "late": ids}
    entrants = {task: list(names) for task in ("start", *prompts)}
    if "gpt2.py" in names:
        for name, (_, task, _) in UNDONE.items():
            entrants[task].append(name)
    if "transformers" in names:
        entrants["early"].append("PyTorch's products")
    n_prompt = len(get_encoder(folder.name, folder.parent).encode(START))
    starts = time_starts(folder, entrants.pop("start"), rounds, n_prompt)
    seconds, memory = time_tasks(folder, entrants, rounds, prompts)
    weights = sum(path.stat().st_size for path in folder.glob("*.data-*"))
    cache = 2 * 4 * hparams["n_layer"] * hparams["n_ctx"] * hparams["n_embd"]
    memory["floor"] = [weights + cache]
    return {"start": starts, **seconds, "memory": memory}, {
        "start": ("start-up to the first word", "s"),
        "prompt": (f"prompt of {late - 100} tokens", "s"),
        "early": (f"a token at position {EARLY}", "ms"),
        "late": (f"a token at position {late}", "ms"),
        "memory": ("peak memory (floor: weights and cache)", "MB")}


# ---- the tables

def quartiles(values, unit):
    """[seconds or bytes, ...] -> the median, and in brackets the quarters below and above it."""
    if not values:
        return "?"
    scale, form = {"s": (1, ".2f"), "ms": (1e3, ".1f"), "MB": (1e-6, ".0f")}[unit]
    low, median, high = np.percentile(values, [25, 50, 75]) * scale
    spread = f" ({low:{form}}-{high:{form}})" if len(values) > 1 else ""
    return f"{median:{form}} {unit}{spread}"


def table(rows):
    """[[cell, ...], ...], the first the heading -> Markdown"""
    rows = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def tables(names, times, tasks):
    """-> {name: Markdown}: who is how fast, what made it fast, and where a token's time goes"""
    heading = ["", *names]
    if {"floor", "gpt2.py"} <= set(names):
        heading.insert(names.index("gpt2.py") + 2, "gpt2.py / floor")
    rows = [heading]
    for task, (what, unit) in tasks.items():
        cells = {name: quartiles(times[task][name], unit) for name in names}
        if {"floor", "gpt2.py"} <= set(names):
            ratio = np.median(times[task]["gpt2.py"]) / np.median(times[task]["floor"])
            cells["gpt2.py / floor"] = f"{ratio:.2f}"
        rows.append([what, *(cells[name] for name in heading[1:])])
    found = {"race": table(rows)}
    if "gpt2.py" in names:
        rows = [["change", "what it affects", "without it", "with it"]]
        for name, (_, task, change) in UNDONE.items():
            what, unit = tasks[task]
            rows.append([change, what, quartiles(times[task][name], unit),
                         quartiles(times[task]["gpt2.py"], unit)])
        found["changes"] = table(rows)
    if "transformers" in names:
        early = {name: np.median(times["early"][name]) * 1e3 for name in times["early"]}
        rows = [["a token at position 10", "bare products", "everything else"]]
        for name, floor in (("gpt2.py", "floor"), ("transformers", "PyTorch's products")):
            if name in early and floor in early:
                rest = early[name] - early[floor]
                rows.append([name, f"{early[floor]:.1f} ms", f"{rest:.1f} ms"])
        found["token"] = table(rows)
    return found


def machine(names, threads):
    """One sentence about what the times were measured on."""
    cpu = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((line.split(": ")[1] for line in lines if line.startswith("model name")), cpu)
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    versions = [f"Python {platform.python_version()}",
                f"NumPy {np.__version__} ({blas['name']} {blas['version']})"]
    versions += [f"{package} {importlib.metadata.version(package)}" for name, package in (
        ("transformers", "transformers"), ("transformers", "torch"),
        ("llama.cpp", "llama-cpp-python")) if name in names]
    return f"{os.cpu_count()} cores of {cpu}, {threads} threads; {', '.join(versions)}"


def write_into_page(found):
    """Put the tables between their marks in docs/performance.md."""
    page = ROOT / "docs" / "performance.md"
    text = page.read_text(encoding="utf-8")
    for name, markdown in found.items():
        text = re.sub(rf"(?s)(<!-- {name} -->\n).*?(<!-- end -->)",
                      lambda mark, new=markdown: mark[1] + new + mark[2], text)
    page.write_bytes(text.encode("utf-8"))


def main(model_size="124M", models_dir="models", only=None, threads=None, rounds=5, folder=None,
         write=False):
    threads = threads or os.cpu_count()
    os.environ.update({"OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)})
    names = [name for name in NEEDS if all(map(importlib.util.find_spec, NEEDS[name]))]
    if only:
        names = [name for name in names if name in only.split(",")]
    with tempfile.TemporaryDirectory(dir=folder) as made:
        original = Path(models_dir) / model_size
        if (original / "hparams.json").exists():
            what, model = model_size, Path(made) / model_size
            model.mkdir()
            for path in original.iterdir():
                (model / path.name).symlink_to(path.resolve())
        else:
            what, model = f"{model_size} with random weights", Path(made) / f"random-{model_size}"
            make_random_model(model, *SHAPES[model_size])
        convert(model, names)
        found = tables(names, *race(model, names, rounds))
    found["machine"] = (f"{what}, {machine(names, threads)}; medians of {rounds} rounds, with "
                        f"quartiles in parentheses; {time.strftime('%d %B %Y')}\n")
    for markdown in found.values():
        print("\n" + markdown, end="")
    if write:
        write_into_page(found)


if __name__ == "__main__":
    if sys.argv[1:2] in (["worker"], ["first_word"]):
        {"worker": worker, "first_word": first_word}[sys.argv[1]](*sys.argv[2:])
    else:
        import fire
        fire.Fire(fire.decorators.SetParseFns(model_size=str, only=str)(main))
