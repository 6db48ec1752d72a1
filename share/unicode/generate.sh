#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes lib/text/unicode_table.h and normal_table.h again from the Unicode data in npm's
# @unicode packages, whose versions are pinned: sh share/unicode/generate.sh
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$root/build/unicode
mkdir -p "$work"
cd "$work"
packages=
for version in 8 9 16 17; do
	[ -d "node_modules/@unicode/unicode-$version.0.0" ] ||
		packages="$packages @unicode/unicode-$version.0.0@1.6.16"
done
[ -z "$packages" ] ||
	npm install --silent --no-audit --no-fund --ignore-scripts --prefix . $packages
for table in unicode:generate normal:normal; do
	NODE_PATH=$work/node_modules node "$root/share/unicode/${table#*:}.js" >table.new
	mv table.new "$root/lib/text/${table%:*}_table.h"
done
