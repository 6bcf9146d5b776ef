"""A program that stands for llama-server: a real HTTP server with its options, its log and the fields of its answers.

It computes nothing. The fields are those of `tools/server/server-task.cpp` (`result_timings`) and the log lines those
of `tools/mtmd/mtmd-helper.cpp` of llama.cpp. It keeps the last picture and tells `prompt_n` as the real one does: all
tokens for a new picture, and only those after it for a picture that it has kept.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

IMAGE_TOKENS, PROMPT_TOKENS = 49, 54
QUESTION_TOKENS = 18
LOADING_REFUSALS = 3  # answers with status 503, as while the real one loads its model
PREDICTED_MS = 30.0  # for each token after the first
ENCODER_MS, PICTURE_MS, QUESTION_MS = 40, 20, 10


class Handler(BaseHTTPRequestHandler):
    kept: str | None = None
    refusals = LOADING_REFUSALS
    fault = ""

    def do_GET(self) -> None:
        if self.path != "/health":
            self.send_error(404)
        elif Handler.refusals:
            Handler.refusals -= 1
            self._send(503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}})
        else:
            self._send(200, {"status": "ok"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/v1/chat/completions":
            self.send_error(404)
            return
        if Handler.fault == "refuse":
            message = "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"
            self._send(500, {"error": {"code": 500, "message": message, "type": "server_error"}})
            return
        self._send(200, self._answer(body))

    def _answer(self, body: dict[str, Any]) -> dict[str, Any]:
        (message,) = body["messages"]
        image, text = message["content"]
        url = image["image_url"]["url"]
        assert url.startswith("data:image/png;base64,")
        assert text["text"]
        assert body["ignore_eos"] is True
        assert body["temperature"] == 0
        is_kept = body["cache_prompt"] and url == Handler.kept and Handler.fault != "forgets"
        if not is_kept:
            log("encoding image slice...")
            # The first picture is slower, as it is where the pages of a model have yet to be read.
            log(f"image slice encoded in {ENCODER_MS if Handler.kept else 3 * ENCODER_MS} ms")
            log("decoding image batch 1/1, n_tokens_batch = 49")
            log(f"image decoded (batch 1/1) in {PICTURE_MS} ms")
        Handler.kept = url
        prompt_n = QUESTION_TOKENS if is_kept else PROMPT_TOKENS + QUESTION_TOKENS
        prompt_ms = QUESTION_MS if is_kept else ENCODER_MS + PICTURE_MS + QUESTION_MS
        tokens = body["max_tokens"]
        predicted_ms = PREDICTED_MS * (tokens - 1) or 0.001
        time.sleep((prompt_ms + predicted_ms) / 1e3)  # because the time of the whole request is measured
        timings = {
            "cache_n": PROMPT_TOKENS if is_kept else 0,
            "prompt_n": prompt_n,
            "prompt_ms": prompt_ms,
            "prompt_per_token_ms": prompt_ms / prompt_n,
            "prompt_per_second": 1e3 * prompt_n / prompt_ms,
            "predicted_n": tokens,
            "predicted_ms": predicted_ms,
            "predicted_per_token_ms": predicted_ms / tokens,
            "predicted_per_second": 1e3 * tokens / predicted_ms,
        }
        answer: dict[str, Any] = {
            "choices": [
                {"finish_reason": "length", "index": 0, "message": {"role": "assistant", "content": "a" * tokens}}
            ],
            "created": 1,
            "model": "fake",
            "system_fingerprint": "b1234-fake",
            "object": "chat.completion",
            "usage": {"completion_tokens": tokens, "prompt_tokens": 72, "total_tokens": 72 + tokens},
            "id": "chatcmpl-fake",
        }
        return answer if Handler.fault == "untimed" else answer | {"timings": timings}

    def _send(self, status: int, found: object) -> None:
        body = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """The real one logs no line for every request."""


def log(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def main() -> None:
    parser = argparse.ArgumentParser()
    for option in ("--model", "--mmproj", "--host"):
        parser.add_argument(option, required=True)
    for option in ("--threads", "--threads-batch", "--parallel", "--ctx-size", "--port", "--gpu-layers"):
        parser.add_argument(option, required=True, type=int)
    parser.add_argument("--no-mmproj-offload", action="store_true", required=True)
    given = parser.parse_args()
    assert given.threads == given.threads_batch == 2
    with open(given.model, encoding="utf-8") as model:
        Handler.fault = model.read().strip()
    if Handler.fault == "broken":
        log("llama_model_load: error loading model: invalid magic characters: 'brok', expected 'GGUF'")
        sys.exit(1)
    HTTPServer((given.host, given.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
