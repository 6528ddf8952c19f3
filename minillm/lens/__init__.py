"""Look inside a model: what a head does, what a layer knows (lesson 18)."""
