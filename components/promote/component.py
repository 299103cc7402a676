"""KFP interface of `promote`."""

from kfp import dsl
from kfp.dsl import Artifact, Input, Model, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def promote(
    decision: Input[Artifact],
    winner: Input[Model],
    to: str,
    manifest: Output[Artifact],
    compiled: Input[Artifact] = None,
) -> None:
    """Publish the winning model with its decision.

    If no candidate qualifies, the task fails, or publishes the float baseline if the decision says
    so. If the run is doubtful, the task fails.

    Args:
        decision: `Decision` as JSON.
        winner: the .tflite that the decision promotes.
        to: folder to publish in.
        manifest: `Promotion` as JSON: version, files, hashes.
        compiled: folder with the models that compilers made of it, if targets are measured.
    """
    from quantgate.components.promote.work import promote as work

    work(
        decision.path,
        winner_path=winner.path,
        to=to,
        manifest_path=manifest.path,
        compiled_path=compiled.path if compiled else None,
    )
