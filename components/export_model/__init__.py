"""Export a Keras file to a SavedModel, which every other component takes."""
