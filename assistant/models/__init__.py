"""The models on this machine: which are there, and how `seesay fetch` brings them."""
