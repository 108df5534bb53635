"""Write a checkpoint as TensorFlow does, without TensorFlow: the reverse of utils.read_index.

    name.index                  a LevelDB table: name -> protocol buffer (type, shape, shard, ...)
    name.data-00000-of-00001    the tensors' bytes, one after another

For tests, which need files that are damaged in a certain way, and for the benchmark, which needs
models of all sizes. TensorFlow 2.21 was seen to read what this writes, and to find it right.
"""
import math
import struct
from pathlib import Path

import numpy as np

from utils import crc32c

# as in TensorFlow's types.proto
DTYPES = {"float32": 1, "float64": 2, "int32": 3, "int8": 6, "int64": 9, "float16": 19}


def varint(n):
    """300 -> ac 02: seven bits a byte, the lowest first; a set top bit says that more follow."""
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out + bytes([n]))


def message(*fields):
    """(field number, value), ... -> a protocol buffer. Numbers become varints, bytes get a length.

    As in any proto3 message, a number that is 0 is left out: the reader takes it to be 0.
    """
    out = b""
    for number, value in fields:
        if isinstance(value, bytes):
            out += varint(number << 3 | 2) + varint(len(value)) + value
        elif value:
            out += varint(number << 3) + varint(value)
    return out


def block(pairs, restart_interval=16, compression=0):
    """[(key, value), ...], sorted -> a block of the table, with its compression byte and checksum.

    A key is stored as what differs from the key before it, but whole at each restart.
    """
    out, restarts, last = bytearray(), [0], b""
    for n, (key, value) in enumerate(pairs):
        if n % restart_interval == 0:
            restarts[n // restart_interval:] = [len(out)]
            last = b""
        n_shared = 0
        while n_shared < min(len(key), len(last)) and key[n_shared] == last[n_shared]:
            n_shared += 1
        out += varint(n_shared) + varint(len(key) - n_shared) + varint(len(value))
        out += key[n_shared:] + value
        last = key
    out += struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))
    out += bytes([compression])  # 0: not compressed
    return bytes(out) + struct.pack("<I", crc32c(out))


def table(pairs, block_size=4096, compression=0):
    """[(key, value), ...], sorted -> a LevelDB table: data blocks, an index of them, a footer."""
    out, handles, chunk = bytearray(), [], []

    def write(pairs, restart_interval=16):
        encoded = block(pairs, restart_interval, compression)
        handle = varint(len(out)) + varint(len(encoded) - 5)  # 5: of compression and checksum
        out.extend(encoded)
        return handle

    for n, (key, value) in enumerate(pairs):
        chunk.append((key, value))
        if n + 1 == len(pairs) or sum(len(k) + len(v) for k, v in chunk) >= block_size:
            handles.append((key, write(chunk)))
            chunk = []
    footer = write([]) + write(handles, restart_interval=1)
    return bytes(out) + footer.ljust(40, b"\0") + bytes.fromhex("57fb808b247547db")


def write_bundle(prefix, tensors, n_shards=1, checksums=True, block_size=4096):
    """{name: array} -> prefix.index and prefix.data-0000i-of-0000n.

    The tensors are dealt to the shards in turn. checksums=False leaves theirs out, since Python
    needs a second for each few megabytes: our reader does not look at them, TensorFlow does.
    """
    offsets = [0] * n_shards
    header = message((1, n_shards), (3, message((1, 1))))  # little-endian, made by version 1
    pairs = [(b"", header)]
    Path(prefix).parent.mkdir(parents=True, exist_ok=True)
    files = [open(f"{prefix}.data-{i:05}-of-{n_shards:05}", "wb") for i in range(n_shards)]
    for n, name in enumerate(sorted(tensors, key=str.encode)):
        array = np.ascontiguousarray(tensors[name]).reshape(np.shape(tensors[name]))
        shard = n % n_shards
        shape = message(*((2, message((1, size))) for size in array.shape))
        entry = message((1, DTYPES[array.dtype.name]), (2, shape), (3, shard),
                        (4, offsets[shard]), (5, array.nbytes))
        if checksums:  # field 6, of four bytes
            entry += varint(6 << 3 | 5) + struct.pack("<I", crc32c(array.tobytes()))
        array.tofile(files[shard])
        offsets[shard] += array.nbytes
        pairs.append((name.encode(), entry))
    for file in files:
        file.close()
    Path(f"{prefix}.index").write_bytes(table(pairs, block_size))


def write_sparse_bundle(prefix, shapes):
    """{name: shape} -> a checkpoint of zeros that are a hole in its file, but for the last: a 7."""
    pairs, end = [(b"", message((1, 1)))], 0
    for name, shape in sorted(shapes.items()):
        size = 4 * math.prod(shape)
        dims = message(*((2, message((1, n))) for n in shape))
        pairs.append((name.encode(), message((1, 1), (2, dims), (4, end), (5, size))))
        end += size
    Path(f"{prefix}.index").write_bytes(table(pairs))
    with open(f"{prefix}.data-00000-of-00001", "wb") as file:
        file.seek(end - 4)
        file.write(struct.pack("<f", 7))
