"""Edit a float model, its ranges or its rules, so that it quantizes with less loss."""
