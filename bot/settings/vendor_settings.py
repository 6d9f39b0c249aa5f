"""How the vendors of models are reached."""

from typing import ClassVar, Protocol

from pydantic import Field

from bot.settings.environment import Address, Key, SettingsGroup


class VendorRow(Protocol):
    """What the settings need to know of a vendor. Implemented by providers.vendors.Vendor."""

    @property
    def name(self) -> str: ...

    @property
    def keyless(self) -> bool: ...

    @property
    def prefix(self) -> str:
        """The prefix of its variables."""


class VendorSettings(SettingsGroup):
    """How to reach one vendor. `base_url` is "" for the vendor's own address."""

    api_key: Key | None = Field(None, description="the key from the vendor's console")
    base_url: Address = Field("", description="the http(s) address that the paths are added to")


class FoundrySettings(SettingsGroup):
    """A Microsoft Foundry resource. No key: Entra ID."""

    prefix: ClassVar[str] = "FOUNDRY_"
    endpoint: Address = Field(description="https://NAME.services.ai.azure.com, or a project's address there")
    api_key: Key | None = Field(None, description="a key of the resource")
