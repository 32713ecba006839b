"""What networks are built from and trained with, independent of any one model."""
