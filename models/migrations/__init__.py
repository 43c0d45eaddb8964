"""The schema's history. `config()` points alembic at it; `parley db upgrade` walks it."""

from pathlib import Path

from alembic.config import Config


def config() -> Config:
    """Alembic's configuration: the scripts lie beside this file."""
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent))
    return found
