"""Operators of the catalogue are found for a function by table, by address and through an adapter."""

from __future__ import annotations

from matrix.lint.callers import operators_by_function
from matrix.lint.package import Package
from operators.operator import Operator


def operator(name: str, address: str) -> Operator:
    return Operator(name, name, "pointwise", {"gems": address}, "aten", "float64", ("float32",), ())


def test_operators_are_found_by_table_address_and_adapter(package: Package) -> None:
    adapter = "operators.adapters.moe:moe_align_block_size"
    declared = [
        operator("add.Tensor", "aten"),
        operator("neg", "aten"),
        operator("fused.pick", "gems.fused:pick"),
        operator("fused.align", adapter),
    ]
    found = operators_by_function(package, {item.name: item for item in declared})
    assert found["add"] == {"add.Tensor"}
    assert found["pick"] == {"fused.pick"}
    assert found["moe_align_block_size"] == {"fused.align"}
    assert not any("neg" in names for names in found.values())
