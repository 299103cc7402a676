"""Rules for compiled pipelines, whoever wrote them."""
