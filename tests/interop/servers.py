"""Servers of models that somebody else wrote, started as their users start them. Tests skip where there is none.

LiteLLM's proxy, `litellm` on the PATH or what LITELLM names: `pip install 'litellm[proxy]'` into an environment of its own.
llama-cpp-python's server, by the Python that LLAMA_CPP_PYTHON names: `pip install 'llama-cpp-python[server]' gguf numpy`
there (compiles for a quarter of an hour; needs gcc and cmake). llama.cpp's own server, by the Python that LLAMA_CPP names: `pip install xllamacpp gguf numpy` there (a wheel).
"""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

KEY = "sk-house-key"
PATIENCE = (
    180.0  # seconds until one listens: LiteLLM imports for three quarters of a minute on a busy machine
)
LITELLM = os.environ.get("LITELLM") or shutil.which("litellm")
LLAMA_CPP = os.environ.get("LLAMA_CPP")
LLAMA = os.environ.get("LLAMA_CPP_PYTHON")
TINY = Path(__file__).with_name("tiny_model.py")
SERVE = Path(__file__).with_name("llama_server.py")
TOO_LONG = {"house: " + "hello " * 2_000: "cannot take in a conversation this long"}
HERE = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelServer:
    """One that runs. `says`: what each of its models answers. `window`: tokens, as it lists them, None where it does not.
    `closed`: where nobody listens.
    """

    base: str
    says: dict[str, str]
    window: str
    troubles: dict[str, str] = field(default_factory=dict)  # question -> what the person reads


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HERE, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def started(program: Sequence[str], port: int, folder: Path, **environ: str) -> Iterator[str]:
    """Its base URL, once it lists its models."""
    process = subprocess.Popen(
        list(program),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    base, until = f"http://{HERE}:{port}/v1", time.monotonic() + PATIENCE
    try:
        while not _listening(base):
            assert process.poll() is None, f"{program[0]} ended with {process.returncode}"
            assert time.monotonic() < until, f"{program[0]} does not listen"
            time.sleep(0.2)
        yield base
    finally:
        process.terminate()
        process.wait()


def _listening(base: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{base}/models", headers={"authorization": f"Bearer {KEY}"}).is_success
    return False


def _row(name: str, upstream: str, **params: str) -> dict[str, object]:
    return {"model_name": name, "litellm_params": {"model": upstream, "api_key": "none", **params}}


@contextmanager
def litellm(folder: Path) -> Iterator[ModelServer]:
    """LiteLLM's proxy in front of models that it makes up, one that is not there, and a master key."""
    openai, says = "openai/gpt-4o-mini", {"house": "Hello from the gateway.", "other": "The other one here."}
    config = {
        "model_list": [
            _row("house", openai, mock_response=says["house"]),
            _row("other", "anthropic/claude-sonnet-4-5", mock_response=says["other"]),
            _row("rush", openai, mock_response="litellm.RateLimitError"),
            _row("narrow", openai, mock_response="litellm.ContextWindowExceededError"),
            _row("faulty", openai, mock_response="litellm.InternalServerError"),
            _row("unplugged", openai, api_base=f"http://{HERE}:9/v1"),
        ],
        "general_settings": {"master_key": KEY},
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
    }
    path, port = folder / "litellm.json", free_port()
    path.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML too
    program = (str(LITELLM), "--config", str(path), "--host", HERE, "--port", str(port))
    with started(program, port, folder, LITELLM_LOCAL_MODEL_COST_MAP="True") as base:
        troubles = {
            "rush: hello": "is getting too many requests",
            "narrow: hello": "cannot take in a conversation this long",
            "faulty: hello": "had an error of its own",
            "unplugged: hello": "is not available right now",
            "nobody: hello": "is not there any more under that name",
        }
        yield ModelServer(base=base, says=says, window="128k", troubles=troubles)


@contextmanager
def llama_cpp(folder: Path) -> Iterator[ModelServer]:
    """llama-cpp-python's server with a model that is made here, twice under two names."""
    model, port = folder / "tiny.gguf", free_port()
    subprocess.run([str(LLAMA), str(TINY), str(model)], check=True)
    row = {"model": str(model), "n_ctx": 4096, "n_gpu_layers": 0, "verbose": False}
    config = {
        "host": HERE,
        "port": port,
        "api_key": KEY,
        "models": [{**row, "model_alias": name} for name in ("house", "other")],
    }
    path = folder / "llama.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    says = dict.fromkeys(("house", "other"), "Hello from a tiny model.")
    program = (str(LLAMA), "-m", "llama_cpp.server", "--config_file", str(path))
    # Where it is asked for a stream, it says 200 to a prompt that is too long, and nothing after it.
    silent = dict.fromkeys(TOO_LONG, "ended its answer before the first word")
    with started(program, port, folder) as base:
        yield ModelServer(base=base, says=says, window="k", troubles=silent)


@contextmanager
def llama_server(folder: Path) -> Iterator[ModelServer]:
    """llama.cpp's server, which lists its one model and answers under any name."""
    model, port = folder / "tiny.gguf", free_port()
    subprocess.run([str(LLAMA_CPP), str(TINY), str(model)], check=True)
    program = (str(LLAMA_CPP), str(SERVE), str(model), HERE, str(port), KEY, "house")
    with started(program, port, folder) as base:
        says = dict.fromkeys(("house", "other"), "Hello from a tiny model.")
        yield ModelServer(base=base, says=says, window="k", troubles=TOO_LONG)


SERVERS = (
    pytest.param(
        llama_server,
        id="llama.cpp",
        marks=pytest.mark.skipif(LLAMA_CPP is None, reason="LLAMA_CPP is not set"),
    ),
    pytest.param(
        litellm,
        id="litellm",
        marks=pytest.mark.skipif(LITELLM is None, reason="no litellm on the PATH and LITELLM is not set"),
    ),
    pytest.param(
        llama_cpp,
        id="llama-cpp-python",
        marks=pytest.mark.skipif(LLAMA is None, reason="LLAMA_CPP_PYTHON is not set"),
    ),
)
