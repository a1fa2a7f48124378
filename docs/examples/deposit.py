"""Deposit a certified copy at a Pouch gateway by SOAP, with zeep and the class beside this file.

    python deposit.py --wsdl https://127.0.0.1:8443/soap/exchange?wsdl --ca ca.pem --key system.key \
        --certificate system.pem --gateway-certificate signing.pem --office XA \
        --number "2026/000017" --date 2026-02-28 --hosting bureau --code-issuer office copy.pdf --bibliography copy.xml

Prints one JSON object: exchangeId, state, receipt (base64). The same --message-id again gets the same receipt.
"""

import argparse
import json
import mimetypes
import secrets
import sys
from base64 import b64encode
from datetime import date
from hashlib import sha256
from pathlib import Path

import requests
import zeep
from zeep_signing import GatewaySignature


def listed(content_id: str, role: str, path: Path, certification: dict) -> dict:
    """One line of the signed list, with the document's bytes inline (up to 4 MiB a message; zeep encodes them)."""
    content = path.read_bytes()
    line = {
        "ContentId": content_id,
        "Size": len(content),
        "Sha256": sha256(content).hexdigest(),
        "Role": role,
        "MediaType": mimetypes.guess_type(path.name)[0],
        "Content": content,
    }
    if role == "certified-copy":
        line["Certification"] = certification
    return line


def main() -> None:
    """Read the command line, send one signed message, check the answer's signature, print it."""
    parser = argparse.ArgumentParser(description="Deposit a certified copy by SOAP.")
    for name in ("--wsdl", "--ca", "--key", "--certificate", "--gateway-certificate", "--office", "--number", "--date"):
        parser.add_argument(name, required=True)
    parser.add_argument("--hosting", default="bureau", choices=["bureau", "office"])
    parser.add_argument("--code-issuer", default="bureau", choices=["bureau", "office"])
    parser.add_argument("--email", help="where the Bureau sends the code, if it makes it")
    parser.add_argument("--certified-on", default=date.today().isoformat())
    parser.add_argument("--message-id", default=f"deposit-{secrets.token_hex(12)}")
    parser.add_argument("--bibliography", type=Path)
    parser.add_argument("document", type=Path)
    given = parser.parse_args()

    pem = [Path(path).read_bytes() for path in (given.key, given.certificate, given.gateway_certificate)]
    session = requests.Session()
    session.verify = given.ca
    session.trust_env = False
    client = zeep.Client(given.wsdl, wsse=GatewaySignature(*pem), transport=zeep.Transport(session=session))

    certification = {
        "CertifiedBy": given.office,
        "Form": "digitally-signed",
        "CertifiedOn": date.fromisoformat(given.certified_on),
        "FilingDateCertified": True,
    }
    documents = [listed("certified-copy", "certified-copy", given.document, certification)]
    if given.bibliography:
        documents.append(listed("bibliography", "bibliography", given.bibliography, certification))
    registration = {"Hosting": given.hosting, "CodeIssuer": given.code_issuer}
    if given.email:
        registration["ApplicantEmail"] = given.email
    answer = client.service.DepositPriorityDocument(
        Header={"MessageId": given.message_id, "Sender": given.office, "Receiver": given.office},
        Application={
            "OfficeCode": given.office,
            "Right": "patent",
            "Number": given.number,
            "FilingDate": date.fromisoformat(given.date),
        },
        Registration=registration,
        Documents={"Document": documents},
    )
    receipt = b64encode(answer.Receipt).decode()
    sys.stdout.write(json.dumps({"exchangeId": answer.ExchangeId, "state": answer.State, "receipt": receipt}) + "\n")


if __name__ == "__main__":
    main()
