"""データ抽出 (EUC): any items of the register, of whom the conditions name, as a file that leaves by the hand-over book only."""
