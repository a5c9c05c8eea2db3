"""The parts of the extractive engine: captions → sentences → ranking → chapters and telling words. Pure, no I/O."""
