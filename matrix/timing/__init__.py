"""Timing: a provider's call against the native operator's on the same device, with its uncertainty. It judges nothing."""
