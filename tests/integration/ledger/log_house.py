"""A gateway of XA that also hosts XB, open on a database, with its logs to be read by an agreed office XC."""

import tomllib
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import tomli_w

from gateway.app.log_memory import LogMemory
from gateway.app.opening import Gateway, open_gateway
from gateway.app.sequencing import Sequencer
from gateway.app.serving import make_door
from gateway.core.secret import Secret
from gateway.endpoints.front import make_front_door
from gateway.endpoints.presence import Presence
from gateway.endpoints.server import listen, open_socket
from gateway.founding import Founding, found_gateway
from gateway.settings import load_settings
from gateway.store.ledger_write import open_writer
from pki.assertions import client_assertion
from pki.certificates import issue_signer
from pki.keys import generate_key, write_certificate
from pki.note_keys import generate_note_key, parse_vkey, write_note_key
from pki.notes import verify_note

ORIGIN = "xa.pouch.example/ledger"


@dataclass
class LogHouse:
    """An open gateway: how to order its ledger by hand, and how to ask for it."""

    gateway: Gateway
    dsn: Secret
    folder: Path
    url: str
    http: aiohttp.ClientSession
    keys: dict

    async def order(self, *, sign=True):
        """Do once what the leader does all the time: give all entries their places and sign."""
        writer = await open_writer(self.dsn, self.gateway.queries, patience=timedelta(seconds=10))
        try:
            gateway = self.gateway
            memory = LogMemory(gateway.settings.gateway.storage)
            sequencer = Sequencer(writer, gateway.log_keys, memory, gateway.line.clock, gateway.meter)
            await sequencer.take_up()
            while await writer.place(4096):
                pass
            return {hosted: await sequencer.sign(hosted) for hosted in self.gateway.log_keys if sign}
        finally:
            await writer.close()

    def verified(self, note: bytes):
        """Verify a checkpoint of XA by the key that founding wrote."""
        return verify_note(note, [parse_vkey((self.folder / "keys" / "ledger.vkey").read_text())])

    async def token(self, client="xa-system", scope=None):
        """Take an access token; None if it is not given."""
        assertion = client_assertion(
            client_id=client,
            audience=f"{self.url}/oauth2/token",
            key=self.keys[client],
            now=datetime.now(UTC),
            jti=f"{client}-{datetime.now(UTC).timestamp()}",
        )
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
        }
        if scope:
            form["scope"] = scope
        async with self.http.post("/oauth2/token", data=form) as response:
            return (await response.json()).get("access_token")

    async def get(self, path, token):
        """Ask; gives (status, headers, bytes)."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.http.get(path, headers=headers) as response:
            return response.status, response.headers, await response.read()


@asynccontextmanager
async def open_house(folder: Path, dsn: Secret, *, roll_over=False, ledger=None, without=(), origin=None, bound=None):
    """Found and open it; with `roll_over`, a second key signs too; `ledger` goes over that table of the settings.

    A gateway of another `origin` signs with a key of its own; `bound` is the socket to listen on.
    """
    bound = bound or open_socket("127.0.0.1:0")
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    founded = found_gateway(Founding(folder=folder, office="XA", name="Office XA"))
    main = tomllib.loads(founded.main.read_text())
    main["front_door"] = {"listen": "127.0.0.1:1", "public_url": url}
    main["hosted"].append({**main["hosted"][0], "code": "XB", "name": "Office XB"})
    main["ledger"]["readers"] = ["XC"]
    if roll_over:
        write_note_key(folder / "keys" / "former.key", generate_note_key(ORIGIN))
        main["ledger"]["keys"].append("keys/former.key")
    if origin:
        main["gateway"]["origin"] = origin
        (folder / "keys" / "ledger.key").unlink()
        write_note_key(folder / "keys" / "ledger.key", key := generate_note_key(origin))
        (folder / "keys" / "ledger.vkey").write_text(key.verifier.vkey)
    main["ledger"] = {key: value for key, value in main["ledger"].items() if key not in without} | (ledger or {})
    founded.main.write_text(tomli_w.dumps(main))
    offices = tomllib.loads(founded.offices.read_text())
    keys = {}
    for code in ("XA", "XC", "XD"):
        client = f"{code.lower()}-system"
        keys[client] = issue_signer(client, key=generate_key(), now=datetime.now(UTC))
        write_certificate(folder / "keys" / f"{client}.pem", keys[client].certificate)
        entry = {"id": client, "certificate": f"keys/{client}.pem", "scopes": ["exchange", "ledger"]}
        if code == "XA":
            offices["office"][0]["client"] = [entry]
        else:
            offices["office"].append({"code": code, "name": code, "exchanges_as": ["XA"], "client": [entry]})
    founded.offices.write_text(tomli_w.dumps(offices))
    settings = load_settings(founded.main, {"POUCH_DATABASE_DSN": dsn.reveal()})
    async with open_gateway(settings, dsn) as gateway:
        door = make_door(gateway)
        presence = Presence(door.limits)
        listening = await listen(make_front_door(door, presence), bound, idle=60, tls=None, presence=presence)
        try:
            async with aiohttp.ClientSession(base_url=url, auto_decompress=False) as http:
                yield LogHouse(gateway=gateway, dsn=dsn, folder=folder, url=url, http=http, keys=keys)
        finally:
            await listening.stop(grace=5.0)
