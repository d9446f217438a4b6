"""What a vendor's Triton takes and Triton itself refuses, as the profile declares it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import wraps
from math import prod
from typing import Any


def take_arguments(functions: Mapping[str, tuple[str, ...]]) -> None:
    """Arguments that functions of the language have there only, such as hints to the compiler: taken and dropped."""
    import triton.language as tl
    from triton.language import core

    for name, extra in functions.items():
        for holder in (tl, core):
            if hasattr(holder, name):
                setattr(holder, name, _dropping(getattr(holder, name), extra))


def _dropping(function: Any, extra: tuple[str, ...]) -> Any:
    @wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        return function(*arguments, **{name: value for name, value in named.items() if name not in extra})

    return call


def take_any_block_size(semantic: Any) -> None:
    """Blocks whose extents are no powers of two, for good. `semantic` is the front end of this process."""
    from triton._utils import TRITON_MAX_TENSOR_NUMEL
    from triton.language import core

    def validate(shape: list[int]) -> int:
        for index, extent in enumerate(shape):
            if not isinstance(extent, int):
                raise TypeError(
                    f"Shape element {index} must have type `constexpr[int]`, got `constexpr[{type(extent)}]"
                )
        size = prod(shape)
        if size > TRITON_MAX_TENSOR_NUMEL:
            raise ValueError(f"numel ({size}) exceeds triton maximum tensor numel ({TRITON_MAX_TENSOR_NUMEL})")
        return size

    checked = semantic.arange

    def arange(start: int, end: int, *, ret_ty: Any = None) -> Any:
        """The checks are those of the smallest power of two that holds the range."""
        if not (isinstance(start, int) and isinstance(end, int)) or end <= start:
            return checked(start, end, ret_ty=ret_ty)
        checked(start, start + (1 << (end - start - 1).bit_length()))
        kind = ret_ty or core.block_type(core.int32, [end - start])
        return semantic.tensor(semantic.builder.create_make_range(kind, start, end), kind)

    core.validate_block_shape = validate
    semantic.arange = arange


def take_mixed_arguments() -> None:
    """Library functions take arguments of several types, which become one: as up to Triton 3.4 (`extern_elementwise`)."""
    from triton.language import core

    strict = core.extern_elementwise

    @wraps(strict)
    def extern_elementwise(
        library: str,
        path: str,
        arguments: list[Any],
        symbols: Mapping[Any, Any],
        *rest: Any,
        _semantic: Any,
        **named: Any,
    ) -> Any:
        given = [_semantic.to_tensor(argument) for argument in arguments]
        if tuple(argument.dtype for argument in given) not in symbols:
            common = given[0]
            for argument in given:
                _, common = _semantic.binary_op_type_checking_impl(argument, common)
            given = [_semantic.binary_op_type_checking_impl(argument, common)[0] for argument in given]
        return strict(library, path, given, symbols, *rest, _semantic=_semantic, **named)

    core.extern_elementwise = extern_elementwise


def let_numbers_promote(semantic: Any) -> None:
    """A number beside a block counts with its own type, float32 for fractions: as up to Triton 3.1."""
    promote = semantic.computation_type_impl

    def computation_type_impl(
        left: Any, _left_is_number: Any, right: Any, _right_is_number: Any, div_or_mod: Any
    ) -> Any:
        is_number = False
        return promote(left, is_number, right, is_number, div_or_mod)

    semantic.computation_type_impl = computation_type_impl
