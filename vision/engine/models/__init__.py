"""The arithmetic of Qwen3-VL behind `generation.generate.LanguageModel`: on packed weights, or transformers' modules."""
