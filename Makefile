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

VENV := target/venv
CHECKOV := target/venv-checkov
PYTHON := $(abspath $(VENV))/bin/python
SOURCES := $(shell find lambda -type f -not -path '*/tests/*') Cargo.toml Cargo.lock rust-toolchain.toml
LAB = PYTHONPATH=tests $(PYTHON) -m lab

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# --- See it work -------------------------------------------------------------

.PHONY: demo
demo: tools $(PACKAGE) ## Attack a guarded trail in a local AWS and watch it come back
	@$(LAB) demo --package $(PACKAGE)

.PHONY: lab
lab: tools $(PACKAGE) ## A guarded local AWS that stays up; NAME=other for one beside it
	@$(LAB) up --package $(PACKAGE) $(if $(NAME),--name $(NAME))

# --- Build -------------------------------------------------------------------

.PHONY: package
package: $(PACKAGE) ## Build the function's zip (ARCH=x86_64 or arm64)
	@echo "$(PACKAGE): $$(stat -c %s $(PACKAGE)) bytes"

$(PACKAGE): $(SOURCES) | $(VENV)/ready
	@echo "Building the package for $(ARCH) (the first time takes about three minutes) ..."
	@PATH="$(abspath $(VENV))/bin:$$PATH" cargo lambda build --locked --release --target $(TRIPLE) --output-format zip
	@mkdir -p $(@D) && cp target/lambda/trailkeeper/bootstrap.zip $@

$(BINARY): $(PACKAGE)
	@mkdir -p $(@D)
	@$(PYTHON) -m zipfile -e $(PACKAGE) $(@D) && chmod +x $@ && touch $@

.PHONY: start-up
start-up: $(BINARY) ## Print how long the packaged function takes to its first call, cold and warm
	@TRAILKEEPER_BINARY=$(abspath $(BINARY)) cargo test --locked --quiet --test wire -- --ignored --nocapture --test-threads=1 start_up

# --- Test --------------------------------------------------------------------

.PHONY: test
test: lint unit wire terraform checkov deny e2e ## Run every test
	@echo "All tests passed."

.PHONY: lint
lint: tools $(VENV)/ready ## Formatting and lints of all code
	@echo "== Formatting and lints"
	@cargo fmt --all --check
	@cargo clippy --locked --quiet --all-targets -- -D warnings
	@TF_CLI_CONFIG_FILE=/dev/null terraform fmt -check -recursive infra
	@$(VENV)/bin/ruff check --quiet tests
	@$(VENV)/bin/ruff format --check --quiet tests

.PHONY: unit
unit: $(VENV)/ready ## Unit tests, recorded events, random sequences of attacks
	@echo "== Unit tests, recorded events, random sequences of attacks"
	@cargo test --locked --quiet --lib --bins --test recorded_events --test convergence
	@cd tests && $(PYTHON) -m pytest -q unit

.PHONY: wire
wire: $(BINARY) ## The packaged binary over the Lambda runtime API, with a failing AWS
	@echo "== The packaged binary on the wire (about a minute: hanging calls have to be waited for)"
	@TRAILKEEPER_BINARY=$(abspath $(BINARY)) cargo test --locked --quiet --test wire -- --test-threads=24 --include-ignored --skip start_up

.PHONY: terraform
terraform: $(VENV)/ready ## Validate and test every Terraform module
	@echo "== Terraform: validate and test"
	@$(LAB) terraform-check

.PHONY: checkov
checkov: $(CHECKOV)/ready ## Static security checks of the Terraform
	@echo "== Static security checks of the Terraform"
	@$(CHECKOV)/bin/checkov --directory infra --framework terraform --compact --quiet --skip-download

.PHONY: deny
deny: target/tools/bin/cargo-deny-$(CARGO_DENY_VERSION) ## Licences, sources and duplicate versions of the dependencies
	@echo "== Dependencies: licences, sources, duplicate versions"
	@cargo fetch --locked --quiet
	@target/tools/bin/cargo-deny --offline check licenses bans sources

.PHONY: e2e
e2e: $(PACKAGE) ## End-to-end tests in the lab
	@echo "== End to end in the lab (a few minutes)"
	@cd tests && TRAILKEEPER_PACKAGE=$(abspath $(PACKAGE)) $(PYTHON) -m pytest e2e

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

target/tools/bin/cargo-deny-$(CARGO_DENY_VERSION):
	@echo "Building cargo-deny $(CARGO_DENY_VERSION) (once, about three minutes) ..."
	@cargo install cargo-deny --quiet --locked --version $(CARGO_DENY_VERSION) --root target/tools
	@touch $@

.PHONY: clean
clean: ## Remove everything that was built or installed
	@rm -rf target
