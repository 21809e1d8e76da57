#!/usr/bin/env bash
# Fuzzes the parser, the notices and what is compared of buckets and keys, each for so many seconds: fuzz.sh SECONDS
#
# Begins with the recorded events and the corpus that is kept in tests/fuzz/corpus. What
# is found on the way stays in target/fuzz; `make fuzz-corpus` takes the part of it that
# reaches new code into the repository.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:?how many seconds?}
command -v c++ > /dev/null || {
	echo "fuzz: c++ is needed for libFuzzer and not found (Debian: apt install build-essential)" >&2
	exit 1
}

echo "   building the fuzz targets"
RUSTC_WRAPPER=$PWD/scripts/instrumented_rustc.sh CARGO_TARGET_DIR=$PWD/target \
	cargo build --quiet --locked --manifest-path tests/fuzz/Cargo.toml

seeds=target/fuzz/seeds
rm -rf "$seeds" && mkdir -p "$seeds"
python3 - "$seeds" <<'PYTHON'
import json, pathlib, sys
for file in pathlib.Path("tests/events").glob("*.json"):
    event = json.loads(file.read_text())["event"]
    (pathlib.Path(sys.argv[1]) / file.stem).write_text(json.dumps(event, separators=(",", ":")))
PYTHON

for target in event notice declaration; do
	found=target/fuzz/$target
	mkdir -p "$found" "target/fuzz/crashes-$target"
	log=target/fuzz/$target.log
	echo "   $target: $seconds s"
	# A slow input is a fault too: one event may take 60 s at the most, this a thousandth.
	if ! target/debug/"$target" "$found" "tests/fuzz/corpus/$target" "$seeds" \
		-max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=1024 -dict=tests/fuzz/words.dict \
		-artifact_prefix="target/fuzz/crashes-$target/" > "$log" 2>&1; then
		tail -n 40 "$log" >&2
		echo "fuzz: $target failed; repeat it with: target/debug/$target target/fuzz/crashes-$target/FILE" >&2
		exit 1
	fi
	runs=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$log")
	test -n "$runs" || { tail -n 20 "$log" >&2; echo "fuzz: $target did not end as expected; read $log" >&2; exit 1; }
	# Without its instruments libFuzzer runs blind: it sees the target's own few branches.
	branches=$(sed -n 's/.*cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
	if test "${branches:-0}" -lt 1000; then
		echo "fuzz: only ${branches:-0} branches reached, so $target was built without coverage: make clean, and run again" >&2
		exit 1
	fi
	echo "   $target: $runs runs, $branches branches reached, no failure"
done
