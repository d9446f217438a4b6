"""Scoring by likelihood and by what is written, with an engine whose likelihoods are known; and lm-eval's way of asking it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from matrix.inference.harness import HarnessError, choices, rights, task_names, written
from matrix.inference.scoring import answers
from workloads.engine import Generation, Message
from workloads.questions import Question


class Letters:
    """One token for each character. Likely are those of `liked`; what it writes is always the same."""

    name = "letters"
    facts: Mapping[str, str] = {}

    def __init__(self, liked: str = "", says: str = "") -> None:
        self.liked = liked
        self.says = says

    def tokens(self, text: str) -> list[int]:
        return [ord(letter) for letter in text]

    def text(self, tokens: Sequence[int]) -> str:
        return "".join(map(chr, tokens))

    def chat(self, messages: Sequence[Message]) -> str:
        return "".join(message.content for message in messages)

    def generate(
        self, prompts: Sequence[Sequence[int]], limit: int, *, stop: Sequence[str] = (), ignore_end: bool = False
    ) -> list[Generation]:
        return [Generation(tuple(self.tokens(self.says))[:limit], "length") for _ in prompts]

    def log_likelihoods(self, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        return [[-1.0 if chr(token) in self.liked else -2.0 for token in sequence[1:]] for sequence in sequences]


def test_the_likeliest_choice_is_the_answer() -> None:
    questions = [Question("?", ("aa", "bb"), right=1), Question("?", ("aa", "bb"), right=0)]
    assert answers(Letters("b"), questions) == [True, False]


def test_a_long_choice_is_not_less_likely_for_being_long() -> None:
    assert answers(Letters("b"), [Question("?", ("a", "bbbbbb"), right=1)]) == [True]


def test_what_is_written_has_to_begin_with_the_answer() -> None:
    questions = [Question("say", answer=" yes"), Question("?", ("a", "b"), right=0), Question("say", answer=" no")]
    assert answers(Letters("a", says=" yes, but"), questions) == [True, True, False]


def test_the_likelihood_of_a_continuation_is_its_own() -> None:
    assert choices(Letters("b"), [("aaa", "bb"), ("", "bb")]) == [(-2.0, False), (-2.0, False)]


def test_what_is_written_ends_at_a_stop_text() -> None:
    assert written(Letters(says="four\nQ: five"), "two and two?", {"until": ["\nQ:"], "max_gen_toks": 99}) == "four"
    assert written(Letters(says="four\n"), "two and two?", {"until": "\n"}) == "four"


def test_rights_by_the_first_metric_that_is_known() -> None:
    samples = [{"doc_id": 1, "acc": 0.0, "acc_norm": 1.0}, {"doc_id": 0, "acc": 1.0, "acc_norm": 0.0}]
    assert rights("task", samples) == [True, False]
    strict_and_loose = [{"doc_id": 0, "exact_match": 0.0}, {"doc_id": 0, "exact_match": 1.0}]
    assert rights("task", strict_and_loose) == [False]
    with pytest.raises(HarnessError, match="no metric says"):
        rights("task", [{"doc_id": 0, "bleu": 1.0}])


def test_tasks_are_those_that_the_folder_defines(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("task: mine\nprocess_docs: !function here.docs\n")
    (tmp_path / "group.yaml").write_text("group: all\n")
    assert task_names(tmp_path) == ("mine",)
    (tmp_path / "one.yaml").write_text("task: [")
    with pytest.raises(HarnessError, match="is no YAML"):
        task_names(tmp_path)
    (tmp_path / "one.yaml").unlink()
    with pytest.raises(HarnessError, match=r"no \*.yaml there defines a task"):
        task_names(tmp_path)
