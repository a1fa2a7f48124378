"""Settings of the embedded server: small, durable, reachable through its socket only, and silent about content."""

from collections.abc import Mapping
from typing import Final

__all__ = ["ACCESS", "SUPERUSER", "render_settings"]

#: The role that owns the cluster.
SUPERUSER: Final = "postgres"

#: pg_hba.conf: nobody comes in without a password, and nobody over TCP.
ACCESS: Final = f"local all all scram-sha-256\nlocal replication {SUPERUSER} scram-sha-256\n"

_SETTINGS: Final = {
    "listen_addresses": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "64",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_compression": "on",
    "max_wal_size": "1GB",
    "max_wal_senders": "2",  # for pg_basebackup
    "checkpoint_timeout": "15min",
    "io_method": "sync",  # reads are few and small; worker processes would only cost memory
    "max_logical_replication_workers": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",  # a week, by the day's name
    "log_truncate_on_rotation": "on",
    "log_rotation_size": "0",
    "log_line_prefix": "%m [%p] %q%u@%d %a ",
    "log_statement": "none",
    "log_error_verbosity": "terse",  # a DETAIL would quote rows
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
}


def render_settings(own: Mapping[str, str]) -> str:
    """Write postgresql.conf; `own` settings replace ours."""
    lines = ["# Written by Pouch at every start; settings of your own: ALTER SYSTEM."]
    for name, value in {**_SETTINGS, **own}.items():
        quoted = value.replace("'", "''")
        lines.append(f"{name} = '{quoted}'")
    return "\n".join(lines) + "\n"
