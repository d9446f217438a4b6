"""The commands of `python -m matrix`, a module for each kind of work. Only these may look at all floors."""
