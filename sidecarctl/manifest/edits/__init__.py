"""Old data and new data become the least edits of a text, and receipts of them."""
