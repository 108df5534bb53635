"""OpenAI's byte-level BPE: text -> ids -> text, with nothing lost and nothing unknown.

Three steps, after OpenAI's src/encoder.py and with its names:
    split      "Hello, world"      ->  "Hello"  ","  " world"           (a pattern, see below)
    spell      " world"            ->  "Ġworld"                         (one symbol a byte)
    merge      "Ġ w o r l d"       ->  "Ġworld"                         (the learned part)
A token is then looked up in encoder.json, which gives its id: "Ġworld" is 995 in GPT-2's.
"""
import codecs
import heapq
import json
from pathlib import Path

import regex

# Merging never crosses the borders that this pattern draws. The first branch that fits wins.
SPLIT = regex.compile(r"""
    's|'t|'re|'ve|'m|'ll|'d     # the ends of English contractions:   "we're" -> "we" "'re"
  | [ ]?\p{L}+                  # letters, with the space before them:  "a word" -> "a" " word"
  | [ ]?\p{N}+                  # digits:                               "in 1984" -> "in" " 1984"
  | [ ]?[^\s\p{L}\p{N}]+        # anything else that is not white space:   "no!?" -> "no" "!?"
  | \s+(?!\S)                   # white space, but its last before a word: "a   b" -> "a" "  " " b"
  | \s+                         # and what is left of it:               "a\nb" -> "a" "\n" "b"
""", regex.VERBOSE)


def bytes_to_unicode():
    """A printable character for each byte: {33: "!", ..., 32: "Ġ", 10: "Ċ"}

    The files hold tokens as text, and not every byte is a character that text can show. Bytes that
    can stand for themselves; the others borrow the characters from chr(256) on, in their order.
    """
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {**{byte: chr(byte) for byte in printable},
            **{byte: chr(256 + n) for n, byte in enumerate(others)}}


class Encoder:
    """encoder: {token: id}; bpe_merges: pairs of symbols, the earliest learned first."""

    def __init__(self, encoder, bpe_merges, errors="replace"):
        self.encoder = encoder
        self.decoder = {i: token for token, i in encoder.items()}
        self.errors = errors  # what to do with bytes that are not utf-8: see bytes.decode
        self.bpe_ranks = {tuple(pair): rank for rank, pair in enumerate(bpe_merges)}
        self.byte_encoder = bytes_to_unicode()
        self.byte_decoder = {char: byte for byte, char in self.byte_encoder.items()}
        self.cache = {}

    def bpe(self, word):
        """Merge the symbols of one word, always the pair that was learned first. -> [token, ...]

        "lower", where merges are l+o, lo+w, e+r:    l o w e r -> lo w e r -> low e r -> low er

        Searching the whole word for the next pair would take time with the square of its length.
        A heap always has the next one on top: (rank, where its left symbol stands).
        """
        parts = [*word, ""]  # "" ends the word, and is in no pair
        left, right = [*range(-1, len(word))], [*range(1, len(word) + 2)]
        heap = []

        def push(i):
            if i >= 0 and (rank := self.bpe_ranks.get((parts[i], parts[right[i]]))) is not None:
                heapq.heappush(heap, (rank, i))

        for i in range(len(word)):
            push(i)
        while heap:
            rank, i = heapq.heappop(heap)
            j = right[i]
            if self.bpe_ranks.get((parts[i], parts[j])) != rank:
                continue  # one of the two has been merged with another since
            parts[i], parts[j] = parts[i] + parts[j], ""
            right[i] = right[j]
            left[right[j]] = i
            push(left[i])
            push(i)
        return [part for part in parts if part]

    def encode(self, text):
        """text -> ids. Any text: what no token covers is spelled byte by byte."""
        ids = []
        for word in SPLIT.findall(text):
            if word not in self.cache:
                symbols = "".join(self.byte_encoder[byte] for byte in word.encode("utf-8"))
                self.cache[word] = [self.encoder[token] for token in self.bpe(symbols)]
            ids.extend(self.cache[word])
        return ids

    def token_bytes(self, i):
        """id -> the bytes it stands for; they may be a part of a character only."""
        return bytes(self.byte_decoder[char] for char in self.decoder[i])

    def decode(self, ids):
        """ids -> text"""
        return b"".join(map(self.token_bytes, ids)).decode("utf-8", self.errors)

    def decode_stream(self, ids):
        """ids, as they come -> pieces of text. Half a character waits for its other half."""
        decoder = codecs.getincrementaldecoder("utf-8")(self.errors)
        for i in ids:
            yield decoder.decode(self.token_bytes(i))
        yield decoder.decode(b"", final=True)


def read_file(path, parse):
    """parse(text of path). ValueError that names the file if it is not what parse expects."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error


def parse_tokens(text):
    """encoder.json -> {token: id}"""
    encoder = json.loads(text)
    if not isinstance(encoder, dict) or set(encoder.values()) != set(range(len(encoder))):
        raise ValueError("not tokens with the ids 0, 1, 2 and so on")
    return encoder


def parse_merges(text):
    """vocab.bpe, a line of version and then a pair on each line -> [(left, right), ...]"""
    pairs = [tuple(line.split()) for line in text.split("\n")[1:] if line]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError("a line does not hold two symbols")
    return pairs


def get_encoder(model_name, models_dir):
    """Read encoder.json and vocab.bpe. OSError or ValueError if they are not there, or damaged."""
    folder = Path(models_dir) / model_name
    encoder = read_file(folder / "encoder.json", parse_tokens)
    bpe_merges = read_file(folder / "vocab.bpe", parse_merges)
    tokens = {*bytes_to_unicode().values(), *(a + b for a, b in bpe_merges)}
    odd = [token for token in tokens.symmetric_difference(encoder) if not token.startswith("<|")]
    if odd:
        raise ValueError(f"encoder.json and vocab.bpe do not fit each other {odd[:1]}")
    return Encoder(encoder, bpe_merges)
