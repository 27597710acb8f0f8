# Needs Go, git and make only; `make ci` also Node.js, Chromium and a C compiler,
# which .ci/run installs.
GO        ?= go
BIN       := bin/selvedge
FUZZTIME  ?= 10s
SEEDS     ?= 200
LOCATIONS ?= 25
QUERIES   ?= 100000
# Packages whose goroutines and locks the race detector looks at.
RACE      := ./value/... ./clock/... ./crdt/... ./codec/... ./store/... ./internal/env/... ./fabric/... ./mesh/... ./replication/... ./api/... ./client/... ./sim/... ./rows/... ./query ./query/exec/... ./query/graph/... ./compute/... ./gateway/...
VERSION   := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

export CGO_ENABLED ?= 0

.PHONY: build test lint vet race ci jsc8 arangojs openapi console console-check screenshots bench bench-go sim differ fuzz clean
.DEFAULT_GOAL := build

build:
	$(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $(BIN) ./cmd/selvedge

vet:
	$(GO) vet ./...

# Uncached, because the rules depend on files that the test cache does not see.
lint: vet
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo 'gofmt these files:'; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) test -count=1 ./internal/lint

test: lint
	$(GO) test -count=1 -timeout 10m ./...

race:
	CGO_ENABLED=1 $(GO) test -race -count=1 -timeout 20m $(RACE)

# The longer run: CI makes a test that would skip fail instead.
ci: export CI := true
ci: export SELVEDGE_SIM_SEEDS ?= 40
ci: export SELVEDGE_KILLS ?= 50
ci: build console-check test race jsc8 arangojs openapi console

# Published JavaScript clients, and a public validator of OpenAPI documents, against the real binary.
jsc8 arangojs openapi: build
	cd apptest/$@ && npm ci --no-audit --no-fund && npm test

# The console in a browser (Debian's Chromium, or $CHROMIUM); PAGES="planet data" runs only these.
console: build
	cd apptest/console && npm ci --no-audit --no-fund && node run.mjs $(PAGES)

# The pictures of the documentation, taken by the same tests.
screenshots: export SHOTS := 1
screenshots: console

# Bundles the libraries of the console anew, in a folder of their own, and compares with what is committed.
console-check:
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && cp -R console/vendor "$$dir/vendor" && cd "$$dir/vendor" && rm -f *.js uplot.css world.json LICENSES.txt && \
		npm ci --no-audit --no-fund --ignore-scripts && node build.mjs && cd '$(CURDIR)' && \
		diff -rq -x node_modules "$$dir/vendor" console/vendor && echo 'console/vendor is what its lock file gives'

# All figures of docs/benchmarks.md; a quarter of an hour on a quiet machine.
bench:
	GO='$(GO)' bench/run.sh

# The Go benchmarks alone, for benchstat.
bench-go:
	$(GO) test -run '^$$' -bench . -benchmem ./...

sim: build
	$(BIN) sim --seeds $(SEEDS) --locations $(LOCATIONS)

# Random queries through the planner and through the evaluator without one; counts what they reached.
differ:
	$(GO) test -count=1 -timeout 2h -v -run 'RandomQueries$$' ./query/querytest/planned -queries $(QUERIES)

fuzz:
	@grep -rhoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . >/dev/null || { echo 'no fuzz targets found'; exit 1; }
	@set -e; grep -rloE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | while read -r file; do \
		for target in $$(grep -oE '^func Fuzz[A-Za-z0-9_]+' "$$file" | cut -c6-); do \
			echo "$$(dirname "$$file") $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")"; \
		done; \
	done

clean:
	rm -rf bin dist
