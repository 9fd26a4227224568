"""``python -m csched``: the command, where its script is not on the path."""

from csched.cli import main

if __name__ == "__main__":
    main(prog_name="csched")
