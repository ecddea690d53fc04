"""Small transformers trained on mixtures: what DoReMi, RegMix and ablation ask."""
