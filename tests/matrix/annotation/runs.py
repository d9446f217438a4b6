"""Runs for tests: fake engines and strategies in real children, over made data, with budgets counted in characters."""

from __future__ import annotations

from pathlib import Path

from matrix.annotation.answered import Answered
from matrix.annotation.asking import Asking
from matrix.annotation.carrying import Carried, carry
from matrix.annotation.clients import Asked, EngineClient, StrategyClient, StrategyHere
from matrix.annotation.run_folder import RunFolder
from matrix.annotation.splitting import HeldOut, Split, split
from workloads.annotation.data_file import TaskFile
from workloads.annotation.generating.making import make
from workloads.annotation.strategy import Assignment, Baseline, Budget

ENGINES = Path(__file__).parents[2] / "fakes" / "annotation_engines.py"
STRATEGIES = Path(__file__).parents[2] / "fakes" / "annotation_strategies.py"
BUDGET = Budget(500, 3000, 400, 500 / 30_000)
SECONDS = 60.0


class Bench:
    """One engine, one strategy, one task, one folder."""

    def __init__(
        self, folder: Path, engine: str = "Oracle", strategy: str = "", number: int = 1, seconds: float = SECONDS
    ) -> None:
        self.file: TaskFile = make(number, examples=40, test=4).file
        self.split: Split = split(self.file, HeldOut(5))
        self.engine = EngineClient(f"{ENGINES}:{engine}", {}, SECONDS, seconds)
        assignment = Assignment(self.file.task, self.file.definition, self.split.examples, BUDGET, self.engine.count)
        self.strategy: Asked = (
            StrategyClient(f"{STRATEGIES}:{strategy}", assignment, seconds)
            if strategy
            else StrategyHere(Baseline(assignment))
        )
        self.asking = Asking(self.file.task, self.engine, self.strategy, BUDGET)
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = RunFolder(folder)
        self.told: list[Answered] = []

    def run(self, batch: int = 1) -> Carried:
        try:
            return carry(self.asking, self.split.samples, self.folder, batch=batch, tell=self.told.append)
        finally:
            self.engine.close()
            self.strategy.close()

    @property
    def right(self) -> int:
        answers = self.folder.read(self.file.task)
        return sum(answers[id_].prediction == label for id_, label in self.split.labels.items() if id_ in answers)
