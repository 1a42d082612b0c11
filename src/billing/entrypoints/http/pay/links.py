"""Links to our own page about one thing of a customer's: signed, so that nobody guesses one.

A link is good for as long as what it is about. It holds an id of ours and nothing else; what kind of thing it names is
told by the id's prefix.
"""

from collections.abc import Sequence
from hashlib import sha256
from urllib.parse import quote

from itsdangerous import BadSignature, Signer

_SALT = b"billing pay link"


class PayLinks:
    """Makes links, and reads them; the first of several keys signs, all of them are still believed."""

    def __init__(self, public_url: str, keys: Sequence[str]) -> None:
        self._base = f"{public_url}/pay"
        # The library has the newest key last.
        self._signer = Signer(list(reversed(keys)), salt=_SALT, key_derivation="hmac", digest_method=sha256)

    def __call__(self, subject_id: str) -> str:
        """Where the page about it is."""
        return self.address(self._signer.sign(subject_id).decode())

    def address(self, token: str) -> str:
        """The same, by its token."""
        return f"{self._base}/{quote(token)}"

    def read(self, token: str) -> str | None:
        """The id that it names; None where it is none of ours."""
        try:
            return self._signer.unsign(token).decode()
        except (BadSignature, UnicodeError):
            return None
