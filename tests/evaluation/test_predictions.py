"""Tables of predictions, of one model and of several."""

import numpy as np
import pandas as pd
import pytest

from har.evaluation.predictions import joined, probabilities_of


def test_a_class_that_a_model_lacks_has_probability_0() -> None:
    """The order is that of the model which knows most; every row still adds up to one."""
    two = pd.DataFrame({"label": ["walking"], "p_walking": [0.75], "p_lying": [0.25], "fold": "a"})
    three = pd.DataFrame({"label": [None], "p_walking": 0.5, "p_sitting": 0.3, "p_lying": 0.2})
    table = joined([two, three.assign(fold="b")])
    assert list(table.columns) == ["label", "fold", "p_walking", "p_sitting", "p_lying"]
    assert probabilities_of(table)[0].tolist() == [0.75, 0.0, 0.25]
    assert table["label"].isna().tolist() == [False, True]
    np.testing.assert_allclose(probabilities_of(table).sum(1), 1)


@pytest.mark.parametrize("n", [1, 3])
def test_tables_of_one_model_stay_as_they_are(n: int) -> None:
    """One after the other."""
    part = pd.DataFrame({"label": ["walking"], "p_walking": [0.5], "p_lying": [0.5]})
    expected = pd.concat([part] * n, ignore_index=True)
    pd.testing.assert_frame_equal(joined([part] * n), expected)
