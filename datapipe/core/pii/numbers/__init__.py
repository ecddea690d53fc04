"""Numbers and addresses with a form or check digits of their own: of networks, payments, wallets, places."""
