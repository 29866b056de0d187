"""What a log must deliver, computed once more from what was acknowledged, and clients that are held against it."""
