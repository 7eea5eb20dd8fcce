"""The pages at /: sign-in, projects, records, and what people do with them."""
