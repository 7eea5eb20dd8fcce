"""Classification of series by rules in the format of FIONA."""
