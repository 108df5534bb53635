"""The command line, run as a process: bytes on stdout, what stands on stderr, exit codes."""
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

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
    """What is on stdout of a run that must go well and leave stderr empty."""
    code, out, err = run(*words, *SMALL, **kwargs)
    assert (code, err) == (0, b"")
    return out


def refusal(*words, code, **kwargs):
    """The one line on stderr of a run that must fail, with nothing on stdout."""
    found, out, err = run(*words, **kwargs)
    lines = err.decode().splitlines()
    assert (found, out, len(lines)) == (code, b"", 1), err.decode()
    assert lines[0].startswith("gpt2.py: ")
    return lines[0]


# ---- what comes out

def test_the_text_is_openais_and_nothing_else_is_on_stdout():
    assert completion(TURING, "--n_tokens_to_generate", "20") == TURING_20


@pytest.mark.parametrize("words", [
    ["20"], ["--n_tokens", "20"], ["--n_tokens=20"], ["--n-tokens-to-generate", "20"], ["-n", "20"],
    ["-n=20"]], ids=str)
def test_the_number_of_tokens_can_be_said_in_several_ways(words):
    assert completion(TURING, *words) == TURING_20


def test_40_tokens_are_the_default():
    assert completion("Hello") == completion("Hello", "40") != completion("Hello", "39")


@pytest.mark.parametrize("prompt", ["Hello, world", "1984", "None", "[1,2]", "a#b", "True", "1e3",
                                    "'quoted'", '{"a": 1}', "a=b", "x\ny", "", " ", "- a list",
                                    "-5 degrees", "naïve 👍", "--- rule ---", "$HOME `ls` %PATH%"])
def test_any_prompt_is_taken_as_text(prompt):
    by_argument = completion(prompt, "5")
    assert by_argument == completion("-", "5", stdin=prompt.encode())
    assert by_argument == completion(f"--prompt={prompt}", "--n_tokens=5")


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_one_newline_at_the_end_of_standard_input_is_dropped(end):
    assert completion("-", "5", stdin=b"Hello" + end) == completion("Hello", "5")
    two = b"Hello" + end + end
    assert completion("-", "5", stdin=two) == completion("Hello" + end.decode(), "5")


def test_an_empty_prompt_starts_from_endoftext():
    from utils import load_encoder_hparams_and_params
    from gpt2 import generate
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


@pytest.mark.parametrize("words", [["--temperature", "1e30"], ["--frequency_penalty", "1e30"],
                                   ["--presence_penalty=-1e30"]], ids=str)
def test_a_huge_number_is_no_trouble(words):
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


@pytest.mark.parametrize("stop", ["never there", "uate and more", "5", "None"])
def test_a_stop_that_does_not_appear_takes_nothing_away(stop):
    assert completion(TURING, "20", "--stop", stop) == TURING_20


def test_stop_is_text_even_if_it_looks_like_python():
    out = completion(TURING, "20", "--stop", "(")
    assert out == TURING_20[:TURING_20.index(b"(")] + b"\n"
    assert completion(TURING, "20", "--stop=--") == TURING_20


@pytest.fixture
def ends_soon(tmp_path):
    """A model that always writes <|endoftext|>: every x ends as that token's embedding."""
    import numpy as np
    from tf_bundle import write_bundle
    from utils import gpt2_shapes, load_encoder_hparams_and_params
    _, hparams, _ = load_encoder_hparams_and_params("small", DATA)
    shutil.copytree(DATA / "small", tmp_path / "ends")
    tensors = {f"model/{name}": np.zeros(shape, np.float32)
               for name, shape in gpt2_shapes(**hparams).items()}
    tensors["model/wte"][511] = tensors["model/ln_f/b"][:] = 1
    write_bundle(tmp_path / "ends" / "model.ckpt", tensors)
    return ["--model_size", "ends", "--models_dir", str(tmp_path)]


def test_generated_endoftext_is_printed(ends_soon):
    assert run("Hi", "3", *ends_soon) == (0, b"<|endoftext|>" * 3 + b"\n", b"")
    assert run("Hi", "3", "--stop", "<|endoftext|>", *ends_soon) == (0, b"\n", b"")


def test_a_character_that_the_encoding_lacks_is_replaced():
    code, out, err = run(TURING, "20", *SMALL, env={"PYTHONIOENCODING": "ascii"})
    assert (code, out, err) == (0, TURING_20.decode().encode("ascii", "replace"), b"")


def test_a_pipe_gets_utf8_whatever_the_locale():
    c_locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert completion(TURING, "20", env=c_locale) == TURING_20
    assert completion("naïve", "5", env=c_locale) == completion("naïve", "5")


def test_text_comes_as_it_is_made():
    """The first piece must be there long before the last: it is read while the process writes."""
    process = start("Once upon a time", "400", "--model_size", "3M")
    first = os.read(process.stdout.fileno(), 100)
    still_running = process.poll() is None
    rest = process.communicate(timeout=60)[0]
    assert still_running and 0 < len(first) < 100 and len(rest) > 500


def test_the_bundled_model_writes_english():
    code, out, err = run("Once upon a time", "--model_size", "3M")
    assert (code, err) == (0, b"")
    words = out.decode("ascii").split()
    assert len(words) > 20 and {"the", "a", "and"} & set(words)


# ---- manners

@posix
def test_on_a_terminal_one_closing_line_says_how_fast_it_was():
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
    process = start("Once upon a time", "400", "--model_size", "3M")
    os.read(process.stdout.fileno(), 1)
    process.stdout.close()
    process.stdout = None
    err = process.communicate(timeout=60)[1]
    assert process.returncode in (0, 141) and err == b""


@posix
def test_ctrl_c_ends_quietly():
    process = start("Once upon a time", "400", "--model_size", "3M")
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


def test_help_names_every_option():
    from utils import OPTIONS
    for word in ("--help", "-h"):
        code, out, err = run(word)
        text = (out + err).decode()
        assert code == 0 and "Traceback" not in text and "FIRE" not in text
        assert all(name.lower() in text.lower() for name in OPTIONS)


# ---- bad input

@pytest.mark.parametrize("words, expected", [
    ([], "no prompt"),
    (["--n_tokens", "5"], "no prompt"),
    (["Once", "upon", "a", "time"], "in quotes"),
    (["Once", "upon"], "in quotes"),
    (["Hi", "-1"], "a whole number from 0 up (and the prompt in quotes), not -1"),
    (["Hi", "1.5"], "a whole number from 0 up (and the prompt in quotes), not 1.5"),
    (["Hi", "--n_tokens", "many"], "from 0 up (and the prompt in quotes), not 'many'"),
    (["Hi", "--temperature", "hot"], "temperature must be a number from 0 up, not 'hot'"),
    (["Hi", "--temperature", "-1"], "temperature must be a number from 0 up, not -1"),
    (["Hi", "--temperature", "inf"], "temperature must be a number from 0 up"),
    (["Hi", "--temperature", "1e999"], "temperature must be a number from 0 up, not inf"),
    (["Hi", "--temperature", "9" * 400], "temperature must be a number from 0 up"),
    (["Hi", "--temperature", "nan"], "temperature must be a number from 0 up"),
    (["Hi", "--top_k", "-1"], "top_k must be a whole number from 0 up, not -1"),
    (["Hi", "--top_k", "2.5"], "top_k must be a whole number from 0 up, not 2.5"),
    (["Hi", "--top_k", "True"], "top_k must be a whole number from 0 up, not True"),
    (["Hi", "--top_p", "1.1"], "top_p must be a number from 0 to 1, not 1.1"),
    (["Hi", "--top_p=-0.1"], "top_p must be a number from 0 to 1, not -0.1"),
    (["Hi", "--frequency_penalty", "x"], "frequency_penalty must be a number, not 'x'"),
    (["Hi", "--presence_penalty", "[1]"], "presence_penalty must be a number, not [1]"),
    (["Hi", "--stop", ""], "stop must be a text that is not empty"),
    (["Hi", "--seed", "-1"], "seed must be a whole number from 0 up, not -1"),
    (["Hi", "--seed", "x"], "seed must be a whole number from 0 up, not 'x'"),
    (["Hi", "--temprature", "1"], "there is no option 'temprature': did you mean --temperature?"),
    (["Hi", "--verbose"], "there is no option 'verbose'"),
    (["Hi", "--top", "1"], "there is no option 'top': did you mean --top_k or --top_p?"),
    (["Hi", "--top_k"], "--top_k needs a value"),
    (["Hi", "--models_dir", ""], "models_dir must be a folder"),
    (["Hi", "--model_size", "5M"], "there is no model '5M': OpenAI's: 124M, 355M, 774M, 1558M"),
    (["Hi", "--model_size", "../models"], "there is no model '../models'"),
    (["Hi", "--model_size", "3M", "--models_dir", "nowhere"], "there is no model '3M'"),
])
def test_a_wrong_option_is_one_line_and_status_2(words, expected):
    assert expected in refusal(*words, code=2)


def test_prompt_too_long_is_refused():
    line = refusal("a" + " a" * 59, "40", *SMALL, code=2)
    assert all(number in line for number in ("60 tokens", "40 to generate", "64"))
    assert completion("a" + " a" * 59, "4")
    assert "more than the 64" in refusal("Hi", "9" * 400, *SMALL, code=2)


def test_a_prompt_that_is_not_utf8_is_refused():
    assert "utf-8" in refusal("-", *SMALL, code=2, stdin=b"caf\xe9")
    if os.name != "nt":
        assert "utf-8" in refusal(b"caf\xe9", *SMALL, code=2)


@pytest.mark.parametrize("name, expected", [
    ("vocab.bpe", "No such file"), ("model.ckpt.data-00000-of-00001", "cut short"),
    ("model.ckpt.index", "not a TensorFlow index")])
def test_a_missing_or_damaged_file_is_one_line_and_status_1(tmp_path, name, expected):
    shutil.copytree(DATA / "small", tmp_path / "mine")
    path = tmp_path / "mine" / name
    if expected == "No such file":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:1000])
    line = refusal("Hi", "--model_size", "mine", "--models_dir", str(tmp_path), code=1)
    assert expected in line and str(path) in line
