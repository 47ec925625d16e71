"""Keys as files and as text: Ed25519 (RFC 8032), private ones in PKCS #8 PEM, public ones as 32 bytes in base64."""

from __future__ import annotations

import os
import re
import stat
from base64 import b64decode, b64encode
from pathlib import Path
from typing import TYPE_CHECKING

from xpipe_nb.errors import ConfigError, Fault
from xpipe_nb.names import nearest

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = ["create_private_key", "public_key_from", "public_text", "read_private_key", "read_public_key"]

_PUBLIC_TEXT = re.compile(r"[A-Za-z0-9+/]{43}=", re.ASCII)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MOST = 64 * 1024
"""No key file is larger."""

KEY_FILE = "the path of a key file; `python -m xpipe_nb key create PATH` makes one"
PUBLIC_KEY = "a public key: 44 characters of base64, or the path of a file that holds one"


def create_private_key(path: Path) -> Ed25519PrivateKey:
    """Make a private key and write it to a file that nobody else can read.

    Args:
        path: A file that does not exist yet; it gets mode 0600, whatever the umask is.

    Raises:
        ConfigError: There is such a file, or it cannot be written.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        # O_EXCL: what is there stays, and a link that somebody put there is not followed
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise _fault(f"{path} exists already, and a key is never overwritten", "the path of a new file") from None
    except OSError as error:
        raise _fault(f"{path} cannot be written: {error.strerror}", "the path of a new file") from None
    try:
        _fill(file, text)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _fault(f"{path} cannot be written: {error.strerror}") from None
    return key


def _fill(file: int, text: bytes) -> None:
    with open(file, "wb") as stream:
        if hasattr(os, "fchmod"):  # Windows has none
            os.fchmod(file, 0o600)
        stream.write(text)
        stream.flush()
        os.fsync(file)


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key from a file that nobody else can read.

    Raises:
        ConfigError: There is no such file, others can read it, or it holds no Ed25519 private key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    text = _bytes_of(path, KEY_FILE, private=True)
    try:
        key = load_pem_private_key(text, password=None)
    except TypeError:
        raise _fault(f"{path} is locked with a password", "a key without one, guarded by its mode") from None
    except (ValueError, UnsupportedAlgorithm):
        raise _fault(f"{path} holds no private key in PEM (PKCS #8)", KEY_FILE) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _fault(f"{path} holds a private key that is not Ed25519", KEY_FILE)
    return key


def read_public_key(given: str | Path, folder: Path | None = None) -> str:
    """Give a public key as text, from its text or from a file.

    Args:
        given: 44 characters of base64; or the path of a file with those, or with the key in PEM.
        folder: Where a relative path begins; left out, in the current folder.

    Raises:
        ConfigError: It is neither.
    """
    if isinstance(given, str) and _PUBLIC_TEXT.fullmatch(given):
        return _canonical(given)
    path = path_of(given, folder)
    text = _bytes_of(path, PUBLIC_KEY, private=False).strip()
    if b"PRIVATE KEY" in text:
        expected = f"the public one; `python -m xpipe_nb key show {path}` prints it"
        raise _fault(f"{path} holds a private key", expected)
    if text.startswith(b"-----"):
        return _from_pem(path, text)
    if _PUBLIC_TEXT.fullmatch(text.decode("ascii", "replace")) is None:
        raise _fault(f"{path} holds no public key", PUBLIC_KEY)
    return _canonical(text.decode("ascii"))


def path_of(given: str | Path, folder: Path | None = None) -> Path:
    """Give the path that a person wrote; `~` is a home, and a relative one begins in `folder`.

    Raises:
        ConfigError: It looks like a key instead of a path; then it is not repeated.
    """
    text = str(given)
    if not text.strip() or "\n" in text or "\0" in text or "-----" in text or _PUBLIC_TEXT.fullmatch(text):
        raise _fault("this is no path; a private key itself never stands in a configuration", KEY_FILE)
    try:
        path = Path(text).expanduser()
    except RuntimeError as error:  # ~somebody, who is unknown
        raise _fault(f"{text[:80]}: {error}", KEY_FILE) from None
    return path if folder is None else folder / path


def public_text(key: Ed25519PublicKey) -> str:
    """Write a public key as text."""
    return b64encode(key.public_bytes_raw()).decode()


def public_key_from(text: str) -> Ed25519PublicKey:
    """Make a public key of the text that `read_public_key` gave."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(b64decode(text))


def _canonical(text: str) -> str:
    """Refuse a second spelling of a key, so that texts of keys can be compared."""
    canonical = b64encode(b64decode(text)).decode()
    if canonical != text:
        raise _fault(f"{text} is not canonical base64", f"{canonical}, if that is what was meant")
    return text


def _from_pem(path: Path, text: bytes) -> str:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(text)
    except (ValueError, UnsupportedAlgorithm):
        raise _fault(f"{path} holds no public key", PUBLIC_KEY) from None
    if not isinstance(key, Ed25519PublicKey):
        raise _fault(f"{path} holds a public key that is not Ed25519", PUBLIC_KEY)
    return public_text(key)


def _bytes_of(path: Path, expected: str, *, private: bool) -> bytes:
    """Read a small regular file; its mode is looked at once it is open, so that nobody can exchange it in between."""
    try:
        file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # a pipe would wait for a writer
    except FileNotFoundError:
        raise _fault(f"there is no file {path}", expected, nearest(path.name, _beside(path))) from None
    except OSError as error:
        raise _fault(f"{path} cannot be read: {error.strerror}", expected) from None
    try:
        mode = os.fstat(file).st_mode
        if not stat.S_ISREG(mode):
            raise _fault(f"{path} is no file", expected)
        if private and os.name == "posix" and mode & _OTHERS:
            problem = f"others can use {path} (mode {stat.S_IMODE(mode):04o}), and whoever reads a key can sign with it"
            raise _fault(problem, f"mode 0600: chmod 600 {path}")
        return os.read(file, _MOST)
    finally:
        os.close(file)


def _beside(path: Path) -> list[str]:
    """Give the names of the files in a folder, for a hint; nothing, where it cannot be looked into."""
    try:
        return [other.name for other in path.parent.iterdir()]
    except OSError:
        return []


def _fault(problem: str, expected: str = "", near: str | None = None) -> ConfigError:
    return ConfigError(Fault("$", problem, expected, near))
