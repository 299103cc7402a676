"""The words of the field as tables: figures, modes, limit rules, targets, units."""
