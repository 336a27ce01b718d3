"""Plays the outside world (gateway, model, customers) for the demo, the tests and the load runs."""
