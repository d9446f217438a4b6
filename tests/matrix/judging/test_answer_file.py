"""Answers on disk: what is written is what is read, and what is no whole answer is refused."""

from __future__ import annotations

import pytest
import torch

from matrix.judging.answer_file import AnswerFileError, pack, unpack

TENSORS = [
    torch.randn(3, 5, dtype=torch.float64),
    torch.randn(3, 5).t()[1:],
    torch.tensor(3.5, dtype=torch.bfloat16),
    torch.tensor([True, False]),
    torch.randn(2, 2, dtype=torch.complex128).conj(),
    torch.tensor([float("nan"), float("-inf"), -0.0], dtype=torch.float16),
    torch.zeros(0, 4, dtype=torch.int64),
    torch.arange(4, dtype=torch.uint8).to(torch.float8_e4m3fn),
]


def same(left: torch.Tensor, right: torch.Tensor) -> bool:
    def bits(tensor: torch.Tensor) -> list[int]:
        plain: list[int] = tensor.resolve_conj().contiguous().reshape(-1).view(torch.uint8).tolist()
        return plain

    if (left.dtype, left.shape) != (right.dtype, right.shape):
        return False
    return not left.numel() or bits(left) == bits(right)


def test_what_is_written_is_what_is_read_bit_for_bit() -> None:
    labelled = [(f"output {place}", tensor) for place, tensor in enumerate(TENSORS)]
    lists, raised = unpack(pack({"exact": labelled, "native": None, "none": []}, "TypeError: a\nb"))
    assert raised == "TypeError: a\nb"
    assert (lists["native"], lists["none"]) == (None, [])
    read = lists["exact"]
    assert read is not None
    assert [label for label, _ in read] == [label for label, _ in labelled]
    assert all(same(tensor, TENSORS[place]) for place, (_, tensor) in enumerate(read))


def test_what_is_read_may_be_written_to_without_a_trace_elsewhere() -> None:
    data = pack({"exact": [("a", torch.zeros(2)), ("b", torch.zeros(2))]}, None)
    first, _ = unpack(data)
    assert first["exact"] is not None
    first["exact"][0][1].fill_(7)
    assert first["exact"][1][1].tolist() == [0, 0]
    again, _ = unpack(data)
    assert again["exact"] is not None
    assert again["exact"][0][1].tolist() == [0, 0]


WHOLE = pack({"exact": [("a", torch.zeros(4))]}, None)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        WHOLE[:-1],
        WHOLE + b"x",
        WHOLE.partition(b"\n")[0],
        b'{"lists": {"exact": [["a", "nothing", [1]]]}, "raised": null}\n1234',
        b'{"lists": {"exact": [["a", "float32", [-1]]]}, "raised": null}\n',
        b'{"lists": {"exact": [["a", "load", [1]]]}, "raised": null}\n1234',
        b'{"lists": [], "raised": null}\n',
        b'{"lists": {}, "raised": 3}\n',
        b"\x80\x04N.",
    ],
)
def test_what_is_no_whole_answer_is_refused(data: bytes) -> None:
    with pytest.raises(AnswerFileError):
        unpack(data)
