"""Loops over stored work."""
