"""Labelled sets: how well Orbion understands and judges, on lines that anyone can bring."""
