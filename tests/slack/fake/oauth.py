"""oauth.v2.access: single-use codes, the exact redirect, refresh tokens that work once, tokens that expire."""

import base64

from tests.slack.fake.world import SCOPES, Json, Refused, Slack, Team, Token

CLIENT_ID, CLIENT_SECRET = "11.22", "client-secret"


def issue_code(slack: Slack, team: Team, redirect_uri: str, *, rotates: bool = False) -> str:
    """What a person who allowed the app brings back to the redirect address."""
    code = f"code-{len(slack.codes) + 1}"
    slack.codes[code] = {"team": team.id, "redirect_uri": redirect_uri, "rotates": rotates}
    return code


def access(slack: Slack, authorization: str, args: Json) -> Json:
    if authorization != "Basic " + base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode():
        raise Refused("bad_client_secret")
    if args.get("grant_type") == "refresh_token":
        team_id = slack.refresh_tokens.pop(args.get("refresh_token") or "", "")
        if not team_id:
            raise Refused("invalid_refresh_token")
        return grant(slack, slack.teams[team_id], rotates=True)
    code = slack.codes.pop(args.get("code") or "", None)
    if code is None:
        raise Refused("invalid_code")
    if (args.get("redirect_uri") or "") != code["redirect_uri"]:
        raise Refused("bad_redirect_uri")
    return grant(slack, slack.teams[code["team"]], rotates=code["rotates"])


def grant(slack: Slack, team: Team, *, rotates: bool) -> Json:
    token = f"xoxb-{team.id}-{len(slack.tokens) + 1}"
    slack.tokens[token] = Token(team=team.id)
    answer: Json = {
        "access_token": token,
        "token_type": "bot",
        "scope": ",".join(sorted(SCOPES)),
        "bot_user_id": team.bot_user,
        "app_id": "A1",
        "team": None if team.org_wide else {"id": team.id, "name": team.id},
        "enterprise": {"id": team.enterprise, "name": team.enterprise} if team.enterprise else None,
        "is_enterprise_install": team.org_wide,
        "authed_user": {"id": "U1"},
    }
    if rotates:
        refresh = f"xoxe-{team.id}-{len(slack.tokens)}"
        slack.refresh_tokens[refresh] = team.id
        slack.tokens[token].expires = slack.clock.now() + 43_200
        answer |= {"refresh_token": refresh, "expires_in": 43_200}
    return answer
