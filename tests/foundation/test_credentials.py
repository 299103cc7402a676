"""Credentials in URIs are found, masked and refused."""

import pytest

from quantgate.errors import UsageError
from quantgate.foundation.credentials import has_credentials, masked, refuse_credentials
from quantgate.foundation.storage.access import storage_of

URIS = {
    "s3://AKIA7:s3cret@bucket/models": "s3://*****:******@bucket/models",
    "s3://AKIA7:s3c/r+t=@bucket": "s3://*****:********@bucket",
    "https://me:12:34@host/a@b": "https://**:**:**@host/a@b",
    "hdfs://:pw@host/a": "hdfs://:**@host/a",
    "s3://b/m?X-Amz-Expires=60&X-Amz-Signature=s3c%2Fret": (
        "s3://b/m?X-Amz-Expires=60&X-Amz-Signature=*********"
    ),
    "https://storage.googleapis.com/b/m?x-goog-signature=s3c": (
        "https://storage.googleapis.com/b/m?x-goog-signature=***"
    ),
    "https://a.blob.core.windows.net/c/m?sv=2024&sig=s3c+r/t=&se=1": (
        "https://a.blob.core.windows.net/c/m?sv=2024&sig=********&se=1"
    ),
    "https://host/m.npz?token=s3c": "https://host/m.npz?token=***",
    "https://host/m.npz?access_token=s3c&a=b": "https://host/m.npz?access_token=***&a=b",
}


@pytest.mark.parametrize("uri", URIS)
def test_credentials_are_masked_in_place(uri: str) -> None:
    text = f"one {uri}, two"
    assert has_credentials(text)
    assert len(masked(text)) == len(text)
    assert masked(text) == f"one {URIS[uri]}, two"
    assert "s3c" not in masked(text)
    assert has_credentials(masked(text))
    assert masked(masked(text)) == masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "s3://bucket/folder@2",
        "abfs://container@account.dfs.core.windows.net/models",
        "hdfs://user@namenode:8020/models",
        "https://host:8080/a@b",
        "gs://bucket/a:b@c",
        "my.module:function",
        "registry:5000/image@sha256:00",
        "{saved_model: s3://bucket, tags: [a@b]}",
        "s3://bucket/runs?region=eu-west-1&endpoint=https://host&disableSSL=true",
        "https://host/a?version=3&design=1&tokens=5",
        "token=5, sig=2",
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert not has_credentials(text)
    assert masked(text) == text


@pytest.mark.parametrize("act", [refuse_credentials, storage_of])
def test_uri_with_credentials_is_refused(act) -> None:
    with pytest.raises(UsageError) as caught:
        act("s3://AKIA7:s3cret@bucket/models")
    assert str(caught.value) == (
        "s3://*****:******@bucket/models has credentials in it. Remove them from the URI, and put "
        "them into the environment, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and run "
        "again"
    )


def test_the_rest_of_a_yaml_text_stays() -> None:
    text = '{source: "https://host/a?sig=s3c", model: {keras: https://host/b?token=s3c}}'
    expected = '{source: "https://host/a?sig=***", model: {keras: https://host/b?token=***}}'
    assert masked(text) == expected
