"""The operator track of the challenge: entries, and how complete the tests are that come with one (docs/challenge.md)."""
