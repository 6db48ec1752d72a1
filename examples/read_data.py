#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Prints the documents of a data file, with nothing but numpy and docs/formats.md.

    read_data.py data.bin            every document, a NUL between (as nt-tokenize -d)
    read_data.py data.bin 3 5        documents 3 and 5 alone
    read_data.py data.bin --sources  where they are from, as far as it is known

The file is mapped, not read: of a file of 100 GB this touches the footers, the indexes
and the documents asked for. Two libraries are used where the system has them, through
ctypes: libzstd, without which ids are printed instead of text, and libxxhash, without
which hashes are not checked.
"""

import ctypes
import json
import struct
import sys

import numpy as np

MAGIC, END_MAGIC = b"\x89NTD\r\n\x1a\n", b"NTDEND\r\n"
DOCUMENTS, ROWS = 1, 2
FINAL = 1
FRAGMENT = np.dtype([("doc", "<u8"), ("doc_offset", "<u8"), ("row", "<u4"), ("start", "<u4"),
                     ("len", "<u4"), ("context", "<u4")])


def library(name):
    try:
        return ctypes.CDLL(name)
    except OSError:
        return None


ZSTD, XXH = library("libzstd.so.1"), library("libxxhash.so.0")


def expect(truth, what):
    if not truth:
        sys.exit(f"{sys.argv[1]}: {what}")


def check_hash(data, due, what):
    """XXH3_64 of the bytes, if there is a library for it."""
    if XXH:
        XXH.XXH3_64bits.restype = ctypes.c_uint64
        data = bytes(data)
        expect(XXH.XXH3_64bits(data, ctypes.c_size_t(len(data))) == due, f"{what} is damaged")


def unzstd(data):
    data = bytes(data)
    ZSTD.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
    ZSTD.ZSTD_decompress.restype = ctypes.c_size_t
    size = ZSTD.ZSTD_getFrameContentSize(data, ctypes.c_size_t(len(data)))
    expect(size < 1 << 28, "the tokenizer is damaged")
    out = ctypes.create_string_buffer(max(size, 1))
    n = ZSTD.ZSTD_decompress(out, ctypes.c_size_t(size), data, ctypes.c_size_t(len(data)))
    expect(n == size, "the tokenizer is damaged")
    return out.raw[:size]


class Segment:
    """One segment, found from its end."""

    def __init__(self, file, end):
        foot = bytes(file[end - 128:end])
        expect(foot[120:] == END_MAGIC, f"cut: no footer before byte {end}")
        check_hash(foot[:112], struct.unpack_from("<Q", foot, 112)[0], "a footer")
        (length, self.n_token, self.n_doc, self.n_row, directory, n_entry,
         self.width) = struct.unpack_from("<5QII", foot)
        expect(0 < length <= end and length % 4096 == 0, "cut at its front")
        self.fingerprint, self.flags = foot[48:64], struct.unpack_from("<I", foot, 104)[0]
        self.begin, self.bytes = end - length, file[end - length:end]
        self.read_header(bytes(self.bytes[:4096]))
        self.section = {}
        entries = self.bytes[directory:directory + 32 * n_entry]
        check_hash(entries, struct.unpack_from("<Q", foot, 88)[0], "a directory")
        for i in range(n_entry):
            tag, offset, size, digest = struct.unpack_from("<4s4xQQQ", entries, 32 * i)
            data = self.bytes[offset:offset + size]
            check_hash(data, digest, f"section {tag.decode()}")
            self.section[tag.decode()] = data
        self.token = self.bytes[4096:4096 + self.width * self.n_token].view(f"<u{self.width}")

    def read_header(self, head):
        expect(head[:8] == MAGIC, f"no header at byte {self.begin}")
        check_hash(head[:4088], struct.unpack_from("<Q", head, 4088)[0], "a header")
        version, _, width, self.kind, _, self.vocab_size, self.bos, self.eos, _, self.row_len = \
            struct.unpack_from("<IIBBHIIIII", head, 8)
        expect(version == 1, f"version {version}, and this reader knows 1")
        self.number = struct.unpack_from("<Q", head, 168)[0]
        expect(width == self.width and head[48:64] == self.fingerprint, "a header is not its footer's")


def segments(file):
    expect(len(file) > 0 and len(file) % 4096 == 0, f"cut at byte {len(file)}")
    found, end = [], len(file)
    while end > 0:
        found.insert(0, Segment(file, end))
        end = found[0].begin
    expect(found[-1].flags & FINAL, "cut: another segment should follow the last one")
    expect(len({(s.fingerprint, s.width, s.kind, s.row_len) for s in found}) == 1, "mixed")
    return found


def documents(found):
    """Every document as an array of ids, [B] and [E] included."""
    if found[0].kind == DOCUMENTS:
        for s in found:
            start = s.section["DOCS"].view("<u8")
            for i in range(s.n_doc):
                yield s.token[int(start[i]):int(start[i + 1])]
        return
    write = []  # segments of one write share the numbers of their documents
    for s in found:
        write.append(s)
        if s.flags & FINAL:
            yield from documents_of_rows(write)
            write = []


def documents_of_rows(write):
    piece = []
    for s in write:
        for f in s.section["ROWS"].view(FRAGMENT):
            at = int(f["row"]) * s.row_len + int(f["start"])
            piece.append((int(f["doc"]), int(f["doc_offset"]), s.token[at:at + int(f["len"])],
                          1 + int(f["context"])))
    piece.sort(key=lambda p: p[:2])
    at = 0
    while at < len(piece):
        doc, _, ids, _ = piece[at]
        parts, at = [ids], at + 1
        while at < len(piece) and piece[at][0] == doc:
            parts.append(piece[at][2][piece[at][3]:])  # what it begins with, the part before ends with
            at += 1
        yield np.concatenate(parts)


def print_sources(found):
    """A line for each run of segments of one source: its documents, its tokens, its name."""
    run = []
    for s in found:
        name = bytes(s.section.get("SRCS", b"")).decode() or "-"
        if not run or run[-1][2] != name:
            run.append([0, 0, name])
        run[-1][0] += s.n_doc
        run[-1][1] += s.n_token
    for n_doc, n_token, name in run:
        print(n_doc, n_token, name)


def token_bytes(s):
    """What each id stands for, from the tokenizer.json inside: None without libzstd."""
    if not ZSTD:
        return None
    tokenizer = json.loads(unzstd(s.section["TOKZ"]))
    # The byte-level alphabet: printable bytes stand for themselves, the others follow at 256.
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    other = [b for b in range(256) if b not in plain]
    byte = {chr(b): b for b in plain} | {chr(256 + i): b for i, b in enumerate(other)}
    text = {i: bytes(byte[c] for c in t) for t, i in tokenizer["model"]["vocab"].items()
            if all(c in byte for c in t)}
    for added in tokenizer["added_tokens"]:
        text[added["id"]] = b"" if added["special"] else added["content"].encode()
    return text


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    try:
        file = np.memmap(sys.argv[1], dtype=np.uint8, mode="r")
    except (OSError, ValueError) as e:
        sys.exit(f"{sys.argv[1]}: {e}")
    found = segments(file)
    if sys.argv[2:] == ["--sources"]:
        print_sources(found)
        return
    wanted = {int(a) for a in sys.argv[2:]}
    text, out, separator = token_bytes(found[0]), sys.stdout.buffer, b""
    for number, ids in enumerate(documents(found)):
        if wanted and number not in wanted:
            continue
        out.write(separator)
        separator = b"\0" if text else b"\n"
        out.write(b"".join(text.get(int(i), b"") for i in ids) if text
                  else " ".join(map(str, ids)).encode())


if __name__ == "__main__":
    main()
