"""Printing of screens (画面の印刷): asked for with a reason, decided where the profile wants it, recorded until disposed of."""
