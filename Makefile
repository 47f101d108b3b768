# What `make test` needs beyond Go it installs itself, in the version named here.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
MODULES := . ./internal/e2e ./cmd/contactsync ./examples/crm
# What has nothing to race, and is played without the race detector: tests in which one goroutine counts through millions of states,
# orders or histories; packages that play histories on one goroutine (the simulator, and what judges it), break the library in
# processes of their own (mutants), or kill processes that they start (crash).
ALONE := TestEveryPairState|TestEveryNewcomer|TestEveryElementState|TestEveryMemberState|TestAllOrders|TestCrashAtEveryCall
ALONE_IN := /internal/(sim|mutants|e2e/crash)
# Scenarios are raced plainly; with sides swapped and pages shuffled, the same goroutines do the same in another order.
VARIANTS := TestScenarios$$/.*/.*/(swapped|shuffled)
# Three packages at a time, whatever the processors: some wait for servers most of the time.
GO_TEST := go test -p 3 -timeout 30m
# SQLite itself - C, translated - is not watched: it would be ten times slower, and what it locks is not ours.
RACE := $(GO_TEST) -race -gcflags=modernc.org/sqlite/lib=-race=false

.PHONY: test servers format vet lint unit race bench crash fuzz sim sim-dav sim-stores mutants mutants-tenth flips cover

test: servers format vet lint unit race mutants-tenth

# What tests run against beside fakes: PostgreSQL and CardDAV servers, installed where that is possible.
servers:
	@.ci/servers

format:
	@files=$$(git ls-files '*.go' | xargs gofmt -l); if [ -n "$$files" ]; then echo "not gofmt-ed:"; echo "$$files"; exit 1; fi

vet:
	go vet work

lint:
	go run $(STATICCHECK) $(MODULES:%=%/...)

# Every test of every module is played once: here what has nothing to race,
unit:
	$(GO_TEST) $$(go list work | grep -E '$(ALONE_IN)')
	$(GO_TEST) . -run '$(ALONE)'
	$(GO_TEST) ./internal/e2e -run '$(VARIANTS)'

# and here the rest, over memory, SQLite, PostgreSQL and the servers, under the race detector; and a sample of the simulator.
race:
	$(RACE) -skip '$(ALONE)|$(VARIANTS)' $$(go list work | grep -vE '$(ALONE_IN)')
	$(RACE) ./internal/sim -seeds 200
	$(RACE) ./internal/sim/davsim -run TestSeeds -dav-seeds 50

# Crashes and errors at every call of HISTORIES random histories, the first of seed SEED, and KILLS processes that are
# killed over each store on a disk. make test takes 6 and 100.
HISTORIES ?= 200
KILLS ?= 1000
SEED ?= 1
crash:
	go test . -run TestCrashAtEveryCall -crash-histories $(HISTORIES) -crash-seed $(SEED) -timeout 24h -v | grep -v '^ *=== '
	go test ./internal/e2e/crash -kills $(KILLS) -kill-seed $(SEED) -timeout 24h -v | grep -v '^ *=== '

# Every fuzz target in turn, each for TIME.
TIME ?= 1m
fuzz:
	@git grep -n '^func Fuzz' -- '*_test.go' | sed 's|^\(.*\)/[^/]*:[0-9]*:func \(Fuzz[A-Za-z]*\).*|\1 \2|; s|^[^/ ]*:[0-9]*:func \(Fuzz[A-Za-z]*\).*|. \1|' | \
	while read -r dir target; do \
		echo "$$dir $$target"; (cd "$$dir" && go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(TIME) . </dev/null) || exit 1; \
	done

# The simulator on SEEDS seeds from SEED on, on all processors, with the rate; what fails is shrunk into KEEP if it is set.
SEEDS ?= 20000
sim:
	go test ./internal/sim -run TestSeeds -count 1 -timeout 0 -v -seeds $(SEEDS) -seed $(SEED) $(if $(KEEP),-keep $(abspath $(KEEP)))

# The simulator with an address book on a CardDAV server as one of the apps, likewise.
sim-dav:
	go test ./internal/sim/davsim -run TestSeeds -count 1 -timeout 0 -v -dav-seeds $(SEEDS) -dav-seed $(SEED) $(if $(KEEP),-dav-keep $(abspath $(KEEP)))

# SEEDS seeds over memory, SQLite and PostgreSQL: each goes the same way over all of them, to the last line of its history.
sim-stores:
	go test ./internal/e2e -run TestSimulatedStores -count 1 -timeout 0 -v -sim-seeds $(SEEDS) -sim-seed $(SEED) | \
		awk '!/^ *(=== |--- PASS.*\/[0-9])/ { print } /^FAIL/ { bad = 1 } END { exit bad }'

# Faults planted on purpose, each of which a test must catch: all of them, written into docs/mutants.md, or in CI another
# tenth every day.
mutants:
	go test ./internal/mutants -run 'TestMutants$$' -tenth all -timeout 60m -write
mutants-tenth:
	go test ./internal/mutants -run 'TestMutants$$' -tenth $$(date +%j | sed 's/^0*//') -timeout 20m -v

# Every comparison and boolean of the deciding files, flipped one at a time; and their statements that no test comes by.
flips:
	go run ./internal/mutants/flips
cover:
	go run ./internal/mutants/cover

# Go's benchmarks; PEERS=path/to/run.py also measures the command beside the tools that are installed, from outside.
bench:
	go test -run '^$$' -bench . -benchtime 1x -benchmem -timeout 60m work
	@if [ -n "$(PEERS)" ]; then go build -C cmd/contactsync -o /tmp/contactsync-bench . && \
		CONTACTSYNC=/tmp/contactsync-bench python3 "$(PEERS)" --peers contactsync,unison,rclone,vdirsyncer --n 10000,100000; fi
