"""The proxy that the environment sets for a URL."""

from urllib.request import getproxies, proxy_bypass

HERE = ("localhost", "127.0.0.1", "::1")


def proxy_for(scheme: str, host: str) -> str | None:
    """The proxy by HTTP_PROXY, HTTPS_PROXY and NO_PROXY; never one for this machine."""
    if host in HERE or proxy_bypass(host):
        return None
    return getproxies().get(scheme)
