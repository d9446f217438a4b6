"""A run packed into one file that can travel, and the strict reading of one that came from elsewhere."""
