"""Write tests/reference/3M/*.txt again, without gpt2.py. Run it whenever models/3M changes:

    pip install torch transformers safetensors
    python tests/reference/make.py
"""
import re
import shlex
import sys
from pathlib import Path

HERE = Path(__file__).parent


def commands(model_size):
    """The commands in README.md -> [(arguments of gpt2.py, bytes piped in, expected file), ...]"""
    found = []
    text = (HERE / "README.md").read_text(encoding="utf-8")
    for line in re.findall(r"^python gpt2.py .*", text, re.MULTILINE):
        command, file = line.split(" | diff - tests/reference/")
        command, _, piped = command.partition(" < tests/reference/")
        if file.startswith(f"{model_size}/"):
            found.append((shlex.split(command)[2:], piped and (HERE / piped).read_bytes(),
                          HERE / file))
    return found


def main(model_size="3M", models_dir="models"):
    sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]
    import utils
    from compare_with_transformers import greedy_in_transformers, load_in_transformers
    from transformers import GPT2Tokenizer
    folder = Path(models_dir, model_size)
    tokenizer = GPT2Tokenizer(str(folder / "encoder.json"), str(folder / "vocab.bpe"))
    _, hparams, params = utils.load_encoder_hparams_and_params(model_size, models_dir)
    model = load_in_transformers(hparams, params)
    for words, piped, path in commands(model_size):
        prompt, n_tokens, *_ = [word for word in words if word not in ("--model_size", "3M")] + [40]
        if piped:
            prompt = piped.decode("utf-8").removesuffix("\n")
        ids = tokenizer.encode(prompt) or [hparams["n_vocab"] - 1]
        new_ids, leads = greedy_in_transformers(model, ids, int(n_tokens))
        if min(leads) < 2e-4:  # ten times what rounding in float32 changes here
            sys.exit(f"{path.name}: the two highest logits for token {leads.index(min(leads))} are "
                     f"only {min(leads):.6f} apart; use another prompt or fewer tokens")
        text = tokenizer.decode(new_ids, clean_up_tokenization_spaces=False)
        path.write_bytes((text + "\n").encode("utf-8"))
        print(f"{path.name:20} {len(ids)} + {n_tokens} tokens, smallest lead {min(leads):.4f}")


if __name__ == "__main__":
    main()
