"""GPT-2, from prompt to text, in NumPy. Read it from top to bottom: mathematics first, main last.

It computes what OpenAI's own code does (github.com/openai/gpt-2, src/model.py and src/sample.py),
under the same names, to the same tokens. It does not train: the weights are read from a file.

    text -> ids -> embeddings -> n_layer blocks -> logits -> an id -> text, and round again

    id        a token's number. A token is a piece of text: a word, a part of one, a comma
    n_seq     how many tokens are looked at now        n_vocab   how many tokens exist    (50257)
    n_ctx     how many it can look at at most  (1024)  n_embd    numbers that stand for one  (768)
    n_layer   how many blocks, one after another (12)  n_head    attentions side by side      (12)
    logits    a score for every token of the vocabulary: how well it would do as the next one
    w, b, g   learned numbers: weights (multiplied), biases (added), gains (scale)   (124 million)
In brackets: sizes of the smallest model. [n_seq, n_embd] means n_seq rows of n_embd numbers.
"""
import math

import numpy as np


def gelu(x):  # any shape -> the same shape
    # Lets positive numbers through and fades negative ones out, smoothly. There is an exact form;
    # this is the approximation GPT-2 was trained with. x * x * x: NumPy's x**3 is far slower.
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


def softmax(x):  # any shape -> the same shape: each row becomes positive numbers that sum to 1
    exp_x = np.exp(x - x.max(axis=-1, keepdims=True))  # less the largest, or exp would overflow
    return exp_x / exp_x.sum(axis=-1, keepdims=True)


def layer_norm(x, g, b, eps=1e-5):  # [n_seq, n_embd] -> [n_seq, n_embd]
    # Each row to mean 0 and variance 1, then to a learned scale and offset.
    x = x - x.mean(axis=-1, keepdims=True)
    return g * x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps) + b


def linear(x, w, b):  # [n_seq, n_in], [n_in, n_out], [n_out] -> [n_seq, n_out]
    # Every number that goes out is a weighted sum of all that came in. OpenAI calls it conv1d.
    return x @ w + b


def ffn(x, c_fc, c_proj):  # [n_seq, n_embd] -> [n_seq, n_embd]
    # Each token thinks for itself: widen, switch on what fits, project back.
    return linear(gelu(linear(x, **c_fc)), **c_proj)  # n_embd -> 4 * n_embd -> n_embd


def attention(q, k, v):  # [n_head, n_seq, d], 2 x [n_head, n_all, d] -> [n_head, n_seq, d]
    # A soft look-up: each token's query is compared with all keys, and gets a mix of all values, in
    # which the values of the keys that fit best weigh most. (d numbers, n_embd / n_head, for each.)
    scores = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])  # divided, or softmax would pick one
    # No token may see a later one, which it has to guess: its score becomes -1e10, its weight 0.
    visible = np.tri(*scores.shape[-2:], k.shape[-2] - q.shape[-2], dtype=bool)
    return softmax(np.where(visible, scores, np.float32(-1e10))) @ v


def mha(x, c_attn, c_proj, n_head, kv=None):  # [n_seq, n_embd] -> [n_seq, n_embd]
    # Multi-head attention: the only step in which tokens learn of one another.
    qkv = linear(x, **c_attn).reshape(len(x), 3, n_head, -1)  # 3 * n_embd = 3 * n_head * d numbers
    q, k, v = qkv.transpose(1, 2, 0, 3)  # each [n_head, n_seq, d]
    if kv is not None:  # [2, n_head, n_all, d]: k and v of earlier tokens, and room for these
        kv[:, :, -len(x):] = k, v
        k, v = kv
    heads = attention(q, k, v).transpose(1, 0, 2).reshape(x.shape)  # side by side again
    return linear(heads, **c_proj)


def transformer_block(x, mlp, attn, ln_1, ln_2, n_head, kv=None):  # [n_seq, n_embd] -> the same
    # Each step reads a normalised copy of x and adds what it found: x itself goes on undimmed.
    x = x + mha(layer_norm(x, **ln_1), **attn, n_head=n_head, kv=kv)
    return x + ffn(layer_norm(x, **ln_2), **mlp)


def empty_kv_cache(n_layer, n_head, n_ctx, n_embd):  # room for the keys and values of n_ctx tokens
    return {"n_past": 0, "kv": np.empty([n_layer, 2, n_head, n_ctx, n_embd // n_head], np.float32)}


def transformer(inputs, wte, wpe, blocks, ln_f, n_head, kv_cache=None):
    """Run ids through all blocks. [n_seq] -> [n_seq, n_embd]; ValueError beyond n_ctx positions."""
    # A token's keys and values never change, since it sees no later token. A cache of them spares
    # us all earlier tokens: inputs are then the new ones only, the first at position n_past.
    cache = kv_cache or empty_kv_cache(len(blocks), n_head, *wpe.shape)
    n_past, n_all = cache["n_past"], cache["n_past"] + len(inputs)
    if n_all > len(wpe):
        raise ValueError(f"{n_all} tokens are more than n_ctx = {len(wpe)}")
    x = wte[inputs] + wpe[n_past:n_all]  # what each token is, plus where it stands
    for block, kv in zip(blocks, cache["kv"]):
        x = transformer_block(x, **block, n_head=n_head, kv=kv[:, :, :n_all])
    cache["n_past"] = n_all
    return layer_norm(x, **ln_f)


def gpt2(inputs, wte, wpe, blocks, ln_f, n_head, kv_cache=None):
    """ids -> logits, [n_seq] -> [n_seq, n_vocab]: row i scores what may follow inputs[: i + 1]."""
    # wte once more: it gave each id its row of numbers; now the id whose row is most like x wins.
    return transformer(inputs, wte, wpe, blocks, ln_f, n_head, kv_cache) @ wte.T


def next_token_probs(logits, temperature=1.0, top_k=0, top_p=1.0):
    """Logits -> probabilities, [n_vocab] -> [n_vocab], as OpenAI's sample.py filters them."""
    logits = logits / temperature  # below 1 the likely gets likelier, above 1 all get more equal
    if top_k > 0:  # only the k best, and what ties with the last of them
        logits = np.where(logits < np.sort(logits)[-top_k:][0], np.float32(-1e10), logits)
    if top_p < 1:  # only the best, as long as their probabilities add up to no more than p:
        best = np.sort(logits)[::-1]  # the one that crosses p is out (the nucleus paper keeps it)
        n_keep = max(1, np.sum(np.cumsum(softmax(best)) <= top_p))
        logits = np.where(logits < best[n_keep - 1], np.float32(-1e10), logits)
    return softmax(logits)


def generate(inputs, params, n_head, n_tokens_to_generate, temperature=0.0, top_k=0, top_p=1.0,
             frequency_penalty=0.0, presence_penalty=0.0, rng=None):
    """Yield one new id after another; rng, a numpy Generator, draws where temperature is not 0."""
    rng = rng or np.random.default_rng()
    n_sampled = np.zeros(len(params["wte"]), np.float32)  # how often each id was; not in the prompt
    kv_cache = empty_kv_cache(len(params["blocks"]), n_head, *params["wpe"].shape)
    *prompt, token = inputs
    for i in range(0, len(prompt), 256):  # read; piece by piece, which keeps the scores small
        transformer(prompt[i:i + 256], **params, n_head=n_head, kv_cache=kv_cache)
    for _ in range(n_tokens_to_generate):  # write: the last token goes in, the next one comes out
        logits = gpt2([token], **params, n_head=n_head, kv_cache=kv_cache)[0]
        logits -= frequency_penalty * n_sampled + presence_penalty * np.sign(n_sampled)
        if temperature == 0:  # greedy: the best, always
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
    output_ids = generate(input_ids, params, hparams["n_head"], n_tokens_to_generate, temperature,
                          top_k, top_p, frequency_penalty, presence_penalty,
                          rng=np.random.default_rng(seed))
    utils.print_stream(encoder.decode_stream(output_ids), stop)


if __name__ == "__main__":
    import fire
    import utils
    with utils.one_line_errors():
        fire.Fire(main, command=utils.arguments(main))
