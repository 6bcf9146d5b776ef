"""`seesay soak`: a question every minute for hours, its log, and which figures grow."""
