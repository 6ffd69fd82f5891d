"""What goes wrong, as exceptions. No message ever holds the token."""

from __future__ import annotations

from typing import Any, Mapping, Sequence


class FluxVisionError(Exception):
    """Base of everything that this package raises."""


class ConnectionFailed(FluxVisionError):
    """The server was not reached, or did not answer in time."""


class ApiError(FluxVisionError):
    """The server refused. `code` is stable, the message is for people."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Sequence[Mapping[str, Any]] = (),
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        #: Which fields do not fit: mappings with `field` and `message`.
        self.details = details
        #: Name it when asking for help: the server's log has it too.
        self.request_id = request_id
        #: Seconds after which the server wants to be asked again.
        self.retry_after = retry_after
