"""The logits of gpt2.py beside those of Hugging Face's GPT2LMHeadModel, for any prompt and model.

    pip install torch transformers safetensors
    python tests/compare_with_transformers.py "Once upon a time" --model_size 3M

It prints the largest difference of the logits at each position, both greedy texts, and the first
token where they part, if they do. Any folder in --models_dir with OpenAI's six files works.
"""
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
import compare_steps  # noqa: E402
import gpt2  # noqa: E402


def save_for_transformers(folder, hparams, params):
    """Write config.json and model.safetensors, from which transformers loads the same model."""
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
            else:  # transformers calls both w and g "weight"; the shapes are the same
                key = "bias" if key == "b" else "weight"
                tensors[f"{name}.{key}"] = np.ascontiguousarray(value)

    add("transformer.ln_f", params["ln_f"])
    for n, block in enumerate(params["blocks"]):
        add(f"transformer.h.{n}", block)
    Path(folder, "config.json").write_text(json.dumps(config), encoding="utf-8")
    save_file(tensors, Path(folder, "model.safetensors"), metadata={"format": "pt"})


def load_in_transformers(hparams, params):
    """-> the same model as a GPT2LMHeadModel, in float32"""
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
    """-> the next n_tokens ids, and by how much each one's logit leads the second highest

    It computes all tokens again for each new one. That is slow, but needs no cache.
    """
    new_ids, leads = [], []
    for _ in range(n_tokens):
        logits = logits_in_transformers(model, [*ids, *new_ids])[-1]
        second, best = np.sort(logits)[-2:]
        new_ids.append(int(logits.argmax()))
        leads.append(float(best - second))
    return new_ids, leads


def main(prompt, n_tokens=40, model_size="124M", models_dir="models"):
    import torch
    import transformers
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    encoder, hparams, params, ids = compare_steps.load(prompt, n_tokens, model_size, models_dir)
    n_head = hparams["n_head"]
    model = load_in_transformers(hparams, params)
    print(f"{model_size}: NumPy {np.__version__}, transformers {transformers.__version__}, "
          f"torch {torch.__version__}\n")
    print("position  token            largest |logit|   largest difference")
    ours = gpt2.gpt2(ids, **params, n_head=n_head)
    theirs = logits_in_transformers(model, ids)
    for position, (i, a, b) in enumerate(zip(ids, ours, theirs)):
        token = json.dumps(encoder.decode([i]), ensure_ascii=False)
        print(f"{position:8}  {token:16} {abs(b).max():15.4f}   {abs(a - b).max():18.7f}")
    their_ids, _ = greedy_in_transformers(model, ids, n_tokens)
    our_ids = list(gpt2.generate(ids, params, n_head, n_tokens))
    logits = gpt2.gpt2([*ids, *our_ids[:-1]], **params, n_head=n_head)[len(ids) - 1:]
    decoders = [encoder.decode, encoder.decode]
    compare_steps.print_greedy(ids, our_ids, their_ids, decoders, "transformers", logits)


if __name__ == "__main__":
    import fire
    fire.Fire(fire.decorators.SetParseFns(prompt=str, model_size=str,
                                          models_dir=str)(main))
