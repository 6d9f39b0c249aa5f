"""llama.cpp's own server, in the process of a Python that has `xllamacpp`: `python llama_server.py MODEL HOST PORT KEY NAME`."""

import sys
import threading

import xllamacpp


def serve(model: str, host: str, port: str, key: str, name: str) -> None:
    params = xllamacpp.CommonParams()
    params.model.path, params.model_alias = model, {name}
    params.hostnames, params.port, params.api_keys = [host], int(port), [key]
    params.n_ctx, params.n_parallel = 4096, 1
    server = xllamacpp.Server(params)  # serves as long as it is kept
    threading.Event().wait()
    del server


if __name__ == "__main__":
    serve(*sys.argv[1:])
