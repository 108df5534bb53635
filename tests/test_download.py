"""Downloads from a store on loopback that misbehaves on purpose. Nothing else is ever contacted."""
import base64
import errno
import hashlib
import io
import itertools
import json
import os
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from types import SimpleNamespace

import pytest
import requests

import utils
from utils import ModelError, download_gpt2_files

ROOT = Path(__file__).parent.parent
SMALL = ROOT / "tests/data/small"  # a tiny model, which the store serves as its 124M
DATA = "model.ckpt.data-00000-of-00001"
FILES = {name: (SMALL / name).read_bytes() for name in [
    "checkpoint", "encoder.json", "hparams.json", "model.ckpt.index", DATA, "vocab.bpe"]}
CASE = json.loads((SMALL / "expected.json").read_text("utf-8"))["prompts"][0]
DONE = (0, CASE["greedy_text"] + "\n", "")  # what the program gives: status, stdout, stderr
PAUSES = list(utils.PAUSES)
PAGE = b"<!DOCTYPE html><title>Welcome to our hotel</title>"
ALWAYS = itertools.repeat
CUT = {"cut": 3 * 2**16}  # after three chunks: not every version of requests hands out half a one
posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX's signals or terminals")


def md5(data):
    return base64.b64encode(hashlib.md5(data).digest()).decode()


class Store(ThreadingHTTPServer):
    """plans[name] is an iterator of what to do wrong, request by request: arguments of answer()."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.plans, self.asked, self.etag = dict(FILES), {}, [], '"1"'
        self.url = f"http://127.0.0.1:{self.server_address[1]}/models"

    def server_bind(self):
        TCPServer.server_bind(self)  # HTTPServer's asks the network what 127.0.0.1 is called

    def handle_error(self, request, client_address):
        pass  # clients are killed here

    def ranges(self, name):
        return [headers["Range"] for path, headers in self.asked if path.endswith("/" + name)]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append((self.path, self.headers))
        name = self.path.rsplit("/")[-1]
        self.answer(name, **next(self.server.plans.get(name, ALWAYS({})), {}))

    def do_CONNECT(self):
        self.server.asked.append((self.path, self.headers))
        self.send_error(403)

    def answer(self, name, status=200, body=None, cut=None, gate=None, ranges=True, if_range=True,
               silence=None, headers=()):
        """Send the file, or from cut on nothing more. Events: silence waits first, gate halfway."""
        if silence:
            silence.wait(30)
        body = self.server.files[name] if body is None else body
        start, etag = 0, self.server.etag
        fields = {"Content-Type": "application/octet-stream", "ETag": etag}
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        if wanted and ranges and status == 200 and (
                not if_range or self.headers["If-Range"] in (None, etag)):
            start = int(wanted[1])
            status = 206 if start < len(body) else 416
            fields["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        if status == 200:  # as in Azure's store, there is no MD5 with a range
            fields["Content-MD5"] = md5(body)
        fields.update({"Content-Length": str(max(len(body) - start, 0)), **dict(headers)})
        self.send_response(status)
        for field in fields.items():
            if field[1] is not None:
                self.send_header(*field)
        self.end_headers()
        half = len(body) // 2
        if gate:
            self.wfile.write(body[start:half])
            gate.wait(30)
            start = max(start, half)
        self.wfile.write(body[start:cut])
        self.close_connection = cut is not None or "Content-Length" in dict(headers)

    def log_message(self, *args):
        pass


@pytest.fixture
def store(monkeypatch):
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    with Store() as store:
        thread = threading.Thread(target=store.serve_forever, args=[0.01])
        thread.start()
        monkeypatch.setenv("GPT2_MODELS_URL", store.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield store
        store.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch):
    """No name but loopback's resolves, and the pauses are short."""
    getaddrinfo = socket.getaddrinfo

    def resolve(host, *args, **kwargs):
        if host != "127.0.0.1":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return getaddrinfo(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(utils, "PAUSES", [0.001, 0.002, 0.003])


@pytest.fixture
def pauses(monkeypatch):
    """The pauses that were made, in thousandths of a second."""
    made = []
    sleep = SimpleNamespace(sleep=lambda seconds: made.append(round(1000 * seconds)))
    monkeypatch.setattr(utils, "time", sleep)
    return made


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "models" / "124M"


def interrupted(*args):
    raise KeyboardInterrupt


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def refusal(folder):
    """Try to download what cannot be. Returns the message, which has to say what to do."""
    with pytest.raises(ModelError) as caught:
        download_gpt2_files("124M", folder)
    message = str(caught.value)
    assert_says_what_to_do(message, folder)
    return message


def assert_says_what_to_do(message, folder):
    problem, advice = re.fullmatch(r"(.*)\. Try again(.*)", message).groups()
    assert "/124M" in problem or str(folder.parent) in problem
    for what in ["GPT2_MODELS_URL", "--model_size 3M", f"by hand into {folder}:"]:
        assert what in advice
    for name in FILES:  # the URLs of those files that are lacking, and no others
        assert (f"/124M/{name}" in advice.split(f"{folder}:")[1]) != (folder / name).exists()


def command(models_dir, *options):
    return [sys.executable, str(ROOT / "gpt2.py"), CASE["prompt"], "--n_tokens", "20",
            "--models_dir", str(models_dir), "--model_size", "124M", *options]


def start(folder, *options, **kwargs):
    return subprocess.Popen(command(folder.parent, *options), stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, **kwargs)


def finish(process):
    """-> status, stdout, stderr"""
    out, err = (raw.decode("utf-8") for raw in process.communicate(timeout=60))
    return process.returncode, out, err


def leave_a_part(store, folder):
    """Download until DATA is cut at its fourth chunk and the store does not answer any more."""
    store.plans[DATA] = itertools.chain([CUT], ALWAYS({"status": 503}))
    refusal(folder)
    assert content(folder)[f"{DATA}.part"] == FILES[DATA][:3 * 2**16]
    store.plans.clear()
    store.asked.clear()


def wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def size(path):
    return path.stat().st_size if path.exists() else 0


# ---- the program, on a machine that has nothing yet

def test_the_program_downloads_and_answers_and_asks_for_nothing_the_second_time(store, folder):
    assert finish(start(folder)) == DONE
    assert content(folder) == FILES
    assert sorted(path for path, _ in store.asked) == sorted(f"/models/124M/{n}" for n in FILES)
    assert {headers["Accept-Encoding"] for _, headers in store.asked} == {"identity"}
    store.asked.clear()
    assert finish(start(folder)) == DONE
    assert store.asked == []


def test_kill_9_leaves_what_the_next_run_goes_on_with(store, folder):
    gate, part = threading.Event(), folder / f"{DATA}.part"
    store.plans[DATA] = iter([{"gate": gate}])
    process = start(folder)
    wait_until(lambda: size(part) > 100_000)
    process.kill()
    finish(process)
    gate.set()
    assert not (folder / DATA).exists()
    have = size(part)
    assert finish(start(folder)) == DONE
    assert content(folder) == FILES
    assert store.ranges(DATA) == [None, f"bytes={have}-"]


def test_two_processes_at_once_end_well_and_fetch_each_file_once(store, folder):
    gate = threading.Event()
    store.plans[DATA] = iter([{"gate": gate}])
    processes = [start(folder), start(folder)]
    threading.Timer(1, gate.set).start()  # time enough for both to get into each other's way
    assert [finish(process) for process in processes] == [DONE, DONE]
    assert len(store.asked) == len(FILES)
    assert content(folder) == FILES


def test_a_process_that_waits_goes_on_where_another_was_killed(store, folder):
    gate, part = threading.Event(), folder / f"{DATA}.part"
    store.plans[DATA] = iter([{"gate": gate}])
    first = start(folder)
    wait_until(lambda: size(part) > 100_000)
    second = start(folder)
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(1)
    assert len(store.asked) == 1
    first.kill()
    finish(first)
    have = size(part)
    assert finish(second) == DONE
    gate.set()
    assert store.ranges(DATA) == [None, f"bytes={have}-"]


@posix
def test_ctrl_c_ends_quietly_and_leaves_what_can_be_resumed(store, folder):
    gate, part = threading.Event(), folder / f"{DATA}.part"
    store.plans[DATA] = iter([{"gate": gate}])
    process = start(folder)
    wait_until(lambda: size(part) > 100_000)
    process.send_signal(signal.SIGINT)
    assert finish(process) == (130, "", "")
    gate.set()
    have = size(part)
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES
    assert store.ranges(DATA) == [None, f"bytes={have}-"]


def test_the_program_says_one_line_when_there_is_no_such_file(store, folder):
    store.plans["hparams.json"] = ALWAYS({"status": 404})
    status, out, err = finish(start(folder))
    assert (status, out) == (1, "")
    assert err.startswith(f"gpt2.py: {store.url}/124M/hparams.json: 404 Not Found. ")
    assert err.count("\n") == 1
    assert_says_what_to_do(err.strip(), folder)
    assert not (folder / "hparams.json").exists()


@pytest.mark.parametrize("name", ["../outside", "124M/../../outside", "..", "/outside", "345M"])
def test_no_other_name_is_asked_for_or_makes_a_folder(store, tmp_path, name):
    models_dir = tmp_path / "a/models"
    with pytest.raises(ModelError, match="124M, 355M, 774M, 1558M"):
        download_gpt2_files(name, tmp_path / "a/models" / name.lstrip("/"))
    with pytest.raises(utils.UsageError):
        utils.load_encoder_hparams_and_params(name, models_dir)
    assert store.asked == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("model_size", ["124M", "355M", "774M", "1558M"])
def test_each_size_comes_from_a_folder_of_its_own(store, tmp_path, model_size):
    download_gpt2_files(model_size, tmp_path / model_size)
    assert {path for path, _ in store.asked} == {f"/models/{model_size}/{name}" for name in FILES}
    assert content(tmp_path / model_size) == FILES


@pytest.mark.parametrize("variable", [{}, {"GPT2_MODELS_URL": ""}])
def test_without_a_mirror_the_source_is_openais_store(folder, monkeypatch, variable):
    monkeypatch.delenv("GPT2_MODELS_URL", raising=False)
    for item in variable.items():
        monkeypatch.setenv(*item)
    source = "https://openaipublic.blob.core.windows.net/gpt-2/models/124M"
    message = refusal(folder)
    assert message.startswith(f"{source}/{DATA}: ")
    assert set(message.split()[-6:]) == {f"{source}/{name}" for name in FILES}


# ---- connections that are cut, and stores that are busy

def test_a_cut_connection_is_resumed_where_it_was_cut(store, folder):
    store.plans[DATA] = iter([CUT, {"cut": 4 * 2**16}])
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES
    assert store.ranges(DATA) == [None, f"bytes={3 * 2**16}-", f"bytes={4 * 2**16}-"]


def test_a_cut_is_noticed_where_requests_says_nothing(store, folder, monkeypatch, pauses):
    iter_content = requests.Response.iter_content

    def as_in_older_versions(*args):
        with suppress(requests.RequestException):
            yield from iter_content(*args)

    monkeypatch.setattr(requests.Response, "iter_content", as_in_older_versions)
    store.plans[DATA] = iter([CUT])
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES
    assert len(store.ranges(DATA)) == 2
    assert pauses == [1]


@pytest.mark.parametrize("where", ["silence", "gate"], ids=["at once", "halfway"])
def test_a_connection_that_falls_silent_counts_as_cut(store, folder, monkeypatch, where):
    monkeypatch.setattr(utils, "TIMEOUT", 0.5)
    go_on = threading.Event()
    store.plans[DATA] = iter([{where: go_on}])
    download_gpt2_files("124M", folder)
    go_on.set()
    assert content(folder) == FILES
    assert len(store.ranges(DATA)) > 1


def test_pauses_grow_and_are_short_again_after_progress(store, folder, pauses):
    busy = {"status": 503}
    store.plans[DATA] = iter([busy, busy, {"cut": 100_000}, busy, CUT, busy, busy])
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES
    assert pauses == [1, 2, 1, 2, 1, 2, 3]
    assert PAUSES == sorted(set(PAUSES)) and sum(PAUSES) < 20


def test_a_store_that_always_cuts_is_given_up(store, folder):
    store.plans[DATA] = ALWAYS({**CUT, "ranges": False})
    assert f"{store.url}/124M/{DATA}: " in refusal(folder)
    assert len(store.asked) == 1 + len(utils.PAUSES)
    assert size(folder / f"{DATA}.part") == 3 * 2**16


def test_a_store_that_ignores_range_is_started_over(store, folder):
    store.plans[DATA] = iter([CUT, {"ranges": False}])
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES
    assert store.ranges(DATA) == [None, "bytes=196608-"]


@pytest.mark.parametrize("lie", ["bytes 0-450239/450240", "bytes 196608-450239/450241", None])
def test_an_answer_that_is_not_the_rest_is_not_appended(store, folder, lie):
    store.plans[DATA] = iter([CUT, {"headers": {"Content-Range": lie}}])
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES
    assert store.ranges(DATA) == [None, "bytes=196608-", None]


@pytest.mark.parametrize("new", [FILES[DATA][::-1], FILES[DATA][:99_999]],
                         ids=["as long", "shorter"])
@pytest.mark.parametrize("if_range", [True, False])
def test_a_part_whose_file_has_changed_is_started_over(store, folder, new, if_range):
    leave_a_part(store, folder)
    store.files[DATA], store.etag = new, '"2"'
    store.plans[DATA] = ALWAYS({"if_range": if_range, "headers": {"Content-MD5": None}})
    download_gpt2_files("124M", folder)
    assert content(folder) == store.files
    assert store.asked[0][1]["If-Range"] == '"1"'


@pytest.mark.parametrize("etag, modified, md5, resumed", [
    (None, None, None, False),
    (None, None, md5(FILES[DATA]), True),
    (None, "Wed, 27 Nov 2019 21:13:09 GMT", None, True),
    ('"1"', None, None, True)], ids=["nothing", "md5", "date", "etag"])
def test_only_what_can_be_told_from_another_version_is_resumed(store, folder, etag, modified, md5,
                                                               resumed):
    headers = {"ETag": etag, "Last-Modified": modified, "Content-MD5": md5}
    store.plans[DATA] = iter([{**CUT, "headers": headers}, {"if_range": False, "headers": headers}])
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES
    assert store.ranges(DATA) == [None, "bytes=196608-" if resumed else None]


# ---- what was killed between two steps

def test_a_part_that_is_whole_only_gets_its_name(store, folder, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            download_gpt2_files("124M", folder)
    assert content(folder)[f"{DATA}.part"] == FILES[DATA]
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES
    assert store.ranges(DATA) == [None]


@pytest.mark.parametrize("end, damaged", [(".part.json", b""), (".part.json", bytes(90)),
                                          (".part", b""), (".part", bytes(500_000))],
                         ids=["no notes", "zeros for notes", "no part", "more than the whole"])
def test_damaged_parts_and_notes_are_started_over(store, folder, end, damaged):
    leave_a_part(store, folder)
    (folder / f"{DATA}{end}").write_bytes(damaged)
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES


@pytest.mark.parametrize("end", [".part", ".part.json"])
def test_a_part_or_notes_alone_are_started_over(store, folder, end):
    leave_a_part(store, folder)
    (folder / f"{DATA}{end}").unlink()
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES


# ---- wrong bytes

@pytest.mark.parametrize("plan", [{}, CUT])
def test_wrong_bytes_are_refused_and_removed(store, folder, plan):
    store.plans[DATA] = iter([{**plan, "headers": {"Content-MD5": md5(b"others")}}])
    assert f"{store.url}/124M/{DATA}: wrong bytes" in refusal(folder)
    assert not list(folder.glob("*ckpt*"))
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES


def test_a_part_that_was_damaged_meanwhile_is_noticed(store, folder):
    """The answer to the request for its rest has no MD5 of the whole: the first one had."""
    leave_a_part(store, folder)
    with open(folder / f"{DATA}.part", "r+b") as file:
        file.write(b"?")
    assert "wrong bytes" in refusal(folder)
    assert not list(folder.glob("*ckpt*"))


def test_the_hash_takes_no_second_read(store, folder, monkeypatch):
    modes = []

    def spy(path, mode):
        modes.append(mode)
        return open(path, mode)

    monkeypatch.setattr(utils, "open", spy, raising=False)
    store.plans[DATA] = iter([CUT])
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES
    assert set(modes) == {"a", "ab"}


def test_a_store_without_md5_will_do(store, folder):
    for name in FILES:
        store.plans[name] = ALWAYS({"headers": {"Content-MD5": None}})
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES


@pytest.mark.parametrize("answer", [
    {"body": PAGE, "headers": {"Content-Type": "text/html; charset=utf-8", "Content-MD5": None}},
    {"body": b"", "headers": {"Content-MD5": None}},
    {"headers": {"Content-Length": None, "Content-MD5": None}},
    {"headers": {"Content-Encoding": "gzip"}}], ids=["page", "empty", "no length", "zipped"])
def test_what_is_not_the_file_is_refused_and_costs_nothing(store, folder, answer, pauses):
    store.plans[DATA] = iter([CUT, {**answer, "ranges": False}])
    message = refusal(folder)
    assert f"{store.url}/124M/{DATA}: not the file" in message
    assert pauses == [1]
    assert content(folder)[f"{DATA}.part"] == FILES[DATA][:196_608]
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES
    assert store.ranges(DATA)[-1] == "bytes=196608-"


def test_nothing_downloaded_is_executed(store, folder, tmp_path):
    pickled = b"cos\nmkdir\n(S'executed'\ntR."
    store.files = {name: pickled for name in FILES}
    status, out, err = finish(start(folder, cwd=tmp_path))
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert content(folder) == store.files
    assert not (tmp_path / "executed").exists()


# ---- what cannot get better is said at once, the rest after some tries

@pytest.mark.parametrize("status, tries", [(401, 1), (403, 1), (404, 1), (410, 1), (304, 1),
                                           (429, 4), (500, 4), (502, 4), (503, 4)])
def test_errors_of_the_store_are_said_with_their_url(store, folder, status, tries):
    store.plans["checkpoint"] = ALWAYS({"status": status, "body": PAGE if status != 304 else b""})
    assert refusal(folder).startswith(f"{store.url}/124M/checkpoint: {status} ")
    assert len(store.ranges("checkpoint")) == tries
    assert not list(folder.glob("checkpoint*"))


@pytest.mark.parametrize("url, problem, tries", [
    ("http://models.invalid", "not known", 4),
    ("http://127.0.0.1:{free_port}", "refused", 4),
    ("nonsense", "Invalid URL", 1),
    ("ftp://127.0.0.1", "No connection adapters", 1)])
def test_no_way_to_the_store(folder, monkeypatch, pauses, url, problem, tries):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = url.format(free_port=server.getsockname()[1])
    monkeypatch.setenv("GPT2_MODELS_URL", url + "/")
    message = refusal(folder)
    assert message.startswith(f"{url}/124M/{DATA}: ")
    assert problem in message
    assert pauses == [1, 2, 3][:tries - 1]
    assert not list(folder.glob("*ckpt*"))


def proxies(monkeypatch, url):
    for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"]:
        monkeypatch.setenv(name, url)


@pytest.mark.parametrize("scheme, asked", [("https", "models.invalid:443"),
                                           ("http", f"http://models.invalid/124M/{DATA}")])
def test_a_proxy_that_refuses(store, folder, monkeypatch, pauses, scheme, asked):
    monkeypatch.setenv("GPT2_MODELS_URL", f"{scheme}://models.invalid")
    proxies(monkeypatch, store.url)
    store.plans[DATA] = ALWAYS({"status": 403})
    message = refusal(folder)
    assert message.startswith(f"{scheme}://models.invalid/124M/{DATA}: ")
    assert "403 Forbidden" in message
    assert [path for path, _ in store.asked] == [asked]
    assert pauses == []


def test_a_proxy_that_is_not_there(store, folder, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        proxies(monkeypatch, f"http://127.0.0.1:{server.getsockname()[1]}")
    monkeypatch.setenv("GPT2_MODELS_URL", "https://models.invalid")
    assert "proxy" in refusal(folder).split("Try again")[0]


def test_a_certificate_that_nobody_vouches_for_is_refused(store, folder, monkeypatch, pauses,
                                                          tmp_path):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    (tmp_path / "pem").write_text(SELF_SIGNED)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pem")
    store.socket = context.wrap_socket(store.socket, server_side=True)
    monkeypatch.setenv("GPT2_MODELS_URL", store.url.replace("http", "https"))
    assert "certificate verify failed" in refusal(folder)
    assert store.asked == pauses == []


# ---- the disk

def test_room_on_the_disk_is_checked_before_anything_comes(store, folder, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=2**18))
    message = refusal(folder)
    assert f"{folder / DATA}: no room on the disk: 0.4 MiB are needed, 0.2 MiB are free" in message
    assert store.ranges(DATA) == [None]
    assert len(store.asked) == 1
    assert not list(folder.glob("*.part"))


def test_room_is_needed_only_for_the_rest(store, folder, monkeypatch):
    leave_a_part(store, folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=2**18))
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES


def test_a_disk_that_fills_up_meanwhile(store, folder, monkeypatch):
    class Full(io.FileIO):
        def write(self, data):
            if self.tell() + len(data) > 150_000:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(data)

    with monkeypatch.context() as patch:
        patch.setattr(utils, "open", lambda path, mode: Full(path, mode) if mode == "ab"
                      else open(path, mode), raising=False)
        assert refusal(folder).startswith(f"{folder}: {os.strerror(errno.ENOSPC)}. ")
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES
    assert store.ranges(DATA) == [None, "bytes=131072-"]


def test_no_permission_to_write(store, folder, monkeypatch):
    def mkdir(path, *args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "mkdir", mkdir)
    assert refusal(folder).startswith(f"{folder}: Permission denied. ")
    assert store.asked == []


def test_a_file_where_the_folder_should_be(store, folder):
    folder.parent.parent.mkdir(exist_ok=True)
    folder.parent.write_text("a file")
    status, out, err = finish(start(folder))
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"gpt2.py: {folder.parent}")
    assert_says_what_to_do(err.strip(), folder)
    assert store.asked == []


def test_a_folder_where_the_file_should_grow(store, folder):
    (folder / f"{DATA}.part").mkdir(parents=True)
    assert refusal(folder).startswith(str(folder))


def test_the_bytes_are_on_the_disk_before_the_name_is(store, folder, monkeypatch):
    steps, fsync, replace = [], os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: steps.append("fsync") or fsync(file))
    monkeypatch.setattr(os, "replace", lambda a, b: steps.append("replace") or replace(a, b))
    download_gpt2_files("124M", folder)
    assert steps == len(FILES) * ["fsync", "replace"]


# ---- files that were put there by hand

def test_files_put_there_by_hand_work(store, folder):
    folder.mkdir(parents=True)
    for name in FILES:
        shutil.copy(SMALL / name, folder)
    assert finish(start(folder)) == DONE
    assert store.asked == []
    assert content(folder) == FILES


def test_only_what_is_missing_is_asked_for(store, folder):
    folder.mkdir(parents=True)
    for name in FILES:
        shutil.copy(SMALL / name, folder)
    (folder / "encoder.json").unlink()
    (folder / DATA).unlink()
    (folder / "hparams.json").write_text("my own")
    download_gpt2_files("124M", folder)
    assert [path.split("/")[-1] for path, _ in store.asked] == [DATA, "encoder.json"]
    assert content(folder) == {**FILES, "hparams.json": b"my own"}


def test_a_folder_that_is_complete_needs_no_permission_to_write(store, folder, monkeypatch):
    download_gpt2_files("124M", folder)
    monkeypatch.setattr(Path, "mkdir", interrupted)
    monkeypatch.setattr(utils, "open", interrupted, raising=False)
    download_gpt2_files("124M", folder)


# ---- what a person sees

def on_a_terminal(folder):
    """Run the program with standard error on a terminal, 120 wide -> what it shows, status."""
    import fcntl
    import pty
    import termios
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 120, 0, 0))
    with subprocess.Popen(command(folder.parent), stdout=subprocess.DEVNULL, stderr=theirs) as run:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # Linux's way to say that the other end is closed
            while piece := os.read(ours, 4096):
                shown += piece
    os.close(ours)
    return shown.decode("utf-8"), run.returncode


@posix
def test_a_terminal_shows_one_bar_a_file(store, folder):
    store.plans[DATA] = iter([{"cut": 4 * 2**16}])
    shown, status = on_a_terminal(folder)
    assert status == 0
    lines = [line.split("\r")[-1] for line in shown.split("\r\n")]
    bars = [line for line in lines if "%|" in line]
    assert sorted(bar.split(":")[0] for bar in bars) == sorted(FILES)
    for bar in bars:
        assert re.search(r": 100%\|.*\| [\d.]+k?/[\d.]+k? \[00:\d\d<00:00, +[\d.]+[kM]?iB/s", bar)
    assert f"{DATA}:   0%|" in shown
    assert f"{DATA}:  58%|" in shown  # 4 * 2**16 of 450240 bytes: what was resumed is counted in
    assert "440k/440k" in shown


@posix
def test_a_terminal_counts_in_what_an_earlier_run_left(store, folder):
    leave_a_part(store, folder)
    shown, status = on_a_terminal(folder)
    assert status == 0
    assert f"{DATA}:  44%|" in shown
    assert f"{DATA}:   0%|" not in shown


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_person_is_told_of_every_wait(store, folder, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    store.plans[DATA] = iter([{"status": 503}])
    folder.mkdir(parents=True)
    with utils.one_at_a_time(folder / "download.lock"):
        other = threading.Thread(target=download_gpt2_files, args=["124M", folder])
        other.start()
        wait_until(lambda: "another process" in sys.stderr.getvalue())
        time.sleep(0.25)  # it looks ten times a second, and says it once
        assert store.asked == []
    other.join()
    assert content(folder) == FILES
    shown = sys.stderr.getvalue()
    assert shown.count(f"{folder}: another process") == 1
    assert f"{store.url}/124M/{DATA}: 503 Service Unavailable; trying again in 0.001 s" in shown


SELF_SIGNED = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgyaeQVrwUOHh/35Eb
oByZnnnZvjB1dR7ZGL5TzIpFDCihRANCAAS2O1LvGyTGbc1m5hKUPHdqWmkdCPpt
OV4zwBuSwV2ABS8Be4etQPXwCO1I4vPki0/75RYkdzUILnS9Q2UQuPFy
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUfydwpArEwkDt3WIuCMyev5hHgU0wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzIyMzAxM1oYDzIxMjYxMDMw
MjIzMDEzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAS2O1LvGyTGbc1m5hKUPHdqWmkdCPptOV4zwBuSwV2ABS8Be4etQPXw
CO1I4vPki0/75RYkdzUILnS9Q2UQuPFyo28wbTAdBgNVHQ4EFgQUxLSXe9zx4yOA
BM971VpPl76RLN4wHwYDVR0jBBgwFoAUxLSXe9zx4yOABM971VpPl76RLN4wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhvc3QwCgYIKoZI
zj0EAwIDRwAwRAIgBejjYnWAwgrt/ky5m1Ns66sgNwXfPLyl4YDCDPjxjQ4CIGzm
TlASeNZtcEpfnWkbUEvWcrkwqu1ggmk1jY9l9+5z
-----END CERTIFICATE-----
"""
