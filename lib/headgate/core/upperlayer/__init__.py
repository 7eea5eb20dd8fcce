"""The DICOM upper layer (PS3.8) and the messages above it (PS3.7), as bytes and values."""
