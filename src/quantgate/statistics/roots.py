"""The root of a falling function, without the half second that importing SciPy's optimizers takes.

Source:
    Dowell, M. and Jarratt, P. (1971), A modified regula falsi method for computing the root of an
        equation. BIT 11, 168-174: the Illinois method.
"""

from collections.abc import Callable

#: The distance of numbers, as a part of them, that differ by little more than rounding.
ROUNDING = 1e-14


def falling_root(
    function: Callable[[float], float], near: float, far: float, tolerance: float
) -> float:
    """Return a point at most `tolerance` beyond the root of a function.

    Args:
        function: falls from `near`, where it is above 0, to `far`, where it is 0 or below.
        near: a point before the root.
        far: a point beyond it.
        tolerance: the greatest distance from the root, on the side of `far`.
    """
    above, below = function(near), function(far)
    while abs(far - near) > max(tolerance, ROUNDING * abs(far)):
        middle = far - below * (far - near) / (below - above)
        middle = middle if _is_inside(middle, near, far) else (near + far) / 2
        value = function(middle)
        if value > 0:
            near, above, below = middle, value, below / 2
        else:
            far, below, above = middle, value, above / 2
    return far


def _is_inside(point: float, near: float, far: float) -> bool:
    """Return whether a point is between two others, and not too close to either."""
    margin = abs(far - near) / 50
    return min(near, far) + margin < point < max(near, far) - margin
