"""Which arguments a kernel writes through is read from its Triton IR."""

from __future__ import annotations

from matrix.compilation.written import written_arguments

COPY = """
#loc = loc("kernel.py":15:0)
module {
  tt.func public @copy(%x: !tt.ptr<f32> {tt.divisibility = 16 : i32} loc("x"(#loc)), %y: !tt.ptr<f32> loc("y"(#loc)), %n: i32 loc("n"(#loc))) attributes {noinline = false} {
    %i = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32> loc(#loc1)
    %a = tt.splat %x : !tt.ptr<f32> -> tensor<16x!tt.ptr<f32>> loc(#loc2)
    %b = tt.addptr %a, %i : tensor<16x!tt.ptr<f32>>, tensor<16xi32> loc(#loc2)
    %v = tt.load %b : tensor<16x!tt.ptr<f32>> loc(#loc3)
    %c = tt.splat %y : !tt.ptr<f32> -> tensor<16x!tt.ptr<f32>> loc(#loc4)
    %d = tt.addptr %c, %i : tensor<16x!tt.ptr<f32>>, tensor<16xi32> loc(#loc4)
    tt.store %d, %v : tensor<16x!tt.ptr<f32>> loc(#loc5)
    tt.return loc(#loc6)
  } loc(#loc)
} loc(#loc)
"""  # noqa: E501
LOOP = """
module {
  tt.func public @walk(%x: !tt.ptr<f32>, %y: !tt.ptr<f32>, %n: i32) {
    %r:2 = scf.for %k = %zero to %n step %one iter_args(%p = %x, %q = %y) -> (!tt.ptr<f32>, !tt.ptr<f32>)  : i32 {
      %next = tt.addptr %q, %k : !tt.ptr<f32>, i32
      tt.store %next, %one : !tt.ptr<f32>
      scf.yield %p, %next : !tt.ptr<f32>, !tt.ptr<f32>
    }
    tt.return
  }
}
"""


def test_a_store_names_the_argument_that_its_pointer_comes_from() -> None:
    assert written_arguments(COPY, ["source", "target", "count"]) == frozenset({"target"})


def test_an_atomic_is_a_store() -> None:
    text = COPY.replace("tt.store %d, %v", "%o = tt.atomic_rmw fadd, acq_rel, gpu, %b, %v")
    assert written_arguments(text, ["source", "target", "count"]) == frozenset({"source"})


def test_a_pointer_that_a_loop_moves_on_is_followed() -> None:
    found = written_arguments(LOOP, ["x", "y", "n"])
    assert found is not None
    assert "y" in found


def test_what_is_not_understood_may_be_any() -> None:
    assert written_arguments(COPY.replace("tt.splat %y", "tt.call @f(%y)"), ["x", "y", "n"]) is None
    assert written_arguments(COPY, ["x", "y"]) is None
