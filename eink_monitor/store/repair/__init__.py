"""What is done about a damaged database: quarantine it, read its pages, save its rows; and looking for damage."""
