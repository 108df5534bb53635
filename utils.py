"""Everything around the model, in this order:
    checkpoint    TensorFlow's file format, read without TensorFlow: names -> arrays
    params        names -> the tree of arrays that gpt2() takes
    download      OpenAI's files, from their server to models/<size>
    command line  the words of a command -> main's arguments; main's text -> standard output
"""
import base64
import functools
import hashlib
import json
import os
import re
import struct
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from encoder import get_encoder, read_file


class UsageError(Exception):
    """A wrong argument. Here and below: what is wrong in the first line, what to do in others."""


class ModelError(Exception):
    """A missing or damaged file."""


# ---- checkpoint: name.index says where in name.data-00000-of-00001 each variable is
def read_varint(data, at):  # -> (value, next position)
    """Seven bits per byte, lowest first; the top bit says that more follow: ac 02 is 300."""
    value = shift = 0
    while at < len(data) and shift < 64:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at
    raise ValueError(f"a number runs off the end at byte {at}")


def read_message(data):  # a protocol buffer -> {field number: [value, ...]}
    fields, at = {}, 0
    while at < len(data):
        tag, at = read_varint(data, at)  # the field number and, in 3 bits, the wire type
        value, at = (4, at) if tag & 7 == 5 else read_varint(data, at)
        if tag & 7 in (2, 5):  # length-delimited, fixed 32-bit: so far, value is the length
            value, at = data[at:at + value], at + value
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def crc32c(data):  # Castagnoli's CRC; LevelDB rotates it and adds a constant
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 * (crc & 1)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def read_block(data, handle):  # -> (key, value), (key, value), ...
    """A handle is an offset and a size. After the block: its type of compression, its checksum.

    A key is stored as what differs from the key before it: (2, "bc") after "model" is "mobc".
    After the pairs: the offsets of keys that are stored whole, and their number."""
    offset, at = read_varint(handle, 0)
    size, _ = read_varint(handle, at)
    if not 4 <= size <= len(data) - offset - 5:
        raise ValueError(f"a block of {size} bytes at byte {offset} of {len(data)}")
    n_restarts, compression, checksum = struct.unpack_from("<IBI", data, offset + size - 4)
    if crc32c(data[offset:offset + size + 1]) != checksum or compression != 0:
        raise ValueError(f"the block at byte {offset} is compressed, or its checksum is wrong")
    key, at, end = b"", offset, offset + size - 4 - 4 * n_restarts
    while at < end:
        n_shared, at = read_varint(data, at)
        n_new, at = read_varint(data, at)
        n_value, at = read_varint(data, at)
        key, at = key[:n_shared] + data[at:at + n_new], at + n_new + n_value
        yield key, data[at - n_value:at]


def read_index(path):
    """-> ({name: (dtype, shard, offset, size, shape)}, number of shards). OSError, ValueError.

    A LevelDB table: blocks of entries, a block of the handles of those blocks, and a footer.
    tensorflow/core/protobuf/tensor_bundle.proto defines the entries."""
    data = Path(path).read_bytes()
    if len(data) < 48 or data[-8:] != bytes.fromhex("57fb808b247547db"):  # LevelDB's magic number
        raise ValueError("not a TensorFlow index, or cut short: its last 8 bytes are wrong")
    _, at = read_varint(data, len(data) - 48)  # the handle of a block that is not used
    _, at = read_varint(data, at)
    entries = {}
    for _, handle in read_block(data, data[at:]):
        for key, value in read_block(data, handle):
            entries[key.decode("utf-8", "replace")] = read_message(value)
    header = entries.pop("", {})
    if header.get(2, [0]) != [0]:
        raise ValueError("its numbers are big-endian")
    tensors = {}
    for name, entry in entries.items():
        dims = read_message(entry.get(2, [b""])[0]).get(2, [])
        shape = "partitioned" if 7 in entry else [read_message(dim).get(1, [0])[0] for dim in dims]
        tensors[name] = (*(entry.get(field, [0])[0] for field in (1, 3, 4, 5)), shape)
    return tensors, header.get(1, [1])[0]


# ---- params: the variables as the tree that gpt2() takes
ADVICE = "\nCopy the file again. OpenAI's: delete it and run again. 3M: git checkout models/3M"


@contextmanager
def model_errors(path):  # raises ModelError: which file, what is wrong, and perhaps what to do
    try:
        yield
    except OSError as error:
        problem = f"{error.filename or path}: {error.strerror or error}"
        raise ModelError(problem + ADVICE * isinstance(error, FileNotFoundError)) from error
    except (ValueError, TypeError) as error:
        raise ModelError(f"{path}: {error}{ADVICE}") from error


def gpt2_shapes(n_vocab, n_ctx, n_embd, n_layer, **_):  # -> {name: shape} as in OpenAI's code
    shapes = {"wte": [n_vocab, n_embd], "wpe": [n_ctx, n_embd]}
    for name in ["ln_f"] + [f"h{n}/ln_{i}" for n in range(n_layer) for i in (1, 2)]:
        shapes[f"{name}/g"] = shapes[f"{name}/b"] = [n_embd]
    for n in range(n_layer):
        for name, n_in, n_out in [("attn/c_attn", 1, 3), ("attn/c_proj", 1, 1),
                                  ("mlp/c_fc", 1, 4), ("mlp/c_proj", 4, 1)]:
            shapes[f"h{n}/{name}/w"] = [1, n_in * n_embd, n_out * n_embd]  # a convolution's width
            shapes[f"h{n}/{name}/b"] = [n_out * n_embd]
    return shapes


def load_gpt2_params_from_tf_ckpt(tf_ckpt_path, hparams):
    """Return the tree that gpt2() takes. tf_ckpt_path: a prefix, such as models/124M/model.ckpt.

    The weights are mapped: they are read on first use. So their checksums are not verified, but
    the download verified an MD5. Raises ModelError."""
    index = Path(f"{tf_ckpt_path}.index")
    if Path(tf_ckpt_path).is_file() and not index.exists():
        raise ModelError(f"{tf_ckpt_path}: TensorFlow's old V1 format\nSave it in the V2 format.")
    with model_errors(index):
        tensors, n_shards = read_index(index)
    n_layer = len({*re.findall(r"^model/h\d+/", "\n".join(tensors), re.MULTILINE)})
    if n_layer != hparams["n_layer"]:
        raise ModelError(f"{index}: n_layer is {n_layer}, in hparams.json {hparams['n_layer']}")
    params, shards = {}, {}
    for name, shape in gpt2_shapes(**hparams).items():  # variables of an optimizer are ignored
        dtype, shard, offset, size, found = tensors.get(f"model/{name}", ("missing", 0, 0, 0, ""))
        if (dtype, found) != (1, shape):
            dtype = {1: "float32", 2: "float64", 14: "bfloat16", 19: "float16"}.get(dtype, dtype)
            raise ModelError(f"{index}: model/{name} is {dtype} {found}, not float32 {shape}")
        path = Path(f"{tf_ckpt_path}.data-{shard!s:0>5}-of-{n_shards!s:0>5}")
        with model_errors(path):
            if path not in shards:
                shards[path] = np.asarray(np.memmap(path, np.uint8, "r"))
            if offset + size > len(shards[path]):
                raise ValueError(f"cut short, before the end of model/{name}")
            array = shards[path][offset:offset + size].view(np.float32).reshape(shape[-2:])
        *nodes, leaf = name.split("/")
        node = params
        for key in nodes:  # h3/attn/c_attn/w -> params["h3"]["attn"]["c_attn"]["w"]
            node = node.setdefault(key, {})
        node[leaf] = np.require(array, requirements="A")  # a copy if not aligned: 20 times faster
    return {"blocks": [params.pop(f"h{n}") for n in range(n_layer)], **params}


def parse_hparams(text):  # hparams.json -> {name: number}
    hparams = json.loads(text)
    for name in ("n_vocab", "n_ctx", "n_embd", "n_head", "n_layer"):
        if not isinstance(hparams, dict) or type(hparams.get(name)) is not int or hparams[name] < 1:
            raise ValueError(f"{name} must be a positive integer")
    if hparams["n_embd"] % hparams["n_head"]:
        raise ValueError("n_embd must be a multiple of n_head")
    return hparams


def parse_checkpoint(text):  # the file checkpoint -> the path that it names
    match = re.search(r"""^\s*model_checkpoint_path:\s*(["'])((?:\\.|(?!\1).)+)\1""", text, re.M)
    if not match:
        raise ValueError("no model_checkpoint_path")
    return match[2].encode().decode("unicode_escape").encode("latin-1").decode()  # \303\251 -> é


def load_encoder_hparams_and_params(model_size, models_dir):
    """Return them from models_dir/model_size. The models_dir "models" is beside this file."""
    models_dir = Path(__file__).with_name("models") if models_dir == "models" else Path(models_dir)
    folder = models_dir / model_size
    if model_size in MODEL_SIZES:
        download_gpt2_files(model_size, folder)
    elif set(model_size) <= {"."} or set(model_size) & set("/\\") or not folder.is_dir():
        there = ", ".join(sorted(p.parent.name for p in models_dir.glob("*/hparams.json")))
        raise UsageError(f"there is no model {model_size!r} in {models_dir}\nIn this folder: "
                         f"{there or 'none'}\nTo download: {', '.join(MODEL_SIZES)}")
    with model_errors(folder):
        encoder = get_encoder(model_size, models_dir)
        hparams = read_file(folder / "hparams.json", parse_hparams)
        if len(encoder.encoder) != hparams["n_vocab"]:
            raise ValueError(f"encoder.json has {len(encoder.encoder)} tokens, unlike hparams.json")
        name = read_file(folder / "checkpoint", parse_checkpoint)
    if Path(name).is_absolute() or not Path(f"{folder / name}.index").exists():
        name = re.split(r"[/\\]", name)[-1]  # the folder where it was saved does not matter
    # Large arrays that are freed go back to the kernel, and new ones have to be zeroed by it.
    # Freeing one of 31 MiB makes glibc keep them: 10 to 18 % less time for a long prompt.
    np.empty(31 << 20, np.uint8)
    return encoder, hparams, load_gpt2_params_from_tf_ckpt(folder / name, hparams)


# ---- download: a file grows as name.<version>-<MD5>.part, is verified, and then gets its name
MODELS_URL = "https://openaipublic.blob.core.windows.net/gpt-2/models"
MODEL_SIZES = ["124M", "355M", "774M", "1558M"]
MODEL_FILES = ["model.ckpt.data-00000-of-00001",  # largest first, so that a full disk fails early
               "model.ckpt.index", "checkpoint", "encoder.json", "hparams.json", "vocab.bpe"]
PAUSES = [0.5, 1, 1.5, 4, 8]  # seconds between tries: three until something came


def read_headers(response, path, old, have):  # -> (part, position, length) of the content
    get, status = response.headers.get, response.status_code
    version = get("ETag") or get("Last-Modified") or str(time.time())  # none: do not resume
    stem = f"{path.name}.{hashlib.sha256(version.encode()).hexdigest()[:16]}-"
    rest = re.fullmatch(rf"bytes {have}-\d+/(\d{{1,15}})", get("Content-Range", ""))
    if old and status == 206 and rest and old.name.startswith(stem):
        return old, have, int(rest[1])
    kind, length = get("Content-Type", "no type").lower(), get("Content-Length", "unknown")
    is_file = status == 200 and "html" not in kind and re.fullmatch(r"[1-9]\d{0,14}", length)
    if old and (is_file or status in (206, 416)):  # the file has changed: start over
        old.unlink(missing_ok=True)
    if status in (206, 408, 416, 425, 429) or status >= 500:
        raise ConnectionError(f"{status} {response.reason}")
    if not is_file:
        raise ValueError(f"{status} {response.reason} ({kind}, length {length})")
    md5 = base64.b64decode(get("Content-MD5", "")).hex()  # sent with the whole file only
    return path.with_name(f"{stem}{md5}.part"), 0, int(length)


def fetch(url, path):
    """Download url to path: all of it, or only a part to resume. Raises ModelError or OSError."""
    import requests  # here, since only downloads are worth the 0.1 s that it takes
    from tqdm import tqdm
    best, pauses = 0, iter(PAUSES[:3])
    while not path.exists():
        old = next(path.parent.glob(f"{path.name}.*-*.part"), None)
        have = max(old.stat().st_size - 1, 0) if old else 0  # - 1: there is always a rest
        best = best or have + 1
        headers = {"Accept-Encoding": "identity", "Range": f"bytes={have}-" if have else None}
        try:
            with requests.get(url, headers=headers, stream=True, timeout=(3, 30)) as response:
                part, have, length = read_headers(response, path, old, have)
                with open(part, "ab", buffering=0) as file, tqdm.wrapattr(
                        file, "write", length, initial=have, desc=path.name, disable=None) as bar:
                    if os.name != "nt":  # which has no lock that is as simple
                        import fcntl
                        fcntl.flock(file, fcntl.LOCK_EX)  # until the file is closed
                    if path.exists() or max(file.seek(0, os.SEEK_END) - 1, 0) != have:
                        continue  # another process has downloaded more meanwhile
                    file.truncate(have)
                    for chunk in response.iter_content(1 << 16):
                        have += bar.write(chunk)
                    os.fsync(file.fileno())  # before the name, in case of a power cut
                    if have < length:  # not every version of requests notices
                        raise ConnectionError(f"cut after {have} of {length} bytes")
                    md5 = hashlib.md5(usedforsecurity=False)
                    with open(part, "rb") as on_disk:
                        for chunk in iter(lambda: on_disk.read(1 << 20), b""):
                            md5.update(chunk)
                    ends = f"-{md5.hexdigest()}.part", "-.part"  # the latter: the MD5 is unknown
                    if part.stat().st_size != length or not part.name.endswith(ends):
                        part.unlink()
                        raise ValueError("wrong length or MD5, so the file is removed")
            os.replace(part, path)
        except (requests.RequestException, ConnectionError, FileNotFoundError, ValueError) as error:
            reason = error
            while reason.__context__:  # requests and urllib3 wrap it several times
                reason = reason.__context__
            problem = f"{url}: {getattr(reason, 'strerror', None) or reason}"
            if have > best:
                best, pauses = have, iter(PAUSES)
            pause = next(pauses, None)
            if pause is None or isinstance(error, (ValueError, requests.Timeout)):
                raise ModelError(f"{problem}\nRun again to resume, or set GPT2_MODELS_URL to a "
                                 "mirror. --model_size 3M needs no download.") from error
            print(f"{problem}; trying again in {pause} s", file=sys.stderr)
            time.sleep(pause)
    for part in path.parent.glob(f"{path.name}.*-*.part"):
        part.unlink(missing_ok=True)


def download_gpt2_files(model_size, model_dir):
    """Download whichever of OpenAI's files model_dir lacks; no request is made if it lacks none."""
    url = os.environ.get("GPT2_MODELS_URL") or MODELS_URL
    for name in MODEL_FILES:
        path = Path(model_dir) / name
        if not path.exists():
            with model_errors(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                fetch(f"{url.rstrip('/')}/{model_size}/{name}", path)


# ---- command line: nothing is loaded before every word of it has been understood
NUMBERS = {"top_p": (float, 0, 1), "temperature": (float, 0, 1e20),  # float32 ends at 3e38
           **dict.fromkeys(["frequency_penalty", "presence_penalty"], (float, -1e20, 1e20)),
           **dict.fromkeys(["n_tokens_to_generate", "top_k", "seed"], (int, 0, 1e20))}


def read_option(name, text):  # the text of an option -> its value
    if name in NUMBERS:
        kind, least, most = NUMBERS[name]
        with suppress(ValueError):
            if least <= kind(text) <= most:  # false for nan
                return kind(text)
        hint = "\nA prompt of several words needs quotes." if name[:2] == "n_" else ""
        raise UsageError(f"{name} must be {'an integer' if kind is int else 'a number'} from "
                         f"{least:g} to {most:g}, not {text[:60]!r}{hint}")
    if text == "" and name != "prompt":
        raise UsageError(f"{name} must not be empty")
    text = text.encode("utf-8", "surrogateescape").decode("utf-8")  # UTF-8 in any locale
    return Path(text) if name == "models_dir" else text


def read_command_line(main, words):
    """Return what main yields. Raises UsageError, or SystemExit when Fire has given an answer."""
    import fire
    # Fire looks up leftover words among the attributes of the result, and must find none.
    call = type("Call", (), {"__dir__": list})()

    @functools.wraps(main)  # Fire makes the options and --help of main's signature and docstring
    def command(*args, **kwargs):
        call.pieces = main(*args, **kwargs)
        return call

    fire.decorators.FIRE_METADATA = "_metadata"  # the underscore keeps it out of --help
    for name in [*NUMBERS, "prompt", "model_size", "models_dir", "stop"]:
        fire.decorators.SetParseFn(functools.partial(read_option, name), name)(command)
    flag = "--help" if {"--help", "-h"} & set(words) else "--separator=\0"  # by default, it is "-"
    words = [re.sub(r"^--?n[-_]tokens(?=$|=)", "--n_tokens_to_generate", word) for word in words]
    words[:1] = [re.sub(r"^(?=--+(?![A-Za-z]))", "--prompt=", word) for word in words[:1]]  # "---"
    words[:1] = [re.sub("^--+(?![A-Za-z])", r"--prompt=\g<0>", word) for word in words[:1]]  # ---
    fire.Fire(command, [*words * (flag != "--help"), "--", flag], serialize=lambda result: None)
    for pair in zip(words, [*words[1:], "--"]):  # Fire gives an option without a value "True"
        if "=" not in pair[0] and all(re.match("--|-[A-Za-z]", word) for word in pair):
            raise UsageError(f"{pair[0]} needs a value")
    return call.pieces


def encode_prompt(prompt, encoder, n_tokens, n_ctx):  # -> ids; leaves room for n_tokens more
    if prompt == "-":  # utf-8-sig: without the byte-order mark of Windows tools
        prompt = re.sub(r"\r?\n\Z", "", sys.stdin.buffer.read().decode("utf-8-sig"))
    if prompt == "" and "<|endoftext|>" not in encoder.encoder:
        raise UsageError("an empty prompt needs <|endoftext|>, which this vocabulary lacks")
    ids = encoder.encode(prompt) or [encoder.encoder["<|endoftext|>"]]
    if len(ids) + n_tokens - 1 > n_ctx:  # - 1: nothing follows the last token, so it is not read
        raise UsageError(f"the prompt has {len(ids)} tokens, and {n_tokens} more do not fit into "
                         f"the context of {n_ctx}\nShorten the prompt or reduce --n_tokens.")
    return ids


def until(pieces, stop):  # yields the text before stop, in a piece per token and a last one
    stop = stop or "\ud800"  # half a character, which is in no text
    held = ""
    for piece in pieces:
        held, found, _ = (held + piece).partition(stop)
        n_held = 0 if found else max(n for n in range(len(stop)) if held.endswith(stop[:n]))
        yield held[:len(held) - n_held]
        held = held[len(held) - n_held:]  # which may be the beginning of stop
        if found:
            break
    yield held


def run(main):  # prints what main yields for the command line; errors take a few lines
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the parent process
            setattr(sys, name, open(os.devnull, "r+"))
    if hasattr(sys.stdout, "reconfigure"):  # not in a notebook
        own = sys.stdout.isatty() or "PYTHONIOENCODING" in os.environ
        sys.stdout.reconfigure(errors="replace", encoding=None if own else "utf-8", newline="\n")
    start, n_tokens = time.perf_counter(), -1  # until() yields a last piece after all tokens
    try:
        with np.errstate(all="ignore"):  # generate() checks the logits
            for piece in read_command_line(main, sys.argv[1:]):
                print(piece, end="", flush=True)
                n_tokens += 1
        print(flush=True)
        if sys.stderr.isatty():
            s = time.perf_counter() - start
            print(f"{n_tokens} tokens in {s:.1f} s, {n_tokens / s:.1f} tokens/s", file=sys.stderr)
    except KeyboardInterrupt:
        sys.exit(130)
    except (UsageError, UnicodeError, ModelError, FloatingPointError, MemoryError) as error:
        print(f"gpt2.py: {str(error) or 'not enough memory'}", file=sys.stderr)
        sys.exit(2 if isinstance(error, (UsageError, UnicodeError)) else 1)
    except OSError as error:  # of standard input or output
        sys.stdout = None  # nothing to flush at exit
        sys.exit(141 if error.errno in (22, 32) else f"gpt2.py: {error}")  # EPIPE; Windows: EINVAL
