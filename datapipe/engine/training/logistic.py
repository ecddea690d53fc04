"""L2-regularised logistic regression by Newton's method with conjugate gradients, the same bits every time.

Lin, Weng and Keerthi, Trust region Newton method for large-scale logistic regression, JMLR 9 (2008), with a line search
in place of the trust region. It minimises |w|²/2 + C Σ log(1 + exp(-y (w·x + b))), b without a penalty, as
scikit-learn's LogisticRegression does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from datapipe.core.errors import RunFailed
from datapipe.kernels.logistic import column_sums, products

Doubles = npt.NDArray[np.float64]
NEWTON = 100  # steps; 8 to 15 are enough
CONJUGATE = 250  # steps within a step
TOLERANCE = 1e-8  # of the gradient's norm at the start; with 1e-6 weights were up to 2e-3 off for C = 100


@dataclass(frozen=True)
class Rows:
    """Sparse rows: row i has values[ends[i]:ends[i + 1]] in the columns buckets[…]; of `size` columns."""

    ends: npt.NDArray[np.int64]
    buckets: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]
    size: int

    def times(self, vector: Doubles) -> Doubles:
        """X v + v[-1]."""
        out = np.empty(len(self.ends) - 1)
        products(self.ends, self.buckets, self.values, vector, out)
        return out

    def sums(self, rows: Doubles, squared: bool = False) -> Doubles:
        """(Xᵀ r, Σ r), or of X squared."""
        out = np.empty(self.size + 1)
        column_sums(self.ends, self.buckets, self.values, rows, squared, out)
        return out


def fit(rows: Rows, positive: npt.NDArray[np.bool_], strength: float) -> tuple[Doubles, float]:
    """Weights and intercept that tell the positive rows from the others; `strength` is scikit-learn's C."""
    target = positive.astype(np.float64)
    penalty = np.ones(rows.size + 1)
    penalty[-1] = 0.0
    x = np.zeros(rows.size + 1)
    share = float(target.mean())
    x[-1] = np.log(share / (1 - share))
    z = rows.times(x)
    first = 0.0
    for _ in range(NEWTON):
        chance = _chance(z)
        gradient = strength * rows.sums(chance - target) + penalty * x
        size = _norm(gradient)
        first = first or size
        if size <= TOLERANCE * first:
            return x[:-1], float(x[-1])
        curvature = np.maximum(strength * chance * (1 - chance), 1e-12)
        step = _newton_step(rows, gradient, curvature, penalty, min(0.1, (size / first) ** 0.5))
        ahead = rows.times(step)
        before, slope, length = _loss(z, x, target, penalty, strength), float((gradient * step).sum()), 1.0
        while _loss(z + length * ahead, x + length * step, target, penalty, strength) > before + 1e-4 * length * slope:
            length /= 2
            if length < 1e-10:  # no better number is near: rounding is all that is left
                return x[:-1], float(x[-1])
        x += length * step
        z += length * ahead
    raise RunFailed(
        f"the logistic regression did not settle in {NEWTON} steps; take a stronger penalty (a smaller --c)"
    )


def _newton_step(rows: Rows, gradient: Doubles, curvature: Doubles, penalty: Doubles, tolerance: float) -> Doubles:
    """H step = -gradient by conjugate gradients, scaled by the diagonal of H = Xᵀ D X + 1."""
    diagonal = rows.sums(curvature, squared=True) + penalty
    step = np.zeros_like(gradient)
    left = -gradient
    scaled = left / diagonal
    direction = scaled.copy()
    dot = float((left * scaled).sum())
    enough = tolerance * _norm(gradient)
    for _ in range(CONJUGATE):
        image = rows.sums(curvature * rows.times(direction)) + penalty * direction
        length = dot / float((direction * image).sum())
        step += length * direction
        left -= length * image
        if _norm(left) <= enough:
            break
        scaled = left / diagonal
        dot, last = float((left * scaled).sum()), dot
        direction = scaled + (dot / last) * direction
    return step


def _chance(z: Doubles) -> Doubles:
    result: Doubles = 1 / (1 + np.exp(-np.clip(z, -700, 700)))
    return result


def _loss(z: Doubles, x: Doubles, target: Doubles, penalty: Doubles, strength: float) -> float:
    return float(strength * (np.logaddexp(0, z) - target * z).sum() + (penalty * x * x).sum() / 2)


def _norm(vector: Doubles) -> float:
    """Without BLAS, whose sums depend on the number of threads."""
    return float(np.sqrt((vector * vector).sum()))
