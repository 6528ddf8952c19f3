"""Adapting a trained model: other last layers, small additions, conversations. Lessons 10 to 12."""
