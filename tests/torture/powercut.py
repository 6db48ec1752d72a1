# SPDX-License-Identifier: MIT
"""powercut.py RECORD FIRST LAST OUT [NAME]: what power cuts may leave of the changes in RECORD

RECORD is what disk.so wrote. For each seed from FIRST to LAST it is gone through up to a random
change, and OUT-SEED becomes a folder as a disk may hold it then, by the least that POSIX promises:

- a file has the bytes that it had when it was last synced, and of the writes and cuts since then
  any: each on each block of 4096 bytes by itself. What was never written there is zero;
- a folder has the names that it had when it was last synced, and of the changes since then any.
  A rename is one change: its two names change together.

Either kind may also have lost everything since, or nothing, or all from some change on, which is
what journals leave. NAME leaves the syncs of whatever has that name out, for a test of the test.
Prints each seed, and the last step that the log had announced as saved at that change, or "none".
"""
import os
import random
import re
import sys

BLOCK = 4096


class Node:
    """A file (bytes), a folder (names) or a link (its target): as it is, and what of it is safe."""

    def __init__(self, kind, now):
        self.kind, self.now = kind, now
        self.safe, self.pending = copy(now), []

    def change(self, op):
        self.pending.append(op)
        self.now = apply(self.now, op)

    def sync(self):
        self.safe, self.pending = copy(self.now), []


def copy(value):
    return dict(value) if isinstance(value, dict) else value


def apply(value, op):
    """A folder's names with some set or (None) gone; a file's bytes with some written, or cut."""
    if isinstance(op, dict):
        value = {**value, **op}
        return {name: node for name, node in value.items() if node}
    at, data = op
    if data is None:
        return value[:at].ljust(at, b"\0")
    return value[:at].ljust(at, b"\0") + data + value[at + len(data):]


def blocks(op):
    """A write as writes that do not cross a block."""
    if isinstance(op, dict) or op[1] is None:
        yield op
        return
    at, data = op
    while data:
        n = BLOCK - at % BLOCK
        yield at, data[:n]
        at, data = at + n, data[n:]


def survivors(node, rng):
    pending = [part for op in node.pending for part in blocks(op)]
    fate = rng.choice(("all", "none", "first", "any", "any"))
    if fate == "all":
        return pending
    if fate == "none":
        return []
    if fate == "first":
        return pending[:rng.randrange(len(pending) + 1)]
    return [op for op in pending if rng.random() < 0.5]


def leave(node, path, rng):
    if node.kind == "link":
        os.symlink(node.now, path)
        return
    value = copy(node.safe)
    for op in survivors(node, rng):
        value = apply(value, op)
    if node.kind == "file":
        with open(path, "wb") as f:
            f.write(value)
        return
    os.mkdir(path)
    for name, child in sorted(value.items()):
        leave(child, os.path.join(path, name), rng)


class Disk:
    def __init__(self, without):
        self.root, self.without, self.saved = Node("folder", {}), without, "none"
        self.fd, self.name = {}, {}

    def folder_of(self, path):
        *folders, name = path.split("/")
        node = self.root
        for part in folders:
            node = node.now[part]
        return node, name

    def find(self, path):
        folder, name = self.folder_of(path)
        return self.root if path == "." else folder.now.get(name)

    def put(self, path, node):
        folder, name = self.folder_of(path)
        folder.change({name: node})

    def rename(self, a, b):
        (from_, old), (to, new) = self.folder_of(a), self.folder_of(b)
        assert from_ is to, "a rename across folders is not modelled"
        from_.change({new: from_.now[old], old: None})

    def sync(self, fd):
        if self.name[fd] != self.without:
            self.fd[fd].sync()

    def write(self, fd, at, data):
        self.fd[fd].change((at, data))
        for step in re.findall(rb'"event": "save", "step": (\d+)', data):
            self.saved = step.decode()

    def open(self, fd, create, path):
        if create and not self.find(path):
            self.put(path, Node("file", b""))
        self.fd[fd], self.name[fd] = self.find(path), path.split("/")[-1]

    def play(self, line):
        word, *a = line.split()
        if word == "open":
            self.open(a[0], a[1] == "1", a[3] if len(a) > 3 else "")
            if a[2] == "1":
                self.fd[a[0]].change((0, None))
        elif word == "write":
            self.write(a[0], int(a[1]), bytes.fromhex(a[2]) if len(a) > 2 else b"")
        elif word == "cut":
            self.fd[a[0]].change((int(a[1]), None))
        elif word == "sync":
            self.sync(a[0])
        elif word == "rename":
            self.rename(*a)
        elif word == "link":
            self.put(a[1], Node("link", a[0]))
        elif word == "mkdir":
            self.put(a[0], Node("folder", {}))
        else:
            assert word in ("unlink", "rmdir"), line
            self.put(a[0], None)


def main():
    record, first, last, out, without = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], (sys.argv + [""])[5]
    here = os.getcwd() + "/" # some paths are whole
    line = [text.replace(here, "") for text in open(record)]
    for seed in range(first, last + 1):
        rng, disk = random.Random(seed), Disk(without)
        for text in line[:rng.randrange(len(line) + 1)]:
            disk.play(text)
        leave(disk.root, f"{out}-{seed}", rng)
        print(seed, disk.saved)


main()
