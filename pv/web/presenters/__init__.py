"""What a page shows, shaped before the template: words, pictures, rows."""
