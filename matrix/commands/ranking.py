"""The step `rank` of the command `challenge`: a leaderboard from scorecards."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from matrix.challenge.ranking.breaches import read_others
from matrix.challenge.ranking.leaderboard import rank_entrants
from matrix.challenge.ranking.reading import read_entrants
from matrix.plain_text import one_line
from reports.leaderboard import render_leaderboard, write_leaderboard
from reports.leaderboard_sections import result


def rank(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Rank the entries of some scorecards. 0: nobody is in breach of a rule of taking part; 1: somebody is."""
    entrants = read_entrants(options.results)
    board = rank_entrants(entrants, read_others(options.others) if options.others else {})
    if options.out is None:
        sys.stdout.write(render_leaderboard(board))
    else:
        for task in board.tasks:
            print(f"{task.task}: {one_line(result(task), 300)}")
        for breach in board.breaches:
            print(f"breach: {one_line(breach.text, 300)}")
        for path in write_leaderboard(board, options.out):
            print(path)
    return 1 if board.breaches else 0
