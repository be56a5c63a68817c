"""What is done about a damaged database: set it aside, read its pages, save its rows; and looking for damage."""
