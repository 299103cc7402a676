"""JSON that reaches a task unchanged."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from quantgate.foundation.json_argument import json_argument

#: Text as Kubernetes, Argo and KFP's launcher read it.
EXPANDED = re.compile(r"\$|\{\{")
texts = st.text(alphabet=st.sampled_from('$(){}\\"u0 \nä')) | st.text()
values = st.recursive(
    texts | st.integers() | st.none(),
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=8,
)


@given(values)
def test_value_is_kept_and_nothing_in_it_is_expandable(value: object) -> None:
    written = json_argument(value)
    assert json.loads(written) == value
    assert not EXPANDED.search(written)


def test_other_text_is_plain_json() -> None:
    value = {"images": {"size": [2, 3]}, "words": "ä"}
    assert json_argument(value) == json.dumps(value)
