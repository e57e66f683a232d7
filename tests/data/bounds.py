"""Minima of ten problems in 20 random boxes each, by SciPy's L-BFGS-B: writes bounds.csv, which tests/suite/bounds reads.

Each problem is convex but for Rosenbrock's. Boxes lie around the unconstrained minimum so that most minima are on their boundary;
in every fifth box one component is fixed, in every seventh the upper bounds are infinite. Numbers of the boxes and the starts are
rounded to three digits after the point, so that they are the same in every reader. A line is

    problem,n,components on a bound,minimum,lower bounds,upper bounds,start

Run with Python 3 and SciPy (1.17.1, NumPy 2.4.6 when the file was written): python bounds.py
Reference: R. H. Byrd, P. Lu, J. Nocedal, C. Zhu, SIAM J. Sci. Comput. 16 (1995) 1190-1208.
"""

import numpy as np
from scipy.optimize import minimize


def sphere(x):
    c = np.arange(1, len(x) + 1) / len(x)
    return np.sum((x - c) ** 2), 2 * (x - c)


def scaled(x):
    w = 1000.0 ** (np.arange(len(x)) / (len(x) - 1))
    return np.sum(w * (x - 1) ** 2), 2 * w * (x - 1)


def chain(x):
    d = np.diff(x)
    f = (x[0] - 1) ** 2 + np.sum((d - 0.5) ** 2) + 0.1 * np.sum(x**2)
    g = 0.2 * x
    g[0] += 2 * (x[0] - 1)
    g[1:] += 2 * (d - 0.5)
    g[:-1] -= 2 * (d - 0.5)
    return f, g


def rosenbrock(x):
    a = x[1:] - x[:-1] ** 2
    f = np.sum(100 * a**2 + (1 - x[:-1]) ** 2)
    g = np.zeros_like(x)
    g[1:] += 200 * a
    g[:-1] -= 400 * a * x[:-1] + 2 * (1 - x[:-1])
    return f, g


def booth(x):
    a, b = x[0] + 2 * x[1] - 7, 2 * x[0] + x[1] - 5
    return a * a + b * b, np.array([2 * a + 4 * b, 4 * a + 2 * b])


def matyas(x):
    f = 0.26 * (x[0] ** 2 + x[1] ** 2) - 0.48 * x[0] * x[1]
    return f + 1, np.array([0.52 * x[0] - 0.48 * x[1], 0.52 * x[1] - 0.48 * x[0]])


def exponential(x):
    s = np.sum(x)
    return np.sum(np.exp(x)) + (s + 2) ** 2, np.exp(x) + 2 * (s + 2)


def entropy(x):
    s = np.sum(x) - 1
    return np.sum(x * np.log(x)) + 10 * s * s, np.log(x) + 1 + 20 * s


def logistic(x):
    n = len(x)
    i, j = np.meshgrid(np.arange(20.0), np.arange(float(n)), indexing="ij")
    a = np.sin(3 * i + 5 * j)
    t = a @ x - 0.5
    return np.sum(np.log(1 + np.exp(t))) + 0.05 * np.sum(x**2), a.T @ (1 / (1 + np.exp(-t))) + 0.1 * x


# name: function, n, centre and half width of the boxes, the least lower bound
PROBLEMS = {
    "sphere": (sphere, 3, 0.6, 1.0, None),
    "scaled": (scaled, 10, 1.0, 0.8, None),
    "chain": (chain, 8, 1.0, 1.0, None),
    "rosenbrock2": (rosenbrock, 2, 0.6, 0.8, None),
    "rosenbrock6": (rosenbrock, 6, 0.8, 0.5, None),
    "booth": (booth, 2, 2.0, 1.5, None),
    "matyas": (matyas, 2, 0.0, 1.0, None),
    "exponential": (exponential, 12, -1.0, 1.5, None),
    "entropy": (entropy, 9, 0.3, 0.3, 0.01),
    "logistic": (logistic, 6, -0.3, 0.8, None),
}

rng = np.random.default_rng(19)
touching = 0
with open("bounds.csv", "w") as out:
    out.write("# written by bounds.py: problem,n,on a bound,minimum,lower bounds,upper bounds,start\n")
    for name, (function, n, centre, width, least) in PROBLEMS.items():
        for k in range(20):
            ends = np.sort(centre + width * rng.uniform(-1.5, 1.5, (2, n)), axis=0).round(3)
            low, high = ends[0], np.maximum(ends[1], ends[0] + 0.001)
            if least is not None:
                low = np.maximum(low, least)
                high = np.maximum(high, low + 0.05).round(3)
            if k % 7 == 6:
                high[:] = np.inf
            if k % 5 == 4:
                high[0] = low[0]
            start = (low + np.minimum(high - low, 1.0) * rng.uniform(0, 1, n)).round(3)
            start = np.clip(start, low, high)
            options = {"gtol": 1e-11, "ftol": 0.0, "maxiter": 100000, "maxfun": 1000000, "maxls": 50}
            # A restart gets past what a line search at the noise leaves.
            x = start
            for _ in range(3):
                x = minimize(function, x, jac=True, method="L-BFGS-B", bounds=list(zip(low, high)), options=options).x
            f, g = function(x)
            residual = np.max(np.abs(np.clip(x - g, low, high) - x))
            assert residual < 1e-5, (name, k, residual)
            on = int(np.sum((x == low) | (x == high)))
            touching += on > 0
            numbers = [*low, *high, *start]
            out.write(",".join([name, str(n), str(on), repr(float(f)), *(repr(float(v)) for v in numbers)]) + "\n")
print(touching, "of 200 minima are on their boundary")
