"""The one table of what an inspection of a document or package can find, and the report that is made of it.

Rules:
- Codes are forever: they stand in reports, in receipts' facts and in partners' programs. One code has one severity.
- ERROR is what makes the thing unusable or dangerous, and turns it away; WARNING is what a clerk should look at;
  NOTE is what is worth knowing. What is only unusual is never an error: a refusal can cost a priority right.
- `text` and `remedy` are written for a clerk and hold no value; values of the thing itself stand in `detail`, bounded
  and printable, and go to its sender only. An access code stands nowhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Final

__all__ = [
    "CertificationVerdict",
    "Code",
    "Finding",
    "Form",
    "Judgement",
    "Report",
    "Severity",
    "found",
    "judged",
    "read_report",
]

_DETAIL_LIMIT: Final = 200
_PLACE_LIMIT: Final = 600


class Severity(Enum):
    """What a finding does: an error turns away, a warning is stored and shown, a note is told."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Judgement(Enum):
    """The result of an inspection, in the words of every verdict here (ETSI EN 319 102-1, 5.1.3)."""

    PASSED = "PASSED"
    INDETERMINATE = "INDETERMINATE"  # it could not be told, and nothing bad was found
    FAILED = "FAILED"


class Form(Enum):
    """Every form in which a document or package travels, as it is recognised by its bytes."""

    PDF = "pdf"
    PDDP = "pddp"
    EPO = "epo"
    WAD = "wad"
    WASP = "wasp"
    SEP = "sep"
    ST26 = "st26"
    ST36 = "st36"
    ST96 = "st96"
    SIGNED_XML = "signed-xml"
    XML = "xml"
    ARCHIVE = "archive"
    UNKNOWN = "unknown"


_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE


# fmt: off
class Code(Enum):
    """Every finding: (code, severity, the rule with its paragraph, one sentence for a clerk, what to do next)."""

    def __init__(self, code: str, severity: Severity, rule: str, text: str, remedy: str) -> None:
        self.code = code
        self.severity = severity
        self.rule = rule
        self.text = text
        self.remedy = remedy

    # any form ----------------------------------------------------------------------------------------------
    EMPTY = ("empty", _E, "every document has bytes", "There is nothing in the file.", "Send the file itself; check that it was written whole.")
    TYPE_MISMATCH = ("type-mismatch", _E, "RFC 6838: a media type names the form of the bytes", "The file is not of the type that is declared for it.", "Declare the type of the bytes that are sent (PDF, XML, ZIP), or send the file that was meant.")
    FORM_UNKNOWN = ("form-unknown", _W, "WIPO ST.92; PCT Administrative Instructions, Annex F", "The file is of no form that is known here, so that nothing inside it was checked.", "Send a PDF, or a package of an agreed form; a plain file may travel beside them as a supplement.")
    TOO_COSTLY = ("too-costly", _E, "a file of 10 MB or less costs at most 50 MB of memory and 1 s of processor", "The file unfolds into more than is examined: it is damaged, or was made to do harm.", "Make the file again with a usual tool; do not nest or repeat its contents.")
    NOT_EXAMINED = ("not-examined", _W, "what cannot be examined is not refused", "The examination did not come to an end, for a cause on this side or in the file.", "Nothing to do; a person at the receiving office should open the file with care.")
    # archives ----------------------------------------------------------------------------------------------
    ARCHIVE_MALFORMED = ("archive-malformed", _E, "APPNOTE 6.3.10, 4.3", "The file is not a well-formed ZIP archive.", "Make the archive again with a usual tool, in one piece, and send it as it was made.")
    ARCHIVE_CONTRADICTION = ("archive-contradiction", _E, "APPNOTE 6.3.10, 4.3.2 and 4.3.12: directory and local headers agree", "The archive says two things of one entry, or has bytes that belong to none.", "Make the archive again with a usual tool; put nothing before, between or after its entries.")
    ARCHIVE_NAME = ("archive-name", _E, "APPNOTE 6.3.10, 4.4.17: relative names; Unicode NFC", "An entry has a name that cannot be taken, or two names are one on another system.", "Give each file a relative name of its own: no .. or backslash, Unicode NFC, different in more than case.")
    ARCHIVE_LINK = ("archive-link", _E, "a package holds files and folders", "The archive holds a link or a device.", "Put files and folders into the archive, nothing else.")
    ARCHIVE_ENCRYPTED = ("archive-encrypted", _E, "APPNOTE 6.3.10, 6 and 7", "An entry is encrypted.", "Send the archive without a password; the connection protects it.")
    ARCHIVE_METHOD = ("archive-method", _E, "APPNOTE 6.3.10, 4.4.5: stored or deflated", "An entry is compressed in a way that is not taken.", "Store or deflate the entries; no other method.")
    ARCHIVE_LIMIT = ("archive-limit", _E, "bounds of count, total, ratio and nesting", "The archive unfolds into more than is taken.", "Send fewer or smaller files, and no archives inside archives inside archives.")
    ARCHIVE_DAMAGED = ("archive-damaged", _E, "APPNOTE 6.3.10, 4.4.7: CRC-32 and sizes", "The content of an entry is not what the archive says of it.", "The archive was damaged or cut short: make it again and send it again.")
    # PDF ---------------------------------------------------------------------------------------------------
    TWO_FORMS = ("two-forms", _E, "one file has one form", "The file is a PDF and an archive at once: two programs would see two things.", "Send the PDF and the archive as two files.")
    PDF_UNREADABLE = ("pdf-unreadable", _E, "ISO 32000-2, 7.5: file structure", "The PDF cannot be read, not even by repairing it.", "Open the file in a viewer; make it again from the original and send that.")
    PDF_CUT_SHORT = ("pdf-cut-short", _E, "ISO 32000-2, 7.5.5: a PDF ends with %%EOF", "The PDF has no end: it was probably cut off on its way.", "Compare the size with the original and send the whole file.")
    PDF_TRAILING = ("pdf-trailing", _W, "ISO 32000-2, 7.5.5: a PDF ends with %%EOF", "After the end of the PDF there are further bytes.", "Check which program added them; send the file as it was made.")
    PDF_HEADER = ("pdf-header", _W, "ISO 32000-2, 7.5.2: a PDF begins with its header", "Before the beginning of the PDF there are other bytes.", "Check which program added them; send the file as it was made.")
    PDF_REPAIRED = ("pdf-repaired", _W, "ISO 32000-2, 7.5.4: cross-reference table", "The PDF could only be read by repairing its table of contents (cross-references).", "Open the file and compare it with the original; if pages are missing, send it again.")
    PDF_PASSWORD = ("pdf-password", _E, "ISO 32000-2, 7.6; a copy must be readable", "The PDF asks for a password before it can be read.", "Send the PDF without a password; the connection protects it.")
    PDF_ENCRYPTED = ("pdf-encrypted", _W, "ISO 32000-2, 7.6; ISO 19005-1, 6.1.3", "The PDF is encrypted, though it opens without a password.", "Make copies without restrictions; this one is kept as it is.")
    PDF_NO_PAGES = ("pdf-no-pages", _E, "ISO 32000-2, 7.7.3: page tree", "The PDF has no pages.", "Make the PDF again and look at it before sending.")
    PDF_PAGES_BROKEN = ("pdf-pages-broken", _E, "ISO 32000-2, 7.7.3: page tree", "The pages of the PDF cannot be found: their tree is broken or runs in a circle.", "Make the PDF again from the original with a usual tool.")
    PDF_MANY_PAGES = ("pdf-many-pages", _W, "a copy of usual length", "The PDF has an unusual number of pages.", "Check that it is the right file; large sequence listings belong into a file of their own (ST.26).")
    PDF_COUNT = ("pdf-count", _W, "ISO 32000-2, 7.7.3.2: Count", "The PDF says another number of pages than it has.", "Compare the pages with the original; make the PDF again if some are missing.")
    PDF_PAGE_SIZE = ("pdf-page-size", _W, "PCT Rule 11.5: A4; EPN common practice", "Some pages are larger than a sheet of paper, or say no size.", "Nothing to do if they are plans or posters; else scan to A4.")
    PDF_FONT_MISSING = ("pdf-font-missing", _W, "EPN common practice; ISO 19005-1, 6.3.4: embedded fonts", "Fonts are not in the PDF, so that another computer may show other signs.", "Make PDFs with all fonts embedded (PDF/A); this one is kept as it is.")
    PDF_FONT_STANDARD = ("pdf-font-standard", _N, "ISO 32000-1, 9.6.2.2: the standard 14 fonts", "The PDF uses standard fonts that are not in it; every viewer has something alike.", "Nothing to do; PDF/A would hold them.")
    PDF_COLOUR = ("pdf-colour", _N, "never flatten colour", "The PDF has colour.", "Nothing to do; copies must keep the colour.")
    PDF_GREY = ("pdf-grey", _W, "a grey copy of a colour filing is flagged", "The views of this design are grey without any colour.", "Check that the application was not filed in colour.")
    PDF_IMAGE_ONLY = ("pdf-image-only", _N, "EPN common practice: searchable text", "The PDF has pictures of pages and no text.", "Nothing to do; where the text exists, it may travel beside it.")
    PDF_SCRIPT_RUNS = ("pdf-script-runs", _E, "ISO 19005-1, 6.6.1: no scripts; ISO 32000-2, 12.6.4.17", "The PDF runs a script when it or a page is opened.", "Print the document to a new PDF without scripts, certify and send that.")
    PDF_SCRIPT = ("pdf-script", _W, "ISO 19005-1, 6.6.1: no scripts", "The PDF holds a script behind a field or link.", "Make copies without scripts (PDF/A); this one is kept as it is.")
    PDF_LAUNCH = ("pdf-launch", _E, "ISO 19005-1, 6.6.1: no Launch action; ISO 32000-2, 12.6.4.6", "The PDF starts a program or opens another file.", "Print the document to a new PDF without such actions, certify and send that.")
    PDF_SENDS = ("pdf-sends", _W, "ISO 19005-1, 6.6.1: no SubmitForm, no ImportData", "The PDF can send what is entered, or take in other files.", "Make copies without forms that send (PDF/A); this one is kept as it is.")
    PDF_MULTIMEDIA = ("pdf-multimedia", _W, "ISO 19005-1, 6.5.2 and 6.6.1", "The PDF holds sound or moving pictures, which print leaves out.", "Send such contents as files of their own.")
    PDF_ATTACHMENTS = ("pdf-attachments", _W, "ISO 32000-2, 7.11.4: embedded files", "The PDF has files attached that nobody sees who prints it.", "Send attached files as supplements of their own.")
    PDF_FORM = ("pdf-form", _N, "ISO 32000-2, 12.7: interactive forms", "The PDF has fields that can be filled in.", "Nothing to do; a printed copy would be firmer.")
    PDF_XFA = ("pdf-xfa", _W, "ISO 32000-2, Annex K: XFA is no part of PDF 2.0", "The PDF is made of an XFA form, of which many programs show one empty page.", "Print the form to a plain PDF and send that.")
    PDF_SEAL_GOOD = ("pdf-seal-good", _N, "ISO 32000-2, 12.8; OJ EPO 2018, A94", "The digital signature in the PDF holds, and its signer is agreed.", "Nothing to do.")
    PDF_SEAL_UNPROVEN = ("pdf-seal-unproven", _W, "ISO 32000-2, 12.8; ETSI EN 319 102-1", "The digital signature in the PDF could not be proven.", "See the explanation; agree the signer's authority with the operator, or check the signature in a viewer.")
    PDF_SEAL_BROKEN = ("pdf-seal-broken", _E, "ISO 32000-2, 12.8; certified bytes are never altered", "The digital signature in the PDF does not hold: the file was changed after it was signed.", "Send the file exactly as the office signed it, without saving, printing or merging it.")
    PDF_SEAL_PARTIAL = ("pdf-seal-partial", _W, "ISO 32000-2, 12.8.1: ByteRange", "Something was added to the PDF after it was signed.", "Compare with the original; only what was signed is certified.")
    PDF_SEAL_MISSING = ("pdf-seal-missing", _W, "OJ EPO 2018, A94", "The copy is declared to be digitally signed, but there is no signature in the PDF.", "Send the signed file, or declare the form of certification that it has.")
    # XML ---------------------------------------------------------------------------------------------------
    XML_MALFORMED = ("xml-malformed", _E, "XML 1.0, 2.1", "The XML is not well-formed.", "Send well-formed XML in UTF-8 with one root element.")
    XML_DOCTYPE = ("xml-doctype", _E, "no internal subset, no unknown external id, no processing instruction", "The XML has a DOCTYPE or a processing instruction that is not taken.", "Send the document without them; of ST.36 and Annex F the official external id may stay.")
    XML_LIMIT = ("xml-limit", _E, "bounds of depth, names, text and number of nodes", "The XML is larger or nested more deeply than is taken.", "Send large contents as files of their own, not inside the XML.")
    XML_TOO_LARGE = ("xml-too-large", _W, "what cannot be examined is not refused", "The XML is too large to be looked into here; its bytes are kept as they are.", "Nothing to do; a person at the receiving office should open the file.")
    # bibliographic data ------------------------------------------------------------------------------------
    BIBLIOGRAPHY_MISSING = ("bibliography-missing", _W, "WIPO ST.36; ST.96 Annex III", "The document names no application.", "Check that it is the document that was meant; bibliographic data names office, number and filing date.")
    DOCUMENT_SCHEMA = ("document-schema", _W, "WIPO ST.96 and others, schemas as installed", "The document does not follow the official schema of its standard.", "Check it with that schema before it is sent; what could be read was.")
    OFFICE_MISMATCH = ("office-mismatch", _E, "WIPO ST.3; Paris Convention, Article 4D(1)", "The document is of another office's application than the one it is sent for.", "Send the document of the application that is named in the message, or name the application of the document.")
    NUMBER_MISMATCH = ("number-mismatch", _E, "WIPO ST.10/C, 12; Paris Convention, Article 4D(1)", "The document has another application number than the one it is sent for.", "Send the document of the application that is named in the message, or name the application of the document.")
    DATE_MISMATCH = ("date-mismatch", _E, "Paris Convention, Article 4D(1)", "The document has another filing date than the application it is sent for.", "Check both dates with the file; correct the message, or send the right document.")
    RIGHT_MISMATCH = ("right-mismatch", _E, "Paris Convention, Article 4E", "The document is of another kind of right than the one it is sent for.", "Name the right that the document is of: patent, utility model, design or trade mark.")
    DATE_MALFORMED = ("date-malformed", _W, "WIPO ST.2: calendar dates", "A date is no calendar date.", "Write dates as year, month and day.")
    DATE_IN_FUTURE = ("date-in-future", _E, "a filing date is of the past", "The filing date lies in the future.", "Correct the date; it was perhaps written with day and month or the year exchanged.")
    PRIORITY_AFTER_FILING = ("priority-after-filing", _E, "Paris Convention, Article 4A(1) and 4C(2)", "A priority date is later than the filing date of the application that claims it.", "Check both dates with the file: one of them is wrong, or the claim belongs to another application.")
    PRIORITY_EXPIRED = ("priority-expired", _W, "Paris Convention, Article 4C(1): twelve months, for designs and marks six; PCT Rule 26bis.3", "A priority date lies further back than the priority period and its restoration.", "Check the date; where it is right, the office of second filing decides.")
    OFFICE_CODE = ("office-code", _W, "WIPO ST.3", "An office is not named by a two-letter code.", "Name offices by their ST.3 codes.")
    PAGES_AS_IMAGES = ("pages-as-images", _N, "WIPO ST.36: doc-page", "Parts of the document are images of pages, without text.", "Nothing to do where the filing itself was on paper; else send the text as it was filed.")
    REFERENCE_DANGLING = ("reference-dangling", _W, "WIPO ST.36: img, doc-page; ST.96: com:Image", "The document refers to a file that is not in the package.", "Add the file under the name that is referred to, or correct the reference.")
    # signatures and indexes of packages --------------------------------------------------------------------
    SEAL_GOOD = ("seal-good", _N, "ETSI EN 319 102-1, 5", "The signature of the package holds, and its signer is agreed.", "Nothing to do.")
    SEAL_UNPROVEN = ("seal-unproven", _W, "ETSI EN 319 102-1, 5", "The signature of the package could not be proven.", "See the explanation; agree the signer's authority with the operator.")
    SEAL_WEAK = ("seal-weak", _W, "SOG-IS Agreed Mechanisms 1.3: SHA-1 is not accepted", "The signature of the package rests on an algorithm that proves nothing any more.", "Ask the sender for a signature with SHA-256; until then take the package as unsigned.")
    SEAL_BROKEN = ("seal-broken", _E, "ETSI EN 319 102-1, 5; certified bytes are never altered", "The signature of the package does not hold: something was changed after it was signed.", "Send the package exactly as it was signed.")
    SEAL_MALFORMED = ("seal-malformed", _E, "XML Signature 1.1, 8.1; RFC 5652, 5: everybody takes the same for signed", "The signature of the package is built or placed in a way that nobody signs honestly.", "Send the package exactly as it was signed, with one signature over the whole of it.")
    SEAL_PARTIAL = ("seal-partial", _W, "XML Signature 1.1, 8.1: only what is signed is secure", "The signature does not cover every file of the package.", "Sign all files; what is not signed is not certified.")
    PACKAGE_CLOSED = ("package-closed", _W, "RFC 5652, 6: EnvelopedData", "The package is encrypted for somebody and was not opened.", "Open it with the recipient's key, then check what is inside.")
    INDEX_MISSING_ENTRY = ("index-missing-entry", _E, "WIPO ST.92; PCT Annex F: the list and the files agree", "A file that the index lists is not in the package.", "Add the file, or take it from the index; send the package whole.")
    INDEX_EXTRA_ENTRY = ("index-extra-entry", _W, "WIPO ST.92; PCT Annex F: the list and the files agree", "The package holds a file that the index does not list.", "List the file in the index, or leave it out.")
    INDEX_DIGEST = ("index-digest", _E, "WIPO ST.92; PCT Annex F: the list and the files agree", "A file is not the one whose digest the index says.", "Make the index again from the files that are sent.")
    INDEX_SIZE = ("index-size", _E, "WIPO ST.92; PCT Annex F: the list and the files agree", "A file has another size than the index says.", "Make the index again from the files that are sent.")
    INDEX_UNUSUAL = ("index-unusual", _W, "schemas/pddp.toml, provisional", "The index is not written as this side knows it; not all of it was compared.", "Install the official schema with `pouch schemas add`, or agree the names with the sender; what could be compared was.")
    INDEX_SCHEMA = ("index-schema", _E, "WIPO ST.92, index schema as installed", "The index does not follow the official schema.", "Make the index with the official schema and send the package again.")
    KIND_MISMATCH = ("kind-mismatch", _E, "WIPO ST.92; PCT Annex F: kinds of documents", "The package says that it is not a priority document.", "Send the priority document, or name the kind of document that it is.")
    WAD_FILE_NAME = ("wad-file-name", _N, "PCT/AI/ANF, 4.3", "Files are not named by the rule of Annex F.", "Nothing to do; the names are kept as they are.")
    WAD_DIGEST = ("wad-digest", _E, "PCT/AI/ANF, Appendix I: wad-message-digest", "A header or receipt names the digest of another package.", "Compare the package with the receipt; they do not belong together.")
    EPO_STATEMENT_MISSING = ("epo-statement-missing", _W, "EPN common practice: the signed PDF states the hash", "The certifying PDF states no digest of the inner package.", "Ask the certifying office; the inner package is not bound to the certificate.")
    EPO_DIGEST = ("epo-digest", _E, "EPN common practice: the signed PDF states the hash", "The inner package is not the one whose digest the certifying PDF states.", "Send inner package and certifying PDF as the office made them.")
    EPO_ALGORITHM = ("epo-algorithm", _W, "SOG-IS Agreed Mechanisms 1.3", "The certifying PDF states its digest by an algorithm that proves nothing any more.", "Ask the certifying office for SHA-256.")
    PDDP_CORE_MISSING = ("pddp-core-missing", _E, "WIPO ST.92: one core PDF", "The package has no core PDF, or more than one.", "Put exactly one PDF of the application as filed into its place.")
    PDDP_MANDATORY_TYPE = ("pddp-mandatory-type", _W, "WIPO ST.92: mandatory folder", "The mandatory folder holds a file that is neither PNG nor ST.26 XML.", "Put other files into the supplementary folder.")
    # sequence listings -------------------------------------------------------------------------------------
    LISTING_QUANTITY = ("listing-quantity", _W, "WIPO ST.26, 42 to 49: SequenceTotalQuantity", "The listing holds another number of sequences than it says.", "Make the listing again with WIPO Sequence, which counts them.")
    LISTING_ORDER = ("listing-order", _W, "WIPO ST.26, 10: sequence identifiers from 1 on without gaps", "The identifiers of the sequences are not consecutive.", "Number the sequences from 1 on; a sequence left out on purpose keeps its number and says 000.")
    LISTING_SEQUENCE = ("listing-sequence", _W, "WIPO ST.26, 11 to 14 and 50 to 57", "A sequence is not as long as it says, or has letters that its kind of molecule has not.", "Make the listing again with WIPO Sequence, which checks them.")

    def __str__(self) -> str:
        return self.code
# fmt: on


if len({row.code for row in Code}) != len(Code):  # two rows with one code would make reports ambiguous for ever
    raise TypeError("two findings share a code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding. `place` is an entry name, page, XPath or line, " > " between outer and inner; None for the whole."""

    code: Code
    place: str | None = None
    detail: str | None = None

    @property
    def severity(self) -> Severity:
        """What it does."""
        return self.code.severity

    def within(self, outer: str) -> "Finding":
        """The same finding as seen from the package that holds the thing under the name `outer`."""
        return replace(self, place=_bounded(f"{outer} > {self.place}" if self.place else outer, _PLACE_LIMIT))

    def told(self) -> dict[str, str]:
        """The finding as JSON tells it; members without a value are left out."""
        row = self.code
        members = {
            "severity": row.severity.value,
            "code": row.code,
            "place": self.place,
            "rule": row.rule,
            "text": row.text,
            "remedy": row.remedy,
            "detail": self.detail,
        }
        return {name: value for name, value in members.items() if value is not None}


def found(code: Code, place: str | None = None, detail: object = None) -> Finding:
    """Make a finding of values that may come from the thing itself: printable, on one line, and bounded."""
    return Finding(
        code=code,
        place=None if place is None else _bounded(place, _PLACE_LIMIT),
        detail=None if detail is None else _bounded(str(detail), _DETAIL_LIMIT),
    )


def _bounded(text: str, limit: int) -> str:
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificationVerdict:
    """What the office's own signature on a copy says: the verdict of the Certification, not of the transport.

    `sub_indication` and `explanation` are those of the verification; `signer` is the SHA-256 of the certificate in
    hex; `covers_all` whether nothing was added to the file after it was signed.
    """

    judgement: Judgement
    explanation: str
    sub_indication: str | None = None
    signer: str | None = None
    covers_all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of an inspection. `digests` are SHA-256 in hex by name, the thing itself under its own name first.

    `references` are (place, name of a file) where the document refers to files beside it; for whoever holds those.
    """

    form: Form
    name: str
    judgement: Judgement
    findings: tuple[Finding, ...]
    digests: Mapping[str, str] = field(default_factory=dict)
    certification: CertificationVerdict | None = None
    references: tuple[tuple[str, str], ...] = ()

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings of one severity, in their order."""
        return tuple(each for each in self.findings if each.severity is severity)

    def told(self) -> dict[str, object]:
        """The report as JSON tells it (`pouch validate --json`)."""
        members: dict[str, object] = {
            "verdict": self.judgement.value,
            "form": self.form.value,
            "name": self.name,
            "findings": [each.told() for each in self.findings],
            "digests": dict(self.digests),
        }
        if self.certification is not None:
            seal = self.certification
            members["certification"] = (
                {
                    "verdict": seal.judgement.value,
                    "explanation": seal.explanation,
                    "coversAll": seal.covers_all,
                }
                | ({"subIndication": seal.sub_indication} if seal.sub_indication else {})
                | ({"signer": seal.signer} if seal.signer else {})
            )
        return members


#: Findings that say that something could not be told.
_UNTOLD: Final = frozenset({Code.NOT_EXAMINED, Code.FORM_UNKNOWN, Code.XML_TOO_LARGE, Code.PACKAGE_CLOSED})


def judged(findings: Iterable[Finding]) -> Judgement:
    """The judgement that findings lead to: FAILED by an error, INDETERMINATE if not all was examined."""
    kept = tuple(findings)
    if any(each.severity is Severity.ERROR for each in kept):
        return Judgement.FAILED
    return Judgement.INDETERMINATE if any(each.code in _UNTOLD for each in kept) else Judgement.PASSED


_BY_CODE: Final = {row.code: row for row in Code}


def read_report(told: Mapping[str, Any]) -> Report:
    """Read a report as `Report.told` tells it; KeyError or ValueError if it is none."""
    seal = told.get("certification")
    return Report(
        form=Form(told["form"]),
        name=told["name"],
        judgement=Judgement(told["verdict"]),
        findings=tuple(
            Finding(code=_BY_CODE[each["code"]], place=each.get("place"), detail=each.get("detail"))
            for each in told["findings"]
        ),
        digests=told["digests"],
        certification=None
        if seal is None
        else CertificationVerdict(
            judgement=Judgement(seal["verdict"]),
            explanation=seal["explanation"],
            sub_indication=seal.get("subIndication"),
            signer=seal.get("signer"),
            covers_all=seal["coversAll"],
        ),
    )
