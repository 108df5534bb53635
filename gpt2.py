"""GPT-2, from prompt to text, in NumPy. Read it from top to bottom, or from generate upwards.

It computes what OpenAI's code does (github.com/openai/gpt-2, src/model.py and src/sample.py), with
OpenAI's names for the weights, and to the same text. It does not learn: a file holds the weights.

    text -> ids -> rows of numbers (embeddings) -> n_layer blocks -> logits -> id -> text, and again

    id        the number of a token, which is a piece of text: a word, a part of one, a comma
    n_vocab   how many tokens there are (50257)
    n_ctx     how many of a text's tokens the model can look at, at most (1024)
    n_seq     how many go in now; n_all: these and all that went in before
    n_embd    how many numbers stand for a token inside the model (768)
    n_layer   how many blocks it goes through (12), each with n_head attentions side by side (12)
    logits    a score for each token of the vocabulary: how well it would do as the next one
    w, b, g   learned numbers: weights that multiply, biases that are added, gains that scale
In (): OpenAI's smallest model. [n_seq, n_embd] is a shape: n_seq rows of n_embd numbers each.
"""
import math

import numpy as np


def gelu(x):  # any shape -> the same shape
    # Keeps large numbers, fades negative ones to 0. GPT-2 learned with this, not the exact form.
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


def softmax(x):  # any shape -> the same shape: each row becomes positive numbers that sum to 1
    exp_x = np.exp(x - x.max(axis=-1, keepdims=True))  # the max cancels out, and spares an overflow
    return exp_x / exp_x.sum(axis=-1, keepdims=True)


def layer_norm(x, g, b, eps=1e-5):  # [n_seq, n_embd] -> [n_seq, n_embd]
    # Each row to mean 0 and variance 1 (eps: no division by 0), then a learned scale and offset.
    x = x - x.mean(axis=-1, keepdims=True)
    return g * x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps) + b


def linear(x, w, b):  # [n_seq, n_in], [n_in, n_out], [n_out] -> [n_seq, n_out]
    # Each number out is a weighted sum of its row's numbers, plus a bias. OpenAI's name: conv1d.
    return x @ w + b


def ffn(x, c_fc, c_proj):  # [n_seq, n_embd] -> [n_seq, n_embd]
    # Each row by itself: widen, gelu, narrow. Without gelu, two linears could do no more than one.
    return linear(gelu(linear(x, **c_fc)), **c_proj)  # n_embd -> 4 * n_embd -> n_embd


def attention(q, k, v):  # [n_head, n_seq, d], 2 x [n_head, n_all, d] -> [n_head, n_seq, d]
    # A token's query says what it looks for, its key what it is found by, its value what it gives.
    # Each row out is a mix of all values: most of those whose keys fit the row's query best.
    scores = q / math.sqrt(q.shape[-1]) @ k.swapaxes(-1, -2)  # a sum of d products grows with d
    # The last keys are these tokens' own, and no token may see a later one: -1e10 means weight 0.
    scores[..., -q.shape[-2]:] += (1 - np.tri(q.shape[-2], dtype=np.float32)) * -1e10
    return softmax(scores) @ v


def mha(x, c_attn, c_proj, n_head, kv=None):  # [n_seq, n_embd] -> [n_seq, n_embd]
    # Multi-head attention: c_attn makes q, k, v. The only step where tokens learn of one another.
    qkv = linear(x, **c_attn).reshape(len(x), 3, n_head, -1)  # n_embd = n_head * d
    q, k, v = qkv.transpose(1, 2, 0, 3)  # each [n_head, n_seq, d]
    if kv is not None:  # [2, n_head, n_all, d]: earlier tokens' k and v, then n_seq empty places
        kv[:, :, -len(x):] = k, v
        k, v = kv
    heads = attention(q, k, v).transpose(1, 0, 2).reshape(x.shape)  # a token's heads in one row
    return linear(heads, **c_proj)


def transformer_block(x, mlp, attn, ln_1, ln_2, n_head, kv=None):  # [n_seq, n_embd] -> the same
    # Each step adds to x what it computes from a normalised copy of x, and never replaces it.
    x = x + mha(layer_norm(x, **ln_1), **attn, n_head=n_head, kv=kv)
    return x + ffn(layer_norm(x, **ln_2), **mlp)


def empty_kv_cache(n_layer, n_head, n_ctx, n_embd):  # room for the keys and values of n_ctx tokens
    return {"n_past": 0, "kv": np.empty([n_layer, 2, n_head, n_ctx, n_embd // n_head], np.float32)}


def transformer(inputs, wte, wpe, blocks, ln_f, n_head, kv_cache=None):
    """Run ids through all blocks. [n_seq] -> [n_seq, n_embd]; ValueError beyond n_ctx positions."""
    # A token's k and v never change, as it sees no later one: computed once, they stay in kv_cache.
    # inputs are then the new ids only, which stand at the positions n_past, n_past + 1, ...
    kv_cache = kv_cache or empty_kv_cache(len(blocks), n_head, *wpe.shape)
    n_past, n_all = kv_cache["n_past"], kv_cache["n_past"] + len(inputs)
    if n_all > len(wpe):
        raise ValueError(f"{n_all} tokens are more than n_ctx = {len(wpe)}")
    x = wte[inputs] + wpe[n_past:n_all]  # embeddings: a row for each token + a row for its position
    for block, kv in zip(blocks, kv_cache["kv"]):  # block: {"attn": {"c_attn": {"w": ..., "b": ...
        x = transformer_block(x, **block, n_head=n_head, kv=kv[:, :, :n_all])
    kv_cache["n_past"] = n_all
    return layer_norm(x, **ln_f)


def gpt2(inputs, wte, wpe, blocks, ln_f, n_head, kv_cache=None):
    """ids -> logits, [n_seq] -> [n_seq, n_vocab]: row i scores what may come after inputs[i]."""
    # wte once more: it gave each id its row; an id's score is the dot product of this row and x.
    return transformer(inputs, wte, wpe, blocks, ln_f, n_head, kv_cache) @ wte.T


def next_token_probs(logits, temperature=1.0, top_k=0, top_p=1.0):
    """Logits -> probabilities, [n_vocab] -> [n_vocab], as OpenAI's sample.py filters them."""
    logits = logits / temperature  # below 1 the likely gets likelier, above 1 all get more equal
    if top_k > 0:  # only the k best (or all, if k is more), and what ties with the last of them
        logits = np.where(logits < np.sort(logits)[-top_k:][0], -1e10, logits)
    if top_p < 1:  # only the best whose probabilities add up to p at most, and one in any case:
        best = np.sort(logits)[::-1]  # the one that crosses p is out (the nucleus paper keeps it)
        n_keep = max(1, np.sum(np.cumsum(softmax(best)) <= top_p))
        logits = np.where(logits < best[n_keep - 1], -1e10, logits)
    return softmax(logits)


def generate(inputs, params, n_head, n_tokens_to_generate, temperature=0.0, top_k=0, top_p=1.0,
             frequency_penalty=0.0, presence_penalty=0.0, rng=None):
    """Yield one new id after another; rng, a numpy Generator, draws where temperature is not 0."""
    rng = rng or np.random.default_rng()
    n_sampled = np.zeros(len(params["wte"]), np.float32)  # how often each id came out already
    kv_cache = empty_kv_cache(len(params["blocks"]), n_head, *params["wpe"].shape)
    *earlier, token = inputs
    for i in range(0, len(earlier), 256):  # only to fill kv_cache; in pieces, which saves memory
        transformer(earlier[i:i + 256], **params, n_head=n_head, kv_cache=kv_cache)
    for _ in range(n_tokens_to_generate):  # the last token goes in, the next one comes out
        logits = gpt2([token], **params, n_head=n_head, kv_cache=kv_cache)[0]
        logits -= frequency_penalty * n_sampled + presence_penalty * np.sign(n_sampled)
        if temperature < 1e-6:  # greedy: always the best (and no division by 0)
            token = int(np.argmax(logits))
        else:
            probs = next_token_probs(logits, temperature, top_k, top_p)
            token = int(rng.choice(len(probs), p=probs))
        n_sampled[token] += 1
        yield token


def main(prompt, n_tokens_to_generate=40, model_size="124M", models_dir="models", temperature=0.0,
         top_k=0, top_p=1.0, frequency_penalty=0.0, presence_penalty=0.0, stop=None, seed=None):
    """Print how GPT-2 goes on after PROMPT."""
    import utils
    utils.check_options(locals())
    encoder, hparams, params = utils.load_encoder_hparams_and_params(model_size, models_dir)
    input_ids = encoder.encode(utils.read_prompt(prompt)) or [encoder.encoder["<|endoftext|>"]]
    utils.check_length(len(input_ids), n_tokens_to_generate, hparams["n_ctx"])
    ids = generate(input_ids, params, hparams["n_head"], n_tokens_to_generate, temperature, top_k,
                   top_p, frequency_penalty, presence_penalty, np.random.default_rng(seed))
    utils.print_stream(encoder.decode_stream(ids), stop)


if __name__ == "__main__":
    import fire  # makes a command line of main's arguments
    import utils
    with utils.one_line_errors():
        fire.Fire(main, command=utils.arguments(main))
