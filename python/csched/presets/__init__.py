"""Presets: the classes of other libraries, number for number, named after them."""
