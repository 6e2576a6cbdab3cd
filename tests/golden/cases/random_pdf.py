"""random_pdf_*: densities, their logarithms and gradients; where parameters stand beside samples."""

from golden.case import between, case, raises, values

positive = between(0.2, 3, (2, 3))
SAMPLES = {
    "uniform": (positive, "low, high", {"low": values([0.1, 0.3]), "high": values([2, 4.5])}),
    "normal": ((2, 3), "mu, sigma", {"mu": values([0.5, -1]), "sigma": values([0.7, 2])}),
    "gamma": (positive, "alpha, beta", {"alpha": values([0.7, 3]), "beta": values([2, 0.5])}),
    "exponential": (positive, "lam", {"lam": values([0.7, 3])}),
    "poisson": (values([[0, 1, 4], [2, 7, 30]]), "lam", {"lam": values([0.7, 8])}),
    "negative_binomial": (values([[0, 1, 4], [2, 7, 30]]), "k, p", {"k": values([2, 5]), "p": values([0.4, 0.7])}),
    "generalized_negative_binomial": (values([[0, 1, 4], [2, 7, 30]]), "mu, alpha",
                                      {"mu": values([2, 5]), "alpha": values([0.4, 1.5])}),
}
for kind, (sample, names, parameters) in SAMPLES.items():
    op = f"nd.random_pdf_{kind}"
    for log in (False, True):
        case(f"{op}(x, {names}, is_log={log})", x=sample, **parameters)
    case(f"{op}(x, {names}, is_log=True).mean()", x=sample, **parameters)
    case(f"{op}(*[a.astype('float64') for a in (x, {names})])", x=sample, **parameters, rtol=1e-6)
    case(f"{op}(*[a.astype('float16') for a in (x, {names})])", x=sample, **parameters, grad=False, rtol=2e-2,
         atol=1e-3)
    case(f"{op}(x[:, 0], {names})", x=sample, **parameters)
    case(f"{op}(nd.stack(x, x, axis=2), *[nd.stack(p, p, p, axis=1) for p in ({names},)], is_log=True)", x=sample,
         **parameters, rtol=1e-4)  # differences of large logarithms
    raises(f"{op}(x.T, {names})", x=sample, **parameters)
    raises(f"{op}(x[0, :2], *[nd.stack(p, p) for p in ({names},)])", x=sample, **parameters)
    raises(f"{op}(x.astype('float64'), {names})", x=sample, **parameters)
    raises(f"{op}(*[a.astype('int32') for a in (x, {names})])", x=sample, **parameters)

points = values([[[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]], [[0.6, 0.3, 0.1], [1, 2, 3]]])
for log in (False, True):
    case(f"nd.random_pdf_dirichlet(x, a, is_log={log})", x=points, a=values([0.7, 1, 2.5]))
    case(f"nd.random_pdf_dirichlet(x, a, is_log={log})", x=points, a=values([[0.7, 1, 2.5], [3, 2, 1]]))
    case(f"nd.random_pdf_dirichlet(x, nd.stack(a, a), is_log={log})", x=points, a=values([[0.7, 1, 2.5], [3, 2, 1]]))
case("nd.random_pdf_dirichlet(x, a)", x=values([0.2, 0.8]), a=values([0.5, 4]))
case("nd.random_pdf_dirichlet(x.astype('float64'), a.astype('float64'))", x=points, a=values([0.7, 1, 2.5]), rtol=1e-6)
raises("nd.random_pdf_dirichlet(x, a)", x=(2, 3), a=(2,))
raises("nd.random_pdf_dirichlet(x, a)", x=(2, 4, 3), a=(4, 3))
raises("nd.random_pdf_exponential(x, a, is_log='yes')", x=(2,), a=(2,))
# outside of where there is a density
case("nd.random_pdf_uniform(x, a, b)", x=values([3, -1]), a=values([0, 0]), b=values([1, 2]))
case("nd.random_pdf_gamma(x, a, b)", x=values([0, 0]), a=values([0.5, 2]), b=values([1, 1]), grad=False)
case("nd.random_pdf_poisson(x, a, is_log=True)", x=values([1.5, -1.5]), a=values([2, 3]))
