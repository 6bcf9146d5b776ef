"""`python -m assistant` is the command `seesay`."""

from assistant.cli.main import entry

if __name__ == "__main__":
    entry()
