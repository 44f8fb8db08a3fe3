# make run: everything needed to run, then runs. make test: everything needed to test, then tests.
SHELL := /bin/sh
GO ?= go
GOFUMPT := mvdan.cc/gofumpt@v0.9.2
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
export CGO_ENABLED ?= 0

.PHONY: run test build web check bench chaos clean

run: build
	@localpg/install.sh
	@exec bin/vaxel demo

build: web
	$(GO) build -o bin/vaxel ./cmd/vaxel

web: web-widget/node_modules/.stamp web-console/node_modules/.stamp
	$(GO) run ./cmd/webbuild

%/node_modules/.stamp: %/package-lock.json
	cd $* && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

test: build e2e/node_modules/.stamp
	@localpg/install.sh
	@e2e/install.sh
	$(GO) test -timeout 20m ./...

# Linters are built once into bin/; golangci-lint takes some minutes the first time.
bin/golangci-lint bin/staticcheck bin/gofumpt:
	GOBIN=$(CURDIR)/bin $(GO) install $(GOLANGCI)
	GOBIN=$(CURDIR)/bin $(GO) install $(STATICCHECK)
	GOBIN=$(CURDIR)/bin $(GO) install $(GOFUMPT)

check: build e2e/node_modules/.stamp bin/golangci-lint
	@test -z "$$(bin/gofumpt -l $$(git ls-files '*.go'))" || { bin/gofumpt -l $$(git ls-files '*.go'); echo "run bin/gofumpt -w on these"; exit 1; }
	$(GO) vet ./...
	bin/staticcheck ./...
	bin/golangci-lint run
	$(GO) run ./cmd/webbuild -sizes
	cd web-widget && npx tsc --noEmit
	cd web-console && npx tsc --noEmit
	CGO_ENABLED=1 $(GO) test -race -shuffle=on -timeout 40m ./...

bench: build
	bin/vaxel bench

chaos: build
	$(GO) test ./e2e -run TestChaos -v -timeout 120m -args -chaos.kills=1000

clean:
	rm -rf bin web-widget/dist/* web-console/dist/*
