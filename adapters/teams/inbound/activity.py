"""The fields of Teams' activities that are read. A body of another shape is refused (400).

Source: Microsoft Learn, Teams platform, "Conversations with a bot".
"""

from datetime import datetime
from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Name = Annotated[str, Field(max_length=2048)]
Words = Annotated[str, Field(max_length=300_000)]


class ActivityPart(BaseModel):
    """A part of an activity: strict types, unknown fields are dropped."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, alias_generator=to_camel)


class Account(ActivityPart):
    id: Name = ""
    name: Name | None = None
    aad_object_id: Name | None = None
    tenant_id: Name | None = None
    is_targeted: bool | None = None


class ConversationInfo(ActivityPart):
    id: Name = Field(min_length=1)
    conversation_type: Name | None = None
    tenant_id: Name | None = None


class IdOnly(ActivityPart):
    id: Name | None = None


class NamedPlace(ActivityPart):
    """A channel or a team. Only some activities bring its name."""

    id: Name | None = None
    name: Name | None = None
    aad_group_id: Name | None = None  # of a team: its id in Microsoft Graph


class ChannelData(ActivityPart):
    tenant: IdOnly | None = None
    team: NamedPlace | None = None
    channel: NamedPlace | None = None
    event_type: Name | None = None
    product_context: Name | None = None


class Attachment(ActivityPart):
    content_type: Name | None = None
    content_url: Annotated[str, Field(max_length=16_384)] | None = None
    name: Name | None = None
    content: Any = None


class Reaction(ActivityPart):
    type: Name = ""


class IncomingActivity(ActivityPart):
    """One activity. Everything but `type`, `conversation` and `from` may be missing."""

    type: Name = Field(min_length=1)
    conversation: ConversationInfo
    from_: Account = Field(alias="from")
    id: Name | None = None
    name: Name | None = None
    timestamp: Name | None = None
    local_timezone: Name | None = None
    channel_id: Name = ""
    service_url: Name = ""
    recipient: Account = Account()
    text: Words | None = None
    reply_to_id: Name | None = None
    action: Name | None = None
    value: Any = None
    entities: Annotated[list[Any], Field(max_length=500)] | None = None
    attachments: Annotated[list[Attachment], Field(max_length=100)] | None = None
    members_added: list[Account] | None = None
    reactions_added: list[Reaction] | None = None
    channel_data: ChannelData | None = None

    @cached_property
    def tenants(self) -> frozenset[str]:
        """Every tenant this activity names, in lower case. A genuine activity names one."""
        data = self.channel_data.tenant.id if self.channel_data and self.channel_data.tenant else None
        return frozenset(tenant.lower() for tenant in (self.conversation.tenant_id, data) if tenant)

    @property
    def at(self) -> float:
        """Unix seconds, 0.0 when it does not say."""
        try:
            return datetime.fromisoformat(self.timestamp or "").timestamp()
        except ValueError:
            return 0.0

    @property
    def scope(self) -> str:
        """personal, groupChat or channel. Ids are opaque: only the declared type counts."""
        return self.conversation.conversation_type or "personal"

    @property
    def targeted(self) -> bool:
        return self.recipient.is_targeted is True

    @cached_property
    def copilot(self) -> bool:
        """Whether it comes from Microsoft 365 Copilot Chat, which is a place of its own."""
        product = self.channel_data.product_context if self.channel_data else None
        named = [product, *(entity.get("id") for entity in self.of_kind("ProductInfo"))]
        return any(isinstance(name, str) and name.upper() == "COPILOT" for name in named)

    @property
    def zone(self) -> str:
        """The sender's time zone, an IANA name, "" when it does not say."""
        told = [self.local_timezone, *(entity.get("timezone") for entity in self.of_kind("clientInfo"))]
        return next((zone for zone in told if isinstance(zone, str) and zone), "")

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """The entities of one type."""
        found = (entity for entity in self.entities or () if isinstance(entity, dict))
        return [entity for entity in found if entity.get("type") == kind]
