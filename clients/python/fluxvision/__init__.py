"""Typed client of the FluxVision API. `Client` has a method for every operation."""

from ._client import Client
from ._errors import ApiError, ConnectionFailed, FluxVisionError

__all__ = ["ApiError", "Client", "ConnectionFailed", "FluxVisionError"]
