"""docs/trace.py and the page that it writes: the numbers, and what a person does in a browser."""
import base64
import gzip
import importlib.util
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from record_steps import FUNCTIONS
from tf_bundle import write_bundle

import utils
from gpt2 import softmax

ROOT = Path(__file__).resolve().parent.parent
SPEC = importlib.util.spec_from_file_location("docs_trace", ROOT / "docs" / "trace.py")
trace = importlib.util.module_from_spec(SPEC)  # not import trace: Python has a module of that name
SPEC.loader.exec_module(trace)

DATA = ROOT / "tests" / "data"
SMALL = ["--model_size", "small", "--models_dir", str(DATA)]
HOSTILE = ["</script><script>console.log(1)</script>", "<!-- \"it's\" `${x}` &amp; \u2028 {{data}}",
           "", "👍🏽", "\n\n\t\0", "\\x07 \\n"]


def write(path, prompt, n_tokens=2, model_size="small", models_dir=DATA, **options):
    """Write a page -> its data, as the page's script sees them"""
    given = inspect.signature(trace.gpt2.main).bind(
        prompt, n_tokens, model_size=model_size, models_dir=str(models_dir), **options)
    given.apply_defaults()
    trace.write(path, given.arguments)
    return data_of(path)


def data_of(path):
    """-> the data of a page; "array" of a value is the array that was kept"""
    page = path.read_text(encoding="utf-8")
    packed = re.search(r'<script type="text/plain".*?>(.*?)</script>', page)[1]
    data, numbers = gzip.decompress(base64.b64decode(packed)).split(b"\n", 1)
    data, numbers = json.loads(data), np.frombuffer(numbers, "<f2").astype(np.float32)
    for stop in data["stops"]:
        stop["isDef"] = data["source"].split("\n")[stop["line"] - 1].startswith("def ")
        for value in stop["values"]:
            if "start" in value:
                end = value["start"] + int(np.prod(value["shape"]))
                value["array"] = numbers[value["start"]:end].reshape(value["shape"])
            elif "numbers" in value:
                value["array"] = np.reshape(np.float32(value["numbers"]), value["shape"])
    return data


def made(data, function, name=None, n=0, pass_=0):
    """What a function returned, each time in a pass; or its argument called name, or the nth"""
    for stop in data["stops"]:
        if (stop["function"], stop["pass"]) == (function, pass_):
            if name is None and stop["values"] and stop["values"][0]["name"] == "returns":
                yield stop["block"], stop["values"][0]
            elif name is not None and stop["isDef"]:
                yield stop["block"], stop["values"][n]


# ---- the numbers

def test_every_step_has_openais_numbers(tmp_path, monkeypatch):
    """They are kept with 11 bits (float16); before that, float32 may differ by 5e-6, as always."""
    expected = dict(np.load(DATA / "small" / "steps.npz"))
    ids = expected.pop("ids").tolist()
    monkeypatch.setattr(utils, "encode_prompt", lambda *args: list(ids))  # some are no whole text
    data = write(tmp_path / "trace.html", "", 1)
    assert data["ids"][:-1] == ids
    found = {}
    for function, _, steps in FUNCTIONS:
        for n, (block, value) in enumerate(made(data, function)):
            if block is None:  # after the last block, and in the sampler
                continue
            name = f"h{block}/{steps[n % len(steps)]}".rstrip("/")
            found[name] = value["array"]
    found["embedding"] = next(made(data, "transformer_block", "x"))[1]["array"]
    found["present"] = np.stack([np.stack([keys[1]["array"], values[1]["array"]]) for keys, values
                                 in zip(made(data, "attention", "k", 1),
                                        made(data, "attention", "v", 2))])
    for name, theirs in expected.items():
        if name in ("logits", "ln_f"):
            continue
        ours = found.pop(name)
        allowed = 2.0 ** -11 * abs(theirs) + 2.0 ** -25 + 5e-6 * abs(theirs).max()
        assert ours.shape == theirs.shape
        assert (abs(ours - theirs) <= allowed).all(), name
    assert not found
    ln_f = [value["array"] for block, value in made(data, "layer_norm") if block is None]
    theirs = expected["ln_f"][-1]  # generate asks for the last row only
    assert len(ln_f) == 1
    assert np.allclose(ln_f[0].ravel(), theirs, rtol=2.0 ** -11, atol=5e-6 * abs(theirs).max())
    (_, logits), theirs = next(made(data, "gpt2")), expected["logits"][-1]
    best = np.argsort(-theirs)[:12].tolist()
    assert [row[0] for row in logits["rows"]][:12] == best
    for i, _, share, _, x, _ in logits["rows"]:
        assert float(x) == pytest.approx(theirs[i], rel=5e-5, abs=float(5e-6 * abs(theirs).max()))
        assert share == pytest.approx(softmax(theirs)[i], rel=1e-3)


@pytest.fixture(scope="session")
def planted(tmp_path_factory):
    """A model with zeros for weights, so that a linear layer returns its bias, and each number in a
    bias or an embedding says where it is from. All of them are whole and fit into 11 bits."""
    folder = tmp_path_factory.mktemp("models") / "planted"
    shutil.copytree(DATA / "small", folder)
    hparams = dict(n_vocab=512, n_ctx=64, n_embd=8, n_head=2, n_layer=3)
    (folder / "hparams.json").write_text(json.dumps(hparams), encoding="utf-8")
    tensors = {f"model/{name}": np.zeros(shape, np.float32)
               for name, shape in utils.gpt2_shapes(**hparams).items()}
    for name, tensor in tensors.items():
        if name.endswith("/b") and "/ln_" not in name:
            tensor[:] = code(name) + np.arange(len(tensor))
    tensors["model/wte"][:] = np.arange(512)[:, None]
    tensors["model/wpe"][:] = np.arange(64)[:, None] / 2
    write_bundle(folder / "model.ckpt", tensors)
    return folder


def code(name):  # model/h2/mlp/c_fc/b
    block, part = re.findall(r"h(\d)/(\w+/\w+)", name)[0]
    kinds = ["attn/c_attn", "attn/c_proj", "mlp/c_fc", "mlp/c_proj"]
    return 40 * (1 + 4 * int(block) + kinds.index(part))


def test_nothing_is_kept_in_the_wrong_place(planted, tmp_path):
    data = write(tmp_path / "trace.html", "to be", 3, "planted", planted.parent)
    assert [b - a for a, b in zip(data["passes"], data["passes"][1:])][1:] == [1, 1]
    kinds = ["attn/c_attn", "attn/c_proj", "mlp/c_fc", "mlp/c_proj"]
    for n, (first, end) in enumerate(zip(data["passes"], data["passes"][1:])):
        ids, n_seq = data["ids"][first:end], end - first
        (_, x), *others = made(data, "transformer_block", "x", pass_=n)
        assert (x["array"] == np.array(ids)[:, None] + np.arange(first, end)[:, None] / 2).all()
        assert [block for block, _ in others] == [1, 2]
        linear = [*made(data, "linear", pass_=n)]
        names = [*made(data, "linear", "w", 1, n)]
        assert len(linear) == len(names) == 12
        for m, ((block, value), (_, w)) in enumerate(zip(linear, names)):
            assert block == m // 4
            wanted = code(f"h{block}/{kinds[m % 4]}") + np.arange(value["shape"][1])
            assert (value["array"] == np.tile(wanted, [n_seq, 1])).all()
            part, layer = kinds[m % 4].split("/")
            assert w["text"] == f"params['blocks'][{block}]['{part}']['{layer}']['w']"
        for m, name in enumerate("qkv"):
            for block, value in made(data, "attention", name, m, n):
                seen = n_seq if name == "q" else end  # the cache has all tokens so far
                row = code(f"h{block}/attn/c_attn") + 8 * m + np.arange(8).reshape(2, 1, 4)
                assert (value["array"] == np.tile(row, [1, seen, 1])).all()


def test_sampling_shows_what_was_removed_and_what_was_drawn(tmp_path):
    data = write(tmp_path / "trace.html", "to be", 3, temperature=0.8, top_k=5, top_p=0.9, seed=1)
    for n in range(3):
        first, end = data["passes"][n:n + 2]
        new, chosen = data["ids"][first:end], data["ids"][end]
        assert any(value.get("ids") == new for stop in data["stops"] for value in stop["values"]
                   if (stop["function"], stop["pass"], stop["isDef"]) == ("generate", n, False)
                   and value["name"] != "yields")  # what gpt2 is about to read
        _, probs = next(made(data, "next_token_probs", pass_=n))
        _, logits = next(made(data, "gpt2", pass_=n))
        left = [i for i, state, *_ in probs["rows"] if state != "removed"]
        assert chosen in left
        n_left = [int(value["caption"].split()[0]) for value in (probs, logits)]
        assert len(left) == n_left[0] <= 5 < n_left[1] == 512
        assert sum(share for _, _, share, *_ in probs["rows"]) == pytest.approx(1, abs=1e-3)


# ---- the command line

def run(script, *words, cwd):
    return subprocess.run([sys.executable, str(ROOT / script), *words], cwd=cwd, encoding="utf-8",
                          capture_output=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})


def test_it_takes_the_options_of_the_program_and_prints_the_same(tmp_path):
    words = ["to be", "3", "--temperature", "0.8", "--top_k", "5", "--seed", "7", *SMALL]
    ours = run("docs/trace.py", *words, cwd=tmp_path)
    assert (ours.returncode, ours.stderr) == (0, "")
    assert ours.stdout == run("gpt2.py", *words, cwd=tmp_path).stdout
    assert len(data_of(tmp_path / "trace.html")["passes"]) == 4


@pytest.mark.parametrize("words, named", [
    (["hello " * 50, "100", "--model_size", "3M"], "MB"), (["hello", "0", *SMALL], "at least one"),
    (["hello", "--topk", "5", *SMALL], "topk")])
def test_what_no_page_can_show_is_refused(words, named, tmp_path):
    done = run("docs/trace.py", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert named in done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


# ---- in a browser

@pytest.fixture(scope="module")
def browser():
    reason = "not tried in a browser: "
    api = pytest.importorskip("playwright.sync_api", reason=reason + "pip install playwright")
    paths = map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])
    path = next(filter(None, paths), None)
    if path is None:
        pytest.skip(reason + "no Chromium on the PATH")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def tab(browser):
    """One page without a network, and what was said on it"""
    page, said = browser.new_context(offline=True).new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if request.url[:4] == "http" else 0)
    return page, said


@pytest.fixture
def open_page(tab):
    """open_page(file, number of a stop) -> the page; at the end, nothing was said on it"""
    page, said = tab

    def open_page(path, stop=None):
        page.goto("about:blank")
        page.goto(path.as_uri() + (f"#{stop}" if stop is not None else ""))
        page.wait_for_selector(".here")
        return page

    said.clear()
    yield open_page
    assert not said


@pytest.fixture(scope="module")
def sampled(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "trace.html"
    return path, write(path, "to be or not", 3, temperature=0.8, top_k=5, top_p=0.9, seed=1)


def place(page):
    return int(page.evaluate("location.hash.slice(1)"))


def test_keys_step_and_buttons_choose(sampled, open_page):
    path, data = sampled
    page, stops = open_page(path, 0), data["stops"]
    for n in range(1, 6):
        page.keyboard.press("ArrowRight")
        assert place(page) == n
        here = page.locator("li.here")
        assert here.count() == 1
        assert here.evaluate("li => [...li.parentNode.children].indexOf(li)") + 1 \
            == stops[n]["line"]
    page.keyboard.press("ArrowLeft")
    assert place(page) == 4
    inner = next(n for n, stop in enumerate(stops) if stop["function"] == "attention")
    page = open_page(path, inner)
    page.keyboard.press("ArrowUp")  # out of the call
    assert stops[place(page)]["depth"] == stops[inner]["depth"] - 1
    page = open_page(path, inner)
    for key, expected in [("3", (0, 2)), ("p", (1, 2)), ("b", (1, 0))]:
        page.keyboard.press(key)
        stop = stops[place(page)]
        assert (stop["line"], stop["pass"], stop["block"]) == (stops[inner]["line"], *expected)
    page.locator("#heads button").nth(2).click()
    assert {text.strip() for text in page.locator("figcaption").all_text_contents()} == {"head 2"}


def test_a_click_on_a_line_jumps_there(sampled, open_page):
    path, data = sampled
    page = open_page(path, 0)
    for line in sorted({stop["line"] for stop in data["stops"]})[::5]:
        page.locator("li").nth(line - 1).click()
        assert data["stops"][place(page)]["line"] == line
    last = [n for n, stop in enumerate(data["stops"])
            if stop["pass"] == 1 and stop["block"] == 1][-1]
    for function in ("softmax", "attention", "gpt2"):  # to the last time that it ran before
        ran = [n for n, stop in enumerate(data["stops"])
               if stop["function"] == function and stop["isDef"] and n <= last]
        open_page(path, last).locator("li").nth(data["stops"][ran[-1]]["line"] - 1).click()
        assert place(page) == ran[-1]


def test_lines_are_chosen_with_the_keyboard(sampled, open_page):
    path, data = sampled
    page = open_page(path, 0)
    ran = sorted({stop["line"] for stop in data["stops"]})
    line = "document.activeElement.closest('li') && [...document.querySelectorAll('li')]" \
           ".indexOf(document.activeElement.closest('li')) + 1"
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate(line):
            break
    for expected in ran[:3]:  # from the first that ran, in order
        assert page.evaluate(line) == expected
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.here').contains(document.activeElement)")
    assert data["stops"][place(page)]["line"] == ran[3]
    page.keyboard.press("ArrowRight")  # the focus goes with the step
    assert page.evaluate(line) == data["stops"][place(page)]["line"]


def test_it_opens_with_an_introduction_and_says_something_everywhere(sampled, open_page):
    path, data = sampled
    page = open_page(path)
    assert place(page) == 0
    assert "language model" in page.locator("main").inner_text()
    said = {}
    for n, stop in enumerate(data["stops"]):
        said.setdefault(stop["line"], n)
    lines = data["source"].split("\n")
    for line, n in said.items():
        page = open_page(path, n)
        assert "language model" not in page.locator("main").inner_text() or n == 0
        text = page.locator("#comment").evaluate("p => p.firstChild.textContent")
        assert len(text.split()) >= 2
        if "  # " in lines[line - 1] and not lines[line - 1].startswith("def"):
            assert lines[line - 1].split("  # ")[1] in text


def test_the_texts_buttons_work_from_the_first_stop_and_the_last(sampled, open_page):
    path, data = sampled
    for stop in 0, len(data["stops"]) - 1:
        page = open_page(path, stop)
        for n in 2, 0, 1:
            page.locator("#passes button").nth(n).click()
            assert min(data["stops"][place(page)]["pass"], 2) == n  # 3: after the last pass


def test_a_chosen_line_stays_in_the_pass_and_the_block(sampled, open_page):
    path, data = sampled
    page, stops = open_page(path, 0), data["stops"]
    here = next(stop for stop in stops if stop["pass"] == 1 and stop["block"] == 1)
    page = open_page(path, here["number"])
    for line in sorted({stop["line"] for stop in stops if stop["block"] == 1})[::3]:
        page.locator("li").nth(line - 1).locator("a").click()
        now = stops[place(page)]
        assert (now["line"], now["pass"], now["block"]) == (line, 1, 1)


def test_the_number_of_a_cell_is_the_number_recorded(sampled, open_page):
    path, data = sampled
    shapes = {}
    for n, stop in enumerate(data["stops"]):  # one of each number of axes, in both kinds of pass
        if "array" in (stop["values"] or [{}])[0]:
            shapes.setdefault((len(stop["values"][0]["shape"]), stop["pass"] > 0), n)
    assert len(shapes) >= 6
    for n in shapes.values():
        page, values = open_page(path, n), data["stops"][n]["values"]
        assert "blue" in page.locator("section").first.locator(".scale").text_content()
        page.locator("canvas").last.hover()
        numbers = [page.locator("#number").text_content()]
        caption = page.locator("figcaption").last.text_content().strip()
        if caption.startswith("head"):
            assert caption in numbers[0]
            assert numbers[0].split("[")[1].startswith(f"{int(caption.split()[1]) - 1}, ")
        page.locator("figure").first.focus()
        for _ in range(3):
            page.keyboard.press("ArrowRight")
            numbers.append(page.locator("#number").text_content())
        for text in numbers:
            name, index, x = re.match(r"(.*)\[([\d, ]*)\] = (\S+)", text).groups()
            array = next(value["array"] for value in values if value["name"] == name)
            recorded = array[tuple(map(int, index.split(", ")))]
            assert float(x.replace("−", "-")) == pytest.approx(recorded, rel=6e-4)


def test_bars_are_those_of_softmax(sampled, open_page):
    path, data = sampled
    n, logits = next((n, stop["values"][0]) for n, stop in enumerate(data["stops"])
                     if stop["function"] == "gpt2" and "rows" in (stop["values"] or [{}])[0]
                     and stop["values"][0]["name"] == "returns")
    _, _, params = utils.load_encoder_hparams_and_params("small", str(DATA))
    ids, n_head = data["ids"][:data["passes"][1]], data["hparams"]["n_head"]
    probs = softmax(trace.gpt2.gpt2(ids, **params, n_head=n_head)[-1])
    page = open_page(path, n)
    widths = page.locator(".bar").evaluate_all(
        "bars => bars.map(bar => parseFloat(bar.firstChild.style.width) / 100)")
    shown = page.locator(".bar + td").all_text_contents()
    assert len(widths) == len(logits["rows"]) >= 12
    for (i, *_), width, text in zip(logits["rows"], widths, shown):
        assert width == pytest.approx(probs[i], rel=1e-3)
        assert text == f"{100 * probs[i]:.1f} %"
    n = next(n for n, stop in enumerate(data["stops"]) if stop["function"] == "next_token_probs"
             and stop["values"] and stop["values"][0]["name"] == "returns")
    page = open_page(path, n)
    removed = sum(row[1] == "removed" for row in data["stops"][n]["values"][0]["rows"])
    assert page.locator("tr.removed").count() == removed > 0
    assert page.locator("tr.next th").text_content() == data["labels"][str(data["ids"][4])] \
        or page.locator("tr.next").count() == 1


@pytest.mark.parametrize("prompt", HOSTILE)
def test_any_prompt_is_shown_as_text(prompt, open_page, tmp_path):
    path = tmp_path / "<b> & 'trace'.html"
    data = write(path, prompt, 3)
    page = open_page(path)
    assert page.locator("script").count() == 2
    shown = page.locator("#passes i").all_text_contents()
    assert "".join(shown) == "".join(data["labels"][str(i)] for i in data["ids"])
    for _ in range(5):
        page.keyboard.press("ArrowRight")


@pytest.mark.parametrize("width, height", [(400, 800), (1280, 800), (1920, 1080)])
def test_it_fits_the_screen(width, height, sampled, open_page):
    path, data = sampled
    page = open_page(path)
    page.set_viewport_size({"width": width, "height": height})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for box in (page.locator("ol").bounding_box(), page.locator("main").bounding_box()):
        assert box["height"] > 200 and box["y"] + box["height"] <= height


def test_a_wrapped_line_keeps_its_indent(sampled, open_page):
    page = open_page(sampled[0])
    page.set_viewport_size({"width": 400, "height": 800})
    lines = page.locator("code").evaluate_all("""codes => codes.map(code => {
        const range = document.createRange();
        range.selectNodeContents(code);
        const boxes = [...range.getClientRects()].filter(box => box.width > 9);
        const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
        while (walker.nextNode() && !walker.currentNode.data.trim());
        const indent = walker.currentNode.data?.search(/\\S/) ?? -1;
        if (indent < 0) return [];
        range.setStart(walker.currentNode, indent);
        range.setEnd(walker.currentNode, indent + 1);
        const start = range.getBoundingClientRect();
        return boxes.filter(box => box.top > start.bottom).map(box => box.left - start.left);
    })""")
    wrapped = [left for line in lines for left in line]
    assert len(wrapped) > 20 and min(wrapped) > 0
