"""Databases of earlier releases, dumped with their made-up holders: each must still migrate, open and be whole."""
