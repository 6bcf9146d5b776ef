"""What takes over the dialog for a while, such as a page that is read aloud. `mode` has the protocol."""
