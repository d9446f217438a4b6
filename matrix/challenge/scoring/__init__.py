"""Points of an entry: one module for each dimension, each from what was measured to a Score (docs/scorecard.md)."""
