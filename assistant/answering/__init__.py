"""From a question to spoken sentences: taking the picture, asking the engine, doubt, and the order of what is said."""
