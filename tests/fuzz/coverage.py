# SPDX-License-Identifier: MIT
"""coverage.py PARSERS FUZZ.lcov ALL.lcov: a table, and exit status 1 if a parser has fewer than 95 % of its lines reached.

Lines that say that the system refused, a call or memory, are left out, with up to three that stand around
them and were not reached either: no input reaches them. tests/torture/memory.sh and errors.sh do, which let
each allocation and call fail once.
"""
import os, re, sys

WANTED = 95
REFUSED = re.compile(r"NT_ESYS|NOMEMORY|nt_fail_sys|no_memory\(|out of memory|no memory")


def reached(path):
    """{file: {line: was it?}} of a trace that names a file once for each program it is in."""
    files, lines = {}, {}
    for text in open(path):
        kind, _, rest = text.rstrip("\n").partition(":")
        if kind == "SF":
            lines = files.setdefault(os.path.relpath(rest), {})
        elif kind == "DA":
            n, count = rest.split(",")[:2]
            lines[int(n)] = lines.get(int(n), False) or int(count) > 0
    return files


def without_refusals(lines, source):
    counted, run = [], []
    for n in sorted(lines):
        if run and (lines[n] or n != run[-1] + 1):
            counted += [] if len(run) < 5 and any(REFUSED.search(source[m]) for m in run) else run
            run = []
        (counted if lines[n] else run).append(n)
    counted += run
    return [n for n in counted if not REFUSED.search(source[n])]


def main():
    parsers = sorted({f for line in open(sys.argv[1]) if line[0] != "#" for f in line.split()[1:]})
    tables = [reached(path) for path in sys.argv[2:]]
    total, low = [0, 0, 0], 0
    print("%-34s %6s %8s %12s" % ("", "lines", "fuzzed", "and tested"))
    for file in parsers:
        source = [""] + open(file).read().split("\n")
        counted = without_refusals(tables[1][file], source)
        row = [len(counted)] + [sum(t[file].get(n, False) for n in counted) for t in tables]
        total = [a + b for a, b in zip(total, row)]
        is_low = 100 * row[2] < WANTED * row[0]
        low += is_low
        print("%-34s %6d %7.1f%% %11.1f%%%s" % (file, row[0], 100 * row[1] / row[0], 100 * row[2] / row[0], "  low" if is_low else ""))
        if is_low or "-v" in os.environ.get("COVERAGE", ""):
            for n in counted:
                if not tables[1][file][n]:
                    print("    %5d %s" % (n, source[n].strip()))
    print("%-34s %6d %7.1f%% %11.1f%%" % ("all", total[0], 100 * total[1] / total[0], 100 * total[2] / total[0]))
    sys.exit(low > 0)


main()
