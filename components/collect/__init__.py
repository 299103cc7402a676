"""Put what the tasks of a loop made into one folder."""
