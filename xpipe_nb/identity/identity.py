"""An identity: the key that an organism signs with, the keys that it trusts, and how strictly it checks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Self

from xpipe_nb.errors import ConfigError, Fault, XPipeError
from xpipe_nb.identity.keys import (
    create_private_key,
    path_of,
    public_key_from,
    public_text,
    read_private_key,
    read_public_key,
)
from xpipe_nb.identity.replay import Seen
from xpipe_nb.names import nearest

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = ["VERIFY", "Identity", "is_window"]

VERIFY = ("require", "if-present", "off")


class Identity:
    """The key of an organism, and whom it trusts; `Identity.create` and `Identity.load` make one.

    An organism that has an identity signs every message that leaves it and checks every message that comes in as text,
    bytes or a tree. What Python code hands over as payload objects never left the process, and is not checked.

    - `require`: a whole message must carry a signature of a trusted key, and a stamp (an id and a time, signed with it)
      that is new and within the window. A payload without an envelope carries no signature: it is taken from the ports
      in `local` only, where the person at the console sits, and never by `StreamPump.inject`, the door for bytes from
      elsewhere. So whoever strips a signature, or the whole envelope, has a message that nobody takes; as long as what
      comes from a network is never injected by a local port.
    - `if-present`: what is unsigned is taken; what carries a signature must pass all that `require` asks. This does not
      help against stripping; it is for the time until every partner signs.
    - `off`: signatures are not looked at. What leaves is still signed.

    A message must bear a stamp, because a signature says nothing of a second delivery. `window=None` gives this up: it
    takes signed messages without a stamp, such as those of the system that this format comes from, again and again.

    A trusted key may speak by every port. Its own key is among the trusted, so that an organism takes what it has sealed
    itself; `me.distrust(me.public_key)` ends that. A message that must not be carried to another organism that trusts
    the same key names the one that it is for: `organism.seal(…, organism="shop")`.

    Args:
        key: The private key.
        trusted: Public keys of others: as text, or the paths of files.
        verify: `require`, `if-present` or `off`.
        window: How many seconds a stamp may lie in the past or the future; `None` for no protection against replay.
        local: The ports from which payloads without an envelope are taken although signatures are required.
        clock: Gives the time in seconds since 1970 (UTC).

    Raises:
        ConfigError: A key or a setting cannot be used.

    Example:
        ```python
        me = Identity.create("me.pem", trusted=["3J1b…="])  # later: Identity.load("me.pem", …)
        print(me.public_key)  # for those who shall trust me
        hello = Organism("hello", [greeter], identity=me)
        ```
    """

    def __init__(
        self,
        key: Ed25519PrivateKey,
        *,
        trusted: Iterable[str | Path] = (),
        verify: str = "require",
        window: float | None = 300.0,
        local: Iterable[str] = ("console",),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key = key
        self._verify, self._window, self._local = _checked(verify, window, local)
        self.clock = clock
        self.seen = Seen(clock)
        self._trusted: dict[str, Ed25519PublicKey] = {self.public_key: key.public_key()}
        self.trust(*_listed(trusted))

    @classmethod
    def create(
        cls,
        path: str | Path,
        *,
        trusted: Iterable[str | Path] = (),
        verify: str = "require",
        window: float | None = 300.0,
        local: Iterable[str] = ("console",),
        clock: Callable[[], float] = time.time,
    ) -> Self:
        """Make a new private key and write it to a file with mode 0600.

        Args:
            path: A file that does not exist yet.
            trusted: As for `Identity`; so are the others.
            verify: `require`, `if-present` or `off`.
            window: Seconds, or `None`.
            local: Names of ports.
            clock: Gives the time.

        Raises:
            ConfigError: There is such a file already (it is never overwritten), or it cannot be written.
        """
        _checked(verify, window, local)
        # Before a file is written that would be in the way of the next try.
        known = [read_public_key(each) for each in _listed(trusted)]
        key = create_private_key(path_of(path))
        return cls(key, trusted=known, verify=verify, window=window, local=local, clock=clock)

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        trusted: Iterable[str | Path] = (),
        verify: str = "require",
        window: float | None = 300.0,
        local: Iterable[str] = ("console",),
        clock: Callable[[], float] = time.time,
    ) -> Self:
        """Read the private key from a file: PEM (PKCS #8), Ed25519, readable by its owner only.

        Args:
            path: The file.
            trusted: As for `Identity`; so are the others.
            verify: `require`, `if-present` or `off`.
            window: Seconds, or `None`.
            local: Names of ports.
            clock: Gives the time.

        Raises:
            ConfigError: There is no such file, others can read it (then it says `chmod 600 …`), or it holds something
                else.
        """
        key = read_private_key(path_of(path))
        return cls(key, trusted=trusted, verify=verify, window=window, local=local, clock=clock)

    @property
    def public_key(self) -> str:
        """The public key as 44 characters of base64, to be given to those who shall trust this identity."""
        return public_text(self._key.public_key())

    @property
    def verify(self) -> str:
        """How strictly messages are checked."""
        return self._verify

    @property
    def window(self) -> float | None:
        """Seconds; it cannot be changed, since stamps are forgotten by it."""
        return self._window

    @property
    def local(self) -> frozenset[str]:
        """The ports from which payloads without an envelope are taken although signatures are required."""
        return self._local

    @property
    def trusted(self) -> tuple[str, ...]:
        """The public keys whose signatures are taken."""
        return tuple(self._trusted)

    def trust(self, *keys: str | Path) -> None:
        """Take signatures of these keys from now on.

        Args:
            keys: Public keys as text, or the paths of files.

        Raises:
            ConfigError: One is neither; then none of them is trusted.
        """
        texts = [read_public_key(key) for key in keys]
        self._trusted = {**self._trusted, **{text: public_key_from(text) for text in texts}}

    def distrust(self, *keys: str | Path) -> None:
        """Take no signature of these keys any more, at once.

        Raises:
            XPipeError: One of them was not trusted; the others are not any more.
        """
        gone = [read_public_key(key) for key in keys]
        unknown = [key for key in gone if key not in self._trusted]
        self._trusted = {text: key for text, key in self._trusted.items() if text not in gone}
        if unknown:
            near = nearest(unknown[0], self._trusted)
            hint = f"; did you mean {near!r}?" if near else ""
            raise XPipeError(f"{unknown[0]} was not trusted{hint}")

    def rotate(self, path: str | Path) -> str:
        """Sign with a new key from now on, also in organisms that run; the old one stays trusted until `distrust`.

        Partners must trust the new key before the old one goes: give it to them first. The next start must name the
        new file, and the old public key among the trusted ones as long as messages signed with it may come.

        Args:
            path: Where the new private key is written, as `create` does; the old file is left alone.

        Returns:
            The new public key.

        Raises:
            ConfigError: As `create`; then the old key stays in use.
        """
        key = create_private_key(path_of(path))
        text = public_text(key.public_key())
        self._trusted = {**self._trusted, text: key.public_key()}
        self._key = key
        return text

    def sign(self, data: bytes) -> bytes:
        """Sign bytes: 64 bytes of Ed25519 (RFC 8032)."""
        return self._key.sign(data)

    def signer_of(self, data: bytes, signature: bytes) -> str | None:
        """Give the trusted public key that signed these bytes; `None` if none did."""
        from cryptography.exceptions import InvalidSignature

        for text, key in self._trusted.items():
            try:
                key.verify(signature, data)
            except InvalidSignature:
                continue
            return text
        return None

    def __eq__(self, other: object) -> bool:
        """Two identities are equal when they sign and check alike; what they have seen does not count."""
        if not isinstance(other, Identity):
            return NotImplemented
        return self._settings() == other._settings()

    __hash__ = None  # type: ignore[assignment]  # its keys change

    def _settings(self) -> tuple[object, ...]:
        return self.public_key, frozenset(self._trusted), self._verify, self._window, self._local, self.clock

    def __repr__(self) -> str:
        count = len(self._trusted)
        return f"Identity {self.public_key} · trusts {count} {'key' if count == 1 else 'keys'} · verify {self.verify}"


def _listed(trusted: Iterable[str | Path]) -> Iterable[str | Path]:
    """Take a single key for a list of one, not for a list of its characters."""
    return [trusted] if isinstance(trusted, str | Path) else trusted


def _checked(verify: str, window: float | None, local: Iterable[str]) -> tuple[str, float | None, frozenset[str]]:
    """Check the settings before a key is made or read."""
    if verify not in VERIFY:
        fault = Fault("$.verify", f"got {verify!r}", f"one of {', '.join(VERIFY)}", nearest(str(verify), VERIFY))
        raise ConfigError(fault)
    if window is not None and not is_window(window):
        raise ConfigError(Fault("$.window", f"got {window!r}", "seconds above 0, or None: no protection from replay"))
    if isinstance(local, str):
        raise ConfigError(Fault("$.local", f"got {local!r}", f"a list: [{local!r}]"))
    return verify, window, frozenset(local)


def is_window(value: object) -> bool:
    """Say whether `value` is a number of seconds that a window can have."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")
