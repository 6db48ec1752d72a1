#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a command costs.

    cost.py first COMMAND...   milliseconds from its start to its first byte of output
    cost.py cpu COMMAND...     seconds of processor time, the system's included
"""
import resource
import subprocess
import sys
import time


def first(command):
    begin = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0) as p:
        byte = p.stdout.read(1)
        return f"{1e3 * (time.perf_counter() - begin):.2f}" if byte else "-"


def cpu(command):
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    took = resource.getrusage(resource.RUSAGE_CHILDREN)
    return f"{took.ru_utime + took.ru_stime:.4f}"


print({"first": first, "cpu": cpu}[sys.argv[1]](sys.argv[2:]))
