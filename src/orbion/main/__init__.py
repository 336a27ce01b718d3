"""The composition root: sees everything, is seen by nothing but the command line."""
