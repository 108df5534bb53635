"""The model and the sampler, against what OpenAI's own code computed (tests/data/small).

tests/data/small is a small GPT-2 built and saved by openai/gpt-2 at 9b63575 under TensorFlow 2.21;
expected.json and expected_logits.npz are what that code computes from it. test_openai.py compares
the single steps.
"""
import inspect
import json
import math
import tracemalloc

import numpy as np
import pytest
from conftest import DATA

import gpt2
from utils import load_encoder_hparams_and_params

SMALL = DATA / "small"
EXPECTED = json.loads((SMALL / "expected.json").read_text(encoding="utf-8"))
LOGITS = np.load(SMALL / "expected_logits.npz")
encoder, hparams, params = load_encoder_hparams_and_params("small", SMALL.parent)
N_HEAD, N_CTX, N_VOCAB = hparams["n_head"], hparams["n_ctx"], hparams["n_vocab"]


def random_ids(n):
    return np.random.default_rng(1).integers(N_VOCAB, size=n).tolist()


# ---- as OpenAI's code computes it

@pytest.mark.parametrize("n", range(len(EXPECTED["prompts"])))
def test_logits_match_openai(n):
    logits = gpt2.gpt2(EXPECTED["prompts"][n]["ids"], **params, n_head=N_HEAD)
    expected = LOGITS[f"logits_{n}"]
    assert logits.dtype == np.float32 and logits.shape == expected.shape
    # float32 keeps 24 bits; adding 48 to 192 numbers in another order may cost a few of them
    difference = np.abs(logits - expected).max() / np.abs(expected).max()
    print(f"largest difference: {difference:.1e} of the largest logit")
    assert difference < 5e-6


@pytest.mark.parametrize("case", EXPECTED["prompts"])
def test_greedy_ids_and_texts_match_openai(case):
    prompt_ids = encoder.encode(case["prompt"]) or [encoder.encoder["<|endoftext|>"]]
    assert prompt_ids == case["ids"]
    ids = list(gpt2.generate(prompt_ids, params, N_HEAD, len(case["greedy_ids"])))
    assert ids == case["greedy_ids"]
    assert encoder.decode(ids) == case["greedy_text"]


@pytest.mark.parametrize("case", EXPECTED["filters"], ids=lambda case: "-".join(
    str(case[name]) for name in ("logits", "temperature", "top_k", "top_p")))
def test_top_k_and_top_p_keep_what_openai_keeps(case):
    ties = np.array(EXPECTED["ties"], np.float32)
    probs = gpt2.next_token_probs(ties if case["logits"] == "ties" else LOGITS["logits_0"][-1],
                                  case["temperature"], case["top_k"], case["top_p"])
    kept = np.flatnonzero(probs)
    assert len(kept) == case["n_kept"]
    if case["kept"] is not None:
        assert kept.tolist() == case["kept"]
    np.testing.assert_allclose(np.sort(probs)[::-1][:5], case["top_probs"], rtol=2e-5, atol=1e-7)


@pytest.mark.parametrize("top_p, kept", [(1, [0, 1, 2]), (0.85, [0, 1]), (0.7, [0]), (0.1, [0]),
                                         (0, [0])])
def test_top_p_drops_the_token_that_crosses_p_but_keeps_one(top_p, kept):
    logits = np.log(np.array([0.5, 0.3, 0.2], np.float32))
    assert np.flatnonzero(gpt2.next_token_probs(logits, top_p=top_p)).tolist() == kept


@pytest.mark.parametrize("shares", [[0.5, 0.25, 0.125, 0.125], [0.5, 0.3, 0.2]], ids=str)
def test_top_p_keeps_what_adds_up_to_exactly_p(shares):
    logits = np.log(np.array(shares, np.float32))
    p = float(np.cumsum(gpt2.softmax(logits))[1])
    assert np.flatnonzero(gpt2.next_token_probs(logits, top_p=p)).tolist() == [0, 1]


@pytest.mark.parametrize("top_k, kept", [(0, [0, 1, 2, 3, 4]), (1, [1]), (2, [1, 2, 3]),
                                         (5, [0, 1, 2, 3, 4]), (99, [0, 1, 2, 3, 4])])
def test_top_k_keeps_ties_at_the_kth_value(top_k, kept):
    logits = np.array([1, 3, 2, 2, 0], np.float32)
    assert np.flatnonzero(gpt2.next_token_probs(logits, top_k=top_k)).tolist() == kept


# ---- the parts

def test_gelu_is_the_tanh_form():
    x = np.array([-3, -1, 0, 1, 3], np.float32)
    tanh_form = [0.5 * v * (1 + math.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v ** 3)))
                 for v in x.tolist()]
    exact = [0.5 * v * (1 + math.erf(v / math.sqrt(2))) for v in x.tolist()]
    np.testing.assert_allclose(gpt2.gelu(x), tanh_form, atol=3e-7)
    assert np.abs(gpt2.gelu(x) - exact).max() > 1e-4


def test_softmax_of_large_numbers_does_not_overflow():
    assert gpt2.softmax(np.array([[1000, 1000, -1000]], np.float32)).tolist() == [[0.5, 0.5, 0]]


def test_layer_norm_gives_mean_0_and_variance_1_before_gain_and_bias():
    x = np.array([[1, 2, 3, 4], [-5, 0, 5, 1000]], np.float32)
    y = gpt2.layer_norm(x, g=np.float32(1), b=np.float32(0))
    np.testing.assert_allclose(y.mean(axis=-1), 0, atol=1e-6)
    np.testing.assert_allclose(y.var(axis=-1), 1, atol=1e-4)
    scaled = gpt2.layer_norm(x, g=np.float32(3), b=np.float32(2))
    np.testing.assert_allclose(scaled, 3 * y + 2, atol=1e-5)


def test_layer_norm_comes_before_each_step():
    x = np.random.default_rng(0).normal(size=(5, hparams["n_embd"])).astype(np.float32)
    block = params["blocks"][0]
    after = x + gpt2.mha(gpt2.layer_norm(x, **block["ln_1"]), **block["attn"], n_head=N_HEAD)
    after = after + gpt2.ffn(gpt2.layer_norm(after, **block["ln_2"]), **block["mlp"])
    np.testing.assert_array_equal(gpt2.transformer_block(x, **block, n_head=N_HEAD), after)


def test_shapes_are_those_on_the_def_lines():
    n_seq, n_embd, d = 7, hparams["n_embd"], hparams["n_embd"] // N_HEAD
    x = np.ones([n_seq, n_embd], np.float32)
    block = params["blocks"][0]
    assert gpt2.linear(x, **block["mlp"]["c_fc"]).shape == (n_seq, 4 * n_embd)
    assert gpt2.ffn(x, **block["mlp"]).shape == (n_seq, n_embd)
    assert gpt2.mha(x, **block["attn"], n_head=N_HEAD).shape == (n_seq, n_embd)
    assert gpt2.transformer_block(x, **block, n_head=N_HEAD).shape == (n_seq, n_embd)
    q, k = np.ones([N_HEAD, 2, d], np.float32), np.ones([N_HEAD, n_seq, d], np.float32)
    assert gpt2.attention(q, k, k).shape == (N_HEAD, 2, d)
    assert gpt2.gpt2(list(range(n_seq)), **params, n_head=N_HEAD).shape == (n_seq, N_VOCAB)


def test_no_token_sees_a_later_one():
    ids = random_ids(20)
    logits = gpt2.gpt2(ids, **params, n_head=N_HEAD)
    changed = gpt2.gpt2(ids[:10] + [500] * 10, **params, n_head=N_HEAD)
    np.testing.assert_allclose(logits[:10], changed[:10], atol=1e-5)
    assert np.abs(logits[10:] - changed[10:]).max() > 1e-3


def test_everything_is_float32(monkeypatch):
    """In NumPy 2, an array times np.sqrt(number) is float64: five times slower, and unnoticed."""
    types = set()

    def watch(name, function):
        def watched(*args, **kwargs):
            result = function(*args, **kwargs)
            types.update((name, array.dtype.name) for array in (*args, result)
                         if isinstance(array, np.ndarray))
            return result
        monkeypatch.setattr(gpt2, name, watched)

    names = ["gelu", "softmax", "layer_norm", "linear", "ffn", "attention", "mha",
             "transformer_block", "gpt2", "next_token_probs"]
    for name in names:
        watch(name, getattr(gpt2, name))
    list(gpt2.generate([1, 2, 3], params, N_HEAD, 3, temperature=0.9, top_k=9, top_p=0.9,
                       frequency_penalty=0.1, presence_penalty=0.1))
    assert types == {(name, "float32") for name in names}


# ---- the cache and the context

@pytest.mark.parametrize("n_prompt", [1, 2, N_CTX // 2, N_CTX - 1])
def test_generate_gives_what_a_pass_without_a_cache_gives_at_every_step(n_prompt):
    inputs = random_ids(n_prompt)
    ids = list(inputs)
    for token in gpt2.generate(inputs, params, N_HEAD, N_CTX - n_prompt + 1):
        logits = gpt2.gpt2(ids, **params, n_head=N_HEAD)[-1]
        assert logits[token] >= logits.max() - 1e-5 * np.abs(logits).max()
        ids.append(token)
    assert len(ids) == N_CTX + 1  # the last token needs no position, as in OpenAI's code


@pytest.mark.parametrize("pieces", [[1] * N_CTX, [5] + [1] * (N_CTX - 5), [17, 1, 30, 1, 1, 14],
                                    [N_CTX - 1, 1]], ids=str)
def test_logits_with_and_without_a_cache_agree_up_to_n_ctx(pieces):
    ids = random_ids(N_CTX)
    full = gpt2.gpt2(ids, **params, n_head=N_HEAD)
    shape = [hparams["n_layer"], 2, N_HEAD, N_CTX, hparams["n_embd"] // N_HEAD]
    cache, n_past = np.full(shape, np.nan, np.float32), 0
    for n in pieces:
        logits = gpt2.gpt2(ids[n_past:n_past + n], **params, n_head=N_HEAD, n_past=n_past,
                           cache=cache)
        # both are float32, and the same sums in another order
        np.testing.assert_allclose(logits, full[n_past:n_past + n], atol=1e-5 * np.abs(full).max())
        n_past += n
    assert n_past == N_CTX


@pytest.mark.parametrize("n_prompt", [255, 256, 257, 600])
def test_a_long_prompt_gives_what_one_pass_gives(monkeypatch, n_prompt):
    wpe = np.tile(params["wpe"][:61], (11, 1))  # n_ctx is 671; 61 is no divisor of a piece
    monkeypatch.setitem(params, "wpe", wpe)
    logits = gpt2.gpt2(random_ids(n_prompt), **params, n_head=N_HEAD)[-1]
    token, = gpt2.generate(random_ids(n_prompt), params, N_HEAD, 1)
    assert logits[token] >= logits.max() - 1e-5 * np.abs(logits).max()


def test_rows_picks_the_logits_to_compute():
    ids = random_ids(20)
    full = gpt2.gpt2(ids, **params, n_head=N_HEAD)
    last = gpt2.gpt2(ids, **params, n_head=N_HEAD, rows=-1)
    assert last.shape == (N_VOCAB,)
    np.testing.assert_allclose(last, full[-1], atol=1e-5 * np.abs(full).max())


@pytest.fixture
def peak():
    """A function: the most memory, in bytes, that arrays have taken since the test began."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


def test_generate_computes_the_logits_of_the_last_token_only(monkeypatch, peak):
    n_prompt, n_vocab = 60, 50_000
    monkeypatch.setitem(params, "wte", np.zeros([n_vocab, hparams["n_embd"]], np.float32))
    before = peak()
    next(gpt2.generate(random_ids(n_prompt), params, N_HEAD, 1))
    assert peak() - before < n_prompt * n_vocab * 4 / 2


def test_a_long_prompt_is_read_in_pieces_to_save_memory(monkeypatch, peak):
    n_prompt = 2000
    monkeypatch.setitem(params, "wpe", np.tile(params["wpe"], (32, 1)))
    before = peak()
    next(gpt2.generate(random_ids(n_prompt), params, N_HEAD, 1))
    assert peak() - before < N_HEAD * n_prompt * n_prompt * 4  # the scores of all at once


@pytest.mark.parametrize("inputs", [[[1, 2, 3]], [[1], [2]], [], 7, [0] * (N_CTX + 1)],
                         ids=lambda value: str(value)[:20])
def test_what_is_not_a_list_of_ids_that_fits_is_refused(inputs):
    with pytest.raises(ValueError, match=f"list of ids .* n_ctx = {N_CTX}"):
        gpt2.gpt2(inputs, **params, n_head=N_HEAD)


@pytest.mark.parametrize("n_prompt, n_tokens", [(N_CTX + 1, 1), (N_CTX, 2)])
def test_more_than_n_ctx_tokens_are_refused(n_prompt, n_tokens):
    with pytest.raises(ValueError, match=f"n_ctx = {N_CTX}"):
        list(gpt2.generate(random_ids(n_prompt), params, N_HEAD, n_tokens))


# ---- the loop

def test_generate_leaves_its_inputs_as_they_are():
    inputs = [1, 2, 3]
    ids = list(gpt2.generate(inputs, params, N_HEAD, 5))
    assert inputs == [1, 2, 3]
    assert list(gpt2.generate(np.array(inputs), params, N_HEAD, 5)) == ids


def test_generate_yields_plain_ints_one_at_a_time():
    assert type(next(gpt2.generate([1], params, N_HEAD, 10))) is int
    assert type(next(gpt2.generate([1], params, N_HEAD, 1, temperature=1))) is int
    assert list(gpt2.generate([1], params, N_HEAD, 0)) == []


def test_temperature_0_is_greedy():
    ids = EXPECTED["prompts"][0]["ids"]
    assert next(gpt2.generate(ids, params, N_HEAD, 1)) == LOGITS["logits_0"][-1].argmax()
    assert list(gpt2.generate(ids, params, N_HEAD, 9)) == list(
        gpt2.generate(ids, params, N_HEAD, 9, temperature=1e-4, rng=np.random.default_rng(5)))


def test_rng_is_a_seed_or_a_generator_and_none_is_random():
    def sample(rng):
        return list(gpt2.generate([1], params, N_HEAD, 30, temperature=1, rng=rng))
    for seed in (0, 5):
        assert sample(seed) == sample(seed) == sample(np.random.default_rng(seed))
    assert sample(0) != sample(5) and sample(None) != sample(None)
    rng = np.random.default_rng(0)
    assert sample(rng) != sample(rng)  # the second goes on where the first ended


def test_ids_are_sampled_as_often_as_their_probabilities_say():
    ids = EXPECTED["prompts"][0]["ids"]
    probs = gpt2.next_token_probs(LOGITS["logits_0"][-1], temperature=0.7, top_k=5)
    rng, n = np.random.default_rng(0), 800
    counts = np.bincount([next(gpt2.generate(ids, params, N_HEAD, 1, temperature=0.7,
                                             top_k=5, rng=rng))
                          for _ in range(n)], minlength=N_VOCAB)
    assert counts[probs == 0].sum() == 0
    # five standard deviations of a share in n samples
    assert np.all(np.abs(counts / n - probs) <= 5 * np.sqrt(probs * (1 - probs) / n))


def model_with(logits):
    """The parameters of a model whose logits are always these."""
    n_vocab = len(logits)
    return {"wte": np.eye(n_vocab, dtype=np.float32), "wpe": np.zeros([50, n_vocab], np.float32),
            "blocks": [], "ln_f": {"g": np.zeros(n_vocab, np.float32),
                                   "b": np.array(logits, np.float32)}}


@pytest.mark.parametrize("logits, penalties, expected", [
    # 3 2.6 2.2 | 1.8 2.0 | 1.8 1.6 | 1.4 1.6 | 1.4 1.2
    ([3.0, 2.0, 0.0], {"frequency_penalty": 0.4}, [0, 0, 0, 1, 0, 1, 0, 1]),
    # 3.0 | 2.4 2.5 | 2.4 1.9 2.2, and so on
    ([3.0, 2.5, 2.2], {"presence_penalty": 0.6}, [0, 1, 0, 0, 0, 0]),
    # 3.0 | 2.4 2.5 | 2.4 1.9 | 2.3 1.9, both at once
    ([3.0, 2.5, 0.0], {"frequency_penalty": 0.1, "presence_penalty": 0.5}, [0, 1, 0, 0, 0]),
], ids=str)
def test_penalties_are_subtracted_each_time_or_once(logits, penalties, expected):
    ids = gpt2.generate([0], model_with(logits), 2, len(expected), **penalties)
    assert list(ids) == expected


def test_the_prompt_is_not_penalised():
    tree = model_with([3.0, 2.9, 0.0])
    assert list(gpt2.generate([0] * 4, tree, 2, 1, frequency_penalty=1)) == [0]


def test_penalties_come_before_the_temperature():
    """2 - 1 = 1 and 0: at temperature 0.5 the second token has e^2 to 1; it would have 3 to 1."""
    n, rng = 2000, np.random.default_rng(0)
    tree = model_with([2.0, 0.0])
    samples = [list(gpt2.generate([0], tree, 2, 2, temperature=0.5, frequency_penalty=1, rng=rng))
               for _ in range(n)]
    second = [ids[1] for ids in samples if ids[0] == 0]
    share = np.mean(np.array(second) == 0)
    expected = 1 / (1 + math.exp(-2))  # after the temperature, it would be 1 / (1 + exp(-3))
    assert abs(share - expected) < 5 * math.sqrt(expected * (1 - expected) / len(second))


@pytest.mark.parametrize("temperature", [0, 1])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_logits_that_are_not_finite_are_an_error_and_never_text(temperature, bad):
    tree = model_with([1.0, 0.0, 0.0])
    tree["wte"][1, 0] = bad
    with pytest.raises(FloatingPointError, match="not finite"), np.errstate(all="ignore"):
        next(gpt2.generate([0], tree, 2, 1, temperature=temperature))


@pytest.mark.parametrize("wrong", [{"temperature": -1}, {"top_p": 90}, {"top_p": -0.1},
                                   {"top_k": -1}, {"temperature": np.nan}], ids=str)
def test_a_number_out_of_range_is_an_error_and_never_text(wrong):
    with pytest.raises((ValueError, AssertionError)):
        next(gpt2.generate([0], model_with([1.0, 0.0]), 2, 1, **{"temperature": 1, **wrong}))


# ---- from Python

def test_main_yields_the_text_and_help_shows_every_option(capsys):
    text = "".join(gpt2.main("the", 5, model_size="small", models_dir=SMALL.parent))
    ids = list(gpt2.generate(encoder.encode("the"), params, N_HEAD, 5))
    assert text == encoder.decode(ids)
    help(gpt2.main)
    shown = capsys.readouterr().out
    assert all(f"    {name}: " in shown for name in inspect.signature(gpt2.main).parameters)
