# Each target makes .venv and installs what it needs; all it asks for is Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test lint docs bench clean

demo: $(VENV)/base
	$(BIN)/tonewright match examples/sounds/bass.flac -o demo --overwrite
	@echo "Open demo/report.html in a browser to look and listen."

# The whole suite, or the tests of one craft: make test CRAFT=matching
test: $(VENV)/dev
	$(BIN)/python -m pytest -n 2 $(if $(CRAFT),tests/$(CRAFT))

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "Open site/index.html in a browser."

bench: $(VENV)/base
	$(BIN)/tonewright bench render
	$(BIN)/tonewright bench hear
	$(BIN)/tonewright bench compare
	$(BIN)/tonewright bench match

clean:
	rm -rf $(VENV) demo site
	find src -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/base: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --constraint constraints.txt --editable .
	touch $@

$(VENV)/dev: $(VENV)/base
	$(PIP) install --constraint constraints.txt --editable ".[dev,parquet,map,umap,train,scale,serve,diffusers,clap,atropos,optimise,trl,track,live]"
# Without its torchaudio, which nothing here uses, and which breaks transformers beside a torch for CPUs.
	$(PIP) install --constraint constraints.txt --no-deps audiobox_aesthetics
# Without its gradio, whose pins conflict with those of others, and which the server does without.
	$(PIP) install --constraint constraints.txt "fastmcp>=3,<4"
	$(PIP) install --constraint constraints.txt --no-deps openenv
	touch $@

$(VENV)/docs: $(VENV)/base
	$(PIP) install --constraint constraints.txt --editable ".[docs]"
	touch $@
