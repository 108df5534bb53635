"""Run what the documentation shows, and write down what comes out. For developers.

    python docs/refresh.py [FILE ...]     all of them, if none is named
    python docs/refresh.py trace          docs/trace.html, and its picture docs/figures/trace.png

It rewrites in place, and a second run changes nothing:
    >>> examples         their outputs; the examples of a file run in a Python of their own
    console blocks       the output of each line "$ python gpt2.py ... --model_size 3M"; a line
                         "$ python lab.py ..." runs a copy of gpt2.py with the last ```diff made
    quotations           python blocks and the "-" lines of diffs, where comments of the source have
                         changed; where code has, it says so, and a person has to decide
    docs/port.md         its tables of mistakes and its example, by tests/mistakes.py
    links to source      the lines of [`gelu`](../gpt2.py#L24-L27), found by the name
    docs/guide.ipynb     the guide as a notebook: examples and commands are cells, with outputs
tests/test_docs.py checks the same with the functions of this file.
"""
import ast
import doctest
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parent.parent
DOCS = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), ROOT / "models" / "3M" / "README.md"]
NOTEBOOK = ROOT / "docs" / "guide.ipynb"
SOURCES = ["gpt2.py", "encoder.py", "utils.py"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
SOURCE_LINK = re.compile(r"\[`([\w.]+)`\]\(((?:\.\./)?(?:gpt2|encoder|utils)\.py)#L([\d\-L]+)\)")


def fences(text):
    """Yield (language, number of its first line, lines) of each fenced block; lines from 0."""
    language, start, lines = None, 0, text.split("\n")
    for number, line in enumerate(lines):
        if line.startswith("```") and language is None:
            language, start = line[3:].strip(), number + 1
        elif line.startswith("```"):
            yield language, start, lines[start:number]
            language = None


class Recorder(doctest.DocTestRunner):
    """Runs examples, says nothing, and keeps [its line, source, shown, came out] of each."""

    def __init__(self):
        super().__init__(verbose=False)
        self.examples = []

    def keep(self, out, test, example, got):
        self.examples.append((example.lineno, example.source, example.want, got))

    report_success = report_failure = keep

    def report_unexpected_exception(self, out, test, example, exc_info):
        raise RuntimeError(f"{test.name}, line {example.lineno + 1}: {example.source}") \
            from exc_info[1]


def record(path):
    """Run the >>> examples of a file, all in one namespace, and print what came out as JSON."""
    text = path.read_text(encoding="utf-8")
    masked = [""] * (text.count("\n") + 1)  # only what stands in fences, at its own line
    for _, start, lines in fences(text):
        if any(line.startswith(">>>") for line in lines):
            masked[start:start + len(lines)] = lines
    examples = doctest.DocTestParser().get_examples("\n".join(masked))
    test = doctest.DocTest(examples, {"__name__": "__main__"}, path.name, str(path), 0, None)
    runner = Recorder()
    runner.run(test, out=lambda text: None)
    print(json.dumps(runner.examples))


def run_examples(path):
    """-> [(line, source, shown, came out), ...] of a file's >>> examples, run in a new Python."""
    done = subprocess.run([sys.executable, str(Path(__file__)), "--record", str(path)], cwd=ROOT,
                          env=ENVIRONMENT, encoding="utf-8", stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def changed_source(diff):
    """gpt2.py with the lines of a ```diff block changed; ValueError unless they fit just once."""
    source = (ROOT / "gpt2.py").read_text(encoding="utf-8")
    old = "".join(line[1:] + "\n" for line in diff if line[0] in " -")
    new = "".join(line[1:] + "\n" for line in diff if line[0] in " +")
    if ("\n" + source).count("\n" + old) != 1:
        raise ValueError(f"these lines are not in gpt2.py, or not just once:\n{old}")
    return source.replace(old, new)


def commands(text):
    """Yield (first line of the output, its lines, arguments, diff or None) of what is to be run."""
    diff = None
    for language, start, lines in fences(text):
        diff = lines if language == "diff" else diff
        if language != "console":
            continue
        at = [n for n, line in enumerate(lines) if line.startswith("$ ")] + [len(lines)]
        for begin, end in zip(at, at[1:]):
            match = re.match(r"\$ python (gpt2|lab)\.py (.*)", lines[begin])
            if match and re.search(r"--model_size[ =]3M\b", match[2]):
                words = match[2].replace("$'\\n'", "'\n'")  # as bash reads it
                yield (start + begin + 1, lines[begin + 1:end], shlex.split(words),
                       diff if match[1] == "lab" else None)


def run(arguments, diff=None):
    """What the program prints, line by line: stdout, or stderr if it failed."""
    with tempfile.TemporaryDirectory() as folder:
        path = ROOT / "gpt2.py"
        if diff:
            path = Path(folder) / "lab.py"
            path.write_text(changed_source(diff), encoding="utf-8")
        done = subprocess.run([sys.executable, str(path), *arguments], cwd=ROOT,
                              env=ENVIRONMENT, encoding="utf-8", stdin=subprocess.DEVNULL,
                              capture_output=True)
    output = done.stderr if done.returncode else done.stdout
    return [line.rstrip() for line in output[:-1].split("\n")]


def source_lines(file, name):
    """The lines of a function, class or constant, as in a link: "34-L39"; None if there is none."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    for part in name.split("."):
        nodes = [node for node in tree.body if part == getattr(node, "name", None) or
                 part in [getattr(target, "id", None) for target in getattr(node, "targets", [])]]
        if not nodes:
            return None
        tree = nodes[0]
    first, last = tree.lineno, tree.end_lineno
    return f"{first}-L{last}" if last > first else f"{first}"


def is_quotation(lines):
    """Whether these lines stand in the source, next to each other, at whatever indentation."""
    quoted = dedent("\n".join(lines)).split("\n")
    for file in SOURCES:
        source = (ROOT / file).read_text(encoding="utf-8").split("\n")
        for n in range(len(source) - len(quoted) + 1):
            if dedent("\n".join(source[n:n + len(quoted)])).split("\n") == quoted:
                return True
    return False


def code(line):
    """A line of source without its comment."""
    return re.sub(r"(^|  )#.*", "", line).rstrip()


def requoted(lines):
    """The same code with the comments that the source has now; as it is, if it is not found."""
    quoted = [code(line) for line in lines if code(line)]
    found = []
    for file in SOURCES:
        source = (ROOT / file).read_text(encoding="utf-8").split("\n")
        at = [n for n, line in enumerate(source) if code(line)]
        for n in range(len(at) - len(quoted) + 1):
            if [code(source[m]) for m in at[n:n + len(quoted)]] == quoted:
                first = at[n]
                while not code(lines[0]) and source[first - 1].lstrip().startswith("#"):
                    first -= 1
                found.append(source[first:at[n + len(quoted) - 1] + 1])
    return found[0] if len(found) == 1 else lines


def refresh_quotations(text):
    """The text with fresh quotations, in python blocks and in diffs."""
    lines = text.split("\n")
    for language, start, block in reversed(list(fences(text))):
        if language == "python" and not any(line.startswith(">>>") for line in block):
            fresh = block if is_quotation(block) else requoted(block)
            lines[start:start + len(block)] = fresh
            if not is_quotation(fresh):
                print(f"line {start + 1}: this is not in the source:", *block, sep="\n")
        elif language == "diff":
            old = [line[1:] for line in block if line[0] == "-"]
            lines[start:start + len(old)] = ["-" + line for line in requoted(old)]
    return "\n".join(lines)


def refresh(path):
    """Rewrite one file; -> how many places were not fresh."""
    before = path.read_text(encoding="utf-8")
    text = refresh_quotations(before)
    if text != before:
        path.write_bytes(text.encode("utf-8"))  # what is run is read from there
    edits = []  # (first line, number of lines, new lines)
    for line, source, shown, got in run_examples(path):
        new = [line.rstrip() or "<BLANKLINE>" for line in got.split("\n")[:-1]]
        if new != shown.split("\n")[:-1]:
            edits.append((line + source.count("\n"), shown.count("\n"), new))
    for start, shown, arguments, diff in commands(text):
        try:
            new = run(arguments, diff)
        except ValueError as error:
            print(f"line {start}: {error}")
        else:
            if new != shown:
                edits.append((start, len(shown), new))
    lines = text.split("\n")
    for start, count, new in sorted(edits, reverse=True):
        lines[start:start + count] = new
    fresh = SOURCE_LINK.sub(
        lambda m: f"[`{m[1]}`]({m[2]}#L{source_lines(m[2].split('/')[-1], m[1]) or m[3]})",
        "\n".join(lines))
    if fresh != before:
        path.write_bytes(fresh.encode("utf-8"))
    return len(edits)


# ---- the page that shows gpt2.py at work

def refresh_trace():
    """Write docs/trace.html; with playwright and a Chromium on the PATH, docs/figures/trace.png."""
    words = ['Lily had a red kite. "Where is my', "4", "--model_size", "3M"]
    subprocess.run([sys.executable, "trace.py", *words], cwd=ROOT / "docs", check=True)
    from playwright.sync_api import sync_playwright
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="light")
        page.goto((ROOT / "docs" / "trace.html").as_uri())
        page.get_by_text("def softmax").click()
        for key in ("6", "ArrowRight", "ArrowRight"):  # of the last block, what it returns
            page.keyboard.press(key)
        page.mouse.move(0, 0)
        page.screenshot(path=ROOT / "docs" / "figures" / "trace.png")
        browser.close()


# ---- the notebook

FIRST_CELL = """\
import os
import sys
if not os.path.exists("gpt2.py"):  # all that follows runs in the root folder of the repository
    os.chdir("..")
# so that "! python" is the Python of this notebook
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]"""


def cells(text):
    """The cells of a page. A solution, which the page folds away, is a cell with hidden source."""
    import nbformat.v4 as v4
    found, prose, folded = [v4.new_code_cell(FIRST_CELL)], [], False

    def end_prose():
        nonlocal folded
        words = "\n".join(prose).strip()
        prose.clear()
        if "<summary>Solution</summary>" in words:
            words, folded = re.sub(r"(?s)<details>\s*<summary>Solution</summary>",
                                   "**Solution:** unfold the cells below.", words), True
        elif folded and "</details>" in words:
            words, folded = words.replace("</details>", "", 1), False
        if words.strip():
            found.append(v4.new_markdown_cell(words.strip().replace("](#", "](guide.md#")))

    def add(source):
        folding = {"jupyter": {"source_hidden": True, "outputs_hidden": True}} if folded else {}
        found.append(v4.new_code_cell(source.strip(), metadata=folding))

    lines, at = text.split("\n"), 0
    for language, start, block in fences(text):
        if language not in ("pycon", "console") or any("lab.py" in line for line in block):
            continue
        prose += lines[at:start - 1]
        at = start + len(block) + 1
        end_prose()
        if language == "console":
            for line in block:
                if line.startswith("$ "):
                    add("! " + line[2:])
        else:  # a cell shows only the value of its last line, so each output ends a cell
            source = ""
            for example in doctest.DocTestParser().get_examples("\n".join(block)):
                source += example.source
                if example.want:
                    add(source)
                    source = ""
            if source:
                add(source)
    prose += lines[at:]
    end_prose()
    for n, cell in enumerate(found):
        cell["id"] = f"cell-{n}"  # by default they are random
    return found


def execute(notebook):
    """Run a notebook in its own folder, as Jupyter would; its cells then have their outputs."""
    import nbclient
    import nbformat
    nbclient.NotebookClient(notebook, timeout=600, record_timing=False, coalesce_streams=True,
                            resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    for cell in notebook.cells:
        if cell.source.startswith("! "):  # its output came in pieces, from a pseudo-terminal
            text = shown_by(cell).replace("\r\n", "\n")
            text = re.sub(r"(?m)^[\d.]+ s\n\Z", "", text)  # the time, which is never the same
            cell.outputs = [nbformat.v4.new_output("stream", text=text)]
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python",
                                        "name": "python3"}}


def shown_by(cell):
    """The text of a cell's outputs."""
    return "".join(output["text"] if "text" in output else output["data"]["text/plain"] + "\n"
                   for output in cell.outputs)


def refresh_notebook():
    import nbformat
    notebook = nbformat.v4.new_notebook(
        cells=cells((ROOT / "docs" / "guide.md").read_text(encoding="utf-8")))
    execute(notebook)
    NOTEBOOK.write_bytes((nbformat.writes(notebook) + "\n").encode("utf-8"))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--record"]:
        os.chdir(ROOT)
        sys.path[0] = str(ROOT)  # as for a reader who starts Python there
        record(Path(sys.argv[2]))
        sys.exit()
    if sys.argv[1:] == ["trace"]:
        sys.exit(refresh_trace())
    docs = [Path(name).resolve() for name in sys.argv[1:]] or DOCS
    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    if ROOT / "docs" / "port.md" in docs:
        import mistakes
        mistakes.main()
    for doc in docs:
        print(f"{doc.relative_to(ROOT)}: {refresh(doc)} outputs rewritten")
    if ROOT / "docs" / "guide.md" in docs:
        refresh_notebook()
    if not sys.argv[1:]:
        refresh_trace()
