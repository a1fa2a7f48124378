"""The allow-list: every operation of IPAS that may be called, and nothing else can be written down.

Rules: raw SQL and deletions exist in the real service and are not here; the profile in wsdl/ipas holds exactly these.
"""

from enum import StrEnum

__all__ = ["WRITES", "Operation"]


class Operation(StrEnum):
    """An operation that may be called, by its name on the wire."""

    USERDOC_RECEIVE = "UserdocReceive"
    USERDOC_READ = "UserdocRead"
    USERDOC_CHECK = "UserdocCheckIntegrityForNewDocId"
    LOG_READ = "DailyLogRead"
    LOG_OPEN = "DailyLogOpen"
    LOG_CLOSE = "DailyLogClose"
    LOG_UNDO_CLOSE = "DailyLogUndoClose"
    DOCUMENT_WRITE = "OutputFieldWriteDocument"
    DOCUMENT_READ = "OutputFieldReadDocument"
    FOLDER_READ = "OutputFieldGetFolderContent"
    ENVIRONMENTS = "CommonServicesEnvironmentGetList"
    PATENT_LIST = "PatentGetList"
    PATENT_COUNT = "PatentCount"
    FILE_READ = "FileRead"


#: Operations after which something may have changed although no answer came.
WRITES = frozenset(
    {
        Operation.USERDOC_RECEIVE,
        Operation.LOG_OPEN,
        Operation.LOG_CLOSE,
        Operation.LOG_UNDO_CLOSE,
        Operation.DOCUMENT_WRITE,
    }
)
