"""人口統計・異動集計: how many live where, of what age and nationality, and how the register came from one count to the next."""
