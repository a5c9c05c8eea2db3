"""What an installation on one machine makes for itself: its secret key, and the place of its broker's socket."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from pathlib import Path

# The kernel's limit for a socket's path is 108 bytes with the closing zero; some systems have 104.
_LONGEST_SOCKET_PATH = 100


def local_secret_key(var_dir: Path) -> str:
    """The key in `var_dir/secret_key`, made at the first call, readable by its owner only. Raises `OSError`."""
    path = var_dir / "secret_key"
    if not path.exists():
        var_dir.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"secret_key.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
        try:
            os.link(draft, path)  # of two processes that start together, one wins and both read its key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def local_socket(var_dir: Path) -> Path:
    """Where the embedded broker listens: in `var_dir`, or in a private temporary folder if that path is too long."""
    socket = (var_dir / "broker" / "v.sock").absolute()
    if len(os.fsencode(socket)) <= _LONGEST_SOCKET_PATH:
        return socket
    digest = hashlib.sha256(os.fsencode(socket)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"youtube-summarizer-{os.getuid()}-{digest}" / "v.sock"
