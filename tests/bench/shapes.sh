# SPDX-License-Identifier: MIT
# shapes.sh - the models that steps are timed of: calls `shape WORD LAYERS WIDTH HEADS VOCAB T B`,
# which the script that reads this has, for each word of $SHAPES
one_of_shapes() {
	case " $SHAPES " in *" $1 "*) shape "$@" ;; esac
}
one_of_shapes a 6 384 6 8192 256 16
one_of_shapes b 12 768 12 50257 512 4
one_of_shapes c 12 768 12 50257 64 4
one_of_shapes d 12 512 8 8192 2048 1
