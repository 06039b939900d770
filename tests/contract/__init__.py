"""What every action asks of services, and makes of their answers and events, row by row."""
