"""Requests of a person about his or her own data (開示・訂正・利用停止), inquiries, and the register of files."""
