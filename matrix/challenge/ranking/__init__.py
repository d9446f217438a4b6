"""Ranking entries by their scorecards: reads the cards as strangers' files, and ranks only what was measured alike."""
