"""Whether a sender's certificate had been revoked when a message was taken, by the lists that a dossier encloses.

Rules: a list counts from the time at which the gateway took it into use; one that says nothing of the certificate, or
is out of date, leaves open what it leaves open.
"""

from datetime import datetime

from cryptography import x509

from gateway.core.instant import rfc3339
from gateway.evidence.dossier_file import OpenDossier
from gateway.evidence.dossier_verdict import Found
from gateway.evidence.findings import Tampered
from gateway.wire.dossier_contents import RevocationFiles
from pki.revocation import Revocation, RevocationList, Standing, UnusableList, read_revocation_list

__all__ = ["check_revocation"]


def check_revocation(
    dossier: OpenDossier, office: str, certificate: x509.Certificate, at: datetime, found: Found
) -> str:
    """What the lists say of a certificate of `office` at `at`, in words that go behind others; Tampered if revoked."""
    used = [each for each in dossier.contents.revocation if each.office == office and each.taken_at <= at]
    lists = [one for each in used if (one := _read(dossier, each, at, found)) is not None]
    if not lists:
        return ""
    known = Revocation(lists=lists, certificates=[certificate])
    since = known.revoked_at(certificate)
    if since is not None and since <= at:
        raise Tampered(
            used[0].revocation_list, f"says that the certificate of {office} was revoked at {rfc3339(since)}"
        )
    if since is not None:
        return f"; it was revoked later, at {rfc3339(since)}"
    return "; by the list in use then it was not revoked" if known.standing(certificate, at) is Standing.GOOD else ""


def _read(dossier: OpenDossier, files: RevocationFiles, at: datetime, found: Found) -> RevocationList | None:
    try:
        issuers = x509.load_pem_x509_certificates(dossier.read(files.issuers))
        return read_revocation_list(dossier.read(files.revocation_list), issuers, at)
    except ValueError:
        raise Tampered(files.issuers, "holds no certificates") from None
    except UnusableList as error:
        found.note(f"{files.revocation_list}: {error}; it says nothing here")
        return None
