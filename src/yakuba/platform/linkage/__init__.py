"""庁内連携: an office reads another room's data by a grant that names law, purpose, items and period, or not at all."""
