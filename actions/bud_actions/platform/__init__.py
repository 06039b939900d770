"""What executors that reach the same services share. There are no actions here."""
