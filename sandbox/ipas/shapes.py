"""The vocabulary of IPAS's SOAP service: which fields a type has, in which order, and which operation takes what.

Rules:
- One line per type: `name` is a text, `name:kind` something else, `*` a list, `?` a list whose entries may be nil,
  `!` must be there. All else may be absent, as everywhere in IPAS.
- A type that is only ever written holds just the fields this sandbox fills, in the real order.
- Source: the public description of the service, all its types (169 operations, of which these are answered here).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["BASIC", "OPERATIONS", "TYPES", "Field", "Operation"]

#: Kinds that are not types of their own.
BASIC = frozenset({"text", "boolean", "integer", "instant", "double", "long", "base64"})

_FIELD = re.compile(r"(?P<name>\w+)(?::(?P<kind>\w+))?(?P<mark>[*?!]?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One element of a sequence: its name, its kind (BASIC or a type), and how often it may stand."""

    name: str
    kind: str
    many: bool
    nillable: bool
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What an operation takes and what its `return` is."""

    arguments: tuple[Field, ...]
    returns: Field


def _fields(line: str) -> tuple[Field, ...]:
    fields = []
    for word in line.split():
        found = _FIELD.fullmatch(word)
        if found is None:
            raise ValueError(f"not a field: {word}")
        mark = found["mark"]
        fields.append(
            Field(
                name=found["name"],
                kind=found["kind"] or "text",
                many=mark in ("*", "?"),
                nillable=mark == "?",
                required=mark == "!",
            )
        )
    return tuple(fields)


_CRITERIA_ELSE = (
    "criteriaExtraData criteriaFileId criteriaFilingData:cCriteriaFilingData criteriaOwnershipData"
    " criteriaPriority:cCriteriaPriority criteriaReceipt criteriaRegistrationData criteriaRepresentationData"
    " criteriaStatus criteriaTechnicalData"
)

TYPES = {
    name: _fields(line)
    for name, line in {
        "cFileId": "fileNbr:integer fileSeq fileSeries:integer fileType",
        "cDocumentId": "docLog docNbr:integer docOrigin docSeries:integer selected",
        "cDocumentSeqId": "docSeqName docSeqNbr:integer docSeqSeries:integer docSeqType",
        "cOfficedocId": "offidocNbr:integer offidocOrigin offidocSeries:integer selected",
        "cOfficeSectionId": "officeDepartmentCode officeDivisionCode officeSectionCode",
        "cReceipt": "currencyType DReceiptAmount:double receiptDate:instant receiptNbr:long receiptType",
        "cDailyLogId": "dailyLogDate:instant docLog docOrigin",
        "cDocumentImage": "content:base64 contentType documentInstanceNbr:integer",
        "cStringValue": "value",
        "cEnvironment": "description indProduction:boolean name",
        "cCriteriaPatent": _CRITERIA_ELSE,
        "cCriteriaPriority": (
            "pctApplicationDate:instant pctApplicationId pctPublicationDate:instant pctPublicationId"
            " priorityApplicationNbr priorityCountryCode priorityDate:instant regionalApplicationDate:instant"
            " regionalApplicationId regionalPublicationDate:instant regionalPublicationId"
        ),
        "cCriteriaFilingData": (
            "applicationSubtype applicationType externalOffice externalSystemId filingDateFrom:instant"
            " filingDateTo:instant indManualInterpretationRequired:boolean isValidationPending:boolean"
            " noveltyDateFrom:instant noveltyDateTo:instant receptionDateFrom:instant receptionDateTo:instant"
        ),
        # written only
        "cDailyLog": (
            "dailyLogId:cDailyLogId firstDocNbr:integer indClosed:boolean indOpen:boolean lastDocNbr:integer"
        ),
        "cUserdocType": "userdocName userdocType",
        "cDocument": "documentId:cDocumentId",
        "cFilingData": (
            "captureDate:instant captureUserId:integer filingDate:instant receptionDate:instant"
            " receptionDocument:cDocument userdocTypeList:cUserdocType?"
        ),
        "cUserdoc": (
            "affectedDocumentId:cDocumentId affectedFileIdList:cFileId? documentId:cDocumentId"
            " documentSeqId:cDocumentSeqId filingData:cFilingData notes officeSectionId:cOfficeSectionId"
            " rowVersion:integer"
        ),
        "cParisPriority": "applicationId countryCode priorityDate:instant priorityStatus:integer",
        "cPriorityData": "parisPriorityList:cParisPriority?",
        "cPerson": "personName",
        "cOwner": "orderNbr:integer person:cPerson",
        "cOwnershipData": "ownerList:cOwner?",
        "cFile": (
            "fileId:cFileId filingData:cFilingData ownershipData:cOwnershipData priorityData:cPriorityData"
            " rowVersion:integer"
        ),
        "cFileSummary": (
            "fileId:cFileId fileIdAsString fileSummaryDescription fileSummaryOwner filingData:cFilingData"
            " indMark:boolean indPatent:boolean"
        ),
    }.items()
}


def _operation(takes: str, returns: str) -> Operation:
    words = takes.split()
    arguments = _fields(" ".join(f"arg{place}:{word}" for place, word in enumerate(words)))
    return Operation(arguments=arguments, returns=_fields(f"return:{returns}")[0])


#: operation -> kinds of arg0, arg1, ... and of `return`
OPERATIONS = {
    "UserdocReceive": _operation(
        "text text cFileId* boolean! cOfficedocId cOfficeSectionId instant cReceipt integer text cDocumentId"
        " cDocumentSeqId cDocumentId",
        "cUserdoc",
    ),
    "UserdocRead": _operation("cDocumentId", "cUserdoc"),
    "UserdocCheckIntegrityForNewDocId": _operation("cDocumentId", "boolean!"),
    "DailyLogRead": _operation("cDailyLogId", "cDailyLog"),
    "DailyLogOpen": _operation("cDailyLogId", "boolean!"),
    "DailyLogClose": _operation("cDailyLogId", "boolean!"),
    "DailyLogUndoClose": _operation("cDailyLogId", "boolean!"),
    "OutputFieldWriteDocument": _operation("cDocumentImage text", "boolean!"),
    "OutputFieldReadDocument": _operation("text", "cDocumentImage"),
    "OutputFieldGetFolderContent": _operation("text", "cStringValue*"),
    "CommonServicesEnvironmentGetList": _operation("", "cEnvironment*"),
    "PatentGetList": _operation("cCriteriaPatent", "cFileSummary*"),
    "PatentCount": _operation("cCriteriaPatent", "integer"),
    "FileRead": _operation("cFileId", "cFile"),
}
