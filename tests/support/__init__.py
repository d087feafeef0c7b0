"""What tests share: the database of the run, the factories."""
