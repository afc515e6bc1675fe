"""What every answer tells browsers: guess no types, let nobody frame this, name no addresses to others, open no devices.

A page has a content policy of its own; whatever has none is data, from which nothing is to be run or loaded.
"""

from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Passkeys and the clipboard are the page's own; nothing else is asked for.
_PERMISSIONS = {
    "clipboard-write": "(self)",
    "fullscreen": "(self)",
    "publickey-credentials-create": "(self)",
    "publickey-credentials-get": "(self)",
    **dict.fromkeys(
        (
            "accelerometer",
            "autoplay",
            "camera",
            "display-capture",
            "encrypted-media",
            "geolocation",
            "gyroscope",
            "magnetometer",
            "microphone",
            "midi",
            "payment",
            "picture-in-picture",
            "screen-wake-lock",
            "serial",
            "usb",
            "xr-spatial-tracking",
        ),
        "()",
    ),
}
_ALWAYS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{name}={allowed}" for name, allowed in _PERMISSIONS.items()),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
# Browsers that have been here over TLS come back over TLS, for a year.
_OVER_TLS = {"Strict-Transport-Security": "max-age=31536000"}


class SecurityHeaders:
    """ASGI middleware. A header that an answer has already stays as it is."""

    def __init__(self, app: ASGIApp, *, over_tls: bool) -> None:
        self.app = app
        self._told = _raw({**_ALWAYS, **(_OVER_TLS if over_tls else {})}.items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_and_tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                named = {name.lower() for name, _ in headers}
                headers.extend(pair for pair in self._told if pair[0] not in named)
                message = {**message, "headers": headers}
            await send(message)

        await self.app(scope, receive, send_and_tell)


def _raw(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers]
