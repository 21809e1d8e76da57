#!/bin/sh
# RUSTC_WRAPPER of the fuzz targets: our own crates report to libFuzzer which branches
# they take. These are flags of LLVM that stable Rust passes on, so neither a nightly
# toolchain nor cargo-fuzz is needed; the address sanitizer would need one, and finds
# nothing in code without `unsafe`. Comparisons are not traced: that makes the notices
# three times slower, and the words that the parser compares with are in words.dict.
case " $* " in
*" --crate-name trailkeeper "* | *" --crate-name event "* | *" --crate-name notice "*)
	exec "$@" \
		-Cpasses=sancov-module \
		-Cllvm-args=-sanitizer-coverage-level=4 \
		-Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
		-Cllvm-args=-sanitizer-coverage-pc-table
	;;
*) exec "$@" ;;
esac
