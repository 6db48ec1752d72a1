#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""first.py COMMAND... - milliseconds from its start to its first byte of output"""
import subprocess
import sys
import time

begin = time.perf_counter()
with subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0) as p:
    byte = p.stdout.read(1)
    print(f"{1e3 * (time.perf_counter() - begin):.2f}" if byte else "-")
