"""DICOM on the network: the peer that scanners see, and the PACS that we call."""
