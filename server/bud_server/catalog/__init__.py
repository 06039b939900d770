"""The catalog over HTTP: always valid, made once, read without importing anybody's code."""
