"""The judge of the inference track: rules as data, gates, score, and the reason for every refusal."""
