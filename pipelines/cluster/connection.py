"""kfp's client with time limits, and with errors in sentences."""

import os
import warnings
from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus
from typing import Any

import kfp_server_api
from kfp.client import KF_PIPELINES_SA_TOKEN_ENV, Client
from kfp.client.set_volume_credentials import ServiceAccountTokenVolumeCredentials

from quantgate.errors import UsageError
from quantgate.pipelines.cluster.api_errors import expect, explained
from quantgate.pipelines.cluster.destination import refuse_users

#: kfp's default if it finds no endpoint.
_NOWHERE = "http://localhost"
_ENDPOINT = "KF_PIPELINES_ENDPOINT"
_HEALTH = "/apis/v2beta1/healthz"


class ImpatientClient(Client):  # type: ignore[misc]
    """kfp's client with a time limit for requests, which are sent only once."""

    def __init__(self, timeout_s: float, **arguments: Any) -> None:
        self._timeout_s = timeout_s
        super().__init__(**arguments)
        _limit(self._run_api.api_client.rest_client, timeout_s)

    @property
    def address(self) -> str:
        """The URL of the API."""
        return str(self._existing_config.host)

    def page_of(self, run_id: str) -> str:
        """Return the URL of a run's page in the UI."""
        return f"{self._get_url_prefix()}/#/runs/details/{run_id}"

    def get_kfp_healthz(self, sleep_duration: int = 5) -> Any:
        """Ask once. kfp's own method retries for half a minute, and logs each trace."""
        return kfp_server_api.V2beta1GetHealthzResponse(multi_user=self._health.get("multi_user"))

    @property
    def version(self) -> str:
        """The release of the backend. Other builds have "", "unknown" or a commit."""
        # The server of the UI answers instead of the API, with field names of its own.
        return str(self._health.get("tag_name") or self._health.get("apiServerTagName") or "")

    @cached_property
    def _health(self) -> Mapping[str, Any]:
        """The raw answer, because the model in kfp's client has no version."""
        try:
            answer = self._healthz_api.api_client.call_api(
                _HEALTH,
                "GET",
                header_params={"Accept": "application/json"},
                response_type="object",
                auth_settings=["Bearer"],
                _return_http_data_only=True,
                _request_timeout=(self._timeout_s, self._timeout_s),
            )
        except kfp_server_api.ApiException as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            answer = None
        return dict(expect(answer if isinstance(answer, dict) else None, self.address))

    def _load_config(self, host: str, *others: Any) -> Any:
        config = super()._load_config(host, *others)
        if config.host == _NOWHERE and not host:
            raise UsageError(
                f"no Kubeflow Pipelines endpoint is named: give --host URL or set {_ENDPOINT} "
                "(without either, the current context of kubectl is taken, and there is none)"
            )
        # A redirect leads to a login page.
        config.retries = False
        return config


def connect(arguments: Mapping[str, Any], timeout_s: float) -> ImpatientClient:
    """Make a client. Missing arguments come from kfp's environment.

    Args:
        arguments: arguments of `kfp.Client`. None counts as missing.
        timeout_s: seconds for connecting, and again for the answer.

    Raises:
        UsageError: no endpoint is named, or a URL names a user.
        ClusterError: the endpoint cannot be reached, or refuses the request.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    refuse_users(given.get("host"), given.get("ui_host"))
    if token_file := os.environ.get(KF_PIPELINES_SA_TOKEN_ENV):
        given["credentials"] = _credentials(token_file)
    host = given.get("host") or os.environ.get(_ENDPOINT) or "the cluster"
    with explained(host), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ImpatientClient(timeout_s, **given)


def _credentials(token_file: str) -> Any:
    if not os.access(token_file, os.R_OK):
        raise UsageError(f"KF_PIPELINES_SA_TOKEN_PATH: {token_file} cannot be read. Name another")
    return ServiceAccountTokenVolumeCredentials(token_file)


def _limit(rest_client: Any, timeout_s: float) -> None:
    """Give every request a time limit. kfp's methods have no argument for it."""
    send = rest_client.request

    def request(method: str, url: str, **arguments: Any) -> Any:
        arguments["_request_timeout"] = (timeout_s, timeout_s)
        return send(method, url, **arguments)

    rest_client.request = request
