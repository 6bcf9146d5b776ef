"""What of the camera can be set, with the defaults. Values only: importing it imports nothing heavy."""

OPEN_TIMEOUT_SECONDS = 5.0  # for a camera to open, and for a stream to give its first picture
READ_TIMEOUT_SECONDS = 5.0  # for the next picture
