#!/usr/bin/env bash
# Checksums of all files of a release, by their plain names: sha256sum -c works beside them.
#
#   checksums.sh DIRECTORY
set -euo pipefail
cd "$1"
rm -f SHA256SUMS
shopt -s nullglob
files=(*)
((${#files[@]})) || { echo "$1 is empty: nothing to release" >&2; exit 1; }
sha256sum -- "${files[@]}" >SHA256SUMS
cat SHA256SUMS
