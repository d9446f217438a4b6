"""The Philox state: 16 bytes, seed then offset."""

from __future__ import annotations

import torch

from matrix.emulation.random_state import Generators, PhiloxGenerator


def test_the_state_is_seed_and_offset_and_can_be_written_back() -> None:
    generator = PhiloxGenerator().manual_seed(42)
    state = generator.get_state()
    assert state.dtype == torch.uint8
    assert state.view(torch.int64).tolist() == [42, 0]
    state.view(torch.int64)[1] = 12
    assert generator.get_state().view(torch.int64).tolist() == [42, 0]
    generator.set_state(state)
    assert generator.get_state().view(torch.int64).tolist() == [42, 12]
    assert generator.manual_seed(42).get_state().view(torch.int64).tolist() == [42, 0]


def test_a_seed_beyond_int64_wraps() -> None:
    assert PhiloxGenerator().manual_seed(2**64 - 1).initial_seed() == -1


def test_a_generator_of_the_case_has_its_own_counterpart_until_it_is_reseeded() -> None:
    generators = Generators()
    mine = torch.Generator().manual_seed(7)
    counterpart = generators.for_generator(mine)
    assert counterpart.initial_seed() == 7
    assert generators.for_generator(mine) is counterpart
    assert generators.for_generator(None) is generators.default
    mine.manual_seed(8)
    assert generators.for_generator(mine).initial_seed() == 8
