"""Every step of the forward pass against what OpenAI's code computed, for one prompt.

tests/data/small/steps.npz has the output of each step of OpenAI's code. `pytest
tests/test_openai.py -rP` prints the differences; docs/openai.md shows them beside both sources.
"""
import re
from pathlib import Path

import compare_steps
import numpy as np
import pytest

import utils

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "openai.md").read_text(encoding="utf-8")
TOLERANCE = 5e-6  # float32 keeps 24 bits; adding 48 to 192 numbers in another order costs a few

THEIRS = dict(np.load(ROOT / "tests" / "data" / "small" / "steps.npz"))
IDS = THEIRS.pop("ids").tolist()
_, HPARAMS, PARAMS = utils.load_encoder_hparams_and_params("small", ROOT / "tests" / "data")
OURS = compare_steps.steps(IDS, PARAMS, HPARAMS["n_head"])


@pytest.mark.parametrize("step", THEIRS)
def test_step_matches_openai(step):
    assert OURS[step].shape == THEIRS[step].shape
    assert compare_steps.difference(OURS[step], THEIRS[step]) < TOLERANCE


def test_the_page_shows_every_step_with_its_shape_and_difference():
    """| `ln_1` | ... | 18 x 48 | 6e-7 |; other processors get differences of about that size."""
    print(compare_steps.table(OURS, THEIRS))
    rows = re.findall(r"(?m)^\| `(.+?)` \|.*\| ([\dx ]+) \| ([\de-]+) \|$", PAGE)
    measured = compare_steps.largest_differences(OURS, THEIRS)
    assert [step for step, _, _ in rows] == list(measured)
    for step, shape, shown in rows:
        assert shape == " x ".join(map(str, measured[step][0])), step
        assert float(shown) / 3 <= measured[step][1] <= float(shown) * 3, step
