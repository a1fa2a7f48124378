"""The cover of a dossier, for a person who has to decide: who, what, when, which evidence, what is missing and why.

Rules: everything on it stands in the sealed part too; nothing is loaded from anywhere, so that it shows the same in
many years; texts of others are escaped in the page and cannot become part of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Final

import jinja2

from gateway.core.instant import rfc3339
from gateway.wire.dossier_contents import Contents, EnvelopeForm, MessageFiles

__all__ = ["Section", "render_cover", "sections_of", "title_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading, a sentence or two, and a table; no rows, no table."""

    heading: str
    text: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


_STEPS: Final = {
    "deposited": "the office's own system deposited the document",
    "decided": "a release decision was taken",
    "released": "all conditions were settled: the document was released",
    "routed": "what had to be done at counterparts was planned",
    "placed": "a counterpart confirmed the registration",
    "corrected": "the filing date was corrected",
    "replaced": "the document was replaced; the former version is kept",
    "withdrawn": "the registration was taken back",
    "correction-placed": "a counterpart confirmed the correction",
    "replacement-placed": "a counterpart confirmed the replacement",
    "withdrawal-placed": "a counterpart confirmed the withdrawal",
    "requested": "the office's own system asked for the document",
    "received": "the document arrived",
    "handed-over": "the document was laid into the office's own system",
    "confirmed": "the office's own system confirmed a notification",
    "fetched": "the office's own system fetched the document",
    "changed": "the first office changed the document after it had been fetched",
    "asked": "a counterpart asked for the document",
    "answered": "the counterpart was told that the document is ready",
    "taken": "the counterpart took the document from the office's library",
    "noticed": "the counterpart gave notice",
    "attempted": "an attempt at a counterpart failed and was put off",
    "refused": "something was refused",
    "stopped": "a person stopped the exchange",
    "resumed": "a person lifted the stop",
    "resent": "a person had it tried again",
    "forgotten": "a document was forgotten: its key was destroyed",
    "evidenced": "a dossier was handed out",
}
_FORMS: Final = {
    EnvelopeForm.SOAP: "whole, with its signature",
    EnvelopeForm.SOAP_HEAD: "its signature, without the content",
    EnvelopeForm.JWS: "whole, with its signature",
    EnvelopeForm.JWS_HEAD: "its signature, without the content",
    EnvelopeForm.UNSIGNED: "whole; it was not signed but proven by an access token",
}


def title_of(contents: Contents) -> str:
    """What stands at the head of the cover."""
    application = contents.exchange.application
    return f"Dossier of an exchange: application {application.office} {application.number}"


def render_cover(contents: Contents, made_at: datetime) -> bytes:
    """Write the cover as one HTML page that can be printed."""
    page = _template().render(
        title=title_of(contents), office=contents.exchange.office, sections=sections_of(contents, made_at)
    )
    return page.encode("utf-8", "replace")


def sections_of(contents: Contents, made_at: datetime) -> tuple[Section, ...]:
    """The cover's sections, in their order."""
    return tuple(_sections(contents, made_at))


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(files("gateway.app").joinpath("dossier_cover.html").read_text("utf-8"))


def _sections(contents: Contents, made_at: datetime) -> Iterator[Section]:
    exchange, application = contents.exchange, contents.exchange.application
    yield Section(
        heading="What this is",
        text=f"Office {exchange.office} made this file on {_time(made_at)} from what its gateway holds on one exchange "
        "of a document between offices. It says what the gateway received, signed, decided and was told, and encloses "
        "the evidence. It certifies nothing about what the documents say: that is for who certified them. Times are "
        "those of the gateway's clock unless a witness or a time-stamp authority is named.",
    )
    yield Section(
        heading="Who and what",
        columns=("", ""),
        rows=(
            ("Application", f"{application.office} {application.number}, {application.right.value}"),
            ("Filing date", application.filing_date.isoformat()),
            ("Document", exchange.kind.value.replace("-", " ")),
            ("Office that made this dossier", f"{exchange.office}, the {exchange.party.value} office"),
            ("State when it was made", f"{exchange.state.value}, version {exchange.version}"),
            ("Publication", exchange.publication.value),
            ("Exchange", exchange.exchange_id),
            ("Began", _time(exchange.created_at)),
        ),
    )
    yield Section(
        heading="What happened",
        text="Each line is an entry of the office's ledger, which is only ever added to. The number is its place.",
        columns=("Place", "When", "What"),
        rows=tuple(
            ("-" if entry.seq is None else str(entry.seq), _time(entry.at), _STEPS.get(entry.step, entry.step))
            for entry in contents.entries
        ),
    )
    yield Section(
        heading="The documents, by their digests",
        text="A digest (SHA-256) is met by one content only: whoever has a copy can compare it.",
        columns=("Version", "What", "Bytes", "SHA-256", "Certified"),
        rows=tuple(
            (
                str(document.version),
                f"{document.role.value} ({document.media_type})"
                + (f", encrypted in {document.encrypted}" if document.encrypted else ""),
                str(document.size),
                document.sha256,
                "-"
                if document.certification is None
                else f"by {document.certification.certified_by} on {document.certification.certified_on.isoformat()}, "
                f"{document.certification.form.value}"
                + (", with the filing date" if document.certification.filing_date_certified else ""),
            )
            for document in contents.documents
        ),
    )
    yield Section(
        heading="What let it leave",
        text="" if contents.decisions else "No decision was taken: nothing was to be released, or it was not.",
        columns=("Condition", "Decision", "By", "On what basis", "When"),
        rows=tuple(
            (each.condition.value, each.outcome.value, each.by, each.basis, _time(each.decided_at))
            for each in contents.decisions
        ),
    )
    yield Section(
        heading="Messages to the gateway, each with its signed receipt",
        columns=("When", "From", "What", "Enclosed", "Its signature, as found"),
        rows=tuple(
            (_time(each.accepted_at), each.sender, each.operation, _enclosed(each), each.found or "-")
            for each in contents.messages
        ),
    )
    yield Section(
        heading="What the gateway told the office's own system",
        columns=("When", "What", "Confirmed"),
        rows=tuple(
            (_time(each.created_at), each.event, _time(each.confirmed_at) if each.confirmed_at else "not confirmed")
            for each in contents.notifications
        ),
    )
    yield Section(
        heading="What was done at counterparts, and what they answered",
        columns=("At", "What", "Became", "Their own ids of our requests"),
        rows=tuple(
            (
                each.counterpart,
                each.task.value,
                each.state + (f", reason {each.reason}" if each.reason else ""),
                ", ".join(each.acknowledgement_ids) or "-",
            )
            for each in contents.transmissions
        ),
    )
    yield Section(
        heading="What became known",
        columns=("When", "Fact", "Value"),
        rows=tuple((_time(fact.at), fact.name, fact.value or "-") for fact in contents.facts),
    )
    yield Section(
        heading="What vouches for the ledger",
        text="A checkpoint is the signed head of the ledger. A witness is another party that saw it and signed when; a "
        "time-stamp is an authority's word that it existed. What a checkpoint covers cannot be changed after it.",
        columns=("Entries", "Signed", "Witnesses", "Time-stamps"),
        rows=tuple(
            (
                str(head.size),
                _time(head.signed_at),
                f"lines in {head.cosignatures}" if head.cosignatures else "none",
                ", ".join(f"{stamp.authority}, {_time(stamp.at)}" for stamp in head.time_stamps) or "none",
            )
            for head in contents.log.checkpoints
        ),
    )
    yield Section(
        heading="What is missing, and why",
        columns=("What", "Why"),
        rows=tuple((each.what, each.why) for each in contents.missing),
    )
    yield Section(
        heading="How to verify it",
        text="Run: pouch verify FILE. It needs no network and nobody's help, and says what holds since when. Without "
        "that program: the recipe in the auditors' guide uses openssl, xmlsec1 and a short script, also years after "
        "the certificates have expired. Give it the certificates and verifier keys that you have from the office.",
    )


def _enclosed(message: MessageFiles) -> str:
    shown = f"{_FORMS[message.form]}: {message.envelope}" if message.form and message.envelope else "not enclosed"
    why = f" ({message.withheld})" if message.withheld else ""
    whole = f"; whole, encrypted: {message.encrypted}" if message.encrypted else ""
    return f"{shown}{why}{whole}"


def _time(at: datetime) -> str:
    return rfc3339(at).replace("T", " ").partition(".")[0].removesuffix("Z") + " UTC"
