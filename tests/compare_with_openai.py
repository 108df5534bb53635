"""Every step of gpt2.py beside the same step of OpenAI's code, for any prompt and any model.

    git clone https://github.com/openai/gpt-2 ../gpt-2
    pip install tensorflow
    python tests/compare_with_openai.py ../gpt-2 "Once upon a time" --model_size 3M

It imports OpenAI's src/encoder.py, src/model.py and src/sample.py as they are, from the clone, and
has them read the same files. gpt2.py generates text; its steps are recorded while it does, with the
prompt read in pieces and the later tokens computed from the cache. OpenAI's code computes the same
positions in one pass. Printed are the first step that is off, the largest difference of each step,
both greedy texts, and the first token where they part. The exit status is 0 if no step is off and
the texts agree, else 1. Any folder in --models_dir with OpenAI's six files works. OpenAI wrote the
code for TensorFlow 1, and TensorFlow 2 has a mode that runs it.
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
from record_steps import OPENAIS, recorded, steps, steps_of_generate  # noqa: E402

TOLERANCE = 2e-5  # more than for tests/data/small: rounding adds up with width and depth
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


class OpenAIs:
    """OpenAI's code with a model's weights, in a TensorFlow session"""

    def __init__(self, clone, model_size, models_dir, hparams):
        encoder, self.model, self.sample, self.tf = import_openais(clone)
        self.get_encoder = encoder.get_encoder
        self.encoder = self.get_encoder(model_size, str(models_dir))
        self.hparams = SimpleNamespace(**hparams)
        self.session = self.tf.Session(graph=self.tf.Graph())
        with self.session.graph.as_default():
            self.forward([0])  # makes the variables
            folder = os.path.join(models_dir, model_size)
            self.tf.train.Saver().restore(self.session, self.tf.train.latest_checkpoint(folder))

    def forward(self, ids):
        context = self.tf.constant([ids])
        return self.model.model(self.hparams, context, reuse=self.tf.AUTO_REUSE)

    def steps(self, ids):
        """-> {step: array}, all positions in one pass"""
        with self.session.graph.as_default():
            (results,), _ = recorded(self.model, OPENAIS, lambda: self.forward(ids))
        return {name: array[0]  # the first of a batch of one
                for name, array in self.session.run(results).items()}

    def greedy(self, ids, n_tokens):
        """-> the new ids of sample_sequence"""
        with self.session.graph.as_default():
            text = self.sample.sample_sequence(
                hparams=self.hparams, length=n_tokens, context=self.tf.constant([ids]),
                batch_size=1, temperature=1, top_k=1)
        return self.session.run(text)[0, len(ids):].tolist()


def steps_until_nan(ids, params, n_head, n_tokens):
    """-> steps_of_generate(...); if that meets a NaN, the steps of the prompt, and no new ids"""
    with np.errstate(all="ignore"):
        try:
            return steps_of_generate(ids, params, n_head, n_tokens)
        except FloatingPointError:
            return steps(ids, params, n_head), [], slice(None)


def main(clone, prompt, n_tokens=40, model_size="124M", models_dir="models"):
    if not Path(clone, "src", "model.py").exists():
        sys.exit(f"{clone} is not a clone of openai/gpt-2: it has no src/model.py")
    encoder, hparams, params, ids = compare_steps.load(prompt, n_tokens, model_size, models_dir)
    openais = OpenAIs(clone, model_size, models_dir, hparams)
    print(f"{model_size}: NumPy {np.__version__}, TensorFlow {openais.tf.__version__}\n")
    their_ids = openais.encoder.encode(prompt) or ids[:1]
    if ids != their_ids:
        sys.exit(f"The ids of the prompt differ: {ids} in encoder.py, {their_ids} in OpenAI's code")
    ours, new_ids, positions = steps_until_nan(ids, params, hparams["n_head"], n_tokens)
    theirs = openais.steps([*ids, *new_ids[:-1]])
    for name in ("ln_f", "logits"):  # which generate() computes for the last token of a piece
        theirs[name] = theirs[name][positions]
    rows = compare_steps.compare_all(ours, theirs, TOLERANCE)
    print(compare_steps.summary(rows, theirs, TOLERANCE))
    print(f"\n{compare_steps.table_of(rows, 'gpt2.py')}")
    if not new_ids:
        sys.exit("\ngpt2.py's logits are not finite, so it generates no text.")
    their_new_ids = openais.greedy(ids, n_tokens)
    decoders = [encoder.decode, openais.encoder.decode]
    compare_steps.print_greedy(ids, new_ids, their_new_ids, decoders, "OpenAI's code",
                               ours["logits"][-n_tokens:])
    sys.exit(int(new_ids != their_new_ids or not all(row.agrees for row in rows)))


if __name__ == "__main__":
    import fire
    fire.Fire(fire.decorators.SetParseFns(clone=str, prompt=str, model_size=str,
                                          models_dir=str)(main))
