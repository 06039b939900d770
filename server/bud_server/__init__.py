"""The server: hosts the catalog over HTTP."""
