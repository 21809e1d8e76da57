# The one task runner. `make` lists the targets.
# Everything that is installed goes below target/, pinned and checked by hash.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# The function's architecture in a package: that of this machine unless given
# (`make package ARCH=arm64` needs the Rust target aarch64-unknown-linux-gnu).
ARCH ?= $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)
TRIPLE := $(if $(filter arm64,$(ARCH)),aarch64,x86_64)-unknown-linux-gnu
# The name tells the architecture: a zip of the other one deploys, and fails at its first event.
PACKAGE := target/package/trailkeeper-$(ARCH).zip
BINARY := target/package/$(ARCH)/bootstrap
CARGO_DENY_VERSION := 0.20.2
CARGO_CYCLONEDX_VERSION := 0.5.9

# No path of this machine gets into the binary, so that another machine builds the same.
REMAP := --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo --remap-path-prefix=$(CURDIR)=/trailkeeper

# What a release consists of.
DIST := target/dist
# The plan of a folder: kept between `make plan` and `make apply`.
PLAN ?= target/plans/$(or $(subst /,-,$(patsubst %/,%,$(DIR))),none).tfplan

VENV := target/venv
PARLIAMENT := target/venv-parliament
CHECKOV := target/venv-checkov
WORKFLOWS := target/venv-workflows
DRILL := target/tool/trailkeeper-drill
BENCH := target/venv-bench
PYTHON := $(abspath $(VENV))/bin/python
SOURCES := $(shell find lambda -type f -not -path '*/tests/*') Cargo.toml Cargo.lock rust-toolchain.toml
DRILL_SOURCES := $(shell find tests/drill -type f -not -name '*_tests.rs') Cargo.toml Cargo.lock rust-toolchain.toml
LAB = PYTHONPATH=tests $(PYTHON) -m lab

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^# --- / {sub(/ -*$$/, ""); printf "\n%s\n", substr($$0, 7)} \
		/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# --- See it work -------------------------------------------------------------

.PHONY: demo
demo: tools $(PACKAGE) $(DRILL) ## Drill a guarded trail in a local AWS: attacked, it comes back
	@$(LAB) demo --package $(PACKAGE) --drill $(DRILL)

.PHONY: lab
lab: tools $(PACKAGE) ## A guarded local AWS that stays up; NAME=other for one beside it
	@$(LAB) up --package $(PACKAGE) $(if $(NAME),--name $(NAME))

# --- Build -------------------------------------------------------------------

.PHONY: package
package: $(PACKAGE) ## Build the function's zip (ARCH=x86_64 or arm64)
	@echo "$(PACKAGE): $$(stat -c %s $(PACKAGE)) bytes"

$(PACKAGE): $(SOURCES) scripts/zip.py scripts/unwind_tables.py | $(VENV)/ready
	@echo "Building the package for $(ARCH) (the first time takes about three minutes) ..."
	@PATH="$(abspath $(VENV))/bin:$$PATH" RUSTFLAGS="$(REMAP) $${RUSTFLAGS:-}" \
		cargo lambda build --locked --release --target $(TRIPLE) --package trailkeeper
	@$(PYTHON) scripts/zip.py target/lambda/trailkeeper/bootstrap $@

$(BINARY): $(PACKAGE)
	@mkdir -p $(@D)
	@$(PYTHON) -m zipfile -e $(PACKAGE) $(@D) && chmod +x $@ && touch $@

.PHONY: start-up
start-up: $(BINARY) ## Print how long the packaged function takes to its first call, cold and warm
	@TRAILKEEPER_BINARY=$(abspath $(BINARY)) cargo test --locked --quiet --test wire -- --ignored --nocapture --test-threads=1 start_up

.PHONY: fleet
fleet: $(BINARY) ## Print what a sweep of 10,000 accounts takes, against a simulated AWS that throttles (4 minutes)
	@TRAILKEEPER_BINARY=$(abspath $(BINARY)) cargo test --locked --quiet --test wire -- --ignored --nocapture --test-threads=1 fleet

# --- Figures: docs/reliability.md, docs/benchmarks.md ------------------------

# The tables go into the document, but not in `make test`, which changes no file.
DOCUMENT ?= docs/reliability.md
INTO = $(if $(DOCUMENT),python3 scripts/into_document.py $(DOCUMENT),@:)

# RUNS=5 is a quick look that counts for nothing; DOCUMENT= leaves the document alone.
# The shares of a processor need root.
.PHONY: bench
bench: DOCUMENT = docs/benchmarks.md
bench: $(BINARY) $(BENCH)/ready ## Measure the function beside boto3 and Cloud Custodian, into docs/benchmarks.md (20 minutes)
	@echo "Building the benchmark ..."
	@cargo build --locked --quiet --release --package trailkeeper-bench
	@mkdir -p target/bench
	@$(PYTHON) scripts/zip.py target/release/floor target/bench/floor.zip
	@$(BENCH)/bin/python tests/bench/peers/package_size.py > target/bench/sizes
	@echo "floor $$(stat -c %s target/bench/floor.zip)" >> target/bench/sizes
	@target/release/bench --ours $(BINARY) --package $(PACKAGE) --python $(BENCH)/bin/python --peers tests/bench/peers \
		--sizes target/bench/sizes --out target/bench $(if $(RUNS),--runs $(RUNS)) $(if $(EVENTS),--events $(EVENTS))
	@$(INTO) bench target/bench/benchmarks.md
	@$(if $(DOCUMENT),cp target/bench/benchmarks.svg $(dir $(DOCUMENT)))

.PHONY: faults
faults: $(BINARY) ## Every AWS call fails in every way: print what comes of it (a minute)
	@echo "== Every call fails in every way (a minute: hanging calls have to be waited for)"
	@TRAILKEEPER_BINARY=$(abspath $(BINARY)) FAULTS_TABLE=$(abspath target)/faults.md \
		cargo test --locked --quiet --test wire -- --ignored --nocapture fault_matrix
	@$(INTO) faults target/faults.md

.PHONY: storm
storm: storm-of-events storm-of-stops ## 10,000 events through one process; 1,000 stops by 20 attackers in the lab (10 minutes)

.PHONY: storm-of-events
storm-of-events: $(BINARY)
	@echo "== Ten thousand events through one process, with an AWS that throttles"
	@TRAILKEEPER_BINARY=$(abspath $(BINARY)) STORM_TABLE=$(abspath target)/storm-of-events.md \
		cargo test --locked --quiet --test wire -- --ignored --nocapture storm_of_events
	@$(INTO) storm-of-events target/storm-of-events.md

.PHONY: storm-of-stops
storm-of-stops: tools $(PACKAGE)
	@echo "== A thousand stops by twenty attackers on five trails, in the lab"
	@cd tests && TRAILKEEPER_PACKAGE=$(abspath $(PACKAGE)) STORM_LAB_TABLE=$(abspath target)/storm-of-stops.md \
		$(PYTHON) -m pytest -q stress/test_storm.py
	@$(INTO) storm-of-stops target/storm-of-stops.md

.PHONY: outages
outages: tools $(PACKAGE) ## The topic is down for a whole incident, the emulator restarts in one: in the lab (2 minutes)
	@echo "== Outages, in the lab"
	@cd tests && TRAILKEEPER_PACKAGE=$(abspath $(PACKAGE)) $(PYTHON) -m pytest -q stress/test_outages.py

# ONLY=role plays those attacks alone, and leaves the document alone.
.PHONY: attack-matrix
attack-matrix: DOCUMENT = $(if $(ONLY),,docs/attack-matrix.md)
attack-matrix: tools $(PACKAGE) ## Every attack on trail, logs and responder, in the lab: what comes back, who notices (10 minutes)
	@echo "== Attacks on everything that Trailkeeper guards and is made of, in the lab"
	@PYTHONPATH=tests $(PYTHON) -m attack_matrix --package $(PACKAGE) --table target/attack-matrix.md $(if $(ONLY),--only "$(ONLY)")
	@$(INTO) attack-matrix target/attack-matrix.md

.PHONY: gallery
gallery: ## Draw docs/gallery.md and its pictures from the notices that the tests compare
	@python3 scripts/gallery.py

# Stable Rust and a C++ compiler are enough: see scripts/instrumented_rustc.sh.
TIME ?= 60
.PHONY: fuzz
fuzz: ## Fuzz the parser, the notices and the comparison of buckets and keys, each for TIME=60 seconds
	@echo "== Fuzzing: the parser, the notices, what is compared of buckets and keys"
	@scripts/fuzz.sh $(TIME)

.PHONY: fuzz-corpus
fuzz-corpus: ## Keep what fuzzing found and what reaches new code, in tests/fuzz/corpus
	@scripts/fuzz_corpus.sh

.PHONY: reproducible
reproducible: $(VENV)/ready ## Build the committed state in two folders and compare the bytes (10 minutes): ARCH=...
	@echo "== The same commit, built twice"
	@scripts/reproducible.sh $(ARCH)

.PHONY: advisories
advisories: target/tools/bin/cargo-deny-$(CARGO_DENY_VERSION) ## Known vulnerabilities of the dependencies, if the database can be reached
	@echo "== Dependencies: known vulnerabilities"
	@scripts/advisories.sh target/tools/bin/cargo-deny

# --- Deploy, in any CI system: docs/pipeline.md ------------------------------

# Credentials, region and TF_VAR_... come from the environment; BACKEND=FILE is given
# to -backend-config; TERRAFORM=tofu takes OpenTofu.
.PHONY: plan
plan: dir ## Plan a folder and keep the plan: DIR=infra/examples/single-account
	@scripts/terraform.sh plan $(DIR) $(PLAN)

.PHONY: apply
apply: dir ## Apply the plan that was kept, and nothing else: DIR=...
	@scripts/terraform.sh apply $(DIR) $(PLAN)

.PHONY: drift
drift: dir ## Fail if what is deployed is not what is declared: DIR=...
	@scripts/terraform.sh drift $(DIR) $(PLAN)

.PHONY: drill
drill: $(DRILL) ## Attack a guarded trail and see it come back: TRAIL_ARN=... [TOPIC_ARN=...] [ATTACK=stop] [BUDGET=120] [YES=1]
	@test -n "$(TRAIL_ARN)" || { echo "Which trail? make drill TRAIL_ARN=arn:aws:cloudtrail:REGION:ACCOUNT:trail/NAME" >&2; exit 1; }
	@$(DRILL) --trail "$(TRAIL_ARN)" $(if $(TOPIC_ARN),--topic "$(TOPIC_ARN)") $(if $(ATTACK),--attack $(ATTACK)) \
		$(if $(BUDGET),--budget $(BUDGET)) $(if $(OUT),--out "$(OUT)") $(if $(YES),--yes) $(DRILL_FLAGS)

# Into a folder of its own: what it shares with the function, it does not share the features of.
$(DRILL): $(DRILL_SOURCES)
	@echo "Building the drill (the first time takes a few minutes) ..."
	@TRAILKEEPER_COMMIT="$$(git describe --always --dirty --abbrev=12 2>/dev/null)" \
		cargo build --locked --quiet --profile tool --package trailkeeper-drill
	@touch $@

.PHONY: dir
dir:
	@test -n "$(DIR)" || { echo "Which folder? make $(firstword $(MAKECMDGOALS)) DIR=infra/examples/single-account" >&2; exit 1; }

# --- Release: docs/releasing.md ----------------------------------------------

.PHONY: release
release: ## All files of a release, in target/dist: VERSION=v1.2.3
	@test -n "$(VERSION)" || { echo "Which version? make release VERSION=v1.2.3" >&2; exit 1; }
	@rm -rf $(DIST) && mkdir -p $(DIST)
	@$(MAKE) notes VERSION=$(VERSION)
	@for arch in x86_64 arm64; do $(MAKE) package sbom ARCH=$$arch && cp target/package/trailkeeper-$$arch.zip $(DIST)/; done
	@$(MAKE) checksums

.PHONY: notes
notes: ## Cut a version's notes out of the changelog: VERSION=v1.2.3
	@test -n "$(VERSION)" || { echo "Which version? make notes VERSION=v1.2.3" >&2; exit 1; }
	@mkdir -p target && python3 scripts/release_notes.py "$(VERSION)" CHANGELOG.md > target/notes.md
	@cat target/notes.md

# In a workspace of the function alone: the drill's features are not in its binary.
SBOM := target/sbom

.PHONY: sbom
sbom: target/tools/bin/cargo-cyclonedx-$(CARGO_CYCLONEDX_VERSION) ## List what is in the binary, as CycloneDX: ARCH=...
	@mkdir -p $(DIST) && rm -rf $(SBOM) && mkdir -p $(SBOM)
	@cp -r Cargo.lock lambda $(SBOM)/ && sed '/^members/s/=.*/= ["lambda"]/' Cargo.toml > $(SBOM)/Cargo.toml
	@SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) PATH="$(CURDIR)/target/tools/bin:$$PATH" cargo cyclonedx --quiet \
		--manifest-path $(SBOM)/lambda/Cargo.toml --format json --spec-version 1.5 --no-build-deps --target $(TRIPLE) --override-filename sbom
	@sed 's|file://$(CURDIR)/$(SBOM)|file:///trailkeeper|g' $(SBOM)/lambda/sbom.json > $(DIST)/trailkeeper-$(ARCH).cdx.json; rm -rf $(SBOM)
	@echo "$(DIST)/trailkeeper-$(ARCH).cdx.json"

.PHONY: checksums
checksums: ## Write the SHA-256 of all files in target/dist
	@scripts/checksums.sh $(DIST)

# --- Test --------------------------------------------------------------------

.PHONY: test
test: DOCUMENT :=
test: TIME := 5
test: lint unit fuzz wire faults terraform checkov deny e2e ## Run every test
	@echo "All tests passed."

.PHONY: lint
lint: tools $(VENV)/ready workflows ## Formatting and lints of all code
	@echo "== Formatting and lints"
	@cargo fmt --all --check
	@cargo fmt --manifest-path tests/fuzz/Cargo.toml --check
	@cargo clippy --locked --quiet --all-targets -- -D warnings
	@TF_CLI_CONFIG_FILE=/dev/null terraform fmt -check -recursive infra
	@$(VENV)/bin/ruff check --quiet tests
	@$(VENV)/bin/ruff check --quiet --config tests/ruff.toml scripts
	@$(VENV)/bin/ruff format --check --quiet tests
	@$(VENV)/bin/ruff format --check --quiet --config tests/ruff.toml scripts

.PHONY: workflows
workflows: $(WORKFLOWS)/ready ## Security and syntax of the GitHub workflows
	@echo "== Workflows"
	@$(WORKFLOWS)/bin/zizmor --quiet --offline --no-progress --persona pedantic .github
	@if test -x $(WORKFLOWS)/bin/actionlint; then $(WORKFLOWS)/bin/actionlint; \
	else echo "   actionlint was left out: it comes from GitHub's releases, which did not answer"; fi

.PHONY: unit
unit: $(VENV)/ready ## Unit tests, recorded events, random sequences of attacks
	@echo "== Unit tests, recorded events, random sequences of attacks"
	@cargo test --locked --quiet --lib --bins --test recorded_events --test convergence --test plan --test smoke
	@cd tests && $(PYTHON) -m pytest -q unit

.PHONY: wire
wire: $(BINARY) ## The packaged binary over the Lambda runtime API, with a failing AWS
	@echo "== The packaged binary on the wire (half a minute: hanging calls have to be waited for)"
	@TRAILKEEPER_BINARY=$(abspath $(BINARY)) cargo test --locked --quiet --test wire -- --test-threads=24 --include-ignored --skip start_up --skip fleet:: --skip matrix:: --skip storm::
	@TRAILKEEPER_BINARY=$(abspath $(BINARY)) cargo test --locked --quiet --test smoke -- --ignored

.PHONY: terraform
terraform: $(VENV)/ready ## Validate and test every Terraform module
	@echo "== Terraform: validate and test"
	@$(LAB) terraform-check

.PHONY: checkov
checkov: $(CHECKOV)/ready ## Static security checks of the Terraform
	@echo "== Static security checks of the Terraform"
	@CKV_PARSE_ERROR_FAIL=true $(CHECKOV)/bin/checkov --directory infra --framework terraform --compact --quiet --skip-download

.PHONY: deny
deny: target/tools/bin/cargo-deny-$(CARGO_DENY_VERSION) ## Licences, sources and duplicate versions of the dependencies
	@echo "== Dependencies: licences, sources, duplicate versions"
	@cargo fetch --locked --quiet
	@target/tools/bin/cargo-deny --offline check licenses bans sources

.PHONY: e2e
e2e: $(PACKAGE) $(DRILL) $(PARLIAMENT)/ready ## End-to-end tests, in labs side by side
	@echo "== End to end, in three labs side by side (25 minutes)"
	@cd tests && TRAILKEEPER_PACKAGE=$(abspath $(PACKAGE)) $(PYTHON) -m e2e

# --- Set-up ------------------------------------------------------------------

# Asked first, so that nobody waits for a build to learn what is missing.
.PHONY: tools
tools:
	@need() { command -v "$$1" >/dev/null || { echo "$$1 is needed and not found: $$2" >&2; exit 1; }; }; \
	need cargo "install Rust with rustup, https://rustup.rs"; \
	need python3 "install Python 3.11 or newer"; \
	need cc "install a C compiler and linker (Debian: apt install build-essential)"; \
	need terraform "install Terraform 1.11 or newer, https://developer.hashicorp.com/terraform/install"; \
	found=$$(TF_CLI_CONFIG_FILE=/dev/null CHECKPOINT_DISABLE=1 terraform version | awk 'NR == 1 {sub("v", "", $$2); print $$2}'); \
	printf '1.11.0\n%s\n' "$$found" | sort --check=quiet --version-sort \
		|| { echo "Terraform 1.11 or newer is needed, and this is $$found: https://developer.hashicorp.com/terraform/install" >&2; exit 1; }
	@python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "Python 3.11 or newer with venv is needed as python3 (Debian: apt install python3-venv)." >&2; exit 1; }

$(VENV)/ready: tests/requirements.txt | tools
	@echo "Setting up Python packages in $(VENV) ..."
	@rm -rf $(VENV) && python3 -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(CHECKOV)/ready: tests/requirements-checkov.txt | tools
	@echo "Setting up checkov in $(CHECKOV) ..."
	@rm -rf $(CHECKOV) && python3 -m venv $(CHECKOV)
	@$(CHECKOV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# Of IAM policies; tests/e2e/test_policies.py hands it what was deployed.
$(PARLIAMENT)/ready: tests/requirements-parliament.txt | tools
	@echo "Setting up parliament in $(PARLIAMENT) ..."
	@rm -rf $(PARLIAMENT) && python3 -m venv $(PARLIAMENT)
	@$(PARLIAMENT)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# Apart from the tests' packages: Cloud Custodian pins its own boto3.
$(BENCH)/ready: tests/requirements-bench.txt | tools
	@echo "Setting up what is measured beside the function in $(BENCH) ..."
	@rm -rf $(BENCH) && python3 -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# zizmor always. actionlint where its download answers, and always on GitHub itself.
$(WORKFLOWS)/ready: tests/requirements-workflows.txt tests/requirements-actionlint.txt | tools
	@echo "Setting up zizmor and actionlint in $(WORKFLOWS) ..."
	@rm -rf $(WORKFLOWS) && python3 -m venv $(WORKFLOWS)
	@$(WORKFLOWS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@$(WORKFLOWS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/requirements-actionlint.txt \
		2> $(WORKFLOWS)/actionlint.log || test -z "$${GITHUB_ACTIONS:-}" || { cat $(WORKFLOWS)/actionlint.log >&2; exit 1; }
	@touch $@

target/tools/bin/cargo-cyclonedx-$(CARGO_CYCLONEDX_VERSION):
	@echo "Building cargo-cyclonedx $(CARGO_CYCLONEDX_VERSION) (once, about a minute) ..."
	@cargo install cargo-cyclonedx --quiet --locked --version $(CARGO_CYCLONEDX_VERSION) --root target/tools
	@touch $@

target/tools/bin/cargo-deny-$(CARGO_DENY_VERSION):
	@echo "Building cargo-deny $(CARGO_DENY_VERSION) (once, about three minutes) ..."
	@cargo install cargo-deny --quiet --locked --version $(CARGO_DENY_VERSION) --root target/tools
	@touch $@

.PHONY: clean
clean: ## Remove everything that was built or installed
	@rm -rf target
