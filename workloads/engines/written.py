"""What engines share that have a tokenizer of the transformers library: text to tokens and back, and the chat template."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workloads.engine import Message


class Written:
    """The part of `workloads.engine.Engine` that knows no model. `tokenizer` is the library's own."""

    tokenizer: Any

    def tokens(self, text: str) -> list[int]:
        found: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return found

    def text(self, tokens: Sequence[int]) -> str:
        known = [token for token in tokens if token < len(self.tokenizer)]
        found: str = self.tokenizer.decode(known, skip_special_tokens=True)
        return found

    def chat(self, messages: Sequence[Message]) -> str:
        turns = [{"role": message.role, "content": message.content} for message in messages]
        found: str = self.tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        return found
