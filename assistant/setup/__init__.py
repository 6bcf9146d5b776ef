"""The first set-up, by voice and one key: questions that need no screen, and the small trials behind them."""
