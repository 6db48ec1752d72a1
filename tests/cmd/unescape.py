#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A line of nt-sample --lines back to the bytes that it stands for."""
import re
import sys

NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"\\": b"\\"}
line = sys.stdin.buffer.read().rstrip(b"\n")
sys.stdout.buffer.write(re.sub(rb"\\(x..|.)", lambda m: NAMED.get(m[1]) or bytes([int(m[1][1:], 16)]), line))
