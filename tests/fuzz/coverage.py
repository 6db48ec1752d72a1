# SPDX-License-Identifier: MIT
"""coverage.py PARSERS FOLDER: what fuzzers and unit tests reach, by the traces that are in the folder.

A table of the parsers' lines and one of the fuzzers; exit status 1 if a parser has fewer than 95 % of its lines
reached, or a fuzzer reaches fewer than a third of those it is for.

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


def share(part, whole):
    return "%7.1f%%" % (100 * part / whole)


def main():
    rows = [line.split() for line in open(sys.argv[1]) if line[0] != "#"]
    trace = lambda name: reached(f"{sys.argv[2]}/{name}.lcov")
    fuzzed, tested = trace("fuzzed"), trace("all")
    counted, low, total = {}, 0, [0, 0, 0]
    print("%-34s %6s %8s %12s" % ("", "lines", "fuzzed", "and tested"))
    for file in sorted({f for row in rows for f in row[1:]}):
        source = [""] + open(file).read().split("\n")
        lines = counted[file] = without_refusals(tested[file], source)
        row = [len(lines)] + [sum(t[file].get(n, False) for n in lines) for t in (fuzzed, tested)]
        total = [a + b for a, b in zip(total, row)]
        is_low = 100 * row[2] < WANTED * row[0]
        low += is_low
        print("%-34s %6d %s     %s%s" % (file, row[0], share(row[1], row[0]), share(row[2], row[0]), "  low" if is_low else ""))
        if is_low or "-v" in os.environ.get("COVERAGE", ""):
            for n in lines:
                if not tested[file][n]:
                    print("    %5d %s" % (n, source[n].strip()))
    print("%-34s %6d %s     %s\n" % ("all", total[0], share(total[1], total[0]), share(total[2], total[0])))
    print("%-34s %6s %8s" % ("alone, of its parsers", "lines", "reached"))
    for target, *files in rows:
        own = trace(target)
        n, whole = sum(own.get(f, {}).get(n, False) for f in files for n in counted[f]), sum(len(counted[f]) for f in files)
        low += 3 * n < whole
        print("%-34s %6d %s%s" % (target, whole, share(n, whole), "  low" if 3 * n < whole else ""))
    sys.exit(low > 0)


main()
