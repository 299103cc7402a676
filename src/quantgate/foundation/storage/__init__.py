"""Objects in `gs://`, `s3://` and other storage: list them, fetch them, explain failures."""
