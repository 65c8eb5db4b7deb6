"""GoogleAddresses against a loopback server that speaks Google's protocols, with real google-auth credentials."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.oauth2.service_account import Credentials
from tests.support.google_compute import READ_ONLY, GoogleCompute, google_compute

from fairway.adapters.gcp.addresses import SCOPE, GoogleAddresses
from fairway.domain.errors import Terminal, Transient, UserError
from fairway.domain.values.addresses import AddressQuery


@pytest.fixture
def google() -> Iterator[GoogleCompute]:
    with google_compute() as server:
        server.reserve("shop-prod", "europe-west1", "kafka", "203.0.113.7")
        server.reserve("shop-prod", "global", "front", "203.0.113.80", status="IN_USE", users=["…/forwardingRules/x"])
        yield server


@pytest.fixture
def lookup(google: GoogleCompute, tmp_path: Path) -> GoogleAddresses:
    key = google.write_key_file(tmp_path / "key.json")
    return GoogleAddresses(google.endpoint, lambda: Credentials.from_service_account_file(str(key), scopes=[SCOPE]))


REGIONAL = AddressQuery("shop-prod", "kafka", "europe-west1")
GLOBAL = AddressQuery("shop-prod", "front", None)


async def test_a_regional_and_a_global_address_are_found(lookup: GoogleAddresses, google: GoogleCompute) -> None:
    assert await lookup.address(REGIONAL) == "203.0.113.7"
    assert await lookup.address(GLOBAL) == "203.0.113.80"
    assert google.asked == [
        "/compute/v1/projects/shop-prod/regions/europe-west1/addresses/kafka",
        "/compute/v1/projects/shop-prod/global/addresses/front",
    ]


async def test_the_login_is_a_signed_assertion_for_reading_only(lookup: GoogleAddresses, google: GoogleCompute) -> None:
    await asyncio.gather(*(lookup.address(REGIONAL) for _ in range(5)))
    await lookup.address(GLOBAL)
    assert {claims["scope"] for claims in google.assertions} == {READ_ONLY}


async def test_an_address_that_does_not_exist_is_none(lookup: GoogleAddresses) -> None:
    assert await lookup.address(AddressQuery("shop-prod", "kafka", "us-east1")) is None
    assert await lookup.address(AddressQuery("shop-prod", "kafka", None)) is None


async def test_a_name_cannot_leave_its_place_in_the_path(lookup: GoogleAddresses, google: GoogleCompute) -> None:
    assert await lookup.address(AddressQuery("shop-prod", "../../global/addresses/front", "europe-west1")) is None
    assert "%2F" in google.asked[0]


async def test_missing_rights_name_the_permission(lookup: GoogleAddresses, google: GoogleCompute) -> None:
    google.denied_projects.add("shop-prod")
    with pytest.raises(UserError, match=r"compute\.addresses\.get") as caught:
        await lookup.address(REGIONAL)
    assert caught.value.fix
    assert "Compute Viewer" in caught.value.fix


async def test_refused_credentials_say_how_to_log_in(lookup: GoogleAddresses, google: GoogleCompute) -> None:
    google.refuse_logins = True
    with pytest.raises(UserError, match="refused the credentials") as caught:
        await lookup.address(REGIONAL)
    assert "gcloud auth application-default login" in str(caught.value.fix)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_an_outage_is_transient(lookup: GoogleAddresses, google: GoogleCompute, status: int) -> None:
    await lookup.address(REGIONAL)
    google.failures = [status]
    with pytest.raises(Transient, match=f"HTTP {status}"):
        await lookup.address(REGIONAL)
    assert await lookup.address(REGIONAL) == "203.0.113.7"


async def test_an_endpoint_that_does_not_listen_is_transient(google: GoogleCompute, tmp_path: Path) -> None:
    key = google.write_key_file(tmp_path / "key.json")
    lookup = GoogleAddresses(
        "http://127.0.0.1:1/compute/v1", lambda: Credentials.from_service_account_file(str(key), scopes=[SCOPE])
    )
    with pytest.raises(Transient, match="did not answer"):
        await lookup.address(REGIONAL)


async def test_an_unknown_path_is_no_missing_address(google: GoogleCompute, tmp_path: Path) -> None:
    key = google.write_key_file(tmp_path / "key.json")
    lookup = GoogleAddresses(
        f"{google.url}/elsewhere", lambda: Credentials.from_service_account_file(str(key), scopes=[SCOPE])
    )
    with pytest.raises(UserError, match="HTTP 404"):
        await lookup.address(REGIONAL)


@pytest.mark.parametrize(
    ("fields", "error"), [({"address": "", "status": "RESERVING"}, Transient), ({"address": ""}, Terminal)]
)
async def test_an_address_without_ip_is_an_error(
    lookup: GoogleAddresses, google: GoogleCompute, fields: dict[str, Any], error: type[Exception]
) -> None:
    google.addresses[("shop-prod", "europe-west1", "kafka")].update(fields)
    with pytest.raises(error):
        await lookup.address(REGIONAL)


async def test_application_default_credentials_are_found_where_google_says(
    google: GoogleCompute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(google.write_key_file(tmp_path / "key.json")))
    assert await GoogleAddresses(google.endpoint).address(REGIONAL) == "203.0.113.7"


async def test_no_credentials_say_how_to_log_in(
    google: GoogleCompute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with pytest.raises(UserError, match="no Google credentials") as caught:
        await GoogleAddresses(google.endpoint).address(REGIONAL)
    assert "GOOGLE_APPLICATION_CREDENTIALS" in str(caught.value.fix)


def test_without_the_extra_the_error_names_it() -> None:
    program = """
import asyncio, sys
sys.modules["google.auth"] = None
from fairway.adapters.gcp.addresses import GoogleAddresses
from fairway.domain.errors import UserError
from fairway.domain.values.addresses import AddressQuery
try:
    asyncio.run(GoogleAddresses().address(AddressQuery("p", "n", None)))
except UserError as error:
    print(error.message, "|", error.fix)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "not installed" in done.stdout
    assert "pip install 'fairway-cd[google]'" in done.stdout


def test_google_auth_is_not_imported_before_an_address_is_asked_for() -> None:
    program = (
        "import sys, fairway.adapters.gcp.addresses as a; a.GoogleAddresses(); "
        "print([m for m in sys.modules if m.startswith(('google.', 'requests'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
