"""Founding: writes what a new gateway needs, and, where wanted, a neighbourhood of the sandbox to try it in.

asked  ->  gateway_files   settings, offices file, client profile, keys, certificates of a test authority
       ->  sandbox_files   a Bureau and the office's own IPAS
agreed                     what both sides write down
witnessing                 two gateways as witnesses of each other
"""

from gateway.founding.asked import AlreadyFounded, Founding, Neighbours
from gateway.founding.gateway_files import Founded, found_gateway
from gateway.founding.sandbox_files import FoundedSandbox, found_bureau, found_ipas
from gateway.founding.witnessing import introduce

__all__ = [
    "AlreadyFounded",
    "Founded",
    "FoundedSandbox",
    "Founding",
    "Neighbours",
    "found_bureau",
    "found_gateway",
    "found_ipas",
    "introduce",
]
