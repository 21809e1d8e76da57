#!/usr/bin/env bash
# Builds the committed state twice, in two folders, and compares the packages byte for
# byte: reproducible.sh ARCH
set -euo pipefail
cd "$(dirname "$0")/.."

arch=${1:?which architecture? x86_64 or arm64}
test -z "$(git status --porcelain -- lambda Cargo.toml Cargo.lock scripts/zip.py scripts/unwind_tables.py Makefile rust-toolchain.toml)" \
	|| echo "   uncommitted changes are left out: what is built is $(git rev-parse --short HEAD)"

builds=target/reproducible
rm -rf "$builds"
for folder in "$builds/first" "$builds/another/folder"; do
	mkdir -p "$folder/target"
	git archive HEAD | tar -x -C "$folder"
	# Its tools are not what is compared. They are not older than what they are made from.
	ln -s "$PWD/target/venv" "$folder/target/venv"
	touch -r target/venv/ready "$folder/tests/requirements.txt"
	echo "   building in $folder (a few minutes)"
	env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory -C "$folder" package ARCH="$arch" > "$builds/build.log" 2>&1 \
		|| { tail -n 30 "$builds/build.log" >&2; exit 1; }
	sha256sum < "$folder/target/package/trailkeeper-$arch.zip" >> "$builds/sums"
	rm -rf "$folder/target/$arch-unknown-linux-gnu"
done
sort -u "$builds/sums" | sed 's/ *-$//; s/^/   SHA-256 /'
if test "$(sort -u "$builds/sums" | wc -l)" -ne 1; then
	echo "reproducible: two folders made two packages; compare the zips below $builds" >&2
	exit 1
fi
echo "   the same commit gives the same bytes"
