"""The command line, run as a process: the bytes on stdout, the messages on stderr, exit codes."""
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tf_bundle import write_bundle

from utils import gpt2_shapes, load_encoder_hparams_and_params

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "data"
SMALL = ["--model_size", "small", "--models_dir", str(DATA)]
TURING = "Alan Turing theorized that computers would one day become"
TURING_20 = "\ufffd\x15 vm\ufffd has sh theyhS sh dra sh (S@/uate\n".encode()
posix = pytest.mark.skipif(os.name == "nt", reason="POSIX signals and terminals")


def start(*words, env=(), **kwargs):
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **dict(env)}
    environment.pop("PYTHONIOENCODING", None) if "PYTHONIOENCODING" not in dict(env) else None
    kwargs = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": ROOT, **kwargs}
    return subprocess.Popen([sys.executable, ROOT / "gpt2.py", *words], env=environment, **kwargs)


def run(*words, stdin=b"", **kwargs):
    """-> (exit code, bytes on stdout, bytes on stderr)"""
    process = start(*words, stdin=subprocess.PIPE, **kwargs)
    out, err = process.communicate(stdin, timeout=60)
    return process.returncode, out, err


def completion(*words, **kwargs):
    """Standard output of a run that must succeed and print nothing on stderr."""
    code, out, err = run(*words, *SMALL, **kwargs)
    assert (code, err) == (0, b"")
    return out


def refusal(*words, code, **kwargs):
    """The message on stderr of a run that must fail and print nothing on stdout."""
    found, out, err = run(*words, **kwargs)
    message = err.decode()
    assert (found, out) == (code, b""), message
    assert "Traceback" not in message and "Warning" not in message
    return message


# ---- the text

def test_the_text_is_openais_and_nothing_else_is_on_stdout():
    assert completion(TURING, "--n_tokens_to_generate", "20") == TURING_20


@pytest.mark.parametrize("words", [
    ["20"], ["--n_tokens", "20"], ["--n_tokens=20"], ["--n-tokens-to-generate", "20"], ["-n", "20"],
    ["-n=20"], ["--n_tokens", "9", "--n_tokens", "20"]], ids=str)
def test_the_number_of_tokens_can_be_given_in_several_ways(words):
    assert completion(TURING, *words) == TURING_20


def test_40_tokens_are_the_default():
    assert completion("Hello") == completion("Hello", "40") != completion("Hello", "39")


@pytest.mark.parametrize("prompt", ["Hello, world", "1984", "None", "[1,2]", "a#b", "True", "1e3",
                                    "'quoted'", '{"a": 1}', "a=b", "x\ny", "", " ", "- a list",
                                    "-5 degrees", "naïve 👍", "--- rule ---", "$HOME `ls` %PATH%",
                                    "{{name}}", "-" * 9 + "5", "(" * 30, "__doc__", "a,b", "0x10"])
def test_any_prompt_is_taken_as_text(prompt):
    by_argument = completion(prompt, "5")
    assert by_argument == completion("-", "5", stdin=prompt.encode())
    assert by_argument == completion(f"--prompt={prompt}", "--n_tokens=5")
    assert by_argument == completion(f"--prompt={prompt}", "5")


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_one_newline_at_the_end_of_standard_input_is_dropped(end):
    assert completion("-", "5", stdin=b"Hello" + end) == completion("Hello", "5")
    two = b"Hello" + end + end
    assert completion("-", "5", stdin=two) == completion("Hello" + end.decode(), "5")


def test_a_byte_order_mark_on_standard_input_is_dropped():
    assert completion("-", "5", stdin=b"\xef\xbb\xbfHello") == completion("Hello", "5")


def test_an_empty_prompt_starts_from_endoftext():
    from gpt2 import generate
    from utils import load_encoder_hparams_and_params
    encoder, hparams, params = load_encoder_hparams_and_params("small", DATA)
    ids = generate([encoder.encoder["<|endoftext|>"]], params, hparams["n_head"], 5)
    assert completion("", "5").decode() == encoder.decode(ids) + "\n"


def test_0_tokens_are_an_empty_line():
    assert completion("Hello", "0") == b"\n"


def test_a_seed_gives_the_same_text_again_and_no_seed_another():
    wild = ["Hello", "40", "--temperature", "1.5"]
    assert completion(*wild, "--seed", "7") == completion(*wild, "--seed", "7")
    assert completion(*wild, "--seed", "7") != completion(*wild, "--seed", "8")
    assert completion(*wild) != completion(*wild)


def test_top_k_1_and_top_p_0_are_greedy_at_any_temperature():
    for words in (["--top_k", "1"], ["--top_p", "0"], ["--top_p=0.001"]):
        assert completion(TURING, "20", "--temperature", "2", *words) == TURING_20


@pytest.mark.parametrize("temperature", ["1e-300", "1e-40", "1e-9", "1e-4"])
def test_a_tiny_temperature_is_greedy(temperature):
    assert completion(TURING, "20", "--temperature", temperature, "--top_k", "3") == TURING_20


@pytest.mark.parametrize("words", [
    ["--temperature", "18446744073709551616"], ["--temperature", "1e20"],
    ["--frequency_penalty", "100000000000000000000"], ["--presence_penalty=-1e20"],
    ["--frequency_penalty", "1e20", "--temperature", "1e-6", "--top_k", "5"]], ids=str)
def test_the_largest_numbers_that_are_allowed_work(words):
    assert completion("Hello", "9", "--seed", "1", *words)


def test_penalties_change_what_is_repeated():
    plain = completion("Hello")
    assert completion("Hello", "--frequency_penalty", "5") != plain
    assert completion("Hello", "--presence_penalty", "5") != plain
    assert completion("Hello", "--presence_penalty", "0", "--frequency_penalty=0.0") == plain


@pytest.mark.parametrize("stop", [" has", "has sh", "s sh th", " sh (S@", "uate", "\x15"])
def test_the_text_ends_where_stop_first_appears(stop):
    text = TURING_20.decode()
    assert completion(TURING, "20", "--stop", stop).decode() == text[:text.index(stop)] + "\n"


@pytest.mark.parametrize("stop", ["never there", "uate and more", "5", "None", "True"])
def test_a_stop_that_does_not_appear_takes_nothing_away(stop):
    assert completion(TURING, "20", "--stop", stop) == TURING_20


def test_stop_is_text_even_if_it_looks_like_python_or_an_option():
    out = completion(TURING, "20", "--stop", "(")
    assert out == TURING_20[:TURING_20.index(b"(")] + b"\n"
    assert completion(TURING, "20", "--stop=--") == TURING_20


def test_stop_is_read_like_the_prompt_whatever_the_locale(model_that_says):
    model = model_that_says("<|é|>")
    c_locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert run("Hi", "2", *model) == (0, "<|é|><|é|>\n".encode(), b"")
    assert run("Hi", "2", "--stop", "é", *model, env=c_locale) == (0, b"<|\n", b"")


@pytest.fixture
def model_that_says(tmp_path):
    """-> a function that makes a model which always generates this special token."""
    def make(token):
        encoder, hparams, _ = load_encoder_hparams_and_params("small", DATA)
        folder = tmp_path / "own"
        shutil.copytree(DATA / "small", folder)
        tokens = {key: i for key, i in encoder.encoder.items() if key != "<|endoftext|>"}
        (folder / "encoder.json").write_text(json.dumps({**tokens, token: 511}), encoding="utf-8")
        tensors = {f"model/{name}": np.zeros(shape, np.float32)
                   for name, shape in gpt2_shapes(**hparams).items()}
        tensors["model/wte"][511] = tensors["model/ln_f/b"][:] = 1
        if token == "<|nan|>":
            tensors["model/h0/ln_1/g"][7] = np.nan
        write_bundle(folder / "model.ckpt", tensors)
        return ["--model_size", "own", "--models_dir", str(tmp_path)]
    return make


def test_generated_endoftext_is_printed(model_that_says):
    model = model_that_says("<|endoftext|>")
    assert run("Hi", "3", *model) == (0, b"<|endoftext|>" * 3 + b"\n", b"")
    assert run("Hi", "3", "--stop", "<|endoftext|>", *model) == (0, b"\n", b"")


def test_a_special_token_outside_the_byte_alphabet_is_printed(model_that_says):
    model = model_that_says("<|start of text|>")
    assert run("Hi", "2", *model) == (0, b"<|start of text|>" * 2 + b"\n", b"")


def test_an_empty_prompt_needs_a_token_to_start_from(model_that_says):
    assert "<|endoftext|>" in refusal("", "2", *model_that_says("<|other|>"), code=2)


@pytest.mark.parametrize("temperature", ["0", "1"])
def test_logits_that_are_not_finite_are_an_error(model_that_says, temperature):
    message = refusal("Hi", "2", "--temperature", temperature, *model_that_says("<|nan|>"), code=1)
    assert "not finite" in message and len(message.splitlines()) == 1


def test_a_character_that_the_encoding_lacks_is_replaced():
    code, out, err = run(TURING, "20", *SMALL, env={"PYTHONIOENCODING": "ascii"})
    assert (code, out, err) == (0, TURING_20.decode().encode("ascii", "replace"), b"")


def test_a_pipe_gets_utf8_whatever_the_locale():
    c_locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert completion(TURING, "20", env=c_locale) == TURING_20
    assert completion("naïve", "5", env=c_locale) == completion("naïve", "5")


def test_text_comes_as_it_is_made():
    """The first piece must be there long before the last: it is read while the process writes."""
    process = start("Once upon a time", "300", "--model_size", "3M")
    first = os.read(process.stdout.fileno(), 100)
    still_running = process.poll() is None
    rest = process.communicate(timeout=60)[0]
    assert still_running and 0 < len(first) < 100 and len(rest) > 500


def test_a_lone_surrogate_in_the_prompt_is_no_traceback():
    """Windows can pass one; elsewhere, Python itself can."""
    code = ("import sys, gpt2, utils; sys.argv = ['gpt2.py', 'a\\ud83db', '3', *sys.argv[1:]]; "
            "utils.run(gpt2.main)")
    process = subprocess.run([sys.executable, "-c", code, *SMALL], cwd=ROOT, capture_output=True)
    assert process.returncode in (0, 2) and b"Traceback" not in process.stderr


# ---- streams, signals, places

@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
@posix
def test_a_closed_stream_does_not_matter(closed):
    command = f'"{sys.executable}" gpt2.py "$@" {closed}'
    done = subprocess.run(["sh", "-c", command, "sh", TURING, "20", *SMALL], cwd=ROOT,
                          capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, TURING_20, b"")


@posix
def test_closed_standard_output_and_no_standard_input_are_no_traceback():
    for end in (">&-", "- <&-"):
        command = f'"{sys.executable}" gpt2.py "$@" {end}'
        prompt = [] if end.startswith("-") else ["Hi"]
        done = subprocess.run(["sh", "-c", command, "sh", *SMALL, "--n_tokens", "3", *prompt],
                              cwd=ROOT, capture_output=True)
        assert b"Traceback" not in done.stderr


@posix
def test_a_message_for_a_closed_stderr_does_not_go_to_stdout():
    done = subprocess.run(["sh", "-c", f'"{sys.executable}" gpt2.py Hi --top_k x 2>&-'], cwd=ROOT,
                          capture_output=True)
    assert (done.returncode, done.stdout) == (2, b"")


def test_a_notebooks_stdout_works():
    """Jupyter's has neither reconfigure nor fileno."""
    code = ("import io, sys, gpt2, utils; out = sys.stdout\n"
            "class Stream(io.TextIOBase):\n    def write(self, text): return out.write(text)\n"
            "sys.stdout = Stream(); utils.run(gpt2.main)")
    done = subprocess.run([sys.executable, "-c", code, TURING, "20", *SMALL], cwd=ROOT,
                          capture_output=True, env={**os.environ, "PYTHONIOENCODING": "utf-8"})
    assert (done.returncode, done.stdout.replace(b"\r", b""), done.stderr) == (0, TURING_20, b"")


@pytest.mark.parametrize("flag", ["-O", "-OO"])
def test_python_without_docstrings_works(flag):
    done = subprocess.run([sys.executable, flag, "gpt2.py", TURING, "20", *SMALL], cwd=ROOT,
                          capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, TURING_20, b"")
    done = subprocess.run([sys.executable, flag, "gpt2.py", "--help"], cwd=ROOT,
                          capture_output=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0 and b"--top_k" in done.stdout + done.stderr


def test_the_models_folder_is_found_from_any_working_directory(tmp_path):
    code, out, err = run("Once upon a time", "5", "--model_size", "3M", cwd=tmp_path)
    assert (code, err) == (0, b"") and len(out) > 5
    assert list(tmp_path.iterdir()) == []


@posix
def test_too_little_memory_is_said():
    command = f'ulimit -v 450000; exec "{sys.executable}" gpt2.py "$@"'
    done = subprocess.run(["sh", "-c", command, "sh", "a " * 200, "5", "--model_size", "big",
                           "--models_dir", "nowhere"], cwd=ROOT, capture_output=True)
    assert b"gpt2.py: \n" not in done.stderr and b"gpt2.py" in done.stderr


@posix
def test_on_a_terminal_a_closing_line_says_how_fast_it_was():
    import pty
    main_end, terminal = pty.openpty()
    process = start(TURING, "20", *SMALL, stderr=terminal)
    out = process.communicate(timeout=60)[0]
    os.close(terminal)
    assert out == TURING_20
    line = os.read(main_end, 1000).decode()
    os.close(main_end)
    assert line.startswith("20 tokens in ") and line.endswith(" tokens/s\r\n")


def test_a_closed_pipe_ends_quietly():
    process = start("Once upon a time", "300", "--model_size", "3M")
    os.read(process.stdout.fileno(), 1)
    process.stdout.close()
    process.stdout = None
    err = process.communicate(timeout=60)[1]
    assert process.returncode in (0, 141) and err == b""


@posix
def test_ctrl_c_ends_quietly():
    process = start("Once upon a time", "300", "--model_size", "3M")
    os.read(process.stdout.fileno(), 1)
    process.send_signal(signal.SIGINT)
    assert (process.wait(timeout=60), process.stderr.read()) == (130, b"")
    process.communicate()


@posix
def test_a_full_disk_is_one_line():
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with open("/dev/full", "wb") as full:
        process = start("Hello", "5", *SMALL, stdout=full)
        err = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 1 and "No space left on device" in err and err.count("\n") == 1


def test_help_names_every_option_and_explains_it():
    import inspect

    import gpt2
    for word in ("--help", "-h"):
        code, out, err = run(word)
        text = (out + err).decode()
        assert code == 0 and "Traceback" not in text and "FIRE" not in text and "INFO" not in text
        for name in inspect.signature(gpt2.main).parameters:
            assert name in text.lower()
        assert "greedy decoding" in text and "stop sequence" in text


# ---- bad input

@pytest.mark.parametrize("words, expected", [
    ([], "prompt"), (["--n_tokens", "5"], "prompt"),
    (["Once", "upon", "a", "time"], "quotes"), (["Once", "upon"], "quotes"),
    (["Hi", "5", "world"], "world"), (["Hi", "5", "close"], "close"), (["Hi", "5", "6"], "6"),
    (["Hi", "3", "--n_tokens", "4"], "3"), (["Hi", "--prompt", "Hello"], "n_tokens"),
    (["Hi", "-1"], "n_tokens_to_generate"), (["Hi", "1.5"], "n_tokens_to_generate"),
    (["Hi", "--n_tokens", "many"], "n_tokens_to_generate"),
    (["Hi", "--n_tokens", "5#7"], "n_tokens_to_generate"),
    (["Hi", "--n_tokens", "1,000"], "1,000"), (["Hi", "--n_tokens", "0x" + "f" * 5000], "n_tokens"),
    (["Hi", "--n_tokens", "1+1"], "n_tokens_to_generate"),
    (["Hi", "--n_tokens", "9" * 5000], "n_tokens_to_generate"),
    *[(["Hi", "--temperature", value], "temperature")
      for value in ("hot", "-1", "inf", "nan", "9" * 400, "")],
    (["Hi", "--top_k", "-1"], "top_k"), (["Hi", "--top_k", "2.5"], "top_k"),
    (["Hi", "--top_k", "True"], "top_k"), (["Hi", "--top_p", "1.1"], "top_p"),
    (["Hi", "--top_p=-0.1"], "top_p"), (["Hi", "--frequency_penalty", "x"], "frequency_penalty"),
    (["Hi", "--presence_penalty", "[1]"], "presence_penalty"),
    (["Hi", "--presence_penalty", "1e30"], "presence_penalty"),
    (["Hi", "--stop", ""], "stop"), (["Hi", "--seed", "-1"], "seed"),
    (["Hi", "--seed", "x"], "seed"), (["-" * 3000 + "5", "x"], "n_tokens_to_generate"),
    (["Hi", "--temprature", "1"], "temprature"), (["Hi", "--verbose"], "verbose"),
    (["Hi", "--models", "3M"], "models"), (["Hi", "--max_tokens", "5"], "max_tokens"),
    (["Hi", "--top_k"], "top_k"), (["Hi", "--stop"], "stop"), (["--prompt"], "prompt"),
    (["Hi", "--n_tokens", "--temperature", "1"], "n_tokens"),
    (["Hi", "--stop", "--seed", "1"], "stop"),
    (["Hi", "--model_size", "--seed", "1"], "model_size"),
    (["Hi", "--models_dir", ""], "models_dir"), (["Hi", "--model_size", ""], "model_size"),
    (["Hi", "--model_size", "5M"], "5M"), (["Hi", "--model_size", "../models"], "../models"),
    (["Hi", "--model_size", "3M", "--models_dir", "nowhere"], "3M"),
], ids=lambda value: str(value)[:60])
def test_a_wrong_word_is_named_and_nothing_is_loaded_or_downloaded(words, expected):
    nobody = {"GPT2_MODELS_URL": "http://127.0.0.1:9/gpt-2"}
    message = refusal(*words, code=2, env=nobody)
    assert expected in message


def test_prompt_and_completion_may_fill_the_context_and_one_more():
    """The last token generated needs no position, as in OpenAI's code."""
    prompt = "a" + " a" * 59  # 60 tokens, of a context of 64
    assert completion(prompt, "5")
    message = refusal(prompt, "6", *SMALL, code=2)
    assert all(number in message for number in ("60", "6", "64"))


def test_a_prompt_that_is_not_utf8_is_refused():
    assert "utf-8" in refusal("-", *SMALL, code=2, stdin=b"caf\xe9")
    if os.name != "nt":
        assert "utf-8" in refusal(b"caf\xe9", *SMALL, code=2)


@pytest.mark.parametrize("name, expected", [
    ("vocab.bpe", "No such file"), ("model.ckpt.data-00000-of-00001", "cut short"),
    ("model.ckpt.index", "not a TensorFlow index")])
def test_a_missing_or_damaged_file_is_named_and_status_1(tmp_path, name, expected):
    shutil.copytree(DATA / "small", tmp_path / "mine")
    path = tmp_path / "mine" / name
    if expected == "No such file":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:1000])
    message = refusal("Hi", "--model_size", "mine", "--models_dir", str(tmp_path), code=1)
    first = message.splitlines()[0]
    assert expected in first and str(path) in first and len(message.splitlines()) > 1
