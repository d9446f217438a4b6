"""Triton's front end with its answers remembered: the rules stay Triton's, asked once per pair of types.

Interpretation asks the same questions over and over: what type has int32 plus the constant 1, which shape have (64, 1) and
(1, 32) together. A hit costs a dictionary look-up instead of the rule. Types are interned (`intern_types`), so that
identity means equality.
"""

from __future__ import annotations

from typing import Any

from matrix.emulation.block import Block, spread
from matrix.emulation.builder import Builder

_MEMORY = 65536


def make_front_end(builder: Builder) -> Any:
    """The front end of this process: Triton's, with the methods of `Remembering` before its own."""
    from triton.language.semantic import TritonSemantic

    kind = type("FrontEnd", (Remembering, TritonSemantic), {})
    return kind(builder)


class Remembering:
    """Methods of Triton's front end that remember what the original answers."""

    def __init__(self, builder: Builder) -> None:
        from triton.language import core

        super().__init__(builder)  # type: ignore[call-arg]
        self._tensor = core.tensor
        self._pointer = core.pointer_type
        self._constants: dict[tuple[Any, ...], tuple[Any, Any]] = {}
        self._shapes: dict[tuple[int, int], tuple[Any, Any, Any, Any]] = {}

    def binary_op_type_checking_impl(self, lhs: Any, rhs: Any, *flags: Any, **named: Any) -> Any:
        """Both operands in their common type and shape."""
        if isinstance(rhs, self._tensor):
            if not isinstance(lhs, self._tensor):
                made, known = self._with_constant(lhs, rhs, flags, named, left=True)
                return made, known
            divides = "div_or_mod" in named or (len(flags) > 3 and flags[3])
            if lhs.type is rhs.type and not divides and not isinstance(lhs.dtype, self._pointer):
                return lhs, rhs
            return super().binary_op_type_checking_impl(lhs, rhs, *flags, **named)  # type: ignore[misc]
        if isinstance(lhs, self._tensor):
            made, known = self._with_constant(rhs, lhs, flags, named, left=False)
            return known, made
        return super().binary_op_type_checking_impl(lhs, rhs, *flags, **named)  # type: ignore[misc]

    def _with_constant(
        self, constant: Any, known: Any, flags: tuple[Any, ...], named: dict[str, Any], *, left: bool
    ) -> tuple[Any, Any]:
        """A constant as a tensor beside one. What it became is remembered, if the tensor stayed as it was."""
        value = constant.hex() if type(constant) is float else constant  # tells -0.0 from 0.0
        key = (id(known.type), left, type(constant), value, flags, *named.items())
        hit = self._constants.get(key)
        if hit is not None and hit[0] is known.type:
            return hit[1], known
        operands = (constant, known) if left else (known, constant)
        answer = super().binary_op_type_checking_impl(*operands, *flags, **named)  # type: ignore[misc]
        made, kept = answer if left else (answer[1], answer[0])
        if kept is known:
            _remember(self._constants, key, (known.type, made))
        return made, kept

    def broadcast_impl_value(self, lhs: Any, rhs: Any) -> Any:
        """Both operands in their common shape."""
        left, right = lhs.type, rhs.type
        if left is right:
            return lhs, rhs
        key = (id(left), id(right))
        plan = self._shapes.get(key)
        if plan is not None and plan[0] is left and plan[1] is right:
            return self._spread(lhs, plan[2]), self._spread(rhs, plan[3])
        answer = super().broadcast_impl_value(lhs, rhs)  # type: ignore[misc]
        _remember(self._shapes, key, (left, right, answer[0].type, answer[1].type))
        return answer

    def _spread(self, value: Any, type_: Any) -> Any:
        if value.type is type_:
            return value
        handle = value.handle
        return self._tensor(Block(spread(handle.data, type_.extents), handle.dtype, handle.region), type_)

    def cast(self, input: Any, dst_ty: Any, fp_downcast_rounding: Any = None) -> Any:  # noqa: A002 - Triton's name
        """A value in another type."""
        if input.dtype is dst_ty.scalar:
            return input
        return super().cast(input, dst_ty, fp_downcast_rounding)  # type: ignore[misc]


def _remember(memory: dict[Any, Any], key: Any, value: Any) -> None:
    if len(memory) >= _MEMORY:
        memory.clear()
    memory[key] = value


def intern_types() -> None:
    """Make equal block types one object, and type questions set look-ups."""
    from triton.language import core

    known: dict[tuple[int, tuple[int, ...]], Any] = {}
    make = core.block_type.__init__

    def new(cls: Any, element_ty: Any, shape: Any) -> Any:
        key = (id(element_ty), tuple(core._unwrap_if_constexpr(extent) for extent in shape))  # noqa: SLF001
        found = known.get(key)
        if found is not None and found.element_ty is element_ty:
            return found
        made = object.__new__(cls)
        make(made, element_ty, shape)
        made.extents = key[1]
        known[key] = made
        return made

    core.block_type.__new__ = new
    core.block_type.__init__ = lambda *_arguments: None
    core.dtype.__eq__ = _equal(core.dtype.__eq__)
    for name, names in {
        "is_int": core.dtype.SINT_TYPES + core.dtype.UINT_TYPES,
        "is_int_signed": core.dtype.SINT_TYPES,
        "is_int_unsigned": core.dtype.UINT_TYPES,
        "is_floating": core.dtype.FP_TYPES,
    }.items():
        setattr(core.dtype, name, _among(frozenset(names)))
    core._unwrap_if_constexpr = _fast_unwrap(core)  # noqa: SLF001 - each builtin calls it on each argument


def _equal(equal: Any) -> Any:
    return lambda self, other: self is other or equal(self, other)


def _among(names: frozenset[str]) -> Any:
    return lambda self: self.name in names


def _fast_unwrap(core: Any) -> Any:
    unwrap, tensor, constexpr = core._unwrap_if_constexpr, core.tensor, core.constexpr  # noqa: SLF001
    plain = frozenset({tensor, int, float, bool, str, type(None)})

    def fast(value: Any) -> Any:
        kind = type(value)
        if kind in plain:
            return value
        return value.value if kind is constexpr else unwrap(value)

    return fast
