"""Objects in gs:// and s3://: list, fetch, verify, keep."""
