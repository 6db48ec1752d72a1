#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A conversation on a terminal: nt-sample's marks, Ctrl-C in an answer and at a line, Ctrl-D."""
import os
import pty
import select
import sys


def child(ckpt):
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp("nt-sample", ["nt-sample", "--interactive", "--ignore-eos", "--temp", "0", "-n", "0", "-v", ckpt])
    return pid, fd


def read_until(fd, words, seconds=20):
    """What the terminal shows, until it shows words."""
    seen = b""
    while words not in seen:
        if not select.select([fd], [], [], seconds)[0]:
            sys.exit("waited in vain for %r behind %r" % (words, seen))
        try:
            more = os.read(fd, 65536)
        except OSError:
            more = b""
        if not more:
            sys.exit("it ended in front of %r: %r" % (words, seen))
        seen += more
    return seen


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
status = os.waitpid(pid, 0)[1]
assert os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0, status
