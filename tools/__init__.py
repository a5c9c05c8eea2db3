"""Commands for developers; `make` lists them."""
