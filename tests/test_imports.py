"""The import rules hold, and breaking one is noticed."""

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "dialogs", "keywords", "models")


def check(folder: Path) -> tuple[int, str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_import_keeps_the_rules() -> None:
    status, said = check(ROOT)
    assert status == 0, said


@pytest.mark.parametrize(
    ("module", "breach"),
    [
        ("keywords/text.py", "import redis"),
        ("dialogs/engine.py", "import keywords.text"),
        ("bot/catalogue.py", "import bot.talk"),
        ("bot/inbound.py", "import flask"),
        ("bot/newcomer.py", "import json"),
    ],
)
def test_a_breach_is_refused(copy: Path, module: str, breach: str) -> None:
    path = copy / module
    path.write_text(breach + "\n" + (path.read_text() if path.exists() else ""))
    status, said = check(copy)
    assert status == 1, said
    assert module.removesuffix(".py").replace("/", ".").rpartition(".")[2] in said


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "tests/bench").glob("[a-z]*.py")))
def test_every_bench_can_be_imported(name: str) -> None:
    """No test runs them, so that an import that has moved would be noticed by whoever measures next."""
    importlib.import_module(f"tests.bench.{name}")
