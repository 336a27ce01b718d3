"""Lead mirrors, one file each."""
