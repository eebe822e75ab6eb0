"""Adds both roles of the filter, and what they need around them, to a bootstrap that somebody has already."""
