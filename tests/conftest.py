"""What several files of tests use: where things are, and the program run as a process."""
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "tests" / "data"
SMALL = ["--model_size", "small", "--models_dir", str(DATA)]
posix = pytest.mark.skipif(os.name == "nt", reason="POSIX signals, limits and terminals")


def obey_ctrl_c():  # which is ignored in what a shell starts in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)


def start(*words, env=(), flags=(), **kwargs):
    """Start the program, or with flags=["-c", code] that code, with these words."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **dict(env)}
    for name in {"PYTHONIOENCODING", "PYTHONUNBUFFERED"} - {*dict(env)}:
        environment.pop(name, None)
    if os.name != "nt":
        kwargs.setdefault("preexec_fn", obey_ctrl_c)
    kwargs = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": ROOT, **kwargs}
    program = [] if "-c" in flags else [ROOT / "gpt2.py"]
    return subprocess.Popen([sys.executable, *flags, *program, *words], env=environment, **kwargs)


def run(*words, stdin=b"", **kwargs):
    """-> (exit status, bytes on stdout, bytes on stderr)"""
    process = start(*words, stdin=subprocess.PIPE, **kwargs)
    out, err = process.communicate(stdin, timeout=120)
    return process.returncode, out, err
