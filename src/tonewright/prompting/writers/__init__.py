"""Language models that write prompts: a tiny one made here, training by GRPO, and how good they are."""
