"""The checkpoint reader: OpenAI's released index, TensorFlow's files, and what can be wrong."""
import errno
import json
import math
import mmap
import os
import re
import shutil
import tracemalloc

import numpy as np
import pytest
from conftest import DATA, ROOT, posix, run
from hypothesis import given, settings
from hypothesis import strategies as st
from tf_bundle import message, table, varint, write_bundle, write_sparse_bundle

import utils
from gpt2 import gpt2

MODELS = ROOT / "models"
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


@pytest.mark.skipif(not hasattr(os.stat_result, "st_blocks"), reason="needs sparse files")
def test_a_data_file_of_more_than_4_gigabytes_is_read_to_its_end(tmp_path):
    """1558M has 6.2 GB; here they are a hole, but for the last number."""
    hparams = {"n_vocab": 50257, "n_ctx": 1024, "n_embd": 1600, "n_layer": 48}
    write_sparse_bundle(tmp_path / "m", {f"model/{name}": shape for name, shape
                                         in utils.gpt2_shapes(**hparams).items()})
    params = utils.load_gpt2_params_from_tf_ckpt(tmp_path / "m", hparams)
    assert params["wte"][-1, -1] == 7 and params["wte"][0, 0] == 0


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


@pytest.mark.parametrize("extra", [{}, {"a_flag": np.zeros(1, np.int8)},
                                   {"a_text": np.zeros(3, np.int8)}], ids=str)
def test_weights_are_aligned_in_memory_wherever_they_begin_in_the_file(tmp_path, extra):
    write_bundle(tmp_path / "m", {**tensors_of(HPARAMS), **extra})
    params = utils.load_gpt2_params_from_tf_ckpt(tmp_path / "m", HPARAMS)
    for value in leaves(params).values():
        assert value.flags.aligned and value.flags.c_contiguous


def test_loading_copies_nothing():
    """The weights are memory-mapped, so 0.5 GB load at once."""
    tracemalloc.start()
    _, _, params = utils.load_encoder_hparams_and_params("3M", MODELS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < sum(value.nbytes for value in leaves(params).values()) / 2
    assert not any(value.flags.writeable for value in leaves(params).values())


@pytest.mark.parametrize("code", [errno.ENODEV, errno.EINVAL])
@pytest.mark.parametrize("refused", [[mmap.ACCESS_READ], [mmap.ACCESS_READ, mmap.ACCESS_COPY]],
                         ids=["shared", "all"])
def test_a_file_system_that_refuses_mappings_will_do(tmp_path, monkeypatch, refused, code):
    real = mmap.mmap

    def refuse(*args, access=mmap.ACCESS_WRITE, **kwargs):
        if access in refused:
            raise OSError(code, os.strerror(code))
        return real(*args, access=access, **kwargs)

    monkeypatch.setattr(mmap, "mmap", refuse)
    write_bundle(tmp_path / "m", tensors_of(HPARAMS))
    params = utils.load_gpt2_params_from_tf_ckpt(tmp_path / "m", HPARAMS)
    np.testing.assert_array_equal(params["wte"], tensors_of(HPARAMS)["model/wte"])


def test_variables_that_are_not_the_models_are_ignored(tmp_path):
    extra = {"counter": np.array(7, np.int64), "beta1_power": np.array(0.9, np.float32),
             "a": np.zeros(5, np.float16), "head/h99/w": np.zeros(2, np.float32),
             "model/h0/attn/c_attn/w/Adam": np.zeros(3, np.float32)}
    write_bundle(tmp_path / "m", {**tensors_of(HPARAMS), **extra})
    params = utils.load_gpt2_params_from_tf_ckpt(tmp_path / "m", HPARAMS)
    np.testing.assert_array_equal(params["wte"], tensors_of(HPARAMS)["model/wte"])


def partitioned_index(path, name):
    """Rewrite an index so that one variable of it is stored in slices."""
    pairs = [(b"", message((1, 1)))]
    for key, (dtype, shard, offset, size, shape) in sorted(utils.read_index(path)[0].items()):
        entry = message((1, dtype), (2, message(*((2, message((1, n))) for n in shape))),
                        (3, shard), (4, offset), (5, size))
        pairs.append((key.encode(), entry + (message((7, b"\x0a\x00")) if key == name else b"")))
    path.write_bytes(table(pairs))


def test_a_partitioned_variable_of_somebody_else_is_ignored_and_a_weight_is_refused(tmp_path):
    tensors = {**tensors_of(HPARAMS), "head/w": np.zeros(4, np.float32)}
    write_bundle(tmp_path / "m", tensors)
    partitioned_index(tmp_path / "m.index", "head/w")
    utils.load_gpt2_params_from_tf_ckpt(tmp_path / "m", HPARAMS)
    write_bundle(tmp_path / "m", tensors)
    partitioned_index(tmp_path / "m.index", "model/wpe")
    with pytest.raises(utils.ModelError, match="model/wpe is .*partitioned"):
        utils.load_gpt2_params_from_tf_ckpt(tmp_path / "m", HPARAMS)


@pytest.mark.parametrize("name, value, problem", [
    ("model/h3/ln_1/g", None, "model/h3/ln_1/g is missing"),
    ("model/wpe", np.zeros([11, 4], np.float32), r"model/wpe is .*\[11, 4\].*\[10, 4\]"),
    ("model/wte", np.zeros([300, 4], np.float16), "model/wte is float16.*float32"),
    ("model/ln_f/b", np.zeros([4], np.float64), "model/ln_f/b is float64.*float32")], ids=str)
def test_a_wrong_tensor_is_named_with_the_true_reason(tmp_path, name, value, problem):
    tensors = {**tensors_of(HPARAMS), name: value}
    write_bundle(tmp_path / "m", {key: value for key, value in tensors.items()
                                  if value is not None})
    with pytest.raises(utils.ModelError, match=problem) as error:
        utils.load_gpt2_params_from_tf_ckpt(tmp_path / "m", HPARAMS)
    assert str(tmp_path / "m.index") in str(error.value)


@pytest.mark.parametrize("n_layer", [1, 11, 13, 1_000_000])
def test_a_number_of_layers_that_does_not_fit_is_refused_at_once(tmp_path, n_layer):
    write_bundle(tmp_path / "m", tensors_of(HPARAMS))
    with pytest.raises(utils.ModelError, match=f"n_layer.*12.*{n_layer}"):
        utils.load_gpt2_params_from_tf_ckpt(tmp_path / "m", {**HPARAMS, "n_layer": n_layer})


@pytest.mark.parametrize("n_bytes, message", [
    (None, "No such file"), (0, "empty"), (100, "cut short"), (-1, "cut short")])
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
    for n in range(0, len(raw), 4):
        path.write_bytes(raw[:n] + bytes([raw[n] ^ 0x41]) + raw[n + 1:])
        try:
            assert utils.read_index(path) == expected
            n_harmless += 1
        except ValueError:
            pass
    # what is not read: the second table, its place, and what fills up the footer
    assert n_harmless < len(raw) / 4 / 10


def test_any_index_cut_short_is_noticed(tmp_path):
    raw = (DATA / "small" / "model.ckpt.index").read_bytes()
    path = tmp_path / "m.index"
    for n in range(0, len(raw)):
        path.write_bytes(raw[:n])
        with pytest.raises(ValueError):
            utils.read_index(path)


def test_big_endian_numbers_are_refused(tmp_path):
    (tmp_path / "m.index").write_bytes(table([(b"", message((1, 1), (2, 1)))]))
    with pytest.raises(ValueError, match="big-endian"):
        utils.read_index(tmp_path / "m.index")


def test_a_compressed_block_is_refused(tmp_path):
    """TensorFlow never compresses; 1 means Snappy, and there is a checksum of it, too."""
    (tmp_path / "m.index").write_bytes(table([(b"", message((1, 1)))], compression=1))
    with pytest.raises(ValueError, match="compressed"):
        utils.read_index(tmp_path / "m.index")


@pytest.mark.parametrize("wire_type, content, known", [
    (0, varint(300), True), (1, bytes([1] * 8), True), (2, b"\3abc", True),
    (5, bytes([1] * 4), True), *((wire_type, b"", False) for wire_type in (3, 4, 6, 7))])
def test_fields_of_all_types_are_passed_over_and_undefined_types_refused(tmp_path, wire_type,
                                                                         content, known):
    """All that protocol buffers define, but for groups (3 and 4), which TensorFlow does not use."""
    field_15 = varint(15 << 3 | wire_type) + content
    path, entry = tmp_path / "m.index", field_15 + message((1, 1), (5, 4))
    path.write_bytes(table([(b"", message((1, 1))), (b"a", entry)]))
    if known:
        assert utils.read_index(path) == ({"a": (1, 0, 0, 4, [])}, 1)
    else:
        with pytest.raises(ValueError, match=f"type {wire_type}"):
            utils.read_index(path)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(value=st.binary(max_size=40), key=st.binary(max_size=9))
def test_nonsense_with_a_right_checksum_is_a_model_error_too(tmp_path_factory, key, value):
    path = tmp_path_factory.mktemp("index", numbered=True) / "m.index"
    entry = {b"": message((1, 1)), b"model/wte": value, key: value}
    path.write_bytes(table(sorted(entry.items())))
    with pytest.raises(utils.ModelError):
        utils.load_gpt2_params_from_tf_ckpt(str(path)[:-6], HPARAMS)


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
def test_the_folder_where_the_checkpoint_was_saved_does_not_matter(mine, path):
    (mine / "mine" / "checkpoint").write_text(
        f'all_model_checkpoint_paths: "x"\nmodel_checkpoint_path: "{path}"\n', encoding="utf-8")
    utils.load_encoder_hparams_and_params("mine", mine)


@pytest.mark.parametrize("name, written", [("bob's-model", r"bob\'s-model"), ('a"b', r'a\"b'),
                                           ("été", r"\303\251t\303\251"), ("run1/m", "run1/m")])
def test_the_name_in_the_file_checkpoint_is_read_as_tensorflow_writes_it(mine, name, written):
    for path in (mine / "mine").glob("model-750.*"):
        new = path.with_name(name) if "/" not in name else mine / "mine" / name
        new.parent.mkdir(exist_ok=True)
        path.rename(f"{new}{path.name[len('model-750'):]}")
    (mine / "mine" / "checkpoint").write_text(f'model_checkpoint_path: "{written}"\n',
                                              encoding="utf-8")
    utils.load_encoder_hparams_and_params("mine", mine)


@pytest.mark.parametrize("name", ["checkpoint", "encoder.json", "vocab.bpe", "hparams.json",
                                  "model-750.index", "model-750.data-00000-of-00001"])
def test_a_missing_file_is_named(mine, name):
    (mine / "mine" / name).unlink()
    with pytest.raises(utils.ModelError, match=re.escape(str(mine / "mine" / name))) as error:
        utils.load_encoder_hparams_and_params("mine", mine)
    first, *remedy = str(error.value).splitlines()
    assert str(mine / "mine" / name) in first and "again" in " ".join(remedy)


@pytest.mark.parametrize("text", ['"' + "\\" * 40, '"' + "\\" * 41 + '"', '"' + r"a\\b" * 20 + "\n",
                                  '"' + r"\"" * 30, "\n" * 3000 + " " * 3000], ids=len)
def test_a_damaged_file_checkpoint_does_not_hang(mine, text):
    (mine / "mine" / "checkpoint").write_text(f"model_checkpoint_path: {text}", encoding="utf-8")
    status, out, err = run("Hi", "--model_size", "mine", "--models_dir", str(mine))
    assert (status, out) == (1, b"") and b"checkpoint" in err and b"Traceback" not in err


def test_a_name_that_is_too_long_is_refused_in_a_short_message(mine):
    (mine / "mine" / "checkpoint").write_text(f'model_checkpoint_path: "{"a" * 9999}"', "utf-8")
    for words in (["mine", str(mine)], ["b" * 9999, str(mine)], ["124M", "c" * 9999],
                  ["3M", str(mine / ("d" * 9999))]):
        status, out, err = run("Hi", "--model_size", words[0], "--models_dir", words[1])
        assert status in (1, 2) and out == b"" and err.startswith(b"gpt2.py: ")
        assert len(err) < 1000 and b"Errno" not in err and b"Traceback" not in err


@posix
@pytest.mark.parametrize("models_dir", ["/proc/x", "/dev/null/x", "/dev/null"])
def test_where_no_folder_can_be_made_the_advice_is_not_to_copy_a_file(models_dir):
    with pytest.raises(utils.ModelError, match=models_dir) as error:
        utils.load_encoder_hparams_and_params("124M", models_dir)
    assert "again" not in str(error.value)


def test_what_the_system_refuses_to_read_is_not_answered_with_a_download(mine):
    """A folder instead of the file: like a missing permission, but root cannot read it either."""
    (mine / "mine" / "model-750.index").unlink()
    (mine / "mine" / "model-750.index").mkdir()
    with pytest.raises(utils.ModelError, match="model-750.index") as error:
        utils.load_encoder_hparams_and_params("mine", mine)
    assert "again" not in str(error.value)


def cut(raw):
    return raw[:len(raw) // 2]


@pytest.mark.parametrize("name, damage", [
    ("checkpoint", lambda raw: b""), ("checkpoint", lambda raw: b"\xff\xfe"),
    ("checkpoint", lambda raw: b'model_checkpoint_path: "model-750\nall: "x"\n'),
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
def test_a_damaged_file_is_named_with_what_is_wrong_and_what_to_do(mine, name, damage):
    path = mine / "mine" / name
    raw = path.read_bytes()
    path.write_bytes(damage(raw))
    assert path.read_bytes() != raw
    with pytest.raises(utils.ModelError) as error:
        utils.load_encoder_hparams_and_params("mine", mine)
    first = str(error.value).splitlines()[0]
    print(error.value)
    assert str(mine / "mine") in first
    if b": 32" not in path.read_bytes():  # n_ctx differs from the checkpoint's: either may be wrong
        assert name.split(".")[0] in first


@pytest.mark.parametrize("name", ["5M", "", ".", "..", "../models", "a/b", "a\\b", "/", "mine/"])
def test_an_unknown_model_is_answered_with_those_there_are(mine, name):
    with pytest.raises(utils.UsageError) as error:
        utils.load_encoder_hparams_and_params(name, mine)
    assert all(size in str(error.value) for size in ("124M", "355M", "774M", "1558M", "mine"))


def test_the_bundled_model_is_what_its_page_says():
    encoder, hparams, params = utils.load_encoder_hparams_and_params("3M", MODELS)
    page = (MODELS / "3M" / "README.md").read_text(encoding="utf-8")
    for number in (sum(leaf.size for leaf in leaves(params).values()), hparams["n_vocab"]):
        assert f"{number:,}" in page
    assert encoder.encoder["<|endoftext|>"] == hparams["n_vocab"] - 1
    assert sum(path.stat().st_size for path in (MODELS / "3M").iterdir() if path.is_file()) < 16e6
