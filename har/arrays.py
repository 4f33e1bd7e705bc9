"""Names of the types of numpy arrays that functions take and return."""

from typing import Any

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]
# Of a classifier, in single or double precision.
Probabilities = npt.NDArray[np.floating[Any]]
# As a user gives them, in single or double precision.
RawWindows = npt.NDArray[np.floating[Any]]
