"""The names of what is measured and logged, and how both leave the process."""
