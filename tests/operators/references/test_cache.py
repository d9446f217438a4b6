"""Caches: every token is found again at its slot, and nothing else is touched."""

from __future__ import annotations

import torch

from operators.references import cache

torch.manual_seed(0)
KEY, VALUE = torch.randn(3, 2, 8), torch.randn(3, 2, 8)
SLOTS, ONE = torch.tensor([5, -1, 3]), torch.ones(1)


def test_the_flash_layout_is_a_table_of_slots() -> None:
    keys, values = torch.zeros(2, 4, 2, 8), torch.zeros(2, 4, 2, 8)
    cache.reshape_and_cache_flash(KEY, VALUE, keys, values, SLOTS, "auto", ONE, ONE)
    flat = keys.flatten(0, 1)
    torch.testing.assert_close(flat[[5, 3]], KEY[[0, 2]])
    torch.testing.assert_close(values.flatten(0, 1)[[5, 3]], VALUE[[0, 2]])
    assert int((flat != 0).any(-1).any(-1).sum()) == 2


def test_the_other_layout_splits_the_features() -> None:
    keys, values = torch.zeros(2, 2, 2, 4, 4), torch.zeros(2, 2, 8, 4)
    cache.reshape_and_cache(KEY, VALUE, keys, values, SLOTS, "auto", ONE, ONE)
    torch.testing.assert_close(keys.permute(0, 3, 1, 2, 4).reshape(8, 2, 8)[[5, 3]], KEY[[0, 2]])
    torch.testing.assert_close(values.permute(0, 3, 1, 2).reshape(8, 2, 8)[[5, 3]], VALUE[[0, 2]])


def test_a_latent_cache_holds_both_parts_side_by_side() -> None:
    kept = torch.zeros(2, 4, 12)
    cache.concat_and_cache_mla(KEY[:, 0], VALUE[:, 0, :4], kept, SLOTS, "auto", ONE)
    torch.testing.assert_close(kept.flatten(0, 1)[5], torch.cat((KEY[0, 0], VALUE[0, 0, :4])))


def test_an_fp8_cache_holds_scaled_bits() -> None:
    kept = torch.zeros(2, 4, 12, dtype=torch.uint8)
    cache.concat_and_cache_mla(KEY[:, 0], VALUE[:, 0, :4], kept, SLOTS, "fp8", torch.tensor([0.5]))
    back = kept.flatten(0, 1)[5, :8].view(torch.float8_e4m3fn).float() * 0.5
    torch.testing.assert_close(back, KEY[0, 0], rtol=2**-4, atol=1e-3)
