"""What Google's adapter believes: tokens that are signed, fresh, meant for this studio and this sign-in; and no others."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from joserfc.jwk import OctKey, RSAKey

from pingvas.adapters.oauth.google import Google
from pingvas.adapters.oauth.identity import Identity, ProviderRefused, ProviderUnavailable
from tests.fakes.signing_provider import CLIENT_ID, CLIENT_SECRET, SigningProvider, running_signing_provider

CALLBACK = "http://studio.test/callback"


@pytest.fixture
async def provider() -> AsyncIterator[SigningProvider]:
    async with running_signing_provider() as made:
        made.nonce = "a nonce"
        yield made


@pytest.fixture
def google(provider: SigningProvider, make_settings: Any) -> Google:
    return Google(make_settings(**provider.settings))


async def identify(google: Google, *, issuer: str | None = None) -> Identity:
    return await google.identify(
        code="a code", redirect_uri=CALLBACK, nonce="a nonce", verifier="v" * 43, issuer=issuer
    )


async def test_an_honest_token_says_who_is_there(google: Google, provider: SigningProvider) -> None:
    asked: list[Any] = []

    def answer(provider: SigningProvider, form: Any) -> Any:
        asked.append(dict(form))
        return {"access_token": "x", "token_type": "Bearer", "id_token": provider.signed(provider.claims())}

    provider.answer = answer

    who = await identify(google, issuer=provider.url)

    assert (who.provider, who.subject, who.email, who.name) == (
        "google",
        "108204268033311374519",
        "ada@gmail.com",
        "Ada",
    )
    assert asked[0]["code_verifier"] == "v" * 43
    assert (asked[0]["code"], asked[0]["redirect_uri"]) == ("a code", CALLBACK)


@pytest.mark.parametrize(
    ("claims", "is_theirs"),
    [
        ({"email": "ada@gmail.com"}, True),
        ({"email": "Ada@GMAIL.COM"}, True),
        ({"email": "ada@gmail.com", "email_verified": False}, False),
        ({"email": "ada@gmail.com.example", "email_verified": True}, False),
        ({"email": "ada@example.com", "email_verified": True}, False),
        ({"email": "ada@example.com", "email_verified": True, "hd": "example.com"}, True),
        ({"email": "ada@example.com", "email_verified": True, "hd": ""}, False),
        ({"email": "ada@example.com", "email_verified": "true", "hd": "example.com"}, False),
        ({"email": "ada@example.com", "email_verified": False, "hd": "example.com"}, False),
        ({"email": None, "email_verified": True, "hd": "example.com"}, True),
    ],
)
async def test_google_vouches_for_its_own_addresses_and_those_it_hosts(
    google: Google, provider: SigningProvider, claims: dict[str, Any], is_theirs: bool
) -> None:
    provider.answer = lambda provider, _: {
        "access_token": "x",
        "token_type": "Bearer",
        "id_token": provider.signed(provider.claims(**claims)),
    }

    who = await identify(google)

    assert who.email_is_theirs is (is_theirs and who.email is not None)


def forged(**changes: Any) -> Any:
    return lambda provider: provider.signed(provider.claims(**changes))


def by_another_key(provider: SigningProvider) -> str:
    key = RSAKey.generate_key(2048, {"kid": "one"})
    return provider.signed(provider.claims(), key=key)


def by_the_shared_secret(provider: SigningProvider) -> str:
    key = OctKey.import_key(CLIENT_SECRET)
    return provider.signed(provider.claims(), key=key, header={"alg": "HS256", "kid": "one"})


def by_the_public_key_as_a_secret(provider: SigningProvider) -> str:
    key = OctKey.import_key(provider.key.as_pem(private=False))
    return provider.signed(provider.claims(), key=key, header={"alg": "HS256", "kid": "one"})


def unsigned(provider: SigningProvider) -> str:
    _, payload, _ = provider.signed(provider.claims()).split(".")
    return f"eyJhbGciOiJub25lIn0.{payload}."


def changed_behind_the_signature(provider: SigningProvider) -> str:
    head, _, signature = provider.signed(provider.claims()).split(".")
    other = provider.signed(provider.claims(sub="somebody else")).split(".")[1]
    return f"{head}.{other}.{signature}"


@pytest.mark.parametrize(
    "make",
    [
        forged(iss="https://evil.example"),
        forged(iss=None),
        forged(aud="another-client"),
        forged(aud=["another-client"]),
        forged(aud=None),
        forged(aud=[CLIENT_ID, "another-client"]),
        forged(azp="another-client"),
        forged(nonce="another nonce"),
        forged(nonce=None),
        forged(exp=int(time.time()) - 3600),
        forged(exp=None),
        forged(iat=int(time.time()) + 3600),
        forged(sub=None),
        forged(sub=""),
        forged(sub=7),
        forged(sub="x" * 300),
        by_another_key,
        by_the_shared_secret,
        by_the_public_key_as_a_secret,
        unsigned,
        changed_behind_the_signature,
        lambda _: "no.token.atall",
        lambda _: "",
        lambda _: 7,
        lambda _: None,
    ],
)
async def test_a_token_that_is_not_honest_is_not_believed(
    google: Google, provider: SigningProvider, make: Any
) -> None:
    provider.answer = lambda provider, _: {
        "access_token": "x",
        "token_type": "Bearer",
        "id_token": make(provider),
    }

    with pytest.raises(ProviderUnavailable):
        await identify(google)


async def test_an_answer_without_a_token_is_nonsense(google: Google, provider: SigningProvider) -> None:
    provider.answer = lambda *_: {"access_token": "x", "token_type": "Bearer"}

    with pytest.raises(ProviderUnavailable):
        await identify(google)


async def test_a_code_that_is_not_known_is_refused(google: Google, provider: SigningProvider) -> None:
    provider.answer = lambda *_: web.json_response({"error": "invalid_grant"}, status=400)

    with pytest.raises(ProviderRefused):
        await identify(google)


async def test_an_answer_that_names_another_issuer_is_not_taken(
    google: Google, provider: SigningProvider
) -> None:
    with pytest.raises(ProviderUnavailable):
        await identify(google, issuer="https://evil.example")
    assert provider.looked_up == []


async def test_keys_that_change_are_fetched_again_and_others_are_kept(
    google: Google, provider: SigningProvider
) -> None:
    # given
    await identify(google)
    await identify(google)
    assert provider.looked_up == ["discovery", "keys"]

    # when
    provider.key = RSAKey.generate_key(2048, {"kid": "two"})
    await identify(google)

    # then
    assert provider.looked_up == ["discovery", "keys", "keys"]


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"authorization_endpoint": None},
        {"token_endpoint": "ftp://example.com/token"},
        {"jwks_uri": ["x"]},
    ],
)
async def test_a_discovery_that_makes_no_sense_is_not_followed(
    google: Google, provider: SigningProvider, changes: dict[str, Any]
) -> None:
    provider.discovery = changes

    with pytest.raises(ProviderUnavailable):
        await google.authorization_url(redirect_uri=CALLBACK, state="s", nonce="n", verifier="v" * 43)


async def test_a_provider_that_was_down_is_asked_again(
    google: Google, provider: SigningProvider, make_settings: Any
) -> None:
    # given
    provider.discovery = {"issuer": "nonsense"}
    with pytest.raises(ProviderUnavailable):
        await identify(google)

    # when
    provider.discovery = {}

    # then
    assert (await identify(google)).subject == "108204268033311374519"
