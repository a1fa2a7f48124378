"""One exchange of office XA with all that a dossier can hold, and dossiers of it."""

import io
import json
import re
import zipfile
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec
from cryptography.hazmat.primitives.serialization import Encoding
from real_door import PDF, RealDoor, hours, open_real_door, operation, soap_deposit, soap_document, soap_header

from gateway.app.dossier import make_dossier
from gateway.app.log_memory import LogMemory
from gateway.app.sequencing import Sequencer
from gateway.core.office import OfficeCode
from gateway.evidence.dossier import Trust, verify_dossier
from gateway.settings_anchors import AuthoritySettings, TimestampingSettings
from gateway.settings_ledger import WitnessSettings
from gateway.store.ledger_write import open_writer
from gateway.wire.tlog_checkpoint import parse_checkpoint
from pki.certificates import issue_ca
from pki.note_keys import NoteKind, generate_note_key, parse_vkey
from pki.notes import parse_note, sign_line
from pki.timestamps import read_answer, request_token_bytes
from sandbox.tsa.authority import make_authority
from sandbox.tsa.stamping import answer

__all__ = ["CODE", "COPY", "EMAIL", "SECRET", "Trust", "contents_of", "hours", "members_of", "open_affair", "verify"]

XA = OfficeCode("XA")
EMAIL = "applicant@example.org"
SECRET = b"what only the certified copy says"
COPY = PDF + SECRET
CONDITIONS = ("applicant-request", "formalities", "secrecy", "fee")


@dataclass
class Affair:
    """An open gateway of XA with an exchange, `deposit`, and another that asks with a code, `retrieval`."""

    door: RealDoor
    deposit: str
    retrieval: str
    witness: object
    authority: object
    ca: object

    @property
    def trust(self) -> Trust:
        """What a reader has from elsewhere than the dossier: the office's certificate and keys, and the root."""
        return Trust(
            certificates=[self.door.keys["XA gateway"].certificate, self.authority.root],
            keys=[self.log_key, self.witness.verifier],
        )

    @property
    def log_key(self):
        return parse_vkey((self.door.folder / "keys" / "ledger.vkey").read_text())

    async def dossier(self, exchange_id=None, **options):
        """The bytes of a dossier."""
        made = await make_dossier(self.door.gateway, exchange_id or self.deposit, patience=0, **options)
        return made.content

    async def order(self):
        """Give all entries their places and sign; gives the number of the checkpoint."""
        gateway = self.door.gateway
        writer = await open_writer(self.door.dsn, gateway.queries, patience=timedelta(seconds=10))
        try:
            memory = LogMemory(gateway.settings.gateway.storage)
            sequencer = Sequencer(writer, gateway.log_keys, memory, gateway.line.clock, gateway.meter)
            await sequencer.take_up()
            while await writer.place(4096):
                pass
            await sequencer.sign(XA)
        finally:
            await writer.close()
        return await self.newest()

    async def newest(self):
        async with self.connected() as connection:
            query = "SELECT number, size, note FROM ledger_checkpoint WHERE hosted = 'XA' ORDER BY number DESC LIMIT 1"
            return await connection.fetchrow(query)

    async def vouch(self, head, *, cosigned=True, stamped=True):
        """Let the witness cosign a checkpoint, and the authority stamp it."""
        at = datetime.now(UTC)
        text = parse_note(head["note"]).text
        assert parse_checkpoint(text).size == head["size"]
        async with self.connected() as connection:
            if cosigned:
                line = sign_line(text, self.witness, at).render().rstrip("\n")
                values = ("XA", head["number"], self.witness.name, line, at)
                await connection.execute("INSERT INTO ledger_cosignature VALUES ($1, $2, $3, $4, $5)", *values)
            if stamped:
                token = read_answer(answer(self.authority, request_token_bytes(head["note"], 5), serial=1, at=at))
                values = ("XA", head["number"], "stamps", token, at)
                await connection.execute("INSERT INTO ledger_timestamp VALUES ($1, $2, $3, $4, $5)", *values)

    @asynccontextmanager
    async def connected(self):
        connection = await asyncpg.connect(self.door.dsn.reveal())
        try:
            yield connection
        finally:
            await connection.close()


@asynccontextmanager
async def open_affair(folder, dsn):
    """Deposit by SOAP with inline documents, decide by REST, hold, and ask for another document with a code."""
    ca = issue_ca("Authority of XA's keys", now=hours(-5))
    async with open_real_door(folder, dsn, ca=ca) as door:
        witness = generate_note_key("witness.example", NoteKind.COSIGNATURE)
        authority = make_authority(datetime.now(UTC))
        know(door.gateway, witness, authority, folder)
        _, _, body = await door.post(door.signed(soap_deposit(soap_document(COPY), header=soap_header("m-first"))))
        deposit = text_of(body, "ExchangeId")
        affair = Affair(door=door, deposit=deposit, retrieval="", witness=witness, authority=authority, ca=ca)
        first = await affair.order()
        await affair.vouch(first)
        await release(door, deposit)
        affair.retrieval = await ask(door)
        second = await affair.order()
        await affair.vouch(second, cosigned=False)
        await affair.order()
        yield affair


async def release(door, deposit):
    """The first condition by SOAP, the others by REST."""
    first, *others = CONDITIONS
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    decision = (
        f"<Decision><Condition>{first}</Condition><Outcome>given</Outcome><By>desk</By><Basis>form 1</Basis>"
        f"<DecidedAt>{at}</DecidedAt></Decision>"
    )
    content = f"{soap_header('m-second')}<ExchangeId>{deposit}</ExchangeId><Decisions>{decision}</Decisions>"
    status, _, answer_ = await door.post(door.signed(operation("ReleaseDocument", content)))
    assert status == 200, answer_
    decisions = [
        {"condition": each, "outcome": "given", "by": "desk", "basis": "form 1", "decidedAt": at} for each in others
    ]
    head = {"messageId": door.new_id(), "sender": "XA", "receiver": "XA"}
    path = f"/api/v1/exchanges/{deposit}/release"
    status, _, told = await door.call("POST", path, {"header": head, "decisions": decisions})
    assert status == 200, told


def know(gateway, witness, authority, folder):
    """Settings name the witness and the authority."""
    root = folder / "keys" / "authority.pem"
    root.write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in (authority.root, authority.between)))
    ledger = msgspec.structs.replace(
        gateway.settings.ledger,
        witness=(WitnessSettings(url="https://witness.example", vkey=witness.verifier.vkey),),
        timestamping=TimestampingSettings(
            authority=(AuthoritySettings(name="stamps", url="https://tsa.example", certificates=(root,)),)
        ),
    )
    gateway.settings = msgspec.structs.replace(gateway.settings, ledger=ledger)


CODE = "7F3Q"


async def ask(door):
    """A retrieval, whose message carries an access code."""
    body = {
        "header": {"messageId": door.new_id(), "sender": "XA", "receiver": "XA"},
        "application": {"officeCode": "XB", "right": "patent", "number": "2026/777", "filingDate": "2026-09-01"},
        "accessCode": CODE,
    }
    status, _, told = await door.call("POST", "/api/v1/retrievals", body)
    assert status < 300, told
    return told["exchangeId"]


def text_of(body, name):
    found = re.search(rf"<(?:\w+:)?{name}>([^<]+)</", body.decode())
    assert found, body
    return found[1]


def verify(content, trust=None):
    return verify_dossier(io.BytesIO(content), trust or Trust())


def members_of(content):
    """What any other program sees in it."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def contents_of(content):
    return json.loads(members_of(content)["exchange.json"])
