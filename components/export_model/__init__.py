"""Export a Keras file to a SavedModel, the form of model that other components take."""
