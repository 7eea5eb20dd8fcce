"""The bytes of DICOM: files, data sets, elements and values, after PS3.5, PS3.6 and PS3.10."""
