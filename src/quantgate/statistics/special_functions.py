"""SciPy's special functions. Import this module in functions only, as it takes 0.1 s.

SciPy exports all of NumPy, also its compiler of Fortran and its tools for tests, which nothing here
uses. Without them, the import takes two thirds of the time.
"""

from quantgate.foundation.lazy_modules import put_off

with put_off("numpy.f2py", "numpy.testing"):
    from scipy.special import bdtr, betainc, betaincinv, gammaln, stdtr, stdtrit

__all__ = ["bdtr", "betainc", "betaincinv", "gammaln", "stdtr", "stdtrit"]
