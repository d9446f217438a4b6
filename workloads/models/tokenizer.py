"""A tokenizer made on the spot: one token for each byte, three special ones, and a chat template of the usual form."""

from __future__ import annotations

from typing import Any

BYTES = 256
END_OF_TEXT, TURN, END_OF_TURN = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
SPECIAL = (END_OF_TEXT, TURN, END_OF_TURN)  # their numbers follow those of the bytes
# Turns as Qwen3 writes them; an empty thought stands where thinking is off.
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)


def make_tokenizer() -> Any:
    """A tokenizer of the transformers library that knows every text."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {letter: number for number, letter in enumerate(_letters())}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in SPECIAL])
    made = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END_OF_TURN, pad_token=END_OF_TEXT, clean_up_tokenization_spaces=False
    )
    made.chat_template = TEMPLATE
    return made


def _letters() -> list[str]:
    """The letter by which byte-level tokenizers write each byte: itself where it can be seen, else one from 256 on (GPT-2)."""
    seen = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)}
    letters, others = [], 0
    for byte in range(BYTES):
        letters.append(chr(byte) if byte in seen else chr(BYTES + others))
        others += byte not in seen
    return letters
