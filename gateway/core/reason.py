"""The one table of everything that can go wrong: each Reason is a row, every error answer is derived from it.

Rules:
- Codes are forever: they stand in the ledger, in receipts of refusal and in partners' programs.
- Families by stage: 1 transport, 2 identity, 3 content, 4 state, 5 remote office, 9 internal.
- The public text and the remedy never hold a value from the message: places go into `Refused.place`,
  and remote text goes nowhere, since it may hold secrets (DAS has answered with the expected access code).
"""

from datetime import timedelta
from enum import Enum

from gateway.core.finding import Finding

__all__ = ["Blame", "Deferred", "Overtaken", "Reason", "Refused", "Retry", "by_code"]


class Retry(Enum):
    """Whether the same call can succeed later without anybody changing it."""

    NEVER = "never"
    LATER = "later"
    PERSON = "person"  # held: a person decides


class Blame(Enum):
    """Whose fault it is: decides the SOAP fault code (Client/Sender or Server/Receiver) and who is alarmed."""

    SENDER = "sender"
    US = "us"
    PARTNER = "partner"


_N, _L, _P = Retry.NEVER, Retry.LATER, Retry.PERSON
_S, _U, _R = Blame.SENDER, Blame.US, Blame.PARTNER


# fmt: off
class Reason(Enum):
    """Every way to fail: (code, retry, blame, HTTP status, one sentence for anybody, what to do next)."""

    def __init__(self, code: str, retry: Retry, blame: Blame, http: int, text: str, remedy: str) -> None:
        self.code = code
        self.retry = retry
        self.blame = blame
        self.http = http
        self.text = text
        self.remedy = remedy

    # 1 transport -------------------------------------------------------------------------------------------
    BODY_TOO_LARGE = ("1001", _N, _S, 413, "The message is larger than agreed.", "Send documents over the inline limit as MTOM parts or by REST upload, or agree on a higher limit.")
    CLIENT_GONE = ("1002", _N, _S, 400, "The connection ended before the message was complete.", "Send the message again with the same message id.")
    UNSUPPORTED_MEDIA_TYPE = ("1003", _N, _S, 415, "The content type is not one this address takes.", "Use text/xml, application/soap+xml, multipart/related (MTOM) or application/json as documented.")
    MALFORMED_MIME = ("1004", _N, _S, 400, "The multipart message is not well formed.", "Check boundary, part headers and that the root part comes first (RFC 2387, XOP).")
    RATE_EXCEEDED = ("1005", _L, _S, 429, "More messages than agreed.", "Wait as long as Retry-After says, then continue at the agreed rate.")
    DISK_NEARLY_FULL = ("1006", _L, _U, 503, "The gateway takes no new work for lack of room.", "Try again after Retry-After; the operator has been alarmed.")
    METHOD_NOT_ALLOWED = ("1007", _N, _S, 405, "This address does not take that method.", "See the OpenAPI description or the WSDL.")
    NO_SUCH_ADDRESS = ("1008", _N, _S, 404, "There is nothing at this address.", "See the OpenAPI description or the WSDL for the addresses that exist.")
    TOO_SLOW = ("1009", _N, _S, 408, "The message did not arrive in time.", "Send again with the same message id over a better link, or in smaller messages.")
    SHUTTING_DOWN = ("1010", _L, _U, 503, "The gateway is being restarted.", "Try again after Retry-After.")
    NOT_HTTP = ("1011", _N, _S, 400, "The request is not HTTP that can be read here.", "Send HTTP/1.1 with one Content-Length or chunked; a request line and each header of at most 8190 bytes, at most 64 headers; TLS where the address says https.")
    # 2 identity --------------------------------------------------------------------------------------------
    SIGNATURE_MISSING = ("2001", _N, _S, 401, "The message is not signed.", "Sign body and timestamp with the office's certificate (WS-Security X.509), or a deposit's metadata with a detached JWS.")
    SIGNATURE_INVALID = ("2002", _N, _S, 401, "The signature does not match the message.", "Sign the message exactly as it is sent; check that nothing re-formats it afterwards.")
    SIGNATURE_MULTIPLE = ("2003", _N, _S, 401, "The message carries more than one signature or security header.", "Send one wsse:Security header with one signature.")
    SIGNATURE_TRANSFORM = ("2004", _N, _S, 401, "The signature uses a transform or algorithm that is not on the list.", "Use exclusive C14N, SHA-256 and ECDSA P-256 or RSA of 2048 bits or more; no other transforms.")
    SIGNATURE_COVERAGE = ("2005", _N, _S, 401, "The signature does not cover the body and the timestamp.", "Reference both soap:Body and wsu:Timestamp by their ids.")
    SIGNATURE_STRUCTURE = ("2006", _N, _S, 401, "The security header is not of the agreed form.", "Follow the signing example in the integrators' guide.")
    TIMESTAMP_MISSING = ("2007", _N, _S, 401, "The message has no complete timestamp.", "Add wsu:Timestamp with Created and Expires and sign it.")
    MESSAGE_EXPIRED = ("2008", _N, _S, 401, "The message has expired.", "Check the clock of the sending system (NTP), then sign and send again.")
    MESSAGE_FROM_FUTURE = ("2009", _N, _S, 401, "The message was signed in the future.", "Check the clock of the sending system (NTP), then sign and send again.")
    CERTIFICATE_UNKNOWN = ("2010", _N, _S, 401, "The certificate is not one agreed with this gateway.", "Send the new certificate to the operator, who adds it to the offices file.")
    CERTIFICATE_NOT_VALID = ("2011", _N, _S, 401, "The certificate has expired, is not yet valid or may not sign.", "Use a valid signing certificate and agree it with the operator.")
    SENDER_MISMATCH = ("2012", _N, _S, 403, "The certificate belongs to another office than the message names.", "Name the office whose certificate signs the message.")
    TOKEN_MISSING = ("2013", _N, _S, 401, "No access token was sent.", "Take a token from /oauth2/token with private_key_jwt and send it as Bearer.")
    TOKEN_INVALID = ("2014", _N, _S, 401, "The access token is not valid here or has expired.", "Take a new token from /oauth2/token.")
    ASSERTION_INVALID = ("2015", _N, _S, 401, "The client assertion is not valid.", "Check iss, sub, aud, exp, jti and the key (RFC 7523); an assertion can be used once.")
    SCOPE_MISSING = ("2016", _N, _S, 403, "The access token does not allow this call.", "Ask for a token with the scope the call needs.")
    CERTIFICATE_REVOKED = ("2021", _N, _S, 401, "The certificate has been revoked by its authority.", "Sign with a certificate that is not revoked; agree it with the operator first.")
    REVOCATION_UNKNOWN = ("2022", _P, _S, 403, "No revocation list in date says whether the certificate is revoked.", "Ask the operator to put the authority's newest list in place, then send the same message again.")
    CHECKPOINT_UNPROVEN = ("2031", _N, _S, 403, "No agreed key of this log has signed the checkpoint.", "Agree the log's new verifier key with the witness's operator, then send the checkpoint again.")
    # 3 content ---------------------------------------------------------------------------------------------
    NOT_XML = ("3001", _N, _S, 400, "The message is not well-formed XML.", "Send well-formed XML in UTF-8 with one root element.")
    DOCTYPE_FORBIDDEN = ("3002", _N, _S, 400, "The message has a DOCTYPE or a processing instruction.", "Send the message without document type declaration and processing instructions.")
    XML_LIMIT = ("3003", _N, _S, 400, "The XML is nested too deeply or has too many nodes.", "Send documents as parts, not as XML content.")
    WRONG_NAMESPACE = ("3004", _N, _S, 400, "The operation is not known, or its namespace is wrong.", "Take operations and namespaces from the WSDL at ?wsdl.")
    SCHEMA_VIOLATION = ("3005", _N, _S, 400, "The message does not follow its schema.", "Correct the element at the place given, after the schema in the WSDL or OpenAPI description.")
    NOT_SOAP = ("3006", _N, _S, 400, "The message is not a SOAP 1.1 or 1.2 envelope with one operation.", "Wrap the operation in a SOAP envelope.")
    SOAP_ACTION = ("3007", _N, _S, 400, "SOAPAction and body name different operations.", "Send the SOAPAction of the WSDL, or none.")
    MUST_UNDERSTAND = ("3008", _N, _S, 400, "A header that must be understood is not known here.", "Send only headers of the WSDL with mustUnderstand.")
    NOT_JSON = ("3009", _N, _S, 400, "The body is not the JSON this call takes.", "Send JSON in UTF-8 after the OpenAPI description.")
    DOCUMENT_MISSING = ("3010", _N, _S, 400, "A listed document did not come.", "Send every listed document once, inline or as the part named by its content id.")
    DOCUMENT_EXTRA = ("3011", _N, _S, 400, "A part came that the signed list does not name, or came twice.", "List every part in the signed body, once.")
    DOCUMENT_SIZE = ("3012", _N, _S, 400, "A document has another size than the signed list says.", "Check that the document was not changed after the list was made.")
    DOCUMENT_DIGEST = ("3013", _N, _S, 400, "A document has another SHA-256 than the signed list says.", "Check that the document was not changed after the list was made.")
    OFFICE_UNKNOWN = ("3014", _N, _S, 404, "This office is not known here.", "Check the WIPO ST.3 code; hosted offices and partners stand in the offices file.")
    NUMBER_MALFORMED = ("3015", _N, _S, 422, "The number is not of a form this office uses.", "Write the number as the first office assigned it, with its ST.3 code (ST.10/C).")
    DATE_MALFORMED = ("3016", _N, _S, 422, "The date is not possible.", "Write the filing date as YYYY-MM-DD; it cannot lie in the future.")
    ACCESS_CODE_MALFORMED = ("3017", _N, _S, 422, "The access code is not of the agreed form.", "Read the code again from the applicant's letter: 4 letters or digits; 8 and B, 0 and D look alike.")
    KIND_NOT_AGREED = ("3018", _N, _S, 403, "The agreement does not cover this kind of document or right.", "Ask the operator which kinds the agreement allows.")
    CONTENT_ENCODING = ("3019", _N, _S, 400, "Inline content is not valid base64, or comes both inline and as a part.", "Send each document in one way only.")
    MEDIA_TYPE_MISMATCH = ("3020", _N, _S, 422, "The content is not what its media type says.", "Declare the type of the bytes that are sent (PDF, XML, ZIP).")
    CERTIFICATION_MISSING = ("3021", _N, _S, 422, "A certified copy is listed without the facts of its certification.", "Say by whom, when and in what form the copy was certified (Paris Convention 4D(3)).")
    DOCUMENT_EMPTY = ("3022", _N, _S, 422, "A document has no bytes.", "Send the document's bytes.")
    APPLICANT_EMAIL_MISSING = ("3023", _N, _S, 422, "The Bureau issues the access code, but no e-mail address of the applicant was named to send it to.", "Deposit again with the applicant's e-mail address, or with the office as issuer of the code.")
    LOG_PROOF_INVALID = ("3031", _N, _S, 422, "The proof does not lead from the checkpoint that was cosigned last to this one.", "Make the consistency proof from the old size named, after RFC 6962; a log that has forked is not cosigned.")
    # an archive as a package: 3041 to 3048
    ARCHIVE_MALFORMED = ("3041", _N, _S, 422, "The package is not a well-formed ZIP archive.", "Make the archive again with a usual tool, in one piece, and send it as it was made.")
    ARCHIVE_CONTRADICTION = ("3042", _N, _S, 422, "The archive says two things of one entry, or has bytes that belong to none.", "Make the archive again with a usual tool; put nothing before, between or after its entries.")
    ARCHIVE_NAME = ("3043", _N, _S, 422, "An entry of the archive has a name that cannot be taken.", "Give each file a relative name of its own: no .. or backslash, Unicode NFC, different in more than case.")
    ARCHIVE_LINK = ("3044", _N, _S, 422, "The archive holds a link or a device.", "Put files and folders into the archive, nothing else.")
    ARCHIVE_ENCRYPTED = ("3045", _N, _S, 422, "An entry of the archive is encrypted.", "Send the archive without a password; the connection protects it.")
    ARCHIVE_METHOD = ("3046", _N, _S, 422, "An entry of the archive is compressed in a way that is not taken.", "Store or deflate the entries; no other method.")
    ARCHIVE_LIMIT = ("3047", _N, _S, 422, "The archive unfolds into more than is taken.", "Send fewer or smaller files, and no archives inside archives inside archives.")
    ARCHIVE_DAMAGED = ("3048", _N, _S, 422, "The content of an entry is not what the archive says of it.", "The archive was damaged or cut short: make it again and send it again.")
    DOCUMENT_FAULTY = ("3049", _N, _S, 422, "A document has faults for which it cannot be taken.", "See the findings in this answer; pouch validate tells the same before sending.")
    # 4 state -----------------------------------------------------------------------------------------------
    MESSAGE_ID_CONFLICT = ("4001", _N, _S, 409, "This message id was used before with other content.", "Use a new message id for new content; an honest repeat must be the same message.")
    EXCHANGE_UNKNOWN = ("4002", _N, _S, 404, "There is no such exchange for this office.", "Check the exchange id in the receipt.")
    NOT_RELEASED = ("4003", _N, _S, 409, "The document is held: it has not been released.", "Release it (request, formalities, secrecy, fee) before it can leave.")
    STATE_CONFLICT = ("4004", _N, _S, 409, "The exchange is not in a state in which this can be done.", "Ask for the status of the exchange first.")
    NOT_ENTITLED = ("4005", _N, _S, 403, "This office may not act here for the office that the message names.", "Send it to the gateway of the office whose application it is, or ask the operator to agree in the offices file that you act for that office (exchanges_as).")
    ALREADY_DEPOSITED = ("4006", _N, _S, 409, "This document is already deposited under another message id.", "Use ReplaceDocument or CorrectRegistration on the exchange that exists.")
    HELD_BY_PERSON = ("4007", _P, _S, 409, "The exchange is on hold by a person's decision.", "Ask the office's release desk.")
    PACKAGE_NOT_READY = ("4008", _L, _S, 409, "The package is not here yet.", "Wait for the notification, then fetch.")
    TOO_MANY_WRONG_CODES = ("4009", _P, _S, 429, "Wrong access codes were tried too often for this document; it is not asked for again until a person decides.", "Ask the applicant to read out the code again; then let the operator forgive the wrong ones (pouch hold --lift on an exchange about this document) and ask once more.")
    NOTIFICATION_UNKNOWN = ("4010", _N, _S, 404, "There is no such notification for this office.", "Poll again and use the ids of the answer.")
    DOCUMENT_FORGOTTEN = ("4011", _N, _S, 410, "The document has been forgotten: its key was destroyed.", "The ledger still proves that it existed; ask the first office for a new copy.")
    BEING_WITHDRAWN = ("4012", _L, _S, 409, "A former deposit of this document is still being withdrawn.", "Send again when the withdrawal is notified.")
    LEDGER_OUT_OF_RANGE = ("4013", _N, _S, 404, "The ledger has no such entry, tile or proof.", "Ask within the size of the newest checkpoint.")
    LEDGER_SIZE_NOT_SIGNED = ("4014", _N, _S, 404, "No checkpoint of this size was signed.", "Take the newest checkpoint, and sizes of checkpoints that were given out.")
    LEDGER_NOT_OPEN = ("4015", _N, _S, 403, "This office is not agreed to read this ledger.", "Ask the operator: a ledger is open to agreed partners only.")
    LOG_UNKNOWN = ("4031", _N, _S, 404, "This gateway is no witness of that log.", "Agree with the operator, who adds the log's verifier key to the settings.")
    CHECKPOINT_CONFLICT = ("4032", _N, _S, 409, "Another checkpoint of this log was cosigned last.", "Send a proof from the size named in the answer; if the sizes are the same, the log has forked.")
    # 5 remote office ---------------------------------------------------------------------------------------
    REMOTE_UNREACHABLE = ("5001", _L, _R, 502, "The counterpart cannot be reached.", "Nothing to do: it is tried again.")
    REMOTE_BUSY = ("5002", _L, _R, 503, "The counterpart asks for patience.", "Nothing to do: it is tried again after the time it named.")
    REMOTE_MALFORMED = ("5003", _L, _R, 502, "The counterpart's answer cannot be read.", "It is tried again; the operator is alarmed if it stays.")
    REMOTE_UNAUTHORIZED = ("5004", _P, _R, 502, "The counterpart does not accept our credentials.", "Check client id, key and certificate with the counterpart.")
    REMOTE_UNKNOWN_ERROR = ("5005", _P, _R, 502, "The counterpart answered with an error that is not in the table.", "A person looks at the evidence and decides; then add the code to the table.")
    NOT_REGISTERED = ("5006", _L, _R, 404, "The document is not registered, or not yet.", "It is asked for again until the agreement's window closes; check number and kind with the applicant.")
    DATE_MISMATCH = ("5007", _N, _S, 422, "The filing date does not match the registration.", "Check the filing date with the applicant, then ask again.")
    ACCESS_CODE_MISMATCH = ("5008", _N, _S, 422, "The access code does not match the registration.", "Read the code again from the applicant's letter; 8 and B, 0 and D look alike.")
    FILE_REJECTED = ("5009", _N, _R, 422, "The counterpart rejected the file.", "Check the file (type, pages, encryption) and replace the document.")
    ALREADY_REGISTERED = ("5010", _P, _R, 409, "The counterpart has this document registered already, not by this exchange.", "Compare with the counterpart's list; a person decides.")
    REMOTE_DIGEST = ("5011", _L, _R, 502, "The bytes received are not the bytes announced.", "They are fetched again; the operator is alarmed if it stays.")
    REMOTE_REFUSED = ("5012", _N, _R, 422, "The counterpart refused.", "See the code in the attempt; correct and send again.")
    NUMBER_RANGE_EXHAUSTED = ("5013", _P, _U, 500, "The number range agreed with the office is used up.", "Agree on a further range and put it in the settings.")
    WINDOW_CLOSED = ("5014", _N, _R, 404, "The document did not become available within the agreement's window.", "Ask the applicant for the certified copy or for registration.")
    REMOTE_OUTCOME_UNKNOWN = ("5015", _L, _R, 502, "It is not known whether the counterpart did what was asked.", "Nothing to do: it is read back before anything is sent again.")
    READ_BACK_MISMATCH = ("5016", _P, _R, 502, "What was read back is not what was written.", "A person compares both; nothing was overwritten.")
    RECEIVER_NOT_READY = ("5017", _L, _R, 503, "The receiving system does not take documents now.", "It is tried again; see the desk's opening hours and logs.")
    LOCAL_FILE_UNKNOWN = ("5018", _P, _S, 422, "The receiving system has no file to which the document belongs.", "Name the own application in the request, or enter it, then resend; pouch resend EXCHANGE --own-number NUMBER does both.")
    HOLDER_CANNOT_GIVE = ("5019", _L, _R, 502, "The office that holds the document is silent, does not give it, or gave a file that cannot be used.", "It is asked for again until the agreement's window closes; meanwhile let the applicant ask that office (authorisation, formalities, file).")
    # 9 internal --------------------------------------------------------------------------------------------
    INTERNAL = ("9001", _L, _U, 500, "Something failed inside the gateway.", "Send again with the same message id; the operator has been alarmed.")
    DATABASE_UNAVAILABLE = ("9002", _L, _U, 503, "The gateway's database does not answer.", "Send again with the same message id after Retry-After.")
    DISK_FAILED = ("9003", _L, _U, 503, "The gateway's disk does not take or give data.", "Send again with the same message id after Retry-After.")
    LEASE_LOST = ("9004", _L, _U, 500, "Another worker has taken this over.", "Nothing to do: the other worker goes on.")

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
# fmt: on


_BY_CODE = {reason.code: reason for reason in Reason}
if len(_BY_CODE) != len(Reason):  # two rows with one code would make the ledger ambiguous for ever
    raise TypeError("two reasons share a code")


def by_code(code: str) -> Reason:
    """Give the Reason of a four-digit code; KeyError if there is none."""
    return _BY_CODE[code]


class Refused(Exception):
    """Turned away for good: the same message can never succeed. `place` is an XPath, JSON pointer or entry name.

    The exception's text is made of the table and the place only, so that it may be shown and logged. `findings` say
    more of a document: they hold values of it, and go to its sender only.
    """

    def __init__(self, reason: Reason, place: str | None = None, *, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(f"{reason} at {place}" if place else str(reason))
        self.reason = reason
        self.place = place
        self.findings = findings


class Overtaken(Exception):
    """Somebody else changed the exchange between our read and our write: read again and decide again."""


class Deferred(Exception):
    """Not now: try again later, after `delay` if the other side named one."""

    def __init__(self, reason: Reason, place: str | None = None, *, delay: timedelta | None = None) -> None:
        super().__init__(f"{reason} at {place}" if place else str(reason))
        self.reason = reason
        self.place = place
        self.delay = delay
