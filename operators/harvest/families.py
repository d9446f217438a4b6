"""What is known of the entries beyond their schema: family, what they are held against, vacuity."""

from __future__ import annotations

_FAMILIES = {
    "reduction": """all allclose amax aminmax any argmax argmin count_nonzero equal _is_all_true linalg_vector_norm max
        mean min prod quantile std sum trace var var_mean bincount""",
    "scan": "cummax cummin cumsum",
    "sort": "sort topk unique_consecutive _unique2 isin",
    "matmul": "addmm addmv addr baddbmm bmm dot kron mm mv vdot _grouped_mm",
    "normalization": """_log_softmax _log_softmax_backward_data _safe_softmax _softmax _softmax_backward_data
        native_batch_norm native_batch_norm_backward native_group_norm native_group_norm_backward native_layer_norm
        native_layer_norm_backward rms_norm _weight_norm_interface _weight_norm_interface_backward
        scaled_softmax_forward scaled_softmax_backward""",
    "activation": """celu elu elu_backward gelu gelu_backward glu glu_backward hardsigmoid hardswish log_sigmoid prelu
        relu relu6 rrelu_with_noise_backward selu sigmoid sigmoid_backward silu silu_backward softplus softshrink tanh
        tanh_backward threshold threshold_backward""",
    "convolution": "conv1d conv2d conv3d _conv_depthwise2d",
    "pooling": "avg_pool2d avg_pool2d_backward max_pool2d_with_indices max_pool2d_backward",
    "attention": "_flash_attention_forward",
    "index": """embedding embedding_backward embedding_dense_backward gather gather_backward index index_add index_put
        _index_put_impl_ index_select masked_scatter masked_select nonzero scatter scatter_add select_backward
        select_scatter slice_backward slice_scatter one_hot""",
    "layout": """alias_copy cat constant_pad_nd copy_ diag diag_embed diagonal_backward flip hstack lift_fresh_copy pad
        pixel_unshuffle reflection_pad1d reflection_pad2d repeat repeat_interleave replication_pad1d replication_pad3d
        resolve_conj resolve_neg roll stack t_copy tile _to_copy tril triu unfold_backward vstack""",
    "creation": """arange eye fill full full_like linspace logspace new_full ones ones_like zero zeros zeros_like""",
    "random": """bernoulli_ exponential_ multinomial native_dropout normal normal_ rand rand_like randn randn_like
        randperm uniform_""",
    "loss": """margin_ranking_loss mse_loss nll_loss_backward nll_loss_forward nll_loss_nd_forward nll_loss_nd_backward
        nll_loss2d_backward nll_loss2d_forward soft_margin_loss""",
    "upsampling": """_upsample_bicubic2d_aa _upsample_bicubic2d_aa_backward _upsample_nearest_exact1d
        upsample_bicubic2d upsample_linear1d upsample_nearest1d upsample_nearest2d upsample_nearest3d""",
    "check": "_assert_async _functional_sym_constrain_range_for_size",
}
FAMILY_OF = {name: family for family, names in _FAMILIES.items() for name in names.split()}

# The answer depends on the limits of the case's own type, on layout, or is exact by nature.
_NATIVE = """nan_to_num _to_copy copy_ full_like full new_full fill resolve_conj resolve_neg lift_fresh_copy alias_copy
    t_copy isfinite isinf isnan isneginf signbit bitwise_and bitwise_or bitwise_not bitwise_left_shift
    bitwise_right_shift __or__ __ior__ logical_and logical_or logical_not logical_xor eq ne lt le gt ge greater equal
    isclose allclose all any _is_all_true count_nonzero nonzero argmax argmin sort topk max min amax amin aminmax
    maximum minimum fmin cummax cummin unique_consecutive _unique2 isin bincount one_hot arange linspace logspace eye
    zeros ones zeros_like ones_like zero cat stack hstack vstack flip roll repeat repeat_interleave tile pad
    constant_pad_nd reflection_pad1d reflection_pad2d replication_pad1d replication_pad3d diag diag_embed tril triu
    gather index index_select masked_select masked_scatter masked_fill select_scatter slice_scatter where
    pixel_unshuffle select_backward slice_backward diagonal_backward ceil floor round neg abs absolute sgn
    relu relu6 clamp clamp_min clip threshold copysign _conj_physical conj_physical max_pool2d_with_indices
    embedding floor_divide scatter index_put _index_put_impl_ upsample_nearest1d upsample_nearest2d
    upsample_nearest3d _upsample_nearest_exact1d"""
NATIVE = frozenset(_NATIVE.split())

VACUOUS = {
    "zeros": "the answer is zeros",
    "zeros_like": "the answer is zeros",
    "zero": "the answer is zeros",
    "ones": "the answer is ones",
    "ones_like": "the answer is ones",
    "alias_copy": "the answer is the input",
    "lift_fresh_copy": "the answer is the input",
    "resolve_conj": "the answer is the input, which is real",
    "resolve_neg": "the answer is the input, which is not negated lazily",
    "conj_physical": "the answer is the input, which is real",
    "_to_copy": "the answer is the input",
    "copy_": "the answer is an input",
    "all": "the answer is one bool",
    "any": "the answer is one bool",
    "allclose": "the answer is one bool",
    "equal": "the answer is one bool",
    "isin.Scalar_Tensor": "the answer is one bool",
    "_assert_async": "nothing is returned",
    "_functional_sym_constrain_range_for_size": "the answer is the token it was given",
}
SINGLE = ("all", "any")  # the other overloads answer with more than one bool
# Arguments that a call changes although its schema does not say so.
WRITTEN = {"native_batch_norm": ("running_mean", "running_var")}


def family_of(packet: str) -> str:
    """The family of a packet; what is in no list works element by element."""
    return FAMILY_OF.get(packet) or FAMILY_OF.get(packet.removesuffix("_"), "pointwise")


def against_of(packet: str) -> str:
    family = family_of(packet)
    if family == "random":
        return "distribution"
    if family == "check":
        return "none"
    return "native" if packet in NATIVE or packet.removesuffix("_") in NATIVE else "float64"


def vacuous_of(name: str) -> str | None:
    """Why an answer that says nothing is the right one, for an entry (`all`, but not `all.dim`) or a whole packet."""
    packet = name.partition(".")[0]
    if packet in SINGLE:
        return VACUOUS.get(name)
    return VACUOUS.get(name) or VACUOUS.get(packet) or VACUOUS.get(packet.removesuffix("_"))
