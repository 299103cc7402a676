"""Credentials in URIs are found, masked and refused."""

import pytest

from quantgate.errors import UsageError
from quantgate.foundation.credentials import has_credentials, masked, refuse_credentials
from quantgate.foundation.storage.access import storage_of

URIS = {
    "s3://AKIA7:s3cret@bucket/models": "s3://*****:******@bucket/models",
    "s3://AKIA7:s3c/r+t=@bucket": "s3://*****:********@bucket",
    "https://me:12:34@host/a@b": "https://**:**:*****@**@b",
    "hdfs://:pw@host/a": "hdfs://:**@host/a",
}


@pytest.mark.parametrize("uri", URIS)
def test_credentials_are_masked_in_place(uri: str) -> None:
    text = f"one {uri}, two"
    assert has_credentials(text)
    assert len(masked(text)) == len(text)
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
