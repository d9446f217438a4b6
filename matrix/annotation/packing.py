"""Packing: the flat zip of a submission from a run's folder, checked as a stranger's would be before it is written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from matrix.annotation.answered import Answered
from matrix.annotation.checking import Checked, check_submission
from matrix.annotation.run_folder import RunFolder
from matrix.bundle.container import write_container
from workloads.annotation.data_file import SampleId, TaskFile
from workloads.annotation.tasks import TASKS


def pack(folder: RunFolder, data: Mapping[int, TaskFile], place: str) -> tuple[bytes, Checked]:
    """The zip and what is wrong with it: whoever writes it decides. The same answers are the same bytes."""
    members = {}
    for number in TASKS:
        answers = folder.read(TASKS[number])
        ids = [sample.id for sample in data[number].samples] if number in data else list(answers)
        if lines := list(_lines(ids, answers)):
            text = "".join(f"{line}\n" for line in lines)
            members[f"openseek-{number}.jsonl"] = text.encode("utf-8", "surrogatepass")  # the check names it
    packed = write_container(members)
    ids_of = {number: [sample.id for sample in file.samples] for number, file in data.items()}
    return packed, check_submission(packed, place, ids_of)


def _lines(ids: Iterable[SampleId], answers: Mapping[SampleId, Answered]) -> Iterable[str]:
    """A line for each sample that has a prediction, in the data's order. A missing one is missing, never null."""
    for id_ in ids:
        answered = answers.get(id_)
        if answered is not None and answered.prediction is not None:
            yield json.dumps({"test_sample_id": id_, "prediction": answered.prediction}, ensure_ascii=False)
