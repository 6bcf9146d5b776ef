"""Checks what leaves this machine by the configuration, and the time-outs of a proxy before the page."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from assistant.machine.doctor.finding import Finding, failure, ok, warning
from assistant.settings.config import Config

_NGINX = Path("/etc/nginx")
_NGINX_SECONDS = 60.0  # nginx closes a connection on which nothing came for so long, unless it is told otherwise
ANSWER_SECONDS = 300.0  # an answer of the full model on a small PC, with others before it in the queue
_LOCAL = ("localhost", "127.0.0.1", "::1")
_UNITS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def leaves_machine(config: Config) -> list[str]:
    """What the configuration sends to other computers, in words."""
    sent = []
    if config.engine.backend == "openai" and not _is_local(config.remote.base_url):
        sent.append(f"pictures and questions go to {_host(config.remote.base_url)}")
    for address in (config.journal.webhook_url, config.journal.mqtt_url):
        if address and not _is_local(address):
            sent.append(f"records of the journal go to {_host(address)}")
    if config.web.host not in _LOCAL:
        sent.append(f"the page of `seesay serve` can be reached from other computers ({config.web.host})")
    return sent


def judge_network(config: Config, environ: Mapping[str, str]) -> Finding:
    if environ.get("HF_HUB_OFFLINE") != "1":
        return failure(
            "network", "the model libraries may ask the network", "start it as `seesay`, not as a module of its own"
        )
    sent = leaves_machine(config)
    if sent:
        return warning(
            "network",
            "; ".join(sent),
            'if you do not want that: engine.backend = "local", no journal.webhook_url and no journal.mqtt_url, web.host = "127.0.0.1"',
        )
    return ok("network", "nothing leaves this machine")


def _host(url: str) -> str:
    return urlsplit(url).hostname or "nowhere"


def _is_local(url: str) -> bool:
    return _host(url) in _LOCAL


def proxy_blocks(texts: Iterable[str], port: int) -> list[str]:
    """The blocks of nginx's configuration that pass requests on to this port. A comment is no part of them."""
    plain = (re.sub(r"(?m)(^|\s)#.*$", "", text) for text in texts)
    return [
        block
        for text in plain
        for block in re.findall(r"\{([^{}]*)\}", text)
        if re.search(rf"proxy_pass\s+\S+:{port}\b", block)
    ]


def judge_proxy(blocks: Iterable[str]) -> list[Finding]:
    """`blocks` are those of `proxy_blocks`."""
    findings = []
    for block in blocks:
        limit = re.search(r"proxy_read_timeout\s+(\d+)(ms|s|m|h|d|)\s*;", block)
        seconds = int(limit[1]) * _UNITS[limit[2]] if limit else _NGINX_SECONDS
        if seconds < ANSWER_SECONDS:
            findings.append(
                warning(
                    "proxy",
                    f"nginx gives up after {seconds:.0f} s, and an answer may take longer",
                    "proxy_read_timeout 600s; in the block with proxy_pass, as in docs/nginx.conf",
                )
            )
        if not re.search(r"proxy_buffering\s+off\s*;", block):
            findings.append(
                warning(
                    "proxy",
                    "nginx keeps the words of an answer until it is complete",
                    "proxy_buffering off; in the block with proxy_pass, as in docs/nginx.conf",
                )
            )
    return findings


def check_network(config: Config) -> list[Finding]:
    return [judge_network(config, os.environ)]


def check_proxy(config: Config, folder: Path = _NGINX) -> list[Finding]:
    texts = []
    unreadable = False
    for path in sorted({*folder.glob("*.conf"), *folder.glob("conf.d/*"), *folder.glob("sites-enabled/*")}):
        try:
            texts.append(path.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            unreadable = True
    blocks = proxy_blocks(texts, config.web.port)
    if not blocks and config.web.trusted_proxy:
        why = (
            "its files may not be read by this user"
            if unreadable
            else "no nginx on this machine passes anything on to SeeSay"
        )
        return [
            warning(
                "proxy",
                f"web.trusted_proxy is set, but its time-outs cannot be checked: {why}",
                "compare its configuration with docs/nginx.conf",
            )
        ]
    return judge_proxy(blocks) or [ok("proxy", "its time-outs are long enough" if blocks else "none is asked for")]
