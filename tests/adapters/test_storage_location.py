"""Storage URLs: what is understood, and what is refused with a sentence."""

from pathlib import Path

import pytest

from pingvas.adapters.storage_location import DiskLocation, S3Location, read_location


def test_a_file_url_names_a_folder() -> None:
    assert read_location("file:///srv/my%20pictures") == DiskLocation(Path("/srv/my pictures"))


def test_an_s3_url_names_a_bucket_and_a_prefix() -> None:
    location = read_location("s3://bucket/a/b/?region=ap-northeast-2")

    assert location == S3Location(bucket="bucket", prefix="a/b", region="ap-northeast-2")


def test_a_plus_in_a_secret_stays_a_plus_and_is_not_shown() -> None:
    location = read_location("s3://bucket?access_key_id=k&secret_access_key=a+b%2Fc")

    assert isinstance(location, S3Location)
    assert location.credentials == {"access_key_id": "k", "secret_access_key": "a+b/c"}
    assert "a+b" not in repr(location)


def test_an_endpoint_of_ones_own_has_the_bucket_in_the_path_unless_told_otherwise() -> None:
    assert read_location("s3://bucket") == S3Location("bucket", virtual_hosted_style=True)
    assert read_location("s3://bucket?endpoint=http://minio:9000") == S3Location(
        "bucket", endpoint="http://minio:9000", virtual_hosted_style=False
    )
    assert read_location("s3://bucket?endpoint=https://x&virtual_hosted_style=true") == S3Location(
        "bucket", endpoint="https://x", virtual_hosted_style=True
    )


@pytest.mark.parametrize(
    "url",
    ["pictures", "file://pictures", "file:pictures", "http://host/x", "s3:///x", "s3://key:secret@bucket",
     "s3://bucket?endpont=http://x", "s3://bucket?bulk_delete=maybe"],
)  # fmt: skip
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="Storage URL"):
        read_location(url)
