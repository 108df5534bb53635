"""Run what the documentation shows, and write down what comes out. For developers.

    python docs/refresh.py [FILE ...]     all of them, if none is named
    python docs/refresh.py trace          docs/trace.html, and its picture docs/figures/trace.png

It rewrites in place, and a second run changes nothing:
    >>> examples         their outputs; all examples of a file share one namespace
    console blocks       the output of each line "$ python gpt2.py ... --model_size 3M"; a line
                         "$ python lab.py ..." runs a copy of gpt2.py with the last ```diff made
    quotations           python blocks and the "-" lines of diffs, where comments of the source have
                         changed; where code has, it says so, and a person has to decide
    docs/port.md         its tables of mistakes and its example, by tests/mistakes.py
    links to source      the lines of [`gelu`](../gpt2.py#L24-L27), found by the name
tests/test_docs.py checks the same with the functions of this file.
"""
import ast
import doctest
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
SOURCES = ["gpt2.py", "encoder.py", "utils.py"]
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


class Collector(doctest.DocTestRunner):
    """Runs examples, says nothing, and keeps those whose output was another: (example, got)."""

    def __init__(self, checker=None):
        super().__init__(checker, verbose=False)
        self.wrong = []

    def report_failure(self, out, test, example, got):
        self.wrong.append((example, got))

    def report_unexpected_exception(self, out, test, example, exc_info):
        raise RuntimeError(f"{test.name}, line {example.lineno + 1}: {example.source}") \
            from exc_info[1]


def wrong_examples(path, checker=None):
    """Run the >>> examples of a file; -> [(example, what came out), ...] of those that differ."""
    text = path.read_text(encoding="utf-8")
    masked = [""] * (text.count("\n") + 1)  # only what stands in fences, at its own line
    for _, start, lines in fences(text):
        if any(line.startswith(">>>") for line in lines):
            masked[start:start + len(lines)] = lines
    examples = doctest.DocTestParser().get_examples("\n".join(masked))
    test = doctest.DocTest(examples, {"__name__": "__main__"}, path.name, str(path), 0, None)
    runner = Collector(checker)
    runner.run(test, out=lambda text: None)
    return runner.wrong


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
                              env={**os.environ, "PYTHONPATH": str(ROOT)}, encoding="utf-8",
                              stdin=subprocess.DEVNULL, capture_output=True)
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
    for example, got in wrong_examples(path):
        start = example.lineno + example.source.count("\n")
        new = [line.rstrip() or "<BLANKLINE>" for line in got.split("\n")[:-1]]
        edits.append((start, example.want.count("\n"), new))
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


def refresh_trace():
    """Write docs/trace.html; with playwright and a Chromium on the PATH, docs/figures/trace.png."""
    words = ["Lily had a red kite. One day Lily lost her", "4", "--model_size", "3M"]
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


if __name__ == "__main__":
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
