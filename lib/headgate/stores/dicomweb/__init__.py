"""DICOMweb services that we call: PS3.18."""
