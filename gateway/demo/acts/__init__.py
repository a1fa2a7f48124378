"""The seven steps of the story, one file each; play.py says their order."""
