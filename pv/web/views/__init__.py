"""One file for each room the pages are about."""
