"""Services and topics that the operator names: at plain base URLs, or through Dapr."""
