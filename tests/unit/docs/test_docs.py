"""The docs keep up with the code: a missing section, a stale table or a dead link fails the build."""

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import fairway
from fairway.domain.errors import FairwayError
from fairway.entrypoints.cli.main import EXIT_INTERNAL, EXIT_INTERRUPTED, VERBS, cli
from fairway.entrypoints.docs.parts import PARTS
from fairway.entrypoints.docs.weaving import weave
from fairway.settings import Settings

ROOT = Path(__file__).parents[3]
SPEC = ROOT / "docs" / "spec"
TOP = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")]
PAGES = [*TOP, *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").rglob("*.md"))]
SOURCES = Path(fairway.__file__).parent


def shown(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_generated_parts_are_as_the_code_says(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert weave(text, PARTS, shown(page)) == text, "run make docs"


@pytest.mark.parametrize("name", sorted(PARTS))
def test_every_generated_part_stands_on_some_page(name: str) -> None:
    assert any(f"<!-- made from code: {name} -->" in page.read_text(encoding="utf-8") for page in PAGES)


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Settings)])
def test_every_setting_has_its_section(field: str) -> None:
    assert f"`{field}`" in (SPEC / "settings.md").read_text(encoding="utf-8")


def variables() -> set[str]:
    """Names of our own variables in the sources, as string constants."""
    found: set[str] = set()
    for file in SOURCES.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        if "FAIRWAY_" in text:
            constants = [n.value for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Constant)]
            found |= {c for c in constants if isinstance(c, str) and re.fullmatch(r"FAIRWAY_[A-Z_]+", c)}
    return found


@pytest.mark.parametrize("variable", sorted(variables()))
def test_every_variable_has_its_section(variable: str) -> None:
    assert f"## {variable}\n" in (SPEC / "settings.md").read_text(encoding="utf-8")


def commands(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    yield context.command_path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from commands(child, click.Context(child, info_name=name, parent=context))


ALL = [pair for pair in commands(cli, click.Context(cli, info_name="fairway")) if pair[0] != "fairway"]


def test_no_verb_is_left_out() -> None:
    assert {f"fairway {name}" for name in VERBS} <= {path for path, _ in ALL}


@pytest.mark.parametrize(("path", "command"), ALL, ids=[path for path, _ in ALL])
def test_every_command_and_option_is_described(path: str, command: click.Command) -> None:
    text = (SPEC / "commands.md").read_text(encoding="utf-8")
    sections = dict(zip(*[iter(re.split(r"^### (.+)$", text, flags=re.MULTILINE)[1:])] * 2, strict=True))
    section = sections[path]
    assert command.help
    options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    for name in (name for option in options for name in option.opts if name != "--help"):
        assert re.search(rf"`[^`]*{re.escape(name)}\b", section), f"{path} {name}"


def subclasses(one: type[FairwayError]) -> Iterator[type[FairwayError]]:
    yield one
    for child in one.__subclasses__():
        yield from subclasses(child)


def test_every_exit_code_is_documented() -> None:
    text = (SPEC / "exit-codes.md").read_text(encoding="utf-8")
    codes = {one.exit_code for one in subclasses(FairwayError)} | {0, EXIT_INTERNAL, EXIT_INTERRUPTED}
    assert {code for code in codes if f"\n| {code} | " not in text} == set()


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading).lower()).replace(" ", "-")
        number = 0
        while (unique := f"{slug}-{number}" if number else slug) in found:
            number += 1
        found.add(unique)
    return found


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_no_link_leads_nowhere(page: Path) -> None:
    dead: list[str] = []
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_what_is_linked_is_part_of_the_project(page: Path) -> None:
    """A link out of the checkout would work on one machine only."""
    for link in re.findall(r"\]\(([^)\s#:]+)\)", without_code(page.read_text(encoding="utf-8"))):
        assert (page.parent / link).resolve().is_relative_to(ROOT)


def test_every_page_can_be_reached_from_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = [page.relative_to(ROOT / "docs") for page in (ROOT / "docs").rglob("*.md")]
    assert [str(page) for page in pages if str(page) != "README.md" and f"]({page})" not in index] == []
