"""Every step of gpt2.py beside the same step of OpenAI's code, for any prompt and any model.

    git clone https://github.com/openai/gpt-2 ../gpt-2
    pip install tensorflow
    python tests/compare_with_openai.py ../gpt-2 "Once upon a time" --model_size 3M

It imports OpenAI's src/encoder.py, src/model.py and src/sample.py as they are, from the clone, and
has them read the same files. It prints the largest difference of each step, both greedy texts, and
the first token where they part, if they do. Any folder in --models_dir with OpenAI's six files
works. OpenAI wrote the code for TensorFlow 1, and TensorFlow 2 has a mode that runs it.
"""
import importlib
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from unittest import mock

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
import compare_steps  # noqa: E402

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # less output
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")


def import_openais(clone):
    """-> OpenAI's modules encoder, model and sample, and the TensorFlow that they import"""
    import tensorflow.compat.v1 as tf
    tf.logging.set_verbosity(tf.logging.ERROR)
    tf.disable_v2_behavior()
    contrib = ModuleType("tensorflow.contrib.training")  # not in TensorFlow 2
    contrib.HParams = SimpleNamespace
    source = str(Path(clone, "src").resolve())
    with mock.patch.dict(sys.modules, {"tensorflow": tf, contrib.__name__: contrib}), \
            mock.patch.object(sys, "path", [source, *sys.path]):
        del sys.modules["encoder"]  # ours, which this restores at the end
        return *map(importlib.import_module, ["encoder", "model", "sample"]), tf


def run_openais(clone, prompt, n_tokens, model_size, models_dir, hparams):
    """-> the prompt's ids, {step: array}, the new ids, and the version of TensorFlow"""
    encoder, model, sample, tf = import_openais(clone)
    encoder = encoder.get_encoder(model_size, models_dir)
    hparams = SimpleNamespace(**hparams)
    ids = compare_steps.encode(encoder, prompt)
    with tf.Session(graph=tf.Graph()) as session:
        context = tf.constant([ids])
        results, returned = compare_steps.recorded(
            model, compare_steps.OPENAIS,
            lambda: model.model(hparams, context, reuse=tf.AUTO_REUSE))
        text = sample.sample_sequence(hparams=hparams, length=n_tokens, context=context,
                                      batch_size=1, temperature=1, top_k=1)  # greedy
        checkpoint = tf.train.latest_checkpoint(os.path.join(models_dir, model_size))
        tf.train.Saver().restore(session, checkpoint)
        results, text = session.run([{**results, "logits": returned["logits"],
                                      "present": returned["present"]}, text])
    steps = {name: array[0] for name, array in results.items()}  # the first of a batch of one
    return ids, steps, text[0, len(ids):].tolist(), tf.__version__


def main(clone, prompt, n_tokens=40, model_size="124M", models_dir="models"):
    if not Path(clone, "src", "model.py").exists():
        sys.exit(f"{clone} is not a clone of openai/gpt-2: it has no src/model.py")
    encoder, hparams, params, ids = compare_steps.load(prompt, n_tokens, model_size, models_dir)
    their_ids, steps, new_ids, version = run_openais(clone, prompt, n_tokens, model_size,
                                                     models_dir, hparams)
    print(f"{model_size}: NumPy {np.__version__}, TensorFlow {version}\n")
    if ids != their_ids:
        sys.exit(f"The ids of the prompt differ: {ids} in encoder.py, {their_ids} in OpenAI's code")
    print(compare_steps.table(compare_steps.steps(ids, params, hparams["n_head"]), steps))
    compare_steps.print_greedy(encoder, params, hparams["n_head"], ids, new_ids, "OpenAI's code")


if __name__ == "__main__":
    import fire
    fire.Fire(fire.decorators.SetParseFns(clone=str, prompt=str, model_size=str,
                                          models_dir=str)(main))
