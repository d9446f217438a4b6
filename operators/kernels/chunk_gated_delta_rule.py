"""chunk_gated_delta_rule: linear attention whose memory forgets and corrects itself (Qwen3-Next, Gated DeltaNet).

For each head a state S (K, V) is carried from token to token:

    S = exp(g) S;   u = beta (v - S^T k);   S = S + k u^T;   o = scale S^T q

Definition: Yang, Kautz and Hatamizadeh, "Gated Delta Networks", 2024, equation 10; by chunks: section 3.3. Signature:
flash-linear-attention's chunk_gated_delta_rule. q, k: (B, T, H, K); v: (B, T, HV, V); g, beta: (B, T, HV); states:
(N, HV, K, V), of N sequences, which are the B rows or, with `cu_seqlens`, pieces of one row. Each group of HV / H value heads
shares a key head.

How the work is split: token by token nothing would fill a matrix unit. Of a chunk of C tokens, with G_i = g_1 + ... + g_i,

    A_ij = beta_i exp(G_i - G_j) k_i . k_j  for j < i,     T = (I + A)^-1
    U = T diag(beta) V,   W = T diag(beta exp(G)) K                       what the tokens of a chunk change, but for S

depend on no other chunk: one program for each chunk and head (`prepare_kernel`). What is left goes from chunk to chunk, but for
each block of columns of S on its own (`scan_kernel`):

    N = U - W S
    O = scale (diag(exp(G)) Q S + (Q K^T * exp(G_i - G_j), j <= i) N)
    S = exp(G_C) S + (diag(exp(G_C - G)) K)^T N

T is found by forward substitution, row after row; a power series would cancel where keys are alike.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from operators.kernels import pointwise
from operators.kernels.outputs import require, require_dtype, require_same_device, require_tensor

DTYPES = (torch.bfloat16, torch.float16, torch.float32)
VALUES = 32  # columns of the state that one program carries
LARGEST_KEY = 256  # a program carries all rows of the state, which must stay in its registers
EPSILON = tl.constexpr(1e-6)


@triton.jit
def bounds(sequence, tokens, cu_seqlens, VARIABLE: tl.constexpr):
    """First token and end of a sequence, counted over all rows."""
    if VARIABLE:
        return tl.load(cu_seqlens + sequence).to(tl.int32), tl.load(cu_seqlens + sequence + 1).to(tl.int32)
    return sequence * tokens, (sequence + 1) * tokens


@triton.jit
def load_rows(x, token, end, head, heads, size, first, NORMALIZE: tl.constexpr, SIZE: tl.constexpr):
    """`SIZE` numbers of a head from `first` on, for each token before `end`; with length 1 if asked for."""
    column = first + tl.arange(0, SIZE)
    place = (token.to(tl.int64) * heads + head)[:, None] * size + column[None, :]
    rows = tl.load(x + place, mask=(token < end)[:, None] & (column < size)[None, :], other=0)
    if NORMALIZE:
        wide = rows.to(tl.float32)
        rows = (wide / tl.sqrt(tl.sum(wide * wide, axis=1) + EPSILON)[:, None]).to(rows.dtype)
    return rows


@triton.jit
def decay_between(sums, CHUNK: tl.constexpr):
    """exp(G_i - G_j) for j <= i; 1 elsewhere, where it could overflow and nobody uses it."""
    i, j = tl.arange(0, CHUNK)[:, None], tl.arange(0, CHUNK)[None, :]
    return tl.exp(tl.where(j <= i, sums[:, None] - sums[None, :], 0.0))


@triton.jit
def inverse_of_unit_lower(a, CHUNK: tl.constexpr):
    """(I + a)^-1 of a strictly lower triangle, row after row: row_i = e_i - a_i (the rows before)."""
    i, j = tl.arange(0, CHUNK)[:, None], tl.arange(0, CHUNK)[None, :]
    rows = -a
    for place in range(1, CHUNK):
        own = tl.sum(tl.where(i == place, rows, 0.0), axis=0)
        own += tl.sum(own[:, None] * rows, axis=0)  # nothing of it lies on or behind the diagonal
        rows = tl.where(i == place, own[None, :], rows)
    return tl.where(i == j, 1.0, rows)


@triton.jit
def prepare_kernel(
    changes,
    weights,
    sums,
    k,
    v,
    g,
    beta,
    cu_seqlens,
    tokens,
    key_heads,
    value_heads,
    key_size,
    value_size,
    VARIABLE: tl.constexpr,
    NORMALIZE: tl.constexpr,
    CHUNK: tl.constexpr,
    KEYS: tl.constexpr,
    VALUES: tl.constexpr,
):
    """Axis 0: chunks of a sequence; axis 1: sequences and value heads. Writes U, W and G of a chunk."""
    sequence, head = tl.program_id(1) // value_heads, tl.program_id(1) % value_heads
    begin, end = bounds(sequence, tokens, cu_seqlens, VARIABLE)
    token = begin + tl.program_id(0) * CHUNK + tl.arange(0, CHUNK)
    live = token < end
    gate = token.to(tl.int64) * value_heads + head
    total = tl.cumsum(tl.load(g + gate, mask=live, other=0).to(tl.float32), axis=0)
    rate = tl.load(beta + gate, mask=live, other=0).to(tl.float32)
    keys = load_rows(k, token, end, head // (value_heads // key_heads), key_heads, key_size, 0, NORMALIZE, KEYS)
    i, j = tl.arange(0, CHUNK)[:, None], tl.arange(0, CHUNK)[None, :]
    products = tl.dot(keys, tl.trans(keys), input_precision="ieee")
    a = tl.where(j < i, rate[:, None] * decay_between(total, CHUNK) * products, 0.0)
    inverse = inverse_of_unit_lower(a, CHUNK)

    decayed = (inverse * (rate * tl.exp(total))[None, :]).to(keys.dtype)
    column = tl.arange(0, KEYS)
    place = gate[:, None] * key_size + column[None, :]
    w = tl.dot(decayed, keys, input_precision="ieee")
    tl.store(weights + place, w, mask=live[:, None] & (column < key_size)[None, :])
    scaled = (inverse * rate[None, :]).to(keys.dtype)
    for first in range(0, value_size, VALUES):
        values = load_rows(v, token, end, head, value_heads, value_size, first, False, VALUES)
        u = tl.dot(scaled, values, input_precision="ieee")
        value_column = first + tl.arange(0, VALUES)
        value_place = gate[:, None] * value_size + value_column[None, :]
        tl.store(changes + value_place, u, mask=live[:, None] & (value_column < value_size)[None, :])
    tl.store(sums + gate, total, mask=live)


@triton.jit
def scan_kernel(
    out,
    final_state,
    q,
    k,
    changes,
    weights,
    sums,
    initial_state,
    cu_seqlens,
    scale,
    tokens,
    key_heads,
    value_heads,
    key_size,
    value_size,
    VARIABLE: tl.constexpr,
    NORMALIZE: tl.constexpr,
    HAS_INITIAL: tl.constexpr,
    STORE_FINAL: tl.constexpr,
    CHUNK: tl.constexpr,
    KEYS: tl.constexpr,
    VALUES: tl.constexpr,
):
    """Axis 0: blocks of columns of the state; axis 1: sequences and value heads. Goes through the chunks in order."""
    sequence, head = tl.program_id(1) // value_heads, tl.program_id(1) % value_heads
    begin, end = bounds(sequence, tokens, cu_seqlens, VARIABLE)
    key_head = head // (value_heads // key_heads)
    row, column = tl.arange(0, KEYS)[:, None], tl.program_id(0) * VALUES + tl.arange(0, VALUES)[None, :]
    in_state = (row < key_size) & (column < value_size)
    state_place = (tl.program_id(1).to(tl.int64) * key_size + row) * value_size + column
    state = tl.zeros([KEYS, VALUES], tl.float32)
    if HAS_INITIAL:
        state += tl.load(initial_state + state_place, mask=in_state, other=0).to(tl.float32)
    i, j = tl.arange(0, CHUNK)[:, None], tl.arange(0, CHUNK)[None, :]
    for first in range(begin, end, CHUNK):
        token = first + tl.arange(0, CHUNK)
        live = token < end
        gate = token.to(tl.int64) * value_heads + head
        total = tl.load(sums + gate, mask=live, other=0)
        last = tl.sum(tl.where(token == tl.minimum(first + CHUNK, end) - 1, total, 0.0), axis=0)
        keys = load_rows(k, token, end, key_head, key_heads, key_size, 0, NORMALIZE, KEYS)
        queries = load_rows(q, token, end, key_head, key_heads, key_size, 0, NORMALIZE, KEYS)
        w = load_rows(weights, token, end, head, value_heads, key_size, 0, False, KEYS)
        in_out = live[:, None] & (column < value_size)
        place = gate[:, None] * value_size + column
        narrow = state.to(keys.dtype)
        change = tl.load(changes + place, mask=in_out, other=0) - tl.dot(w, narrow, input_precision="ieee")
        taken = change.to(keys.dtype)
        seen = tl.dot(queries, narrow, input_precision="ieee") * tl.exp(total)[:, None]
        products = tl.dot(queries, tl.trans(keys), input_precision="ieee")
        attention = tl.where(j <= i, products * decay_between(total, CHUNK), 0.0).to(keys.dtype)
        seen += tl.dot(attention, taken, input_precision="ieee")
        tl.store(out + place, scale * seen, mask=in_out)
        fading = tl.where(live, tl.exp(last - total), 0.0)
        faded = (keys.to(tl.float32) * fading[:, None]).to(keys.dtype)
        state = state * tl.exp(last) + tl.dot(tl.trans(faded), taken, input_precision="ieee")
    if STORE_FINAL:
        tl.store(final_state + state_place, state, mask=in_state)


def chunk_gated_delta_rule(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    g: torch.Tensor,
    beta: torch.Tensor,
    scale: float | None = None,
    initial_state: torch.Tensor | None = None,
    output_final_state: bool = False,
    use_qk_l2norm_in_kernel: bool = False,
    cu_seqlens: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The outputs, like v, and the last states in float32 if asked for; `scale` defaults to 1 / sqrt(K)."""
    _check(q, k, v, g, beta, initial_state, cu_seqlens)
    q, k, v, g, beta = (pointwise.contiguous(tensor) for tensor in (q, k, v, g, beta))
    batch, tokens, key_heads, key_size = k.shape
    value_heads, value_size = v.shape[2:]
    sequences = batch if cu_seqlens is None else cu_seqlens.numel() - 1
    out = torch.empty_like(v)
    state_shape = (sequences, value_heads, key_size, value_size)
    final = torch.empty(state_shape if output_final_state else 0, dtype=torch.float32, device=v.device)
    changes = torch.empty(v.shape, dtype=torch.float32, device=v.device)
    weights = torch.empty((batch, tokens, value_heads, key_size), dtype=k.dtype, device=v.device)
    sums = torch.empty(g.shape, dtype=torch.float32, device=v.device)
    chunk = _chunk(key_size * k.element_size(), k.element_size())
    sizes = (tokens, key_heads, value_heads, key_size, value_size)
    constants = {
        "VARIABLE": cu_seqlens is not None,
        "NORMALIZE": use_qk_l2norm_in_kernel,
        "CHUNK": chunk,
        "KEYS": max(16, triton.next_power_of_2(key_size)),
        "VALUES": VALUES,
    }
    marks = sums if cu_seqlens is None else cu_seqlens
    if v.numel():
        grid = (triton.cdiv(tokens, chunk), sequences * value_heads)
        prepare_kernel[grid](
            changes,
            weights,
            sums,
            k,
            v,
            g,
            beta,
            marks,
            *sizes,
            **constants,
            num_warps=max(4, chunk // 8),
            num_stages=1,
        )
    if v.numel() or final.numel():
        has_initial = initial_state is not None
        initial = pointwise.contiguous(initial_state) if initial_state is not None else sums
        scan_kernel[triton.cdiv(value_size, VALUES), sequences * value_heads](
            out,
            final,
            q,
            k,
            changes,
            weights,
            sums,
            initial,
            marks,
            key_size**-0.5 if scale is None else scale,
            *sizes,
            HAS_INITIAL=has_initial,
            STORE_FINAL=output_final_state,
            **constants,
            num_warps=max(4, chunk // 8),
            num_stages=1,
        )
    return out, final if output_final_state else None


def _chunk(key_bytes: int, element_bytes: int) -> int:
    """Tokens of a chunk: as many as leave the keys of a chunk room in 48 KiB of shared memory."""
    if key_bytes > 512:
        return 16
    return 64 if element_bytes == 2 and key_bytes <= 256 else 32


def _check(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    g: torch.Tensor,
    beta: torch.Tensor,
    initial_state: torch.Tensor | None,
    cu_seqlens: torch.Tensor | None,
) -> None:
    for name, tensor in (("q", q), ("k", k), ("v", v), ("g", g), ("beta", beta)):
        require_tensor(tensor, name)
    require_same_device(q, k, v, g, beta, initial_state, cu_seqlens)
    require_dtype(q, DTYPES, "chunk_gated_delta_rule")
    require(q.dtype == k.dtype == v.dtype, f"q, k and v must be one type, found {q.dtype}, {k.dtype}, {v.dtype}")
    require(
        q.dim() == 4 and v.dim() == 4, f"q and v must be (B, T, heads, size), found {list(q.shape)}, {list(v.shape)}"
    )
    require(k.shape[3] <= LARGEST_KEY, f"keys have at most {LARGEST_KEY} numbers, found {k.shape[3]}")
    require(q.shape == k.shape, f"q is {list(q.shape)} and k {list(k.shape)}; they must have one shape")
    require(q.shape[:2] == v.shape[:2], f"q is {list(q.shape)} and v {list(v.shape)}; they must have the same B and T")
    require(v.shape[2] % max(1, k.shape[2]) == 0, f"{v.shape[2]} value heads are no multiple of {k.shape[2]} key heads")
    for name, tensor in (("g", g), ("beta", beta)):
        require(tensor.shape == v.shape[:3], f"{name} is {list(tensor.shape)}, due is {list(v.shape[:3])}")
    sequences = q.shape[0] if cu_seqlens is None else cu_seqlens.numel() - 1
    require(cu_seqlens is None or q.shape[0] == 1, f"with cu_seqlens the batch is 1, found {q.shape[0]}")
    due = (sequences, v.shape[2], k.shape[3], v.shape[3])
    fits = initial_state is None or tuple(initial_state.shape) == due
    require(fits, f"initial_state must be {due}")
