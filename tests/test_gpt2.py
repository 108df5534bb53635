"""The model and the sampler, against what OpenAI's own code computed (tests/data/small).

tests/data/small is a small GPT-2 built and saved by openai/gpt-2 at 9b63575 under TensorFlow 2.21;
expected.json and expected_logits.npz are what that code computes from it.
"""
import json
import math
from pathlib import Path

import numpy as np
import pytest

import gpt2
from utils import load_encoder_hparams_and_params

SMALL = Path(__file__).parent / "data" / "small"
EXPECTED = json.loads((SMALL / "expected.json").read_text(encoding="utf-8"))
LOGITS = np.load(SMALL / "expected_logits.npz")
encoder, hparams, params = load_encoder_hparams_and_params("small", SMALL.parent)
N_HEAD, N_CTX, N_VOCAB = hparams["n_head"], hparams["n_ctx"], hparams["n_vocab"]


@pytest.mark.parametrize("n", range(len(EXPECTED["prompts"])))
def test_logits_match_openai(n):
    logits = gpt2.gpt2(EXPECTED["prompts"][n]["ids"], **params, n_head=N_HEAD)
    expected = LOGITS[f"logits_{n}"]
    assert logits.dtype == np.float32 and logits.shape == expected.shape
    # float32 has 24 bits; sums over 48 to 192 numbers in another order may cost a few of them
    difference = np.abs(logits - expected).max() / np.abs(expected).max()
    print(f"largest difference: {difference:.1e} of the largest logit")
    assert difference < 2e-5


@pytest.mark.parametrize("case", EXPECTED["prompts"])
def test_greedy_ids_and_texts_match_openai(case):
    prompt_ids = encoder.encode(case["prompt"]) or [encoder.encoder["<|endoftext|>"]]
    assert prompt_ids == case["ids"]
    ids = list(gpt2.generate(prompt_ids, params, N_HEAD, len(case["greedy_ids"])))
    assert ids == case["greedy_ids"]
    assert encoder.decode(ids) == case["greedy_text"]


def filter_logits(case):
    if case["logits"] == "ties":
        return np.array(EXPECTED["ties"], np.float32)
    return LOGITS["logits_0"][-1]


@pytest.mark.parametrize("case", EXPECTED["filters"], ids=lambda case: "-".join(
    str(case[name]) for name in ("logits", "temperature", "top_k", "top_p")))
def test_top_k_and_top_p_keep_what_openai_keeps(case):
    probs = gpt2.next_token_probs(filter_logits(case), case["temperature"], case["top_k"],
                                  case["top_p"])
    kept = np.flatnonzero(probs)
    assert len(kept) == case["n_kept"]
    if case["kept"] is not None:
        assert kept.tolist() == case["kept"]
    np.testing.assert_allclose(np.sort(probs)[::-1][:5], case["top_probs"], rtol=2e-5, atol=1e-7)


def test_top_p_drops_the_token_that_crosses():
    logits = np.log(np.array([0.5, 0.3, 0.2], np.float32))
    assert np.flatnonzero(gpt2.next_token_probs(logits, top_p=0.7)).tolist() == [0]
    assert np.flatnonzero(gpt2.next_token_probs(logits, top_p=0.85)).tolist() == [0, 1]
    assert np.flatnonzero(gpt2.next_token_probs(logits, top_p=0.1)).tolist() == [0]
    assert np.flatnonzero(gpt2.next_token_probs(logits, top_p=0)).tolist() == [0]
    assert np.flatnonzero(gpt2.next_token_probs(logits, top_p=1)).tolist() == [0, 1, 2]


def test_ties_at_the_kth_value_stay():
    logits = np.array([1, 3, 2, 2, 0], np.float32)
    assert np.flatnonzero(gpt2.next_token_probs(logits, top_k=2)).tolist() == [1, 2, 3]
    assert np.flatnonzero(gpt2.next_token_probs(logits, top_k=99)).tolist() == [0, 1, 2, 3, 4]


def test_gelu_is_the_tanh_form():
    x = np.array([-3, -1, 0, 1, 3], np.float32)
    tanh_form = [0.5 * v * (1 + math.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v ** 3)))
                 for v in x.tolist()]
    exact = [0.5 * v * (1 + math.erf(v / math.sqrt(2))) for v in x.tolist()]
    np.testing.assert_allclose(gpt2.gelu(x), tanh_form, atol=3e-7)
    assert np.abs(gpt2.gelu(x) - exact).max() > 1e-4


def test_softmax_of_large_numbers_does_not_overflow():
    probs = gpt2.softmax(np.array([[1000, 1000, -1000]], np.float32))
    assert probs.tolist() == [[0.5, 0.5, 0]]


def test_layer_norm_has_mean_0_and_variance_1():
    x = np.array([[1, 2, 3, 4], [-5, 0, 5, 1000]], np.float32)
    y = gpt2.layer_norm(x, g=np.float32(1), b=np.float32(0))
    np.testing.assert_allclose(y.mean(axis=-1), 0, atol=1e-6)
    np.testing.assert_allclose(y.std(axis=-1), 1, atol=1e-4)
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
    ids = list(range(n_seq))
    assert gpt2.transformer(ids, **params, n_head=N_HEAD).shape == (n_seq, n_embd)
    assert gpt2.gpt2(ids, **params, n_head=N_HEAD).shape == (n_seq, N_VOCAB)


def test_no_token_sees_a_later_one():
    ids = list(range(20))
    logits = gpt2.gpt2(ids, **params, n_head=N_HEAD)
    changed = gpt2.gpt2(ids[:10] + [500] * 10, **params, n_head=N_HEAD)
    np.testing.assert_allclose(logits[:10], changed[:10], atol=1e-5)
    assert np.abs(logits[10:] - changed[10:]).max() > 1e-3


def test_everything_is_float32(monkeypatch):
    """NumPy 2 makes float64 of an array and a np.sqrt(number): five times slower, and unnoticed."""
    types = set()

    def watch(name, function):
        def watched(*args, **kwargs):
            result = function(*args, **kwargs)
            types.update((name, array.dtype.name) for array in (*args, result)
                         if isinstance(array, np.ndarray))
            return result
        monkeypatch.setattr(gpt2, name, watched)

    names = ["gelu", "softmax", "layer_norm", "linear", "ffn", "attention", "mha",
             "transformer_block", "transformer", "gpt2", "next_token_probs"]
    for name in names:
        watch(name, getattr(gpt2, name))
    list(gpt2.generate([1, 2, 3], params, N_HEAD, 3, temperature=0.9, top_k=9, top_p=0.9,
                       frequency_penalty=0.1, presence_penalty=0.1))
    assert types == {(name, "float32") for name in names}


# ---- the cache

@pytest.mark.parametrize("pieces", [[1] * N_CTX, [5] + [1] * (N_CTX - 5), [17, 1, 30, 1, 1, 14],
                                    [N_CTX - 1, 1]], ids=str)
def test_cached_and_uncached_agree_at_every_step_up_to_n_ctx(pieces):
    ids = np.random.default_rng(1).integers(N_VOCAB, size=N_CTX).tolist()
    full = gpt2.gpt2(ids, **params, n_head=N_HEAD)
    kv_cache = gpt2.empty_kv_cache(len(params["blocks"]), N_HEAD, *params["wpe"].shape)
    at = 0
    for n in pieces:
        logits = gpt2.gpt2(ids[at:at + n], **params, n_head=N_HEAD, kv_cache=kv_cache)
        # both are float32, and the same sums in another order
        np.testing.assert_allclose(logits, full[at:at + n], atol=1e-5 * np.abs(full).max())
        at += n
    assert at == N_CTX


@pytest.mark.parametrize("n_prompt", [1, 2, N_CTX // 2, N_CTX - 1])
def test_generate_gives_what_a_full_pass_gives_at_every_step(n_prompt):
    inputs = np.random.default_rng(2).integers(N_VOCAB, size=n_prompt).tolist()
    ids = list(inputs)
    for token in gpt2.generate(inputs, params, N_HEAD, N_CTX - n_prompt):
        logits = gpt2.gpt2(ids, **params, n_head=N_HEAD)[-1]
        assert logits[token] >= logits.max() - 1e-5 * np.abs(logits).max()
        ids.append(token)
    assert len(ids) == N_CTX


def test_a_long_prompt_is_read_in_pieces(monkeypatch):
    monkeypatch.setitem(params, "wpe", np.tile(params["wpe"], (10, 1)))
    ids = np.random.default_rng(3).integers(N_VOCAB, size=600).tolist()
    expected = int(np.argmax(gpt2.gpt2(ids, **params, n_head=N_HEAD)[-1]))
    pieces, transformer = [], gpt2.transformer

    def spy(inputs, *args, **kwargs):
        pieces.append(len(inputs))
        return transformer(inputs, *args, **kwargs)
    monkeypatch.setattr(gpt2, "transformer", spy)
    assert list(gpt2.generate(ids, params, N_HEAD, 1)) == [expected]
    assert pieces == [256, 256, 87, 1]


def test_more_than_n_ctx_tokens_are_refused():
    with pytest.raises(ValueError, match=f"{N_CTX + 1} tokens are more than n_ctx = {N_CTX}"):
        gpt2.gpt2([0] * (N_CTX + 1), **params, n_head=N_HEAD)


# ---- the loop

def test_generate_leaves_its_inputs_as_they_are():
    inputs = [1, 2, 3]
    list(gpt2.generate(inputs, params, N_HEAD, 5))
    assert inputs == [1, 2, 3]
    assert list(gpt2.generate(np.array(inputs), params, N_HEAD, 5)) == list(
        gpt2.generate(tuple(inputs), params, N_HEAD, 5))


def test_generate_yields_plain_ints_as_they_come():
    stream = gpt2.generate([1], params, N_HEAD, 10)
    assert type(next(stream)) is int
    assert type(next(gpt2.generate([1], params, N_HEAD, 1, temperature=1))) is int
    assert list(gpt2.generate([1], params, N_HEAD, 0)) == []


def test_temperature_0_is_greedy():
    logits = LOGITS["logits_0"]
    ids = EXPECTED["prompts"][0]["ids"]
    assert next(gpt2.generate(ids, params, N_HEAD, 1)) == logits[-1].argmax()
    assert list(gpt2.generate(ids, params, N_HEAD, 9)) == list(
        gpt2.generate(ids, params, N_HEAD, 9, temperature=1e-4, rng=np.random.default_rng(5)))


def test_the_same_seed_draws_the_same_ids():
    def draw(seed):
        rng = np.random.default_rng(seed)
        return list(gpt2.generate([1], params, N_HEAD, 30, temperature=1, rng=rng))
    assert draw(7) == draw(7)
    assert draw(7) != draw(8)


def test_ids_are_drawn_as_often_as_their_probabilities_say():
    ids = EXPECTED["prompts"][0]["ids"]
    probs = gpt2.next_token_probs(LOGITS["logits_0"][-1], temperature=0.7, top_k=5)
    rng = np.random.default_rng(0)
    n = 800
    counts = np.bincount([next(gpt2.generate(ids, params, N_HEAD, 1, 0.7, 5, rng=rng))
                          for _ in range(n)], minlength=N_VOCAB)
    assert counts[probs == 0].sum() == 0
    # five standard deviations of a share of n draws
    assert np.all(np.abs(counts / n - probs) <= 5 * np.sqrt(probs * (1 - probs) / n))


def fixed_logits(monkeypatch, logits):
    """A model whose logits are always these."""
    logits = np.array([logits], np.float32)
    monkeypatch.setattr(gpt2, "gpt2", lambda inputs, **kwargs: logits.copy())
    monkeypatch.setattr(gpt2, "transformer", lambda inputs, **kwargs: None)
    return {"wte": np.zeros([logits.shape[1], 4]), "wpe": np.zeros([50, 4]), "blocks": []}


def test_frequency_penalty_is_subtracted_for_each_time_a_token_came_out(monkeypatch):
    tree = fixed_logits(monkeypatch, [3.0, 2.0, 0.0])
    ids = gpt2.generate([0], tree, 2, 8, frequency_penalty=0.4)
    # 3 2.6 2.2 | 1.8 2.0 | 1.8 1.6 | 1.4 1.6 | 1.4 1.2
    assert list(ids) == [0, 0, 0, 1, 0, 1, 0, 1]


def test_presence_penalty_is_subtracted_once(monkeypatch):
    tree = fixed_logits(monkeypatch, [3.0, 2.5, 2.2])
    ids = gpt2.generate([0], tree, 2, 6, presence_penalty=0.6)
    assert list(ids) == [0, 1, 0, 0, 0, 0]  # 3.0 | 2.4 2.5 | 2.4 1.9 2.2, and so on


def test_the_prompt_is_not_penalised(monkeypatch):
    tree = fixed_logits(monkeypatch, [3.0, 2.9, 0.0])
    assert list(gpt2.generate([0, 0, 0, 0], tree, 2, 1, frequency_penalty=1)) == [0]


def test_penalties_come_before_the_temperature(monkeypatch):
    tree = fixed_logits(monkeypatch, [1.0, 0.0])
    seen = []

    def spy(logits, *args):
        seen.append(logits.tolist())
        return np.array([1.0, 0.0])
    monkeypatch.setattr(gpt2, "next_token_probs", spy)
    list(gpt2.generate([0], tree, 2, 3, 0.5, frequency_penalty=0.25, presence_penalty=0.5))
    assert seen == [[1.0, 0.0], [0.25, 0.0], [0.0, 0.0]]


def test_gpt2_imports_numpy_and_math_only():
    import ast
    tree = ast.parse(Path(gpt2.__file__).read_text(encoding="utf-8"))
    imported = [alias.name for node in tree.body if isinstance(node, ast.Import)
                for alias in node.names]
    assert imported == ["math", "numpy"]


def test_gpt2_is_short_enough_to_be_read():
    lines = Path(gpt2.__file__).read_text(encoding="utf-8").splitlines()
    assert 120 <= len(lines) <= 150
    assert max(map(len, lines)) <= 100  # ruff sees to the rest: no two statements on a line
