"""Rules about placeholders in arguments, and about settings that older backends refuse."""

from pathlib import Path

from kfp import compiler, dsl, kubernetes
from kfp.compiler.compiler_utils import KubernetesManifestOptions
from kfp.dsl import Artifact, Input, Model, Output

from quantgate.foundation.pipeline_file import read_pipeline_file
from quantgate.pipelines.lint.lint import Finding, lint

PINNED = "registry.example/image@sha256:" + "0" * 64


component = dsl.component(base_image=PINNED, install_kfp_package=False)


@component
def read(text: str) -> str:
    return text


def rules(reported: list[Finding]) -> list[str]:
    return [finding.rule for finding in reported]


def test_placeholder_in_a_container(findings) -> None:
    @dsl.container_component
    def show(name: str, model: Input[Model], out: Output[Artifact], length: dsl.OutputPath(int)):
        return dsl.ContainerSpec(
            image=PINNED,
            command=["show", name, model.uri, model.path, out.uri, out.path, length],
            args=[
                "{{$}}",
                f"--root={dsl.PIPELINE_ROOT_PLACEHOLDER}",
                dsl.PIPELINE_JOB_NAME_PLACEHOLDER,
                model.metadata["version"],
                dsl.ConcatPlaceholder(["--name=", name]),
            ],
        )

    @dsl.pipeline
    def pipeline(name: str):
        model = dsl.importer(artifact_uri="gs://b/m", artifact_class=Model).output
        task = show(name=name, model=model).set_caching_options(False)
        task.set_env_variable("RUN", dsl.PIPELINE_JOB_ID_PLACEHOLDER)

    reported = findings(pipeline)
    assert rules(reported) == ["placeholder"] * 5
    assert [finding.place.removeprefix("executor `exec-show`, ") for finding in reported] == [
        "args[1]",
        "args[2]",
        "args[3]",
        "args[4]",
        "variable `RUN`",
    ]
    assert reported[0].message == (
        "no backend resolves {{$.pipeline_root}} in a container, where it stays as it is"
    )
    assert reported[3].message == "it is a dsl.ConcatPlaceholder, which no backend resolves"


def test_placeholder_of_the_pipeline_root(findings) -> None:
    @dsl.pipeline
    def pipeline():
        read(text=dsl.PIPELINE_ROOT_PLACEHOLDER)

    (finding,) = findings(pipeline)
    assert (finding.rule, finding.place) == ("placeholder", "task `read`, input `text`")
    assert finding.message == "no backend resolves {{$.pipeline_root}}, and it stays as it is"


def test_placeholders_that_newer_backends_resolve(findings) -> None:
    @dsl.container_component
    def show(name: str = ""):
        given = dsl.IfPresentPlaceholder(input_name="name", then=["--name", name], else_=["none"])
        return dsl.ContainerSpec(image=PINNED, command=["show"], args=[given])

    @dsl.pipeline
    def pipeline():
        show(name="x")
        read(text=dsl.PIPELINE_JOB_CREATE_TIME_UTC_PLACEHOLDER)

    time, present = findings(pipeline)
    assert (time.rule, time.severity, time.fixed_in) == ("time-placeholder", "warning", "2.17")
    assert time.place == "task `read`, input `text`"
    assert (present.rule, present.severity, present.fixed_in) == ("if-present", "warning", "2.17")
    assert present.place == "executor `exec-show`, args[0]"


def test_settings_that_older_backends_refuse(findings) -> None:
    @dsl.pipeline
    def pipeline():
        kubernetes.use_secret_as_env(read(text="env"), "login", {"token": "TOKEN"})
        kubernetes.use_secret_as_volume(read(text="volume"), "login", "/login")
        kubernetes.mount_pvc(read(text="claim"), "data", "/data", sub_path="train")

    reported = findings(pipeline)
    assert [(violation.rule, violation.severity) for violation in reported] == [
        ("kubernetes-field", "warning")
    ] * 2
    assert [(violation.place, violation.message) for violation in reported] == [
        (
            f"executor `{executor}`",
            f"a backend before {release} refuses the run, as it does not know `{field}`",
        )
        for executor, release, field in [
            ("exec-read", "2.15", "secretAsEnv.optional"),
            ("exec-read-3", "2.16", "pvcMount.subPath"),
        ]
    ]


def test_environment_cache(findings) -> None:
    @dsl.pipeline
    def pipeline():
        read(text="cached").set_env_variable("MODE", "train")
        read(text="not cached").set_env_variable("MODE", "train").set_caching_options(False)
        kubernetes.use_config_map_as_env(read(text="map"), "settings", {"level": "LEVEL"})
        kubernetes.use_secret_as_env(read(text="secret"), "login", {"token": "TOKEN"})

    reported = [one for one in findings(pipeline) if one.rule == "environment-cache"]
    assert [finding.place for finding in reported] == [
        "executor `exec-read`",
        "executor `exec-read-3`",
    ]
    assert reported[0].severity == "warning"
    assert reported[0].message == (
        "the cache does not compare its variables (`MODE`), and returns old outputs if only "
        "they have changed"
    )


def test_manifests_have_the_settings_for_kubernetes(tmp_path: Path) -> None:
    @dsl.pipeline
    def pipeline():
        kubernetes.use_config_map_as_env(read(text="map"), "settings", {"level": "LEVEL"})

    path = tmp_path / "pipeline.yaml"
    options = KubernetesManifestOptions(
        pipeline_name="one", pipeline_version_name="first", include_pipeline_manifest=True
    )
    compiler.Compiler().compile(
        pipeline,
        str(path),
        kubernetes_manifest_options=options,
        kubernetes_manifest_format=True,
    )
    assert "environment-cache" in rules(lint(read_pipeline_file(path)))


def test_second_document_of_a_file_may_have_any_form(tmp_path: Path) -> None:
    @dsl.pipeline
    def pipeline():
        read(text="x")

    path = tmp_path / "pipeline.yaml"
    compiler.Compiler().compile(pipeline, str(path))
    for second in ("", "---\n", "---\n- 1\n", "---\nplatforms: {kubernetes: [1]}\n"):
        other = tmp_path / "other.yaml"
        other.write_text(path.read_text() + second)
        assert lint(read_pipeline_file(other)) == []
