"""A Qwen3-VL checkpoint as it is published: its tensors, shapes, configuration values and tokenizer."""
