# make demo: the main job in a throwaway network namespace. make test: everything.
# Both install what is missing first (Debian packages where root may, npm packages always).

.PHONY: all setup build demo test bench generate clean

all: build

setup:
	@scripts/setup.sh

build: setup
	@npm run --silent build

demo: build
	@scripts/demo.sh

test: build
	@npx tsx scripts/test.ts

bench: build
	@npx tsx bench/run.ts

generate: setup
	@npm run --silent generate

clean:
	rm -rf dist node_modules
