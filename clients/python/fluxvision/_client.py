"""Sends the requests. Needs nothing but the standard library."""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import shutil
import ssl
import time
from typing import IO, Any, Mapping
from urllib import error, parse, request

from ._errors import ApiError, ConnectionFailed, FluxVisionError
from ._generated import Operations

_MAX_ERROR_BYTES = 65_536


class _NoRedirects(request.HTTPRedirectHandler):
    """urllib would carry the token along to wherever it is sent."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Client(Operations):
    """One server. Not bound to a connection: threads may share it.

    :param base_url: such as ``https://vms.example.com:8443``.
    :param token: an API token (``fvt_…``), or a session's access token. Left out: ``FLUXVISION_TOKEN``.
    :param timeout: seconds without a byte.
    :param ca_file: certificate (PEM) of a server that made its own.
    :param retries: how often a request that was turned away for the moment (429; 503 when it only reads) is sent again,
        after the time that the server asks for.
    :param allow_plain_http: lets the token travel over HTTP to other machines. Anybody on the way can read it then.
    """

    def __init__(
        self,
        base_url: str,
        token: str | None = None,
        *,
        timeout: float = 30.0,
        ca_file: str | os.PathLike[str] | None = None,
        context: ssl.SSLContext | None = None,
        retries: int = 2,
        allow_plain_http: bool = False,
    ) -> None:
        parts = parse.urlsplit(base_url)
        if parts.scheme not in ("http", "https") or parts.hostname is None or parts.username is not None:
            raise ValueError("base_url must be http(s)://host[:port]")
        if parts.scheme == "http" and not allow_plain_http and not _is_this_machine(parts.hostname):
            raise ValueError("a token must not travel over plain HTTP; use https, or allow_plain_http=True")
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._token = token if token is not None else os.environ.get("FLUXVISION_TOKEN", "")
        self._timeout = timeout
        self._retries = retries
        tls = context or ssl.create_default_context(cafile=None if ca_file is None else os.fspath(ca_file))
        self._opener = request.build_opener(_NoRedirects, request.HTTPSHandler(context=tls))

    def __repr__(self) -> str:
        return f"Client({self._origin!r})"

    def download_export(self, export_id: str, path: str | os.PathLike[str]) -> None:
        """Writes a finished export to a file, without holding it in memory. The file must not exist."""
        address = f"/api/v1/exports/{parse.quote(export_id, safe='')}/download"
        with self._open("GET", address, None, None) as answer, open(path, "xb") as file:
            try:
                shutil.copyfileobj(answer, file, 1 << 20)
                whole = answer.headers.get("Content-Length")
                if whole is not None and file.tell() != int(whole):
                    raise ConnectionFailed(f"the download ended after {file.tell()} of {whole} bytes")
            except OSError as reason:
                raise ConnectionFailed(str(reason)) from reason

    def _call(self, method: str, path: str, query: Mapping[str, Any] | None, body: Any) -> Any:
        with self._open(method, path, query, body) as answer:
            try:
                data = answer.read()
            except (OSError, http.client.HTTPException) as reason:
                raise ConnectionFailed(str(reason)) from reason
            if answer.status == 204:
                return None
            if answer.headers.get_content_type() == "application/json":
                return json.loads(data)
            return data

    def _open(self, method: str, path: str, query: Mapping[str, Any] | None, body: Any) -> Any:
        given = {name: _text(value) for name, value in (query or {}).items() if value is not None}
        url = f"{self._origin}{path}" + (f"?{parse.urlencode(given)}" if given else "")
        data = None if body is None else json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        headers = {"Accept": "application/json, */*", "User-Agent": "fluxvision-python/0.1.0"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if data is not None:
            headers["Content-Type"] = "application/json"
        for left in range(self._retries, -1, -1):
            try:
                sent = request.Request(url, data=data, headers=headers, method=method)
                return self._opener.open(sent, timeout=self._timeout)
            except error.HTTPError as answer:
                with answer:
                    refusal = _refusal(answer)
                # What was turned away at the door has changed nothing; a 503 may have come later.
                again = answer.code == 429 or (answer.code == 503 and method == "GET")
                if left == 0 or not again or refusal.retry_after is None:
                    raise refusal from None
                time.sleep(refusal.retry_after)
            except (OSError, http.client.HTTPException) as reason:
                raise ConnectionFailed(str(reason)) from reason
        raise FluxVisionError("unreachable")


def _refusal(answer: error.HTTPError) -> ApiError:
    after = answer.headers.get("Retry-After", "")
    retry_after = min(float(after), 60.0) if after.isdigit() else None
    raw = _read(answer)
    try:
        told = json.loads(raw)["error"]
        return ApiError(
            answer.code,
            str(told["code"]),
            str(told["message"]),
            told.get("details") or (),
            told.get("requestId"),
            retry_after,
        )
    except (ValueError, KeyError, TypeError):
        return ApiError(answer.code, f"http.{answer.code}", answer.reason or "refused", retry_after=retry_after)


def _read(answer: IO[bytes]) -> bytes:
    try:
        return answer.read(_MAX_ERROR_BYTES)
    except (OSError, http.client.HTTPException):
        return b""


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
