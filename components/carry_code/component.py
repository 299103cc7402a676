"""KFP interface of `carry_code`."""

from kfp import dsl
from kfp.dsl import Artifact, Output

from quantgate.components.images import RUNTIME


@dsl.component(base_image=RUNTIME, install_kfp_package=False)
def carry_code(name: str, text: str, sha256: str, code: Output[Artifact]) -> None:
    """Make an artifact of a Python file that the pipeline carries.

    Args:
        name: name of the file, such as `my_code.py`.
        text: content of the file as a JSON string. `$` is escaped, because Kubernetes expands `$$`
            and `$(NAME)` in arguments.
        sha256: hash of the content in UTF-8.
        code: a folder with the file.
    """
    from quantgate.components.carry_code.work import carry_code as work

    work(name, text, sha256=sha256, code_path=code.path)
    code.metadata["sha256"] = sha256
