"""Bundles of arrays handed on by reference.

The compiler hands a named tuple to a function array by array, and each array as seven numbers: a bundle of forty arrays
is copied to the stack, some 300 numbers, at every call. A reference is one address. What it points to lies on the stack
of the function that made it, so a reference never outlives that function, and the arrays in it must be kept alive there
(`keep`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final

from numba import extending
from numba.core import cgutils, types
from numba.core.typing.templates import AttributeTemplate

from assay.core.engine.arrays import Case, Desk

# numba says nothing of the types of its own functions.
_extending: Final[Any] = extending
_code: Final[Any] = cgutils


class Reference(types.Type):
    """The compiler's type of a reference to a bundle (a named tuple of arrays, numbers and bundles)."""

    def __init__(self, of: types.NamedTuple) -> None:
        self.of = of
        which = hashlib.blake2b(str(of).encode(), digest_size=6).hexdigest()
        super().__init__(f"Reference_{of.instance_class.__name__}_{which}")


_extending.register_model(Reference)(_extending.models.OpaqueModel)


@_extending.infer_getattr
class _Fields(AttributeTemplate):
    key = Reference

    def generic_resolve(self, reference: Reference, field: str) -> Any:  # type: ignore[override]
        """Return the type of a field: a bundle in a bundle is handed on by reference as well."""
        if field not in reference.of.fields:
            return None
        of = reference.of.types[reference.of.fields.index(field)]
        return Reference(of) if isinstance(of, types.NamedTuple) else of


def _field(context: Any, builder: Any, reference: Reference, address: Any, field: str) -> Any:
    place = reference.of.fields.index(field)
    bundle = builder.bitcast(address, context.get_value_type(reference.of).as_pointer())
    found = _code.gep_inbounds(builder, bundle, 0, place)
    if isinstance(reference.of.types[place], types.NamedTuple):
        return builder.bitcast(found, _code.voidptr_t)
    return builder.load(found)


_extending.lower_getattr_generic(Reference)(_field)


def _refer_to(typing: Any, bundle: Any) -> Any:
    """Return a reference to a bundle, which from then on lies on the caller's stack."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _code.alloca_once(builder, context.get_value_type(bundle))
        builder.store(arguments[0], place)
        return builder.bitcast(place, _code.voidptr_t)

    return Reference(bundle)(bundle), generate


def _keep(typing: Any, bundle: Any) -> Any:
    """Do nothing: the compiler lets go of arrays after their last use, and this is one."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.get_dummy_value()

    return types.none(bundle), generate


#: In compiled code alone: a reference to a bundle, which reads like the bundle itself.
refer_to: Callable[[Case], Case] = _extending.intrinsic(_refer_to)

#: In compiled code alone: what is referred to stays alive up to here.
keep: Callable[[Desk], None] = _extending.intrinsic(_keep)
