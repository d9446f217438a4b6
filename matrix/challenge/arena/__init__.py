"""The arena: where an entry's code is called, in a process of its own that is held, and judged from outside."""
