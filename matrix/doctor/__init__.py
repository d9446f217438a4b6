"""The doctor: what a profile finds on this machine, and what stops it (docs/lab-kit.md)."""
