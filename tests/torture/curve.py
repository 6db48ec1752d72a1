# SPDX-License-Identifier: MIT
"""curve.py WANT GOT INTERVAL [RESUMED]: is the loss curve of a disturbed run that of an undisturbed one?

WANT and GOT are logs. Every line of GOT must be JSON; what a `start` makes void (docs/training.md)
must be INTERVAL steps at most; and the steps and evaluations that are left must be WANT's,
every number of theirs that is no time. Prints how often GOT was gone on with.
"""
import json
import sys

CLOCK = {"time", "tokens_per_s", "mfu"}


def curve(path, interval):
    kept, n_start = {}, 0
    for number, line in enumerate(open(path, encoding="utf-8", errors="strict"), 1):
        event = json.loads(line)
        assert line.endswith("\n"), f"{path}:{number}: half a line"
        step, kind = event["step"], event["event"]
        if kind == "start":
            n_start += 1
            latest = max((s for _, s in kept), default=0)
            assert latest - step <= interval, f"{path}: {latest - step} steps were lost at step {latest}"
            kept = {key: value for key, value in kept.items() if key[1] <= step}
        if kind in ("step", "eval", "end"):
            kept[kind, step] = {k: v for k, v in event.items() if k not in CLOCK}
    return kept, n_start - 1


want, _ = curve(sys.argv[1], 0)
got, n = curve(sys.argv[2], int(sys.argv[3]))
assert want.keys() == got.keys(), f"events differ: {sorted(want.keys() ^ got.keys())}"
for key in want:
    assert want[key] == got[key], f"{key}: {want[key]} and {got[key]}"
print(n)
