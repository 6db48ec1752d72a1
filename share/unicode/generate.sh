#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes the tables of lib/text again, *_table.h, from the Unicode data in npm's @unicode
# packages, whose versions are pinned: sh share/unicode/generate.sh
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$root/build/unicode
mkdir -p "$work"
cd "$work"
packages=
for version in 8 9 13 16 17; do
	[ -d "node_modules/@unicode/unicode-$version.0.0" ] ||
		packages="$packages @unicode/unicode-$version.0.0@1.6.16"
done
[ -z "$packages" ] ||
	npm install --silent --no-audit --no-fund --ignore-scripts --prefix . $packages
for table in unicode:generate normal:normal newer:newer; do
	NODE_PATH=$work/node_modules node "$root/share/unicode/${table#*:}.js" >table.new
	mv table.new "$root/lib/text/${table%:*}_table.h"
done
