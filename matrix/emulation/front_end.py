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
    """The front end of this process."""
    from triton.language import core
    from triton.language.semantic import TritonSemantic

    slow_types = (core.pointer_type,)

    class FrontEnd(TritonSemantic):  # type: ignore[misc] - Triton carries no types
        def __init__(self) -> None:
            super().__init__(builder)
            self._constants: dict[tuple[Any, ...], tuple[Any, Any]] = {}
            self._shapes: dict[tuple[int, int], tuple[Any, Any, Any, Any]] = {}

        def binary_op_type_checking_impl(self, lhs: Any, rhs: Any, *flags: Any, **named: Any) -> tuple[Any, Any]:
            tensor = core.tensor
            if isinstance(rhs, tensor):
                if isinstance(lhs, tensor):
                    plain = lhs.type is rhs.type and not (len(flags) > 3 and flags[3]) and "div_or_mod" not in named
                    if plain and not isinstance(lhs.dtype, slow_types):
                        return lhs, rhs
                    return super().binary_op_type_checking_impl(lhs, rhs, *flags, **named)
                constant, known, left = lhs, rhs, True
            else:
                constant, known, left = rhs, lhs, False
            if type(constant) is float:
                constant = constant.hex()  # tells -0.0 from 0.0
            key = (id(known.type) if isinstance(known, tensor) else None, left, type(lhs if left else rhs), constant, flags)
            hit = None if named else self._constants.get(key)
            if hit is not None and hit[0] is known.type:
                return (hit[1], known) if left else (known, hit[1])
            answer = super().binary_op_type_checking_impl(lhs, rhs, *flags, **named)
            made, kept = answer if left else answer[::-1]
            if kept is known and not named:
                self._remember(self._constants, key, (known.type, made))
            return answer

        def broadcast_impl_value(self, lhs: Any, rhs: Any) -> tuple[Any, Any]:
            left, right = lhs.type, rhs.type
            if left is right:
                return lhs, rhs
            key = (id(left), id(right))
            plan = self._shapes.get(key)
            if plan is not None and plan[0] is left and plan[1] is right:
                return self._spread(lhs, plan[2]), self._spread(rhs, plan[3])
            answer: tuple[Any, Any] = super().broadcast_impl_value(lhs, rhs)
            self._remember(self._shapes, key, (left, right, answer[0].type, answer[1].type))
            return answer

        def _spread(self, value: Any, type_: Any) -> Any:
            if value.type is type_:
                return value
            handle = value.handle
            return core.tensor(Block(spread(handle.data, tuple(type_.shape)), handle.dtype, handle.region), type_)

        def _remember(self, memory: dict[Any, Any], key: Any, value: Any) -> None:
            if len(memory) >= _MEMORY:
                memory.clear()
            memory[key] = value

        def cast(self, input: Any, dst_ty: Any, fp_downcast_rounding: Any = None) -> Any:  # noqa: A002 - Triton's name
            if input.dtype is dst_ty.scalar:
                return input
            return super().cast(input, dst_ty, fp_downcast_rounding)

    return FrontEnd()


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
