"""The verbs of the product, one a file."""
