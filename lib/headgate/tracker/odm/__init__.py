"""REDCap's project XML: CDISC ODM 1.3 with REDCap's extensions, read and written."""
