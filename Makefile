# SPDX-License-Identifier: GPL-2.0-only
# Two commands for a fresh Debian 12 machine: `make review` and `make test`.

SERIES ?= kvm-map-memory/v2
TREE ?= debian:6.1
KVET = .venv/bin/kvet

.PHONY: help setup setup-tests review test check docs screens clean
help:
	@echo 'make review   set up, and take $(SERIES) to a verdict on $(TREE)'
	@echo 'make test     set up, and run every check and test (kernel and VM included)'
	@echo 'make check    the quick ones only: style, types, imports, tests without kernel'
	@echo 'make docs     the documentation as a site, in build/docs'
	@echo 'make screens  make anew what the documentation shows of kvet (one needs a kernel)'

setup:
	@ci/bootstrap

setup-tests:
	@ci/bootstrap tests

# Exit code 1 of kvet means "findings", which is a verdict reached and no failure of this target.
review: setup
	@$(KVET) review $(SERIES) --tree $(TREE) || test $$? -eq 1

# The tests on real documents read these two trees from the cache and are skipped without them.
test: setup-tests
	@ci/lint
	@for tree in debian:6.1 debian:6.12; do \
		$(KVET) tree get $$tree >/dev/null || echo "make test: without $$tree tests are skipped" >&2; \
	done
	@.venv/bin/python -m pytest -n auto --dist loadgroup

check: setup-tests
	@ci/lint
	@.venv/bin/python -m pytest -n auto --dist loadgroup -m 'not kernel and not vm and not pip'

docs: setup
	@.venv/bin/sphinx-build -q -E -n -W --keep-going docs build/docs
	@echo build/docs/index.html

screens: setup-tests
	@KVET_WRITE_SCREENS=1 .venv/bin/python -m pytest -q tests/docs

clean:
	rm -rf .venv .kvet dist build
