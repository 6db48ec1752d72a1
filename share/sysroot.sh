#!/bin/sh
# SPDX-License-Identifier: MIT
# Unpacks Debian's packages of another architecture, with all they need, into a folder, to compile
# and link against. The system's own packages and their list stay as they are; no root is needed.
#   sh share/sysroot.sh ARCHITECTURE FOLDER PACKAGE...
set -eu

arch=$1
root=$2
shift 2
if [ -e "$root/complete" ]; then
	exit 0
fi
echo "unpacking for $arch into $root: $*" >&2
rm -rf "$root"
mkdir -p "$root/apt/lists/partial" "$root/apt/archives/partial"
: >"$root/apt/status"
apt() {
	apt-get -qq -o APT::Architecture="$arch" -o APT::Architectures="$arch" -o Dir::State="$root/apt" \
		-o Dir::State::status="$root/apt/status" -o Dir::Cache="$root/apt" \
		-o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none "$@"
}
apt update
apt install -y --no-install-recommends --download-only "$@"
for deb in "$root"/apt/archives/*.deb; do
	dpkg -x "$deb" "$root"
done
rm -rf "$root/apt"

# OpenBLAS is one of several that an installation would choose from.
for lib in "$root"/usr/lib/*/openblas-pthread; do
	ln -s openblas-pthread/libopenblas.so openblas-pthread/libopenblas.so.0 "${lib%/*}"
	ln -s ../openblas-pthread/pkgconfig/openblas.pc "${lib%/*}/pkgconfig"
done
: >"$root/complete"
