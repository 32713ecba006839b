"""How well sounds fit their pictures: measures on held-out clips, a sheet, examples."""
