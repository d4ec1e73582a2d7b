"""The README is true: its commands exist, its files exist, its figures are the card's."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from gallery import cli
from gallery.settings import DEFAULT_MODEL_ID

REPOSITORY = Path(__file__).resolve().parents[3]
README = (REPOSITORY / "README.md").read_text("utf-8")
DOCUMENTS = {path: path.read_text("utf-8") for path in sorted((REPOSITORY / "docs").glob("*.md"))}
CLI_LINES = re.findall(
    r"^(?:\.venv/bin/)?python -m gallery (.+?)(?:\s+#.*)?$",
    README + DOCUMENTS[REPOSITORY / "docs" / "commands.md"],
    flags=re.MULTILINE,
)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")


def test_the_readme_shows_the_command_line() -> None:
    assert len(CLI_LINES) >= 5


@pytest.mark.parametrize("line", CLI_LINES)
def test_every_command_in_the_readme_is_understood(line: str) -> None:
    arguments = cli.build_parser().parse_args(shlex.split(line))
    assert arguments is not None


@pytest.mark.parametrize("command", sorted({line.split()[0] for line in CLI_LINES}))
def test_every_command_in_the_readme_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.build_parser().parse_args([command, "--help"])
    assert stopped.value.code == 0
    assert "--home" in capsys.readouterr().out


@pytest.mark.parametrize("target", LINK.findall(README))
def test_every_file_that_the_readme_links_exists(target: str) -> None:
    assert (REPOSITORY / target).exists()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_a_document_links_exists(document: Path) -> None:
    for target in LINK.findall(DOCUMENTS[document]):
        assert (document.parent / target).exists(), target


def test_the_command_line_is_shown_whole() -> None:
    shown = {line.split()[0] for line in CLI_LINES}
    inner = {"tag-job", "train-job", "tune-job"}
    (commands,) = (one for one in cli.build_parser()._actions if one.dest == "command")
    assert set(commands.choices or ()) - inner == shown


def test_the_readmes_accuracy_is_the_cards() -> None:
    folder = REPOSITORY / "model_store" / DEFAULT_MODEL_ID
    tested = json.loads((folder / "card.json").read_text("utf-8"))["tested_on"]
    low, high = tested["accuracy_interval"]
    sentence = f"{tested['accuracy']:.1%} ({low:.1%} to {high:.1%})"
    assert sentence in README


def test_the_two_commands_are_marked_for_the_continuous_integration() -> None:
    for mark in ("start", "test"):
        line = README.split(f"<!-- {mark} -->", 1)[1].split("\n```", 1)[1].split("\n")[1]
        assert line.startswith("python3 -m venv .venv && ")
