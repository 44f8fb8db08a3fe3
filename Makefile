# make run: everything needed to run, then runs. make test: everything needed to test, then tests.
SHELL := /bin/sh
GO ?= go
GOFUMPT := mvdan.cc/gofumpt@v0.9.2
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
export CGO_ENABLED ?= 0

# Git may refuse to tell another user about the clone, and go build would stop.
export GOFLAGS := $(GOFLAGS) -buildvcs=false

.PHONY: run test build web tools postgres phones peers compiler check bench chaos clean

run: postgres phones build
	@exec bin/vaxel demo

build: web
	$(GO) build -o bin/vaxel ./cmd/vaxel

# Go 1.21 and later fetch the version that go.mod names; earlier ones cannot read it.
tools:
	@$(GO) list -m >/dev/null 2>&1 || { echo "Växel is built with Go 1.26 or newer, which is not in PATH: https://go.dev/dl" >&2; exit 1; }
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && command -v npm >/dev/null || \
		{ echo "Växel's pages are built with Node 20 or newer and npm, which are not in PATH: https://nodejs.org" >&2; exit 1; }

# What only root can install comes first, so that others are told at once.
postgres: tools
	@localpg/install.sh

# Calls are a part of the demonstration that it can do without.
phones: postgres
	@cmd/vaxel/phones.sh

peers: tools
	@missing=0; localpg/install.sh || missing=1; e2e/install.sh || missing=1; exit $$missing

web: tools web-widget/node_modules/.stamp web-console/node_modules/.stamp
	$(GO) run ./cmd/webbuild

%/node_modules/.stamp: %/package-lock.json
	cd $* && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

# What vet would say once more, check says. One package more than there are cores, as many wait for a browser or a telephone.
# Tests in a browser are told once more when they fail (web-console/test/pages/test.ts), and named at the end if they were.
test: export TOLD_AGAIN := $(CURDIR)/bin/again.txt
test: peers build e2e/node_modules/.stamp
	@rm -f $(TOLD_AGAIN)
	@$(GO) test -vet=off -ldflags=-w -p $$(($$(getconf _NPROCESSORS_ONLN) + 1)) -timeout 20m ./...; code=$$?; \
	if [ -s $(TOLD_AGAIN) ]; then echo "Told once more, as they failed at first:"; cat $(TOLD_AGAIN); fi; exit $$code

# Linters are built once into bin/; golangci-lint takes some minutes the first time.
bin/golangci-lint bin/staticcheck bin/gofumpt &:
	GOBIN=$(CURDIR)/bin $(GO) install $(GOLANGCI)
	GOBIN=$(CURDIR)/bin $(GO) install $(STATICCHECK)
	GOBIN=$(CURDIR)/bin $(GO) install $(GOFUMPT)

check: compiler peers build e2e/node_modules/.stamp bin/golangci-lint
	@wrong=$$(bin/gofumpt -l $$($(GO) list -f '{{.Dir}}' ./...)); test -z "$$wrong" || { echo "$$wrong"; echo "run bin/gofumpt -w on these" >&2; exit 1; }
	$(GO) vet ./...
	bin/staticcheck ./...
	bin/golangci-lint run
	$(GO) run ./cmd/webbuild -sizes
	cd web-widget && npx tsc --noEmit
	cd web-console && npx tsc --noEmit
	CGO_ENABLED=1 $(GO) test -race -shuffle=on -timeout 40m ./...

compiler:
	@command -v gcc >/dev/null || { echo "The race detector needs a C compiler. Please run: sudo apt-get install --no-install-recommends gcc libc6-dev" >&2; exit 1; }

# make bench BENCH=--quick, or BENCH="mail chat --seconds 60"
bench: peers build
	bin/vaxel bench $(BENCH)

# make chaos CHAOS=20 WIDGETS=50 MAILS=20 is a short one.
CHAOS ?= 1000
WIDGETS ?= 500
MAILS ?= 1000
chaos: peers build
	$(GO) test ./e2e -run 'TestChaos|TestTakeover' -v -timeout 180m -args -chaos.kills=$(CHAOS) -chaos.faults=$(CHAOS) -chaos.widgets=$(WIDGETS) -chaos.mails=$(MAILS) -takeover.cycles=100

clean:
	rm -rf bin web-widget/dist/* web-console/dist/*
