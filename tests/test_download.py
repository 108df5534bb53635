"""Downloads from a server on loopback that misbehaves on purpose. No other server is contacted."""
import base64
import errno
import gzip
import hashlib
import itertools
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer

import conftest
import pytest
from conftest import posix

import utils
from utils import ModelError, download_gpt2_files

SMALL = conftest.DATA / "small"  # a tiny model, which the server offers as 124M
DATA = "model.ckpt.data-00000-of-00001"
FILES = {name: (SMALL / name).read_bytes() for name in [
    "checkpoint", "encoder.json", "hparams.json", "model.ckpt.index", DATA, "vocab.bpe"]}
CASE = json.loads((SMALL / "expected.json").read_text("utf-8"))["prompts"][0]
DONE = (0, CASE["greedy_text"] + "\n")  # exit status and stdout of the program
PAGE = b"<!DOCTYPE html><title>Welcome to our hotel</title>"
ALWAYS = itertools.repeat
CUT, BUSY = {"cut": 3 * 2**16}, {"status": 503}


def md5(data):
    return base64.b64encode(hashlib.md5(data).digest()).decode()


class Store(ThreadingHTTPServer):
    """plans[name]: an iterator of what to do wrong, GET by GET: arguments of answer().

    heads[name]: the same for HEAD, but one and for ever. asked has the GETs.
    """

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.plans, self.heads, self.etag = dict(FILES), {}, {}, '"1"'
        self.asked, self.n_requests = [], 0
        self.url = f"http://127.0.0.1:{self.server_address[1]}/models"

    def server_bind(self):
        TCPServer.server_bind(self)  # HTTPServer's looks up the name of 127.0.0.1

    def handle_error(self, request, client_address):
        pass  # clients are killed here

    def ranges(self, name):
        """The Range of each request for a file; None: the whole file."""
        return [headers["Range"] for path, headers in self.asked if path.endswith("/" + name)]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.n_requests += 1
        self.server.asked.append((self.path, self.headers))
        name = self.path.rsplit("/")[-1]
        self.answer(name, **next(self.server.plans.get(name, ALWAYS({})), {}))

    def do_HEAD(self):
        self.server.n_requests += 1
        name = self.path.rsplit("/")[-1]
        self.answer(name, **self.server.heads.get(name, {}))

    def do_CONNECT(self):
        self.server.n_requests += 1
        self.send_error(403)

    def answer(self, name, status=200, body=None, cut=None, gate=None, ranges=True, if_range=True,
               silence=0, delay=0, hang_up=False, headers=()):
        """Send the file, or from cut on nothing more. It waits for silence seconds before anything,
        for delay seconds before the first byte of the file, and for the event gate halfway."""
        time.sleep(silence)
        self.close_connection = hang_up
        if hang_up:
            return
        body = self.server.files[name] if body is None else body
        start, etag = 0, self.server.etag
        fields = {"Content-Type": "application/octet-stream", "ETag": etag}
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        if wanted and ranges and status == 200 and (
                not if_range or self.headers["If-Range"] in (None, etag)):
            start = int(wanted[1])
            status = 206 if start < len(body) else 416
            fields["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        if "gzip" in self.headers.get("Accept-Encoding", ""):  # compressed for those who allow it
            body, fields["Content-Encoding"] = gzip.compress(body), "gzip"
        if status == 200:  # as in Azure's store, there is no MD5 with a range
            fields["Content-MD5"] = md5(body)
        fields.update({"Content-Length": str(max(len(body) - start, 0)), **dict(headers)})
        self.send_response(status)
        for field in fields.items():
            if field[1] is not None:
                self.send_header(*field)
        self.end_headers()
        if self.command == "HEAD":
            return
        time.sleep(delay)
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


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "models" / "124M"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(utils, "PAUSES", [0.01] * len(utils.PAUSES))


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def downloaded(folder):
    """The part of DATA that is there so far, under whatever name."""
    parts = [path for path in folder.glob(f"{DATA}*") if path.name != DATA]
    return parts[0].read_bytes() if parts and parts[0].exists() else b""


def refusal(folder):
    """Try to download what cannot be downloaded. Returns the first line of the message."""
    with pytest.raises(ModelError) as caught:
        download_gpt2_files("124M", folder)
    problem, *advice = str(caught.value).splitlines()
    print(caught.value)
    assert "/124M" in problem or str(folder.parent) in problem
    assert max(map(len, advice), default=0) < 120
    return problem


def start(folder, **kwargs):
    return conftest.start(CASE["prompt"], "--n_tokens", "20", "--models_dir", str(folder.parent),
                          "--model_size", "124M", **kwargs)


def finish(process):
    """-> (exit status, stdout), stderr"""
    out, err = (raw.decode("utf-8") for raw in process.communicate(timeout=120))
    return (process.returncode, out), err


def wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def leave_a_part(store, folder):
    """Download until DATA is cut and the server is busy from then on."""
    store.plans[DATA] = itertools.chain([CUT], ALWAYS(BUSY))
    refusal(folder)
    assert downloaded(folder) == FILES[DATA][:3 * 2**16]
    store.plans.clear()
    store.asked.clear()


# ---- the program, on a machine that has no model yet

def test_the_program_downloads_once_and_makes_no_request_after_that(store, folder):
    assert finish(start(folder)) == (DONE, "")
    assert content(folder) == FILES
    assert sorted(path for path, _ in store.asked) == sorted(f"/models/124M/{n}" for n in FILES)
    n_requests = store.n_requests
    assert finish(start(folder)) == (DONE, "")
    assert store.n_requests == n_requests


@posix
@pytest.mark.parametrize("signum, status", [(signal.SIGKILL, -9), (signal.SIGINT, 130)]
                         if os.name != "nt" else [])
def test_a_killed_download_is_resumed_by_the_next_run(store, folder, signum, status):
    gate = threading.Event()
    store.plans[DATA] = iter([{"gate": gate}])
    process = start(folder)
    wait_until(lambda: len(downloaded(folder)) > 100_000)
    process.send_signal(signum)
    assert finish(process) == ((status, ""), "")
    gate.set()
    assert not (folder / DATA).exists()
    have = len(downloaded(folder))
    assert finish(start(folder)) == (DONE, "")
    assert content(folder) == FILES
    first, second = store.ranges(DATA)
    assert first is None and have - 2 <= int(second[len("bytes="):-1]) <= have


@posix
@pytest.mark.parametrize("slow", ["from its first byte", "halfway"])
def test_several_processes_at_once_end_well_and_say_nothing(store, folder, slow):
    gate = threading.Event()
    store.plans[DATA] = ALWAYS({"gate": gate} if slow == "halfway" else {"delay": 0.5})
    processes = [start(folder) for _ in range(3)]
    threading.Timer(1, gate.set).start()  # time for all to get in each other's way
    assert [finish(process) for process in processes] == [(DONE, "")] * 3
    assert content(folder) == FILES


@posix
def test_a_second_process_continues_when_the_first_is_killed(store, folder):
    gate = threading.Event()
    store.plans[DATA] = iter([{"gate": gate}])
    first = start(folder)
    wait_until(lambda: len(downloaded(folder)) > 100_000)
    second = start(folder)
    first.kill()
    finish(first)
    gate.set()
    assert finish(second)[0] == DONE
    assert content(folder) == FILES


@pytest.mark.parametrize("name", ["../outside", "124M/../../outside", "..", "/outside", "345M"])
def test_no_other_name_is_requested_or_makes_a_folder(store, tmp_path, name):
    with pytest.raises(utils.UsageError):
        utils.load_encoder_hparams_and_params(name, tmp_path / "a/models")
    assert store.n_requests == 0 and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("model_size", ["355M", "774M", "1558M"])
def test_each_size_comes_from_its_own_folder(store, tmp_path, model_size):
    download_gpt2_files(model_size, tmp_path / model_size)
    assert {path for path, _ in store.asked} == {f"/models/{model_size}/{name}" for name in FILES}
    assert content(tmp_path / model_size) == FILES


def test_without_a_mirror_the_source_is_openais_store(folder, monkeypatch):
    monkeypatch.setenv("GPT2_MODELS_URL", "")
    monkeypatch.setattr(socket, "getaddrinfo", no_such_host)
    source = "https://openaipublic.blob.core.windows.net/gpt-2/models/124M"
    assert refusal(folder).startswith(f"{source}/{DATA}: ")


def no_such_host(*args, **kwargs):
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


# ---- cuts, and servers that are busy or different

def test_a_cut_connection_is_resumed_where_it_was_cut(store, folder):
    store.plans[DATA] = iter([CUT, {"cut": 4 * 2**16}])
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES
    first, *others = store.ranges(DATA)
    starts = [int(some[len("bytes="):-1]) for some in others]
    assert first is None and [round(n / 2**16, 3) for n in starts] == [3, 4]


@pytest.mark.parametrize("plan", [
    [CUT, {"ranges": False}], [CUT, BUSY, {}], [{"status": 429}, CUT, {"status": 408}],
    [CUT, {"headers": {"Content-Range": "bytes 0-450239/450240"}}, {}],
    [CUT, {"headers": {"Content-Range": "bytes 196607-450239/450241"}}, {}],
    [CUT, {"headers": {"Content-Range": None}}, {}], [CUT, {"hang_up": True}]], ids=str)
def test_whatever_the_server_does_wrong_once_the_file_is_right(store, folder, plan):
    store.plans[DATA] = iter(plan)
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES


@pytest.mark.parametrize("lacking", ["ETag", "Content-MD5"])
def test_a_server_need_not_say_more_than_the_length(store, folder, lacking):
    answer = {"headers": {lacking: None}}
    store.heads[DATA], store.plans[DATA] = answer, itertools.chain([{**CUT, **answer}],
                                                                   ALWAYS(answer))
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES


@pytest.mark.parametrize("head", [
    {"status": 405}, {"status": 501}, {"status": 403}, {"hang_up": True},
    {"headers": {"Content-Length": None}}, {"headers": {"Content-Length": "0"}},
    {"headers": {"Content-Type": "text/html"}}], ids=str)
def test_a_server_that_answers_no_head_will_do(store, folder, head):
    store.heads = dict.fromkeys(FILES, head)
    store.plans[DATA] = iter([CUT, {}])  # after the cut, a GET only asks what there is
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES
    assert store.ranges(DATA)[-1] == "bytes=196608-"


def test_it_goes_on_as_long_as_something_comes(store, folder):
    """Over a line that is cut again and again, with a busy server in between."""
    store.plans[DATA] = iter([plan for n in range(1, 7)
                               for plan in (BUSY, BUSY, {"cut": n * 2**16})])
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES


@pytest.mark.parametrize("new", [FILES[DATA][::-1], FILES[DATA][:99_999]],
                         ids=["as long", "shorter"])
@pytest.mark.parametrize("lacking", [[], ["Content-MD5"], ["Content-MD5", "ETag"]], ids=str)
def test_a_part_of_a_file_that_has_changed_is_not_used(store, folder, new, lacking):
    store.heads[DATA] = answer = {"headers": dict.fromkeys(lacking)}
    leave_a_part(store, folder)
    store.files[DATA], store.etag = new, '"2"'
    store.plans[DATA] = ALWAYS({"if_range": False, **answer})
    download_gpt2_files("124M", folder)
    assert content(folder) == store.files


def test_a_file_that_changes_after_its_head_is_not_mixed_with_the_old_one(store, folder):
    leave_a_part(store, folder)
    store.heads[DATA] = {"headers": {"ETag": '"1"', "Content-MD5": None}}
    store.files[DATA], store.etag = FILES[DATA][::-1], '"2"'
    download_gpt2_files("124M", folder)
    assert content(folder) == store.files


@pytest.mark.parametrize("damage, lacking", [
    (b"", []), (b"?", []), (bytes(450_240), []), (bytes(500_000), ["Content-MD5"])],
    ids=["empty", "short", "whole", "long"])
def test_a_part_that_was_damaged_is_downloaded_again(store, folder, damage, lacking):
    leave_a_part(store, folder)
    next(path for path in folder.glob(f"{DATA}*")).write_bytes(damage)
    store.heads[DATA] = {"headers": dict.fromkeys(lacking)}
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES


@posix
@pytest.mark.parametrize("harm", ["unlink", "empty", "replace"])
def test_what_another_process_does_to_the_part_never_becomes_a_model(store, folder, harm):
    gate = threading.Event()
    store.plans[DATA] = iter([{"gate": gate}])
    if harm == "empty":  # no MD5 shows the hole that this leaves
        store.heads = {DATA: {"headers": {"Content-MD5": None}}}
    process = start(folder)
    wait_until(lambda: len(downloaded(folder)) > 100_000)
    part = next(path for path in folder.glob(f"{DATA}*"))
    if harm == "empty":
        os.truncate(part, 0)
    else:
        part.unlink()
        if harm == "replace":
            part.write_bytes(bytes(450_240))
    gate.set()
    finish(process)
    assert not (folder / DATA).exists() or (folder / DATA).read_bytes() == FILES[DATA]
    assert finish(start(folder))[0] == DONE
    assert content(folder) == FILES


@pytest.mark.parametrize("plan", [{}, CUT])
def test_wrong_bytes_are_refused_and_removed(store, folder, plan):
    store.heads[DATA] = wrong = {"headers": {"Content-MD5": md5(b"others")}}
    store.plans[DATA] = iter([{**plan, **wrong}])
    problem = refusal(folder)
    assert f"{store.url}/124M/{DATA}: " in problem and "MD5" in problem
    assert not list(folder.glob("*ckpt*"))
    store.heads.clear()
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="asks /proc which files are open")
def test_wrong_bytes_are_removed_where_an_open_file_cannot_be(store, folder, monkeypatch):
    """As on Windows, where it can be neither removed nor renamed."""
    def unless_open(change):
        def careful(path, *args, **kwargs):
            for fd in Path("/proc/self/fd").iterdir():
                if os.path.realpath(fd) == os.path.realpath(path):
                    raise PermissionError(errno.EACCES, "another process uses it", str(path))
            return change(path, *args, **kwargs)
        return careful

    monkeypatch.setattr(Path, "unlink", unless_open(Path.unlink))
    monkeypatch.setattr(os, "replace", unless_open(os.replace))
    test_wrong_bytes_are_refused_and_removed(store, folder, {})


@pytest.mark.parametrize("answer", [
    {"body": PAGE, "headers": {"Content-Type": "text/html; charset=utf-8", "Content-MD5": None}},
    {"body": b"", "headers": {"Content-MD5": None}},
    {"headers": {"Content-Length": "9" * 400, "Content-MD5": None}},
    {"headers": {"Content-Length": None, "Content-MD5": None}}],
    ids=["login page", "empty", "absurd length", "no length"])
def test_what_is_not_the_file_is_refused_and_the_part_is_kept(store, folder, answer):
    store.plans[DATA] = iter([CUT, {**answer, "ranges": False}])
    assert f"{store.url}/124M/{DATA}: " in refusal(folder)
    assert downloaded(folder) == FILES[DATA][:3 * 2**16]
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES


# ---- what cannot be downloaded

@pytest.mark.parametrize("status, may_pass", [
    (401, False), (403, False), (404, False), (410, False), (408, True), (425, True), (429, True),
    (500, True), (503, True)])
def test_an_error_of_the_server_is_shown_with_its_url(store, folder, status, may_pass):
    store.heads["checkpoint"] = error = {"status": status, "body": PAGE}
    store.plans["checkpoint"] = ALWAYS(error)
    assert refusal(folder).startswith(f"{store.url}/124M/checkpoint: the server answered {status} ")
    assert (len(store.ranges("checkpoint")) > 1) == may_pass
    assert not list(folder.glob("checkpoint*"))


def test_a_server_that_compresses_is_told_from_one_that_damages(store, folder):
    packed = {"body": gzip.compress(FILES[DATA]), "headers": {"Content-Encoding": "gzip"}}
    store.heads[DATA], store.plans[DATA] = packed, ALWAYS(packed)
    assert "gzip" in refusal(folder)


@pytest.mark.parametrize("silent", [["GET"], ["HEAD", "GET"]], ids=str)
def test_a_silent_server_is_given_up(store, folder, monkeypatch, silent):
    monkeypatch.setattr(utils, "TIMEOUT", (0.2, 0.2))
    store.plans[DATA] = ALWAYS({"silence": 2})
    if "HEAD" in silent:
        store.heads[DATA] = {"silence": 2}
    assert "timed out" in refusal(folder)


@pytest.mark.parametrize("url", ["http://127.0.0.1:{free_port}", "http://mirror..example/gpt-2",
                                 "nonsense", "ftp://127.0.0.1", "http://[::1"])
def test_no_way_to_the_server(folder, monkeypatch, url):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = url.format(free_port=server.getsockname()[1])
    monkeypatch.setenv("GPT2_MODELS_URL", url + "/")
    assert refusal(folder).startswith(f"{url}/124M/{DATA}: ")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("where", ["http://bad..host:80/", "http://127.0.0.1:1/"])
def test_a_redirect_that_leads_nowhere(store, folder, where):
    store.heads[DATA] = elsewhere = {"status": 302, "headers": {"Location": where}}
    store.plans[DATA] = ALWAYS(elsewhere)
    refusal(folder)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:1", "http://127.0.0.1:1/", "http://[::1]:1"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_dead_proxy_is_not_taken_for_the_store(folder, monkeypatch, scheme, proxy):
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in (f"{scheme}_proxy", f"{scheme}_proxy".upper()):
        monkeypatch.setenv(name, proxy)
    monkeypatch.setenv("GPT2_MODELS_URL", f"{scheme}://models.example")
    assert "proxy" in refusal(folder)
    assert list(folder.iterdir()) == []


def test_nobody_there_is_said_soon_and_readably(folder):
    """Real pauses here: an answer after about three seconds, each retry in a short line."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/gpt-2"
    process = start(folder, env={"GPT2_MODELS_URL": url, "NO_PROXY": "127.0.0.1"})
    (status, out), err = finish(process)
    assert (status, out) == (1, "")
    lines = err.splitlines()
    retries = [line for line in lines if "trying again" in line]
    problem = lines[len(retries)]
    assert len(retries) >= 2
    assert problem.startswith(f"gpt2.py: {url}/124M/{DATA}: ")
    assert max(map(len, lines)) < 160 and "--model_size 3M" in err and "GPT2_MODELS_URL" in err
    assert list(folder.iterdir()) == []


# ---- the disk

@posix
def test_a_full_disk_keeps_what_came_for_the_next_run(store, folder):
    import resource

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write past the limit fails instead
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    (status, out), err = finish(start(folder, preexec_fn=limit))
    assert (status, out) == (1, "") and str(folder) in err.splitlines()[0]
    assert "Traceback" not in err and "File too large" in err
    assert not (folder / DATA).exists() and len(downloaded(folder)) > 100_000
    assert finish(start(folder)) == (DONE, "")
    assert len(store.ranges(DATA)) == 2 and store.ranges(DATA)[1] is not None


@pytest.mark.parametrize("name", ["EINVAL", "EOPNOTSUPP", "ENOSYS"])
def test_a_file_system_that_cannot_sync_will_do(store, folder, monkeypatch, name):
    monkeypatch.setattr(os, "fsync", failing(getattr(errno, name)))
    download_gpt2_files("124M", folder)
    assert content(folder) == FILES


def test_a_disk_that_fails_to_sync_is_an_error(store, folder, monkeypatch):
    monkeypatch.setattr(os, "fsync", failing(errno.EIO))
    assert os.strerror(errno.EIO) in refusal(folder)
    assert not (folder / DATA).exists()


def failing(code):
    def fail(*args):
        raise OSError(code, os.strerror(code))
    return fail


def test_a_file_where_the_folder_should_be(store, folder):
    folder.parent.parent.mkdir(exist_ok=True)
    folder.parent.write_text("a file")
    (status, out), err = finish(start(folder))
    assert (status, out) == (1, "") and str(folder.parent) in err.splitlines()[0]
    assert "Traceback" not in err and store.n_requests == 0


def test_only_what_is_missing_is_requested(store, folder):
    folder.mkdir(parents=True)
    for name in FILES:
        shutil.copy(SMALL / name, folder)
    assert finish(start(folder)) == (DONE, "") and store.n_requests == 0
    (folder / "encoder.json").unlink()
    (folder / DATA).unlink()
    (folder / "hparams.json").write_text("my own")
    download_gpt2_files("124M", folder)
    assert [path.split("/")[-1] for path, _ in store.asked] == [DATA, "encoder.json"]
    assert content(folder) == {**FILES, "hparams.json": b"my own"}


# ---- what a person sees

@posix
def test_a_terminal_shows_one_bar_per_file_and_counts_what_is_resumed(store, folder):
    import fcntl
    import pty
    import termios
    leave_a_part(store, folder)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 120, 0, 0))
    with start(folder, stdout=subprocess.DEVNULL, stderr=theirs) as run:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # on Linux, this says that the other end is closed
            while piece := os.read(ours, 4096):
                shown += piece
    os.close(ours)
    assert run.returncode == 0
    lines = [line.split("\r")[-1] for line in shown.decode("utf-8").split("\r\n")]
    assert sorted(line.split(":")[0] for line in lines if "100%|" in line) == sorted(FILES)
    assert f"{DATA}:  44%|" in shown.decode("utf-8")
