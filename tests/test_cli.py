"""The command line: its words in this process, and the program with its streams as another."""
import functools
import inspect
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import DATA, ROOT, SMALL, posix, run, start
from tf_bundle import write_bundle, write_sparse_bundle

import gpt2
import utils

TURING = "Alan Turing theorized that computers would one day become"
TURING_20 = "\ufffd\x15 vm\ufffd has sh theyhS sh dra sh (S@/uate\n".encode()
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
SIGNATURE = inspect.signature(gpt2.main)


@functools.wraps(gpt2.main)
def arguments(*args, **kwargs):
    return dict(SIGNATURE.bind(*args, **kwargs).arguments)


def parsed(*words):
    """The words of the command line -> main's arguments"""
    return utils.read_command_line(arguments, list(words))


def through_a_shell(end, *words, flags=""):
    """-> (exit status, stdout, stderr) of a command line that ends in e.g. "<&-", a closed stdin"""
    command = f'exec "{sys.executable}" {flags} gpt2.py "$@" {end}'
    done = subprocess.run(["sh", "-c", command, "sh", *words], cwd=ROOT, capture_output=True)
    return done.returncode, done.stdout, done.stderr


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
    assert not re.search("Traceback|Warning|\0", message)
    return message


# ---- the text

def test_the_text_is_openais_and_nothing_else_is_on_stdout():
    assert completion(TURING, "--n_tokens_to_generate", "20") == TURING_20


@pytest.mark.parametrize("words", [
    ["20"], ["--n_tokens", "20"], ["--n_tokens=20"], ["--n-tokens", "20"], ["--n-tokens=20"],
    ["--n-tokens-to-generate", "20"], ["-n", "20"], ["-n=20"],
    ["--n_tokens", "9", "--n_tokens", "20"]], ids=str)
def test_the_number_of_tokens_can_be_given_in_several_ways(words):
    assert parsed("Hi", *words) == {"prompt": "Hi", "n_tokens_to_generate": 20}


def test_40_tokens_are_the_default():
    assert completion("Hello") == completion("Hello", "40") != completion("Hello", "39")


PROMPTS = ["Hello, world", "1984", "None", "[1,2]", "a#b", "True", "1e3", "'quoted'", '{"a": 1}',
           "a=b", "x\ny", "", " ", "- a list", "-5 degrees", "naïve 👍", "--- rule ---", "---",
           "--", "$HOME `ls` %PATH%", "{{name}}", "-" * 9 + "5", "(" * 30, "__doc__", "a,b", "0x10",
           "-"]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_any_prompt_is_taken_as_text(prompt):
    expected = {"prompt": prompt, "n_tokens_to_generate": 5}
    assert parsed(f"--prompt={prompt}", "--n_tokens=5") == expected
    assert parsed(f"--prompt={prompt}", "5") == expected
    if prompt != "--":  # which ends the options, as everywhere
        assert parsed(prompt, "5") == expected


@pytest.mark.parametrize("prompt", ["1984", "--- rule ---", "naïve 👍", "{{name}}"])
def test_a_prompt_from_standard_input_is_the_same_text(prompt):
    assert completion("-", "5", stdin=prompt.encode()) == completion(prompt, "5")


@pytest.mark.parametrize("text", ["Hello", "Hello\n", "naïve"])
def test_a_standard_input_of_text_instead_of_bytes_works(monkeypatch, text):
    """As in IDLE and notebooks: it has no buffer."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    small = {"model_size": "small", "models_dir": DATA}
    assert "".join(gpt2.main("-", 5, **small)) == "".join(gpt2.main(text.strip(), 5, **small))


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_one_newline_at_the_end_of_standard_input_is_dropped(end):
    assert completion("-", "5", stdin=b"Hello" + end) == completion("Hello", "5")
    two = b"Hello" + end + end
    assert completion("-", "5", stdin=two) == completion("Hello" + end.decode(), "5")


def test_a_byte_order_mark_on_standard_input_is_dropped():
    assert completion("-", "5", stdin=b"\xef\xbb\xbfHello") == completion("Hello", "5")


def test_an_empty_prompt_starts_from_endoftext():
    encoder, hparams, params = utils.load_encoder_hparams_and_params("small", DATA)
    ids = gpt2.generate([encoder.encoder["<|endoftext|>"]], params, hparams["n_head"], 5)
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
    assert run("Hi", "2", *model) == (0, "<|é|><|é|>\n".encode(), b"")
    assert run("Hi", "2", "--stop", "é", *model, env=C_LOCALE) == (0, b"<|\n", b"")


@pytest.fixture
def model_that_says(tmp_path):
    """-> a function that makes a model which always generates this special token."""
    def make(token):
        encoder, hparams, _ = utils.load_encoder_hparams_and_params("small", DATA)
        folder = tmp_path / "own"
        shutil.copytree(DATA / "small", folder)
        tokens = {key: i for key, i in encoder.encoder.items() if key != "<|endoftext|>"}
        (folder / "encoder.json").write_text(json.dumps({**tokens, token: 511}), encoding="utf-8")
        tensors = {f"model/{name}": np.zeros(shape, np.float32)
                   for name, shape in utils.gpt2_shapes(**hparams).items()}
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


@pytest.mark.parametrize("token", ["<|start of text|>", "PAD", "user:"])
def test_any_special_token_is_printed(model_that_says, token):
    assert run("Hi", "2", *model_that_says(token)) == (0, token.encode() * 2 + b"\n", b"")


def test_one_token_that_is_half_a_character_is_shown_as_such():
    assert completion(TURING, "1") == "\ufffd\n".encode()


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
    assert completion(TURING, "20", env=C_LOCALE) == TURING_20
    assert completion("naïve", "5", env=C_LOCALE) == completion("naïve", "5")


def test_text_comes_as_it_is_made():
    """The first piece must be there long before the last: it is read while the process writes."""
    process = start("Once upon a time", "300", "--model_size", "3M")
    first = os.read(process.stdout.fileno(), 100)
    still_running = process.poll() is None
    rest = process.communicate(timeout=120)[0]
    assert still_running and 0 < len(first) < 100 and len(rest) > 500


def test_a_lone_surrogate_in_the_prompt_is_refused():
    """Windows can pass one; elsewhere, Python itself can."""
    code = ("import sys, gpt2, utils; sys.argv = ['gpt2.py', 'a\\ud83db', '3', *sys.argv[1:]]; "
            "utils.run(gpt2.main)")
    assert refusal(*SMALL, flags=["-c", code], code=2).startswith("gpt2.py: ")


# ---- streams, signals, places

@posix
@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_a_closed_stream_does_not_matter(closed):
    strict = "-W error::ResourceWarning"
    assert through_a_shell(closed, TURING, "20", *SMALL, flags=strict) == (0, TURING_20, b"")


@posix
def test_closed_standard_output_and_no_standard_input_are_no_traceback():
    assert b"Traceback" not in through_a_shell(">&-", "Hi", "3", *SMALL)[2]
    assert b"Traceback" not in through_a_shell("<&-", "-", "3", *SMALL)[2]


@posix
def test_a_message_for_a_closed_stderr_does_not_go_to_stdout():
    assert through_a_shell("2>&-", "Hi", "--top_k", "x") == (2, b"", b"")


def test_a_notebooks_stdout_works():
    """Jupyter's has neither reconfigure nor fileno."""
    code = ("import io, sys, gpt2, utils; out = sys.stdout\n"
            "class Stream(io.TextIOBase):\n    def write(self, text): return out.write(text)\n"
            "sys.stdout = Stream(); utils.run(gpt2.main)")
    utf8 = {"PYTHONIOENCODING": "utf-8"}
    code, out, err = run(TURING, "20", *SMALL, flags=["-c", code], env=utf8)
    assert (code, out.replace(b"\r", b""), err) == (0, TURING_20, b"")


@pytest.mark.parametrize("flag", ["-O", "-OO"])
def test_python_without_docstrings_works(flag):
    assert completion(TURING, "20", flags=[flag]) == TURING_20
    code, out, err = run("--help", flags=[flag])
    assert code == 0 and b"--top_k" in out + err


@pytest.mark.parametrize("words", [[], ["--models_dir", "models"]], ids=str)
def test_the_models_folder_is_found_from_any_working_directory(tmp_path, words):
    code, out, err = run("Once upon a time", "5", "--model_size", "3M", *words, cwd=tmp_path)
    assert (code, err) == (0, b"") and len(out) > 5
    assert list(tmp_path.iterdir()) == []


@posix
@pytest.mark.parametrize("name", [b"caf\xe9", "café 日本".encode()], ids=["Latin-1", "UTF-8"])
@pytest.mark.parametrize("env", [{}, C_LOCALE], ids=["own locale", "C locale"])
def test_a_folder_may_have_any_name(tmp_path, name, env):
    models_dir = os.path.join(os.fsencode(tmp_path), name)
    try:
        shutil.copytree(os.fsencode(DATA / "small"), os.path.join(models_dir, name))
    except OSError as error:
        pytest.skip(f"no such names on this file system: {error}")
    code, out, err = run(TURING, "20", "--models_dir", models_dir, "--model_size", name, env=env)
    assert (code, out, err) == (0, TURING_20, b"")


@pytest.mark.skipif(sys.platform != "linux", reason="macOS and Windows do not limit addresses")
def test_too_little_memory_is_said(tmp_path):
    """The model has room for 10 million tokens: its cache alone would take 15 GB."""
    import resource
    shutil.copytree(DATA / "small", tmp_path / "own")
    path, n_ctx = tmp_path / "own" / "hparams.json", 10_000_000
    hparams = {**json.loads(path.read_text(encoding="utf-8")), "n_ctx": n_ctx}
    path.write_text(json.dumps(hparams), encoding="utf-8")
    write_sparse_bundle(tmp_path / "own" / "model.ckpt", {
        f"model/{name}": shape for name, shape in utils.gpt2_shapes(**hparams).items()})
    limit = functools.partial(resource.setrlimit, resource.RLIMIT_AS, (8 << 30, 8 << 30))
    message = refusal("Hi", "--model_size", "own", "--models_dir", str(tmp_path), code=1,
                      preexec_fn=limit)
    assert re.search("memory|allocate", message) and len(message.splitlines()) == 1


@posix
@pytest.mark.parametrize("n_tokens", ["1", "20"])
def test_on_a_terminal_a_closing_line_says_how_long_it_took(n_tokens):
    import pty
    main_end, terminal = pty.openpty()
    process = start(TURING, n_tokens, *SMALL, stderr=terminal)
    process.communicate(timeout=120)
    os.close(terminal)
    line = os.read(main_end, 1000).decode()
    os.close(main_end)
    assert re.fullmatch(r"\d+\.\d s\r\n", line)


def test_a_closed_pipe_ends_quietly():
    process = start("Once upon a time", "300", "--model_size", "3M")
    os.read(process.stdout.fileno(), 1)
    process.stdout.close()
    process.stdout = None
    err = process.communicate(timeout=120)[1]
    assert process.returncode in (0, 141) and err == b""


@posix
def test_ctrl_c_ends_quietly():
    process = start("Once upon a time", "300", "--model_size", "3M")
    os.read(process.stdout.fileno(), 1)
    process.send_signal(signal.SIGINT)
    assert (process.wait(timeout=120), process.stderr.read()) == (130, b"")
    process.communicate()


@posix
def test_a_full_disk_is_one_line():
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with open("/dev/full", "wb") as full:
        process = start("Hello", "5", *SMALL, stdout=full)
        err = process.communicate(timeout=120)[1].decode()
    assert process.returncode == 1 and "No space left on device" in err and err.count("\n") == 1


def test_help_names_every_option_and_explains_it():
    for word in ("--help", "-h"):
        code, out, err = run(word)
        text = (out + err).decode()
        assert code == 0 and "Traceback" not in text and "FIRE" not in text and "INFO" not in text
        for name in SIGNATURE.parameters:
            assert name in text.lower()
        assert "greedy decoding" in text and "stop sequence" in text


# ---- bad input

@pytest.mark.parametrize("words, expected", [
    ([], "prompt"), (["--n_tokens", "5"], "prompt"),
    (["Once", "upon", "a", "time"], "quotes"), (["Once", "upon"], "quotes"),
    (["Hi", "5", "world"], "world"), (["Hi", "5", "close"], "close"), (["Hi", "5", "6"], "6"),
    (["Hi", "5", "pieces"], "pieces"), (["Hi", "5", "__doc__"], "__doc__"),
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
], ids=lambda value: str(value)[:60])
def test_a_wrong_word_is_named_before_main_is_called(words, expected, capfd):
    with pytest.raises(utils.UsageError) as error:
        parsed(*words)
    assert expected in str(error.value) and "\0" not in str(error.value)
    assert "".join(capfd.readouterr()) == ""


@pytest.mark.parametrize("words, expected", [
    (["Hi", "--temprature", "1"], "temprature"), (["Hi", "--top_p", "1.1"], "top_p"),
    (["Once", "upon", "a", "time"], "quotes"), (["Hi", "--model_size", "5M"], "5M"),
    (["Hi", "--model_size", "../models"], "../models"),
    (["Hi", "--model_size", "3M", "--models_dir", "nowhere"], "3M")], ids=str)
def test_a_wrong_word_ends_the_program_with_status_2_and_no_download(words, expected):
    nobody = {"GPT2_MODELS_URL": "http://127.0.0.1:9/gpt-2"}
    assert expected in refusal(*words, code=2, env=nobody)


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
