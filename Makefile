# make demo: the main job in a throwaway network namespace. make test: everything.
# Both install what is missing first (Debian packages where root may, npm packages always).

.PHONY: all setup build demo test test-exec test-without-nft bench bench-packets bench-restart bench-counters generate clean conformance differential fuzz kills leaks each-call

all: build

setup:
	@scripts/setup.sh

build: setup
	@npm run --silent build

demo: build
	@scripts/demo.sh

test: build
	@npx tsx scripts/test.ts

# The same with rules put in force by the nft program instead of netlink.
test-exec: build
	@BPFILTER_TRANSPORT=exec npx tsx scripts/test.ts

# The same over netlink, and drivers find no nft. The tests themselves look at nftables by it. ABSENT=yes: nor do they,
# a mount namespace of theirs has none; tests that can't do without say so.
test-without-nft: build
	@export BPFILTER_TRANSPORT=netlink BPFILTER_NFT=/nonexistent/nft; \
	$(if $(ABSENT),unshare --mount --propagation private sh -c 'PATH=$$PATH:/usr/sbin:/sbin; mount --bind /dev/null "$$(readlink -f "$$(command -v nft)")" && exec "$$@"' sh) npx tsx scripts/test.ts

# ARGS=--large: 100,000 rules too.
bench: build
	@npx tsx bench/run.ts $(ARGS)
	@npx tsx bench/packets.ts --short

# Processor time per packet by who filters, with plots into docs/. ARGS=--large: 100,000 rules too.
bench-packets: build
	@npx tsx bench/packets.ts $(ARGS)

# Death of the driver to the next good answer, with and without the standby. ROUNDS=100.
bench-restart: build
	@npx tsx bench/restart.ts

# Counters inside rules against counters of their own: reading them, and what a packet pays.
bench-counters: setup
	@npx tsx bench/counters.ts $(ARGS)

# iptables' own extension tests, natively and through the shim. ARGS=--no-xt: without the kernel's xt extensions.
conformance: build
	@npx tsx tests/conformance/main.ts $(ARGS)

# Random rules and packets, the kernel's ip_tables beside ours. SEEDS=500 or SEEDS=1000-1500.
# BACKEND=bpf: rules that BPF carries, by it alone.
differential: build
	@npx tsx tests/differential/main.ts $(or $(SEEDS),100) $(BACKEND)

# Malformed requests for SECONDS=600 or until BLOBS=n, from SEED=n; STATE=file to go on later. Speed, and branches taken.
fuzz: setup
	@npx tsx tests/fuzz/main.ts

# The driver killed STRIKES=1000 times while COMMANDS=10000 iptables commands run. SEED=n.
kills: build
	@dist/bpfilter drill run kill --strikes $(or $(STRIKES),1000) --commands $(or $(COMMANDS),10000) $(and $(SEED),--seed $(SEED))

# The driver, then nft, killed at every call that they make for one change.
each-call: build
	@DRILL_EVERY_CALL=1 npx vitest run tests/drills/each-step tests/drills/each-call --disable-console-intercept

# Whether anything grows in ROUNDS=20000 rounds of a drill's loop: DRILL=unload, or another of `bpfilter drill list`, or all.
leaks: build
	@dist/bpfilter drill run $(or $(DRILL),unload) --leaks --strikes $(or $(ROUNDS),20000) $(and $(SECONDS),--seconds $(SECONDS))

generate: setup
	@npm run --silent generate
	@npx tsx scripts/coverage.ts

clean:
	rm -rf dist .cache node_modules
