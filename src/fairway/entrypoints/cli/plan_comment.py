"""Where `fairway plan` reports to besides the terminal: a comment on the pull request, and a status of its commit.

The rule not to break: what is reported is masked, also from the login that reports it; and a plan that fails replaces
the former comment, so that nobody reads an old one.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fairway import wiring
from fairway.adapters.git.facts import read_git_facts
from fairway.domain.errors import Diagnostic, FairwayError, InvalidInput, Severity, Terminal, UserError
from fairway.domain.releases.state import Action
from fairway.domain.values.secrets import SecretRegister
from fairway.entrypoints.cli.errors import warn
from fairway.entrypoints.cli.render import plan_words as words
from fairway.entrypoints.cli.render.plan_markdown import plan_markdown
from fairway.entrypoints.cli.render.style import count
from fairway.services.forges.commenting import FORMS, CommentForm, keep_comment, marker
from fairway.services.forges.ports import CommitState, Forge, Status
from fairway.settings import Settings, process_environment

if TYPE_CHECKING:
    from fairway.domain.forges.addresses import ForgeAddress
    from fairway.domain.releases.plan import EnvironmentPlan
    from fairway.entrypoints.cli.plan import Asked
    from fairway.wiring.forges import ForgeLogin

LAST_WORDS = 5.0
"""Seconds for telling of an interruption; a pipeline kills soon."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options: what to report, and where, as far as it was said."""

    comment: bool = False
    status: bool = False
    number: int | None = None
    commit: str = ""
    repository: str = ""

    @property
    def anything(self) -> bool:
        return self.comment or self.status


@dataclass(frozen=True, slots=True)
class Reporter:
    """Reports to one pull request. `scope` keeps apart what several jobs say of the same one."""

    wanted: Wanted
    address: ForgeAddress
    login: ForgeLogin
    number: int
    commit: str
    scope: str
    run_url: str
    fork: bool
    """The pull request is a stranger's, and the login may only read: what cannot be reported is only warned of."""
    secrets: SecretRegister = field(repr=False)

    @property
    def _form(self) -> CommentForm:
        return FORMS[self.address.kind]

    async def started(self) -> None:
        if self.wanted.status:
            with self._as_far_as_allowed():
                await self._set(CommitState.PENDING, "planning")

    async def planned(
        self, plans: Sequence[EnvironmentPlan], about: Sequence[str], findings: Sequence[Diagnostic]
    ) -> None:
        """`about` are lines for above the plan; `findings` become annotations."""
        with self._as_far_as_allowed():
            if self.wanted.comment:
                form = self._form
                first = marker(self.scope, html=form.html)
                text = plan_markdown(plans, limit=form.limit, first_line=first, about=about, html=form.html)
                await self._comment(text)
            if self.wanted.status:
                await self._conclude(plans, findings)

    @contextmanager
    def _as_far_as_allowed(self) -> Iterator[None]:
        try:
            yield
        except UserError as error:
            if not self.fork:
                raise
            warn(f"not reported, this pull request comes from a fork: {error.message}")

    async def _conclude(self, plans: Sequence[EnvironmentPlan], findings: Sequence[Diagnostic]) -> None:
        errors = sum(one.severity is Severity.ERROR for one in findings)
        refused = any(plan.refusal for plan in plans)
        refused = refused or any(r.action is Action.REFUSE for plan in plans for r in plan.releases)
        told = ", ".join([*words.totals(plans), *([count(errors, "error")] if errors else [])])
        state = CommitState.FAILURE if errors or refused else CommitState.SUCCESS
        await self._set(state, told, findings)

    async def failed(self, error: FairwayError) -> None:
        """Say that there is no plan, and why. What the forge answers to that is only warned of."""
        findings = error.diagnostics if isinstance(error, InvalidInput) else (_finding(error),)
        try:
            if self.wanted.comment:
                await self._comment(self._failure(findings))
            if self.wanted.status:
                await self._set(CommitState.FAILURE, f"no plan: {error.message}", findings)
        except FairwayError as trouble:
            warn(f"that could not be reported: {trouble.message}")

    def _failure(self, findings: Sequence[Diagnostic]) -> str:
        lines = [
            f"{one.position or ''} {one.message}".strip() + (f"\n  {one.fix}" if one.fix else "") for one in findings
        ]
        text = "\n".join(lines)[: self._form.limit - 500].replace("```", "'''")
        first = marker(self.scope, html=self._form.html)
        return f"{first}\n### Fairway plan: failed\n\n```\n{text}\n```\n"

    async def _comment(self, body: str) -> None:
        async with self._forge() as forge:
            await keep_comment(forge, self.number, self.secrets.mask(body))

    async def _set(self, state: CommitState, told: str, findings: Sequence[Diagnostic] = ()) -> None:
        context = f"fairway/plan {self.scope}".strip()
        masked = [replace(one, message=self.secrets.mask(one.message)) for one in findings]
        status = Status(self.commit, context, state, self.secrets.mask(told), self.run_url, masked)
        async with self._forge() as forge:
            await forge.set_status(status)

    def _forge(self) -> AbstractAsyncContextManager[Forge]:
        return wiring.forge_at(self.address, self.login)


Report = Callable[[Sequence["EnvironmentPlan"], Sequence[str]], Awaitable[None]]
"""Tells of plans, with lines for above them."""


@asynccontextmanager
async def reporting(settings: Settings, asked: Asked, wanted: Wanted) -> AsyncIterator[Report]:
    """What happens in the block is reported as `wanted`: that it began, what it gives to the report, or its error."""
    if not wanted.anything:
        yield _nowhere
        return
    from fairway.entrypoints.cli.plan_place import reporter, scope_of

    env = process_environment()
    facts = await read_git_facts(asked.environments_file.absolute().parent)
    scope = scope_of(facts, asked.environments_file, [asked.environment, asked.cluster, *asked.names])
    to = reporter(wanted, asked.environments_file, scope, facts, env)

    async def report(plans: Sequence[EnvironmentPlan], about: Sequence[str]) -> None:
        findings = await _findings(settings, asked) if wanted.status else ()
        await to.planned(plans, about, findings)

    await to.started()
    try:
        yield report
    except FairwayError as error:
        await to.failed(error)
        raise
    except (Exception, asyncio.CancelledError) as error:
        words = "interrupted" if isinstance(error, asyncio.CancelledError) else "it broke; the log says why"
        with suppress(TimeoutError):
            await asyncio.wait_for(to.failed(Terminal(words)), LAST_WORDS)
        raise


async def _nowhere(plans: Sequence[EnvironmentPlan], about: Sequence[str]) -> None:
    pass


async def _findings(settings: Settings, asked: Asked) -> list[Diagnostic]:
    """What lint says, with files named from the top of the repository, as forges want it."""
    from fairway.entrypoints.cli.lint import NEWEST, deep_lint

    only = (asked.environment,) if asked.environment else ()
    found = await deep_lint(settings, asked.environments_file, only, NEWEST, asked.engine)
    prefix = (await read_git_facts(Path.cwd())).prefix
    return [_from_top(one, prefix) for one in found.diagnostics]


def _from_top(finding: Diagnostic, prefix: str) -> Diagnostic:
    place = finding.position
    if place is None or place.file.startswith("/"):
        return finding
    return replace(finding, position=replace(place, file=posixpath.normpath(prefix + place.file)))


def _finding(error: FairwayError) -> Diagnostic:
    return Diagnostic(error.message, error.where, error.fix)
