"""A default that its own field could not write is a mistake that shows at the definition."""

from __future__ import annotations

from xpipe_nb.errors import DefinitionError
from xpipe_nb.payloads.checks import renderer
from xpipe_nb.payloads.nodes import Field, Maybe, Scalar
from xpipe_nb.payloads.refusal import Refusal

__all__ = ["check_default"]


def check_default(owner: str, field: Field) -> None:
    """Check the default of a field, as far as it is known without calling a factory.

    Raises:
        DefinitionError: The default is `None` where the type does not say so, or it breaks the field's type or constraints.
    """
    for default in field.sample:
        if default is None:
            if not field.none:
                raise DefinitionError(
                    owner, "its default is None", field=field.name, expected="a type that ends in `| None`"
                )
            continue
        node = field.node.inner if isinstance(field.node, Maybe) else field.node
        if isinstance(node, Scalar):
            try:
                renderer(node)(default)
            except Refusal as refusal:
                problem = f"its default does not fit: {refusal.problem}"
                raise DefinitionError(owner, problem, field=field.name) from None
