"""How the bot proves who it is, from the operator's settings."""

from pathlib import Path

from adapters.teams.clouds import cloud_of, token_endpoint
from adapters.teams.http_session import HttpSession
from adapters.teams.outbound.token_source import ClientSecret, Registration, TokenSource
from bot.domain.errors import SettingsError
from bot.settings.environment import revealed
from bot.settings.platform_settings import TeamsSettings


def token_source(teams: TeamsSettings, http: HttpSession) -> TokenSource:
    """Raises SettingsError for a certificate that cannot be read, and where azure-identity is missing."""
    cloud = cloud_of(teams.openid_metadata_url or "")
    endpoint = token_endpoint(cloud, tenant=teams.tenant_id, address=teams.token_url or "")
    registration = Registration(app_id=teams.app_id, endpoint=endpoint)
    if teams.auth == "secret":
        return ClientSecret(http=http, registration=registration, secret=revealed(teams.app_password))
    try:
        from adapters.teams.outbound import azure_identity  # noqa: PLC0415 - needs an extra, and is slow to import
    except ImportError as error:
        raise SettingsError(
            f"TEAMS_AUTH={teams.auth} needs azure-identity. Install it (pip install azure-identity), or write "
            "TEAMS_AUTH=secret and TEAMS_APP_PASSWORD."
        ) from error
    proof: azure_identity.Proof
    if teams.auth == "certificate":
        proof = azure_identity.Certificate(
            path=Path(teams.certificate), password=revealed(teams.certificate_password)
        )
        proof.check(registration)
    elif teams.auth == "managed-identity":
        proof = azure_identity.BotIdentity()
    elif teams.managed_identity_client_id:
        proof = azure_identity.FederatedIdentity(
            client_id=teams.managed_identity_client_id, audience=cloud.exchange
        )
    else:
        proof = azure_identity.FederatedFile(path=Path(teams.federated_token_file))
    return azure_identity.AzureIdentity(http=http, registration=registration, proof=proof)
