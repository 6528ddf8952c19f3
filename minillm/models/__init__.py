"""Models: attention, the layers around it, whole Transformers. Lessons 03 and 04."""
