"""What must be in the environment before JAX and Keras are imported."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")  # Keras takes TensorFlow unless told otherwise
os.environ.setdefault("XLA_FLAGS", "--xla_force_host_platform_device_count=4")  # shard_map, pmap
