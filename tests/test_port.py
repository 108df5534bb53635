"""docs/port.md and what it offers to those who write a GPT-2 of their own."""
import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import compare_steps
import mistakes
import numpy as np
import pytest
import record_steps
import regex
from data import make

import encoder
import gpt2
import utils

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "data"
PAGE = (ROOT / "docs" / "port.md").read_text(encoding="utf-8")
THEIRS = dict(np.load(DATA / "small" / "steps.npz"))
IDS = THEIRS.pop("ids")
MODEL, SAMPLER, TOKENIZER = mistakes.MISTAKES.values()


def read_json(name):
    return json.loads((DATA / name).read_text(encoding="utf-8"))


# ---- the golden data

def test_the_plain_form_has_the_same_numbers():
    _, _, params = utils.load_encoder_hparams_and_params("small", DATA)
    for name, arrays in [("weights", dict(make.named(params))), ("steps", THEIRS),
                         ("logits", dict(np.load(DATA / "small" / "expected_logits.npz")))]:
        plain = compare_steps.read_arrays(DATA / "small" / f"{name}.safetensors")
        assert plain.keys() == arrays.keys()
        for key, array in arrays.items():
            np.testing.assert_array_equal(plain[key], array)
    assert sum(path.stat().st_size for path in DATA.glob("small/*.safetensors")) < 1e6


def test_the_safetensors_files_are_read_by_the_library():
    library = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    for path in DATA.glob("small/*.safetensors"):
        ours, theirs = compare_steps.read_safetensors(path), library.load_file(path)
        assert ours.keys() == theirs.keys()
        assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_tokens():
    rows = read_json("tokens.json")
    assert len(rows) == len({row["text"] for row in rows}) == 200
    openais = mistakes.openais_vocabulary(encoder)
    for row in rows:
        assert openais.encode(row["text"]) == row["ids"]
        assert openais.decode(row["ids"]) == row["text"]


def test_the_tokens_cover_every_branch_of_the_pattern_and_every_plane():
    text = "".join(row["text"] for row in read_json("tokens.json"))
    assert {ord(char) >> 16 for char in text} == set(range(17))
    for branch in encoder.SPLIT.pattern.split("\n")[1:-1]:
        branch = re.sub("  +#.*", "", branch).strip(" |")
        assert regex.search(branch, text), branch


def test_sampling():
    rows = read_json("sampling.json")
    assert len(rows) == 60
    for row in rows:
        probs = gpt2.next_token_probs(np.float32(row["logits"]), row["temperature"],
                                      row["top_k"], row["top_p"])
        assert np.flatnonzero(probs).tolist() == row["kept"]
        np.testing.assert_allclose(probs, row["probs"], rtol=2e-5)


def test_float64_is_within_the_tolerance_too():
    for row in read_json("sampling.json"):
        probs = gpt2.next_token_probs(np.float64(row["logits"]), row["temperature"],
                                      row["top_k"], row["top_p"])
        np.testing.assert_allclose(probs, row["probs"], rtol=2e-5)


@pytest.fixture
def clone():
    """The folder of a clone of openai/gpt-2. Skips the test if it or TensorFlow is not there."""
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    if "OPENAI_GPT2" not in os.environ:
        pytest.skip("the environment variable OPENAI_GPT2 names no clone of openai/gpt-2")
    return os.environ["OPENAI_GPT2"]


def test_openais_code_makes_the_same_data_again(clone, tmp_path):
    subprocess.run([sys.executable, DATA / "make.py", clone, tmp_path], check=True)
    for path in [*(DATA / "small").iterdir(), *DATA.glob("*.json")]:
        again = tmp_path / path.relative_to(DATA)
        if path.suffix in (".npz", ".safetensors"):
            one, other = compare_steps.read_arrays(path), compare_steps.read_arrays(again)
            assert one.keys() == other.keys()
            assert all(row.agrees for row in compare_steps.compare_all(other, one)), path
        elif path.suffix == ".json":
            assert_about_equal(*(json.loads(p.read_text(encoding="utf-8")) for p in (again, path)))
        else:
            assert again.read_bytes() == path.read_bytes(), path


def test_openais_code_agrees_step_by_step(clone):
    command = [clone, "hello world", "9", "--model_size=small", f"--models_dir={DATA}"]
    done = subprocess.run([sys.executable, "tests/compare_with_openai.py", *command], cwd=ROOT,
                          encoding="utf-8", stdout=subprocess.PIPE)
    assert done.returncode == 0
    assert f"All {len(THEIRS)} steps agree" in done.stdout
    assert "All 9 tokens are the same." in done.stdout


def assert_about_equal(one, other):
    """Equal JSON, but for the last digits of floats"""
    if isinstance(other, float):
        assert math.isclose(one, other, rel_tol=1e-4)
    elif isinstance(other, dict):
        assert one.keys() == other.keys()
        for key in other:
            if key != "made_with":
                assert_about_equal(one[key], other[key])
    elif isinstance(other, list):
        assert len(one) == len(other)
        for a, b in zip(one, other):
            assert_about_equal(a, b)
    else:
        assert one == other


# ---- compare_steps.py

def compared(arrays, tmp_path, capsys):
    """What compare_steps.py prints for these arrays, and its exit status"""
    np.savez(tmp_path / "my-steps.npz", **arrays)
    status = compare_steps.main(tmp_path / "my-steps.npz")
    return capsys.readouterr().out, status


def test_the_right_steps_agree(tmp_path, capsys):
    text, status = compared(THEIRS, tmp_path, capsys)
    assert status == 0 and text.startswith(f"All {len(THEIRS)} steps agree")


@pytest.mark.parametrize("change, note", [
    (lambda x: x[None], "a batch of 1"), (lambda x: x.astype(np.float64), "float64, not float32"),
    (lambda x: x.ravel(), "read as"), (lambda x: np.ravel(x, order="F"), "column by column"),
    (lambda x: x.swapaxes(-1, -2), "right after transpose"),
    (lambda x: x[None].astype(np.float64).swapaxes(-1, -2), "a batch of 1")])
def test_another_form_of_the_right_numbers_is_named_and_agrees(change, note, tmp_path, capsys):
    text, status = compared({name: change(x) for name, x in THEIRS.items()}, tmp_path, capsys)
    assert status == 0
    assert text.count(note) >= 13


def test_missing_steps_are_skipped_and_counted(tmp_path, capsys):
    given = {name: THEIRS[name] for name in ("embedding", "logits")}
    text, status = compared(given, tmp_path, capsys)
    assert status == 0 and f"2 of {len(THEIRS)} steps compared, {len(THEIRS) - 2} missing" in text
    text, status = compared({**given, "logits": THEIRS["logits"] + 1}, tmp_path, capsys)
    assert status == 1 and "missing, and may be off: h0/ln_1, " in text


def test_names_that_are_no_steps_are_listed(tmp_path, capsys):
    text, _ = compared({**THEIRS, "h0/atn": THEIRS["h0"]}, tmp_path, capsys)
    assert "not the name of a step: h0/atn" in text
    with pytest.raises(SystemExit, match="none of the steps. Their names: embedding, h0/ln_1"):
        compared({"h0/atn": THEIRS["h0"]}, tmp_path, capsys)


@pytest.mark.parametrize("name", ["embedding", "h0/attn/softmax", "h1", "h2/mlp", "present"])
def test_a_nan_is_never_lost(name, tmp_path, capsys):
    wrong = THEIRS[name].copy()
    wrong.flat[-1] = np.nan
    text, status = compared({**THEIRS, name: wrong}, tmp_path, capsys)
    assert status == 1
    assert f"The first step that is off is {name}. It has a NaN" in text
    assert re.search(rf"nan  .*OFF, first in {name}; not finite", text)


def test_the_first_block_that_is_off_is_named(tmp_path, capsys):
    """And not that with the largest difference."""
    off = {"h1/mlp": THEIRS["h1/mlp"] * 1.001, "h2/ln_1": THEIRS["h2/ln_1"] * 5,
           "h2/mlp": THEIRS["h2/mlp"] * 5}
    text, status = compared({**THEIRS, **off}, tmp_path, capsys)
    assert status == 1 and "The first step that is off is h1/mlp." in text
    assert re.search(r"(?m)^mlp  .*in h2  OFF, first in h1/mlp$", text)


@pytest.mark.parametrize("wrong, message", [
    (THEIRS["h0"][:-1], "Its shape should be 18 x 48, and is 17 x 48."),
    (np.array(["a", "b"]), "Its shape should be 18 x 48, and is 2.")], ids=["shape", "text"])
def test_what_does_not_fit_is_off(wrong, message, tmp_path, capsys):
    text, status = compared({**THEIRS, "h0": wrong}, tmp_path, capsys)
    assert status == 1 and message in text


def test_a_folder_and_a_safetensors_file_are_read_too(tmp_path, capsys):
    for name, array in THEIRS.items():
        file = tmp_path / "nested" / f"{name}.npy"
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, array)
        (tmp_path / "flat").mkdir(exist_ok=True)
        np.save(tmp_path / "flat" / f"{name.replace('/', '.')}.npy", array)
    for path in (tmp_path / "nested", tmp_path / "flat", DATA / "small" / "steps.safetensors"):
        assert compare_steps.main(path) == 0
        assert f"{len(THEIRS)} of {len(THEIRS)} steps" in capsys.readouterr().out


@pytest.mark.parametrize("name, content, message", [
    ("my.npz", b"no zip", "is not a .npz file"), ("my.safetensors", b"12345678{", "is not a"),
    ("my.npz", None, "No such file")])
def test_a_file_that_cannot_be_read_is_named(name, content, message, tmp_path):
    if content:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SystemExit, match=message):
        compare_steps.main(tmp_path / name)


def test_the_command_exits_with_1_if_a_step_is_off(tmp_path):
    np.savez(tmp_path / "my.npz", logits=THEIRS["logits"] + 1, ids=IDS)
    done = subprocess.run([sys.executable, "tests/compare_steps.py", tmp_path / "my.npz"], cwd=ROOT,
                          encoding="utf-8", stdout=subprocess.PIPE)
    assert done.returncode == 1 and "The first step that is off is logits." in done.stdout


def test_other_ids_are_refused(tmp_path, capsys):
    with pytest.raises(SystemExit, match="Your ids are not those of the recorded steps"):
        compared({**THEIRS, "ids": IDS + 1}, tmp_path, capsys)


# ---- what compare_with_openai.py compares

@pytest.mark.parametrize("n_prompt, n_tokens", [(1, 9), (18, 20), (300, 5)])
def test_the_steps_of_generate_are_those_of_one_pass(n_prompt, n_tokens, monkeypatch):
    """With the prompt in pieces of 256 and then the cache"""
    _, hparams, params = utils.load_encoder_hparams_and_params("small", DATA)
    monkeypatch.setitem(params, "wpe", np.tile(params["wpe"], (6, 1)))
    ids = np.random.default_rng(0).integers(512, size=n_prompt).tolist()
    cached, new_ids, positions = record_steps.steps_of_generate(ids, params, 4, n_tokens)
    assert new_ids == list(gpt2.generate(ids, params, 4, n_tokens))
    whole = record_steps.steps([*ids, *new_ids[:-1]], params, 4)
    for name in ("ln_f", "logits"):
        whole[name] = whole[name][positions]
    rows = compare_steps.compare_all(cached, whole)
    assert len(rows) == len(THEIRS) and all(row.agrees for row in rows)


@pytest.mark.parametrize("prompt, n_tokens, message", [
    ("the", 64, "prompt has 2 tokens, so --n_tokens must be from 1 to 63"),
    ("the", 0, "must be from 1 to 63"), ("the " * 99, 1, "and the model reads 64")])
def test_a_request_that_is_too_long_is_refused_in_a_sentence(prompt, n_tokens, message):
    with pytest.raises(SystemExit, match=message):
        compare_steps.load(prompt, n_tokens, "small", DATA)


# ---- the mistakes

def rows_of(name):
    """The rows of a table of the page -> [[cell, ...], ...]"""
    header = re.escape(mistakes.TABLES[name][1])
    lines = re.search(rf"(?m)^\| {header} \|\n.*\n((?:\|.*\n)+)", PAGE)[1].strip().split("\n")
    return [re.split(r" (?<!\\)\| ", line.strip("| ")) for line in lines]


def named(items):
    return pytest.mark.parametrize("mistake", items, ids=lambda mistake: mistake.what)


def test_there_are_enough_and_the_page_lists_them_all():
    assert len(MODEL) >= 30 and len(SAMPLER) >= 8 and len(TOKENIZER) >= 8
    for name, items in mistakes.MISTAKES.items():
        assert [row[0].replace("\\|", "|") for row in rows_of(name)] == [x.what for x in items]


@named(MODEL)
def test_a_mistake_in_the_model_has_the_fingerprint_on_the_page(mistake):
    row = rows_of("model")[MODEL.index(mistake)]
    fresh = list(mistakes.model_row(mistake))
    for cell, number in zip((2, 3), mistakes.first_off(mistake)[2:]):
        if number > compare_steps.TOLERANCE and not math.isinf(number):
            # two digits are shown, and other processors round differently
            assert float(row[cell]) == pytest.approx(number, rel=0.06, abs=4e-6)
            fresh[cell] = row[cell]
    assert row[:5] == fresh[:5]


@named([mistake for mistake in MODEL if mistakes.first_off(mistake)[1]])
def test_the_guess_is_right(mistake):
    pieces, name, _, _ = mistakes.first_off(mistake)
    guess = compare_steps.guess(name, mistakes.steps_with(mistake.diff, pieces)[name])
    assert guess.startswith("gpt2.py gives your numbers there with this mistake: ")
    assert mistake.what in guess


@named(SAMPLER)
def test_a_mistake_in_the_sampler_shows_in_its_example(mistake):
    *_, right, wrong = mistakes.sampler_row(mistake)[:5]
    assert right != wrong
    assert rows_of("sampler")[SAMPLER.index(mistake)][3:5] == [right, wrong]


@named(TOKENIZER)
def test_a_mistake_in_the_tokenizer_shows_in_its_example(mistake):
    row = [cell.replace("|", "\\|") for cell in mistakes.tokenizer_row(mistake)]
    assert row[2] != row[3]
    assert rows_of("tokenizer")[TOKENIZER.index(mistake)][:4] == row[:4]


def test_the_page_says_how_many_mistakes_leave_the_text_untouched():
    untouched = [mistake.what for mistake in MODEL if mistakes.right_tokens(mistake) == 20]
    n_untouched, n_all = re.search(r"(\w+) of the (\d+) mistakes", PAGE).groups()
    assert int(n_all) == len(MODEL)
    assert ["five", "six", "seven", "eight", "nine", "ten"].index(n_untouched.lower()) + 5 == len(
        untouched)


def test_the_page_shows_what_the_command_prints():
    """With the numbers of another processor, within a factor of three"""
    shown = re.search(r"(?ms)^\$ python tests/compare_steps.py my-steps.npz\n(.*?)^```", PAGE)[1]
    printed = mistakes.example()
    number = re.compile(r"\d\.\de[+-]\d\d")
    assert number.sub("#", shown) == number.sub("#", printed)
    for a, b in zip(number.findall(shown), number.findall(printed)):
        assert float(b) / 3 <= float(a) <= float(b) * 3


def test_every_file_that_the_page_names_is_there():
    for name in re.findall(r"\]\(\.\./(tests/[^)#]+)\)", PAGE):
        assert (ROOT / name).exists(), name
