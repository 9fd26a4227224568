"""Curves as formulas that JAX and Keras can trace: float32, numbers as data, steps of two words."""
