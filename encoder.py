"""OpenAI's tokenizer, a byte-level BPE: text -> ids -> text. Lossless for any text.

Three steps, as in OpenAI's src/encoder.py and with its names:
    split    "Hello, world"  ->  "Hello"  ","  " world"    (pre-tokenization: see SPLIT)
    bytes    " world"        ->  "Ġworld"                  (a printable symbol for every byte)
    merge    "Ġ w o r l d"   ->  "Ġworld"                  (byte-pair encoding: see bpe)
The results are tokens, and encoder.json maps each token to its id: in GPT-2, "Ġworld" is 995.
"""
import codecs
import json
from pathlib import Path

import regex

# Merges never cross the boundaries between matches. The first alternative that matches wins.
SPLIT = regex.compile(r"""
    's|'t|'re|'ve|'m|'ll|'d   # English contraction endings:            "we're" -> "we" "'re"
  | [ ]?\p{L}+                # letters, with the space before them:    "a word" -> "a" " word"
  | [ ]?\p{N}+                # numbers, likewise:                     "in 1984" -> "in" " 1984"
  | [ ]?[^\s\p{L}\p{N}]+      # other symbols, likewise:                  "no!?" -> "no" "!?"
  | \s+(?!\S)                 # whitespace, but the last before text: "a  b" -> "a" " " " b"
  | \s+                       # remaining whitespace:                     "a\nb" -> "a" "\n" "b"
""", regex.VERBOSE)


def bytes_to_unicode():
    """Return a printable character for every byte: {33: "!", ..., 32: "Ġ", 10: "Ċ"}

    OpenAI's files store tokens as text, in which spaces and newlines are separators.
    Printable bytes map to themselves, the others to chr(256), chr(257), ... in order.
    """
    printable = [byte for byte in range(256) if chr(byte).isprintable() and chr(byte) != " "]
    others = [byte for byte in range(256) if byte not in printable]
    return {**{byte: chr(byte) for byte in printable},
            **{byte: chr(256 + n) for n, byte in enumerate(others)}}


class Encoder:
    """Byte-level BPE. encoder: {token: id}; bpe_merges: pairs of symbols, in the order learned.

    Most tokens are bytes or products of merges. Any other, such as <|endoftext|>, is special: no
    text encodes to it.
    """

    def __init__(self, encoder, bpe_merges, errors="replace"):
        self.encoder = encoder
        self.decoder = {i: token for token, i in encoder.items()}
        self.errors = errors  # what decoding does with invalid UTF-8: see bytes.decode
        self.bpe_ranks = {tuple(pair): rank for rank, pair in enumerate(bpe_merges)}
        self.byte_encoder = bytes_to_unicode()
        self.byte_decoder = {char: byte for byte, char in self.byte_encoder.items()}
        self.learned = {*self.byte_decoder, *(left + right for left, right in self.bpe_ranks)}
        self.special = encoder.keys() - self.learned
        self.cache = {}  # word -> ids: most words occur again and again

    def bpe(self, word):
        """Repeatedly merge the pair that was learned first, until no learned pair is left.

        With the merges l+o, lo+w, e+r:    "lower" -> l o w e r -> lo w e r -> low e r -> low er
        """
        symbols = list(word)
        while pairs := self.bpe_ranks.keys() & zip(symbols, symbols[1:]):  # the learned pairs
            left, right = min(pairs, key=self.bpe_ranks.get)
            merged = []
            for symbol in symbols:
                if symbol == right and merged and merged[-1] == left:
                    merged[-1] = left + right
                else:
                    merged.append(symbol)
            symbols = merged
        return symbols

    def encode(self, text):
        """text -> ids"""
        ids = []
        for word in SPLIT.findall(text):
            if word not in self.cache:
                symbols = "".join(self.byte_encoder[byte] for byte in word.encode("utf-8"))
                self.cache[word] = [self.encoder[token] for token in self.bpe(symbols)]
            ids.extend(self.cache[word])
        return ids

    def token_bytes(self, i):
        """id -> the bytes of its token, which may be only part of a character."""
        token = self.decoder[i]
        if token in self.special:
            return token.encode("utf-8", "replace")
        return bytes(self.byte_decoder[char] for char in token)

    def decode(self, ids):
        """ids -> text"""
        return b"".join(map(self.token_bytes, ids)).decode("utf-8", self.errors)

    def decode_stream(self, ids):
        """ids, one at a time -> pieces of text. A character is held back until it is complete."""
        decoder = codecs.getincrementaldecoder("utf-8")(self.errors)
        for i in ids:
            yield decoder.decode(self.token_bytes(i))
        if rest := decoder.decode(b"", final=True):
            yield rest


def read_file(path, parse):
    """Return parse(the file's text). Raises OSError, or a ValueError that names the file."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # RecursionError: JSON nested too deeply
        raise ValueError(f"{path.name}: {error}") from error


def parse_tokens(text):  # encoder.json -> {token: id}
    encoder = json.loads(text)
    ids = list(encoder.values()) if isinstance(encoder, dict) else []
    if {*map(type, ids)} != {int} or sorted(ids) != list(range(len(ids))):
        raise ValueError("expected a JSON object that maps tokens to the ids 0, 1, 2, ...")
    return encoder


def parse_merges(text):  # vocab.bpe, a version line and then one pair per line -> [(a, b), ...]
    pairs = [tuple(line.split()) for line in text.split("\n")[1:] if line]
    if any(len(pair) != 2 for pair in pairs) or not text.endswith("\n"):
        raise ValueError("expected two symbols on every line after the first, and a final newline")
    return pairs


def get_encoder(model_name, models_dir):
    """Read encoder.json and vocab.bpe. Raises OSError if missing, ValueError if invalid."""
    folder = Path(models_dir) / model_name
    tokens = read_file(folder / "encoder.json", parse_tokens)
    encoder = Encoder(tokens, read_file(folder / "vocab.bpe", parse_merges))
    if missing := encoder.learned - tokens.keys():
        raise ValueError(f"encoder.json does not match vocab.bpe: {min(missing)!r} has no id")
    if len(encoder.special) > 256:  # many merges are missing
        raise ValueError(f"vocab.bpe is cut short: no merge makes {min(encoder.special)!r}")
    return encoder
