"""Every golden case gives what real MXNet gave; golden/case.py tells how cases are written and recorded."""
from __future__ import annotations

import functools
import re

import pytest

from golden.case import Case, compare, families, load_answers, load_cases

answers = functools.lru_cache(None)(load_answers)


all_cases = [pytest.param(family, one, id=f"{family}: {one}")
             for family in families() for one in load_cases(family)]


@pytest.mark.parametrize(("family", "one"), all_cases)
def test_answers_as_mxnet(family: str, one: Case, ctx) -> None:
    import mxnet as mx

    recorded = answers(family).get(one.key)
    assert recorded is not None, f"no answer recorded: run tests/golden/generate.py {family} with real MXNet"
    if not one.fails:
        compare(one, one.run(mx, ctx), recorded)
        return
    with pytest.raises(Exception) as caught:
        one.run(mx, ctx)
    kinds = [kind.__name__ for kind in type(caught.value).__mro__]
    assert recorded in kinds, f"raised {kinds[0]}: {caught.value}; MXNet raised {recorded}"
    if one.match:
        assert re.search(one.match, str(caught.value)), f"message {str(caught.value)!r} lacks {one.match!r}"
