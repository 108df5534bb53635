"""GPT-2 in NumPy, from prompt to text. Read it top to bottom, or start at generate and work up.

It follows OpenAI's code (github.com/openai/gpt-2: src/model.py, src/sample.py), with the same
names and the same output. It runs weights that were trained elsewhere, and it does not train.
    text -> tokenizer -> ids -> embeddings -> n_layer blocks -> logits -> next id -> text

    id       number of a token (a word, part of a word or punctuation), 0 to n_vocab - 1
    n_vocab  vocabulary size, the number of different tokens (50257 in GPT-2 124M)
    n_ctx    context length, the most tokens the model can attend to (1024)
    n_seq    tokens in this call; n_past: tokens in earlier calls; n_all = n_past + n_seq
    n_embd   width, how many numbers represent a token inside the model (768)
    n_head   attention heads in a block (12), each of width d = n_embd / n_head (64)
    logits   n_vocab scores: the higher a token's logit, the more likely it comes next

The weights are a tree, params (w: weights to multiply by, b: bias to add, g: gain to scale by):
    wte [n_vocab, n_embd], wpe [n_ctx, n_embd], ln_f {g, b}, and in each of n_layer (12) blocks
    ln_1 {g, b}, attn {c_attn {w [n_embd, 3 * n_embd], b}, c_proj {w [n_embd, n_embd], b}},
    ln_2 {g, b}, mlp {c_fc {w [n_embd, 4 * n_embd], b}, c_proj {w [4 * n_embd, n_embd], b}}"""
import math

import numpy as np


def gelu(x):  # any shape -> the same shape
    # GPT-2 was trained with this tanh form. x ** 3 would be slow, np.sqrt(number) a float64.
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


def softmax(x):  # any shape -> the same shape, each row turned into probabilities
    exp_x = np.exp(x - x.max(axis=-1, keepdims=True))  # the max cancels out: no overflow
    return exp_x / exp_x.sum(axis=-1, keepdims=True)


def layer_norm(x, g, b, eps=1e-5):  # [n_seq, n_embd] -> [n_seq, n_embd]
    centered = x - x.mean(axis=-1, keepdims=True)
    variance = (centered * centered).mean(axis=-1, keepdims=True)
    return g * centered / np.sqrt(variance + eps) + b  # eps: no division by zero


def linear(x, w, b):  # [n_seq, n_in], [n_in, n_out], [n_out] -> [n_seq, n_out]
    return x @ w + b


def ffn(x, c_fc, c_proj):  # feed-forward network (MLP): [n_seq, n_embd] -> [n_seq, n_embd]
    return linear(gelu(linear(x, **c_fc)), **c_proj)  # n_embd -> 4 * n_embd -> n_embd


def attention(q, k, v):  # [n_head, n_seq, d], 2 x [n_head, n_all, d] -> [n_head, n_seq, d]
    # Query: what a token looks for. Key: what it can be found by. Value: what it passes on.
    n_seq, n_all, d = q.shape[1], k.shape[1], q.shape[2]
    scores = q / math.sqrt(d) @ k.swapaxes(1, 2)  # scaled, since dot products grow with d
    causal_mask = np.tri(n_seq, n_all, n_all - n_seq, dtype=np.float32)  # 0 for later tokens
    return softmax(scores - 1e10 * (1 - causal_mask)) @ v  # which get a weight of 0


def mha(x, c_attn, c_proj, n_head, n_past=0, cache=None):  # [n_seq, n_embd] -> [n_seq, n_embd]
    # Multi-head attention, the only step that moves information between tokens.
    qkv = linear(x, **c_attn).reshape(len(x), 3, n_head, -1)  # [n_seq, 3, n_head, d]
    q, k, v = qkv.transpose(1, 2, 0, 3)  # each [n_head, n_seq, d]
    if cache is not None:  # this block's [2, n_head, n_ctx, d]
        cache[:, :, n_past:n_past + len(x)] = k, v
        k, v = cache[:, :, :n_past + len(x)]  # each [n_head, n_all, d]
    heads = attention(q, k, v).swapaxes(0, 1).reshape(x.shape)  # concatenate the heads
    return linear(heads, **c_proj)


def transformer_block(x, mlp, attn, ln_1, ln_2, n_head, n_past=0, cache=None):  # as mha
    # Residual connections: each step adds its result to x. Pre-norm: it reads a normalised x.
    x = x + mha(layer_norm(x, **ln_1), **attn, n_head=n_head, n_past=n_past, cache=cache)
    return x + ffn(layer_norm(x, **ln_2), **mlp)


def gpt2(inputs, wte, wpe, blocks, ln_f, n_head, n_past=0, cache=None, rows=slice(None)):
    """ids [n_seq] -> logits [n_seq, n_vocab], or some rows. ValueError if n_all > n_ctx."""
    n_all = n_past + len(inputs)
    if n_all > len(wpe):
        raise ValueError(f"{n_all} tokens exceed the context length, n_ctx = {len(wpe)}")
    x = wte[inputs] + wpe[n_past:n_all]  # token embeddings + position embeddings
    for block, kv in zip(blocks, [None] * len(blocks) if cache is None else cache):
        x = transformer_block(x, **block, n_head=n_head, n_past=n_past, cache=kv)
    return layer_norm(x, **ln_f)[rows] @ wte.T  # tied weights: the token embeddings again


def next_token_probs(logits, temperature=1.0, top_k=0, top_p=1.0):
    """logits [n_vocab] -> probabilities [n_vocab], filtered as in OpenAI's sample.py"""
    logits = logits / temperature  # < 1 sharpens the distribution, > 1 flattens it
    if 0 < top_k < len(logits):  # keep the k best, and any that tie with the k-th
        logits = np.where(logits < np.sort(logits)[-top_k], -1e10, logits)
    if top_p < 1:  # nucleus sampling: keep the best that total at most p, and at least one
        best = np.sort(logits)[::-1]
        n_keep = max(1, np.sum(np.cumsum(softmax(best)) <= top_p))
        logits = np.where(logits < best[n_keep - 1], -1e10, logits)
    return softmax(logits)


def generate(inputs, params, n_head, n_tokens_to_generate, temperature=0.0, top_k=0, top_p=1.0,
             frequency_penalty=0.0, presence_penalty=0.0, rng=None):
    """Autoregressive: yield new ids, each chosen by the logits that all ids before it give."""
    n_ctx, n_embd = params["wpe"].shape
    cache = np.empty([len(params["blocks"]), 2, n_head, n_ctx, n_embd // n_head], np.float32)
    ids, n_past = list(inputs), 0
    while len(ids) < len(inputs) + n_tokens_to_generate:
        new = ids[n_past:n_past + 256]  # the prompt, in pieces; then one by one
        logits = gpt2(new, **params, n_head=n_head, n_past=n_past, cache=cache, rows=-1)
        n_past += len(new)
        if n_past < len(ids):
            continue  # with the next piece of the prompt
        if not np.isfinite(logits).all():
            raise FloatingPointError("logits are not finite: bad weights, or failed training")
        counts = np.bincount(np.array(ids[len(inputs):], int), minlength=len(logits))
        logits -= frequency_penalty * counts + presence_penalty * (counts > 0)
        if temperature < 1e-6:  # greedy
            token = int(np.argmax(logits))
        else:
            probs = next_token_probs(logits, temperature, top_k, top_p)
            token = int((rng or np.random).choice(len(probs), p=probs))
        ids.append(token)
        yield token


def main(prompt, n_tokens_to_generate=40, *, model_size="124M", models_dir="models",
         temperature=0.0, top_k=0, top_p=1.0, frequency_penalty=0.0, presence_penalty=0.0,
         stop=None, seed=None):
    """Continue PROMPT with GPT-2. Yields the completion in pieces of text, token by token.

    Args:
        prompt: the text to continue; "-" reads it from standard input, "" starts a new text
        n_tokens_to_generate: how many tokens to generate; --n_tokens or -n for short
        model_size: 124M, 355M, 774M, 1558M (OpenAI's), 3M (bundled), or a folder in models_dir
        models_dir: the folder with a folder for each model
        temperature: 0 is greedy, 1 samples from the model's distribution, higher is more random
        top_k: sample from the k most likely tokens only; 0 means all
        top_p: sample from the most likely tokens only, whose probabilities total at most p
        frequency_penalty: subtracted from a token's logit for each time it was generated
        presence_penalty: subtracted once from the logit of each token that was generated
        stop: end before this text
        seed: makes sampling repeatable"""
    import utils
    encoder, hparams, params = utils.load_encoder_hparams_and_params(model_size, models_dir)
    input_ids = utils.encode_prompt(encoder, prompt)
    utils.check_length(len(input_ids), n_tokens_to_generate, hparams["n_ctx"])
    ids = generate(input_ids, params, hparams["n_head"], n_tokens_to_generate, top_k=top_k,
                   top_p=top_p, temperature=temperature, rng=np.random.default_rng(seed),
                   frequency_penalty=frequency_penalty, presence_penalty=presence_penalty)
    yield from utils.until(encoder.decode_stream(ids), stop)


if __name__ == "__main__":
    import utils
    utils.run(main)  # Fire makes a command line of main's signature and docstring
