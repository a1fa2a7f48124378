"""The ledger bench's arithmetic: an entry waits for the first checkpoint that covers it."""

from gateway.bench.ledger import LedgerFigures, waits


def test_each_entry_waits_for_the_checkpoint_that_covers_it():
    assert waits([1.0, 1.5, 2.0, 2.5], [(0, 0.0), (2, 3.0), (4, 4.5)]) == [2.0, 1.5, 2.5, 2.0]


def test_an_entry_that_is_seen_signed_before_its_answer_has_waited_for_nothing():
    assert waits([3.0], [(0, 0.0), (1, 2.9)]) == [0.0]


def test_figures_are_told_by_name():
    figures = LedgerFigures(entries=300, seconds=2.0, checkpoints=2, waits=[n / 100 for n in range(100)])
    told = figures.as_json()
    assert told["entries_per_second"] == 150.0
    assert (told["commit_to_checkpoint_p50_seconds"], told["commit_to_checkpoint_p99_seconds"]) == (0.5, 0.99)
