"""Measurements that anyone can repeat: `har benchmark` runs them and prints ratios."""
