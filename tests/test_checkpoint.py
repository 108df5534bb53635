"""The checkpoint reader: OpenAI's released index, TensorFlow's files, and all that can be wrong."""
import json
import math
import re
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tf_bundle import block, message, table, varint, write_bundle

import utils
from gpt2 import gpt2

DATA = Path(__file__).parent / "data"
MODELS = Path(__file__).parents[1] / "models"
HPARAMS_124M = json.loads((DATA / "openai-124M" / "hparams.json").read_text(encoding="utf-8"))


def leaves(tree, path=()):
    """{("blocks", 0, "attn", "c_attn", "w"): array, ...}"""
    if isinstance(tree, np.ndarray):
        return {path: tree}
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    return {k: v for key, value in items for k, v in leaves(value, (*path, key)).items()}


# ---- OpenAI's release

def test_the_released_index_is_read_whole():
    tensors, n_shards = utils.read_index(DATA / "openai-124M" / "model.ckpt.index")
    assert n_shards == 1 and len(tensors) == 148
    assert sum(math.prod(shape) for *_, shape in tensors.values()) == 124_439_808
    assert {dtype for dtype, *_ in tensors.values()} == {1}
    end = 0
    for _, _, offset, size, _ in sorted(tensors.values(), key=lambda tensor: tensor[2]):
        assert offset == end
        end += size
    assert end == 497_759_232
    expected = {f"model/{name}": shape for name, shape in utils.gpt2_shapes(**HPARAMS_124M).items()}
    assert {name: shape for name, (*_, shape) in tensors.items()} == expected


def test_the_released_checkpoint_becomes_the_tree(tmp_path):
    """Its first bytes are OpenAI's, the other 498 MB a hole: a mapped file costs no memory."""
    shutil.copy(DATA / "openai-124M" / "model.ckpt.index", tmp_path)
    first = (DATA / "openai-124M" / "first-tensor.bin").read_bytes()
    with open(tmp_path / "model.ckpt.data-00000-of-00001", "wb") as file:
        file.write(first)
        file.truncate(497_759_232)
    params = utils.load_gpt2_params_from_tf_ckpt(tmp_path / "model.ckpt", HPARAMS_124M)
    assert params["wte"].shape == (50257, 768) and len(params["blocks"]) == 12
    assert params["blocks"][11]["mlp"]["c_fc"]["w"].shape == (768, 3072)
    bias = params["blocks"][0]["attn"]["c_attn"]["b"]
    assert bias.tobytes() == first and np.isfinite(bias).all() and 0.1 < bias.std() < 1
    assert sum(leaf.size for leaf in leaves(params).values()) == 124_439_808


@pytest.mark.parametrize("n_layer, n_embd, n_params", [
    (12, 768, 124_439_808), (24, 1024, 354_823_168), (36, 1280, 774_030_080),
    (48, 1600, 1_557_611_200)])
def test_the_shapes_of_all_four_sizes_add_up(n_layer, n_embd, n_params):
    shapes = utils.gpt2_shapes(n_vocab=50257, n_ctx=1024, n_embd=n_embd, n_layer=n_layer)
    assert sum(map(math.prod, shapes.values())) == n_params


def test_crc32c_is_castagnolis():
    # iSCSI's test vectors (RFC 3720, B.4), before the rotation that LevelDB adds
    for data, crc in [(bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43),
                      (bytes(range(32)), 0x46DD794E), (b"123456789", 0xE3069283)]:
        assert utils.crc32c(data) == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


# ---- any checkpoint

HPARAMS = {"n_vocab": 300, "n_ctx": 10, "n_embd": 4, "n_head": 2, "n_layer": 12}


def tensors_of(hparams):
    rng = np.random.default_rng(0)
    return {f"model/{name}": rng.normal(size=shape).astype(np.float32)
            for name, shape in utils.gpt2_shapes(**hparams).items()}


@pytest.mark.parametrize("n_shards", [1, 3])
@pytest.mark.parametrize("block_size", [4096, 100])
def test_every_tensor_arrives_in_its_place(tmp_path, n_shards, block_size):
    """Also those of h10 and h11, which come before h2 in the file; of shards; of many blocks."""
    tensors = tensors_of(HPARAMS)
    write_bundle(tmp_path / "m", tensors, n_shards, block_size=block_size)
    params = utils.load_gpt2_params_from_tf_ckpt(tmp_path / "m", HPARAMS)
    found = leaves(params)
    assert len(found) == len(tensors)
    for (first, *rest), value in found.items():
        nodes = [f"h{rest[0]}", *rest[1:]] if first == "blocks" else [first, *rest]
        expected = tensors["/".join(["model", *nodes])]
        np.testing.assert_array_equal(value, expected.reshape(expected.shape[-2:]))
        assert value.dtype == np.float32


def test_the_weights_are_mapped_and_not_copied():
    _, _, params = utils.load_encoder_hparams_and_params("small", DATA)
    for value in leaves(params).values():
        assert type(value) is np.ndarray and not value.flags.writeable and not value.flags.owndata
        base = value
        while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
            base = base.base
        assert isinstance(base, np.memmap)


def test_variables_that_are_not_the_models_are_ignored(tmp_path):
    extra = {"counter": np.array(7, np.int64), "beta1_power": np.array(0.9, np.float32),
             "a": np.zeros(5, np.float16), "model/h0/attn/c_attn/w/Adam": np.zeros(3, np.float32)}
    write_bundle(tmp_path / "m", {**tensors_of(HPARAMS), **extra})
    params = utils.load_gpt2_params_from_tf_ckpt(tmp_path / "m", HPARAMS)
    np.testing.assert_array_equal(params["wte"], tensors_of(HPARAMS)["model/wte"])


def change(tensors, name, value):
    if value is None:
        del tensors[name]
    else:
        tensors[name] = value


@pytest.mark.parametrize("name, value, message", [
    ("model/h3/ln_1/g", None, "there is no tensor model/h3/ln_1/g"),
    ("model/wpe", np.zeros([11, 4], np.float32),
     r"model/wpe should have .* \(1, 160, \[10, 4\]\), but has \(1, 176, \[11, 4\]\)"),
    ("model/wte", np.zeros([300, 4], np.float16), r"model/wte should have .*, but has \(19, 2400"),
    ("model/ln_f/b", np.array(1, np.float32), r"model/ln_f/b should .*, but has \(1, 4, \[\]\)"),
])
def test_a_wrong_tensor_is_named_with_what_was_found_and_expected(tmp_path, name, value, message):
    tensors = tensors_of(HPARAMS)
    change(tensors, name, value)
    write_bundle(tmp_path / "m", tensors)
    with pytest.raises(utils.ModelError, match=message) as error:
        utils.load_gpt2_params_from_tf_ckpt(tmp_path / "m", HPARAMS)
    assert str(tmp_path / "m.index") in str(error.value)


@pytest.mark.parametrize("n_bytes, message", [
    (None, "No such file"), (0, "empty"), (100, "cut short: model/wte ends at byte"),
    (-1, "cut short: .* ends at byte")])
def test_a_short_or_missing_data_file_is_named(tmp_path, n_bytes, message):
    write_bundle(tmp_path / "m", tensors_of(HPARAMS))
    path = tmp_path / "m.data-00000-of-00001"
    raw = path.read_bytes()
    path.unlink()
    if n_bytes is not None:
        path.write_bytes(raw[:n_bytes])
    with pytest.raises(utils.ModelError, match=message) as error:
        utils.load_gpt2_params_from_tf_ckpt(tmp_path / "m", HPARAMS)
    assert str(path) in str(error.value)


def test_any_changed_byte_of_an_index_is_noticed_or_harmless(tmp_path):
    raw = (DATA / "small" / "model.ckpt.index").read_bytes()
    expected = utils.read_index(DATA / "small" / "model.ckpt.index")
    path = tmp_path / "m.index"
    n_harmless = 0
    for n in range(len(raw)):
        path.write_bytes(raw[:n] + bytes([raw[n] ^ 0x41]) + raw[n + 1:])
        try:
            assert utils.read_index(path) == expected
            n_harmless += 1
        except ValueError:
            pass
    # what is not read: the second table, its place, and what fills up the footer
    assert n_harmless < 60


def test_any_index_cut_short_is_noticed(tmp_path):
    raw = (DATA / "small" / "model.ckpt.index").read_bytes()
    path = tmp_path / "m.index"
    for n in range(0, len(raw)):
        path.write_bytes(raw[:n])
        with pytest.raises(ValueError):
            utils.read_index(path)


def test_a_compressed_block_is_refused(tmp_path):
    pairs = [(b"", message((1, 1)))]
    raw = bytearray(table(pairs))
    n = len(block(pairs)) - 5
    raw[n] = 1  # snappy
    raw[n + 1:n + 5] = struct.pack("<I", utils.crc32c(raw[:n + 1]))
    (tmp_path / "m.index").write_bytes(raw)
    with pytest.raises(ValueError, match="is compressed"):
        utils.read_index(tmp_path / "m.index")


def test_big_endian_numbers_are_refused(tmp_path):
    (tmp_path / "m.index").write_bytes(table([(b"", message((1, 1), (2, 1)))]))
    with pytest.raises(ValueError, match="big-endian"):
        utils.read_index(tmp_path / "m.index")


@settings(max_examples=400, deadline=None, derandomize=True)
@given(value=st.binary(max_size=40), key=st.binary(max_size=9))
def test_nonsense_with_a_right_checksum_is_one_line_too(tmp_path_factory, key, value):
    path = tmp_path_factory.mktemp("index", numbered=True) / "m.index"
    entry = {b"": message((1, 1)), b"model/wte": value, key: value}
    path.write_bytes(table(sorted(entry.items())))
    with pytest.raises(utils.ModelError) as error:
        utils.load_gpt2_params_from_tf_ckpt(str(path)[:-6], HPARAMS)
    assert "\n" not in str(error.value)


@given(st.integers(0, 2 ** 64 - 1))
def test_varints(n):
    assert utils.read_varint(varint(n), 0) == (n, len(varint(n)))


def test_the_example_beside_read_varint():
    assert utils.read_varint(bytes.fromhex("ac02"), 0) == (300, 2)
    with pytest.raises(ValueError, match="runs off the end"):
        utils.read_varint(bytes.fromhex("acac"), 0)


# ---- a model's folder

@pytest.fixture
def mine(tmp_path):
    """A folder of models with a fine-tune in OpenAI's format: other prefix, other folder names."""
    shutil.copytree(DATA / "small", tmp_path / "mine")
    for path in (tmp_path / "mine").glob("model.ckpt.*"):
        path.rename(path.with_name(path.name.replace("model.ckpt", "model-750")))
    (tmp_path / "mine" / "checkpoint").write_text(
        'model_checkpoint_path: "model-750"\nall_model_checkpoint_paths: "model-1"\n',
        encoding="utf-8")
    return tmp_path


def test_a_fine_tune_in_any_folder_works(mine):
    _, hparams, params = utils.load_encoder_hparams_and_params("mine", mine)
    _, _, small = utils.load_encoder_hparams_and_params("small", DATA)
    np.testing.assert_array_equal(gpt2([1, 2], **params, n_head=hparams["n_head"]),
                                  gpt2([1, 2], **small, n_head=hparams["n_head"]))


@pytest.mark.parametrize("path", ["/content/checkpoint/run1/model-750", r"C:\\run\\model-750",
                                  "run1/model-750"])
def test_the_folders_of_whoever_wrote_the_checkpoint_do_not_matter(mine, path):
    (mine / "mine" / "checkpoint").write_text(
        f'all_model_checkpoint_paths: "x"\nmodel_checkpoint_path: "{path}"\n', encoding="utf-8")
    utils.load_encoder_hparams_and_params("mine", mine)


@pytest.mark.parametrize("name", ["checkpoint", "encoder.json", "vocab.bpe", "hparams.json",
                                  "model-750.index", "model-750.data-00000-of-00001"])
def test_a_missing_file_is_named(mine, name):
    (mine / "mine" / name).unlink()
    with pytest.raises(utils.ModelError, match=re.escape(str(mine / "mine" / name))) as error:
        utils.load_encoder_hparams_and_params("mine", mine)
    assert "\n" not in str(error.value) and "Copy or download" in str(error.value)


def cut(raw):
    return raw[:len(raw) // 2]


@pytest.mark.parametrize("name, damage", [
    ("checkpoint", lambda raw: b""), ("checkpoint", lambda raw: b"\xff\xfe"),
    ("encoder.json", cut), ("encoder.json", lambda raw: b"[1]"),
    ("encoder.json", lambda raw: b'{"a": 1}'), ("encoder.json", lambda raw: b"<html>"),
    ("vocab.bpe", cut), ("vocab.bpe", lambda raw: raw + b"one\n"), ("vocab.bpe", lambda raw: b""),
    ("vocab.bpe", lambda raw: b"#version: 0.2\na b c\n"), ("hparams.json", cut),
    ("hparams.json", lambda raw: b"[]"), ("hparams.json", lambda raw: raw.replace(b"512", b"513")),
    ("hparams.json", lambda raw: raw.replace(b": 4,", b": 5,")),
    ("hparams.json", lambda raw: raw.replace(b": 64", b": -64")),
    ("hparams.json", lambda raw: raw.replace(b": 64", b": 32")),
    ("model-750.index", cut), ("model-750.index", lambda raw: b"<html>" * 50),
    ("model-750.data-00000-of-00001", cut),
])
def test_a_damaged_file_is_named_in_one_line(mine, name, damage):
    path = mine / "mine" / name
    raw = path.read_bytes()
    path.write_bytes(damage(raw))
    assert path.read_bytes() != raw
    with pytest.raises(utils.ModelError) as error:
        utils.load_encoder_hparams_and_params("mine", mine)
    message = str(error.value)
    print(message)
    assert "\n" not in message and str(mine / "mine") in message and "Copy or download" in message
    if b": 32" not in path.read_bytes():  # n_ctx differs from the checkpoint's: either may be wrong
        assert name.split(".")[0] in message


@pytest.mark.parametrize("name", ["5M", "", ".", "..", "../models", "a/b", "a\\b", "/", "mine/"])
def test_an_unknown_model_is_answered_with_those_there_are(mine, name):
    with pytest.raises(utils.UsageError) as error:
        utils.load_encoder_hparams_and_params(name, mine)
    assert all(size in str(error.value) for size in ("124M", "355M", "774M", "1558M", "3M", "mine"))


def test_the_bundled_model_is_what_its_page_says():
    encoder, hparams, params = utils.load_encoder_hparams_and_params("3M", MODELS)
    assert hparams == {"n_vocab": 4096, "n_ctx": 512, "n_embd": 192, "n_head": 6, "n_layer": 5}
    assert encoder.encoder["<|endoftext|>"] == 4095
    assert sum(leaf.size for leaf in leaves(params).values()) == 3_109_440
    assert sum(path.stat().st_size for path in (MODELS / "3M").iterdir()
               if not path.name.startswith("best")) < 16e6
