"""Where 個人番号 lives, and nowhere else: encrypted with a key outside the database, found by a keyed blind index."""
