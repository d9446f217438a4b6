"""Inference workloads as cells: planned, carried and recorded like the others, judged in child processes of their own."""
