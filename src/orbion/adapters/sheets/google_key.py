"""Sign for a service account with its key file; imports google.auth, so it is loaded late."""

import json
from pathlib import Path
from typing import Any, Final

from google.auth import crypt, jwt

from orbion.adapters.sheets.google_token import GoogleAccount
from orbion.domain.errors import FaultCode, UnavailableError

SCOPE: Final = "https://www.googleapis.com/auth/spreadsheets"
TOKEN_URI: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 an address, no secret
_LIFETIME_SECONDS: Final = 3600
_AGAIN_SECONDS: Final = 60.0


def read_key(path: Path) -> GoogleAccount:
    """Read the JSON key that Google's console makes.

    Raises:
        UnavailableError: `sheets.auth`; the message names the file and the fault, never its words.
    """
    try:
        held: dict[str, Any] = json.loads(path.read_bytes())
        email, token_uri = str(held["client_email"]), str(held.get("token_uri", TOKEN_URI))
        signer = crypt.RSASigner.from_service_account_info(held)
    except OSError as error:
        raise _unusable(f"cannot read {path}: {error.strerror}") from error
    except Exception:  # noqa: BLE001 whatever is wrong with the text, it may quote the key
        raise _unusable(f"{path} is no key of a service account") from None

    def assertion(now: int) -> str:
        issued = now // 1000
        claims = {
            "iss": email,
            "scope": SCOPE,
            "aud": token_uri,
            "iat": issued,
            "exp": issued + _LIFETIME_SECONDS,
        }
        signed: bytes = jwt.encode(signer, claims)
        return signed.decode("ascii")

    return GoogleAccount(email=email, token_uri=token_uri, assertion=assertion)


def _unusable(why: str) -> UnavailableError:
    return UnavailableError(FaultCode.SHEETS_AUTH, why, retry_after=_AGAIN_SECONDS)
