#!/usr/bin/env bash
# Takes what `make fuzz` found and what reaches code that the recorded events do not
# into tests/fuzz/corpus: small inputs only, so that the repository stays small.
set -euo pipefail
cd "$(dirname "$0")/.."

for target in event notice declaration; do
	kept=tests/fuzz/corpus/$target
	test -d "target/fuzz/$target" || { echo "fuzz-corpus: nothing was found yet; run: make fuzz" >&2; exit 1; }
	merged=target/fuzz/merged-$target
	rm -rf "$merged" && mkdir -p "$merged" "$kept"
	cp target/fuzz/seeds/* "$merged"
	target/debug/"$target" -set_cover_merge=1 -use_counters=0 -max_len=1024 "$merged" "$kept" "target/fuzz/$target" > "target/fuzz/$target.log" 2>&1
	# The names of seeds are words; libFuzzer names an input by its SHA-1.
	find "$kept" -type f -delete
	find "$merged" -type f -regextype posix-extended -regex '.*/[0-9a-f]{40}' -size -2k -exec cp {} "$kept" \;
	echo "   $target: $(find "$kept" -type f | wc -l) inputs kept, $(du -sb "$kept" | cut -f1) bytes"
done
