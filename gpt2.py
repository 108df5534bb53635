"""GPT-2 in NumPy, from prompt to text. Read it from the top down, or from generate back up.
It follows OpenAI's code (github.com/openai/gpt-2: src/model.py, src/sample.py): same parameter
names, same logits, same greedy text. It uses trained weights and does not train.
    text -> tokenizer -> ids -> embeddings -> n_layer transformer blocks -> logits -> id -> text

    id       index of a token (a word, part of a word or punctuation), 0 to n_vocab - 1
    n_vocab  vocabulary size, the number of different tokens (50257 in GPT-2 124M)
    n_ctx    context length, the largest number of tokens the model can take into account (1024)
    n_seq    tokens in this call of gpt2; n_past: tokens before them; n_all = n_past + n_seq
    n_embd   width: an embedding, the row that represents a token, has this many numbers (768)
    n_head   attention heads per block, side by side (12), each d = n_embd / n_head wide (64)
    logits   n_vocab raw scores: a token with a higher logit is more likely to come next

params: nested dicts (w: weights, b: bias, g: gain, ln: layer norm; **c_fc passes its w and b):
    wte [n_vocab, n_embd], wpe [n_ctx, n_embd], ln_f {g, b}, and blocks, n_layer (12) dicts of
    ln_1 {g, b}, attn {c_attn {w [n_embd, 3 * n_embd], b}, c_proj {w [n_embd, n_embd], b}},
    ln_2 {g, b}, mlp {c_fc {w [n_embd, 4 * n_embd], b}, c_proj {w [4 * n_embd, n_embd], b}}"""
import math

import numpy as np


def gelu(x):  # any shape -> the same shape: a smooth max(x, 0), in GPT-2's tanh approximation
    # Not np.sqrt, which would make everything float64 in NumPy 2. Not x ** 3, which is slow.
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


def softmax(x):  # any shape -> the same shape: each row becomes positive numbers that sum to 1
    exp_x = np.exp(x - x.max(axis=-1, keepdims=True))  # minus the max: no overflow, same result
    return exp_x / exp_x.sum(axis=-1, keepdims=True)


def layer_norm(x, g, b, eps=1e-5):  # [n_seq, n_embd] -> same: mean 0, variance 1, then * g + b
    deviation = x - x.mean(axis=-1, keepdims=True)
    variance = (deviation * deviation).mean(axis=-1, keepdims=True)
    return g * (deviation / np.sqrt(variance + eps)) + b  # eps prevents division by zero


def linear(x, w, b):  # [n_seq, n_in], [n_in, n_out], [n_out] -> [n_seq, n_out]
    return x @ w + b  # each output is a weighted sum of the inputs, plus a bias


def ffn(x, c_fc, c_proj):  # feed-forward network (MLP): [n_seq, n_embd] -> [n_seq, n_embd]
    return linear(gelu(linear(x, **c_fc)), **c_proj)  # without gelu, two layers would be one


def attention(q, k, v):  # q [n_head, n_seq, d]; k, v [n_head, n_all, d] -> [n_head, n_seq, d]
    # Each token has a query (what it looks for), a key (what it offers) and a value. Its output
    # is the average of the values, weighted by how well their keys match its query.
    (_, n_seq, d), n_all = q.shape, k.shape[1]
    scores = (q / math.sqrt(d)) @ k.swapaxes(1, 2)  # scaled, as dot products grow with sqrt(d)
    causal_mask = np.tri(n_seq, n_all, n_all - n_seq, dtype=np.float32)  # 0 for later tokens
    return softmax(scores - 1e10 * (1 - causal_mask)) @ v  # later tokens get weight 0


def mha(x, c_attn, c_proj, n_head, n_past=0, cache=None):  # [n_seq, n_embd] -> [n_seq, n_embd]
    # Multi-head attention: the only step that moves information between tokens.
    qkv = linear(x, **c_attn).reshape(len(x), 3, n_head, -1)  # [n_seq, 3, n_head, d]
    q, k, v = qkv.transpose(1, 2, 0, 3)  # each [n_head, n_seq, d]
    if cache is not None:  # this block's KV cache, [2, n_head, n_ctx, d]
        cache[:, :, n_past:n_past + len(x)] = k, v  # no later token changes them: compute once
        k, v = cache[:, :, :n_past + len(x)]  # each [n_head, n_all, d]: all tokens so far
    heads = attention(q, k, v).swapaxes(0, 1).reshape(x.shape)  # concatenate the heads
    return linear(heads, **c_proj)  # and mix them


def transformer_block(x, mlp, attn, ln_1, ln_2, n_head, n_past=0, cache=None):  # -> x's shape
    # Each step normalises its input (pre-norm) and adds its output to x (residual connection).
    x = x + mha(layer_norm(x, **ln_1), **attn, n_head=n_head, n_past=n_past, cache=cache)
    return x + ffn(layer_norm(x, **ln_2), **mlp)


def gpt2(inputs, wte, wpe, blocks, ln_f, n_head, n_past=0, cache=None, rows=slice(None)):
    """ids [n_seq] -> logits [n_seq, n_vocab], or some rows; row i: what follows inputs[i]"""
    if np.ndim(inputs) != 1 or not 0 < len(inputs) <= len(wpe) - n_past:
        raise ValueError(f"inputs must be a list of ids that fits in n_ctx = {len(wpe)}")
    x = wte[inputs] + wpe[n_past:n_past + len(inputs)]  # token embedding + position embedding
    for block, block_cache in zip(blocks, [None] * len(blocks) if cache is None else cache):
        x = transformer_block(x, **block, n_head=n_head, n_past=n_past, cache=block_cache)
    return layer_norm(x[rows], **ln_f) @ wte.T  # tied weights: x is compared with each token


def next_token_probs(logits, temperature=1.0, top_k=0, top_p=1.0):
    """logits [n_vocab] -> probabilities [n_vocab], computed as in OpenAI's sample.py"""
    logits = logits / temperature  # below 1 sharpens the distribution, above 1 flattens it
    if 0 < top_k < len(logits):  # keep the k most likely tokens, and any that tie with the k-th
        logits = np.where(logits < np.sort(logits)[-top_k], -1e10, logits)  # p = 0
    if top_p < 1:  # nucleus sampling: keep the most likely, at most top_p in all, at least one
        best = np.sort(logits)[::-1]
        n_keep = max(1, np.sum(np.cumsum(softmax(best)) <= top_p))
        logits = np.where(logits < best[n_keep - 1], -1e10, logits)
    return softmax(logits)


def choose(logits, chosen, temperature, top_k, top_p, frequency_penalty, presence_penalty, rng):
    """logits [n_vocab], and for the penalties the ids chosen so far -> the next id"""
    assert temperature >= 0 and top_k >= 0 and 0 <= top_p <= 1, "a sampling option out of range"
    if not np.isfinite(logits).all():
        raise FloatingPointError("logits are not finite: damaged weights or failed training")
    counts = np.bincount(np.array(chosen, int), minlength=len(logits)).astype(np.float32)
    logits = logits - frequency_penalty * counts - presence_penalty * np.minimum(counts, 1)
    if temperature < 1e-6:  # greedy decoding
        return int(np.argmax(logits))
    return int(rng.choice(len(logits), p=next_token_probs(logits, temperature, top_k, top_p)))


def generate(inputs, params, n_head, n_tokens_to_generate, temperature=0.0, top_k=0, top_p=1.0,
             frequency_penalty=0.0, presence_penalty=0.0, rng=None):
    """Yield the ids that follow inputs, one by one. rng: a seed, a NumPy generator or None"""
    n_ctx, n_embd = params["wpe"].shape
    cache = np.empty([len(params["blocks"]), 2, n_head, n_ctx, n_embd // n_head], np.float32)
    ids, n_past, rng = list(inputs), 0, np.random.default_rng(rng)
    while len(ids) < len(inputs) + n_tokens_to_generate:
        new = ids[n_past:n_past + 256]  # the prompt, in pieces to save memory; then id by id
        logits = gpt2(new, **params, n_head=n_head, n_past=n_past, cache=cache, rows=-1)
        n_past += len(new)
        if n_past == len(ids):  # all of the prompt has been read
            ids.append(choose(logits, ids[len(inputs):], temperature, top_k, top_p,
                              frequency_penalty, presence_penalty, rng))
            yield ids[-1]


def main(prompt, n_tokens_to_generate=40, *, model_size="124M", models_dir="models",
         temperature=0.0, top_k=0, top_p=1.0, frequency_penalty=0.0, presence_penalty=0.0,
         stop=None, seed=None):
    """Continue PROMPT with GPT-2, and yield the completion piece by piece as it is generated.

    Args:
        prompt: the text to continue; "-" reads it from standard input, "" starts without one
        n_tokens_to_generate: how many tokens to generate; --n_tokens or -n for short
        model_size: 124M, 355M, 774M, 1558M (OpenAI's), 3M (bundled), or a folder in models_dir
        models_dir: the folder that contains one folder per model
        temperature: 0 is greedy decoding, 1 the model's own probabilities, higher more random
        top_k: sample only from the top_k most likely tokens; 0 means all
        top_p: sample only from the most likely tokens (at least one) that sum to at most top_p
        frequency_penalty: subtracted from a token's logit for each occurrence in the completion
        presence_penalty: subtracted once from the logit of each token in the completion so far
        stop: stop sequence: the completion ends just before it first appears
        seed: random seed, for reproducible sampling"""
    import utils
    encoder, hparams, params = utils.load_encoder_hparams_and_params(model_size, models_dir)
    input_ids = utils.encode_prompt(prompt, encoder, n_tokens_to_generate, hparams["n_ctx"])
    ids = generate(input_ids, params, hparams["n_head"], n_tokens_to_generate, temperature,
                   top_k, top_p, frequency_penalty, presence_penalty, rng=seed)
    yield from utils.until(encoder.decode_stream(ids), stop)


if __name__ == "__main__":
    import utils
    utils.run(main)  # the Fire library builds the command line from main's signature
