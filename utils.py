"""What is around the model: OpenAI's files, and the manners of the command line.

    options     what the command line takes, checked before anything is done
    download    OpenAI's released files, from their store to models/<size>
    checkpoint  TensorFlow's file format, read without TensorFlow: names -> arrays
    params      names -> the tree that gpt2.py takes as its arguments
    output      text as it comes, and one line for whatever goes wrong
"""
import base64
import difflib
import errno
import hashlib
import itertools
import json
import math
import os
import re
import shutil
import struct
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from encoder import get_encoder, read_file

if os.name == "nt":
    import msvcrt
else:
    import fcntl


class UsageError(Exception):
    """A wrong option: its message is one line, and the program ends with status 2."""


class ModelError(Exception):
    """A file that is missing or damaged: its message is one line, and the status 1."""


# ---- options

def is_number(value, least=-1e30, most=1e30):  # beyond, float32 overflows; nan is never between
    return type(value) in (int, float) and least <= value <= most


def is_whole(value):
    return type(value) is int and value >= 0


def is_text(value):
    return isinstance(value, str) and value != ""


def none_or(test):
    return lambda value: value is None or test(value)


OPTIONS = {  # name: (test, what is allowed, what it does)
    "prompt": (lambda value: isinstance(value, str), "a text",
               'the text to go on from; "-" reads it from standard input; "" starts from nothing'),
    "n_tokens_to_generate": (is_whole, "a whole number from 0 up (and the prompt in quotes)",
                             "how many tokens to write; short: --n_tokens"),
    "model_size": (is_text, "a text",
                   "124M, 355M, 774M, 1558M (OpenAI's), 3M (bundled), or a folder in models_dir"),
    "models_dir": (lambda value: is_text(str(value)), "a folder", "where the models' folders are"),
    "temperature": (lambda value: is_number(value, 0), "a number from 0 up",
                    "0: always the likeliest token; 1: as the model has it; more: wilder"),
    "top_k": (is_whole, "a whole number from 0 up", "draw from the k likeliest only; 0: from all"),
    "top_p": (lambda value: is_number(value, 0, 1), "a number from 0 to 1",
              "draw from the likeliest that have probability p at most together, one at least"),
    "frequency_penalty": (is_number, "a number",
                          "lower a token's score by this for each time it was written"),
    "presence_penalty": (is_number, "a number",
                         "lower a token's score by this if it was written at all"),
    "stop": (none_or(is_text), "a text that is not empty",
             "end where this text appears, and do not print it"),
    "seed": (none_or(is_whole), "a whole number from 0 up",
             "the same seed draws the same tokens; without one, others each time"),
}


def check_options(options):
    """UsageError unless each value in {name: value} is one that its option allows."""
    for name, (test, allowed, _) in OPTIONS.items():
        if not test(options[name]):
            raise UsageError(f"{name} must be {allowed}, not {options[name]!r}")


def check_length(n_prompt, n_tokens_to_generate, n_ctx):
    """UsageError if the prompt and what is to be written are more than the model can look at."""
    if n_prompt + n_tokens_to_generate > n_ctx:
        raise UsageError(f"{n_prompt} tokens of prompt and {n_tokens_to_generate} to generate are "
                         f"more than the {n_ctx} that this model can look at: shorten the "
                         "prompt, or ask for fewer with --n_tokens")


def arguments(main, argv=None):
    """The words of the command line, as Fire takes them: ["Hi", "5"] -> ["--prompt='Hi'", ...]

    Fire reads values as Python, a lone "-" as a separator, and calls main before it finds that an
    option is misspelt. So each word gets its option's name here, and a text its quotation marks.
    """
    main.__doc__ += "\n\nArgs:\n" + "".join(
        f"    {name}: {what}\n" for name, (_, _, what) in OPTIONS.items())
    words = iter(sys.argv[1:] if argv is None else argv)
    values, unnamed = {}, ["n_tokens_to_generate", "prompt"]
    for word in words:
        option = re.fullmatch(r"--?([A-Za-z][\w-]*)(?:=(.*))?", word, re.DOTALL)
        if option and option[1] in ("h", "help"):
            return ["--help"]
        if option:
            name, value = option[1].replace("-", "_"), option[2]
            if name not in OPTIONS:  # --n_tokens, -n: the beginning of just one of them will do
                found = [known for known in [*OPTIONS][1:] if known.startswith(name)]
                if len(found) != 1:
                    near = found or difflib.get_close_matches(name, OPTIONS, 1) or ["help"]
                    raise UsageError(f"there is no option {name!r}: did you mean "
                                     f"--{' or --'.join(near)}? (A prompt that begins with a dash: "
                                     f"--prompt={word!r})")
                name = found[0]
            value = next(words, None) if value is None else value
            if value is None:
                raise UsageError(f"--{name} needs a value: {OPTIONS[name][1]}")
        elif unnamed:
            name, value = unnamed.pop(), word
        else:
            raise UsageError(f"what is {word!r}? A prompt of several words goes in quotes")
        values[name] = value
    if "prompt" not in values:
        raise UsageError('no prompt: try gpt2.py "Once upon a time" --model_size 3M, or --help')
    texts = {"prompt", "model_size", "models_dir", "stop"}
    return [f"--{name}={value!r}" if name in texts else f"--{name}={value}"
            for name, value in values.items()]


def read_prompt(prompt):
    """The prompt itself; for "-", what standard input holds, less the newline that echo adds."""
    raw = sys.stdin.buffer.read() if prompt == "-" else prompt.encode("utf-8", "surrogateescape")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        problem = f"the prompt is not utf-8: byte {error.start} is {raw[error.start]:#x}"
        raise UsageError(problem) from error
    return re.sub(r"\r?\n\Z", "", text) if prompt == "-" else text


# ---- download: a file grows under another name, is checked, and only then gets its own

MODELS_URL = "https://openaipublic.blob.core.windows.net/gpt-2/models"
MODEL_SIZES = ["124M", "355M", "774M", "1558M"]
MODEL_FILES = ["model.ckpt.data-00000-of-00001",  # the large one first: without room, no beginning
               "model.ckpt.index", "checkpoint", "encoder.json", "hparams.json", "vocab.bpe"]
PAUSES = [0.5, 1, 2, 4, 8]  # seconds before the next tries, while they bring us no further
TIMEOUT = 30  # seconds of silence after which a connection counts as cut
CHUNK = 1 << 16  # bytes: the most that a cut can cost


def tell(text):  # a person who waits; not a file, not a pipe
    if sys.stderr.isatty():
        print(text, file=sys.stderr)


@contextmanager
def one_at_a_time(path):
    """Wait while another process is in here with the same path: that of a file, to be locked.

    The system keeps the lock, and ends it with its process, kill -9 included. So it is never stale,
    as a file can be whose being there means "taken". OSError where the system has no locks.
    """
    with open(path, "a") as file:
        for attempt in itertools.count():
            try:
                if os.name == "nt":
                    msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
                else:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except (BlockingIOError, PermissionError):  # taken, says POSIX; taken, says Windows
                if attempt == 0:
                    tell(f"{path.parent}: another process is downloading it; waiting for that")
                time.sleep(0.1)
        yield


def whole_file(response, said, have):
    """-> what the store says of the whole file: said itself if its answer goes on at byte have.

    None if the answer is no file. ModelError if it passes for one but cannot be: the page of a
    hotel's network that wants us to log in comes with status 200, too.
    """
    headers, status = response.headers, response.status_code
    version = headers.get("ETag") or headers.get("Last-Modified")
    if status == 206 and have and version == said["version"]:
        rest = f"bytes {have}-{said['length'] - 1}/{said['length']}"
        return said if headers.get("Content-Range") == rest else None
    if status != 200:
        return None
    length, kind = headers.get("Content-Length", "no"), headers.get("Content-Type", "no type")
    coding = headers.get("Content-Encoding", "identity")
    if "html" in kind.lower() or coding != "identity" or not re.fullmatch("[1-9][0-9]*", length):
        raise ModelError(f"{response.url}: not the file, but {kind}, {coding}, length {length}")
    return {"length": int(length), "version": version, "md5": headers.get("Content-MD5")}


def fetch(url, path):
    """Bring url to path, whole or not at all. Raises ModelError or OSError.

    It grows as path.part. Beside it, path.part.json keeps what the store said of the whole file,
    so that a later run can go on: the answer to a request for the rest has no MD5 of the whole.
    """
    import requests  # here, like tqdm: a tenth of a second that only a download is worth
    from tqdm import tqdm

    part, notes = (path.with_name(path.name + end) for end in (".part", ".part.json"))
    said, have, md5 = {}, 0, hashlib.md5(usedforsecurity=False)
    with suppress(FileNotFoundError, ValueError):  # nothing to go on with, or not readable
        said = json.loads(notes.read_text(encoding="utf-8"))
        with open(part, "rb") as file:
            for chunk in iter(lambda: file.read(CHUNK), b""):
                have += len(chunk)
                md5.update(chunk)
    most, pauses = have, iter(PAUSES)
    while have != said.get("length"):
        headers = {"Accept-Encoding": "identity"}  # else it may come zipped, and no length fits
        if have and (said["version"] or said["md5"]):  # else parts of two files could be joined
            headers.update({"Range": f"bytes={have}-", "If-Range": said["version"]})
        try:
            with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
                now = whole_file(response, said, have)
                if now is None:
                    problem = f"{response.status_code} {response.reason}"
                    raise requests.HTTPError(problem, response=response)
                if now is not said:  # from the first byte: new, or changed, or Range is ignored
                    part.unlink(missing_ok=True)  # first, so that no notes stand beside another's
                    notes.write_text(json.dumps(now), encoding="utf-8")
                    said, have, md5 = now, 0, hashlib.md5(usedforsecurity=False)
                need, free = said["length"] - have, shutil.disk_usage(path.parent).free
                if need > free:
                    raise ModelError(f"{path}: no room on the disk: {need / 2**20:.1f} MiB are "
                                     f"needed, {free / 2**20:.1f} MiB are free")
                bar = tqdm(total=said["length"], initial=have, desc=path.name, unit="iB",
                           unit_scale=True, unit_divisor=1024, leave=False, disable=None)
                with open(part, "ab") as file, bar:
                    for chunk in response.iter_content(CHUNK):
                        file.write(chunk)
                        md5.update(chunk)
                        have += len(chunk)
                        bar.update(len(chunk))
                    bar.leave = have == said["length"]  # one that was cut makes way for the next
            if have < said["length"]:  # of which not every version of requests says a word
                raise requests.ConnectionError(f"cut after {have} of {said['length']} bytes")
        except requests.RequestException as error:
            status = getattr(error.response, "status_code", 0)
            if status in (206, 416):  # not the rest of what we have: ask for the whole then
                have = 0
            if have > most:
                most, pauses = have, iter(PAUSES)
            pause = next(pauses, None)
            hopeless = (300 <= status < 500 and status not in (416, 429)
                        or isinstance(error, (ValueError, requests.exceptions.ProxyError))
                        or "CERTIFICATE" in str(error))  # ValueError: not a URL
            problem = f"{url}: {getattr(error.args[0], 'reason', error)}"  # urllib3's is shorter
            if hopeless or pause is None:
                raise ModelError(problem) from None
            tell(f"{problem}; trying again in {pause} s")
            time.sleep(pause)
    if said["md5"] and said["md5"] != base64.b64encode(md5.digest()).decode():
        part.unlink()
        notes.unlink()
        raise ModelError(f"{url}: wrong bytes: their MD5 is not {said['md5']}; they are removed")
    with open(part, "ab") as file:
        os.fsync(file.fileno())  # or a power cut could leave the name without the bytes
    os.replace(part, path)
    notes.unlink()


def download_gpt2_files(model_size, model_dir):
    """Fetch what model_dir lacks of OpenAI's files of a size; without a request if it lacks none.

    ModelError says what happened to which URL or file, and what to do.
    """
    model_dir = Path(model_dir)
    missing = [name for name in MODEL_FILES if not (model_dir / name).exists()]
    if not missing:
        return
    if model_size not in MODEL_SIZES:
        raise ModelError(f"{model_size!r} cannot be downloaded, only {', '.join(MODEL_SIZES)} can")
    url = f"{(os.environ.get('GPT2_MODELS_URL') or MODELS_URL).rstrip('/')}/{model_size}"
    lock = model_dir / "download.lock"
    try:
        model_dir.mkdir(parents=True, exist_ok=True)
        with one_at_a_time(lock):
            for name in missing:
                if not (model_dir / name).exists():  # another process may have been here meanwhile
                    fetch(f"{url}/{name}", model_dir / name)
        with suppress(PermissionError):  # Windows, while another process waits for it
            lock.unlink(missing_ok=True)  # not earlier: whoever locks a new one finds all done
    except (ModelError, OSError) as error:
        if isinstance(error, OSError):
            error = f"{error.filename or model_dir}: {error.strerror or error}"
        urls = " ".join(f"{url}/{name}" for name in missing if not (model_dir / name).exists())
        raise ModelError(" ".join(
            f"{error}. Try again (what was right is kept), set GPT2_MODELS_URL to a mirror, use "
            f"--model_size 3M, which needs no network, or fetch by hand into {model_dir}: {urls}"
            .splitlines())) from None


# ---- checkpoint: name.index says where in name.data-00000-of-00001 each tensor lies

def read_varint(data, at):
    """-> (the number that begins at at, the position behind it)

    Seven bits a byte, the lowest first; a set top bit says that more follow: ac 02 is 300.
    """
    value = shift = 0
    while at < len(data) and shift < 64:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at
    raise ValueError(f"a number runs off the end at byte {at}")


def read_message(data):
    """A protocol buffer -> {field number: [value, ...]}: each value behind its number and kind."""
    fields, at = {}, 0
    while at < len(data):
        key, at = read_varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = read_varint(data, at)
        elif kind in (2, 5):  # so many bytes; four bytes
            size, at = read_varint(data, at) if kind == 2 else (4, at)
            value, at = data[at:at + size], at + size
        if at > len(data) or kind not in (0, 2, 5):
            raise ValueError(f"a field of kind {kind} is unknown, or runs off the end")
        fields.setdefault(key >> 3, []).append(value)
    return fields


CRC_TABLE = list(range(256))  # for each byte, what the eight bits of it do to the remainder
for _ in range(8):
    CRC_TABLE = [crc >> 1 ^ 0x82F63B78 * (crc & 1) for crc in CRC_TABLE]


def crc32c(data):
    """The checksum of some bytes: the remainder of a division by Castagnoli's polynomial.

    LevelDB stores it rotated by 15 bits and with a constant added.
    """
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 255] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def read_block(data, handle):
    """Yield the (key, value) pairs of the block at handle, which is its offset and its size.

    A key is stored as what differs from the key before it: (2, "bc") behind "model" is "mobc".
    Behind the pairs: places to start a search from, which we do not need, and their number; then
    a byte that tells of compression, which TensorFlow leaves off, and a checksum.
    """
    offset, at = read_varint(handle, 0)
    size, _ = read_varint(handle, at)
    block = data[offset:offset + size]
    if offset + size + 5 > len(data) or size < 4:
        raise ValueError(f"a block of {size} bytes at {offset} in a file of {len(data)}")
    compression, checksum = struct.unpack_from("<BI", data, offset + size)
    if crc32c(data[offset:offset + size + 1]) != checksum:
        raise ValueError(f"the checksum of the block at byte {offset} does not match")
    if compression != 0:
        raise ValueError(f"the block at byte {offset} is compressed (kind {compression})")
    end = size - 4 - 4 * struct.unpack_from("<I", block, size - 4)[0]
    key, at = b"", 0
    while at < end:
        n_shared, at = read_varint(block, at)
        n_new, at = read_varint(block, at)
        n_value, at = read_varint(block, at)
        if n_shared > len(key) or at + n_new + n_value > end:
            raise ValueError(f"an entry runs off the end of the block at byte {offset}")
        key, value = key[:n_shared] + block[at:at + n_new], block[at + n_new:at + n_new + n_value]
        at += n_new + n_value
        yield key, value


def read_index(path):
    """-> ({name: (dtype, shard, offset, size, shape)}, number of shards); ValueError if damaged.

    tensorflow/core/protobuf/tensor_bundle.proto says which field is which.
    """
    data = Path(path).read_bytes()
    if len(data) < 48 or data[-8:] != bytes.fromhex("57fb808b247547db"):  # LevelDB's magic number
        raise ValueError("not a TensorFlow index, or cut short: its last 8 bytes are wrong")
    footer = data[-48:]
    _, at = read_varint(footer, 0)  # of another table, which is empty
    _, at = read_varint(footer, at)
    entries = {}
    for _, handle in read_block(data, footer[at:]):
        for key, value in read_block(data, handle):
            entries[key.decode("utf-8")] = read_message(value)
    header = entries.pop("", {})
    if header.get(2, [0]) != [0]:
        raise ValueError("its numbers are big-endian")
    tensors = {}
    for name, entry in entries.items():
        dims = read_message(entry.get(2, [b""])[0]).get(2, [])
        shape = [read_message(dim).get(1, [0])[0] for dim in dims]
        tensors[name] = (*(entry.get(field, [0])[0] for field in (1, 3, 4, 5)), shape)
    return tensors, header.get(1, [1])[0]


# ---- params

REMEDY = ("Copy or download this file again (one of OpenAI's: delete it and run again; "
          "one of 3M: git checkout models/3M)")


@contextmanager
def blame(path):
    """Make one line, a ModelError, of what is wrong with a file: which, what, and what to do."""
    try:
        yield
    except OSError as error:
        problem = f"{error.filename or path}: {error.strerror or error}. {REMEDY}"
        raise ModelError(problem) from error
    except (ValueError, TypeError) as error:
        raise ModelError(f"{path}: {error}. {REMEDY}") from error


def gpt2_shapes(n_vocab, n_ctx, n_embd, n_layer, **_):
    """-> {name: shape} of every variable of a GPT-2, as OpenAI's code names and shapes them."""
    shapes = {"wte": [n_vocab, n_embd], "wpe": [n_ctx, n_embd]}
    linear = [("attn/c_attn", n_embd, 3 * n_embd), ("attn/c_proj", n_embd, n_embd),
              ("mlp/c_fc", n_embd, 4 * n_embd), ("mlp/c_proj", 4 * n_embd, n_embd)]
    for n in range(n_layer):
        for name, n_in, n_out in linear:
            shapes[f"h{n}/{name}/w"] = [1, n_in, n_out]  # the 1 is the width of a convolution
            shapes[f"h{n}/{name}/b"] = [n_out]
    for name in ["ln_f"] + [f"h{n}/ln_{i}" for n in range(n_layer) for i in (1, 2)]:
        shapes[f"{name}/g"] = shapes[f"{name}/b"] = [n_embd]
    return shapes


def load_gpt2_params_from_tf_ckpt(tf_ckpt_path, hparams):
    """TensorFlow's checkpoint -> the tree of arrays that gpt2() takes, float32 and read-only.

    tf_ckpt_path is what its files' names have in common, as in models/124M/model.ckpt. The weights
    are mapped, not read: a page of the file comes into memory when it is used first. Variables
    that GPT-2 has not (an optimizer's) are ignored. ModelError if anything is not as it should be.
    """
    index = Path(f"{tf_ckpt_path}.index")
    with blame(index):
        tensors, n_shards = read_index(index)
    shards = {}
    params = {"blocks": [{} for _ in range(hparams["n_layer"])]}
    for name, shape in gpt2_shapes(**hparams).items():
        expected = (1, 4 * math.prod(shape), shape)  # type 1 is float32
        with blame(index):
            if f"model/{name}" not in tensors:
                raise ValueError(f"there is no tensor model/{name}")
            dtype, shard, offset, size, found = tensors[f"model/{name}"]
            if (dtype, size, found) != expected:
                raise ValueError(f"model/{name} should have (type, bytes, shape) {expected}, "
                                 f"but has {dtype, size, found}")
            path = Path(f"{tf_ckpt_path}.data-{shard:05}-of-{n_shards:05}")
        with blame(path):
            if path not in shards:
                shards[path] = np.asarray(np.memmap(path, np.uint8, "r"))
            if offset + size > len(shards[path]):
                raise ValueError(f"cut short: model/{name} ends at byte {offset + size:,}, the "
                                 f"file at {len(shards[path]):,}")
        *nodes, leaf = name.split("/")
        node = params
        for key in nodes:  # h3/attn/c_attn/w -> params["blocks"][3]["attn"]["c_attn"]["w"]
            node = params["blocks"][int(key[1:])] if key[1:].isdigit() else node.setdefault(key, {})
        array = shards[path][offset:offset + size].view(np.float32)
        node[leaf] = array.reshape(shape[-2:])  # without the 1 in [1, n_in, n_out]
    return params


def load_encoder_hparams_and_params(model_size, models_dir):
    """-> (Encoder, hparams, params) of the model in models_dir/model_size.

    OpenAI's sizes are downloaded first if they are not there. Any other folder with the same files
    will do. UsageError if there is no such folder, ModelError if a file is missing or damaged.
    """
    model_dir = Path(models_dir) / model_size
    if model_size in MODEL_SIZES:
        download_gpt2_files(model_size, model_dir)
    elif model_size.strip(".") == "" or set(model_size) & set("/\\") or not model_dir.is_dir():
        there = sorted(path.parent.name for path in Path(models_dir).glob("*/hparams.json"))
        raise UsageError(f"there is no model {model_size!r}: OpenAI's: {', '.join(MODEL_SIZES)}; "
                         f"in this repository: 3M; in the folder {str(models_dir)!r}: "
                         f"{', '.join(there) or 'none'}")
    with blame(model_dir):
        encoder = get_encoder(model_size, models_dir)
        hparams = read_file(model_dir / "hparams.json", parse_hparams)
        name = read_file(model_dir / "checkpoint", parse_checkpoint)
        if len(encoder.encoder) != hparams["n_vocab"]:
            raise ValueError(f"encoder.json has {len(encoder.encoder)} tokens, but n_vocab in "
                             f"hparams.json is {hparams['n_vocab']}")
    np.empty(31 << 20, np.uint8)  # having freed so much, glibc keeps memory for the next arrays
    return encoder, hparams, load_gpt2_params_from_tf_ckpt(model_dir / name, hparams)


def parse_hparams(text):
    """hparams.json -> {name: number}; ValueError unless it describes a GPT-2."""
    hparams = json.loads(text)
    for name in ("n_vocab", "n_ctx", "n_embd", "n_head", "n_layer"):
        if not isinstance(hparams, dict) or type(hparams.get(name)) is not int or hparams[name] < 1:
            raise ValueError(f"{name} must be a whole number from 1 up")
    if hparams["n_embd"] % hparams["n_head"]:
        raise ValueError("n_embd must be a multiple of n_head")
    return hparams


def parse_checkpoint(text):
    """The file checkpoint -> the name of the newest one, less the folders of whoever wrote it."""
    match = re.search(r'^model_checkpoint_path:\s*"(?:.*[/\\])?([^"/\\]+)"', text, re.MULTILINE)
    if not match:
        raise ValueError("names no model_checkpoint_path")
    return match[1]


# ---- output

def print_stream(pieces, stop=None):
    """Print pieces of text, one a token and a last one, as they come, until stop; then a newline.

    What may be the beginning of stop is held back until it is clear that it is not.
    """
    start, held, n_tokens = time.perf_counter(), "", 0
    for n_tokens, piece in enumerate(pieces):
        held += piece
        if stop and stop in held:
            held, n_tokens = held[:held.index(stop)], n_tokens + 1
            break
        n_held = max((n for n in range(1, len(stop or "")) if held.endswith(stop[:n])), default=0)
        print(held[:len(held) - n_held], end="", flush=True)
        held = held[len(held) - n_held:]
    print(held, flush=True)
    if sys.stderr.isatty():
        seconds = time.perf_counter() - start
        print(f"{n_tokens} tokens in {seconds:.1f} s, {n_tokens / seconds:.1f} tokens/s",
              file=sys.stderr)


@contextmanager
def one_line_errors():
    """The program's manners: no traceback for what a person did, or can mend; output in utf-8."""
    if sys.stdout is None:  # closed by whoever started us
        sys.stdout = open(os.devnull, "w", encoding="utf-8")
    if sys.stdout.isatty() or "PYTHONIOENCODING" in os.environ:
        sys.stdout.reconfigure(errors="replace")
    else:  # a file or a pipe: the same bytes on every system
        sys.stdout.reconfigure(encoding="utf-8", errors="replace", newline="\n")
    try:
        yield
    except KeyboardInterrupt:
        status = 130
    except (UsageError, ModelError, MemoryError) as error:
        status = 2 if isinstance(error, UsageError) else 1
        print(f"gpt2.py: {error or 'not enough memory for this model'}", file=sys.stderr)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing more to write to
        status = 141 if isinstance(error, BrokenPipeError) or error.errno == errno.EINVAL else 1
        if status == 1:
            print(f"gpt2.py: {error}", file=sys.stderr)
    else:
        return
    sys.exit(status)
