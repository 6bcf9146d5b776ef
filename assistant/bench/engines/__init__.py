"""What is measured: our engine, and the ones that ours is compared with, each in a process of its own."""
