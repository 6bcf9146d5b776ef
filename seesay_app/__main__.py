"""`python -m seesay_app` is the command `seesay`."""

from seesay_app import entry

if __name__ == "__main__":
    entry()
