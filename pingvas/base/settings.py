"""Everything an operator may set, read from `PINGVAS_*` environment variables (or a `.env` file)."""

import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from urllib.request import url2pathname

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from pingvas.base.label_settings import LabelSettings
from pingvas.base.public_address import accept_origin, accept_public_url, is_this_machine, origin_of
from pingvas.base.secret_files import SecretFiles
from pingvas.base.secret_keys import derive_key, kept_secret
from pingvas.base.seller_settings import accept_variant_ids, accept_webhook_secrets

REPOSITORY = Path(__file__).resolve().parents[2]
METRICS_PORT = 9464


def _listed(value: Any) -> Any:
    """A list as it is written in one variable: with commas, or blanks."""
    return tuple(re.split(r"[,\s]+", value.strip())) if isinstance(value, str) else value


_List = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]


class Settings(LabelSettings):
    """One frozen set of settings. Each field's environment name is `PINGVAS_` + its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix="PINGVAS_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    data_dir: Path = Field(Path("data"), description="Where the studio keeps its database, pictures and keys")
    host: str = Field("127.0.0.1", description="Address the API listens on")
    port: int = Field(8400, ge=0, le=65535, description="Port the API listens on")
    public_url: Annotated[str, AfterValidator(accept_public_url)] | None = Field(
        None,
        description="Address people type, when it is not http://host:port; may have a path, `https://example.org/studio`",
    )
    trusted_proxies: _List | None = Field(
        None,
        description="Addresses and networks of proxies whose `X-Forwarded-For` and `-Proto` are believed; empty: `127.0.0.1`",
    )
    cors_origins: Annotated[_List, AfterValidator(lambda origins: tuple(map(accept_origin, origins)))] = (
        Field(
            (),
            description="Origins of other sites whose pages may call the API with a token or key of their own, `https://example.org`; empty: none",
        )
    )
    rate_limits: Literal["on", "off"] = Field(
        "on",
        description="Whether requests and generations a minute are limited; `off` for a network one trusts",
    )
    database_url: str | None = Field(
        None,
        repr=False,
        description="PostgreSQL 15 or newer, `postgresql://…`; empty: the embedded server in the data folder",
    )
    database_pool_size: int = Field(10, ge=1, description="Database connections a process may hold open")
    storage_url: str | None = Field(
        None,
        repr=False,
        description="`file:///…` or `s3://bucket/prefix?…`; empty: `storage` in the data folder",
    )
    redis_url: str | None = Field(
        None, repr=False, description="Valkey or Redis to carry events; empty: PostgreSQL carries them"
    )
    secret_key: str | None = Field(
        None,
        min_length=32,
        repr=False,
        description="Signs tokens and URLs; empty: made once and kept in the data folder",
    )
    previous_secret_key: str | None = Field(
        None,
        min_length=32,
        repr=False,
        description="The secret before this one, while what it signed is still to be taken",
    )
    file_url_key: str | None = Field(
        None,
        pattern="^[0-9a-f]{64}$",
        repr=False,
        description="For a worker with pictures on a disk, in place of the secret: what `pingvas file-url-key` prints",
    )
    smtp_url: str | None = Field(
        None,
        repr=False,
        description="Mail server, `smtp://user:password@host:587` or `smtps://…`; empty: mail lies in `mail` in the data folder",
    )
    mail_from: str | None = Field(
        None,
        description="From address of the studio's mail, `Studio <studio@example.org>`; empty: at its own host",
    )
    google_client_id: str | None = Field(
        None, description="OAuth client at Google; empty: nobody signs in with Google"
    )
    google_client_secret: str | None = Field(None, repr=False, description="Its secret")
    google_issuer: str = Field(
        "https://accounts.google.com",
        pattern="^https?://[^/]",
        description="Who signs Google's tokens; another OpenID provider for tests",
    )
    discord_client_id: str | None = Field(
        None, description="OAuth application at Discord; empty: nobody signs in with Discord"
    )
    discord_client_secret: str | None = Field(None, repr=False, description="Its secret")
    discord_url: str = Field(
        "https://discord.com", pattern="^https?://[^/]", description="Where Discord is; a stand-in for tests"
    )
    billing_provider: Literal["sandbox", "lemon_squeezy", "none"] | None = Field(
        None,
        description="Who sells plans and credits: `lemon_squeezy`; `sandbox`, which takes no money and gives credits away; or `none`. Empty: the sandbox where the public address is this machine, else none",
    )
    lemon_squeezy_api_key: str | None = Field(
        None, pattern=r"^[\x21-\x7e]+$", repr=False, description="API key of the store at Lemon Squeezy"
    )
    lemon_squeezy_store_id: str | None = Field(
        None, pattern="^[0-9]{1,18}$", description="Number of that store"
    )
    lemon_squeezy_webhook_secret: Annotated[str, AfterValidator(accept_webhook_secrets)] | None = Field(
        None,
        repr=False,
        description="Secret that signs its webhooks; two with a comma while it is changed, the new one first",
    )
    lemon_squeezy_api_url: str | None = Field(
        None,
        pattern="^https?://[^/]",
        description="Where its API is; empty: `https://api.lemonsqueezy.com/v1`, or the sandbox of this machine",
    )
    lemon_squeezy_variants: Annotated[str, AfterValidator(accept_variant_ids)] | None = Field(
        None,
        description='Variant of the store for each plan and pack, `{"pro_monthly": "12345", "pack_small": "12399"}`',
    )
    lemon_squeezy_test_mode: bool = Field(
        False, description="Whether the key is one of test mode; else events of test mode are refused"
    )
    sandbox_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Port that the sandbox listens on; empty: any that is free",
    )
    sandbox_host: str = Field("127.0.0.1", description="Address that the sandbox listens on")
    sandbox_url: Annotated[str, AfterValidator(accept_public_url)] | None = Field(
        None, description="Address that browsers reach the sandbox at, when it is not that"
    )
    admin_second_factor: bool = Field(
        False, description="Whether admins need a second factor: a passkey, or a code of an app"
    )
    geoip_file: Path | None = Field(
        None,
        description="MMDB file (GeoLite2 City, DB-IP, …) that tells the places of devices; empty: just the address",
    )
    bonus_after_verification: bool = Field(
        False, description="Give the sign-up bonus only once the address is proven"
    )
    open_registration: bool = Field(True, description="Whether strangers may sign up")
    signup_bonus_credits: int = Field(500, ge=0, description="Credits a new person starts with")
    owner_credits: int = Field(1_000_000, ge=0, description="Credits the studio's owner starts with")
    gpu_second_cost_usd: float | None = Field(
        None,
        ge=0,
        le=1000,
        allow_inf_nan=False,
        description="What a second of GPU time costs, for the sums of admins",
    )
    leave_days: float = Field(
        14.0, gt=0, description="Days in which somebody can take the deletion of their account back"
    )
    export_keep_days: float = Field(
        7.0, gt=0, description="Days in which a person's data can be fetched as a file"
    )
    access_token_seconds: int = Field(900, gt=0, description="Life of an access token, seconds")
    refresh_token_days: int = Field(30, gt=0, description="A device unused for so many days is signed out")
    refresh_grace_seconds: int = Field(
        20,
        ge=0,
        description="How long the previous refresh token still answers, for tabs that refresh at once",
    )
    argon2_memory_kib: int = Field(19456, ge=8, description="Memory of one password hash, KiB")
    argon2_time_cost: int = Field(2, ge=1, description="Passes of one password hash")
    image_url_seconds: int = Field(3600, gt=0, description="Life of a signed picture address, seconds")
    max_image_side: int = Field(
        8192, ge=64, le=16383, description="Pixels a side of what may be uploaded or enlarged to"
    )
    max_image_pixels: int = Field(
        8192 * 8192, ge=4096, description="Pixels in all of what may be uploaded or enlarged to"
    )
    decoder_memory_bytes: int = Field(
        528 * 1024 * 1024,
        ge=256 * 1024 * 1024,
        description="Address space of the process that decodes large uploads: how many pixels a WebP may have hangs on it",
    )
    upload_max_bytes: int = Field(20 * 1024 * 1024, ge=1024, description="Bytes of an uploaded picture")
    lease_seconds: float = Field(30.0, gt=0, description="A worker silent for so long loses its job")
    max_attempts: int = Field(3, ge=1, description="Lost workers or crashes after which a job fails")
    job_run_seconds: float = Field(3600.0, gt=0, description="A job that runs for so long fails, unpaid")
    job_deadline_seconds: float = Field(
        86_400.0, gt=0, description="A job that has not ended so long after it was taken fails, unpaid"
    )
    worker_batch: int = Field(
        4, ge=1, le=32, description="Most jobs, of whatever people, that a worker makes together"
    )
    worker_poll_seconds: float = Field(
        1.0, gt=0, description="How often an idle worker looks for jobs unasked"
    )
    worker_device: str = Field("auto", description="`auto`, `cpu`, `cuda`, `cuda:1`, `mps`")
    depth_model_dir: Path | None = Field(
        None, description="Folder of a depth model (DPT, Depth Anything) for ControlNets; empty: none"
    )
    worker_keep_bytes: int | None = Field(
        None,
        ge=0,
        description="Bytes of weights a worker keeps in memory beside those in use; empty: a quarter of the machine's",
    )
    torch_compile: bool = Field(
        False, description="Compile networks before first use: minutes once, then faster on a card"
    )
    progress_interval_seconds: float = Field(
        0.25, ge=0, description="Least time between two progress reports"
    )
    preview_every_steps: int = Field(4, ge=0, description="Steps between previews; 0: no previews")
    models_dir: Path = Field(REPOSITORY / "models", description="Folder of the models that ship")
    model_cache_dir: Path | None = Field(
        None,
        description="Where workers keep models fetched from S3, shared by all of them; empty: `models` in the data folder",
    )
    model_cache_bytes: int = Field(
        100_000_000_000,
        ge=0,
        description="Bytes of fetched models to keep; those used longest ago go first. 0: no limit",
    )
    steps_keep_days: float = Field(7.0, gt=0, description="The steps of an ended job are kept so long, days")
    jobs_keep_days: float = Field(
        30.0,
        ge=2,
        description="An ended job without an image is kept so long, days from when it was asked for",
    )
    trash_keep_days: float = Field(
        30.0, gt=0, description="A picture stays in the trash so long, days; then it is deleted for good"
    )
    previews_keep_hours: float = Field(
        24.0, gt=0, description="The previews of an ended job are kept so long, hours"
    )
    metrics_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Port of the metrics; empty: the API's on 9464, none of a worker and the chores. 0: none",
    )
    metrics_host: str = Field(
        "127.0.0.1",
        description="Address that the metrics' port is opened on; those who reach it read all of them",
    )
    otel_endpoint: str | None = Field(
        None,
        description="OpenTelemetry collector that traces go to over HTTP, `http://host:4318`; empty: no traces",
    )
    api_processes: int = Field(1, ge=1, description="API processes that `pingvas up` starts")
    umask: str = Field(
        "077",
        pattern=r"^0?0[0-7]{2}$",
        description="Rights that others lack on what the studio writes; `027` lets its group read",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged")

    @property
    def base_url(self) -> str:
        """The address people type, without a trailing slash."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def public_path(self) -> str:
        """The path of that address, below which the studio lies: `/studio`, or nothing."""
        return urlsplit(self.base_url).path

    @property
    def is_https(self) -> bool:
        """Whether people reach the studio over TLS."""
        return self.base_url.startswith("https://")

    @property
    def seller(self) -> Literal["sandbox", "lemon_squeezy", "none"]:
        """Who sells here. Who gives credits away does so by itself only where nobody but this machine comes."""
        if self.billing_provider is not None:
            return self.billing_provider
        return "sandbox" if is_this_machine(self.base_url) else "none"

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """The secrets that may have signed a webhook, the present one first."""
        given = (self.lemon_squeezy_webhook_secret or "").split(",")
        return tuple(secret.strip() for secret in given if secret.strip())

    @property
    def origin(self) -> str:
        """How browsers name the studio's own pages."""
        return origin_of(self.base_url)

    @property
    def api_metrics_port(self) -> int:
        """The port of an API's metrics; 0: none."""
        return METRICS_PORT if self.metrics_port is None else self.metrics_port

    @property
    def storage_location(self) -> str:
        """The storage URL in force."""
        return self.storage_url or (self.data_dir.resolve() / "storage").as_uri()

    @property
    def storage_folder(self) -> Path | None:
        """The folder that pictures lie in, where they lie on a disk."""
        parts = urlsplit(self.storage_location)
        return Path(url2pathname(parts.path)) if parts.scheme == "file" else None

    @property
    def model_cache(self) -> Path:
        """The folder of fetched models in force."""
        return self.model_cache_dir or self.data_dir.resolve() / "models"

    _signs: bool = PrivateAttr(default=True)

    def without_secret(self) -> Self:
        """The same for a worker: of all keys it has the one that signs the addresses of pictures on a disk.

        For any other purpose `key_for` raises LookupError. With a bucket there is no key at all.
        """
        on_disk = self.storage_location.startswith("file:")
        key = self.key_for("file-url").hex() if on_disk else None
        withheld = {"secret_key": None, "previous_secret_key": None}
        copy = self.model_copy(update={**withheld, "file_url_key": key})
        copy.__dict__.pop("_secret", None)
        copy._signs = False
        return copy

    @cached_property
    def _secret(self) -> bytes:
        if self.secret_key is not None:
            return self.secret_key.encode()
        return kept_secret(self.data_dir / "secret_key")

    def key_for(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose ("access-token", "file-url", …), derived from the secret by HMAC-SHA256. It signs what is
        made now.

        Raises LookupError in a process that was started without the secret.
        """
        if purpose == "file-url" and self.file_url_key is not None:
            return bytes.fromhex(self.file_url_key)
        if not self._signs:
            raise LookupError(f"this process holds no key for {purpose}")
        return derive_key(self._secret, purpose)

    def keys_for(self, purpose: str) -> tuple[bytes, ...]:
        """The keys by which what was signed is good: the present one first, and that of the previous secret while there is one.

        Raises LookupError as `key_for` does.
        """
        present = self.key_for(purpose)
        if self.previous_secret_key is None:
            return (present,)
        return present, derive_key(self.previous_secret_key.encode(), purpose)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """As the library has them, and beside each place the files that it names."""
        of_environment, of_dotenv = (
            SecretFiles(settings_cls, vars(source)["env_vars"]) for source in (env_settings, dotenv_settings)
        )
        return init_settings, env_settings, of_environment, dotenv_settings, of_dotenv


def load_settings() -> Settings:
    """Settings from the environment."""
    return Settings()
