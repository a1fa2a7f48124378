"""The WSDL as it is served: our contract in one file, with the address of the gateway that serves it.

Rules: nothing of the request is in it: the address comes from the settings, never from a Host header, and no other
file can be named (hostile cases D12, D18).
"""

import hashlib
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Final

from lxml import etree

from gateway.wire import xml
from gateway.wire.schema import EXCHANGE, schema_text

__all__ = ["read_wsdl_catalog", "render_wsdl"]

_FILE: Final = "exchange.wsdl"
_WSDL: Final = "{http://schemas.xmlsoap.org/wsdl/}"
_XS: Final = "{http://www.w3.org/2001/XMLSchema}"
_ADDRESSES: Final = (
    "{http://schemas.xmlsoap.org/wsdl/soap/}address",
    "{http://schemas.xmlsoap.org/wsdl/soap12/}address",
)


def read_wsdl_catalog() -> Mapping[str, Mapping[str, str]]:
    """Give wsdl/catalog.toml as {file: {namespace, source, date, sha256}}."""
    rows = tomllib.loads(files("wsdl").joinpath("catalog.toml").read_text("utf-8"))["wsdl"]
    return {row["file"]: row for row in rows}


@lru_cache(maxsize=8)
def render_wsdl(address: str) -> bytes:
    """Give the WSDL with the schema inside and `address` at both ports.

    RuntimeError if wsdl/exchange.wsdl is not the file the catalogue names.
    """
    text = files("wsdl").joinpath(_FILE).read_bytes()
    if hashlib.sha256(text).hexdigest() != read_wsdl_catalog()[_FILE]["sha256"]:
        raise RuntimeError(f"wsdl/{_FILE} is not the file that wsdl/catalog.toml describes")
    root = xml.parse(text)
    types = root.find(f"{_WSDL}types")
    if types is None:
        raise RuntimeError(f"wsdl/{_FILE} has no types")
    types[:] = [xml.parse(schema_text(EXCHANGE))]
    for port in root.iter(*_ADDRESSES):
        port.set("location", address)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)
