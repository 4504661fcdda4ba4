"""Environment to settings, in one place."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from explore.files import own_folder, write_bytes

PROJECT = Path(__file__).resolve().parent.parent


class Environment(BaseSettings):
    """The environment variables that Groundswell reads, each with the prefix EXPLORE_."""

    model_config = SettingsConfigDict(env_prefix="EXPLORE_")

    home: Path = PROJECT / "data" / "workspace"
    database_url: str | None = None
    pseudonym_key: SecretStr | None = None
    allow_download: bool = False
    embedding_model: str | None = None
    embedding_key: SecretStr | None = None


@dataclass(frozen=True)
class Workspace:
    """Where snapshots, runs, the database and the cache of one team live.

    `home` is absolute. `database_url` is an SQLAlchemy URL; the default is groundswell.db inside `home`.
    """

    home: Path
    database_url: str
    pseudonym_secret: SecretStr | None = None

    @property
    def snapshots(self) -> Path:
        return self.home / "snapshots"

    @property
    def runs(self) -> Path:
        return self.home / "runs"

    @property
    def cache(self) -> Path:
        return self.home / "cache"

    @property
    def uploads(self) -> Path:
        return self.home / "uploads"

    def pseudonym_key(self) -> bytes:
        """The key for author pseudonyms: EXPLORE_PSEUDONYM_KEY, or a 0600 file made once in the workspace."""
        if self.pseudonym_secret is not None:
            return self.pseudonym_secret.get_secret_value().encode()
        path = self.home / "pseudonym.key"
        if not path.exists():
            own_folder(self.home)
            write_bytes(path, secrets.token_hex(32).encode(), mode=0o600)
        return path.read_bytes()


def workspace_at(home: Path) -> Workspace:
    """The workspace in a folder, with the default database inside it."""
    home = home.expanduser().resolve()
    return Workspace(home=home, database_url=f"sqlite:///{(home / 'groundswell.db').as_posix()}")


def current_workspace() -> Workspace:
    """The workspace that the environment names."""
    environment = Environment()
    default = workspace_at(environment.home)
    return Workspace(
        home=default.home,
        database_url=environment.database_url or default.database_url,
        pseudonym_secret=environment.pseudonym_key,
    )
