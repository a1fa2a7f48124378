"""How IPAS says no: one free text, or the faults of the SOAP stack before IPAS is asked at all.

Rules: the wording is ours, since none is documented; a client that classifies by text needs a table it can change.
"""

from __future__ import annotations

__all__ = ["ClientFault", "IpasFault", "ServerFault"]


class IpasFault(Exception):
    """IPAS refuses: travels as the declared fault `IpasException{message}`; nothing was done."""


class ClientFault(Exception):
    """The stack refuses the message: `code` is the local name of the SOAP 1.1 fault code."""

    def __init__(self, text: str, *, code: str = "Client") -> None:
        super().__init__(text)
        self.code = code


class ServerFault(Exception):
    """Something broke inside: an undeclared fault, after which nobody knows what was done."""
