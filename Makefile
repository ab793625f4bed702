# What people type. Each target installs what it needs and is missing (scripts/setup.sh), then does one thing.
# Arguments for the program go in ARGS: make demo ARGS="--port 9000 --shelters 500"

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo build test soak lint audit bench clean
ARGS ?=

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-8s %s\n", $$1, $$2 }'

setup: ## install what building and testing need (Debian packages, JavaScript packages)
	@scripts/setup.sh

demo: build ## build, then serve invented shelters on loopback and print a sign-in for each role
	@target/release/panoh demo $(ARGS)

build: ## the web app and the release binary, target/release/panoh
	@scripts/setup.sh compiler frontend
	npm --prefix frontend run build --silent
	cargo build --release --locked --bin panoh

test: ## every check and every test: web app, format, lints, unit, integration, end to end
	@scripts/test.sh

# KILLS=10 MODEL_STEPS=100000 is quicker and says less.
soak: ## the tests of what must never be lost, for as long as it takes to trust them (hours)
	@scripts/soak.sh

lint: ## format, lints, licences, known vulnerabilities
	@scripts/lint.sh

# MINUTES=5 is quicker and says less. Reports, and the bills of materials, are in target/audit.
audit: ## the tools of attackers turned on ourselves: the API, injection, the server, known vulnerabilities (half an hour)
	@scripts/audit.sh $(or $(MINUTES),20)

# Builds the program itself, in the release profile. The second part sets transfer plans beside another solver
# (20 minutes: SECONDS_EACH=5 is quicker and says less); the third opens the manager's page on a slow line. Last it writes
# docs/PERFORMANCE.md, with what `cargo bench --bench loops -- day` and scripts/build-time.sh measured before.
bench: ## what the main work costs, beside the bare framework and the bare database in the same run
	@scripts/setup.sh compiler chromium postgresql frontend e2e
	npm --prefix frontend run build --silent
	cargo bench --locked --bench loops -- $(ARGS)
	cargo build --release --locked --bin panoh
	benches/redistribution/compare.sh
	E2E_PROGRAM=$(CURDIR)/target/release/panoh node tests/e2e/bench/line.js --keep $(CURDIR)/target/bench/line.json
	cargo bench --locked --bench loops -- page

clean: ## remove everything that was built or installed in this folder
	rm -rf target frontend/dist frontend/node_modules tests/e2e/node_modules
