"""The engine of this machine: `engine.Engine` looks at a frame, and the `view.View` that it gives answers questions."""
