"""Tell the tasks behind an imported artifact what its content is."""
