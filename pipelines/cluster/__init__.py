"""KFP's client: connect to a cluster, submit pipelines, follow runs."""
