"""What every store of requests keeps to."""

from __future__ import annotations

from datetime import timedelta

from tests.support.deployments import NOON, at
from tests.support.hookd import CLUSTER, REPOSITORY, SEAL, a_refusal, a_request, delivery

from fairway.domain.deployments.status import State
from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.dispatch.statuses import Announcement
from fairway.domain.dispatch.wire import decode_request
from fairway.services.hookd.ports import NewRequest, RequestStore, Step, Tracked

LATER = NOON + timedelta(minutes=1)


def a_step(number: int, state: State, seconds: float = 1, text: str = "", cluster: str = "") -> Step:
    return Step(delivery(number), state, at(seconds), text, cluster)


async def kept(store: RequestStore, number: int = 1) -> Tracked:
    found = await store.get(delivery(number))
    assert found is not None
    return found


def numbers(found: list[Tracked]) -> list[int]:
    return [int(one.delivery_id[-12:]) for one in found]


async def owed(store: RequestStore, seconds: float = 0, limit: int = 100) -> list[tuple[int, State, int]]:
    """Claims for a minute: number, state, how often it was begun before."""
    claims = await store.to_post(limit=limit, now=at(seconds), until=at(seconds + 60))
    return [(int(one.tracked.delivery_id[-12:]), one.tracked.story.state, one.tries) for one in claims]


class TestAdding:
    async def test_what_was_added_is_there_with_its_record(self, store: RequestStore) -> None:
        new = a_request(7)
        assert await store.add([new]) == {delivery(7)}
        found = await kept(store, 7)
        assert found.story.run == new.run
        assert found.story.deployment == new.deployment
        assert found.story.statuses == (new.entry,)
        assert (found.repository, found.deployment_id, found.cluster, found.team) == (REPOSITORY, 7, CLUSTER, "aura")
        assert (found.origin, found.subject, found.deadline) == (new.origin, "web", new.request.deadline)
        assert (found.published_at, found.taken_at, found.posted, found.was_refused) == (None, None, None, False)

    async def test_nothing_is_nothing(self, store: RequestStore) -> None:
        assert await store.add([]) == set()
        assert await store.step([]) == []
        assert await store.get(delivery(1)) is None
        await store.published([], NOON)

    async def test_what_is_known_stays_as_it_is(self, store: RequestStore) -> None:
        first = a_request(1)
        await store.add([first])
        await store.step([a_step(1, State.SUCCESS)])
        other = a_request(1, team="other", app="other")
        assert await store.add([other, a_request(2)]) == {delivery(2)}
        found = await kept(store)
        assert (found.story.run, found.team, found.story.state) == (first.run, "aura", State.SUCCESS)

    async def test_a_delivery_twice_in_one_call_is_added_once(self, store: RequestStore) -> None:
        first, second = a_request(1), a_request(1, team="other")
        assert await store.add([first, second]) == {delivery(1)}
        assert (await kept(store)).team == "aura"
        assert len(await store.find()) == 1

    async def test_one_deployment_of_github_is_one_request(self, store: RequestStore) -> None:
        again = a_request(2, deployment_id=1, repository=RepositoryName("Navikt", "WEB"))
        elsewhere = a_request(3, deployment_id=1, repository=RepositoryName("navikt", "api"))
        assert await store.add([a_request(1), again, elsewhere]) == {delivery(1), delivery(3)}
        assert await store.add([again]) == set()
        assert await store.get(delivery(2)) is None
        assert numbers(await store.by_deployment(RepositoryName("NAVIKT", "web"), 1)) == [1]
        assert await store.by_deployment(REPOSITORY, 2) == []

    async def test_what_did_not_come_from_github_has_no_number(self, store: RequestStore) -> None:
        assert len(await store.add([a_request(n, deployment_id=0) for n in (1, 2, 3)])) == 3
        assert await store.by_deployment(REPOSITORY, 0) == []

    async def test_large_batches_pass(self, store: RequestStore) -> None:
        assert len(await store.add([a_request(n) for n in range(1, 301)])) == 300
        assert len(await store.find(limit=1000)) == 300


class TestFinding:
    async def test_newest_first_and_in_pages(self, store: RequestStore) -> None:
        await store.add([a_request(n) for n in (1, 2, 3, 4)])
        first = await store.find(limit=3)
        assert numbers(first) == [4, 3, 2]
        assert numbers(await store.find(limit=3, before=first[-1].story.id)) == [1]

    async def test_by_repository_cluster_and_team(self, store: RequestStore) -> None:
        await store.add(
            [
                a_request(1),
                a_request(2, repository=RepositoryName("navikt", "api")),
                a_request(3, cluster="prod"),
                a_request(4, team="Other"),
            ]
        )
        assert numbers(await store.find(repository="NAVIKT/api")) == [2]
        assert numbers(await store.find(cluster="prod")) == [3]
        assert numbers(await store.find(team="other")) == [4]
        assert numbers(await store.find(repository="navikt/web", cluster=CLUSTER, team="aura")) == [1]


class TestPublishing:
    async def test_messages_wait_in_order_until_the_queue_has_them(self, store: RequestStore) -> None:
        await store.add([a_request(n) for n in (1, 2, 3)])
        waiting = await store.unpublished(limit=2)
        assert [(id_, key) for id_, key, _ in waiting] == [(delivery(n), f"{CLUSTER}/aura") for n in (1, 2)]
        assert decode_request(SEAL.open(waiting[0][2])).delivery_id == delivery(1)
        await store.published([delivery(1), delivery(2)], at(5))
        assert [id_ for id_, _, _ in await store.unpublished(limit=5)] == [delivery(3)]
        assert (await kept(store)).published_at == at(5)

    async def test_it_was_published_the_first_time_and_taken_the_last(self, store: RequestStore) -> None:
        await store.add([a_request(1)])
        for seconds in (5, 7, 6):
            await store.published([delivery(1), delivery(99)], at(seconds))
            await store.step([Step(delivery(n), None, NOON, heard_at=at(seconds)) for n in (1, 99)])
        assert ((await kept(store)).published_at, (await kept(store)).taken_at) == (at(5), at(7))

    async def test_what_ended_is_not_published_any_more(self, store: RequestStore) -> None:
        await store.add([a_request(1), a_request(2), a_refusal(3)])
        await store.step([a_step(1, State.FAILURE), a_step(2, State.IN_PROGRESS)])
        assert [id_ for id_, _, _ in await store.unpublished(limit=5)] == [delivery(2)]


class TestSteps:
    async def test_only_what_leads_forward_counts(self, store: RequestStore) -> None:
        await store.add([a_request(1)])
        steps = [State.IN_PROGRESS, State.QUEUED, State.IN_PROGRESS, State.SUCCESS, State.FAILURE, State.IN_PROGRESS]
        [stepped] = await store.step([a_step(1, state, n, "why") for n, state in enumerate(steps)])
        assert [entry.state for entry in stepped.counted] == [State.IN_PROGRESS, State.SUCCESS]
        assert stepped.tracked.story.state is State.SUCCESS
        assert [one.state for one in (await kept(store)).story.statuses] == [
            State.QUEUED,
            State.IN_PROGRESS,
            State.SUCCESS,
        ]
        assert (await kept(store)).story.statuses[-1].description == "why"
        assert await store.step([a_step(1, State.ERROR)]) == []

    async def test_what_is_not_known_is_ignored(self, store: RequestStore) -> None:
        await store.add([a_request(1)])
        stepped = await store.step([a_step(2, State.SUCCESS), a_step(1, State.IN_PROGRESS)])
        assert [one.tracked.delivery_id for one in stepped] == [delivery(1)]

    async def test_a_sign_of_life_moves_nothing(self, store: RequestStore) -> None:
        await store.add([a_request(1), a_request(2)])
        signs = [
            Step(delivery(n), None, NOON, cluster=cluster, heard_at=at(3)) for n, cluster in ((1, ""), (2, "prod"))
        ]
        assert await store.step(signs) == []
        assert ((await kept(store, 1)).taken_at, (await kept(store, 2)).taken_at) == (at(3), None)
        [stepped] = await store.step([Step(delivery(1), State.IN_PROGRESS, NOON, heard_at=at(9))])
        assert (stepped.tracked.taken_at, stepped.tracked.story.state) == (at(9), State.IN_PROGRESS)

    async def test_another_cluster_has_no_say(self, store: RequestStore) -> None:
        await store.add([a_request(1)])
        assert await store.step([a_step(1, State.SUCCESS, cluster="prod")]) == []
        assert len(await store.step([a_step(1, State.SUCCESS, cluster=CLUSTER)])) == 1

    async def test_what_has_no_outcome_is_found_by_its_deadline(self, store: RequestStore) -> None:
        await store.add([a_request(n, deadline=60 * n) for n in (1, 2, 3, 4)] + [a_refusal(5)])
        await store.step([a_step(1, State.SUCCESS), a_step(2, State.IN_PROGRESS)])
        assert numbers(await store.unfinished()) == [2, 3, 4]
        assert numbers(await store.unfinished(due=NOON + timedelta(seconds=180))) == [2, 3]
        assert dict(await store.counts()) == {"unfinished": 3, "unpublished": 3, "to_post": 3}

    async def test_successes_of_one_line_are_found(self, store: RequestStore) -> None:
        line = [a_request(1), a_request(2, repository=RepositoryName("Navikt", "Web")), a_request(3), a_request(9)]
        others = [
            a_request(4, app="api"),
            a_request(5, cluster="prod"),
            a_request(6, repository=RepositoryName("navikt", "api")),
        ]
        await store.add(line + others)
        await store.step([a_step(n, State.SUCCESS) for n in (2, 4, 5, 6)])
        assert numbers(await store.succeeded(delivery(9))) == [2]
        assert await store.succeeded(delivery(77)) == []

    async def test_the_newest_success_replaces_those_before_it(self, store: RequestStore) -> None:
        others = [a_request(4, app="api"), a_request(5, cluster="prod"), a_request(6, team="other", app="mine")]
        others.append(a_request(8, namespace="stage"))
        await store.add([*(a_request(n) for n in (1, 2, 3)), *others, a_request(7)])
        await store.step([a_step(n, State.SUCCESS) for n in (1, 4, 5, 6, 8)])
        stepped = await store.step([a_step(3, State.SUCCESS, 5, "3 applied")])
        moved = {int(one.tracked.delivery_id[-12:]): [entry.state for entry in one.counted] for one in stepped}
        assert moved == {1: [State.INACTIVE], 3: [State.SUCCESS]}
        last = (await kept(store, 1)).story.statuses[-1]
        assert (last.state, last.at, last.description) == (State.INACTIVE, at(5), "a newer deployment took its place")
        assert numbers(await store.succeeded(delivery(1))) == [3]

    async def test_an_older_one_that_ends_later_is_replaced_at_once(self, store: RequestStore) -> None:
        await store.add([a_request(n) for n in (1, 2)])
        await store.step([a_step(2, State.SUCCESS)])
        [stepped] = await store.step([a_step(1, State.SUCCESS)])
        assert [entry.state for entry in stepped.counted] == [State.SUCCESS, State.INACTIVE]
        assert numbers(await store.succeeded(delivery(1))) == [2]

    async def test_what_moved_comes_in_the_order_of_the_requests(self, store: RequestStore) -> None:
        await store.add([a_request(n) for n in (1, 2)])
        await store.step([a_step(1, State.SUCCESS)])
        stepped = await store.step([a_step(2, State.SUCCESS)])
        assert [one.counted[-1].state for one in stepped] == [State.INACTIVE, State.SUCCESS]

    async def test_several_that_succeed_in_one_call_leave_one(self, store: RequestStore) -> None:
        await store.add([a_request(n) for n in (1, 2, 3)])
        stepped = await store.step([a_step(n, State.SUCCESS) for n in (3, 1, 2)])
        assert len(stepped) == 3
        assert numbers(await store.succeeded(delivery(1))) == [3]

    async def test_what_failed_replaces_nothing(self, store: RequestStore) -> None:
        await store.add([a_request(n) for n in (1, 2)])
        await store.step([a_step(1, State.SUCCESS)])
        await store.step([a_step(2, State.FAILURE)])
        assert numbers(await store.succeeded(delivery(2))) == [1]


class TestPosting:
    async def test_queued_is_told_when_the_queue_has_it(self, store: RequestStore) -> None:
        await store.add([a_request(1), a_request(2)])
        assert await owed(store) == []
        await store.published([delivery(1)], NOON)
        assert await owed(store) == [(1, State.QUEUED, 0)]

    async def test_a_claim_is_given_out_once_until_it_ends(self, store: RequestStore) -> None:
        await store.add([a_request(1), a_request(2)])
        await store.published([delivery(1), delivery(2)], NOON)
        assert await owed(store, limit=1) == [(1, State.QUEUED, 0)]
        assert await owed(store) == [(2, State.QUEUED, 0)]
        assert await owed(store, 59) == []
        assert await owed(store, 61) == [(1, State.QUEUED, 1), (2, State.QUEUED, 1)]

    async def test_what_was_told_is_not_told_again_until_there_is_more(self, store: RequestStore) -> None:
        await store.add([a_request(1)])
        await store.published([delivery(1)], NOON)
        await owed(store)
        await store.posted(delivery(1), State.QUEUED)
        assert await owed(store) == []
        assert (await kept(store)).posted is State.QUEUED
        await store.published([delivery(1)], NOON)
        assert await owed(store) == []
        await store.step([a_step(1, State.IN_PROGRESS)])
        assert await owed(store) == [(1, State.IN_PROGRESS, 0)]

    async def test_what_moved_on_meanwhile_is_still_owed(self, store: RequestStore) -> None:
        await store.add([a_request(1)])
        await store.published([delivery(1)], NOON)
        await owed(store)
        await store.step([a_step(1, State.SUCCESS)])
        assert await owed(store) == []
        await store.posted(delivery(1), State.QUEUED)
        assert await owed(store) == [(1, State.SUCCESS, 0)]

    async def test_what_failed_is_tried_again_at_its_time(self, store: RequestStore) -> None:
        await store.add([a_refusal(1)])
        assert await owed(store) == [(1, State.ERROR, 0)]
        await store.post_failed(delivery(1), "502", again=at(5))
        assert await owed(store, 4) == []
        assert (await kept(store)).post_problem == "502"
        assert await owed(store, 6) == [(1, State.ERROR, 1)]
        await store.posted(delivery(1), State.ERROR)
        assert (await kept(store)).post_problem == ""

    async def test_refusals_are_counted_apart_until_github_was_told(self, store: RequestStore) -> None:
        async def refusals(minutes: int) -> list[int]:
            claims = await store.to_post(limit=9, now=at(minutes), until=at(minutes + 1))
            return [one.refusals for one in claims]

        await store.add([a_request(1)])
        await store.published([delivery(1)], NOON)
        assert await refusals(0) == [0]
        await store.post_failed(delivery(1), "502", again=at(2))
        assert await refusals(2) == [0]
        await store.post_failed(delivery(1), "403", again=at(4), was_refused=True)
        assert await refusals(4) == [1]
        await store.posted(delivery(1), State.QUEUED)
        await store.step([a_step(1, State.SUCCESS)])
        assert await refusals(6) == [0]

    async def test_what_was_given_up_is_never_tried_again(self, store: RequestStore) -> None:
        await store.add([a_request(1)])
        await store.published([delivery(1)], NOON)
        await owed(store)
        await store.post_failed(delivery(1), "404", again=None)
        await store.step([a_step(1, State.IN_PROGRESS), a_step(1, State.SUCCESS)])
        assert await owed(store, 9999) == []
        assert (await kept(store)).posting_ended
        assert (await store.counts())["to_post"] == 0

    async def test_a_late_word_of_another_process_changes_nothing_about_that(self, store: RequestStore) -> None:
        await store.add([a_request(1)])
        await store.published([delivery(1)], NOON)
        await store.step([a_step(1, State.IN_PROGRESS)])
        await store.post_failed(delivery(1), "404", again=None)
        await store.posted(delivery(1), State.QUEUED)
        assert await owed(store, 9999) == []
        await store.post_failed(delivery(1), "502", again=at(5))
        assert await owed(store, 9999) == []
        assert (await kept(store)).posting_ended

    async def test_only_what_came_from_github_is_told(self, store: RequestStore) -> None:
        await store.add([a_request(1, deployment_id=0)])
        await store.published([delivery(1)], NOON)
        await store.step([a_step(1, State.SUCCESS)])
        assert await owed(store) == []

    async def test_a_refusal_is_told_at_once(self, store: RequestStore) -> None:
        assert await store.add([a_refusal(1, reason="no team")]) == {delivery(1)}
        found = await kept(store)
        assert found.was_refused
        assert found.story.statuses[0].description == "Error in deployment request: no team"
        assert await owed(store) == [(1, State.ERROR, 0)]
        assert await store.unpublished(limit=5) == []
        assert await store.unfinished() == []


class TestClusters:
    async def test_the_newest_word_of_each_instance_is_kept(self, store: RequestStore) -> None:
        words = [
            Announcement("prod", "a", "1.0", NOON),
            Announcement("prod", "b", "1.0", NOON),
            Announcement("dev", "a", "1.1", LATER),
            Announcement("dev", "a", "1.0", NOON),
            Announcement("prod", "a", "1.1", LATER),
        ]
        for one in words:
            await store.heard(one)
        assert await store.clusters() == [words[2], words[4], words[1]]
        await store.forget_clusters(LATER)
        assert await store.clusters() == [words[2], words[4]]


def test_a_new_request_is_not_printed_with_its_resources() -> None:
    new: NewRequest = a_request(1)
    assert "hunter2" not in repr(new.deployment) + repr(new.run)
