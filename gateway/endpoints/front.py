"""The front door: every address of the gateway in one table. Read it to know what there is."""

from typing import Final

from aiohttp import web

from gateway.endpoints.das import calls as das
from gateway.endpoints.das.files import FILES, get_file, post_download_url
from gateway.endpoints.das.voice import DasVoice
from gateway.endpoints.door import Door
from gateway.endpoints.ledger.books import get_branch, get_branches, get_statement, post_leaves, post_question
from gateway.endpoints.ledger.proofs import get_consistency, get_inclusion, get_proof_file
from gateway.endpoints.ledger.tiles import get_checkpoint, get_cosigned, get_tile
from gateway.endpoints.ledger.voice import LedgerVoice
from gateway.endpoints.ledger.witnessing import post_checkpoint
from gateway.endpoints.oauth.token import get_keys, post_token
from gateway.endpoints.oauth.voice import OAuthVoice
from gateway.endpoints.presence import Presence
from gateway.endpoints.rest.changes import (
    delete_hold,
    post_confirmation,
    post_correction,
    post_deposit,
    post_hold,
    post_release,
    post_replacement,
    post_resend,
    post_retrieval,
    post_withdrawal,
)
from gateway.endpoints.rest.description import get_openapi
from gateway.endpoints.rest.package import get_document, get_package
from gateway.endpoints.rest.questions import get_exchange, get_exchanges, get_notifications
from gateway.endpoints.rest.voice import API, RestVoice
from gateway.endpoints.routing import Address, add_addresses
from gateway.endpoints.soap.description import SOAP_PATH, get_description
from gateway.endpoints.soap.exchange import post_exchange
from gateway.endpoints.soap.voice import SoapVoice

__all__ = ["ADDRESSES", "make_front_door"]

_SOAP, _REST, _OAUTH, _DAS, _LEDGER = SoapVoice(), RestVoice(), OAuthVoice(), DasVoice(), LedgerVoice()
_EXCHANGE: Final = API + "/exchanges/{exchange}"
#: That of the first hosted office, then that of each by its code.
_LOGS: Final = ("/ledger", "/ledger/{hosted:[A-Z]{2}}")
#: Below these, the book of each partner as it was at a moment.
_BOOKS: Final = tuple(log + "/reconcile/{book}/{moment}" for log in _LOGS)
_ASKED: Final = "/das-api/v1/requests"

ADDRESSES: Final = (
    Address(path=SOAP_PATH, handlers={"POST": post_exchange, "GET": get_description}, voice=_SOAP),
    Address(path="/soap{rest:(/.*)?}", handlers={}, voice=_SOAP),
    Address(path=f"{API}/deposits", handlers={"POST": post_deposit}, voice=_REST),
    Address(path=f"{API}/retrievals", handlers={"POST": post_retrieval}, voice=_REST),
    Address(path=f"{API}/exchanges", handlers={"GET": get_exchanges}, voice=_REST),
    Address(path=_EXCHANGE, handlers={"GET": get_exchange}, voice=_REST),
    Address(path=f"{_EXCHANGE}/release", handlers={"POST": post_release}, voice=_REST),
    Address(path=f"{_EXCHANGE}/correction", handlers={"POST": post_correction}, voice=_REST),
    Address(path=f"{_EXCHANGE}/replacement", handlers={"POST": post_replacement}, voice=_REST),
    Address(path=f"{_EXCHANGE}/withdrawal", handlers={"POST": post_withdrawal}, voice=_REST),
    Address(path=f"{_EXCHANGE}/hold", handlers={"POST": post_hold, "DELETE": delete_hold}, voice=_REST),
    Address(path=f"{_EXCHANGE}/resend", handlers={"POST": post_resend}, voice=_REST),
    Address(path=f"{_EXCHANGE}/package", handlers={"GET": get_package}, voice=_REST),
    Address(path=_EXCHANGE + "/documents/{document}", handlers={"GET": get_document}, voice=_REST),
    Address(path=f"{API}/hold", handlers={"POST": post_hold, "DELETE": delete_hold}, voice=_REST),
    Address(path=f"{API}/notifications", handlers={"GET": get_notifications}, voice=_REST),
    Address(path=API + "/notifications/{notification}/confirmation", handlers={"POST": post_confirmation}, voice=_REST),
    Address(path=f"{API}/openapi.json", handlers={"GET": get_openapi}, voice=_REST),
    Address(path="/oauth2/token", handlers={"POST": post_token}, voice=_OAUTH),
    Address(path="/oauth2/jwks", handlers={"GET": get_keys}, voice=_OAUTH),
    Address(path="/oauth2{rest:(/.*)?}", handlers={}, voice=_OAUTH),
    Address(path=f"{_ASKED}/retrievals", handlers={"POST": das.post_retrieval}, voice=_DAS),
    Address(path=f"{_ASKED}/notifications", handlers={"POST": das.post_notification}, voice=_DAS),
    Address(path=f"{_ASKED}/files/url-downloads", handlers={"POST": post_download_url}, voice=_DAS),
    Address(path=FILES + "/{ticket:[0-9a-f]{16,2048}}", handlers={"GET": get_file}, voice=_DAS),
    Address(path="/das-api{rest:(/.*)?}", handlers={}, voice=_DAS),
    *(Address(path=log + "/checkpoint", handlers={"GET": get_checkpoint}, voice=_LEDGER) for log in _LOGS),
    *(Address(path=log + "/tile/{tile:.+}", handlers={"GET": get_tile}, voice=_LEDGER) for log in _LOGS),
    *(Address(path=log + "/witnessed/checkpoint", handlers={"GET": get_cosigned}, voice=_LEDGER) for log in _LOGS),
    *(Address(path=log + "/witnessed/tile/{tile:.+}", handlers={"GET": get_tile}, voice=_LEDGER) for log in _LOGS),
    Address(path="/ledger/add-checkpoint", handlers={"POST": post_checkpoint}, voice=_LEDGER),
    *(Address(path=log + "/proof/inclusion", handlers={"GET": get_inclusion}, voice=_LEDGER) for log in _LOGS),
    *(Address(path=log + "/proof/consistency", handlers={"GET": get_consistency}, voice=_LEDGER) for log in _LOGS),
    *(Address(path=log + "/proof/{seq}.tlog-proof", handlers={"GET": get_proof_file}, voice=_LEDGER) for log in _LOGS),
    *(Address(path=book + "/root", handlers={"GET": get_statement}, voice=_LEDGER) for book in _BOOKS),
    *(Address(path=book + "/nodes", handlers={"GET": get_branches}, voice=_LEDGER) for book in _BOOKS),
    *(Address(path=book + "/nodes/{branch}", handlers={"GET": get_branch}, voice=_LEDGER) for book in _BOOKS),
    *(Address(path=book + "/leaves", handlers={"POST": post_leaves}, voice=_LEDGER) for book in _BOOKS),
    *(Address(path=book + "/question", handlers={"POST": post_question}, voice=_LEDGER) for book in _BOOKS),
    Address(path="/ledger{rest:(/.*)?}", handlers={}, voice=_LEDGER),
    Address(path="/{rest:.*}", handlers={}, voice=_REST),
)


def make_front_door(door: Door, presence: Presence) -> web.Application:
    """Make the application of the public port."""
    app = web.Application(client_max_size=1)  # bodies are read by intake and nobody else
    add_addresses(app, ADDRESSES, door, presence)
    return app
