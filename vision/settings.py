"""What of the camera can be set, with the defaults. Values only: importing it imports nothing heavy."""

OPEN_TIMEOUT_SECONDS = 5.0  # for a camera to open, and for a stream to give its first picture
READ_TIMEOUT_SECONDS = 5.0  # for the next picture
# Pixels that a device is asked for. A smaller picture loses small print. Asked for nothing, OpenCV takes 640x480.
PICTURE_WIDTH = 1920
PICTURE_HEIGHT = 1080
