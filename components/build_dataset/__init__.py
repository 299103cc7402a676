"""Turn a data source into a data set that fits the model: checked, selected, memory-mappable."""
