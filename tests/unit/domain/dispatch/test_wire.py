"""Messages byte for byte as the format says, written down from its field numbers; and what is no message."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

import pytest
from tests.support.dispatching import AT, announcement, block, number, request, status

from fairway.domain.dispatch.requests import RepositoryName
from fairway.domain.dispatch.statuses import ReportedState
from fairway.domain.dispatch.wire import (
    Unreadable,
    Unsendable,
    decode_announcement,
    decode_request,
    decode_status,
    encode_announcement,
    encode_request,
    encode_status,
)

# navikt/orders and 4711 as DeploymentSpec {1 repository {1 owner, 2 name}, 2 deploymentID}.
DEPLOYMENT = bytes.fromhex("0a100a06 6e6176696b741206 6f726465727310e724")
# 2026-11-21T12:00:00Z is 1795262400 (0x6b0187c0), here in base 128.
NOON = "c08f86d806"
NOON_AND_A_MINUTE = "fc8f86d806"

STATUS = bytes.fromhex(
    f"0a15 {DEPLOYMENT.hex()}"  # 1 deployment
    "1002"  # 2 state: failure
    "1a04 6f6f7073"  # 3 description: oops
    "2203 642d31"  # 4 deliveryID: d-1
    "2a04 61757261"  # 5 team: aura
    "3204 70726f64"  # 6 cluster: prod
    f"38 {NOON}"  # 7 timestamp
)
DETAIL = bytes.fromhex("7a04 6d6f7265")  # 15 detail: more

RESOURCE = bytes.fromhex(
    "0a10"  # Struct {1 fields}: an entry of 16 bytes
    "0a01 6e"  # 1 key: n
    "120b"  # 2 value
    "3209"  # 6 list_value
    "0a07"  # 1 values
    "1a05 7468726565"  # 3 string_value: three
)
REQUEST = bytes.fromhex(
    f"0a15 {DEPLOYMENT.hex()}"  # 1 deployment
    f"10 {NOON}"  # 2 timestamp
    f"18 {NOON_AND_A_MINUTE}"  # 3 deadline
    "2a04 70726f64"  # 5 cluster: prod
    "3203 642d31"  # 6 deliveryID: d-1
    "3a21"  # 7 payloadSpec
    "0a03 010000"  # 1 version: 1, 0, 0
    "1204 61757261"  # 2 team: aura
    f"1a14 0a12 {RESOURCE.hex()}"  # 3 kubernetes {1 resources}
)
ANNOUNCEMENT = bytes.fromhex(f"0a04 70726f64 1207 706f642d312f31 1a05 302e312e30 20 {NOON}")

STATES = ["success", "error", "failure", "inactive", "in_progress", "queued", "pending"]


class TestBytes:
    def test_a_status_is_written_as_the_format_says(self) -> None:
        ours = status(state=ReportedState.FAILURE, description="oops")
        assert encode_status(ours) == STATUS
        assert decode_status(STATUS) == ours

    def test_what_others_do_not_know_travels_in_a_field_of_its_own(self) -> None:
        ours = status(state=ReportedState.FAILURE, description="oops", detail="more")
        assert encode_status(ours) == STATUS + DETAIL
        assert decode_status(STATUS + DETAIL) == ours

    def test_a_request_is_written_as_the_format_says(self) -> None:
        ours = request(resources=({"n": ["three"]},))
        assert encode_request(ours) == REQUEST
        assert decode_request(REQUEST) == ours

    def test_an_announcement_is_written_as_the_format_says(self) -> None:
        assert encode_announcement(announcement()) == ANNOUNCEMENT
        assert decode_announcement(ANNOUNCEMENT) == announcement()

    @pytest.mark.parametrize(("wire", "state"), list(enumerate(STATES)))
    def test_states_have_the_numbers_of_the_format(self, wire: int, state: str) -> None:
        written = block(4, "d-1") + block(6, "prod") + number(7, 1) + number(2, wire)
        assert decode_status(written).state == ReportedState(state)
        assert decode_status(encode_status(status(state=ReportedState(state)))).state == state

    def test_success_is_what_is_not_written(self) -> None:
        assert encode_status(status(description="oops")) == STATUS.replace(b"\x10\x02", b"")
        assert decode_status(STATUS.replace(b"\x10\x02", b"")).state is ReportedState.SUCCESS

    def test_versions_may_come_one_by_one_as_older_writers_do(self) -> None:
        payload = number(1, 1) + number(1, 2) + number(1, 3) + block(2, "aura")
        written = block(5, "prod") + block(6, "d-1") + number(2, 1) + number(3, 2) + block(7, payload)
        assert decode_request(written).version == (1, 2, 3)

    def test_fields_that_we_do_not_know_are_passed_over(self) -> None:
        unknown = number(99, 7) + block(98, b"later") + bytes.fromhex("c50100000000")
        assert decode_status(unknown + STATUS + unknown).description == "oops"
        assert decode_request(unknown + REQUEST + unknown) == decode_request(REQUEST)
        assert decode_announcement(ANNOUNCEMENT + unknown) == announcement()

    def test_the_number_of_a_deployment_may_fill_all_its_bits(self) -> None:
        big = 2**63 - 1
        assert decode_request(encode_request(request(deployment_id=big))).deployment_id == big
        with pytest.raises(Unsendable, match="'d-1'"):
            encode_request(request(deployment_id=2**63))

    def test_times_lose_what_is_less_than_a_second(self) -> None:
        at = datetime(2026, 11, 21, 12, 0, 0, 999_999, tzinfo=UTC)
        assert decode_status(encode_status(status(at=at))).at == AT

    def test_half_a_character_does_not_lose_a_report(self) -> None:
        arrived = decode_status(encode_status(status(description="a\ud800b", detail="\udfff")))
        assert (arrived.description, arrived.detail) == ("a?b", "?")

    def test_half_a_character_in_a_name_is_refused(self) -> None:
        with pytest.raises(Unsendable, match="'d-1'"):
            encode_status(status(team="\ud800"))
        with pytest.raises(Unsendable):
            encode_request(request(repository=RepositoryName("a", "\ud800")))
        with pytest.raises(Unsendable):
            encode_announcement(announcement(cluster="\ud800"))


class TestRefused:
    def test_an_empty_message_is_no_success(self) -> None:
        with pytest.raises(Unreadable, match="a status without deliveryID, cluster, timestamp"):
            decode_status(b"")
        with pytest.raises(Unreadable, match="a request without deliveryID, cluster, timestamp, deadline"):
            decode_request(b"")
        with pytest.raises(Unreadable, match="announcement without cluster, instance, timestamp"):
            decode_announcement(b"")

    @pytest.mark.parametrize("missing", ["deliveryID", "cluster", "timestamp"])
    def test_each_field_that_makes_a_status_one_is_needed(self, missing: str) -> None:
        fields = {"deliveryID": block(4, "d"), "cluster": block(6, "c"), "timestamp": number(7, 1)}
        decode_status(b"".join(fields.values()))
        fields.pop(missing)
        with pytest.raises(Unreadable, match=f"a status without {missing}$"):
            decode_status(b"".join(fields.values()))

    @pytest.mark.parametrize("missing", ["deliveryID", "cluster", "timestamp", "deadline"])
    def test_each_field_that_makes_a_request_one_is_needed(self, missing: str) -> None:
        fields = {"deliveryID": block(6, "d"), "cluster": block(5, "c"), "timestamp": number(2, 1)}
        fields |= {"deadline": number(3, 1), "payload": block(7, block(1, b"\1\0\0"))}
        decode_request(b"".join(fields.values()))
        fields.pop(missing)
        with pytest.raises(Unreadable, match=f"a request without {missing}$"):
            decode_request(b"".join(fields.values()))

    @pytest.mark.parametrize("odd", ["a\0b", "a\nb", "\u202e"])
    def test_names_are_plain_text(self, odd: str) -> None:
        # A store that does not take one would be asked to for ever, and everything behind it would wait.
        for sent in (request(odd), request(cluster=odd)):
            with pytest.raises(Unreadable, match="nobody can read"):
                decode_request(encode_request(sent))
        for report in (status(odd), status(cluster=odd)):
            with pytest.raises(Unreadable, match="nobody can read"):
                decode_status(encode_status(report))
        for word in (announcement(odd), announcement(instance=odd), announcement(version=odd)):
            with pytest.raises(Unreadable, match="nobody can read"):
                decode_announcement(encode_announcement(word))

    @pytest.mark.parametrize("version", [b"", b"\1", b"\1\0", b"\1\0\0\0"])
    def test_a_version_has_three_numbers(self, version: bytes) -> None:
        whole = block(6, "d") + block(5, "c") + number(2, 1) + number(3, 1)
        with pytest.raises(Unreadable, match="three numbers"):
            decode_request(whole + block(7, block(1, version)))

    @pytest.mark.parametrize("unknown", [7, 99, -1, 2**31 - 1])
    def test_a_state_without_a_word_is_not_guessed(self, unknown: int) -> None:
        with pytest.raises(Unreadable, match=f"unknown state {unknown}"):
            decode_status(STATUS + number(2, unknown))

    @pytest.mark.parametrize("seconds", [2**62, -(2**62), 10**13])
    def test_times_that_no_calendar_has_are_unreadable(self, seconds: int) -> None:
        with pytest.raises(Unreadable, match="is no time"):
            decode_status(STATUS + number(7, seconds))

    def test_texts_must_be_unicode(self) -> None:
        with pytest.raises(Unreadable, match="no status"):
            decode_status(STATUS + block(3, b"\xff\xfe"))

    @pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
    def test_numbers_that_are_not_json_are_unreadable(self, bad: float) -> None:
        value = b"\x11" + struct.pack("<d", bad)
        resource = block(1, block(1, "n") + block(2, value))
        payload = block(1, b"\1\0\0") + block(3, block(1, resource))
        whole = block(6, "d-9") + block(5, "c") + number(2, 1) + number(3, 1) + block(7, payload)
        with pytest.raises(Unreadable, match=r"delivery d-9: the number -?(nan|inf) is not JSON"):
            decode_request(whole)

    def test_what_is_nested_without_end_is_unreadable(self) -> None:
        value = block(3, "deep")
        for _ in range(200):
            value = block(5, block(1, block(1, "a") + block(2, value)))
        payload = block(1, b"\1\0\0") + block(3, block(1, block(1, block(1, "a") + block(2, value))))
        with pytest.raises(Unreadable, match="no request"):
            decode_request(block(6, "d") + block(5, "c") + number(2, 1) + number(3, 1) + block(7, payload))
