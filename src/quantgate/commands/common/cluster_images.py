"""The images of tasks on a cluster, with warnings about images without a registry."""

from collections.abc import Mapping

from quantgate.commands.common.messages import write_message
from quantgate.errors import UsageError
from quantgate.spec.model.cluster import Cluster
from quantgate.spec.model.functions import functions_left_behind
from quantgate.spec.model.libraries import needs_tensorflow
from quantgate.spec.model.spec import Spec
from quantgate.spec.problems.wording import listed

KINDS = ("convert", "runtime")


def released(kind: str) -> str:
    """Return the image of a kind that `make images` builds."""
    from quantgate.components import images

    return images.CONVERT if kind == "convert" else images.RUNTIME


def images_of(spec: Spec) -> dict[str, str]:
    """Return the images of a spec's tasks, by kind."""
    return {kind: name or released(kind) for kind, name in _named(spec).items()}


def refuse_default_images(spec: Spec) -> None:
    """Refuse default image names, which have no registry to pull from.

    Raises:
        UsageError: the spec and the command line leave an image to the default.
    """
    if problem := _problem(spec):
        raise UsageError(f"{spec.name} cannot be sent to a cluster: {problem}")


def warn_of_default_images(spec: Spec) -> None:
    """Warn of default image names, which have no registry to pull from."""
    if problem := _problem(spec):
        write_message(problem, kind="warning")


def note_code_in_images(spec: Spec) -> None:
    """Print a note about user functions that are not packaged with the pipeline."""
    functions = functions_left_behind(spec)
    if not functions:
        return
    way_out = (
        f"`code` packages only {spec.code.name} with the pipeline"
        if spec.code
        else "Name their file as `code` in the spec to package it with the pipeline"
    )
    named, image = listed(functions, "and"), images_of(spec)["runtime"]
    write_message(f"{named} must be importable in the image {image}. {way_out}", kind="note")


def _named(spec: Spec) -> Mapping[str, str | None]:
    images = (spec.cluster or Cluster()).images
    kinds = KINDS if needs_tensorflow(spec) else ("runtime",)
    return {kind: getattr(images, kind) for kind in kinds}


def _problem(spec: Spec) -> str | None:
    kinds = [kind for kind, name in _named(spec).items() if not name]
    if not kinds:
        return None
    defaults = {kind: released(kind) for kind in kinds}
    here = " ".join(f"--image {kind}={name}" for kind, name in defaults.items())
    return (
        f"{' and '.join(defaults.values())} {'have' if len(kinds) > 1 else 'has'} no registry "
        "that the cluster could pull from. Build the images with `make images`, push them, and "
        f"name them with --image {kinds[0]}=REGISTRY/IMAGE or in cluster.images. If they are on "
        f"the nodes already, pass {here}"
    )
