"""The same checkpoint, the same prompt: gpt2.py beside Hugging Face's GPT2LMHeadModel.

    pip install torch transformers safetensors
    python tests/compare_with_transformers.py "Once upon a time" --model_size 3M

Prints the largest difference of the logits at each position, the five best next tokens of both,
and where the greedy texts part, if they do. Any folder in models will do, OpenAI's sizes included.
"""
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
import gpt2  # noqa: E402
import utils  # noqa: E402


def save_for_transformers(folder, hparams, params):
    """Write config.json and model.safetensors, from which transformers makes the same model."""
    from safetensors.numpy import save_file
    config = {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2",
              "vocab_size": hparams["n_vocab"], "n_positions": hparams["n_ctx"],
              "n_embd": hparams["n_embd"], "n_layer": hparams["n_layer"],
              "n_head": hparams["n_head"], "activation_function": "gelu_new",  # the tanh form
              "bos_token_id": hparams["n_vocab"] - 1, "eos_token_id": hparams["n_vocab"] - 1}
    tensors = {"transformer.wte.weight": params["wte"], "transformer.wpe.weight": params["wpe"]}

    def add(name, node):
        for key, value in node.items():
            if isinstance(value, dict):
                add(f"{name}.{key}", value)
            else:  # w and g are both called weight there; the shapes are the same
                key = "bias" if key == "b" else "weight"
                tensors[f"{name}.{key}"] = np.ascontiguousarray(value)

    add("transformer.ln_f", params["ln_f"])
    for n, block in enumerate(params["blocks"]):
        add(f"transformer.h.{n}", block)
    Path(folder, "config.json").write_text(json.dumps(config))
    save_file(tensors, Path(folder, "model.safetensors"), metadata={"format": "pt"})


def load_in_transformers(hparams, params):
    """-> the same model as a GPT2LMHeadModel, in float32."""
    import torch
    from transformers import GPT2LMHeadModel
    with tempfile.TemporaryDirectory() as folder:
        save_for_transformers(folder, hparams, params)
        return GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32).eval()


def logits_in_transformers(model, ids):
    """[n_seq] -> [n_seq, n_vocab]"""
    import torch
    with torch.inference_mode():
        return model(torch.tensor([ids])).logits[0].numpy()


def greedy_in_transformers(model, ids, n_tokens):
    """-> the next n_tokens ids, and how far each was ahead of the second best.

    All tokens go through the model each time: slow, but with no cache there is none to be wrong.
    """
    new_ids, leads = [], []
    for _ in range(n_tokens):
        logits = logits_in_transformers(model, [*ids, *new_ids])[-1]
        second, best = np.sort(logits)[-2:]
        new_ids.append(int(logits.argmax()))
        leads.append(float(best - second))
    return new_ids, leads


def main(prompt, n_tokens=40, model_size="3M", models_dir="models"):
    import torch
    import transformers
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    encoder, hparams, params = utils.load_encoder_hparams_and_params(model_size, models_dir)
    model = load_in_transformers(hparams, params)
    ids = encoder.encode(prompt) or [encoder.encoder["<|endoftext|>"]]
    utils.check_length(len(ids), n_tokens, hparams["n_ctx"])
    print(f"{model_size}: NumPy {np.__version__}, transformers {transformers.__version__}, "
          f"torch {torch.__version__}, all float32\n")

    ours = gpt2.gpt2(ids, **params, n_head=hparams["n_head"])
    theirs = logits_in_transformers(model, ids)
    print("position  token            largest |logit|   largest difference")
    for position, (i, a, b) in enumerate(zip(ids, ours, theirs)):
        text = json.dumps(encoder.decode([i]), ensure_ascii=False)
        print(f"{position:8}  {text:16} {abs(b).max():15.4f}   {abs(a - b).max():18.7f}")

    print("\nnext token       gpt2.py        transformers")
    for a, b in zip(np.argsort(-ours[-1])[:5], np.argsort(-theirs[-1])[:5]):
        text, other = (json.dumps(encoder.decode([i]), ensure_ascii=False) for i in (a, b))
        print(f"{text:16} {ours[-1, a]:10.5f}    {theirs[-1, b]:10.5f}  {other if a != b else ''}")

    new_ids = list(gpt2.generate(ids, params, hparams["n_head"], n_tokens))
    their_ids, leads = greedy_in_transformers(model, ids, n_tokens)
    parts = [n for n in range(n_tokens) if new_ids[n] != their_ids[n]]
    if not parts:
        print(f"\ngreedy: all {n_tokens} tokens are the same; the best was ahead of the second by "
              f"{min(leads):.4f} or more")
    else:
        n = parts[0]
        text, other = (json.dumps(encoder.decode(some[n:n + 5])) for some in (new_ids, their_ids))
        print(f"\ngreedy: {n} tokens are the same, then {text}... here and {other}... there, "
              f"where the best was ahead of the second by {leads[n]:.7f}")


if __name__ == "__main__":
    import fire
    fire.Fire(fire.decorators.SetParseFns(prompt=str, model_size=str)(main))
