"""The arithmetic of Qwen3-VL, a `generation.generate.LanguageModel`: on packed weights, or by transformers."""
