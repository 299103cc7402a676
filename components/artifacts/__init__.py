"""The folders that tasks pass to each other: data sets, measurements, and collections of them."""
