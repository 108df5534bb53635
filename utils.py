"""What surrounds the model: TensorFlow's checkpoints, OpenAI's files, and the command line."""
import base64
import errno
import functools
import hashlib
import io
import json
import os
import re
import struct
import sys
import time
from contextlib import contextmanager, redirect_stderr, suppress
from pathlib import Path

import numpy as np
from encoder import get_encoder, read_file

REPLACE = "\nDelete it and run again (OpenAI's), git restore it (3M's) or copy it again (others)."


class UsageError(Exception):
    """A wrong argument. The first line of the message says what is wrong, the rest what to do."""


class ModelError(Exception):
    """A file is missing, is damaged or cannot be downloaded. The message is built the same way."""


# ---- checkpoint: name.index says where in name.data-00000-of-00001 each variable is
def read_varint(data, at):  # -> (value, next position); 7 bits a byte, lowest first: ac 02 is 300
    value = 0
    for n, byte in enumerate(data[at:at + 10]):
        value |= (byte & 127) << 7 * n
        if byte < 128:  # the top bit says that more bytes follow
            return value, at + n + 1
    raise ValueError(f"cut short or damaged: the number at byte {at} has no end")


def read_message(data):  # a protocol buffer -> {field number: [value, ...]}
    fields, at = {}, 0
    while at < len(data):
        tag, at = read_varint(data, at)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == 0:  # an integer
            value, at = read_varint(data, at)
        elif wire_type in (1, 2, 5):  # eight bytes; a length, and as many bytes; four bytes
            size, at = read_varint(data, at) if wire_type == 2 else ({1: 8, 5: 4}[wire_type], at)
            value, at = data[at:at + size], at + size
        else:
            raise ValueError(f"damaged: a field before byte {at} has undefined type {wire_type}")
        fields.setdefault(number, []).append(value)
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
    """A handle is an offset and a size. A byte for the compression and a checksum follow the block.
    A key repeats n bytes of the key before it: (2, "bc") after "model" means "mobc"."""
    offset, at = read_varint(handle, 0)
    size, _ = read_varint(handle, at)
    if not 4 <= size <= len(data) - offset - 5:
        raise ValueError(f"a block of {size} bytes at byte {offset} does not fit into the file")
    n_restarts, compression, checksum = struct.unpack_from("<IBI", data, offset + size - 4)
    if crc32c(data[offset:offset + size + 1]) != checksum or compression != 0:
        raise ValueError(f"the block at byte {offset} has a wrong checksum or is compressed")
    key, at, end = b"", offset, offset + size - 4 - 4 * n_restarts  # restarts: not needed
    while at < end:
        n_shared, at = read_varint(data, at)
        n_new, at = read_varint(data, at)
        n_value, at = read_varint(data, at)
        key, at = key[:n_shared] + data[at:at + n_new], at + n_new + n_value
        yield key, data[at - n_value:at]


def read_index(path):
    """Return {name: (dtype, file, offset, size, shape)} and the number of files.
    path: a LevelDB table of blocks of entries (tensor_bundle.proto), handles, and a footer."""
    data = Path(path).read_bytes()
    if len(data) < 48 or data[-8:] != bytes.fromhex("57fb808b247547db"):  # LevelDB's magic number
        raise ValueError("not a TensorFlow index, or cut short: its last 8 bytes are wrong")
    _, at = read_varint(data, read_varint(data, len(data) - 48)[1])  # an unused block's handle
    entries = {}
    for _, handle in read_block(data, data[at:]):
        for key, value in read_block(data, handle):
            entries[key.decode("utf-8", "replace")] = read_message(value)
    header, variables = entries.pop("", {}), {}
    if header.get(2, [0]) != [0]:
        raise ValueError("its numbers are big-endian, which is not supported")
    for name, entry in entries.items():  # zeros are omitted; field 7: stored in slices
        dims = read_message(entry.get(2, [b""])[0]).get(2, [])
        shape = None if 7 in entry else [read_message(dim).get(1, [0])[0] for dim in dims]
        variables[name] = (*(entry.get(field, [0])[0] for field in (1, 3, 4, 5)), shape)
    return variables, header.get(1, [1])[0]


# ---- params: the variables as the tree that gpt2() takes
@contextmanager
def model_errors(path, advice=REPLACE):  # raises ModelError, with advice where it fits
    try:
        yield
    except OSError as error:
        advice = advice if isinstance(error, FileNotFoundError) else ""
        raise ModelError(f"{error.filename or path}: {error.strerror or error}{advice}") from error
    except (ValueError, TypeError, IndexError) as error:
        raise ModelError(f"{path}: {error}{advice}") from error


def gpt2_shapes(n_vocab, n_ctx, n_embd, n_layer, **_):  # -> {name: shape} as in OpenAI's code
    shapes = {"wte": [n_vocab, n_embd], "wpe": [n_ctx, n_embd]}
    for name in ["ln_f"] + [f"h{n}/ln_{i}" for n in range(n_layer) for i in (1, 2)]:
        shapes[f"{name}/g"] = shapes[f"{name}/b"] = [n_embd]
    for name, n_in, n_out in [("attn/c_attn", n_embd, 3 * n_embd), ("attn/c_proj", n_embd, n_embd),
                              ("mlp/c_fc", n_embd, 4 * n_embd), ("mlp/c_proj", 4 * n_embd, n_embd)]:
        for n in range(n_layer):
            shapes[f"h{n}/{name}/w"] = [1, n_in, n_out]  # 1: in OpenAI's code, a convolution
            shapes[f"h{n}/{name}/b"] = [n_out]
    return shapes


def map_file(path):  # -> its bytes as an array, read on first use where the file system allows it
    for mode in ("r", "c"):  # "c", a private mapping, works where a shared one is refused
        with suppress(OSError, ValueError):  # ValueError: it is empty
            return np.asarray(np.memmap(path, np.uint8, mode))
    return np.fromfile(path, np.uint8)


def load_gpt2_params_from_tf_ckpt(tf_ckpt_path, hparams):
    """Return the tree that gpt2() takes, read on first use. tf_ckpt_path: models/124M/model.ckpt"""
    index, params, data_file = f"{tf_ckpt_path}.index", {}, functools.lru_cache(None)(map_file)
    with model_errors(index):
        variables, n_files = read_index(index)
        n_layer = len({name.split("/")[1] for name in variables if re.match(r"model/h\d+/", name)})
        if n_layer != hparams["n_layer"]:
            raise ValueError(f"n_layer is {n_layer}, but {hparams['n_layer']} in hparams.json")
        for name, shape in gpt2_shapes(**hparams).items():  # an optimiser's variables are ignored
            if f"model/{name}" not in variables:
                raise ValueError(f"model/{name} is missing")
            dtype, n, offset, size, found = variables[f"model/{name}"]
            if (dtype, found) != (1, shape):
                kind = {1: "float32", 2: "float64", 14: "bfloat16", 19: "float16"}.get(dtype, "?")
                raise ModelError(f"{index}: model/{name} is {kind} {found or 'partitioned'}, not "
                                 f"float32 {shape}")
            path = f"{tf_ckpt_path}.data-{n:05}-of-{n_files:05}"
            if offset + size > len(data_file(path)):
                raise ModelError(f"{path}: it is empty, or cut short in model/{name}{REPLACE}")
            array = data_file(path)[offset:offset + size].view("<f4").reshape(shape[-2:])
            node, (*keys, leaf) = params, name.split("/")  # h3/ln_1/g -> params["h3"]["ln_1"]["g"]
            for key in keys:
                node = node.setdefault(key, {})
            node[leaf] = np.require(array, requirements="A")  # unaligned data is slow, so copy it
    return {"blocks": [params.pop(f"h{n}") for n in range(n_layer)], **params}


def parse_hparams(text):  # hparams.json -> {name: number}
    hparams = json.loads(text)
    for name in ("n_vocab", "n_ctx", "n_embd", "n_head", "n_layer"):
        if not isinstance(hparams, dict) or type(hparams.get(name)) is not int or hparams[name] < 1:
            raise ValueError(f"{name} must be a positive integer")
    if hparams["n_embd"] % hparams["n_head"]:
        raise ValueError("n_embd must be a multiple of n_head")
    return hparams


def parse_checkpoint(text):  # the file checkpoint -> the prefix of file names that it contains
    match = re.search(r'^\s*model_checkpoint_path:\s*"((?:[^"\\\n]|\\.)+)"', text, re.MULTILINE)
    if not match:
        raise ValueError("it has no model_checkpoint_path")
    return match[1].encode().decode("unicode_escape").encode("latin-1").decode()  # \303\251 -> é


def load_encoder_hparams_and_params(model_size, models_dir):
    """Read the three from models_dir/model_size. "models" means the folder beside this file."""
    models_dir = Path(__file__).with_name("models") if models_dir == "models" else Path(models_dir)
    folder = models_dir / model_size
    there = sorted(os.listdir(models_dir)) if os.path.isdir(models_dir) else []
    if model_size in MODEL_SIZES:
        download_gpt2_files(model_size, folder)
    elif model_size not in there:
        raise UsageError(f"there is no model {model_size!r} in {models_dir}\nModels there: "
                         f"{', '.join(there) or 'none'}. To download: {', '.join(MODEL_SIZES)}")
    with model_errors(folder):
        encoder = get_encoder(model_size, models_dir)
        hparams = read_file(folder / "hparams.json", parse_hparams)
        if len(encoder.encoder) != hparams["n_vocab"]:
            raise ValueError("encoder.json and hparams.json disagree about the number of tokens")
        name = read_file(folder / "checkpoint", parse_checkpoint)
        if Path(name).is_absolute() or not Path(f"{folder / name}.index").exists():
            name = re.split(r"[/\\]", name)[-1]  # the folder where it was saved does not matter
    return encoder, hparams, load_gpt2_params_from_tf_ckpt(folder / name, hparams)


# ---- download: a file grows as name.<hash of its version>.part, is verified, and gets its name
MODELS_URL = "https://openaipublic.blob.core.windows.net/gpt-2/models"
MODEL_SIZES = ["124M", "355M", "774M", "1558M"]
MODEL_FILES = ["model.ckpt.data-00000-of-00001",  # largest first, so that a full disk fails early
               "model.ckpt.index", "checkpoint", "encoder.json", "hparams.json", "vocab.bpe"]
MIRROR = "\nRun again, or set GPT2_MODELS_URL to a mirror. --model_size 3M needs no download."
PAUSES, TIMEOUT = [0.5, 1, 3], (10, 30)  # in seconds: between attempts; to connect, to read


def ask(method, url, **headers):  # -> the answer; ValueError is final, ConnectionError may pass
    import requests  # here, since only downloads are worth the 0.1 s that it takes
    headers["Accept-Encoding"] = "identity"
    answer = requests.request(method, url, headers=headers, stream=True, timeout=TIMEOUT)
    status, get = f"the server answered {answer.status_code} {answer.reason}", answer.headers.get
    if answer.status_code in (408, 416, 425, 429) or answer.status_code >= 500:
        raise ConnectionError(status)
    if answer.status_code not in (200, 206) or "html" in get("Content-Type", "").lower():
        raise ValueError(f"{status} ({get('Content-Type', 'no type')})")
    encoding, length = get("Content-Encoding", "identity"), get("Content-Length", "unknown")
    if encoding != "identity" or not re.fullmatch(r"[1-9]\d{0,14}", length):
        raise ValueError(f"{status}, but with encoding {encoding} and length {length[:20]}")
    return answer


def append(answer, part, have, length, name):  # two processes at once write the same bytes
    from requests import RequestException
    from tqdm import tqdm
    with answer, open(part, "r+b", buffering=0) as file:
        file.seek(have if answer.status_code == 206 else 0)  # 200: the server sends all of it
        with suppress(RequestException), tqdm.wrapattr(
                file, "write", length, initial=file.tell(), desc=name, disable=None) as bar:
            for chunk in answer.iter_content(1 << 16):  # if it is cut off, what came is kept
                if os.fstat(file.fileno()).st_size < file.tell():
                    raise ConnectionError("another program has shortened the file")
                bar.write(chunk)
        try:
            os.fsync(file.fileno())  # before the name changes, in case of a power cut
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):  # cannot do it
                raise


def try_to_fetch(url, path):
    """Download what is missing. Once the file is whole, verify it on the disk and name it path."""
    answer = None
    with suppress(OSError, ValueError):  # not every server answers HEAD
        answer = ask("HEAD", url)
    answer = answer or ask("GET", url)
    length, version = int(answer.headers["Content-Length"]), answer.headers.get("ETag", "")
    md5 = base64.b64decode(answer.headers.get("Content-MD5", "")).hex()
    part = path.with_name(f"{path.name}.{hashlib.sha256(version.encode()).hexdigest()[:16]}.part")
    part.touch()
    have = part.stat().st_size
    if have < length:
        if have or answer.request.method == "HEAD":
            rest = {"Range": f"bytes={have}-", "If-Range": version} if have and version else {}
            answer = ask("GET", url, **rest)
        append(answer, part, have, length, path.name)
    size = part.stat().st_size
    if size == have < length:
        raise ConnectionError(f"the download was cut off after {size} of {length} bytes")
    if size < length:
        return  # the next try goes on from there
    if size > length or md5 not in ("", hashlib.md5(map_file(part)).hexdigest()):
        part.unlink()
        raise (ConnectionError if have else ValueError)("wrong length or MD5: download deleted")
    os.replace(part, path)


def fetch(url, path):  # tries until path exists, or until several tries in a row fail
    from requests.exceptions import ProxyError, RequestException
    n_in_vain = 0
    while not path.exists():
        try:
            try_to_fetch(url, path)
            n_in_vain = 0
        except (RequestException, ConnectionError, FileNotFoundError, ValueError) as error:
            reason = error
            while not isinstance(reason.__context__, (TypeError, type(None))):  # in urllib3 1.26
                reason = reason.__context__
            proxy = "the proxy: " if isinstance(error, ProxyError) else ""
            problem = f"{url}: {proxy}{getattr(reason, 'strerror', None) or reason}"
            if isinstance(error, ValueError) or n_in_vain == len(PAUSES):
                raise ModelError(problem + MIRROR) from error
            if not path.exists():  # else another process was faster
                print(f"{problem}; trying again in {PAUSES[n_in_vain]} s", file=sys.stderr)
            time.sleep(PAUSES[n_in_vain])
            n_in_vain += 1
    for part in path.parent.glob(f"{path.name}.*.part"):  # of other versions
        part.unlink(missing_ok=True)


def download_gpt2_files(model_size, model_dir):
    """Download whichever of OpenAI's files model_dir lacks; no request is made if it lacks none."""
    url = os.environ.get("GPT2_MODELS_URL") or MODELS_URL
    for path in [Path(model_dir) / name for name in MODEL_FILES]:
        with model_errors(path, advice=""):
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                fetch(f"{url.rstrip('/')}/{model_size}/{path.name}", path)


# ---- command line: values are checked before anything is loaded
HELP = "A prompt of several words needs quotes. python gpt2.py --help explains the options."
WHOLE, ANY = (int, 0, np.inf, "an integer, 0 or more"), (float, -1e20, 1e20, "a number up to 1e20")
NUMBERS = {"n_tokens_to_generate": WHOLE, "top_k": WHOLE, "seed": WHOLE,
           "frequency_penalty": ANY, "presence_penalty": ANY,  # float32 ends at 3e38
           "temperature": (float, 0, 1e20, "a number from 0 to 1e20"),
           "top_p": (float, 0, 1, "a number from 0 to 1")}


def read_option(name, text):  # the text of an option -> its value
    if name in NUMBERS:
        kind, least, most, description = NUMBERS[name]
        with suppress(ValueError):
            if least <= kind(text) <= most:  # false for nan
                return kind(text)
        raise UsageError(f"{name} must be {description}, not {text[:60]!r}\n{HELP}")
    if text == "" and name != "prompt":
        raise UsageError(f"{name} must not be empty")
    if name in ("prompt", "stop"):  # UTF-8 in any locale; names of files stay as they come
        text = text.encode("utf-8", "surrogateescape").decode("utf-8")
    return text


def read_command_line(main, words):  # -> main's output, or UsageError, UnicodeError, SystemExit
    import fire
    if {"--help", "-h"} & set(words):
        fire.Fire(main, ["--", "--help"])
    result = type("Result", (), {"__dir__": lambda self: []})()  # Fire would call its attributes
    @functools.wraps(main)  # Fire makes the options and --help from main's signature
    def command(*args, **kwargs):
        result.pieces = main(*args, **kwargs)
        return result
    for name in [*NUMBERS, "prompt", "model_size", "models_dir", "stop"]:
        fire.decorators.SetParseFn(functools.partial(read_option, name), name)(command)
    words = [re.sub(r"^--?n[-_]tokens(?=$|=)", "--n_tokens_to_generate", word) for word in words]
    words[:1] = [re.sub(r"^--+(?![A-Za-z])", r"--prompt=\g<0>", word) for word in words[:1]]  # ---
    for pair in zip(words, [*words[1:], "--"]):
        if "=" not in pair[0] and all(re.match("--|-[A-Za-z]", word) for word in pair):
            raise UsageError(f"{pair[0]} has no value\n{HELP}")
    try:  # Fire splits the words at a separator, by default "-"; no word contains a NUL
        with redirect_stderr(io.StringIO()):  # not Fire's ten lines about an error, but one
            fire.Fire(command, [*words, "--", "--separator=\0"], serialize=lambda result: None)
    except fire.core.FireExit as error:
        raise UsageError(f"{error.trace.elements[-1].ErrorAsStr()}\n{HELP}") from error
    return result.pieces


def encode_prompt(prompt, encoder, n_tokens, n_ctx):  # -> ids, which leave room for n_tokens more
    if prompt == "-":
        text = getattr(sys.stdin, "buffer", sys.stdin).read()  # bytes; in a notebook, text
        prompt = re.sub(r"\r?\n\Z", "", text if isinstance(text, str) else text.decode("utf-8-sig"))
    if prompt == "" and "<|endoftext|>" not in encoder.encoder:
        raise UsageError("this vocabulary has no <|endoftext|> for an empty prompt\nGive a prompt.")
    ids = encoder.encode(prompt) or [encoder.encoder["<|endoftext|>"]]
    if len(ids) + n_tokens - 1 > n_ctx:  # - 1: nothing follows the last token, so it is not read
        raise UsageError(f"the prompt has {len(ids)} tokens, and {n_tokens} more do not fit into "
                         f"the context of {n_ctx}\nShorten the prompt or reduce --n_tokens.")
    return ids


def until(pieces, stop):  # yields the text, up to stop if it occurs
    held, n_held = "", len(stop or " ") - 1  # this many characters may be the beginning of stop
    for piece in pieces:
        held += piece
        if stop and stop in held:
            held = held[:held.index(stop)]
            break
        yield held[:max(len(held) - n_held, 0)]
        held = held[max(len(held) - n_held, 0):]
    yield held


def run(main):
    """Print what main yields for the words of the command line, or a few lines about an error."""
    for name in ("stdin", "stdout", "stderr"):  # None: closed by the parent process
        setattr(sys, name, getattr(sys, name) or io.StringIO())
    if hasattr(sys.stdout, "reconfigure"):  # not in a notebook
        own = sys.stdout.isatty() or "PYTHONIOENCODING" in os.environ
        sys.stdout.reconfigure(errors="replace", encoding=None if own else "utf-8", newline="\n")
    np.empty(31 << 20, np.uint8)  # once it is freed, glibc reuses large arrays: faster prompts
    start = time.perf_counter()
    try:
        with np.errstate(all="ignore"):  # choose() checks the logits
            for piece in read_command_line(main, sys.argv[1:]):
                print(piece, end="", flush=True)
        print(flush=True)
        if sys.stderr.isatty():
            print(f"{time.perf_counter() - start:.1f} s", file=sys.stderr)
    except KeyboardInterrupt:
        sys.exit(130)
    except (UsageError, UnicodeError, ModelError, FloatingPointError, MemoryError) as error:
        unfit = r"[\0-\t\v-\x1f\x7f-\x9f]|(?<=.{200}).{200,}(?=.{99})"  # control codes, long names
        print("gpt2.py:", re.sub(unfit, "...", str(error) or "out of memory"), file=sys.stderr)
        sys.exit(2 if isinstance(error, (UsageError, UnicodeError)) else 1)
    except OSError as error:  # of standard input or output
        sys.stdout = None  # nothing to flush at exit
        sys.exit(141 if error.errno in (22, 32) else f"gpt2.py: {error}")  # EPIPE; Windows: EINVAL
