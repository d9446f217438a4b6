"""Reading an installed provider without importing it: what it ships, and what in it contradicts itself."""
