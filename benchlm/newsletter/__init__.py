"""The weekly email: a leaf app that may know the comparisons and that nothing else knows."""
