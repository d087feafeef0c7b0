"""Make the secrets that docker-compose.yml reads, each in a file of its own under deploy/secrets/.

    python3 config/run/make_secrets.py

A file that is there already is left as it is. The directory is closed to everybody but its owner; the files in it are
readable, because a container that does not run as root could not read them otherwise.
"""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "secrets"
HOST, DATABASE = "postgres:5432", "pv"


def main(folder: Path = FOLDER) -> None:
    """Write what is missing."""
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)

    def keep(name: str, value: str) -> str:
        """The content of a secret's file, which is written first when there is none."""
        file = folder / name
        if not file.exists():
            file.write_text(value + "\n", encoding="utf-8")
            file.chmod(0o444)
        return file.read_text(encoding="utf-8").strip()

    admin, owner, app = (keep(name, new_password()) for name in ("postgres_password", "owner_password", "app_password"))
    broker, operator = (keep(name, new_password()) for name in ("valkey_password", "valkey_operator_password"))
    keep("secret_key", secrets.token_urlsafe(64))
    # Lost, they close the vault for ever: keep a copy apart from the database's backups.
    keep("vault_keys", new_key("k1"))
    keep("vault_index_key", new_key("i1"))
    keep("database_admin_url", f"postgresql://postgres:{admin}@{HOST}/postgres")
    keep("database_owner_url", f"postgresql://pv_owner:{owner}@{HOST}/{DATABASE}")
    keep("database_url", f"postgresql://pv_app:{app}@{HOST}/{DATABASE}")
    keep("redis_url", f"redis://app:{broker}@valkey:6379/0")
    # The application needs no dangerous command; the nameless user is switched off.
    acl = [
        "user default off",
        f"user app on >{broker} ~* &* +@all -@dangerous",
        f"user operator on >{operator} ~* &* +@all",
    ]
    keep("valkey_acl", "\n".join(acl))
    keep("email_password", "")  # another party's, so not ours to make; empty where the mail server asks for none
    print(f"Secrets are in {folder}. Put the mail server's password into {folder / 'email_password'}.")


def new_password() -> str:
    """Letters and digits only, so that it needs no quoting in an address."""
    return secrets.token_hex(24)


def new_key(name: str) -> str:
    """A key of the vault of identifiers: an id, and 32 bytes in base64."""
    return f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


if __name__ == "__main__":
    main()
