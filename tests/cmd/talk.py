#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A conversation on a terminal: nt-sample's marks, Ctrl-C at a line and in an answer, Ctrl-D.

talk.py CKPT LONG: the second has room for an answer of minutes.
"""
import os
import pty
import select
import signal
import sys
import time


def child(ckpt):
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp("nt-sample", ["nt-sample", "--interactive", "--ignore-eos", "--temp", "0", "-n", "0", "-v", ckpt])
    return pid, fd


def read_until(fd, words, seconds=20, least=0):
    """What the terminal shows, until it shows words, and that many bytes."""
    seen, end = b"", time.monotonic() + seconds
    while words not in seen or len(seen) < least:
        if not select.select([fd], [], [], max(0, end - time.monotonic()))[0] or time.monotonic() > end:
            sys.exit("waited in vain for %r behind %r ... %r" % (words, seen[:200], seen[-200:]))
        try:
            more = os.read(fd, 65536)
        except OSError:
            more = b""
        if not more:
            sys.exit("it ended in front of %r: %r" % (words, seen))
        seen += more
    return seen


def end_of(pid):
    status = os.waitpid(pid, 0)[1]
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)


pid, fd = child(sys.argv[1])
read_until(fd, b"> ")
os.write(fd, b"to the\n")
seen = read_until(fd, b"\n> ")
assert b" cat" in seen and b"the context is full; /reset" in seen, seen
os.write(fd, b"/reset\n")
read_until(fd, b"> ")
os.write(fd, b"half a line\x03")  # an interrupt forgets it
seen = read_until(fd, b"> ")
os.write(fd, b"to the\n")
seen = read_until(fd, b"\n> ")
assert b" cat" in seen, seen
os.write(fd, b"\x04")
seen = read_until(fd, b"generated")
assert end_of(pid) == 0

pid, fd = child(sys.argv[2])
read_until(fd, b"> ")
for line in b"to the\n", b"\n", b"/reset\nto the\n":  # each is answered, and each answer is stopped
    os.write(fd, line)
    read_until(fd, b"", least=100)
    os.write(fd, b"\x03")
    seen = read_until(fd, b"interrupted\r\n> ")
    assert b"context is full" not in seen, seen
os.write(fd, b"\x04")
read_until(fd, b"generated")
assert end_of(pid) == 0

pid, fd = child(sys.argv[2])
read_until(fd, b"> ")
os.write(fd, b"to the\n")
read_until(fd, b" cat")
os.kill(pid, signal.SIGTERM)  # which is no Ctrl-C
read_until(fd, b"generated")
assert end_of(pid) == 128 + signal.SIGTERM
