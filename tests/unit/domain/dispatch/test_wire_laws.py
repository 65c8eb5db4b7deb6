"""What holds for every message: it comes back as it went, and no bytes do any harm."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from hypothesis import given
from hypothesis import strategies as st
from tests.support.dispatching import announcement, request, status

from fairway.domain.dispatch.requests import DeploymentRequest, RepositoryName
from fairway.domain.dispatch.statuses import Announcement, DeploymentStatus, ReportedState
from fairway.domain.dispatch.wire import (
    Unreadable,
    decode_announcement,
    decode_request,
    decode_status,
    encode_announcement,
    encode_request,
    encode_status,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
plain = st.text(st.characters().filter(str.isprintable), max_size=20)
names = plain.filter(bool)
times = st.datetimes(
    datetime(1970, 1, 1, 0, 0, 1), datetime(9999, 12, 31), timezones=st.just(UTC), allow_imaginary=False
).map(lambda at: at.replace(microsecond=0))
repositories = st.builds(RepositoryName, texts, texts)
ids = st.integers(-(2**63), 2**63 - 1)

exact_numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | texts | exact_numbers,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=15,
)
objects = st.dictionaries(texts, values, max_size=5)
requests = st.builds(
    DeploymentRequest,
    delivery_id=names,
    repository=repositories,
    deployment_id=ids,
    cluster=names,
    team=texts,
    resources=st.lists(objects, max_size=3).map(tuple),
    at=times,
    deadline=times,
    version=st.tuples(*[st.integers(0, 2**31 - 1)] * 3),
)
statuses = st.builds(
    DeploymentStatus,
    delivery_id=names,
    repository=repositories,
    deployment_id=ids,
    state=st.sampled_from(ReportedState),
    description=texts,
    team=texts,
    cluster=names,
    at=times,
    detail=texts,
)
announcements = st.builds(Announcement, cluster=names, instance=names, version=plain, at=times)

DECODERS: list[Callable[[bytes], Any]] = [decode_request, decode_status, decode_announcement]
EXAMPLES = [encode_request(request()), encode_status(status()), encode_announcement(announcement())]


@given(requests)
def test_a_request_arrives_as_it_was_sent(sent: DeploymentRequest) -> None:
    assert decode_request(encode_request(sent)) == sent


@given(statuses)
def test_a_status_arrives_as_it_was_sent(sent: DeploymentStatus) -> None:
    assert decode_status(encode_status(sent)) == sent


@given(announcements)
def test_an_announcement_arrives_as_it_was_sent(sent: Announcement) -> None:
    assert decode_announcement(encode_announcement(sent)) == sent


@given(objects)
def test_resources_read_as_the_runtime_itself_reads_them(sent: dict[str, Any]) -> None:
    arrived = decode_request(encode_request(request(resources=(sent,)))).resources[0]
    reference = struct_pb2.Struct()
    json_format.ParseDict(sent, reference)
    assert arrived == json_format.MessageToDict(reference)


@pytest.mark.parametrize("decode", DECODERS)
@given(st.binary(max_size=200))
def test_garbage_is_unreadable_and_nothing_worse(decode: Callable[[bytes], Any], garbage: bytes) -> None:
    with suppress(Unreadable):
        decode(garbage)


@pytest.mark.parametrize("decode", DECODERS)
@given(st.sampled_from(EXAMPLES), st.data())
def test_neither_is_a_message_with_a_changed_byte(
    decode: Callable[[bytes], Any], message: bytes, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(message) - 1))
    changed = message[:place] + bytes((data.draw(st.integers(0, 255)),)) + message[place + 1 :]
    with suppress(Unreadable):
        decode(changed)


@pytest.mark.parametrize(("decode", "message"), list(zip(DECODERS, EXAMPLES, strict=True)))
def test_a_message_cut_off_is_unreadable_until_it_is_whole_enough(
    decode: Callable[[bytes], Any], message: bytes
) -> None:
    for length in range(len(message)):
        with suppress(Unreadable):
            decode(message[:length])
    decode(message)


@given(requests, statuses, announcements)
def test_no_message_is_taken_for_one_of_another_kind(
    asked: DeploymentRequest, reported: DeploymentStatus, heard: Announcement
) -> None:
    encoded = [encode_request(asked), encode_status(reported), encode_announcement(heard)]
    for kind, message in enumerate(encoded):
        for other, decode in enumerate(DECODERS):
            if other != kind:
                with pytest.raises(Unreadable):
                    decode(message)
