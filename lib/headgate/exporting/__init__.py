"""Exports of a project's studies: pulled from the research PACS, laid out, packed."""
