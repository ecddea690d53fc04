"""Published policies on personal data, as their corpora were made with them."""
