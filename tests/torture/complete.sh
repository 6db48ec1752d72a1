#!/bin/sh
# SPDX-License-Identifier: MIT
# A named output is complete or absent: runs are killed at random moments, and what lies there
# is all of the output or what was there before. A signal that can be caught leaves nothing
# beside it; what kill -9 leaves goes with the next run.
. "$(dirname "$0")/../small.sh"
make_inputs
slice='state|pack'
n_kill=200

# moment I: a fraction of the seconds that the run takes, a little more at most
measure() { # measure NAME COMMAND
	fresh "$1"
	t0=$(date +%s%N)
	eval "$2" 2>"$said"
	took=$((($(date +%s%N) - t0) / 1000))
}
moment() { awk -v i="$1" -v n="$n_kill" -v took="$took" 'BEGIN { printf "%.6f", (i - 0.5) / n * 1.2 * took / 1e6 }'; }

at_calls() { # at_calls NAME COMMAND: killed before each call that an output depends on
	undisturbed "$1" "$2" && output_calls "$1" "$2" >"$work/at" || return 1
	fresh "$1" old
	while read -r call n <&7; do
		traced "$2" -e inject=$call:signal=KILL:when="$n" && got=0 || got=$?
		# (0: this time it had one call less)
		case $got in 0 | 137) ;; *) echo "$1, $call $n: $got: $(cat "$said")"; return 1 ;; esac
		whole_or_absent "$1" "*.part" || return 1
		n_killed=$((n_killed + (got == 137)))
	done 7<"$work/at"
	eval "$2" && as_undisturbed "$1"
}

at_moments() { # at_moments NAME COMMAND
	undisturbed "$1" "$2" && measure "$1" "$2" || return 1
	fresh "$1"
	for i in $(seq "$n_kill"); do
		[ $((i % 2)) = 0 ] || fresh "$1" old
		eval "timeout --foreground --preserve-status -s KILL $(moment "$i") $2" 2>"$said" && got=0 || got=$?
		case $got in 0 | 137) ;; *) echo "$1: $got: $(cat "$said")"; return 1 ;; esac
		whole_or_absent "$1" "*.part" || return 1
		n_killed=$((n_killed + (got == 137)))
	done
	eval "$2" && as_undisturbed "$1"
}

# A signal that comes before the command has set its handlers ends it, too.
interrupted() { # interrupted NAME COMMAND
	undisturbed "$1" "$2" && output_calls "$1" "$2" >"$work/at" || return 1
	while read -r call n <&7; do
		for signal in INT TERM; do
			fresh "$1" old
			traced "$2" -e inject=$call:signal=$signal:when="$n" && got=0 || got=$?
			verdict "$1" "$got" 130 143 || { echo "$call $n"; return 1; }
			n_killed=$((n_killed + 1))
		done
	done 7<"$work/at"
}

interrupted_at_moments() { # interrupted_at_moments NAME COMMAND
	undisturbed "$1" "$2" && measure "$1" "$2" || return 1
	for i in $(seq "$n_kill"); do
		case $((i % 4)) in 0) s=INT ;; 1) s=TERM ;; 2) s=HUP ;; *) s=QUIT ;; esac
		fresh "$1" "$([ $((i % 2)) = 0 ] || echo old)"
		(ulimit -c 0; eval "exec timeout --foreground --preserve-status -s $s $(moment "$i") $2") 2>"$said" && got=0 || got=$?
		verdict "$1" "$got" 0 129 130 131 143 || return 1
		n_killed=$((n_killed + (got > 128)))
	done
}

t 'kill -9 at each call that an output depends on leaves no partial file, and the next run no other' '
	n_killed=0; each output at_calls; echo "$n_killed were killed"; [ "$n_killed" -ge 3 ]'
t 'an interrupt there leaves nothing beside it, either' '
	n_killed=0; each output interrupted; echo "$n_killed were interrupted"; [ "$n_killed" -ge 3 ]'
if [ "$n_torture" -gt 1 ]; then
	t "$n_kill x kill -9 at random moments of each command: the same" '
		n_killed=0; each output at_moments; echo "$n_killed were killed"; [ "$n_killed" -gt "$n_kill" ]'
	t "$n_kill x an interrupt at random moments of each command: the same" '
		n_killed=0; each output interrupted_at_moments; echo "$n_killed were interrupted"; [ "$n_killed" -gt "$n_kill" ]'
fi

done_testing
