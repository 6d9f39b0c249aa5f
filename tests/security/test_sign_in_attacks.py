"""Servers, and places where people sign in, that are not what they should be: what is believed, what is sent, where to."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from aiohttp import web

from bot.domain.sign_ins import GRANT, Grant

pytest.importorskip("mcp", reason="mcp is not installed")

from bot.answers.tools.grants import SignInEnded, SignInRefused
from bot.answers.tools.mcp_authorization import McpAuthorization
from tests.tools.sign_in_office import HOME, SignInOffice

METADATA = "/.well-known/oauth-authorization-server"
RESOURCE = "/.well-known/oauth-protected-resource/mcp"


async def signed_in(office: SignInOffice, way: McpAuthorization, issuer: str | None = None) -> Grant:
    try:
        departure = await way.begin("state")
        return await way.finish(departure, code=office.allowed(departure), issuer=issuer)
    finally:
        await way.aclose()


async def refusal(office: SignInOffice, way: McpAuthorization, issuer: str | None = None) -> str:
    with pytest.raises(SignInRefused) as refused:
        await signed_in(office, way, issuer)
    return str(refused.value)


async def test_an_honest_one_signs_people_in() -> None:
    async with SignInOffice().open() as office:
        grant = await signed_in(office, office.authorization(), office.url)
        assert (grant.access, grant.client.id, grant.resource) == ("token-1", "client0", f"{office.url}/mcp")
        assert office.heard[0] == ("POST", "/mcp", {})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param(
            {"resource": {"resource": "https://bank.example/mcp"}},
            "names another server as its own",
            id="a token for somebody else",
        ),
        pytest.param(
            {"about": {"issuer": "https://login.bank.example"}}, "so it is not believed", id="another's name"
        ),
        pytest.param({"about": {"code_challenge_methods_supported": None}}, "PKCE", id="codes unprotected"),
        pytest.param(
            {"about": {"code_challenge_methods_supported": ["plain"]}}, "PKCE", id="codes in the open"
        ),
        pytest.param(
            {"about": {"authorization_endpoint": "javascript:alert(1)"}},
            "does not say where people sign in",
            id="an address that is a program",
        ),
        pytest.param(
            {"about": {"authorization_endpoint": "file:///etc/passwd"}},
            "does not say where people sign in",
            id="an address that is a file",
        ),
        pytest.param(
            {"absent": frozenset({METADATA})}, "does not say where people sign in", id="nothing there"
        ),
        pytest.param(
            {"about": {"registration_endpoint": None}},
            f"register it there with the redirect address {HOME}/sign-in/done",
            id="nobody can register",
        ),
        pytest.param(
            {"answers": {"/register": lambda: web.json_response({"error": "access_denied"}, status=403)}},
            "does not let Switchboard register by itself (access_denied)",
            id="it does not register us",
        ),
        pytest.param(
            {
                "answers": {
                    "/token": lambda: web.Response(text="<script>alert(1)</script>", content_type="text/html")
                }
            },
            "gave no token that can be read",
            id="a page instead of a token",
        ),
        pytest.param(
            {"tokens": {"access_token": "a\r\nX-Evil: 1"}}, "gave no token", id="a header in a token"
        ),
        pytest.param({"tokens": {"access_token": "x" * 20_000}}, "gave no token", id="a huge token"),
        pytest.param({"tokens": {"access_token": {"a": 1}}}, "gave no token", id="a token that is none"),
        pytest.param({"tokens": {"access_token": None}}, "gave no token", id="no token"),
        pytest.param(
            {"about": {"authorization_response_iss_parameter_supported": True}},
            "does not say who it is",
            id="it hides who it is",
        ),
        pytest.param(
            {
                "answers": {
                    "/token": lambda: web.json_response({"error": "<b>*now*</b> @channel"}, status=400)
                }
            },
            "did not accept the sign-in (400)",
            id="markup for a reason",
        ),
    ],
)
async def test_what_is_not_right_is_refused_in_words(changes: Mapping[str, Any], said: str) -> None:
    async with SignInOffice(**changes).open() as office:
        assert said in await refusal(office, office.authorization())


async def test_an_answer_from_somebody_else_is_refused() -> None:
    async with SignInOffice().open() as office:
        assert "does not come from" in await refusal(office, office.authorization(), "https://evil.example")


async def test_only_the_issuer_that_the_operator_named_is_believed() -> None:
    async with SignInOffice().open() as office:
        way = office.authorization(issuer="https://login.example.com")
        assert "and issuer in [tools.notes] is another" in await refusal(office, way)
        assert (await signed_in(office, office.authorization(issuer=office.url))).access == "token-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"header": 'Bearer resource_metadata="http://metadata.internal/latest"'},
        {"header": 'Bearer resource_metadata="http://169.254.169.254/latest/meta-data"'},
        {"header": 'Bearer resource_metadata="http://[fe80::1]/x"'},
        {"resource": {"authorization_servers": ["http://metadata.internal"]}},
        {"about": {"registration_endpoint": "http://metadata.internal/register"}},
        {"about": {"token_endpoint": "http://169.254.169.254/token"}},
    ],
    ids=[
        "a name in the header",
        "an address in the header",
        "IPv6",
        "who signs in",
        "registration",
        "tokens",
    ],
)
async def test_no_address_of_theirs_leads_where_no_server_may_be(changes: Mapping[str, Any]) -> None:
    async with SignInOffice(**changes).open() as office:
        assert "is at an address that is not public" in await refusal(office, office.authorization())


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/mcp", "http://localhost:{port}/mcp"])
async def test_a_network_of_ones_own_only_where_the_operator_says_so(url: str) -> None:
    async with SignInOffice().open() as office:
        port = office.url.rpartition(":")[2]
        way = office.authorization(url=url.format(port=port), private=False)
        assert "without encryption" in await refusal(office, way)
        assert office.heard == []


@pytest.mark.parametrize("path", [METADATA, "/register", "/token"])
async def test_nothing_is_sent_on_to_another_place(path: str) -> None:
    def moved() -> web.Response:
        return web.Response(status=307, headers={"Location": "http://127.0.0.1:1/steal"})

    async with SignInOffice(answers={path: moved}).open() as office:
        office.clients["ours"] = ("s3cret", "client_secret_post")
        entry: dict[str, Any] = {} if path == "/register" else {"client_id": "ours"}
        assert await refusal(office, office.authorization(secret="s3cret" if entry else "", **entry))


@pytest.mark.parametrize(
    ("methods", "method"),
    [
        (None, "client_secret_basic"),
        (["client_secret_post"], "client_secret_post"),
        (["client_secret_post", "client_secret_basic"], "client_secret_basic"),
    ],
)
async def test_a_registered_client_shows_its_secret_as_that_one_wants(
    methods: list[str] | None, method: str
) -> None:
    about = {"token_endpoint_auth_methods_supported": methods, "registration_endpoint": None}
    async with SignInOffice(about=about).open() as office:
        office.clients["our:id"] = ("s3cret/+ü", method)
        way = office.authorization(client_id="our:id", secret="s3cret/+ü")
        assert (await signed_in(office, way)).access == "token-1"


async def test_where_our_address_is_our_name_nothing_is_registered() -> None:
    async with SignInOffice(about={"client_id_metadata_document_supported": True}).open() as office:
        grant = await signed_in(office, way := office.authorization())
        assert grant.client.id == f"{HOME}/sign-in/client.json" == way.document()["client_id"]
        assert way.document()["redirect_uris"] == [f"{HOME}/sign-in/done"]
        assert not [one for one in office.heard if one[1] == "/register"]


async def test_a_registration_is_made_once_and_anew_when_it_is_not_known_any_more() -> None:
    async with SignInOffice().open() as office:
        way = office.authorization()
        await signed_in(office, way)
        await signed_in(office, way)
        assert [one[1] for one in office.heard].count("/register") == 1
        office.clients.clear()
        office.clients["client0x"] = ("", "none")
        departure = await way.begin("state")
        office.codes["late"] = {}
        with pytest.raises(SignInRefused, match="Start again"):
            await way.finish(departure, code="late", issuer=None)
        assert (await signed_in(office, way)).client.id == "client1"


async def test_a_new_secret_of_the_operators_ends_nobodys_sign_in() -> None:
    async with SignInOffice(tokens={"refresh_token": "again"}).open() as office:
        office.clients["ours"] = ("old", "client_secret_basic")
        grant = await signed_in(office, office.authorization(client_id="ours", secret="old"))
        office.clients["ours"] = ("new", "client_secret_basic")
        late = office.authorization(client_id="ours", secret="mistyped")
        with pytest.raises(SignInRefused, match="does not renew the sign-in now"):
            await late.renewed(grant)
        right = office.authorization(client_id="ours", secret="new")
        assert (await right.renewed(grant)).access == "token-1"
        for way in (late, right):
            await way.aclose()


async def test_a_registration_that_is_forgotten_there_ends_it() -> None:
    async with SignInOffice(tokens={"refresh_token": "again"}).open() as office:
        grant = await signed_in(office, way := office.authorization())
        office.clients.clear()
        with pytest.raises(SignInEnded):
            await way.renewed(grant)
        assert (await signed_in(office, way)).client.id == "client0"
        assert [one[1] for one in office.heard].count("/register") == 2


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -5, "soon", True, [3600], 10**400])
async def test_a_token_that_lasts_for_no_number_of_seconds_can_be_kept(seconds: object) -> None:
    async with SignInOffice(tokens={"expires_in": seconds}).open() as office:
        grant = await signed_in(office, office.authorization())
        assert GRANT.validate_json(GRANT.dump_json(grant)) == grant


async def test_slack_calls_a_persons_token_user() -> None:
    async with SignInOffice(tokens={"token_type": "user", "ok": True, "expires_in": None}).open() as office:
        grant = await signed_in(office, office.authorization())
        assert (grant.access, grant.expires, grant.refresh) == ("token-1", 0.0, "")


async def test_entra_is_told_the_server_in_the_scopes_alone() -> None:
    async with SignInOffice(host="login.microsoftonline.com", takes_resource=False).open() as office:
        office.clients["app"] = ("", "none")
        way = office.authorization(client_id="app", scopes=["api://mcp/.default", "offline_access"])
        departure = await way.begin("state")
        assert "scope=api%3A%2F%2Fmcp%2F.default+offline_access" in departure.address
        assert (await signed_in(office, way)).access == "token-1"


TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"


async def of_any_company(office: SignInOffice, named: str = "organizations", pin: str = "") -> Grant:
    """A server of Microsoft's own, which names the sign-in of no company."""
    issuer = f"{office.url}/{TENANT}/v2.0"
    office.resource = {"authorization_servers": [f"{office.url}/{named}/v2.0"]}
    office.answers[f"/{TENANT}/v2.0/.well-known/openid-configuration"] = lambda: office.told(issuer=issuer)
    office.clients["app"] = ("", "none")
    more = {"issuer": pin.format(url=office.url, tenant=TENANT)} if pin else {}
    return await signed_in(office, office.authorization(client_id="app", scopes=["a"], **more))


@pytest.mark.parametrize("named", ["organizations", "common"])
async def test_where_any_company_signs_in_it_is_ours_that_counts(named: str) -> None:
    async with SignInOffice(host="login.microsoftonline.com", takes_resource=False).open() as office:
        grant = await of_any_company(office, named, "{url}/{tenant}/v2.0")
        assert grant.issuer == f"{office.url}/{TENANT}/v2.0"


@pytest.mark.parametrize(
    "pin",
    [
        "",
        "{url}/common/v2.0",
        "http://login.microsoftonline.us/{tenant}/v2.0",
        "{url}//v2.0",
    ],
)
async def test_where_any_company_signs_in_the_operator_says_which(pin: str) -> None:
    async with SignInOffice(host="login.microsoftonline.com", takes_resource=False).open() as office:
        with pytest.raises(SignInRefused) as refused:
            await of_any_company(office, pin=pin)
        assert f'write issuer = "{office.url}/YOUR-TENANT-ID/v2.0" into [tools.notes]' in str(refused.value)


async def test_nobody_else_may_leave_open_whose_sign_in_it_is() -> None:
    async with SignInOffice(host="login.example").open() as office:
        with pytest.raises(SignInRefused, match=r"and issuer in \[tools.notes\] is another"):
            await of_any_company(office, pin="{url}/{tenant}/v2.0")


@pytest.mark.parametrize(
    ("header", "entry", "scope"),
    [
        ('Bearer scope="a b"', {}, "a b"),
        ("Bearer realm=x, scope=a", {}, "a"),
        ('Bearer scope="a b"', {"scopes": ["mine"]}, "mine"),
        ('Bearer unscope="no"', {}, "c"),
    ],
)
async def test_what_is_asked_for(header: str, entry: Mapping[str, Any], scope: str) -> None:
    async with SignInOffice(header=header, resource={"scopes_supported": ["c"]}).open() as office:
        assert (await signed_in(office, office.authorization(**entry))).scope == scope


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"issuer": 5}',
        b"{" * 50_000,
        b"\xff\xfe",
        b'{"issuer": "' + b"x" * 70_000 + b'"}',
    ],
    ids=["empty", "a list", "null", "a number", "deep", "no text", "long"],
)
@pytest.mark.parametrize("path", [RESOURCE, METADATA, "/register", "/token"])
async def test_what_cannot_be_read_is_refused_in_one_line(path: str, body: bytes) -> None:
    def odd() -> web.Response:
        return web.Response(body=body, content_type="application/json")

    answers: dict[str, Callable[[], web.Response]] = {path: odd}
    absent = frozenset({METADATA}) if path == RESOURCE else frozenset()
    async with SignInOffice(answers=answers, absent=absent).open() as office:
        said = await refusal(office, office.authorization())
        assert "\n" not in said
        assert len(said) < 300
